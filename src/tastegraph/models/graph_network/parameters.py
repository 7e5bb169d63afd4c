"""Settings and parameters of a trained graph network, as plain data: no torch."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class NetworkSettings:
    """How the graph network is made and trained.

    Attributes:
        temperature: of the softmax.
        layers: propagation steps.
        dimensions: width of its vectors, in each head.
        heads: networks beside one another, each with a softmax of its own, whose cosines add up.
        learning_rate: of Adam.
        epochs: passes over the data.
    """

    temperature: float
    layers: int
    dimensions: int
    heads: int
    learning_rate: float
    epochs: int


@dataclass(frozen=True)
class TrainedNetwork:
    """A network's parameters and the names of the nodes they belong to.

    Attributes:
        parameters: float32 arrays by name.
        item_ids, node_ids: names of the rows of ``node``, items first.
        settings: how it was trained, in how many epochs.
        valid: how good it was alone on validation data; -inf where nobody was asked.
    """

    parameters: dict[str, NDArray[np.float32]]
    item_ids: list[str] = field(repr=False)
    node_ids: list[str] = field(repr=False)
    settings: NetworkSettings
    valid: float = float("-inf")

    def subset(self, item_ids: Collection[str]) -> TrainedNetwork:
        """The network of these items and of all other nodes."""
        items = [k for k, name in enumerate(self.item_ids) if name in item_ids]
        others = np.arange(len(self.node_ids)) + len(self.item_ids)
        rows = {"event": np.array(items, dtype=np.int64)}
        rows["node"] = np.concatenate([rows["event"], others])
        return replace(
            self,
            parameters={
                name: values[rows[name]] if name in rows else values
                for name, values in self.parameters.items()
            },
            item_ids=[self.item_ids[k] for k in items],
        )
