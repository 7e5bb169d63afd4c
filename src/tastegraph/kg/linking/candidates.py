"""Candidate generation: for each query, the few entities that it may mean."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer

from tastegraph.core.arrays import Bools
from tastegraph.kg.linking.entities import EntityIndex
from tastegraph.kg.linking.queries import LinkingQuery
from tastegraph.kg.names import normalize_name, split_qualifier

QUERY_BATCH = 512
MAX_COMPARED = 10_000
"""Names that share 3-grams with a query, counted for each 3-gram, that are compared with it."""
RESCORED = 10
"""Names whose cosine is computed from all 3-grams, for each one to find."""
CANDIDATE_NEIGHBOURS = 10
"""Most similar names, and nearest vectors, that become candidates."""
MAX_NAMESAKES = 50
"""Entities of one name that become candidates, at most: those with the most facts."""

Encode = Callable[[Sequence[str]], NDArray[np.float32]]
"""Texts to float32[n, d], rows of length 1."""


@dataclass(frozen=True, slots=True)
class CandidatePairs:
    """Pairs of a query and an entity that it may mean, ordered by query, then entity.

    Attributes:
        query, entity: int64[P], positions in the queries and the entity index.
        cosine: float32[P] between their vectors; ``None`` without an encoder.
    """

    query: NDArray[np.int64]
    entity: NDArray[np.int64]
    cosine: NDArray[np.float32] | None = None

    def where(self, mask: Bools) -> CandidatePairs:
        """The pairs for which ``mask``, bool[P], is true."""
        cosine = None if self.cosine is None else self.cosine[mask]
        return CandidatePairs(self.query[mask], self.entity[mask], cosine)


class NameIndex:
    """Names by their character 3-grams, weighted by TF-IDF (Salton & Buckley 1988).

    Of a query whose 3-grams occur in very many names, the rarest ones find what is compared, so
    that the work grows with the number of queries and not with that of names as well.

    Args:
        names: names to search; :func:`~tastegraph.kg.names.normalize_name` is applied to them.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._vectorizer = TfidfVectorizer(
            analyzer="char_wb", ngram_range=(3, 3), dtype=np.float32, sublinear_tf=True
        )
        plain = [normalize_name(name) or "\x00" for name in names] or ["\x00"]
        self._names: sparse.csr_matrix = self._vectorizer.fit_transform(plain).tocsr()
        self._by_gram: sparse.csr_matrix = self._names.T.tocsr()
        self._frequency: NDArray[np.int64] = np.diff(self._by_gram.indptr).astype(np.int64)

    def nearest(
        self, queries: Sequence[str], k: int
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """The ``k`` names most similar to each query, best first; ties by their order.

        Returns:
            int32[len(queries), k], positions in ``names``, -1 where fewer share a 3-gram;
            float32[len(queries), k], cosine in [0, 1], 0 there.
        """
        neighbours = np.full((len(queries), k), -1, dtype=np.int32)
        cosine = np.zeros((len(queries), k), dtype=np.float32)
        for start in range(0, len(queries), QUERY_BATCH):
            plain = [normalize_name(query) for query in queries[start : start + QUERY_BATCH]]
            rows = self._vectorizer.transform(plain).tocsr()
            scores = self._scores(rows, k)
            for row in range(scores.shape[0]):
                cells = slice(scores.indptr[row], scores.indptr[row + 1])
                values, columns = _largest(scores.data[cells], scores.indices[cells], k)
                best = np.lexsort((columns, -values))[:k]
                neighbours[start + row, : len(best)] = columns[best]
                cosine[start + row, : len(best)] = values[best]
        return neighbours, cosine

    def _scores(self, rows: sparse.csr_matrix, k: int) -> sparse.csr_matrix:
        """Cosines of queries and names; where there are very many, of those that may be best."""
        rare = self._rarest(rows)
        scores: sparse.csr_matrix = (rare @ self._by_gram).tocsr()
        if rare.nnz == rows.nnz:
            return scores
        best = [
            _largest(scores.data[cells], scores.indices[cells], RESCORED * k)[1]
            for row in range(scores.shape[0])
            for cells in [slice(scores.indptr[row], scores.indptr[row + 1])]
        ]
        lengths = [len(columns) for columns in best]
        row = np.repeat(np.arange(len(best)), lengths)
        column = np.concatenate(best) if best else np.zeros(0, dtype=np.int64)
        exact = np.asarray(rows[row].multiply(self._names[column]).sum(axis=1)).ravel()
        indptr = np.concatenate([[0], np.cumsum(lengths)])
        shape = (rows.shape[0], self._names.shape[0])
        return sparse.csr_matrix((exact.astype(np.float32), column, indptr), shape=shape)

    def _rarest(self, rows: sparse.csr_matrix) -> sparse.csr_matrix:
        """The rarest 3-grams of each query, as many as occur in :data:`MAX_COMPARED` names."""
        frequency = self._frequency[rows.indices]
        row = np.repeat(np.arange(rows.shape[0]), np.diff(rows.indptr))
        order = np.lexsort((frequency, row))
        total = np.cumsum(frequency[order])
        before = np.concatenate([[0], total])[rows.indptr[:-1]]
        is_first = np.zeros(rows.nnz, dtype=np.bool_)
        is_first[rows.indptr[:-1][np.diff(rows.indptr) > 0]] = True
        is_rare = (total - before[row[order]] <= MAX_COMPARED) | is_first
        if is_rare.all():
            return rows
        places = np.sort(order[is_rare])
        return sparse.csr_matrix(
            (rows.data[places], (row[places], rows.indices[places])), shape=rows.shape
        )


def _largest(
    values: NDArray[np.float32], columns: NDArray[np.int32], k: int
) -> tuple[NDArray[np.float32], NDArray[np.int32]]:
    """The ``k`` largest values and those equal to the last of them, with their columns."""
    if len(values) <= k:
        return values, columns
    is_large = values >= np.partition(values, len(values) - k)[len(values) - k]
    return values[is_large], columns[is_large]


class CandidateGenerator:
    """Finds the few entities that each query may mean, by name and by meaning.

    Candidates by name are the entities with exactly a name of the query, and those of the
    :data:`CANDIDATE_NEIGHBOURS` names most similar to each of its names. Candidates by meaning are
    the :data:`CANDIDATE_NEIGHBOURS` nearest vectors, if there is an encoder.

    Args:
        entities: the entities to find.
        encode: texts → float32[n, d], rows of length 1.
        subset: bool[N], the entities that may be candidates; by default all.
    """

    def __init__(
        self, entities: EntityIndex, encode: Encode | None = None, subset: Bools | None = None
    ) -> None:
        self._outside = None if subset is None else ~subset
        namesakes: dict[str, list[int]] = {}
        for entity, names in enumerate(entities.names):
            if subset is not None and not subset[entity]:
                continue
            forms = {
                normalize_name(form) for name in names for form in (name, split_qualifier(name)[0])
            }
            for plain in sorted(forms - {""}):
                namesakes.setdefault(plain, []).append(entity)
        self._namesakes = {
            name: sorted(bearers, key=lambda e: (-entities.degrees[e], e))[:MAX_NAMESAKES]
            for name, bearers in namesakes.items()
        }
        self._forms = list(self._namesakes)
        self._index = NameIndex(self._forms)
        self._encode = encode
        self._vectors = encode(entities.descriptions()) if encode else None

    def n_namesakes(self, normal_name: str) -> int:
        """Number of entities with this normalized name, with or without a qualifier."""
        return len(self._namesakes.get(normal_name, ()))

    def pairs(self, queries: Sequence[LinkingQuery]) -> CandidatePairs:
        """Every pair of a query and a candidate, each once, in order."""
        pairs: set[tuple[int, int]] = set()
        names = [
            (i, normalize_name(name)) for i, query in enumerate(queries) for name in query.names
        ]
        nearest, _ = self._index.nearest([name for _, name in names], CANDIDATE_NEIGHBOURS)
        for (i, name), row in zip(names, nearest, strict=True):
            pairs.update((i, entity) for entity in self._namesakes.get(name, ()))
            for form in row[row >= 0]:
                pairs.update((i, entity) for entity in self._namesakes[self._forms[form]])
        cosine: NDArray[np.float32] | None = None
        if self._encode is not None and self._vectors is not None and queries:
            query_vectors = self._encode([query.text for query in queries])
            for start in range(0, len(queries), QUERY_BATCH):
                scores = query_vectors[start : start + QUERY_BATCH] @ self._vectors.T
                if self._outside is not None:
                    scores[:, self._outside] = -np.inf
                best = np.argsort(-scores, axis=1, kind="stable")[:, :CANDIDATE_NEIGHBOURS]
                pairs.update(
                    (start + i, int(e))
                    for i, row in enumerate(best)
                    for e in row
                    if scores[i, e] > -np.inf
                )
        query, entity = np.array(sorted(pairs), dtype=np.int64).reshape(-1, 2).T
        if self._encode is not None and self._vectors is not None and queries:
            cosine = np.einsum("ij,ij->i", query_vectors[query], self._vectors[entity])
        return CandidatePairs(query, entity, cosine)
