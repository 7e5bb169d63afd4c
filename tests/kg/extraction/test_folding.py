"""Folding of texts, and the search for values in folded texts."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tastegraph.kg.extraction.folding import (
    WORD_END,
    WORD_START,
    SearchableText,
    fold,
    fold_names,
)
from tastegraph.kg.names import normalize_name
from tastegraph.text.languages import UNSPACED, character_class

SCRIPTS = character_class(UNSPACED)


def test_folding_marks_words_but_not_chinese_characters():
    folded = fold("由Ang  LÉE执导")
    assert folded.text == f"由{WORD_START}ang{WORD_END} {WORD_START}lee{WORD_END}执导"
    start = folded.text.index(f"{WORD_START}lee")
    assert folded.original_span(start, start + 5) == (6, 9)


@given(st.text())
def test_folding_agrees_with_normalize_name(text):
    folded = fold("".join(normalize_name(text)))
    plain = folded.text.replace(WORD_START, "").replace(WORD_END, "")
    # Beside a character of a script without spaces there is none.
    assert plain == re.sub(f"(?<=[{SCRIPTS}]) | (?=[{SCRIPTS}])", "", normalize_name(text))
    assert len(folded.positions) == len(folded.text)


@given(st.text(alphabet="a½·⼤樣一 ２.b"))
def test_a_normal_form_is_its_own(text):
    assert normalize_name(normalize_name(text)) == normalize_name(text)


@given(st.lists(st.text().map(normalize_name), min_size=1))
def test_many_names_fold_as_one_by_one(keys):
    assert fold_names(keys) == [fold(key).text for key in keys]


# Search.


@pytest.mark.parametrize(
    ("text", "value", "words"),
    [
        ("Beauté volée, by B. Bertolucci (1996).", "beaute volee", "Beauté volée"),
        ("Jean-Luc Godard's film", "jean luc godards", "Jean-Luc Godard's"),
        ("Godard, Godard", "Godard", "Godard"),
        ("Tylers and Tyler", "Tyler", "Tyler"),
        ("the ﬁlm Straße", "film strasse", "ﬁlm Straße"),
        ("Beaute\u0301 volée", "Beauté volée", "Beaute\u0301 volée"),
        ("由王家卫执导", "王家卫", "王家卫"),
        ("Ang Lee  directed", "ang lee directed", "Ang Lee  directed"),
        ("Wenders", "Wend", None),
        ("Wenders", " - ", None),
        ("", "x", None),
    ],
)
def test_search_ignores_case_accents_and_punctuation(text, value, words):
    span = SearchableText(text).find(value)
    assert (None if span is None else text[slice(*span)]) == words


@given(st.text(), st.integers(0), st.integers(0))
def test_the_words_at_a_span_fold_like_the_value(text, start, length):
    value = text[start % (len(text) + 1) :][: length % 20]
    span = SearchableText(text).find(value)
    if span is not None:
        assert fold(text[slice(*span)]).text.strip() == fold(value).text.strip()
