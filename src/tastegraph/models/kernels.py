"""Item–item kernels: what an event on one item says about another.

A score is linear in the attention that the events of a history get:

    s(u, i) = Σₜ αₜ K[itemₜ, i]

so ``αₜ K[itemₜ, i]`` is exactly the share of event t. The diagonal of every kernel is 0: an item
says nothing about itself, so that a dislike speaks of other items alone. Where events for and
against something cancel, what rounding leaves of them is 0 (:func:`arrays.without_rounding`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tastegraph.core.arrays import CSR, ROUNDING, Bools, Ints, without_rounding

TABLE_ITEMS = 6_000
"""Up to this many items all products of their features are held: 144 MB."""
REMEMBERED = 20_000
"""So many features are held as they were multiplied out last: 20 MB at 256 dimensions."""
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

    def between(self, items: NDArray[np.int32], target: int) -> Scores:
        """float32[T]: the kernel's entries from ``items`` to ``target``."""
        ...

    def terms(self, items: NDArray[np.int32], attention: Scores, target: int) -> Terms:
        """The score of ``target`` taken apart: terms that sum to its entry of :meth:`row`."""
        ...

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Arrays that :func:`kernel_from_arrays` makes the same kernel of."""
        ...


@dataclass(frozen=True)
class TableKernel:
    """A kernel held entry by entry.

    Attributes:
        table: float32[I, I], dense or CSR; rows are history items, columns are targets.
    """

    table: Scores | CSR

    @property
    def n_items(self) -> int:
        """I."""
        return int(self.table.shape[0])

    @property
    def n_sources(self) -> int:
        """I."""
        return self.n_items

    def score(self, attention: CSR, candidates: Bools | None = None) -> Scores:
        """float32[U, I]."""
        table = self.table if candidates is None else self.table[:, candidates]
        product = attention @ table
        dense = product.toarray() if sparse.issparse(product) else product
        scores = np.asarray(dense, dtype=np.float32)
        return _unless_all_cancels(scores, np.asarray(abs(attention) @ _norms(table)))

    def row(self, items: NDArray[np.int32], attention: Scores) -> Scores:
        """float32[I]."""
        items, attention = _by_item(items, attention)
        rows = self.table[items]
        scores = np.asarray(attention @ rows, dtype=np.float32)
        _unless_all_cancels(scores[None, :], abs(attention)[None, :] @ _norms(rows))
        return scores

    def between(self, items: NDArray[np.int32], target: int) -> Scores:
        """float32[T]."""
        if isinstance(self.table, np.ndarray):
            return np.asarray(self.table[items, target], dtype=np.float32)
        # By the rows of the history, which are short: a column would be looked for in all rows.
        events, columns, values = row_entries(self.table, items)
        at = columns == target
        return np.bincount(events[at], values[at], minlength=len(items)).astype(np.float32)

    def terms(self, items: NDArray[np.int32], attention: Scores, target: int) -> Terms:
        """One term for each event."""
        return Terms(np.arange(len(items)), attention * self.between(items, target))

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """``table``, or the three arrays of a CSR matrix."""
        return table_arrays(self.table)


@dataclass(frozen=True)
class FactorKernel:
    """K = L Rᵀ without its diagonal, held as its factors.

    Attributes:
        left: float32[I, d], the side of the history.
        right: float32[I, d], the side of the target.
    """

    left: Scores
    right: Scores

    @property
    def n_items(self) -> int:
        """I."""
        return int(self.left.shape[0])

    @property
    def n_sources(self) -> int:
        """I."""
        return self.n_items

    def score(self, attention: CSR, candidates: Bools | None = None) -> Scores:
        """float32[U, I]."""
        right, diagonal = self.right, self._diagonal
        sizes = np.asarray(abs(attention) @ np.abs(self.left))
        users = without_rounding(np.asarray(attention @ self.left), sizes)
        if candidates is not None:
            attention, right, diagonal = (
                attention[:, candidates],
                right[candidates],
                diagonal[candidates],
            )
        scores = np.asarray(users @ right.T, dtype=np.float32)
        return _without_itself(scores, attention, diagonal)

    def row(self, items: NDArray[np.int32], attention: Scores) -> Scores:
        """float32[I]."""
        items, attention = _by_item(items, attention)
        left = self.left[items]
        user = without_rounding(attention @ left, abs(attention) @ np.abs(left))
        scores = np.asarray(self.right @ user, dtype=np.float32)
        _without_itself(scores[None, :], _as_row(items, attention, len(scores)), self._diagonal)
        return scores

    def between(self, items: NDArray[np.int32], target: int) -> Scores:
        """float32[T]."""
        entries = np.asarray(self.left[items] @ self.right[target], dtype=np.float32)
        return np.where(items == target, np.float32(0), entries)

    def terms(self, items: NDArray[np.int32], attention: Scores, target: int) -> Terms:
        """One term for each event."""
        return Terms(np.arange(len(items)), attention * self.between(items, target))

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Both sides, or ``both_sides`` where they are one."""
        if self.left is self.right:
            return {"both_sides": self.left}
        return {"left": self.left, "right": self.right}

    @cached_property
    def _diagonal(self) -> Scores:
        return np.asarray(np.einsum("id,id->i", self.left, self.right), dtype=np.float32)


