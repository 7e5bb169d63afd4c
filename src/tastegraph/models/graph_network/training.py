"""Training a graph network, and the item vectors that a trained one gives for any graph."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

from tastegraph.core.arrays import CSR
from tastegraph.core.progress import progress
from tastegraph.kg.graph import KnowledgeGraph
from tastegraph.models.graph_network.adjacency import products, propagation_steps
from tastegraph.models.graph_network.loss import by_head, sampled_items, softmax_loss
from tastegraph.models.graph_network.network import GraphNetwork, GraphTensors
from tastegraph.models.graph_network.parameters import NetworkSettings, TrainedNetwork
from tastegraph.models.graph_network.paths import path_kernel
from tastegraph.models.graph_network.tasks import TrainingStep, TrainingTask
from tastegraph.models.kernels import FactorKernel
from tastegraph.profiles.association import Associations
from tastegraph.profiles.attention import SequenceAttention

PATIENCE_EPOCHS, PATIENCE_BATCHES = 2, 96
"""Training stops when quality has not risen for so long, whichever is longer."""
MIN_RELATIVE_GAIN = 0.002
"""A smaller rise of the quality, relative to itself, does not count."""
RACE_BATCHES = 128
"""After so many batches a network that is worse than another one was gives up."""
MAX_TEXT_DIRECTIONS = 64
WARM_START_SCALE = 0.5
"""What vectors are multiplied with where training continues: whole ones are so sure of the old that
the new is learned late and the old by heart (shrink and perturb, Ash & Adams 2020)."""
MIN_AVERAGED_STEPS, AVERAGED_SHARE = 50, 0.25
"""The result is a mean over the newest quarter of all steps, or so many at least."""

Floats32 = NDArray[np.float32]


@dataclass(frozen=True)
class GraphData:
    """What a network is trained on and computed from.

    Attributes:
        graph: nodes and typed edges, without leaves: a node with one neighbour joins nothing.
        text: float32[N, t], zero rows where a node has no text.
        user_items: bool CSR[U, I], likes.
        kind_weights: float32[2R], from :func:`tastegraph.models.knowledge.relation_weights`.
        nodes: int64[N], the number that each node has in the whole graph.
    """

    graph: KnowledgeGraph
    text: Floats32
    user_items: CSR
    kind_weights: Floats32
    nodes: NDArray[np.int64]

    @classmethod
    def of(
        cls, graph: KnowledgeGraph, text: Floats32, user_items: CSR, kind_weights: Floats32
    ) -> GraphData:
        """The data of a whole graph, with ``text`` for all its nodes; leaves are cut off."""
        inner = (graph.neighbours > 1) | (np.arange(graph.n_nodes) < graph.n_items)
        restricted = graph.restricted_to(inner)
        return cls(restricted, text[inner], user_items, kind_weights, np.flatnonzero(inner))

    def tensors(
        self,
        settings: NetworkSettings,
        known: NDArray[np.bool_] | None = None,
        device: torch.device | None = None,
    ) -> GraphTensors:
        """What a network of ``settings`` reads.

        ``known`` is bool[N], nodes that were trained; by default all.
        """
        steps = propagation_steps(
            self.graph,
            self.user_items,
            self.kind_weights,
            settings.layers,
            settings.convolution,
            device,
            settings.knowledge_weight,
        )
        is_known = None if known is None else torch.from_numpy(known.astype(np.float32)[:, None])
        return GraphTensors(
            steps=steps,
            text=torch.from_numpy(self.text).to(device),
            known=None if is_known is None else is_known.to(device),
            n_items=self.graph.n_items,
            matrices=products(steps) if settings.is_linear else (),
        )


@dataclass(frozen=True)
class NetworkVectors:
    """A network as NumPy scores with it: an attention and a kernel."""

    attention: SequenceAttention
    kernel: FactorKernel


def train(
    data: GraphData,
    task: TrainingTask,
    settings: NetworkSettings,
    seed: int,
    quality: Callable[[NetworkVectors], float] | None = None,
    race_curve: Sequence[float] = (),
    start: TrainedNetwork | None = None,
    expired: Callable[[], bool] = lambda: False,
) -> TrainedNetwork:
    """Fit a network to what users liked.

    The result is a mean over the steps that weighs the newest quarter most (polynomial-decay
    averaging, Shamir & Zhang 2013), which depends less on when training stops.

    Args:
        data: graph, texts and likes.
        task: what is predicted.
        settings: sizes, and the number of epochs: exactly so many without ``quality``, at most so
            many with it.
        seed: of everything random.
        quality: higher is better; training stops when for two epochs and ``PATIENCE_BATCHES`` it
            has not risen by ``MIN_RELATIVE_GAIN``, and goes back to the best epoch.
        race_curve: the quality of another network after each epoch; one that is worse after
            ``RACE_BATCHES`` gives up.
        start: a network of the same sizes from which training continues, with
            ``WARM_START_SCALE`` of its vectors; nodes are matched by name, and a new one starts
            from its text.
        expired: whether the time for choosing is used up; with ``quality``, training then stops.
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    graph, basis = data.graph, _text_basis(data.text)
    network = GraphNetwork(
        graph.n_nodes, graph.n_items, basis.shape[1], settings, task.history, len(graph.relations)
    ).to(device)
    tensors = replace(data, text=data.text @ basis).tensors(settings, device=device)
    if start is not None:
        _warm_start(network, start, graph, basis)
    if not task.ordered:
        network.attend_evenly()
    averages = AveragedModel(network, multi_avg_fn=_decayed_average)
    averaged: GraphNetwork = averages.module  # type: ignore[assignment]
    patience = max(PATIENCE_EPOCHS, _epochs_of(PATIENCE_BATCHES, task))
    race = _epochs_of(RACE_BATCHES, task)
    optimizer = torch.optim.Adam(network.parameters(), lr=settings.learning_rate, fused=True)
    best, best_epoch, best_state = -np.inf, 0, _state(network)
    risen, risen_epoch = -np.inf, 0
    with progress("training the graph network", settings.epochs * len(task)) as advance:
        for epoch in range(1, settings.epochs + 1):
            for step in task.epoch(rng):
                optimizer.zero_grad()
                _step_loss(network, tensors, step, task, rng).backward()  # type: ignore[no-untyped-call]
                if settings.shrinkage:
                    network.add_shrinkage(settings.shrinkage)
                optimizer.step()
                averages.update_parameters(network)
                advance(1)
            if quality is None:
                best_epoch, best_state = epoch, _state(averaged)
                continue
            reached = quality(_vectors(averaged, tensors))
            if reached > best:
                best, best_epoch, best_state = reached, epoch, _state(averaged)
            if reached > risen + MIN_RELATIVE_GAIN * abs(risen) or risen_epoch == 0:
                risen, risen_epoch = reached, epoch
            elif epoch - risen_epoch >= patience:
                break
            if expired():
                break
            if epoch == race and best < max(race_curve[:race], default=-np.inf):
                break
    best_state["text"] = basis @ best_state["text"]
    return TrainedNetwork(
        best_state,
        graph.item_ids,
        graph.node_ids,
        replace(settings, epochs=best_epoch),
        best,
        graph.relations if settings.convolution == "RGCNConv" else [],
    )


