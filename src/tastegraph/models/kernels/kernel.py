"""What a kernel is, and what all of them share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.arrays import CSR, Bools, Ints, row_positions, without_rounding
from tastegraph.core.packed import PackedTable

Scores = NDArray[np.float32]
Entries = tuple[NDArray[np.int64], NDArray[np.int32], Scores]
"""(row, column, value) of some rows of a matrix; of a history (event, feature, value)."""


@dataclass(frozen=True)
class Terms:
    """A score of one item, taken apart.

    Attributes:
        events: int[N], place of the event of each term in the history.
        shares: float32[N], what each term adds to the score.
        features: int[N], the feature that each term goes through; ``None`` where items are compared
            as wholes.
    """

    events: Ints
    shares: Scores
    features: Ints | None = None


class Kernel(Protocol):
    """Anything that compares items."""

    @property
    def n_items(self) -> int:
        """I."""
        ...

    @property
    def n_sources(self) -> int:
        """How many rows a history may have events on; at least I."""
        ...

    def score(self, attention: CSR, candidates: Bools | None = None) -> Scores:
        """float32[U, I] from the attention (CSR[U, I]) of U histories.

        Of the items in ``candidates`` (bool[I]) alone, where it is given: float32[U, C].
        """
        ...

    def row(self, items: NDArray[np.int32], attention: Scores) -> Scores:
        """float32[I]: :meth:`score` of one history, from the attention its events get."""
        ...

    def between(self, items: NDArray[np.int32], targets: Ints) -> Scores:
        """float32[T, n]: the entries from ``items`` (int[T]) to distinct ``targets`` (int[n])."""
        ...

    def terms(self, items: NDArray[np.int32], attention: Scores, target: int) -> Terms:
        """The score of ``target`` taken apart: terms that sum to its entry of :meth:`row`."""
        ...

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Arrays that :func:`kernel_from_arrays` makes the same kernel of."""
        ...


def row_entries(matrix: CSR | PackedTable, rows: Ints) -> Entries:
    """The entries of some rows: place of the row in ``rows``, column and value of each, [n]."""
    if isinstance(matrix, PackedTable):
        return matrix.entries(rows)
    places, positions = row_positions(matrix.indptr, rows)
    return places, matrix.indices[positions], matrix.data[positions]


def table_arrays(table: Scores | CSR | PackedTable) -> dict[str, NDArray[Any]]:
    """``table`` where it is dense; else ``data``, ``indices`` and ``indptr``, or those packed."""
    if isinstance(table, np.ndarray):
        return {"table": table}
    if isinstance(table, PackedTable):
        return table.to_arrays()
    return {
        "data": table.data,
        "indices": table.indices.astype(np.int32),
        "indptr": table.indptr.astype(np.int64),
    }


def others(items: NDArray[np.int32], targets: Ints, entries: Scores) -> Scores:
    """``entries`` (float32[T, n]) with 0 where an item is the target itself, in place."""
    entries[items[:, None] == targets] = 0
    return entries


def by_item(
    items: NDArray[np.int32], attention: Scores
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """The distinct items of one history, and what the events of each get together."""
    if len(set(items.tolist())) == len(items):
        return items, np.asarray(attention, dtype=np.float32)
    distinct, place = np.unique(items, return_inverse=True)
    sums, sizes = (
        np.bincount(place, values, minlength=len(distinct))
        for values in (attention, np.abs(attention))
    )
    return distinct, without_rounding(sums, sizes)


def without_itself(scores: Scores, attention: CSR, diagonal: Scores) -> Scores:
    """Take ``attention · diagonal`` off, in place; what is left of it by rounding is 0."""
    rows = np.repeat(np.arange(attention.shape[0]), np.diff(attention.indptr))
    own = attention.data * diagonal[attention.indices]
    scores[rows, attention.indices] = others_alone(scores[rows, attention.indices], own)
    return scores


def others_alone(scores: Scores, own: Scores) -> Scores:
    """What other items say: ``scores`` without ``own``; what is left of it by rounding is 0."""
    return without_rounding(scores - own, np.abs(own))