@dataclass(frozen=True)
class AffinityKernel(FactorKernel):
    """K = L (F P)ᵀ without its diagonal: what likers of an item like, feature by feature.

    ``right`` must be F P with P = Fᵀ W, so that the share of a feature f of target i is exact:
    L[item] · P[f] F[i, f].

    Attributes:
        features: float32 CSR[I, features], F.
        loadings: float32[I, d], W.
    """

    features: CSR
    loadings: Scores

    @cached_property
    def _by_feature(self) -> CSR:
        return sparse.csr_array(self.features.T)

    @cached_property
    def _projections(self) -> dict[int, Scores | None]:
        """Feature → P[f], float32[d], for those that were asked for last."""
        return {}

    def of_features(self, target: int) -> tuple[NDArray[np.int32], Scores]:
        """The features of ``target``, int32[n], and P F for each of them, float32[n, d]."""
        at = slice(*self.features.indptr[target : target + 2])
        chosen = self.features.indices[at]
        held = {feature: self._projections.get(feature) for feature in chosen.tolist()}
        if new := [feature for feature, vector in held.items() if vector is None]:
            held.update(zip(new, self._by_feature[new] @ self.loadings, strict=True))
            if len(self._projections) > REMEMBERED:
                self._projections.clear()
            self._projections.update((feature, held[feature]) for feature in new)
        vectors = np.array(list(held.values()), dtype=np.float32)
        vectors = vectors.reshape(len(chosen), self.loadings.shape[1])
        return chosen, vectors * self.features.data[at][:, None]

    def terms(self, items: NDArray[np.int32], attention: Scores, target: int) -> Terms:
        """One term for each event and feature of ``target``."""
        features, vectors = self.of_features(target)
        left = self.left[items] * np.where(items == target, 0, attention)[:, None]
        shares = np.asarray(left @ vectors.T, dtype=np.float32)
        events = np.repeat(np.arange(len(items)), len(features))
        return Terms(events, shares.reshape(-1), np.tile(features, len(items)))

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Both sides and the loadings; the features are not among them."""
        return {**super().to_arrays(), "loadings": self.loadings}


@dataclass(frozen=True)
class FeatureKernel:
    """K = F Fᵀ without its diagonal: the match of an interest graph with a content graph.

    Attributes:
        features: float32 CSR[I, features].
        of_nodes: float32 CSR[N, features], the same of nodes behind the items, which a history may
            have events on, where any are known.
    """

    features: CSR
    of_nodes: CSR | None = None

    @property
    def n_items(self) -> int:
        """I."""
        return int(self.features.shape[0])

    @property
    def n_sources(self) -> int:
        """How many rows a history may have events on: I, and N where nodes are known."""
        return self.n_items + (0 if self.of_nodes is None else int(self.of_nodes.shape[0]))

    @cached_property
    def _transposed(self) -> CSR:
        return sparse.csr_array(self.features.T)

    @cached_property
    def _table(self) -> TableKernel:
        products = np.asarray((self.features @ self._transposed).toarray(), dtype=np.float32)
        np.fill_diagonal(products, 0)
        return TableKernel(products)

    @cached_property
    def _diagonal(self) -> Scores:
        return np.asarray(self.features.multiply(self.features).sum(axis=1), np.float32).reshape(-1)

    def score(self, attention: CSR, candidates: Bools | None = None) -> Scores:
        """float32[U, I]; of many histories by way of the items' products, where these fit."""
        if self.n_items <= TABLE_ITEMS < attention.nnz:
            return self._table.score(attention, candidates)
        interests = attention @ self.features
        if (attention.data < 0).any():
            smallest = abs(attention) @ abs(self.features).multiply(ROUNDING)
            interests = sparse.csr_array(interests.multiply(abs(interests) > smallest))
        product = np.asarray((interests @ self._transposed).toarray(), dtype=np.float32)
        scores = _without_itself(product, attention, self._diagonal)
        return scores if candidates is None else scores[:, candidates]

    def row(self, items: NDArray[np.int32], attention: Scores) -> Scores:
        """float32[I]."""
        items, attention = _by_item(items, attention)
        events, features, values = self.entries(items)
        terms, width = attention[events] * values, self.features.shape[1]
        interests = without_rounding(
            np.bincount(features, terms, minlength=width),
            np.bincount(features, np.abs(terms), minlength=width),
        )
        scores = np.asarray(self.features @ interests, dtype=np.float32)
        items, attention = items[items < len(scores)], attention[items < len(scores)]
        _without_itself(scores[None, :], _as_row(items, attention, len(scores)), self._diagonal)
        return scores

    def between(self, items: NDArray[np.int32], target: int) -> Scores:
        """float32[T]."""
        of_target = self._of_target(target)
        events, features, values = self.entries(items)
        entries = np.bincount(events, values * of_target[features], minlength=len(items))
        return np.where(items == target, 0, entries).astype(np.float32)

    def terms(self, items: NDArray[np.int32], attention: Scores, target: int) -> Terms:
        """One term for each event and feature that its item shares with ``target``."""
        of_target = self._of_target(target)
        events, features, values = self.entries(items)
        shares = attention[events] * values * of_target[features]
        shared = np.flatnonzero((items[events] != target) & (shares != 0))
        return Terms(events[shared], shares[shared].astype(np.float32), features[shared])

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """The three arrays of a CSR matrix, and its number of columns."""
        width = np.array([self.features.shape[1]])
        return {**table_arrays(self.features), "width": width}

    def _of_target(self, target: int) -> Scores:
        """float32[features], the features of one item."""
        values = np.zeros(self.features.shape[1], dtype=np.float32)
        at = slice(*self.features.indptr[target : target + 2])
        values[self.features.indices[at]] = self.features.data[at]
        return values

    def entries(self, items: NDArray[np.int32]) -> Entries:
        """Every feature of every item of a history."""
        behind = items >= self.n_items
        if self.of_nodes is None or not behind.any():
            return row_entries(self.features, items)
        parts = []
        for matrix, rows, places in (
            (self.features, items, np.flatnonzero(~behind)),
            (self.of_nodes, items - self.n_items, np.flatnonzero(behind)),
        ):
            events, features, values = row_entries(matrix, rows[places])
            parts.append((places[events], features, values))
        events, features, values = (np.concatenate(columns) for columns in zip(*parts, strict=True))
        order = np.argsort(events, kind="stable")
        return events[order], features[order], values[order]


