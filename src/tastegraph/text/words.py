"""Words of texts as TF-IDF features, beside the vectors of a language model.

A vector smooths over single words; names and rare terms are compared as they are written.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer

from tastegraph.core.arrays import CSR
from tastegraph.text.languages import (
    HANGUL,
    UNSPACED,
    UNSPACED_RUN,
    character_class,
    character_pairs,
)

_TOKEN = re.compile(rf"[{character_class(UNSPACED, HANGUL)}]+|\w\w+")
MAX_DOCUMENT_FREQUENCY = 0.3
"""Share of the texts; a word that more of them contain does not tell them apart."""


def tokens(text: str) -> list[str]:
    """Words in lower case; pairs of characters in scripts that put no space between words."""
    words: list[str] = []
    for run in _TOKEN.findall(text.lower()):
        words += character_pairs(run) if UNSPACED_RUN.match(run) else [run]
    return words


def word_features(texts: Sequence[str]) -> CSR:
    """float32 CSR[n, V], rows of length 1: (1 + log tf) · idf (Salton & Buckley 1988).

    Words of one text alone are left out; a text without other words has an empty row.
    """
    return words_and_vocabulary(texts)[0]


def words_and_vocabulary(texts: Sequence[str]) -> tuple[CSR, list[str]]:
    """:func:`word_features`, and the V words."""
    vectorizer = TfidfVectorizer(
        analyzer=tokens,
        sublinear_tf=True,
        min_df=2,
        max_df=MAX_DOCUMENT_FREQUENCY,
        dtype=np.float32,
    )
    try:
        words = sparse.csr_array(vectorizer.fit_transform(texts))
    except ValueError:  # No two texts share a word.
        return sparse.csr_array(sparse.coo_array(np.zeros((len(texts), 0), dtype=np.float32))), []
    return words, vectorizer.get_feature_names_out().tolist()


def words_of_new(texts: Sequence[str], words: CSR, vocabulary: Sequence[str]) -> CSR:
    """float32 CSR[m, V]: what :func:`word_features` of more texts would have said of the new ones.

    Args:
        texts: the new ones.
        words: of the texts before them.
        vocabulary: the V words.
    """
    column = {word: place for place, word in enumerate(vocabulary)}
    n_texts = np.bincount(words.indices, minlength=len(column))
    idf = np.log((1 + words.shape[0]) / (1 + n_texts)) + 1
    rows, columns, counts = [], [], []
    for row, text in enumerate(texts):
        for word, count in Counter(tokens(text)).items():
            if word in column:
                rows.append(row)
                columns.append(column[word])
                counts.append(count)
    values = (1 + np.log(np.array(counts, dtype=np.float64))) * idf[columns]
    shape = (len(texts), len(column))
    matrix = sparse.csr_array((values, (rows, columns)), shape=shape, dtype=np.float64)
    lengths = np.sqrt(np.asarray(matrix.multiply(matrix).sum(axis=1)).reshape(-1))
    matrix.data /= np.repeat(np.where(lengths > 0, lengths, 1), np.diff(matrix.indptr))
    return sparse.csr_array(matrix.astype(np.float32))
