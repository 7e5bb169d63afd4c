"""The words of texts, counted: what a language model's vector smooths over."""

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
COMMONEST = 0.3
"""A word in a larger share of the texts than this tells nothing."""


def tokens(text: str) -> list[str]:
    """Words in lower case; pairs of characters where a script does not part its words."""
    found = []
    for run in _TOKEN.findall(text.lower()):
        if UNSPACED_RUN.match(run):
            found += character_pairs(run)
        else:
            found.append(run)
    return found


def word_features(texts: Sequence[str]) -> CSR:
    """float32 CSR[n, V], rows of length 1: (1 + log tf) · idf (Salton & Buckley 1988).

    Words of one text alone join nothing and are left out; a text without words has an empty row.
    """
    vectorizer = TfidfVectorizer(
        analyzer=tokens, sublinear_tf=True, min_df=2, max_df=COMMONEST, dtype=np.float32
    )
    try:
        return sparse.csr_array(vectorizer.fit_transform(texts))
    except ValueError:  # no text has a word that another has too
        return sparse.csr_array(sparse.coo_array(np.zeros((len(texts), 0), dtype=np.float32)))
