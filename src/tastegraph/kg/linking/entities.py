"""The entities of a knowledge graph as a linker sees them: names, neighbours, ties and years."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tastegraph.core.arrays import CSR, binary
from tastegraph.core.records import ITEM, USER, Fact
from tastegraph.kg.names import name_in, parted, terms, years
from tastegraph.kg.stats import TYPE_RELATIONS

FIRST_YEAR, LAST_YEAR = 1500, 2099
DESCRIBED_BY = 12
"""How many of its neighbours a text about an entity names."""


class Entities:
    """What there is to link to.

    Args:
        facts: those of items and persons themselves (``item:…``, ``user:…``) are passed over.
        naming_relations: relations whose literal object is a name of the subject.

    Attributes:
        ids: in the order of their first fact.
        names: of each, its labels and aliases; without one, what its id says.
        degrees: float64[N], facts of each.
        ties: bool CSR[N, T], of each entity the relations it is subject or object of, its types,
            and the words of the qualifiers that its names bear (Crash (1996 *film*)).
        years: float64 CSR[N, 600], how many neighbours and values name each year from 1500 on.
    """

    def __init__(self, facts: Iterable[Fact], naming_relations: Sequence[str]) -> None:
        naming = frozenset(naming_relations)
        numbers: dict[str, int] = {}
        named: dict[int, list[str]] = {}
        values: dict[str, int] = {}
        edges: set[tuple[int, int]] = set()
        said: set[tuple[int, int]] = set()
        tied = _Ties()
        for fact in facts:
            if fact.subject.startswith((ITEM, USER)) and fact.literal:
                continue
            ends = [
                numbers.setdefault(end, len(numbers))
                for end in ((fact.subject,) if fact.literal else (fact.subject, fact.object))
                if not end.startswith((ITEM, USER))
            ]
            if fact.literal and fact.relation in naming:
                named.setdefault(ends[0], []).append(fact.object)
                continue
            if not fact.subject.startswith((ITEM, USER)):
                tied.add(ends[0], f"{fact.relation}>")
                if fact.relation in TYPE_RELATIONS:
                    tied.add(ends[0], f"{fact.relation}>{fact.object}")
            if fact.literal:
                said.add((ends[0], values.setdefault(fact.object, len(values))))
            elif len(ends) == 2:
                edges.add((ends[0], ends[1]))
                tied.add(ends[1], f">{fact.relation}")
        self.ids: list[str] = list(numbers)
        self.numbers = numbers
        self.names: list[tuple[str, ...]] = [
            tuple(dict.fromkeys(named.get(i, ()))) or (name_in(id_),)
            for i, id_ in enumerate(self.ids)
        ]
        for i, names in enumerate(self.names):
            for word in {w for name in names for w in terms(parted(name)[1]) if w.isalpha()}:
                tied.add(i, f"({word})")
        self.ties = tied.matrix(len(self.ids))
        self._texts = [" / ".join(names) for names in self.names] + list(values)
        self._near = self._neighbours(edges, said)
        self.degrees: NDArray[np.float64] = np.diff(self._near.indptr).astype(np.float64)
        named_years = [[year - FIRST_YEAR for year in years((text,))] for text in self._texts]
        self.years: CSR = sparse.csr_array(
            self._near @ _cells(named_years, LAST_YEAR - FIRST_YEAR + 1).astype(np.float64)
        )

    def __len__(self) -> int:
        return len(self.ids)

    def context(self) -> tuple[dict[str, int], CSR]:
        """The words of the names of each entity's neighbours and of its values.

        Returns:
            The number of each word, and bool CSR[N, words].
        """
        vocabulary: dict[str, int] = {}
        rows = [
            [vocabulary.setdefault(word, len(vocabulary)) for word in sorted(terms(text))]
            for text in self._texts
        ]
        return vocabulary, sparse.csr_array(self._near @ _cells(rows, len(vocabulary)))

    def described(self) -> list[str]:
        """A sentence for each entity: its name and those of a few neighbours, rarest first."""
        size = np.append(self.degrees, np.ones(len(self._texts) - len(self)))
        found = []
        for i, names in enumerate(self.names):
            near = self._near.indices[self._near.indptr[i] : self._near.indptr[i + 1]]
            chosen = near[np.lexsort((near, size[near]))][:DESCRIBED_BY]
            found.append(". ".join((names[0], *(self._texts[j] for j in chosen))))
        return found

    def _neighbours(self, edges: set[tuple[int, int]], said: set[tuple[int, int]]) -> CSR:
        n = len(self.ids)
        pairs = sorted(
            {(a, b) for a, b in edges}
            | {(b, a) for a, b in edges}
            | {(entity, n + value) for entity, value in said}
        )
        rows, columns = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
        return binary(rows, columns, (n, len(self._texts)))


class _Ties:
    def __init__(self) -> None:
        self._columns: dict[str, int] = {}
        self._cells: set[tuple[int, int]] = set()

    def add(self, entity: int, tie: str) -> None:
        self._cells.add((entity, self._columns.setdefault(tie, len(self._columns))))

    def matrix(self, n: int) -> CSR:
        rows, columns = np.array(sorted(self._cells), dtype=np.int64).reshape(-1, 2).T
        return binary(rows, columns, (n, len(self._columns)))


def _cells(rows: Sequence[Sequence[int]], width: int) -> CSR:
    lengths = [len(row) for row in rows]
    columns = np.fromiter((c for row in rows for c in row), dtype=np.int64, count=sum(lengths))
    return binary(np.repeat(np.arange(len(rows)), lengths), columns, (len(rows), width))
