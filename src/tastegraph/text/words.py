"""Words of texts as TF-IDF features, beside the vectors of a language model.

A vector smooths over single words; names and rare terms are compared as they are written.
"""

from __future__ import annotations

import re
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
    vectorizer = TfidfVectorizer(
        analyzer=tokens,
        sublinear_tf=True,
        min_df=2,
        max_df=MAX_DOCUMENT_FREQUENCY,
        dtype=np.float32,
    )
    try:
        return sparse.csr_array(vectorizer.fit_transform(texts))
    except ValueError:  # No two texts share a word.
        return sparse.csr_array(sparse.coo_array(np.zeros((len(texts), 0), dtype=np.float32)))
