"""Examples of relations: which words of an example are its object, and what is no example."""

from __future__ import annotations

import pytest

from tastegraph.core.config.phrase_examples import read_example
from tastegraph.core.kinds import DATE, PERSON, PLACE, WORK, standard_kind


@pytest.mark.parametrize(
    ("example", "parts"),
    [
        ("directed by Joel Coen", ("directed by ", "Joel Coen", "")),
        ("Directed by Joel Coen", ("Directed by ", "Joel Coen", "")),
        ("Ang Lee directs", ("", "Ang Lee", " directs")),
        ("stars Max von Sydow", ("stars ", "Max von Sydow", "")),
        ("stars Robert Downey Jr.", ("stars ", "Robert Downey Jr.", "")),
        ("J. R. R. Tolkien's novel", ("", "J. R. R. Tolkien", "'s novel")),
        ("a  comedy by [Mike Leigh]", ("a comedy by ", "Mike Leigh", "")),
        ("Fargo stars [Frances McDormand]", ("Fargo stars ", "Frances McDormand", "")),
        ("made for [eBay]", ("made for ", "eBay", "")),
        ("由[李安]执导", ("由", "李安", "执导")),
        ("改编自《活着》", ("改编自《", "活着", "》")),
        ("released in 1996", ("released in ", "1996", "")),
    ],
)
def test_the_object_is_in_brackets_or_the_only_name_or_number(example, parts):
    assert read_example(example) == parts


def test_a_relation_of_dates_takes_the_number_and_not_the_name():
    assert read_example("set in Paris in 1942", "year") == ("set in Paris in ", "1942", "")


@pytest.mark.parametrize(
    ("example", "remedy"),
    [
        ("Fargo stars Frances McDormand", r'as in "Fargo stars \[Frances McDormand\]"'),
        ("Starring Brad Pitt", r'as in "Starring \[Brad Pitt\]"'),
        ("由李安执导", r'in square brackets, as in "由\[李安\]执导"'),
        ("about time travel", "put the object in square brackets"),
        ("about [time travel]", "names, which begin with a capital"),
        ("[Lee]", "add those that texts write"),
        ("by [Lee] and [Li]", "exactly one name in square brackets"),
        ("by [Lee", "exactly one name in square brackets"),
        ("by [ ]", "hold no name"),
        ("", "neither a name"),
    ],
)
def test_what_is_not_clear_in_an_example_is_an_error_with_the_remedy(example, remedy):
    with pytest.raises(ValueError, match=remedy):
        read_example(example)


def test_words_for_a_kind_mean_a_standard_kind():
    words = {"Person": PERSON, "actors": PERSON, "City": PLACE, "电影": WORK, "year": DATE}
    assert {word: standard_kind(word) for word in words} == words
    assert standard_kind("Colour of  eyes") == "colour of eyes"