def item_vectors(
    trained: TrainedNetwork, data: GraphData, associations: Associations | None = None
) -> NetworkVectors:
    """Vectors of the items of any graph; a new node has what its text and neighbours give.

    The kernel of a linear network whose ``associations`` are given is a
    :class:`~tastegraph.models.graph_network.kernel.NetworkKernel`.

    Args:
        trained: parameters, by the names of their nodes.
        data: the graph as it is now.
        associations: items × features of the whole graph, by which vectors are taken apart.
    """
    graph, rows = data.graph, trained.node_rows(data.graph.item_ids, data.graph.node_ids)
    network = GraphNetwork(
        graph.n_nodes,
        graph.n_items,
        text_dimensions=trained.parameters["text"].shape[0],
        settings=trained.settings,
        history=len(trained.parameters["position"]),
        n_relations=len(graph.relations),
    )
    arrays = trained.parameters | trained.layer_parameters(graph.relations)
    arrays["node"] = arrays["node"][rows]
    arrays["event"] = arrays["event"][rows[: graph.n_items]]
    network.load_state_dict({name: torch.from_numpy(a.copy()) for name, a in arrays.items()})
    tensors = data.tensors(trained.settings, rows >= 0)
    vectors = _vectors(network, tensors)
    if associations is None or not trained.settings.is_linear:
        return vectors
    kernel = path_kernel(vectors.kernel, network, tensors, data, associations)
    return replace(vectors, kernel=kernel)


