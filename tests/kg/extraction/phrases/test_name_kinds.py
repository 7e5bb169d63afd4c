"""Kinds of names follow from the words beside them, their own words, and cities."""

from __future__ import annotations

import pytest

from tastegraph.core.kinds import DATE, ORGANISATION, PERSON, PLACE, WORK
from tastegraph.kg.extraction.gazetteer import Gazetteer
from tastegraph.kg.extraction.phrases.name_kinds import NameKinds
from tastegraph.kg.extraction.phrases.reader import NameReader


def kinds_in(*texts: str) -> NameKinds:
    reader, names = NameReader(texts, Gazetteer([])), NameKinds()
    for text in texts:
        names.read(text, reader.candidates(text))
    return names


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Seville", PLACE), ("England", PLACE), ("Texas", PLACE), ("上海", PLACE),
        ("Acme Pictures", ORGANISATION), ("Monday", DATE), ("Ada Bell", None), ("Prince", None),
    ],
)  # fmt: skip
def test_a_name_may_say_itself_what_it_is(name, kind):
    assert NameKinds().best(name) == kind


@pytest.mark.parametrize(
    ("text", "name", "kind"),
    [
        ("They met in Quorn.", "Quorn", PLACE), ("the village of Quorn", "Quorn", PLACE),
        ("the novelist Ada Bell", "Ada Bell", PERSON), ("Ada Bell, who sings", "Ada Bell", PERSON),
        ('They read "Quorn" aloud.', "Quorn", WORK), ("in Quorn's house", "Quorn", None),
    ],
)  # fmt: skip
def test_words_beside_a_name_say_what_it_is(text, name, kind):
    assert kinds_in(text).best(name) == kind


def test_a_first_word_that_others_share_is_a_given_name():
    names = kinds_in("the singer Ada Bell", "the poet Ada Orr", "The boat passed Ada Roe.")
    assert names.best("Ada Roe") == PERSON
    assert names.best("Zed Roe") is None


def test_only_clear_evidence_for_another_standard_kind_is_an_objection():
    names = NameKinds()
    assert names.objection("Seville", PERSON) == "a place, no person"
    assert names.objection("Acme Pictures", PERSON) == "an organisation, no person"
    assert names.objection("Seville", PLACE) is None
    assert names.objection("Seville", "colour") is None
    assert names.objection("Ada Bell", PLACE) is None
    names.add("Seville", PERSON, 3)
    assert names.objection("Seville", PERSON) is None
