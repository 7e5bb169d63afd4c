"""Entities to link to: their names, neighbours, structural features and years."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tastegraph.core.arrays import CSR, binary
from tastegraph.core.records import ITEM, USER, Fact
from tastegraph.kg.names import name_from_id, split_qualifier, tokens_of, years_in
from tastegraph.kg.stats import TYPE_RELATIONS

FIRST_YEAR, LAST_YEAR = 1500, 2099
MAX_DESCRIPTION_NEIGHBOURS = 12
"""Neighbours that the description of an entity names, at most."""


class EntityIndex:
    """The entities of a graph, prepared for linking.

    Args:
        facts: facts about entities; literals of items and users (``item:…``, ``user:…``) are
            skipped.
        naming_relations: relations whose literal object is a name of the subject.

    Attributes:
        ids: in the order of their first fact.
        numbers: id → position in ``ids``.
        names: labels and aliases of each entity; without any, a name made from its id.
        degrees: float64[N], number of neighbours and values.
        ties: bool CSR[N, T], structural features of each entity: the relations that it is subject
            or object of, its types, and the words of qualifiers in its names (*film* in *Crash
            (1996 film)*).
        years: float64 CSR[N, 600], how many neighbours and values name each year from 1500 on.
        stated_years: the same of its own values alone: a neighbour's year may be another matter.
    """

    def __init__(self, facts: Iterable[Fact], naming_relations: Sequence[str]) -> None:
        naming = frozenset(naming_relations)
        numbers: dict[str, int] = {}
        names_of: dict[int, list[str]] = {}
        values: dict[str, int] = {}
        edges: set[tuple[int, int]] = set()
        value_edges: set[tuple[int, int]] = set()
        ties = _TieTable()
        for fact in facts:
            if fact.subject.startswith((ITEM, USER)) and fact.literal:
                continue
            ends = [
                numbers.setdefault(end, len(numbers))
                for end in ((fact.subject,) if fact.literal else (fact.subject, fact.object))
                if not end.startswith((ITEM, USER))
            ]
            if fact.literal and fact.relation in naming:
                names_of.setdefault(ends[0], []).append(fact.object)
                continue
            if not fact.subject.startswith((ITEM, USER)):
                ties.add(ends[0], f"{fact.relation}>")
                if fact.relation in TYPE_RELATIONS:
                    ties.add(ends[0], f"{fact.relation}>{fact.object}")
            if fact.literal:
                value_edges.add((ends[0], values.setdefault(fact.object, len(values))))
            elif len(ends) == 2:
                edges.add((ends[0], ends[1]))
                ties.add(ends[1], f">{fact.relation}")
        self.ids: list[str] = list(numbers)
        self.numbers = numbers
        self.names: list[tuple[str, ...]] = [
            tuple(dict.fromkeys(names_of.get(i, ()))) or (name_from_id(id_),)
            for i, id_ in enumerate(self.ids)
        ]
        for i, names in enumerate(self.names):
            qualifiers = (split_qualifier(name)[1] for name in names)
            for word in {w for text in qualifiers for w in tokens_of(text) if w.isalpha()}:
                ties.add(i, f"({word})")
        self.ties = ties.matrix(len(self.ids))
        self._texts = [" / ".join(names) for names in self.names] + list(values)
        self._adjacency = self._adjacency_matrix(edges, value_edges)
        self.degrees: NDArray[np.float64] = np.diff(self._adjacency.indptr).astype(np.float64)
        year_columns = [[year - FIRST_YEAR for year in years_in((text,))] for text in self._texts]
        rows = _binary_rows(year_columns, LAST_YEAR - FIRST_YEAR + 1).astype(np.float64)
        self.years: CSR = sparse.csr_array(self._adjacency @ rows)
        n = len(self.ids)
        self.stated_years: CSR = sparse.csr_array(self._adjacency[:, n:] @ rows[n:])

    def __len__(self) -> int:
        """Number of entities."""
        return len(self.ids)

    def context(self) -> tuple[dict[str, int], CSR]:
        """The words of the names of each entity's neighbours and of its values.

        Returns:
            The vocabulary, word → column, and bool CSR[N, words].
        """
        return self._context

    @cached_property
    def _context(self) -> tuple[dict[str, int], CSR]:
        vocabulary: dict[str, int] = {}
        rows = [
            [vocabulary.setdefault(word, len(vocabulary)) for word in sorted(tokens_of(text))]
            for text in self._texts
        ]
        return vocabulary, sparse.csr_array(self._adjacency @ _binary_rows(rows, len(vocabulary)))

    def descriptions(self) -> list[str]:
        """A text for each entity: its name and the names of a few neighbours, rarest first."""
        size = np.append(self.degrees, np.ones(len(self._texts) - len(self)))
        texts = []
        for i, names in enumerate(self.names):
            start, end = self._adjacency.indptr[i], self._adjacency.indptr[i + 1]
            neighbours = self._adjacency.indices[start:end]
            rarest = neighbours[np.lexsort((neighbours, size[neighbours]))]
            rarest = rarest[:MAX_DESCRIPTION_NEIGHBOURS]
            texts.append(". ".join((names[0], *(self._texts[j] for j in rarest))))
        return texts

    def _adjacency_matrix(
        self, edges: set[tuple[int, int]], value_edges: set[tuple[int, int]]
    ) -> CSR:
        """bool CSR[N, N + values], edges in both directions."""
        n = len(self.ids)
        pairs = sorted(
            {(a, b) for a, b in edges}
            | {(b, a) for a, b in edges}
            | {(entity, n + value) for entity, value in value_edges}
        )
        rows, columns = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
        return binary(rows, columns, (n, len(self._texts)))


class _TieTable:
    def __init__(self) -> None:
        self._columns: dict[str, int] = {}
        self._cells: set[tuple[int, int]] = set()

    def add(self, entity: int, tie: str) -> None:
        self._cells.add((entity, self._columns.setdefault(tie, len(self._columns))))

    def matrix(self, n: int) -> CSR:
        rows, columns = np.array(sorted(self._cells), dtype=np.int64).reshape(-1, 2).T
        return binary(rows, columns, (n, len(self._columns)))


def _binary_rows(rows: Sequence[Sequence[int]], width: int) -> CSR:
    lengths = [len(row) for row in rows]
    columns = np.fromiter((c for row in rows for c in row), dtype=np.int64, count=sum(lengths))
    return binary(np.repeat(np.arange(len(rows)), lengths), columns, (len(rows), width))
