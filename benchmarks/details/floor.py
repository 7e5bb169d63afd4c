"""How near a training step comes to what this machine could do: operations, bytes, seconds.

A step's floor is the sum of its two large parts: the products of the propagation matrix, bound by
memory or by arithmetic, whichever takes longer, and the products under the softmax, bound by how
fast matrices are multiplied. Both rates are measured on the same machine in the same run.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from benchmarks.published.benchmarks import BENCHMARKS
from benchmarks.published.reading import item_features_of
from tastegraph.core.config import ModelConfig
from tastegraph.evaluation.evaluator import EvaluationData
from tastegraph.models.fit import training_data
from tastegraph.models.graph_network.adjacency import SparseMatrix, propagation_steps
from tastegraph.models.graph_network.component import graph_data, training_task
from tastegraph.models.graph_network.loss import SOFTMAX_BLOCK_ROWS, cross_entropy, softmax_items
from tastegraph.models.graph_network.network import GraphNetwork
from tastegraph.models.graph_network.parameters import NetworkSettings
from tastegraph.models.graph_network.tasks import TrainingTask
from tastegraph.models.graph_network.training import train
from tastegraph.models.graph_network.tuning import default_size

PASSES = 2
REPEATS = 5
COPIED = 1 << 26
"""Numbers that are copied to tell how fast memory is: more than any cache holds."""
PRODUCTS = 3
"""Under the softmax: once forward, and one for the gradient of either side."""


def floor(name: str, data: Path) -> dict[str, Any]:
    """Seconds of one step, and of its parts, beside what they must cost."""
    dataset = BENCHMARKS[name].load(data, 1)
    item_features, config = item_features_of(dataset), ModelConfig(seed=1)
    training = EvaluationData(dataset.events, dataset.parts, item_features).train
    known = training_data(item_features, training, config)
    evidence, task = graph_data(known), training_task(known)
    size = default_size(evidence, task)
    layers, width = size.layers, size.heads * size.dimensions
    settings = NetworkSettings(
        0.1, layers, size.dimensions, size.heads, config.learning_rate, PASSES
    )

    start = time.perf_counter()
    train(evidence, task, settings, seed=1)
    step_seconds = (time.perf_counter() - start) / (PASSES * len(task))

    graph = evidence.graph
    nodes = torch.randn(graph.n_nodes + evidence.user_items.shape[0], width)
    steps = propagation_steps(graph, evidence.user_items, evidence.kind_weights, layers)
    # Each once forward, and once transposed for the gradient.
    products = [
        product
        for step in steps
        if isinstance(step, SparseMatrix)
        for product in (step.matrix, step.transposed)
    ]
    propagation = sum(_seconds(lambda of=of: of @ nodes[: of.shape[1]]) for of in products)  # type: ignore[misc]
    entries = sum(len(of.values()) for of in products)
    # At least: every entry once, every row of numbers once in and once out.
    traffic = 12 * entries + 4 * width * sum(sum(of.shape) for of in products)
    many = torch.randn(COPIED)
    bandwidth = 2 * 4 * COPIED / _seconds(many.clone)

    embeddings, items = _operands(graph.n_items, task, graph.n_nodes, settings)
    rows = torch.arange(embeddings.shape[1])
    own = embeddings[:, :, 0].detach()
    softmax = _seconds(lambda: cross_entropy(embeddings, items, own, rows).backward())  # type: ignore[no-untyped-call]
    block = embeddings[:, :SOFTMAX_BLOCK_ROWS].detach()
    multiplied = PRODUCTS * _seconds(lambda: block @ items.detach().mT)
    multiplied *= embeddings.shape[1] / block.shape[1]
    softmax_flop = PRODUCTS * 2 * embeddings.shape[1] * items.shape[1] * width
    moved = max(traffic / bandwidth, 2 * entries * width * multiplied / softmax_flop)
    return {
        "entries": entries,
        "tastes": embeddings.shape[1],
        "items": items.shape[1],
        "heads": size.heads,
        "dimensions": size.dimensions,
        "layers": layers,
        "propagation": {
            "gigaflop": 2 * entries * width / 1e9,
            "gigabytes": traffic / 1e9,
            "seconds": propagation,
            "floor_seconds": moved,
        },
        "softmax": {
            "gigaflop": softmax_flop / 1e9,
            "seconds": softmax,
            "floor_seconds": multiplied,
        },
        "step_seconds": step_seconds,
        "step_floor_seconds": moved + multiplied,
    }


def _operands(
    n_items: int, task: TrainingTask, n_nodes: int, settings: NetworkSettings
) -> tuple[Tensor, Tensor]:
    """What the largest batch of a pass multiplies, as random numbers of the same shape."""
    network = GraphNetwork(n_nodes, n_items, 1, settings, task.history)
    rows = max(
        len(step.batch(network, network.event.detach()[step.items]).user_embeddings)
        for step in task.epoch(np.random.default_rng(1))
    )
    candidates = softmax_items(n_items, task)
    embeddings, items = (
        torch.randn(settings.heads, n, settings.dimensions) for n in (rows, candidates)
    )
    return embeddings.requires_grad_(), items.requires_grad_()


def _seconds(work: Callable[[], object]) -> float:
    """The least of some repeats."""
    seconds = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return min(seconds)