def _step_loss(
    network: GraphNetwork,
    tensors: GraphTensors,
    step: TrainingStep,
    task: TrainingTask,
    rng: np.random.Generator,
) -> Tensor:
    """The loss of one step; of a large catalogue only what it reads is computed."""
    n_items = tensors.n_items
    sample = sampled_items(n_items, task, rng)
    if sample is not None:
        tensors = tensors.of_items(torch.unique(torch.cat([step.items, sample])))
        sample = tensors.places(sample)
    items = network(tensors)
    events = network.event_vectors(items, tensors)[tensors.places(step.items)]
    batch = step.batch(network, events)
    batch = replace(batch, targets=tensors.places(batch.targets))
    return softmax_loss(batch, items, network.settings, n_items, sample)


@torch.no_grad()
def _warm_start(
    network: GraphNetwork, start: TrainedNetwork, graph: KnowledgeGraph, basis: Floats32
) -> None:
    """Give ``network`` the vectors of ``start``, scaled, and its attention and layers as they are.

    ``basis`` is float32[t, r], the directions of text that ``network`` reads.
    """
    if start.parameters["text"].shape != (len(basis), network.text.shape[1]):
        return
    rows = start.node_rows(graph.item_ids, graph.node_ids)
    for parameter, name in ((network.node, "node"), (network.event, "event")):
        own = rows[: len(parameter)]
        known = torch.from_numpy(own >= 0)[:, None].to(parameter.device)
        values = torch.from_numpy(WARM_START_SCALE * start.parameters[name][own]).to(parameter)
        parameter.copy_(torch.where(known, values, 0))
    network.text.copy_(torch.from_numpy(WARM_START_SCALE * basis.T @ start.parameters["text"]))
    arrays = {name: start.parameters[name] for name in ("query", "query_bias", "key", "decay")}
    arrays |= {"position": start.parameters["position"]}
    if start.settings.convolution == network.settings.convolution:
        arrays |= start.layer_parameters(graph.relations)
    parameters = dict(network.named_parameters())
    for name, array in arrays.items():
        # Attention that knew no order is all zeros, from where nothing would be learned.
        if parameters[name].shape == array.shape and array.any():
            parameters[name].copy_(torch.from_numpy(array.copy()))


def _epochs_of(batches: int, task: TrainingTask) -> int:
    """Epochs that have at least so many batches."""
    return -(-batches // max(len(task), 1))


def _decayed_average(
    means: tuple[Tensor, ...] | list[Tensor],
    new: tuple[Tensor, ...] | list[Tensor],
    steps: Tensor | int,
) -> None:
    count = int(steps) + 1
    share = 1 / min(count, max(MIN_AVERAGED_STEPS, AVERAGED_SHARE * count))
    torch._foreach_lerp_(means, new, share)


def _text_basis(text: Floats32) -> Floats32:
    """float32[t, r]: the directions in which texts differ most; nothing is learned of the rest."""
    _, directions = np.linalg.eigh(text.T @ text)
    return np.ascontiguousarray(directions[:, ::-1][:, :MAX_TEXT_DIRECTIONS])


def _state(network: nn.Module) -> dict[str, Floats32]:
    return {k: v.detach().cpu().numpy().copy() for k, v in network.state_dict().items()}


@torch.no_grad()
def _vectors(network: GraphNetwork, tensors: GraphTensors) -> NetworkVectors:
    items = network(tensors)
    events = network.event_vectors(items, tensors)
    scale = items.shape[1] ** -0.25
    attention = SequenceAttention(
        values=events.cpu().numpy(),
        query=(network.query * scale).cpu().numpy(),
        key=(network.key * scale).cpu().numpy(),
        query_bias=(network.query_bias * scale).cpu().numpy(),
        bias=network.bias().cpu().numpy(),
    )
    unit = by_head(items, network.settings.heads).transpose(0, 1).reshape(items.shape)
    return NetworkVectors(attention, FactorKernel(attention.values, unit.cpu().numpy()))
