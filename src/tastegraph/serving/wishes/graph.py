"""What wishes ask of the items of one snapshot: which fit a chip, and how well."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tastegraph.core.arrays import CSR, Bools
from tastegraph.core.config import RelationConfig
from tastegraph.explain.node_names import NodeNames
from tastegraph.profiles.association import Associations
from tastegraph.profiles.interactions import History
from tastegraph.serving.wishes.chips import Chip
from tastegraph.serving.wishes.names import OtherNames, WishNames
from tastegraph.serving.wishes.numbers import WishNumbers

Values = NDArray[np.float64]


class WishGraph:
    """The graph of one snapshot, as wishes see it.

    Args:
        names: of the nodes and relations.
        associations: items × features that facts state.
        relation_weights: float32[2R], how much facts of each relation say about who likes what.
        popularity: int64[I], users who like each item.
        n_listed: number of items that can be listed; the rows behind them are entities.
        relations: the configuration of relations.
        other_names: gives id → aliases and labels in other languages.
    """

    def __init__(
        self,
        names: NodeNames,
        associations: Associations,
        relation_weights: NDArray[np.float32],
        popularity: NDArray[np.int64],
        n_listed: int,
        relations: Mapping[str, RelationConfig],
        other_names: OtherNames = dict,
    ) -> None:
        self.names = WishNames(names, associations, relations, n_listed, other_names)
        self.numbers = WishNumbers(self.names)
        self.associations, self.n_items = associations, associations.strength.shape[0]
        self._weights, self._popularity = relation_weights, popularity

    def knows(self, chip: Chip) -> bool:
        """Whether the graph has what a chip is about."""
        match chip.kind:
            case "entity" | "similar":
                return self._node(chip) is not None
            case "range" | "trend":
                return chip.relation in self.numbers.relations
            case _:
                return True

    def fitting(self, chip: Chip) -> Bools:
        """bool[I], the items that fit a chip: what *only* and *never* go by.

        Of a trend the half of the items on its side of the median; of popularity likewise.
        """
        match chip.kind:
            case "entity":
                return self._tied(chip)
            case "similar":
                return self.itself(chip)
            case "range":
                values = self._values(chip.relation)
                low = -np.inf if chip.low is None else chip.low
                high = np.inf if chip.high is None else chip.high
                return np.asarray((values >= low) & (values <= high))
            case "trend":
                return np.asarray(self.trend(chip) > 0)
            case "popularity":
                return np.asarray(self.popularity(chip) > 0)
            case _:
                return np.ones(self.n_items, dtype=np.bool_)

    def itself(self, chip: Chip) -> Bools:
        """bool[I], true for the item that a chip is about."""
        mask, node = np.zeros(self.n_items, dtype=np.bool_), self._node(chip)
        if node is not None and node < self.n_items:
            mask[node] = True
        return mask

    def trend(self, chip: Chip) -> Values:
        """float64[I] in [-1, 1], by the rank of an item's value; 0 where it has none."""
        return _signed_ranks(self._values(chip.relation)) * _sign(chip)

    def popularity(self, chip: Chip) -> Values:
        """float64[I] in [-1, 1], by the rank of how many users like an item."""
        return _signed_ranks(self._popularity.astype(np.float64)) * _sign(chip)

    def novelty(self, history: History) -> Values:
        """float64[I] in [-1, 1]: the less of an item's features the history has, the higher."""
        weighted = self._weighted
        items = history.items[history.items < self.n_items]
        known = np.asarray(weighted[items].sum(axis=0)).reshape(-1) if len(items) else None
        if known is None:
            return np.zeros(self.n_items)
        return -_signed_ranks(np.asarray(weighted @ known, dtype=np.float64))

    def similarity(self, chip: Chip) -> Values:
        """float64[I] in [0, 1], the cosine with the item of a chip by facts, over the largest."""
        node = self._node(chip)
        if node is None or node >= self.n_items:
            return np.zeros(self.n_items)
        weighted = self._weighted
        row = np.asarray(weighted[[node]].todense(), dtype=np.float64).reshape(-1)
        cosine = np.asarray(weighted @ row) / np.maximum(self._lengths, 1e-12)
        cosine[node] = 0
        return cosine / max(float(cosine.max(initial=0)), 1e-12)

    def _tied(self, chip: Chip) -> Bools:
        node = self._node(chip)
        mask = np.zeros(self.n_items, dtype=np.bool_)
        if node is None:
            return mask
        if node < self.names.n_listed:
            return self.itself(chip)
        for feature in self.names.features_of(node).tolist():
            if chip.relation is None or self.names.relation_of(feature) == chip.relation:
                mask[self.associations.with_feature(feature)] = True
        mask[self.names.n_listed :] = False
        return mask

    def _node(self, chip: Chip) -> int | None:
        return None if chip.node is None else self.names.node_of(chip.node, chip.relation)

    def _values(self, relation: str | None) -> Values:
        numeric = self.numbers.relations.get(relation or "")
        if numeric is None:
            return np.full(self.n_items, np.nan)
        return self.numbers.values(numeric)

    @cached_property
    def _weighted(self) -> CSR:
        """float32 CSR[I, features], each tie times the root of what its relation says."""
        weights = np.sqrt(np.maximum(self._weights[self.associations.kind], 0))
        if not weights.any():
            weights = np.ones_like(weights)
        strength = self.associations.strength
        data = strength.data * weights[strength.indices]
        return sparse.csr_array((data, strength.indices, strength.indptr), shape=strength.shape)

    @cached_property
    def _lengths(self) -> Values:
        squares = self._weighted.multiply(self._weighted).sum(axis=1)
        return np.sqrt(np.asarray(squares, dtype=np.float64)).reshape(-1)


def _sign(chip: Chip) -> float:
    return 1.0 if chip.toward == "up" else -1.0


def _signed_ranks(values: Values) -> Values:
    """float64[n] in [-1, 1]: ranks, ties shared; 0 in the middle and where a value is missing."""
    ranks, known = np.zeros(len(values)), np.isfinite(values)
    if known.any():
        _, place, count = np.unique(values[known], return_inverse=True, return_counts=True)
        middle = np.cumsum(count) - (count + 1) / 2
        ranks[known] = 2 * middle[place] / max(int(known.sum()) - 1, 1) - 1
    return ranks
