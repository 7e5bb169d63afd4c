"""Relevance of a topic to a text, by a text encoder: near this text, and away from the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from tastegraph.kg.extraction.topics.occurrences import OccurrenceTable

Encode = Callable[[Sequence[str]], NDArray[np.float32]]
MIN_DEVIATION = 1e-6


class TextRelevance:
    """How much nearer a topic is to a text than to the texts on average.

    Args:
        encode: n texts → float32[n, d], rows of length 1 or 0.
        texts: of all documents.
    """

    def __init__(self, encode: Encode, texts: Sequence[str]) -> None:
        self._encode = encode
        self._documents = encode(texts)
        self._mean = self._documents.mean(axis=0, dtype=np.float64)
        moments = self._documents.T.astype(np.float64) @ self._documents / len(texts)
        self._covariance = moments - np.outer(self._mean, self._mean)

    def __call__(self, table: OccurrenceTable) -> NDArray[np.float64]:
        """float64[n]: the cosine of topic and text in standard deviations above its mean."""
        keys, place = np.unique(table.key, return_inverse=True)
        topics = self._encode([table.keys[key] for key in keys.tolist()]).astype(np.float64)
        mean = topics @ self._mean
        deviation = np.sqrt(np.maximum(((topics @ self._covariance) * topics).sum(axis=1), 0))
        cosine = np.einsum("nd,nd->n", self._documents[table.document], topics[place])
        return np.asarray((cosine - mean[place]) / np.maximum(deviation[place], MIN_DEVIATION))
