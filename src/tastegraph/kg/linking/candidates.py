"""Candidates: of many names the few that are like a given one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer

from tastegraph.core.arrays import Bools
from tastegraph.kg.linking.entities import Entities
from tastegraph.kg.linking.queries import Query
from tastegraph.kg.names import normalised, parted

ROWS = 512
LIKE = 10
BEARERS = 50
"""Of more entities with one name, those with the most facts are candidates."""

Encode = Callable[[Sequence[str]], NDArray[np.float32]]
"""Texts to float32[n, d], rows of length 1."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """Which entities each query may mean, in order of query and entity.

    Attributes:
        query, entity: int64[P].
        cosine: float32[P] between their vectors; ``None`` without an encoder.
    """

    query: NDArray[np.int64]
    entity: NDArray[np.int64]
    cosine: NDArray[np.float32] | None = None

    def where(self, kept: Bools) -> Pairs:
        """Those of them that ``kept``, bool[P], says."""
        cosine = None if self.cosine is None else self.cosine[kept]
        return Pairs(self.query[kept], self.entity[kept], cosine)


class NameIndex:
    """Names by their character 3-grams, weighted by TF-IDF (Salton & Buckley 1988).

    Args:
        names: what can be found; :func:`~tastegraph.kg.names.normalised` is applied.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._vectorizer = TfidfVectorizer(
            analyzer="char_wb", ngram_range=(3, 3), dtype=np.float32, sublinear_tf=True
        )
        plain = [normalised(name) or "\x00" for name in names] or ["\x00"]
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


class Candidates:
    """The few entities that each query may mean: lexical and vector candidates, united.

    By name they are those that bear the very name of a query, and the :data:`LIKE` names most like
    each of its names. By meaning they are the :data:`LIKE` nearest vectors, where there are any.

    Args:
        entities: what can be found.
        encode: texts → float32[n, d], rows of length 1.
    """

    def __init__(self, entities: Entities, encode: Encode | None = None) -> None:
        bearers: dict[str, list[int]] = {}
        for entity, names in enumerate(entities.names):
            forms = {normalised(form) for name in names for form in (name, parted(name)[0])}
            for plain in sorted(forms - {""}):
                bearers.setdefault(plain, []).append(entity)
        self._bearers = {
            name: sorted(some, key=lambda e: (-entities.degrees[e], e))[:BEARERS]
            for name, some in bearers.items()
        }
        self._forms = list(self._bearers)
        self._index = NameIndex(self._forms)
        self._encode = encode
        self._vectors = encode(entities.described()) if encode else None

    def bearers(self, name: str) -> int:
        """How many entities have ``name``, which is normalised, with or without a qualifier."""
        return len(self._bearers.get(name, ()))

    def of(self, queries: Sequence[Query]) -> Pairs:
        """Every pair of a query and a candidate, each once, in order."""
        pairs: set[tuple[int, int]] = set()
        asked = [(i, normalised(name)) for i, query in enumerate(queries) for name in query.names]
        near, _ = self._index.nearest([name for _, name in asked], LIKE)
        for (i, name), row in zip(asked, near, strict=True):
            pairs.update((i, entity) for entity in self._bearers.get(name, ()))
            for form in row[row >= 0]:
                pairs.update((i, entity) for entity in self._bearers[self._forms[form]])
        cosine: NDArray[np.float32] | None = None
        if self._encode is not None and self._vectors is not None and queries:
            asked_vectors = self._encode([query.text for query in queries])
            for start in range(0, len(queries), ROWS):
                scores = asked_vectors[start : start + ROWS] @ self._vectors.T
                best = np.argsort(-scores, axis=1, kind="stable")[:, :LIKE]
                pairs.update((start + i, int(e)) for i, row in enumerate(best) for e in row)
        query, entity = np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2).T
        if self._encode is not None and self._vectors is not None and queries:
            cosine = np.einsum("ij,ij->i", asked_vectors[query], self._vectors[entity])
        return Pairs(query, entity, cosine)
