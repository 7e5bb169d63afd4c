"""The graph network as a component of the blend.

Training and item vectors over a changed graph need torch, which is imported where they happen; a
snapshot holds the vectors, so that serving needs NumPy alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tastegraph.core.config import ModelConfig
from tastegraph.core.strings import pack_strings, unpack_strings
from tastegraph.models.base import (
    NETWORK,
    Arrays,
    Contribution,
    ReasonKind,
    SimilarityComponent,
    TunedComponent,
)
from tastegraph.models.graph_network.kernel import NetworkKernel
from tastegraph.models.graph_network.parameters import NetworkSettings, TrainedNetwork
from tastegraph.models.kernels import FactorKernel
from tastegraph.models.knowledge import Knowledge
from tastegraph.models.training_data import TrainingData
from tastegraph.models.validation import Validation
from tastegraph.profiles.attention import Attention, Recency, SequenceAttention
from tastegraph.profiles.interactions import History

if TYPE_CHECKING:
    from tastegraph.models.graph_network.tasks import TrainingTask
    from tastegraph.models.graph_network.training import GraphData
    from tastegraph.models.new_items import Growth

UPDATE_EPOCHS = 4
"""Passes over the data where a network goes on from another."""
WHOLES: tuple[ReasonKind, ...] = ("behaviour", "text")
"""What the portions of an item's vector speak of that go through no feature of it."""
PATHS = ("text", "paths", "messages", "senders", "scale")
"""Arrays of a linear network that say what its vectors are made of; earlier snapshots lack them."""
ATTENTION = ("values", "query", "key", "query_bias", "bias")
"""Arrays of the attention."""
LEARNED = "learned."


class GraphNetworkComponent(SimilarityComponent):
    """Learned attention over a history, and cosine of graph-convolution vectors."""

    name = NETWORK
    reason = "learned"
    default: ClassVar[NetworkSettings] = NetworkSettings(
        0.2, layers=2, dimensions=64, heads=1, learning_rate=0.01, epochs=8
    )
    expected = True
    learns_attention = True
    learned_prefix = "network."
    learned_pattern = r"learned\..*|(nodes|relations)(\.ends)?"
    serves_learned = False

    attention: SequenceAttention
    kernel: FactorKernel

    @classmethod
    def tune(
        cls,
        data: TrainingData,
        validation: Validation,
        recencies: Sequence[Recency],
        config: ModelConfig,
    ) -> TunedComponent:
        """The network that alone orders best what users went on to like."""
        from tastegraph.models.graph_network.tuning import best_network

        network = best_network(graph_data(data), training_task(data), validation, config)
        return TunedComponent(network.settings, network_arrays(network))

    @classmethod
    def learn(cls, data: TrainingData, params: NetworkSettings, seed: int) -> Arrays:
        """Parameters of the network (``learned.NAME``) and the names of its nodes (``nodes``)."""
        from tastegraph.models.graph_network.training import train

        return network_arrays(train(graph_data(data), training_task(data), params, seed))

    @classmethod
    def update(
        cls, arrays: Arrays, data: TrainingData, params: NetworkSettings, seed: int
    ) -> Arrays:
        """The network goes on in a few passes, which ask for what is new first."""
        from tastegraph.models.graph_network.training import train

        few = replace(params, epochs=min(UPDATE_EPOCHS, params.epochs))
        start = trained_network(arrays, params, data.learned_item_ids)
        return network_arrays(train(graph_data(data), training_task(data), few, seed, start=start))

    @classmethod
    def from_arrays(
        cls, arrays: Arrays, params: NetworkSettings, data: TrainingData
    ) -> GraphNetworkComponent:
        """Vectors over the graph as it is now: new nodes are what text and neighbours make them."""
        from tastegraph.models.graph_network.training import item_vectors

        network = trained_network(arrays, params, data.learned_item_ids)
        vectors = item_vectors(network, graph_data(data), data.item_features.associations)
        return cls(vectors.attention, vectors.kernel, arrays)

    @classmethod
    def subset(cls, arrays: Arrays, rows: NDArray[np.int64]) -> Arrays:
        """The network of some items and of all other nodes."""
        event, node = arrays[f"{LEARNED}event"], arrays[f"{LEARNED}node"]
        others = np.arange(len(event), len(node))
        return {
            **arrays,
            f"{LEARNED}event": event[rows],
            f"{LEARNED}node": node[np.concatenate([rows, others])],
        }

    def contributions(self, history: History, item: int) -> list[Contribution]:
        """One for each event; of a linear network for each event and feature, beside its wholes."""
        if not isinstance(self.kernel, NetworkKernel):
            return super().contributions(history, item)
        attention, one = self.attention(history), np.array([item])
        portions = self.kernel.of_features(one)
        wholes = [
            Contribution(share, event, kind)
            for kind, whole in zip(WHOLES, self.kernel.wholes(history.items, one), strict=True)
            for event, share in enumerate((attention * whole[:, 0]).tolist())
            if share
        ]
        left = (
            self.kernel.left[history.items] * np.where(history.items == item, 0, attention)[:, None]
        )
        shares = left @ portions.vectors.T
        return wholes + [
            Contribution(
                float(shares[event, place]), int(event), "affinity", int(portions.features[place])
            )
            for event, place in zip(*np.nonzero(shares), strict=True)
        ]

    def served_arrays(self) -> Arrays:
        """Attention and vectors."""
        paths = {}
        if isinstance(self.kernel, NetworkKernel):
            of_kernel = self.kernel.to_arrays()
            paths = {f"items.{name}": of_kernel[name] for name in PATHS}
        return {
            **{name: getattr(self.attention, name) for name in ATTENTION},
            "items": self.kernel.right,
            **paths,
        }

    @classmethod
    def grown(cls, arrays: Arrays, growth: Growth) -> Arrays:
        """New items say nothing yet, and their features send nothing."""
        per_item = ("values", "items", "items.text", "items.scale")
        own = {name: growth.with_rows(arrays[name]) for name in per_item if name in arrays}
        if "items.paths" in arrays:
            n_features = growth.ties.shape[1]
            more = np.full(n_features - len(arrays["items.senders"]), -1, dtype=np.int32)
            own["items.senders"] = np.concatenate([arrays["items.senders"], more])
            zeros = np.zeros(growth.ties.nnz, dtype=np.float32)
            own["items.paths"] = np.concatenate([arrays["items.paths"], zeros])
        return {**arrays, **own}

    @classmethod
    def compared_vectors(cls, arrays: Arrays) -> NDArray[Any]:
        """The vectors of the items."""
        return cls.served_view(arrays)["items"]

    @classmethod
    def open(
        cls, arrays: Arrays, attention: Attention, rows: NDArray[np.int64]
    ) -> GraphNetworkComponent:
        """Attention and vectors as they were."""
        own = cls.served_view(arrays)
        learned = SequenceAttention(**{name: own[name] for name in ATTENTION})
        sides = own["values"], own["items"]
        if not all(f"items.{name}" in own for name in PATHS):
            return cls(learned, FactorKernel(*sides))
        pattern = Knowledge.served_view(arrays)
        features = sparse.csr_array(
            (own["items.paths"], pattern["indices"], pattern["indptr"]),
            shape=(len(pattern["indptr"]) - 1, len(own["items.senders"])),
            copy=False,
        )
        text, messages, senders, scale = (
            own[f"items.{name}"] for name in ("text", "messages", "senders", "scale")
        )
        return cls(learned, NetworkKernel(*sides, text, features, messages, senders, scale))

    @classmethod
    def params_to_json(cls, params: NetworkSettings) -> dict[str, Any]:
        """The settings; the default convolution is left out."""
        return params.to_json()


