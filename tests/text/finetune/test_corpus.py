"""Documents as tokens: whole names, cuts between them, and the held-out part."""

import numpy as np
import pytest

from tastegraph.text.finetune.corpus import (
    SPECIAL,
    TextDocument,
    TokenSequence,
    cut,
    joined,
    name_spans,
    split_documents,
    tokenized,
)
from tests.support.tiny_corpus import CORPUS

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("sentence", "names", "expected"),
    [
        ("It sat with It.", ["It"], [(0, 2), (12, 14)]),
        ("New York, new york", ["York", "New York"], [(0, 8), (10, 18)]),
        ("电影流浪地球很好", ["流浪地球"], [(2, 6)]),
        ("看了Alien三遍, not Aliens", ["Alien"], [(2, 7)]),
        ("(500) Days and M*A*S*H", ["(500) Days", "M*A*S*H"], [(0, 10), (15, 22)]),
        ("nothing", ["", " ", "else"], []),
        ("nothing", [], []),
    ],
)
def test_names_are_matched_as_whole_words(sentence, names, expected):
    assert name_spans(sentence, names) == expected


def test_a_name_is_one_unit(tokenizer):
    documents = [
        TextDocument(("Jonny Smith saw it.", "", "流浪地球好"), ("jonny smith", "流浪地球"))
    ]
    (first, second), = tokenized(documents, tokenizer, whole_names=True)  # fmt: skip
    assert first.ids.tolist() == [5, 6, 7, 8, 9, 10]
    assert first.units.tolist() == [0, 0, 0, 3, 4, 5]
    assert second.ids.tolist() == [11, 12, 13, 14, 15]
    assert second.units.tolist() == [0, 0, 0, 0, 4]
    (alone, _), = tokenized(documents, tokenizer, whole_names=False)  # fmt: skip
    assert alone.units.tolist() == [0, 1, 2, 3, 4, 5]


def test_unknown_and_special_tokens_are_never_predicted(tokenizer):
    ((sentence,),) = tokenized([TextDocument(("it [MASK] zebra it",))], tokenizer, whole_names=True)
    assert sentence.ids.tolist() == [9, 4, 1, 9]
    assert sentence.units.tolist() == [0, SPECIAL, SPECIAL, 3]


def test_long_sentences_are_cut_between_names():
    sentence = TokenSequence(np.arange(8), np.array([0, 1, 1, 1, 4, 5, 5, 7]))
    assert [part.ids.tolist() for part in cut(sentence, 3)] == [[0], [1, 2, 3], [4, 5, 6], [7]]
    assert [part.ids.tolist() for part in cut(sentence, 2)] == [[0], [1, 2], [3, 4], [5, 6], [7]]
    assert joined(cut(sentence, 3)).ids.tolist() == sentence.ids.tolist()


def test_a_tenth_is_held_out_by_the_seed():
    training, held_out = split_documents(CORPUS, 1)
    assert (len(training), len(held_out)) == (360, 40)
    assert {id(d) for d in training}.isdisjoint(map(id, held_out))
    assert split_documents(CORPUS, 1) == (training, held_out)
    assert split_documents(CORPUS, 2)[1] != held_out
    assert [len(part) for part in split_documents(CORPUS[:2], 1)] == [1, 1]
    assert [len(part) for part in split_documents(CORPUS[:1], 1)] == [1, 0]
