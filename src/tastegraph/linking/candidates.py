"""Candidates: of many names the few that are like a given one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer

from tastegraph.linking.names import normalised

ROWS = 512


class NameIndex:
    """Names by their character 3-grams, weighted by TF-IDF (Salton & Buckley 1988).

    Args:
        names: what can be found; :func:`~tastegraph.linking.names.normalised` is applied.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._vectorizer = TfidfVectorizer(
            analyzer="char_wb", ngram_range=(3, 3), dtype=np.float32, sublinear_tf=True
        )
        plain = [normalised(name) or "\x00" for name in names]
        self._names: sparse.csr_matrix = self._vectorizer.fit_transform(plain).tocsr()

    def nearest(
        self, queries: Sequence[str], k: int
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """The ``k`` names most like each query, best first; ties by their order.

        Returns:
            int32[len(queries), k], positions in ``names``, -1 where fewer share anything;
            float32[len(queries), k], cosine in [0, 1], 0 there.
        """
        found = np.full((len(queries), k), -1, dtype=np.int32)
        cosine = np.zeros((len(queries), k), dtype=np.float32)
        transposed = self._names.T.tocsr()
        for start in range(0, len(queries), ROWS):
            plain = [normalised(query) for query in queries[start : start + ROWS]]
            scores = (self._vectorizer.transform(plain) @ transposed).tocsr()
            for row in range(scores.shape[0]):
                here = slice(scores.indptr[row], scores.indptr[row + 1])
                values, columns = scores.data[here], scores.indices[here]
                if len(values) > k:
                    worst = np.partition(values, len(values) - k)[len(values) - k]
                    keep = values >= worst
                    values, columns = values[keep], columns[keep]
                best = np.lexsort((columns, -values))[:k]
                found[start + row, : len(best)] = columns[best]
                cosine[start + row, : len(best)] = values[best]
        return found, cosine
