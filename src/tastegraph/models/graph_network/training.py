"""Training the graph network, and item vectors of a trained one over any graph."""

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
from tastegraph.models.graph_network.adjacency import propagation_matrix, steps
from tastegraph.models.graph_network.loss import loss, of_heads, softmax_items
from tastegraph.models.graph_network.network import GraphNetwork, GraphTensors
from tastegraph.models.graph_network.parameters import NetworkSettings, TrainedNetwork
from tastegraph.models.graph_network.tasks import TrainingTask
from tastegraph.models.kernels import FactorKernel, NetworkKernel
from tastegraph.profiles.attention import SequenceAttention

PATIENCE, STEPS = 2, 96
RISE = 0.002
"""Training goes on while quality rises by this share of itself."""
RACE = 128
TEXT_DIRECTIONS = 64
SHRUNK = 0.5
"""Share of its vectors with which a network goes on from another: whole ones are so sure of the old
that the new is learned late and the old by heart (shrink and perturb, Ash & Adams 2020)."""
AVERAGED, SHARE = 50, 0.25
"""The network that is kept is the mean of the newest quarter of all steps, or so many at least."""

Floats32 = NDArray[np.float32]


@dataclass(frozen=True)
class GraphData:
    """What a network is trained on and computed from.

    Attributes:
        graph: nodes and typed edges, leaves cut off: a node with one neighbour joins nothing.
        text: float32[n_nodes, t], zero rows where a node has no text.
        likes: CSR[U, I].
        kind_weights: float32[2R], from :func:`tastegraph.models.filters.kind_weights`.
    """

    graph: KnowledgeGraph
    text: Floats32
    likes: CSR
    kind_weights: Floats32

    @classmethod
    def of(
        cls, graph: KnowledgeGraph, text: Floats32, likes: CSR, kind_weights: Floats32
    ) -> GraphData:
        """The evidence in a whole graph, with ``text`` for all its nodes."""
        keep = (graph.neighbours > 1) | (np.arange(graph.n_nodes) < graph.n_items)
        return cls(graph.restricted_to(keep), text[keep], likes, kind_weights)


@dataclass(frozen=True)
class NetworkVectors:
    """A network as NumPy scores with it: an attention and a kernel."""

    attention: SequenceAttention
    kernel: FactorKernel


