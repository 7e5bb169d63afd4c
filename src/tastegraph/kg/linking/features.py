"""What speaks for a query and a candidate being one thing, in numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz
from scipy import sparse

from tastegraph.core.arrays import Floats, Ints, binary
from tastegraph.kg.linking.candidates import Candidates, Pairs
from tastegraph.kg.linking.entities import FIRST_YEAR, Entities
from tastegraph.kg.linking.queries import Query
from tastegraph.kg.names import normalised, numbers, parted, terms, years


def lead(group: Ints, values: Floats) -> NDArray[np.float64]:
    """``values``, float[N], less the best of the others in the group; alone, less nothing.

    Args:
        group: int[N], sorted.
    """
    if not len(group):
        return np.zeros(0)
    starts = np.flatnonzero(np.diff(group, prepend=group[0] - 1))
    sizes = np.diff(np.append(starts, len(group)))
    best = np.repeat(np.maximum.reduceat(values, starts), sizes)
    shared = np.repeat(np.add.reduceat((values == best).astype(np.int64), starts), sizes) > 1
    second = np.maximum.reduceat(np.where(values == best, -np.inf, values), starts)
    other = np.where((values == best) & ~shared, np.repeat(second, sizes), best)
    return np.where(np.isfinite(other), values - other, values).astype(np.float64)


def ranks(group: Ints, values: Floats) -> NDArray[np.int64]:
    """int64[N], 0 for the best of each group; equals by their order."""
    order = np.lexsort((np.arange(len(group)), -values, group))
    found = np.empty(len(group), dtype=np.int64)
    starts = np.flatnonzero(np.diff(group, prepend=-1)) if len(group) else np.zeros(0, np.int64)
    found[order] = np.arange(len(group)) - np.repeat(starts, np.diff(np.append(starts, len(group))))
    return found


NAMES = (
    "exact", "own_exact", "ratio", "sorted_ratio", "set_ratio", "partial_ratio",
    "numbers", "qualifier_year", "near_year", "years_known",
    "context", "degree", "bearers", "cosine",
    "name_lead", "year_lead", "context_lead", "cosine_lead",
    "plausibility", "plausibility_lead",
)  # fmt: skip
"""Of each column; a lead is over the best of the other candidates."""


class Features:
    """Features of pairs of a query and an entity.

    Args:
        entities: as they were given to ``candidates``.
        candidates: they know how many entities bear a name.
    """

    def __init__(self, entities: Entities, candidates: Candidates) -> None:
        self._entities, self._candidates = entities, candidates
        self._vocabulary, self._context = entities.context()
        have = np.asarray(self._context.sum(axis=0)).ravel()
        self._idf = np.log((1 + len(entities)) / (1 + have))
        self._names = [
            tuple(
                (normalised(name), normalised(parted(name)[0]), years((parted(name)[1],)))
                for name in names
            )
            for names in entities.names
        ]

    def of(self, queries: Sequence[Query], pairs: Pairs) -> NDArray[np.float64]:
        """float64[P, len(NAMES) - 2]: all but plausibility, which :func:`with_ties` adds."""
        column: dict[str, NDArray[Any]] = {
            "degree": np.log1p(self._entities.degrees[pairs.entity]),
            "context": self._overlap(queries, pairs),
            "cosine": np.zeros(len(pairs.query)) if pairs.cosine is None else pairs.cosine,
            **self._names_alike(queries, pairs),
            **self._years_alike(queries, pairs),
        }
        alike = np.maximum(column["sorted_ratio"], column["ratio"]) + column["exact"]
        column["name_lead"] = lead(pairs.query, alike)
        column["year_lead"] = lead(pairs.query, column["near_year"])
        column["context_lead"] = lead(pairs.query, column["context"])
        column["cosine_lead"] = lead(pairs.query, column["cosine"])
        return np.stack([column[name] for name in NAMES[:-2]], axis=1).astype(np.float64)

    def _names_alike(
        self, queries: Sequence[Query], pairs: Pairs
    ) -> dict[str, NDArray[np.float64]]:
        plain = [tuple(normalised(name) for name in query.names) for query in queries]
        rows = [
            self._name(queries[q], plain[q], self._names[e])
            for q, e in zip(pairs.query.tolist(), pairs.entity.tolist(), strict=True)
        ]
        table = np.array(rows, dtype=np.float64).reshape(-1, 8)
        return dict(
            zip(
                ("exact", "own_exact", "ratio", "sorted_ratio", "set_ratio", "partial_ratio",
                 "numbers", "bearers"),
                table.T,
                strict=True,
            )
        )  # fmt: skip

    def _name(
        self,
        query: Query,
        plain: tuple[str, ...],
        names: tuple[tuple[str, str, frozenset[int]], ...],
    ) -> tuple[float, ...]:
        forms = {form for full, base, _ in names for form in (full, base)}
        both = [(name, form) for name in plain for form in forms]
        return (
            any(name in forms for name in plain),
            plain[0] in forms,
            max(fuzz.ratio(a, b) for a, b in both) / 100,
            max(fuzz.token_sort_ratio(a, b) for a, b in both) / 100,
            max(fuzz.token_set_ratio(a, b) for a, b in both) / 100,
            max(fuzz.partial_ratio(a, b) for a, b in both) / 100,
            any(query.numbers == numbers(base) for _, base, _ in names),
            np.log1p(max(self._candidates.bearers(base) for _, base, _ in names)),
        )

    def _years_alike(
        self, queries: Sequence[Query], pairs: Pairs
    ) -> dict[str, NDArray[np.float64]]:
        said = np.zeros(len(pairs.query))
        near = np.zeros(len(pairs.query))
        known = np.zeros(len(pairs.query))
        counts = self._entities.years
        for p, (q, e) in enumerate(zip(pairs.query.tolist(), pairs.entity.tolist(), strict=True)):
            asked = queries[q].years
            if not asked:
                continue
            bracketed = {year for _, _, some in self._names[e] for year in some}
            if bracketed:
                apart = min(abs(a - b) for a in asked for b in bracketed)
                said[p] = (1.0, 0.5)[apart] if apart < 2 else -1.0
            here = slice(counts.indptr[e], counts.indptr[e + 1])
            times = counts.data[here]
            if len(times):
                known[p] = np.log1p(times.sum())
                apart = np.abs(
                    counts.indices[here][:, None] + FIRST_YEAR - np.array(sorted(asked))
                ).min(axis=1)
                near[p] = (times[apart == 0].sum() + times[apart == 1].sum() / 2) / times.sum()
        return {"qualifier_year": said, "near_year": near, "years_known": known}

    def _overlap(self, queries: Sequence[Query], pairs: Pairs) -> NDArray[np.float64]:
        """Of a query's context, by inverse document frequency, what the neighbours' names say."""
        asked = [
            [self._vocabulary[word] for word in terms(query.context) if word in self._vocabulary]
            for query in queries
        ]
        rows = np.repeat(np.arange(len(queries)), [len(words) for words in asked])
        columns = [word for words in asked for word in words]
        shape = (len(queries), len(self._idf))
        words = sparse.csr_array(binary(rows, columns, shape).multiply(self._idf))
        shared = words[pairs.query].multiply(self._context[pairs.entity]).sum(axis=1)
        whole = np.asarray(words.sum(axis=1)).ravel()[pairs.query]
        return np.asarray(shared).ravel() / np.maximum(whole, 1e-9)


def with_ties(
    features: NDArray[np.float64], pairs: Pairs, plausibility: NDArray[np.float64]
) -> NDArray[np.float64]:
    """float64[P, len(NAMES)].

    Args:
        plausibility: float64[entities], log-odds that one of its ties is linked.
    """
    own = plausibility[pairs.entity]
    return np.column_stack([features, own, lead(pairs.query, own)])
