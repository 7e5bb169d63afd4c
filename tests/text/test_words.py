"""Words counted: English by words, Chinese by pairs of characters."""

import numpy as np
import pytest

from tastegraph.text.words import tokens, word_features


def test_tokens_of_two_scripts():
    assert tokens("Toy Story (1995), a film") == ["toy", "story", "1995", "film"]
    assert tokens("科幻电影 Alien") == ["科幻", "幻电", "电影", "alien"]
    assert tokens("\x00\ud800 🎬") == []


def test_rows_have_length_1_and_single_words_are_left_out():
    texts = ["desert gunfight", "desert saloon", "starship robots", "starship planet", "", "alone"]
    texts += ["", ""]
    words = word_features(texts)
    lengths = np.sqrt(np.asarray(words.multiply(words).sum(axis=1)))
    assert lengths == pytest.approx([1, 1, 1, 1, 0, 0, 0, 0])
    similar = (words @ words.T).toarray()
    assert similar[0, 1] == pytest.approx(1)
    assert similar[0, 2] == 0


@pytest.mark.parametrize("texts", [[], [""], ["one text alone"], ["a b", "c d"]])
def test_where_no_word_is_shared_there_are_none(texts):
    words = word_features(texts)
    assert words.shape[0] == len(texts)
    assert not words.nnz