def row_entries(matrix: CSR, rows: NDArray[np.int32]) -> Entries:
    """The entries of some rows: place of the row in ``rows``, column and value of each, [n]."""
    starts, ends = matrix.indptr[rows], matrix.indptr[rows + 1]
    lengths = ends - starts
    places = np.repeat(np.arange(len(rows)), lengths)
    offset = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    entries = np.repeat(starts, lengths) + offset
    return places, matrix.indices[entries], matrix.data[entries]


def table_arrays(table: Scores | CSR) -> dict[str, NDArray[Any]]:
    """``table`` where it is dense; else ``data``, ``indices`` and ``indptr``."""
    if isinstance(table, np.ndarray):
        return {"table": table}
    return {
        "data": table.data,
        "indices": table.indices.astype(np.int32),
        "indptr": table.indptr.astype(np.int64),
    }


def table_from_arrays(arrays: Mapping[str, NDArray[Any]]) -> Scores | CSR:
    """The square table that :func:`table_arrays` took apart; nothing is copied."""
    if "table" in arrays:
        return arrays["table"]
    size = len(arrays["indptr"]) - 1
    parts = (arrays["data"], arrays["indices"], arrays["indptr"])
    return sparse.csr_array(parts, shape=(size, size), copy=False)


def kernel_from_arrays(arrays: Mapping[str, NDArray[Any]]) -> Kernel:
    """The kernel of which ``to_arrays`` gave these; one with features beside is the component's."""
    if "both_sides" in arrays:
        return FactorKernel(arrays["both_sides"], arrays["both_sides"])
    if "left" in arrays:
        return FactorKernel(arrays["left"], arrays["right"])
    if "width" in arrays:
        parts = (arrays["data"], arrays["indices"], arrays["indptr"])
        shape = (len(arrays["indptr"]) - 1, int(arrays["width"][0]))
        return FeatureKernel(sparse.csr_array(parts, shape=shape, copy=False))
    return TableKernel(table_from_arrays(arrays))


def _by_item(
    items: NDArray[np.int32], attention: Scores
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """The distinct items of one history, and what the events of each get together."""
    distinct, place = np.unique(items, return_inverse=True)
    sums, sizes = (
        np.bincount(place, values, minlength=len(distinct))
        for values in (attention, np.abs(attention))
    )
    return distinct, without_rounding(sums, sizes)


def _as_row(items: NDArray[np.int32], attention: Scores, n_items: int) -> CSR:
    """What each of the distinct ``items`` of one history gets, as CSR[1, I]."""
    return sparse.csr_array((attention, items, [0, len(items)]), shape=(1, n_items))


def _norms(table: Scores | CSR) -> Scores:
    """float32[I]: the Euclidean length of each row."""
    if isinstance(table, np.ndarray):
        return np.asarray(np.sqrt(np.einsum("ij,ij->i", table, table)), dtype=np.float32)
    return np.asarray(np.sqrt(table.multiply(table).sum(axis=1)), dtype=np.float32).reshape(-1)


def _unless_all_cancels(scores: Scores, sizes: Scores) -> Scores:
    """Make 0, in place, the rows that rounding left of terms of these lengths (float32[U])."""
    scores[_norms(scores) <= ROUNDING * sizes] = 0
    return scores


def _without_itself(scores: Scores, attention: CSR, diagonal: Scores) -> Scores:
    """Take ``attention · diagonal`` off, in place; what is left of it by rounding is 0."""
    rows = np.repeat(np.arange(attention.shape[0]), np.diff(attention.indptr))
    own = attention.data * diagonal[attention.indices]
    others = scores[rows, attention.indices] - own
    scores[rows, attention.indices] = without_rounding(others, np.abs(own))
    return scores
