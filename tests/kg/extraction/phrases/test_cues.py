"""Cues: what the words of an example say, in which other forms, and where they say nothing."""

from __future__ import annotations

import pytest

from tastegraph.core.config.phrase_examples import read_example
from tastegraph.kg.extraction.phrases.cues import cues_of_examples, tokens_of_gap
from tastegraph.kg.extraction.phrases.word_forms import stem_and_form


def states(example: str, text: str) -> bool:
    """Whether the name in brackets is an object of the relation of one example."""
    before, _, rest = text.partition("[")
    after = rest.partition("]")[2]
    cues = cues_of_examples([read_example(example)])
    return any(cue.matches(tokens_of_gap(before), tokens_of_gap(after)) for cue in cues)


@pytest.mark.parametrize(
    ("word", "stem", "form"),
    [
        ("directed", "direct", "past"), ("director", "direct", "agent"),
        ("directorial", "direct", "action"), ("starring", "star", "ing"),
        ("staring", "stare", "ing"), ("wrote", "write", "past"), ("writes", "write", "present"),
        ("composer", "compos", "agent"), ("king", "king", "base"), ("author", "author", "agent"),
    ],
)  # fmt: skip
def test_forms_of_one_word_share_a_stem(word, stem, form):
    assert stem_and_form(word) == (stem, form)


@pytest.mark.parametrize(
    "text",
    [
        "a film directed by [N]", "written and directed by [N].", "directed with a cool eye by [N]",
        "the director is [N]", "[N] directs", "[N] wrote and directed it", "[N], the director,",
        "The director, [N], grew up", "[N]'s directorial debut", "[N]'s first direction",
        "[N], known for documentaries, directs", "[N], directing a second film,",
    ],
)  # fmt: skip
def test_one_example_of_who_does_a_thing_gives_all_forms_of_saying_it(text):
    assert states("directed by Joel Coen", text)


@pytest.mark.parametrize(
    "text",
    [
        "[N] was directed by", "[N] and directed with wit by", "not directed by [N]",
        "directed it from a screenplay by [N]", "directed by a student of [N]", "directs [N]",
        "art director [N]", "directorial debut, written by [N]",
        "the directions to [N]", "directed by the man who discovered [N]", "written by [N]",
    ],
)  # fmt: skip
def test_who_has_it_done_to_them_or_stands_further_off_is_not_the_one_who_does_it(text):
    assert not states("directed by Joel Coen", text)


@pytest.mark.parametrize(
    ("text", "is_stated"),
    [("starring [N]", True), ("It stars the young [N]", True), ("[N] stars as a cook", True),
     ("[N] stars.", True), ("[N] stars nobody", False), ("stars in [N]", False)],
)  # fmt: skip
def test_whom_a_thing_is_done_to_may_be_the_subject_of_a_verb_without_object(text, is_stated):
    assert states("stars Gong Li", text) == is_stated


@pytest.mark.parametrize(
    ("example", "text", "is_stated"),
    [
        ("set in Paris", "The story is set in [N].", True),
        ("set in Paris", "set up by [N]", False),
        ("Stephen King's novel", "from [N]'s novel", True),
        ("Stephen King's novel", "a novel by [N]", True),
        ("with [Jack Lemmon]", "with [N] as a cook", True),
        ("a comedy by [Mike Leigh]", "comedy by [N]", True),
        ("a comedy by [Mike Leigh]", "a drama by [N]", False),
    ],
)
def test_prepositions_and_nouns_are_cues_too(example, text, is_stated):
    assert states(example, text) == is_stated
