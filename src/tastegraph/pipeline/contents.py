"""What a build is made of: the graph, texts, the fitted model, and what a snapshot says of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from tastegraph.core.records import Fact
from tastegraph.kg.graph import KnowledgeGraph
from tastegraph.models.fitted_config import FittedConfig
from tastegraph.models.fitted_model import FittedModel
from tastegraph.models.hybrid import HybridModel
from tastegraph.models.item_features import ItemFeatures
from tastegraph.profiles.association import Associations, associate
from tastegraph.profiles.interactions import Interactions
from tastegraph.store.snapshots import Snapshot


class StoreState(NamedTuple):
    """State of the store when a graph was built from it.

    Attributes:
        changes: how often the stored knowledge had changed.
        items_erased: how many items had been erased.
    """

    changes: int
    items_erased: int

    @classmethod
    def of(cls, snapshot: Snapshot) -> StoreState:
        """The state when the graph of ``snapshot`` was built."""
        return cls(*(int(snapshot.manifest[name]) for name in cls._fields))


@dataclass(frozen=True)
class BuiltGraph:
    """The graph of a build.

    Attributes:
        graph: the graph.
        state: of the store when it was built.
        derived_facts: those in it; ``None`` where it was not built anew.
    """

    graph: KnowledgeGraph
    state: StoreState
    derived_facts: Sequence[Fact] | None

    @cached_property
    def associations(self) -> Associations:
        """What its items are tied to."""
        return associate(self.graph)


@dataclass(frozen=True)
class BuiltFeatures:
    """Graph and texts of a build.

    Attributes:
        item_features: the graph with the vectors of its texts.
        encoder: entries of a manifest that name the language model.
        state: of the store when the graph was built.
        derived_facts: those in the graph; ``None`` where the graph was not built anew.
    """

    item_features: ItemFeatures
    encoder: dict[str, Any]
    state: StoreState
    derived_facts: Sequence[Fact] | None


@dataclass(frozen=True)
class SnapshotContents:
    """Everything that a snapshot is made of.

    Attributes:
        features: graph and texts.
        fitted_model: what was fitted.
        model: the model that serves, assembled from it.
        events: over its items; users of them stand for those who will ask for lists.
        fitted_config: the configuration that each stage was built with.
        log_revision: revision of the event log up to which the model was fitted.
        erasures: how many users and items had been erased by then.
        forgotten: how many files of events had been forgotten by then.
        gate: the verdict of the gate; ``None`` for a build.
        chosen: where and on how much data its settings were chosen, see
            :mod:`tastegraph.pipeline.choice`; ``None`` where nothing says so.
        first_lists: whether it holds closed forms alone, until the full model is built.
    """

    features: BuiltFeatures
    fitted_model: FittedModel
    model: HybridModel
    events: Interactions
    fitted_config: FittedConfig
    log_revision: int
    erasures: int
    gate: dict[str, Any] | None = None
    chosen: dict[str, Any] | None = None
    first_lists: bool = False
    forgotten: int = 0