def graph_data(data: TrainingData) -> GraphData:
    """What the network propagates over: the graph, its texts, and likes."""
    from tastegraph.models.graph_network.training import GraphData

    features = data.item_features
    return GraphData.of(features.graph, features.text, data.user_items, data.kind_weights)


def training_task(data: TrainingData) -> TrainingTask:
    """Predict the next like where likes have an order, and else whole sets of them.

    What is new since ``data.previous`` is asked for first, where there is an order.
    """
    from tastegraph.models.graph_network.tasks import NextItem, SetCompletion

    events = data.interactions
    if events.ordered:
        new = None if data.previous is None else events.more_likes(data.previous)
        return NextItem(events.histories(data.history), data.history, new)
    sets = sparse.vstack([data.user_items, data.item_features.groups], format="csr")
    return SetCompletion(sparse.csr_array(sets))


def trained_network(
    arrays: Arrays, params: NetworkSettings, item_ids: Sequence[str]
) -> TrainedNetwork:
    """The network that :meth:`GraphNetworkComponent.learn` gave the arrays of, for ``item_ids``."""
    parameters = {
        name.removeprefix(LEARNED): values
        for name, values in arrays.items()
        if name.startswith(LEARNED)
    }
    nodes = unpack_strings(arrays["nodes"], arrays["nodes.ends"])
    relations = []
    if "relations" in arrays:
        relations = unpack_strings(arrays["relations"], arrays["relations.ends"])
    return TrainedNetwork(parameters, list(item_ids), nodes, params, relations=relations)


def network_arrays(network: TrainedNetwork) -> Arrays:
    """What :func:`trained_network` reads."""
    learned = {f"{LEARNED}{name}": values for name, values in network.parameters.items()}
    relations = pack_strings("relations", network.relations) if network.relations else {}
    return {**learned, **pack_strings("nodes", network.node_ids), **relations}
