"""Features of a query and a candidate entity: agreement of names, years and context."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rapidfuzz import fuzz
from scipy import sparse

from tastegraph.core.arrays import Floats, Ints, binary
from tastegraph.kg.linking.candidates import CandidateGenerator, CandidatePairs
from tastegraph.kg.linking.entities import FIRST_YEAR, EntityIndex
from tastegraph.kg.linking.queries import LinkingQuery
from tastegraph.kg.names import normalize_name, numbers_in, split_qualifier, tokens_of, years_in

LINK_FEATURES = (
    "exact", "own_exact", "ratio", "sorted_ratio", "set_ratio", "partial_ratio",
    "numbers", "qualifier_year", "near_year", "years_known", "year_conflict",
    "context", "degree", "bearers", "cosine",
    "name_lead", "year_lead", "context_lead", "cosine_lead",
    "plausibility", "plausibility_lead",
)  # fmt: skip
"""Names of the columns; ``…_lead`` is the margin over the best other candidate of the query.
``year_conflict`` is 1 where the entity states years, none within :data:`MAX_YEAR_GAP` of the
query's."""

MAX_YEAR_GAP = 2
"""Years by which sources may differ in when one thing came out."""


NameForms = tuple[str, str, frozenset[int]]
"""A name's normal form, the same without its qualifier, and the years in the qualifier."""