def train(
    evidence: GraphData,
    task: TrainingTask,
    settings: NetworkSettings,
    seed: int,
    quality: Callable[[NetworkVectors], float] | None = None,
    rival: Sequence[float] = (),
    start: TrainedNetwork | None = None,
) -> TrainedNetwork:
    """Fit a network to what people liked.

    What is kept is a mean over the steps that weighs the newest quarter most (polynomial-decay
    averaging, Shamir & Zhang 2013), which depends less on when training stops.

    Args:
        evidence: graph, texts and likes.
        task: what is asked.
        settings: sizes, and exactly how many epochs; at most so many where there is a
        quality: higher is better; training stops when for two epochs and ``STEPS`` batches it has
            not risen by ``RISE`` of itself, and goes back to the best.
        seed: of all that is drawn.
        rival: the quality of another network after each epoch; who lags behind it after ``RACE``
            batches gives up.
        start: where training begins, if of the same sizes, from ``SHRUNK`` of its vectors: each
            node by its name, a new one with what its text and neighbours say of it.
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    graph, basis = evidence.graph, _principal(evidence.text)
    told = replace(evidence, text=evidence.text @ basis)
    network = GraphNetwork(
        graph.n_nodes, graph.n_items, basis.shape[1],
        settings.heads * settings.dimensions, task.history,
    ).to(device)  # fmt: skip
    inputs = _inputs(told, np.ones(graph.n_nodes, dtype=np.bool_), settings.layers, device)
    if start is not None:
        _begin(network, start, evidence, basis)
    if not task.ordered:
        network.forget_order()
    averages = AveragedModel(network, avg_fn=_averaged)
    kept: GraphNetwork = averages.module  # type: ignore[assignment]
    patience, race = max(PATIENCE, _epochs(STEPS, task)), _epochs(RACE, task)
    among = softmax_items(graph.n_items, task)
    optimiser = torch.optim.Adam(network.parameters(), lr=settings.learning_rate)
    best, best_epoch, best_state = -np.inf, 0, _state(network)
    risen, risen_epoch = -np.inf, 0
    with progress("training the graph network", settings.epochs * len(task)) as advance:
        for epoch in range(1, settings.epochs + 1):
            for ask in task.epoch(rng):
                items = network(inputs)
                asked = ask(network, network.events(items, inputs))
                optimiser.zero_grad()
                loss(asked, items, settings, among, rng).backward()  # type: ignore[no-untyped-call]
                optimiser.step()
                averages.update_parameters(network)
                advance(1)
            if quality is None:
                best_epoch, best_state = epoch, _state(kept)
                continue
            reached = quality(_vectors(kept, inputs, settings.heads))
            if reached > best:
                best, best_epoch, best_state = reached, epoch, _state(kept)
            if reached > risen + RISE * abs(risen) or risen_epoch == 0:
                risen, risen_epoch = reached, epoch
            elif epoch - risen_epoch >= patience:
                break
            if epoch == race and best < max(rival[:race], default=-np.inf):
                break
    best_state["text"] = basis @ best_state["text"]
    return TrainedNetwork(
        best_state, graph.item_ids, graph.node_ids, replace(settings, epochs=best_epoch), best
    )


def item_vectors(trained: TrainedNetwork, evidence: GraphData) -> NetworkVectors:
    """Item vectors over any graph: new nodes are what their text and neighbours make them.

    Its kernel is a :class:`~tastegraph.models.kernels.NetworkKernel`.

    Args:
        trained: parameters, by the names of their nodes.
        evidence: the graph as it is now.
    """
    graph, at = evidence.graph, _rows(trained, evidence.graph)
    network = GraphNetwork(
        graph.n_nodes,
        graph.n_items,
        text_dimensions=trained.parameters["text"].shape[0],
        dimensions=trained.parameters["text"].shape[1],
        history=len(trained.parameters["position"]),
    )
    arrays = dict(trained.parameters)
    arrays["node"] = arrays["node"][at]
    arrays["event"] = arrays["event"][at[: graph.n_items]]
    network.load_state_dict({k: torch.from_numpy(v.copy()) for k, v in arrays.items()})
    inputs = _inputs(evidence, at >= 0, trained.settings.layers)
    vectors = _vectors(network, inputs, trained.settings.heads)
    text, facts = _portions(network, inputs, trained.settings.heads)
    kernel = NetworkKernel(vectors.kernel.left, vectors.kernel.right, text, facts)
    return replace(vectors, kernel=kernel)


def _rows(trained: TrainedNetwork, graph: KnowledgeGraph) -> NDArray[np.int64]:
    """int64[N]: row of each node of ``graph`` in what was trained; -1 where it was not there."""
    rows = {name: row for row, name in enumerate(trained.item_ids)}
    at_items = np.array([rows.get(name, -1) for name in graph.item_ids], dtype=np.int64)
    rows = {name: row + len(trained.item_ids) for row, name in enumerate(trained.node_ids)}
    at_others = np.array([rows.get(name, -1) for name in graph.node_ids], dtype=np.int64)
    return np.concatenate([at_items, at_others])


@torch.no_grad()
def _begin(
    network: GraphNetwork, start: TrainedNetwork, evidence: GraphData, basis: Floats32
) -> None:
    """Give ``network`` what ``start`` knows, shrunk, and its attention as it is.

    Text is told in the directions of ``basis``, float32[t, r].
    """
    if start.parameters["text"].shape != (len(basis), network.text.shape[1]):
        return
    at, n_items = _rows(start, evidence.graph), evidence.graph.n_items
    known = torch.from_numpy(at >= 0)
    for parameter, name, rows in (
        (network.node, "node", at),
        (network.event, "event", at[:n_items]),
    ):
        values = torch.from_numpy(SHRUNK * start.parameters[name][rows]).to(parameter)
        parameter.copy_(torch.where(known[: len(rows), None].to(parameter.device), values, 0))
    network.text.copy_(torch.from_numpy(SHRUNK * basis.T @ start.parameters["text"]))
    for name in ("query", "query_bias", "key", "decay", "position"):
        parameter, before = getattr(network, name), torch.from_numpy(start.parameters[name].copy())
        # Of one that knew no order all of these are 0, from where nothing is learned.
        if parameter.shape == before.shape and before.any():
            parameter.copy_(before)


def _epochs(steps: int, task: TrainingTask) -> int:
    return -(-steps // max(len(task), 1))


def _averaged(mean: Tensor, new: Tensor, steps: Tensor | int) -> Tensor:
    taken = int(steps) + 1
    return mean + (new - mean) / min(taken, max(AVERAGED, SHARE * taken))


def _principal(text: Floats32) -> Floats32:
    """float32[t, r]: the directions in which texts differ most, the only ones that are learned."""
    _, directions = np.linalg.eigh(text.T @ text)
    return np.ascontiguousarray(directions[:, ::-1][:, :TEXT_DIRECTIONS])


def _inputs(
    evidence: GraphData,
    known: NDArray[np.bool_],
    layers: int,
    device: torch.device | None = None,
) -> GraphTensors:
    graph = evidence.graph
    matrix = propagation_matrix(graph, evidence.likes, evidence.kind_weights)
    return GraphTensors(
        steps=steps(matrix, graph.n_nodes, graph.n_items, layers, device),
        text=torch.from_numpy(evidence.text).to(device),
        known=torch.from_numpy(known.astype(np.float32)[:, None]).to(device),
        n_items=graph.n_items,
    )


def _state(network: nn.Module) -> dict[str, Floats32]:
    return {k: v.detach().cpu().numpy().copy() for k, v in network.state_dict().items()}


@torch.no_grad()
def _vectors(network: GraphNetwork, inputs: GraphTensors, heads: int) -> NetworkVectors:
    items = network(inputs)
    events = network.events(items, inputs)
    scale = items.shape[1] ** -0.25
    attention = SequenceAttention(
        queries=((events @ network.query + network.query_bias) * scale).cpu().numpy(),
        keys=(events @ network.key * scale).cpu().numpy(),
        values=events.cpu().numpy(),
        bias=network.bias().cpu().numpy(),
    )
    unit = of_heads(items, heads).transpose(0, 1).reshape(items.shape)
    return NetworkVectors(attention, FactorKernel(attention.values, unit.cpu().numpy()))


@torch.no_grad()
def _portions(
    network: GraphNetwork, inputs: GraphTensors, heads: int
) -> tuple[NDArray[np.float16], NDArray[np.float16]]:
    """float16[I, d] twice: what of each item's unit vector is of texts, and what of facts."""
    n, items = inputs.n_items, network(inputs)
    apart = items.reshape(len(items), heads, -1)
    length = apart.norm(dim=-1, keepdim=True).clamp(min=1e-12)
    written, known = inputs.text @ network.text, network.node * inputs.known
    of_text, of_facts = torch.zeros_like(written), written + known
    of_text[:n], of_facts[:n] = written[:n], 0
    text, facts = (
        (network.propagated(start, inputs).reshape(apart.shape) / length).reshape(items.shape)
        for start in (of_text, of_facts)
    )
    return _halved(text), _halved(facts)


def _halved(portion: Tensor) -> NDArray[np.float16]:
    """In half precision: what rounding takes from one portion is counted with the items' own."""
    largest = float(np.finfo(np.float16).max)
    return portion.clamp(-largest, largest).cpu().numpy().astype(np.float16)
