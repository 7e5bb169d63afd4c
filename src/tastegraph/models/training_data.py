"""What components are fitted to, and what they are assembled over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.arrays import CSR, Bools
from tastegraph.core.stages import stage
from tastegraph.models.decomposition import Compressed
from tastegraph.models.item_features import ItemFeatures
from tastegraph.models.knowledge import relation_weights
from tastegraph.models.mapped import Ridge
from tastegraph.profiles.interactions import Interactions

if TYPE_CHECKING:
    from tastegraph.models.base import Arrays, Component

KindWeights = Mapping[tuple[str, bool], float]
"""(relation, reverse) → how much it says about who likes what."""


@dataclass(frozen=True)
class TrainingData:
    """Items as they are known now, and who likes them.

    Attributes:
        item_features: graph and texts.
        user_items: bool CSR[U, I], likes.
        kind_weights: float32[2R], of :func:`tastegraph.models.knowledge.relation_weights`.
        events: what is learned from; ``None`` where nothing is to be learned.
        history: newest events of a user that are attended to.
        previous: events that what is updated was learned from, if anything is.
        learned_ids: items that what is assembled was learned from; by default those of now.
    """

    item_features: ItemFeatures
    user_items: CSR
    kind_weights: NDArray[np.float32]
    events: Interactions | None = None
    history: int = 200
    previous: Interactions | None = None
    learned_ids: Sequence[str] | None = field(default=None, repr=False)
    _learned: dict[tuple[str, Any, int], Any] = field(default_factory=dict, repr=False)
    _components: dict[tuple[str, Any, int], Any] = field(default_factory=dict, repr=False)
    _without: dict[bytes, TrainingData] = field(default_factory=dict, repr=False)

    @classmethod
    def of(
        cls,
        item_features: ItemFeatures,
        events: Interactions,
        history: int = 200,
        seed: int = 1,
        previous: Interactions | None = None,
        learned_ids: Sequence[str] | None = None,
    ) -> TrainingData:
        """Data to learn from; ``seed`` is of the pairs that relations are weighted by."""
        user_items = events.user_items()
        weights = relation_weights(item_features.associations, user_items, seed)
        by_name = weights_by_name(item_features, weights)
        whole = weights_of_kinds(item_features.graph.relations, by_name)
        return cls(item_features, user_items, whole, events, history, previous, learned_ids)

    @property
    def n_items(self) -> int:
        """Number of items."""
        return int(self.user_items.shape[1])

    @property
    def n_listed(self) -> int:
        """Number of the items that a list may have; the others, which come last, are entities."""
        return self.item_features.graph.n_listed

    @cached_property
    def popularity(self) -> NDArray[np.int64]:
        """int64[I], users who like each item; 0 of entities."""
        counts = np.bincount(self.user_items.indices, minlength=self.n_items)
        counts[self.n_listed :] = 0
        return counts

    @property
    def interactions(self) -> Interactions:
        """The events to learn from.

        Raises:
            ValueError: there are none.
        """
        if self.events is None:
            raise ValueError("these data are to assemble a model over; they hold no events")
        return self.events

    @property
    def learned_item_ids(self) -> Sequence[str]:
        """Items that what is assembled was learned from, in the order of its rows."""
        return self.item_features.graph.item_ids if self.learned_ids is None else self.learned_ids

    @cached_property
    def rows(self) -> NDArray[np.int64]:
        """int64[I], row of each item in what was learned; -1 for an item that is newer."""
        if self.learned_ids is None:
            return np.arange(self.n_items, dtype=np.int64)
        rows = {item_id: row for row, item_id in enumerate(self.learned_ids)}
        ids = self.item_features.graph.item_ids
        return np.array([rows.get(item_id, -1) for item_id in ids], dtype=np.int64)

    @property
    def ties(self) -> CSR:
        """float32 CSR[I, features], unit rows: facts weighted by their kinds."""
        return self.item_features.ties(self.kind_weights)

    @property
    def compressed_ties(self) -> Compressed:
        """:attr:`ties` in few dimensions."""
        return self.item_features.compressed_ties(self.kind_weights)

    @property
    def text(self) -> NDArray[np.float32]:
        """float32[I, d], what items' texts say."""
        return self.item_features.text_features

    @cached_property
    def ridge_of_facts(self) -> Ridge:
        """From facts to who likes the items."""
        return Ridge(self.compressed_ties.rows, self.user_items)

    @cached_property
    def ridge_of_text(self) -> Ridge:
        """From texts to who likes the items."""
        return self.ridge_of_facts.on(self.text)

    def without_items(self, items: Bools) -> TrainingData:
        """The same without the events on ``items`` (bool[I]); their facts and texts stay.

        The weights of relations stay too: one number for each, of all items. The same items give
        the same object, so that what is learned without them is learned once.
        """
        key = items.tobytes()
        if key not in self._without:
            events = self.interactions.select(~items[self.interactions.items])
            self._without[key] = replace(
                self, user_items=events.user_items(), events=events,
                _learned={}, _components={}, _without={},
            )  # fmt: skip
        return self._without[key]

    def learn(self, component: type[Component], params: Any, seed: int) -> Arrays:
        """What ``component`` learns from these data; kept, so that it is learned once."""
        key = component.name, params, seed
        if key not in self._learned:
            with stage(f"learning for cold items: {component.name}", quiet=True):
                self._learned[key] = component.learn(self, params, seed)
        arrays: Arrays = self._learned[key]
        return arrays

    def component(
        self, component: type[Component], arrays: Arrays, params: Any
    ) -> Component | None:
        """``component`` of what was learned, over the items of these data; made once."""
        key = component.name, params, id(arrays)
        if key not in self._components:
            # With the arrays, so that no others can have their id.
            self._components[key] = arrays, component.from_arrays(arrays, params, self)
        fitted: Component | None = self._components[key][1]
        return fitted


def weights_by_name(
    item_features: ItemFeatures, kind_weights: NDArray[np.float32]
) -> dict[tuple[str, bool], float]:
    """float32[2R] by the names of the relations, which outlive the graph."""
    relations = item_features.graph.relations
    return {(relations[kind // 2], bool(kind % 2)): float(w) for kind, w in enumerate(kind_weights)}


def weights_of_kinds(relations: Sequence[str], by_name: KindWeights) -> NDArray[np.float32]:
    """float32[2R] in the order of ``relations``; one never seen gets the middle weight."""
    middle = float(np.median(list(by_name.values()))) if by_name else 1.0
    return np.array(
        [
            by_name.get((relation, reverse), middle)
            for relation in relations
            for reverse in (False, True)
        ],
        dtype=np.float32,
    )
