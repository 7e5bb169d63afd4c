"""Settings and parameters of a trained graph network, as plain data: no torch."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.config import Convolution

LINEAR_CONVOLUTIONS: Collection[Convolution] = ("linear", "LGConv")
"""Those without parameters, of which an item's vector is a sum of what it started from."""


@dataclass(frozen=True)
class NetworkSettings:
    """How a graph network is built and trained.

    Attributes:
        temperature: of the softmax.
        layers: propagation steps.
        dimensions: width of its vectors, in each head.
        heads: networks beside one another, each with a softmax of its own, whose cosines add up.
        learning_rate: of Adam.
        epochs: passes over the data.
        convolution: what each layer is.
        shrinkage: weight in the loss of the mean squared length of the vectors that items and
            events have of their own: the larger, the more must come from texts and facts.
        knowledge_weight: of a certain fact of the most telling relation, where a like has 1.
    """

    temperature: float
    layers: int
    dimensions: int
    heads: int
    learning_rate: float
    epochs: int
    convolution: Convolution = "linear"
    shrinkage: float = 0.0
    knowledge_weight: float = 0.5

    @property
    def is_linear(self) -> bool:
        """Whether the layers have no parameters and no activation."""
        return self.convolution in LINEAR_CONVOLUTIONS

    def to_json(self) -> dict[str, Any]:
        """The arguments of the constructor; those that have a default are left out at it."""
        defaults = {each.name: each.default for each in fields(self)}
        return {name: value for name, value in asdict(self).items() if value != defaults[name]}


@dataclass(frozen=True)
class TrainedNetwork:
    """A network's parameters and the names that their rows belong to.

    Attributes:
        parameters: float32 arrays by name.
        item_ids, node_ids: names of the rows of ``node``, items first.
        settings: how it was trained, in how many epochs.
        valid: NDCG@10 of it alone on validation data; -inf where it was not measured.
        relations: names of the graph's relations, in the order of the relations of ``RGCNConv``;
            empty for the other convolutions.
    """

    parameters: dict[str, NDArray[np.float32]]
    item_ids: list[str] = field(repr=False)
    node_ids: list[str] = field(repr=False)
    settings: NetworkSettings
    valid: float = float("-inf")
    relations: list[str] = field(default_factory=list, repr=False)

    def subset(self, item_ids: Collection[str]) -> TrainedNetwork:
        """The network of these items and of all other nodes."""
        items = [row for row, item_id in enumerate(self.item_ids) if item_id in item_ids]
        others = np.arange(len(self.node_ids)) + len(self.item_ids)
        rows = {"event": np.array(items, dtype=np.int64)}
        rows["node"] = np.concatenate([rows["event"], others])
        return replace(
            self,
            parameters={
                name: values[rows[name]] if name in rows else values
                for name, values in self.parameters.items()
            },
            item_ids=[self.item_ids[row] for row in items],
        )

    def node_rows(self, item_ids: Sequence[str], node_ids: Sequence[str]) -> NDArray[np.int64]:
        """int64[N]: the row of each node in ``node``, items first; -1 where it has none."""
        item_rows = {name: row for row, name in enumerate(self.item_ids)}
        other_rows = {name: row + len(self.item_ids) for row, name in enumerate(self.node_ids)}
        rows = [item_rows.get(name, -1) for name in item_ids]
        rows += [other_rows.get(name, -1) for name in node_ids]
        return np.array(rows, dtype=np.int64)

    def layer_parameters(self, relations: Sequence[str]) -> dict[str, NDArray[np.float32]]:
        """Those of the convolutions, for a graph with these relations.

        A relation that was not trained has zeros, and so sends nothing.
        """
        known = {name: row for row, name in enumerate(self.relations)}
        rows = [
            2 * known[name] + side if name in known else -1 for name in relations for side in (0, 1)
        ]
        rows += [2 * len(self.relations), 2 * len(self.relations) + 1]
        at = np.array(rows, dtype=np.int64)
        return {
            name: np.where(at[:, None] >= 0, values[at], np.float32(0))
            if name.endswith(".comp")
            else values
            for name, values in self.parameters.items()
            if name.startswith("convolutions.")
        }
