"""Training the graph network: next-item prediction with a softmax over cosines."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from tastegraph.arrays import CSR
from tastegraph.config import Model as ModelConfig
from tastegraph.knowledge.graph import KnowledgeGraph
from tastegraph.profiles.attention import SequenceAttention
from tastegraph.profiles.interactions import History
from tastegraph.progress import progress
from tastegraph.ranking.kernels import FactorKernel
from tastegraph.ranking.learned import TrainedNetwork
from tastegraph.ranking.network import GraphNetwork, Inputs, as_tensor, propagation_matrix

EVENTS_PER_BATCH = 4_096
PATIENCE, STEPS = 2, 20
ALL_ITEMS = 2_048
"""Up to this many items the softmax runs over all; beyond, over as many shared ones as this:"""
SHARED = 1_024
BATCHES = 64
"""In one pass, at most: each propagates over the whole graph, so cost stays linear in events."""

Floats32 = NDArray[np.float32]


@dataclass(frozen=True)
class Evidence:
    """What a network is trained on and computed from.

    Attributes:
        graph: nodes and typed edges, leaves cut off: a node with one edge joins nothing.
        text: float32[n_nodes, t], zero rows where a node has no text.
        likes: CSR[U, I].
        kind_weights: float32[2R], from :func:`tastegraph.ranking.filters.kind_weights`.
    """

    graph: KnowledgeGraph
    text: Floats32
    likes: CSR
    kind_weights: Floats32

    @classmethod
    def of(
        cls, graph: KnowledgeGraph, text: Floats32, likes: CSR, kind_weights: Floats32
    ) -> Evidence:
        """The evidence in a whole graph, with ``text`` for all its nodes."""
        keep = (graph.degrees > 1) | (np.arange(graph.n_nodes) < graph.n_items)
        return cls(graph.restricted_to(keep), text[keep], likes, kind_weights)


@dataclass(frozen=True)
class Vectors:
    """A network as NumPy scores with it: an attention and a kernel."""

    attention: SequenceAttention
    kernel: FactorKernel


def train(
    evidence: Evidence,
    histories: Sequence[History],
    config: ModelConfig,
    epochs: int | None = None,
    quality: Callable[[Vectors], float] | None = None,
    *,
    ordered: bool = True,
) -> TrainedNetwork:
    """Fit a network to what people liked next.

    Args:
        evidence: graph, texts and likes.
        histories: one for each person, and any other items that belong together.
        config: sizes, learning rate, seed.
        epochs: exactly so many passes; or
        quality: higher is better; training stops when it has not risen for two epochs and
            ``STEPS`` batches, and goes back to the best.
        ordered: whether what comes later in a history is newer. Otherwise every item is told by
            all the others of its history, and attention is even.
    """
    torch.manual_seed(config.seed)
    rng = np.random.default_rng(config.seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    graph = evidence.graph
    network = GraphNetwork(
        graph.n_nodes, graph.n_items, evidence.text.shape[1], config.dimensions, config.layers,
        config.history,
    ).to(device)  # fmt: skip
    inputs = _inputs(evidence, evidence.likes, np.ones(graph.n_nodes, dtype=np.bool_), device)
    if not ordered:
        network.forget_order()
    batches = _batches(histories, config.history)
    patience = max(PATIENCE, -(-STEPS // max(len(batches), 1)))
    optimiser = torch.optim.Adam(network.parameters(), lr=config.learning_rate)
    best, best_epoch, best_state = -np.inf, 0, _state(network)
    limit = config.epochs if epochs is None else epochs
    with progress("training the graph network", limit * len(batches)) as advance:
        for epoch in range(1, limit + 1):
            for at in rng.permutation(len(batches)):
                loss = _loss(network, inputs, batches[at].to(device), config, rng, ordered=ordered)
                optimiser.zero_grad()
                loss.backward()  # type: ignore[no-untyped-call]
                optimiser.step()
                advance(1)
            if quality is None:
                best_epoch, best_state = epoch, _state(network)
                continue
            reached = quality(_vectors(network, inputs))
            if reached > best:
                best, best_epoch, best_state = reached, epoch, _state(network)
            elif epoch - best_epoch >= patience:
                break
    return TrainedNetwork(best_state, graph.item_ids, graph.node_ids, config.layers, best_epoch)


def item_vectors(trained: TrainedNetwork, evidence: Evidence) -> Vectors:
    """Item vectors over any graph: new nodes are what their text and neighbours make them.

    Args:
        trained: parameters, by the names of their nodes.
        evidence: the graph as it is now.
    """
    graph = evidence.graph
    rows = {name: row for row, name in enumerate(trained.item_ids)}
    at_items = np.array([rows.get(name, -1) for name in graph.item_ids], dtype=np.int64)
    rows = {name: row + len(trained.item_ids) for row, name in enumerate(trained.node_ids)}
    at_others = np.array([rows.get(name, -1) for name in graph.node_ids], dtype=np.int64)
    at = np.concatenate([at_items, at_others])
    network = GraphNetwork(
        graph.n_nodes,
        graph.n_items,
        text_dimensions=trained.parameters["text"].shape[0],
        dimensions=trained.parameters["text"].shape[1],
        layers=trained.layers,
        history=len(trained.parameters["position"]),
    )
    arrays = dict(trained.parameters)
    arrays["node"] = arrays["node"][at]
    arrays["event"] = arrays["event"][at[: graph.n_items]]
    network.load_state_dict({k: torch.from_numpy(v.copy()) for k, v in arrays.items()})
    inputs = _inputs(evidence, evidence.likes, known=at >= 0)
    return _vectors(network, inputs)


def _loss(
    network: GraphNetwork,
    inputs: Inputs,
    batch: Tensor,
    config: ModelConfig,
    rng: np.random.Generator,
    *,
    ordered: bool,
) -> Tensor:
    """Cross-entropy of the next item among all, cosine / temperature (Wu et al. 2024).

    Of each item after all the others where nothing tells their order.

    The sum over all items is estimated from ``SHARED`` of them where there are many (sampled
    softmax with a uniform proposal, Bengio & Senécal 2008).
    """
    items = functional.normalize(everything := network(inputs), dim=-1)
    present = batch >= 0
    events = network.events(everything, inputs)[batch.clamp(min=0)]
    if ordered:
        tastes, target = network.tastes(events, present)[:, :-1], batch[:, 1:]
    else:
        tastes, target = network.tastes_without(events, present), batch
    asked = target >= 0
    wanted = target[asked]
    tastes = functional.normalize(tastes[asked], dim=-1) / config.temperature
    if len(items) <= ALL_ITEMS:
        return functional.cross_entropy(tastes @ items.T, wanted)
    others = torch.from_numpy(rng.integers(0, len(items), SHARED)).to(batch.device)
    own = (tastes * items[wanted]).sum(dim=-1)
    theirs = (tastes @ items[others].T).masked_fill(others == wanted[:, None], -torch.inf)
    rest = theirs.logsumexp(dim=-1) + math.log((len(items) - 1) / SHARED)
    return functional.softplus(rest - own).mean()


def _batches(histories: Sequence[History], newest: int) -> list[Tensor]:
    """int64[B, T] each: people with sequences of like length, padded with -1 at the end."""
    sequences = [history.likes[-newest:] for history in histories]
    sequences = sorted((s for s in sequences if len(s) > 1), key=len, reverse=True)
    events = max(EVENTS_PER_BATCH, sum(len(s) for s in sequences) // BATCHES)
    batches = []
    while sequences:
        longest = len(sequences[0])
        count = max(events // longest, 1)
        chosen, sequences = sequences[:count], sequences[count:]
        padded = np.full((len(chosen), longest), -1, dtype=np.int64)
        for row, sequence in zip(padded, chosen, strict=True):
            row[: len(sequence)] = sequence
        batches.append(torch.from_numpy(padded))
    return batches


def _inputs(
    evidence: Evidence,
    likes: CSR,
    known: NDArray[np.bool_],
    device: torch.device | None = None,
) -> Inputs:
    matrix = propagation_matrix(evidence.graph, likes, evidence.kind_weights)
    return Inputs(
        adjacency=as_tensor(matrix).to(device),
        text=torch.from_numpy(evidence.text).to(device),
        known=torch.from_numpy(known.astype(np.float32)[:, None]).to(device),
        n_items=evidence.graph.n_items,
    )


def _state(network: GraphNetwork) -> dict[str, Floats32]:
    return {k: v.detach().cpu().numpy().copy() for k, v in network.state_dict().items()}


@torch.no_grad()
def _vectors(network: GraphNetwork, inputs: Inputs) -> Vectors:
    items = network(inputs)
    events = network.events(items, inputs)
    scale = items.shape[1] ** -0.25
    attention = SequenceAttention(
        queries=((events @ network.query + network.query_bias) * scale).cpu().numpy(),
        keys=(events @ network.key * scale).cpu().numpy(),
        values=events.cpu().numpy(),
        bias=network.bias().cpu().numpy(),
    )
    unit = functional.normalize(items, dim=-1).cpu().numpy()
    return Vectors(attention, FactorKernel(attention.values, unit))
