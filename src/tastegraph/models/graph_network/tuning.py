"""How the graph network is made and trained, decided on validation data."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from tastegraph.core.config import Model as ModelConfig
from tastegraph.core.progress import say
from tastegraph.models.base import SimilarityComponent
from tastegraph.models.graph_network.parameters import NetworkSettings, TrainedNetwork
from tastegraph.models.graph_network.tasks import ALL_ITEMS, TrainingTask
from tastegraph.models.graph_network.training import GraphData, NetworkVectors, train
from tastegraph.models.validation import Validation


@dataclass(frozen=True)
class NetworkSize:
    """How large a network is by default: networks beside one another, steps and width of each."""

    heads: int
    layers: int
    dimensions: int


TEMPERATURES, SHARP = (0.1, 0.2), (0.1,)
"""All are tried where the configuration has none. The sharp ones alone where the next item is asked
for, of which no other told more on validation data, and where the softmax has too many items for
one cosine to outweigh the others: exp(1 / .2) is 148."""
ORDERED = NetworkSize(heads=2, layers=1, dimensions=64)
"""What comes next is told by neighbours alone: further ones blur it on all three sets tried."""
SETS = {
    50_000: NetworkSize(heads=4, layers=2, dimensions=64),
    250_000: NetworkSize(heads=1, layers=2, dimensions=256),
}
"""Up to so many nodes, people among them. Among few, networks agree on what is no chance of one;
what many need is room to tell them apart."""
HUGE = NetworkSize(heads=1, layers=2, dimensions=64)
"""Beyond, where every number of a node counts."""

Tried = tuple[float, TrainedNetwork]


def best_network(
    evidence: GraphData, task: TrainingTask, validation: Validation, config: ModelConfig
) -> TrainedNetwork:
    """The network that alone orders best what people went on to like.

    One for each temperature; and, where ``config.budget`` gives time for more, what a search makes
    of it. Without a budget the same seed makes the same network. One that lags behind the best
    before it is given up (a race, Maron & Moore 1994).
    """
    best: list[float] = []

    def tried(settings: NetworkSettings) -> Tried:
        reached: list[float] = []

        def quality(vectors: NetworkVectors) -> float:
            reached.append(validation(SimilarityComponent(vectors.attention, vectors.kernel)))
            return reached[-1]

        network = train(evidence, task, settings, config.seed, quality, best)
        say(f"network: {network.settings}, NDCG@10 {network.valid:.4f}")
        if network.valid > max(best, default=-math.inf):
            best[:] = reached
        return network.valid, network

    many = evidence.graph.n_items > ALL_ITEMS
    temperatures = SHARP if task.ordered or many else TEMPERATURES
    if config.temperature is not None:
        temperatures = (config.temperature,)
    size = size_of(evidence, task)
    start = NetworkSettings(
        temperatures[0],
        size.layers if config.layers is None else config.layers,
        size.dimensions if config.dimensions is None else config.dimensions,
        size.heads if config.heads is None else config.heads,
        config.learning_rate,
        config.epochs,
    )
    found = [tried(replace(start, temperature=temperature)) for temperature in temperatures]
    if config.budget:
        found += _searched(start, tried, config)
    return max(found, key=lambda pair: pair[0])[1]


def size_of(evidence: GraphData, task: TrainingTask) -> NetworkSize:
    """What a network has where the configuration says nothing: by order, then by nodes."""
    if task.ordered:
        return ORDERED
    people, nodes = evidence.likes.shape[0], evidence.graph.n_nodes
    return next((size for most, size in SETS.items() if people + nodes <= most), HUGE)


def _searched(
    start: NetworkSettings, tried: Callable[[NetworkSettings], Tried], config: ModelConfig
) -> Iterator[Tried]:
    """What a tree of Parzen estimators draws in the time there is (Bergstra et al. 2011)."""
    import optuna

    found: list[Tried] = []

    def objective(trial: optuna.Trial) -> float:
        settings = replace(
            start,
            temperature=trial.suggest_float("temperature", 0.05, 0.4, log=True),
            layers=trial.suggest_int("layers", 0, 3),
            dimensions=trial.suggest_categorical("dimensions", (32, 64, 128, 256)),
            learning_rate=trial.suggest_float("learning_rate", 0.003, 0.03, log=True),
        )
        found.append(tried(settings))
        return found[-1][0]

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        direction="maximize", sampler=optuna.samplers.TPESampler(seed=config.seed)
    )
    study.optimize(objective, timeout=config.budget)
    yield from found
