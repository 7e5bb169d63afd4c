"""The whole data set as one heterogeneous graph of PyTorch Geometric, for anybody's own network."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.errors import TastegraphError

if TYPE_CHECKING:
    from torch import Tensor
    from torch_geometric.data import HeteroData

    from tastegraph.models.dataset import Dataset

LIKES, DISLIKES = "likes", "dislikes"
"""Edges from a user to an item that an event counts for, or against."""


def hetero_data(dataset: Dataset) -> HeteroData:
    """``dataset`` as a :class:`torch_geometric.data.HeteroData`.

    ========================== ===================================================================
    ``data["user"]``           ``num_nodes``, ``ids``
    ``data["item"]``           ``x`` float32[I, d], the text vectors; ``ids``, ``names``
    ``data["entity"]``         ``x`` float32[N, d], those of names; ``ids``, ``names``
    ``user, likes, item``      ``edge_index`` int64[2, E]; ``edge_weight`` float32[E] in (0, 1],
                               ``time`` float64[E], NaN where there is none
    ``user, dislikes, item``   the same, of events that count against the item
    ``a, RELATION, b``         ``edge_index``, ``edge_weight`` (confidence), ``fact`` int64[E];
                               a and b are ``item`` or ``entity``
    ========================== ===================================================================

    Rows are those of ``dataset.user_ids`` and ``dataset.item_ids``. Edges point one way:
    ``torch_geometric.transforms.ToUndirected()`` adds the other.

    Raises:
        TastegraphError: torch-geometric is not installed.
    """
    if find_spec("torch_geometric") is None:
        raise TastegraphError(
            "to_hetero_data needs torch-geometric: pip install 'tastegraph[train]'"
        )
    import torch
    from torch_geometric.data import HeteroData

    def tensor(values: NDArray[np.generic]) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(values))

    def edges(ends: tuple[NDArray[np.int32], NDArray[np.int32]]) -> Tensor:
        return tensor(np.stack(ends).astype(np.int64))

    data, graph, events = HeteroData(), dataset.graph, dataset.events
    n, text = graph.n_items, dataset.item_features.text
    data["user"].num_nodes, data["user"].ids = dataset.n_users, dataset.user_ids.to_list()
    item_ids = [*dataset.item_ids.to_list(), *graph.entities]  # entities that events are on: last
    data["item"].x, data["item"].ids = tensor(text[:n]), item_ids
    data["entity"].x, data["entity"].ids = tensor(text[n:]), graph.node_ids
    data["item"].names, data["entity"].names = graph.labels[:n], graph.labels[n:]
    for name, mask in ((LIKES, events.weights > 0), (DISLIKES, events.weights < 0)):
        if mask.any() or name == LIKES:
            store = data["user", name, "item"]
            store.edge_index = edges((events.users[mask], events.items[mask]))
            store.edge_weight = tensor(np.abs(events.weights[mask]))
            store.time = tensor(events.times[mask])
    kinds = ("item", "entity")
    head_kind, tail_kind = graph.heads >= n, graph.tails >= n
    for relation, name in enumerate(graph.relations):
        for source in (0, 1):
            for target in (0, 1):
                mask = (graph.relation == relation) & (head_kind == source) & (tail_kind == target)
                if mask.any():
                    store = data[kinds[source], name, kinds[target]]
                    heads, tails = graph.heads[mask] - n * source, graph.tails[mask] - n * target
                    store.edge_index = edges((heads, tails))
                    store.edge_weight = tensor(graph.confidence[mask])
                    store.fact = tensor(graph.facts[mask])
    return data
