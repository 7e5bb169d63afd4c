"""How near a training step comes to what this machine could do: operations, bytes, seconds.

    python benchmarks/floor.py SET --data DATA [--dimensions 64] [--layers 2]

A step's floor is the sum of its two large parts: the products of the propagation matrix, bound by
how fast rows can be gathered, and the products under the softmax, bound by how fast matrices are
multiplied. Both rates are measured on the same machine in the same run, on blocks as wide.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from tastegraph.benchmark.benchmarks import BENCHMARKS
from tastegraph.benchmark.reading import content_of
from tastegraph.config import Model as ModelConfig
from tastegraph.evaluation.judge import Data
from tastegraph.evaluation.machine import machine
from tastegraph.ranking.fit import gather, task_of
from tastegraph.ranking.learned import NetworkSettings
from tastegraph.ranking.network import GraphNetwork, as_tensor, propagation_matrix
from tastegraph.ranking.softmax import BLOCK, log_sum_exp
from tastegraph.ranking.tasks import Task, under_softmax
from tastegraph.ranking.training import train

PASSES = 2
REPEATS = 5
ROWS = 1 << 15
"""Gathered at once, so that they stay in a cache as the sums of a product do."""
PRODUCTS = 4
"""Under the softmax: once forward, once more for the gradient, and one for either side."""


def main() -> None:
    """Print one JSON object."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("name", choices=list(BENCHMARKS))
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--dimensions", type=int, default=64)
    parser.add_argument("--layers", type=int, default=2)
    told = parser.parse_args()
    print(json.dumps(measured(told.name, told.data, told.dimensions, told.layers), indent=1))


def measured(name: str, data: Path, dimensions: int, layers: int) -> dict[str, object]:
    """Seconds of one step, and of its parts, beside what they must cost."""
    found = BENCHMARKS[name].load(data, 1)
    content, config = content_of(found), ModelConfig(seed=1)
    training = Data(found.events, found.parts, content).training
    evidence, task = gather(content, training, config), task_of(content, training, config)
    settings = NetworkSettings(0.2, layers, dimensions, 1, config.learning_rate, PASSES)

    start = time.perf_counter()
    train(evidence, task, settings, seed=1)
    step = (time.perf_counter() - start) / (PASSES * len(task))

    matrix = propagation_matrix(evidence.graph, evidence.likes, evidence.kind_weights)
    adjacency = as_tensor(matrix)
    nodes = torch.randn(matrix.shape[0], dimensions)
    propagation = 2 * layers * _seconds(lambda: adjacency @ nodes)
    some = torch.from_numpy(matrix.indices[:ROWS].astype(np.int64))
    gathered = 2 * layers * _seconds(lambda: nodes[some]) * matrix.nnz / len(some)

    tastes, items = _operands(evidence.graph.n_items, task, evidence.graph.n_nodes, settings)
    softmax = _seconds(lambda: log_sum_exp(tastes, items).sum().backward())  # type: ignore[no-untyped-call]
    block = tastes[:, :BLOCK].detach()
    multiplied = PRODUCTS * _seconds(lambda: block @ items.detach().mT)
    multiplied *= tastes.shape[1] / block.shape[1]
    return {
        "set": name,
        "machine": machine() | {"threads": torch.get_num_threads()},
        "entries": int(matrix.nnz),
        "tastes": tastes.shape[1],
        "items": items.shape[1],
        "dimensions": dimensions,
        "layers": layers,
        "propagation": {
            "gigaflop": 2 * layers * 2 * matrix.nnz * dimensions / 1e9,
            "gigabytes": 2 * layers * matrix.nnz * (4 * dimensions + 12) / 1e9,
            "seconds": propagation,
            "floor_seconds": gathered,
        },
        "softmax": {
            "gigaflop": PRODUCTS * 2 * tastes.shape[1] * items.shape[1] * dimensions / 1e9,
            "seconds": softmax,
            "floor_seconds": multiplied,
        },
        "step_seconds": step,
        "step_floor_seconds": gathered + multiplied,
    }


def _operands(
    n_items: int, task: Task, n_nodes: int, settings: NetworkSettings
) -> tuple[Tensor, Tensor]:
    """What the largest batch of a pass multiplies, as random numbers of the same shape."""
    network = GraphNetwork(n_nodes, n_items, 1, settings.dimensions, task.history)
    rows = max(
        len(ask(network, network.event.detach()).tastes)
        for ask in task.epoch(np.random.default_rng(1))
    )
    among = under_softmax(n_items, task)
    tastes, items = (torch.randn(1, n, settings.dimensions) for n in (rows, among))
    return tastes.requires_grad_(), items.requires_grad_()


def _seconds(work: Callable[[], object]) -> float:
    """The least of some repeats."""
    found = []
    for _ in range(REPEATS):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return min(found)


if __name__ == "__main__":
    main()