class PairFeatures:
    """Computes the features of candidate pairs.

    Args:
        entities: the entities that ``candidates`` searches.
        candidates: counts how many entities share a name.
    """

    def __init__(self, entities: EntityIndex, candidates: CandidateGenerator) -> None:
        self._entities, self._candidates = entities, candidates
        self._vocabulary, self._context = entities.context()
        document_frequency = np.asarray(self._context.sum(axis=0)).ravel()
        self._idf = np.log((1 + len(entities)) / (1 + document_frequency))
        self._names: dict[int, tuple[NameForms, ...]] = {}

    def table(self, queries: Sequence[LinkingQuery], pairs: CandidatePairs) -> NDArray[np.float64]:
        """float64[P, len(LINK_FEATURES) - 2]: all but plausibility (:func:`with_plausibility`)."""
        column: dict[str, NDArray[Any]] = {
            "degree": np.log1p(self._entities.degrees[pairs.entity]),
            "context": self._context_overlap(queries, pairs),
            "cosine": np.zeros(len(pairs.query)) if pairs.cosine is None else pairs.cosine,
            **self._name_similarity(queries, pairs),
            **self._year_agreement(queries, pairs),
        }
        similarity = np.maximum(column["sorted_ratio"], column["ratio"]) + column["exact"]
        column["name_lead"] = lead(pairs.query, similarity)
        column["year_lead"] = lead(pairs.query, column["near_year"])
        column["context_lead"] = lead(pairs.query, column["context"])
        column["cosine_lead"] = lead(pairs.query, column["cosine"])
        return np.stack([column[name] for name in LINK_FEATURES[:-2]], axis=1).astype(np.float64)

    def _name_similarity(
        self, queries: Sequence[LinkingQuery], pairs: CandidatePairs
    ) -> dict[str, NDArray[np.float64]]:
        plain = [tuple(normalize_name(name) for name in query.names) for query in queries]
        rows = [
            self._name_row(queries[q], plain[q], self._forms(e))
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

    def _name_row(
        self,
        query: LinkingQuery,
        query_names: tuple[str, ...],
        entity_names: tuple[NameForms, ...],
    ) -> tuple[float, ...]:
        forms = {form for full, base, _ in entity_names for form in (full, base)}
        combinations = [(name, form) for name in query_names for form in forms]
        return (
            any(name in forms for name in query_names),
            query_names[0] in forms,
            max(fuzz.ratio(a, b) for a, b in combinations) / 100,
            max(fuzz.token_sort_ratio(a, b) for a, b in combinations) / 100,
            max(fuzz.token_set_ratio(a, b) for a, b in combinations) / 100,
            max(fuzz.partial_ratio(a, b) for a, b in combinations) / 100,
            any(query.numbers == numbers_in(base) for _, base, _ in entity_names),
            np.log1p(max(self._candidates.n_namesakes(base) for _, base, _ in entity_names)),
        )

    def _forms(self, entity: int) -> tuple[NameForms, ...]:
        """The forms of the names of an entity; few entities are ever candidates."""
        forms = self._names.get(entity)
        if forms is None:
            forms = self._names[entity] = tuple(map(_name_forms, self._entities.names[entity]))
        return forms

    def _year_agreement(
        self, queries: Sequence[LinkingQuery], pairs: CandidatePairs
    ) -> dict[str, NDArray[np.float64]]:
        """Agreement with the year in the entity's qualifier, and with years of its neighbours."""
        qualifier_year = np.zeros(len(pairs.query))
        near_year = np.zeros(len(pairs.query))
        years_known = np.zeros(len(pairs.query))
        year_conflict = np.zeros(len(pairs.query))
        year_counts, stated = self._entities.years, self._entities.stated_years
        for p, (q, e) in enumerate(zip(pairs.query.tolist(), pairs.entity.tolist(), strict=True)):
            query_years = queries[q].years
            if not query_years:
                continue
            in_qualifier = {year for _, _, name_years in self._forms(e) for year in name_years}
            if in_qualifier:
                gap = min(abs(a - b) for a in query_years for b in in_qualifier)
                qualifier_year[p] = (1.0, 0.5)[gap] if gap < 2 else -1.0
            cells = slice(year_counts.indptr[e], year_counts.indptr[e + 1])
            counts = year_counts.data[cells]
            if len(counts):
                years_known[p] = np.log1p(counts.sum())
                years = year_counts.indices[cells] + FIRST_YEAR
                gaps = np.abs(years[:, None] - np.array(sorted(query_years))).min(axis=1)
                near = counts[gaps == 0].sum() + counts[gaps == 1].sum() / 2
                near_year[p] = near / counts.sum()
            own_years = stated.indices[stated.indptr[e] : stated.indptr[e + 1]] + FIRST_YEAR
            if len(own_years):
                gap = min(abs(int(a) - b) for a in own_years for b in query_years)
                year_conflict[p] = gap > MAX_YEAR_GAP
        return {
            "qualifier_year": qualifier_year, "near_year": near_year, "years_known": years_known,
            "year_conflict": year_conflict,
        }  # fmt: skip

    def _context_overlap(
        self, queries: Sequence[LinkingQuery], pairs: CandidatePairs
    ) -> NDArray[np.float64]:
        """float64[P], share of the query's context, by IDF, in the names of the neighbours."""
        words_of = [
            [
                self._vocabulary[word]
                for word in tokens_of(query.context)
                if word in self._vocabulary
            ]
            for query in queries
        ]
        rows = np.repeat(np.arange(len(queries)), [len(words) for words in words_of])
        columns = [word for words in words_of for word in words]
        shape = (len(queries), len(self._idf))
        weighted = sparse.csr_array(binary(rows, columns, shape).multiply(self._idf))
        shared = weighted[pairs.query].multiply(self._context[pairs.entity]).sum(axis=1)
        total = np.asarray(weighted.sum(axis=1)).ravel()[pairs.query]
        return np.asarray(shared).ravel() / np.maximum(total, 1e-9)


def _name_forms(name: str) -> NameForms:
    """The normalized name, the same without its qualifier, and the years in the qualifier."""
    base, qualifier = split_qualifier(name)
    return normalize_name(name), normalize_name(base), years_in((qualifier,))


def with_plausibility(
    features: NDArray[np.float64], pairs: CandidatePairs, plausibility: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Append plausibility and its lead: float64[P, len(LINK_FEATURES)].

    Args:
        plausibility: float64[entities], from :func:`~tastegraph.kg.linking.scoring.plausibility`.
    """
    of_pair = plausibility[pairs.entity]
    return np.column_stack([features, of_pair, lead(pairs.query, of_pair)])


def lead(group: Ints, values: Floats) -> NDArray[np.float64]:
    """float64[N], each value minus the best other value of its group.

    The only member of a group keeps its value.

    Args:
        group: int[N], sorted.
        values: float[N].
    """
    if not len(group):
        return np.zeros(0)
    starts = np.flatnonzero(np.diff(group, prepend=group[0] - 1))
    sizes = np.diff(np.append(starts, len(group)))
    best = np.repeat(np.maximum.reduceat(values, starts), sizes)
    tied = np.repeat(np.add.reduceat((values == best).astype(np.int64), starts), sizes) > 1
    second = np.maximum.reduceat(np.where(values == best, -np.inf, values), starts)
    other = np.where((values == best) & ~tied, np.repeat(second, sizes), best)
    return np.where(np.isfinite(other), values - other, values).astype(np.float64)


def ranks(group: Ints, values: Floats) -> NDArray[np.int64]:
    """int64[N], the rank of each value in its group, 0 for the best; ties by their order.

    Args:
        group: int[N], sorted.
        values: float[N].
    """
    order = np.lexsort((np.arange(len(group)), -values, group))
    rank = np.empty(len(group), dtype=np.int64)
    starts = np.flatnonzero(np.diff(group, prepend=-1)) if len(group) else np.zeros(0, np.int64)
    rank[order] = np.arange(len(group)) - np.repeat(starts, np.diff(np.append(starts, len(group))))
    return rank
