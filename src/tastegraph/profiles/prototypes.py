"""Where a feature lies among vectors: the mean of what has it, and of its own name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.arrays import CSR, without_rounding
from tastegraph.profiles.association import Associations

Floats32 = NDArray[np.float32]
MIN_ITEMS = 3
NAME_WEIGHT = 1.0
"""How many items a feature's own name counts for."""
MAX_COMPARED, MIN_PROTOTYPES = 500_000_000, 500
"""Cosines of all items with all prototypes, at most; of a larger catalogue the most frequent
features alone have a prototype, but not fewer than so many: 5,000 where there are 100,000 items."""
BLOCK_ROWS = 256
CENTRED_ROWS = 65_536
"""Vectors are centred so many at a time."""


@dataclass(frozen=True)
class Prototypes:
    """A vector for each feature that enough items have, as in prototypical networks (Snell 2017).

    Attributes:
        features: int64[P], which features these are, ascending.
        sums: float32[P, d], of the unit vectors of the items that have them, and of their names.
        centre: float32[d], taken off every vector before its length is made 1.
    """

    features: NDArray[np.int64]
    sums: Floats32
    centre: Floats32

    @cached_property
    def lengths(self) -> Floats32:
        """float32[P], of the sums."""
        return np.asarray(np.linalg.norm(self.sums, axis=1), dtype=np.float32)

    @property
    def directions(self) -> Floats32:
        """float32[P, d], the sums at length 1; zero rows stay zero."""
        return np.asarray(self.sums / _at_least_tiny(self.lengths)[:, None])

    @classmethod
    def of(cls, associations: Associations, items: Floats32, nodes: Floats32) -> Prototypes:
        """The prototypes of the features of at least three items and at most half of them.

        Of too many the most frequent ones.

        Args:
            associations: what is asserted.
            items: float32[n_items, d], zero rows where an item has no vector.
            nodes: float32[n_nodes, d], of names; zero rows where a node has none.
        """
        centre = _centre(items)
        units = centred(items, centre)
        strength = associations.strength
        present = units.any(axis=1)
        rows = np.repeat(present, np.diff(strength.indptr))
        having = np.bincount(strength.indices[rows], minlength=strength.shape[1])
        features = np.flatnonzero((having >= MIN_ITEMS) & (2 * having <= present.sum()))
        most = max(MAX_COMPARED // max(len(items), 1), MIN_PROTOTYPES)
        if len(features) > most:
            features = np.sort(features[np.argsort(-having[features], kind="stable")[:most]])
        names = centred(nodes[associations.node[features]], _centre(nodes))
        member = indicator(associations, features)
        sums = without_rounding(
            member.T @ units + NAME_WEIGHT * names,
            member.T @ np.abs(units) + NAME_WEIGHT * np.abs(names),
        )
        return cls(features, sums, centre)

    def cosines(self, vectors: Floats32) -> Floats32:
        """float32[n, P], of any vectors; 0 where a vector is."""
        units = centred(vectors, self.centre)
        return np.asarray(units @ self.sums.T / _at_least_tiny(self.lengths))

    def blocks(self, items: Floats32, member: CSR) -> Iterator[tuple[slice, Floats32]]:
        """Rows of items and their cosines, each with the prototypes of the *other* items.

        Args:
            items: float32[n, d].
            member: bool CSR[n, P], which item is part of which sum.
        """
        for start in range(0, len(items), BLOCK_ROWS):
            at = slice(start, start + BLOCK_ROWS)
            cosines = self.cosines(items[at])
            own = member[at].tocoo()
            # |s − v|² = |s|² − 2 s·v + 1, and (s − v)·v = s·v − 1.
            length = self.lengths[own.col]
            along = cosines[own.row, own.col] * length
            squares = without_rounding(length**2 - 2 * along + 1, length**2 + 2 * abs(along) + 1)
            others = np.sqrt(np.where(squares > 0, squares, np.inf))
            cosines[own.row, own.col] = (along - 1) / others
            cosines[~items[at].any(axis=1)] = 0
            yield at, cosines


def indicator(associations: Associations, features: NDArray[np.int64]) -> CSR:
    """float32 CSR[items, P]: which item has which of ``features``."""
    member = associations.strength[:, features].copy()
    member.data = np.ones(member.nnz, dtype=np.float32)
    return member


def centred(vectors: Floats32, centre: Floats32) -> Floats32:
    """Rows of length 1 after ``centre`` is taken off; zero rows, and those it equals, are zero."""
    units = np.empty(vectors.shape, dtype=np.float32)
    for start in range(0, len(vectors), CENTRED_ROWS):
        block = vectors[start : start + CENTRED_ROWS]
        apart = without_rounding(block - centre, np.abs(block) + np.abs(centre))
        moved = np.where(block.any(axis=1, keepdims=True), apart, 0)
        length = np.linalg.norm(moved, axis=1, keepdims=True)
        units[start : start + CENTRED_ROWS] = moved / _at_least_tiny(length)
    return units


def _centre(vectors: Floats32) -> Floats32:
    present = vectors[vectors.any(axis=1)]
    mean = present.mean(axis=0) if len(present) else np.zeros(vectors.shape[1])
    return np.asarray(mean, dtype=np.float32)


def _at_least_tiny(lengths: Floats32) -> Floats32:
    return np.maximum(lengths, np.float32(1e-9))
