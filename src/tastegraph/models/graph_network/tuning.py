"""Size, temperature, shrinkage and convolution of the graph network, chosen on validation data."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.config import Convolution, ModelConfig
from tastegraph.core.progress import say
from tastegraph.models.base import SimilarityComponent
from tastegraph.models.graph_network.component import network_arrays, trained_network
from tastegraph.models.graph_network.loss import MAX_FULL_SOFTMAX_ITEMS
from tastegraph.models.graph_network.parameters import NetworkSettings, TrainedNetwork
from tastegraph.models.graph_network.tasks import TrainingTask
from tastegraph.models.graph_network.training import GraphData, NetworkVectors, train
from tastegraph.models.trials import NETWORK_SHARE, current_trials
from tastegraph.models.validation import Validation


@dataclass(frozen=True)
class NetworkSize:
    """How large a network is by default: networks beside one another, steps, width of each."""

    heads: int
    layers: int
    dimensions: int


TEMPERATURES, SHARP_TEMPERATURES = (0.1, 0.2), (0.1,)
"""What is tried where the configuration has none. The sharp one alone where the next item is
predicted, for which no other was better on validation data, and where the softmax has too many
items for one cosine to outweigh the others: exp(1 / .2) is 148."""
SEQUENCE_SIZE = NetworkSize(heads=2, layers=1, dimensions=64)
"""For the next item: further neighbours blur it on all three data sets tried."""
SET_SIZES = {
    50_000: NetworkSize(heads=4, layers=2, dimensions=64),
    250_000: NetworkSize(heads=1, layers=2, dimensions=256),
}
"""Up to so many nodes and users. With few, several networks agree on what is no chance of one; many
need width to be told apart."""
LARGEST_SIZE = NetworkSize(heads=1, layers=2, dimensions=64)
"""For more, where memory limits the width."""


@dataclass(frozen=True)
class Shrinkage:
    """How little items have of their own, and how much facts weigh, as in NetworkSettings."""

    shrinkage: float
    knowledge_weight: float


SHRINKAGES = (Shrinkage(1.0, 2.0), Shrinkage(0.1, 1.0), Shrinkage(0.0, 0.5))
"""The strongest first: the more an item's own vector is shrunk, the more of what is learned texts
and facts must carry. The strongest within a standard error of the best is taken."""
BY_USER = "by_user"
"""Name of the array of a recorded trial that holds NDCG@10 by user."""


class Candidate(NamedTuple):
    """A trained network with its NDCG@10 on validation data: the mean, and float64[U] by user."""

    ndcg: float
    network: TrainedNetwork
    by_user: NDArray[np.float64] | None


def best_network(
    data: GraphData, task: TrainingTask, validation: Validation, config: ModelConfig
) -> TrainedNetwork:
    """A network that alone has the best NDCG@10 on validation data, or nearly so.

    One is trained for each temperature. For ``shrinkage = "auto"``, where there are facts or texts,
    these are shrunk most, and one for each weaker shrinkage follows as long as each is better than
    the one before: the strongest is taken that no other is better than by a standard error. For
    ``convolution = "auto"`` one follows for each other convolution; where ``config.budget``, or the
    budget of all choosing, leaves time, a search follows. Without a budget the same seed gives the
    same network. One that is behind the best before it gives up (a race, Maron & Moore 1994),
    unless it is shrunk less: such a network learns later, and from fewer texts and facts.
    """
    race_curve: list[float] = []
    began = time.monotonic()

    trials = current_trials()

    def expired() -> bool:
        return trials.seconds_left(NETWORK_SHARE) <= 0

    def candidate(settings: NetworkSettings, races: bool = True) -> Candidate:
        curve: list[float] = []
        name = f"network {settings!r}"
        trial = trials.recorded(name)
        if trial is not None:
            known = trained_network(
                trial.arrays, NetworkSettings(**trial.values["settings"]), data.graph.item_ids
            )
            if trial.values["ndcg"] > max(race_curve, default=-math.inf):
                race_curve[:] = trial.values["curve"]
            known = replace(known, valid=trial.values["ndcg"])
            return Candidate(known.valid, known, trial.arrays.get(BY_USER))

        best_by_user: list[NDArray[np.float64]] = []

        def quality(vectors: NetworkVectors) -> float:
            component = SimilarityComponent(vectors.attention, vectors.kernel)
            by_user = validation.objective.by_user(component.score(validation.histories))
            reached = float(by_user.mean())
            if reached > max(curve, default=-math.inf):
                best_by_user[:] = [by_user]
            curve.append(reached)
            return reached

        before = race_curve if races else ()
        network = train(data, task, settings, config.seed, quality, before, expired=expired)
        say(f"network: {network.settings}, NDCG@10 {network.valid:.4f}")
        values = {"settings": asdict(network.settings), "ndcg": network.valid, "curve": curve}
        by_user = best_by_user[0] if best_by_user else None
        by_name = {} if by_user is None else {BY_USER: by_user}
        trials.record(name, values, network_arrays(network) | by_name)
        if network.valid > max(race_curve, default=-math.inf):
            race_curve[:] = curve
        return Candidate(network.valid, network, by_user)

    def seconds_left() -> float:
        configured = config.budget - (time.monotonic() - began) if config.budget else 0.0
        return max(configured, trials.seconds_left(NETWORK_SHARE) if trials.limited else 0.0)

    many = data.graph.n_items > MAX_FULL_SOFTMAX_ITEMS
    temperatures = SHARP_TEMPERATURES if task.ordered or many else TEMPERATURES
    if config.temperature is not None:
        temperatures = (config.temperature,)
    size = default_size(data, task)
    start = NetworkSettings(
        temperatures[0],
        size.layers if config.layers is None else config.layers,
        size.dimensions if config.dimensions is None else config.dimensions,
        size.heads if config.heads is None else config.heads,
        config.learning_rate,
        config.epochs,
        "linear" if config.convolution == "auto" else config.convolution,
    )
    has_knowledge = bool(len(data.graph.heads) or data.text.any())
    shrinks = config.shrinkage == "auto" and start.is_linear and has_knowledge
    shrinkages = SHRINKAGES if shrinks else SHRINKAGES[-1:]
    start = replace(start, **asdict(shrinkages[0]))
    candidates = [candidate(replace(start, temperature=each)) for each in temperatures]
    start = replace(start, temperature=_best(candidates).network.settings.temperature)
    by_shrinkage = [_best(candidates)]
    for weaker in shrinkages[1:]:
        by_shrinkage.append(candidate(replace(start, **asdict(weaker)), races=False))
        if by_shrinkage[-1].ndcg <= by_shrinkage[-2].ndcg:
            break
    candidates = [_strongest_of_the_best(by_shrinkage)]
    settings = candidates[0].network.settings
    start = replace(start, shrinkage=settings.shrinkage, knowledge_weight=settings.knowledge_weight)
    if config.convolution == "auto":
        for convolution in get_args(Convolution):
            unlimited = not config.budget and not trials.limited
            if convolution != start.convolution and (unlimited or seconds_left() > 0):
                candidates.append(candidate(replace(start, convolution=convolution)))
        start = replace(start, convolution=_best(candidates).network.settings.convolution)
    if seconds_left() > 0:
        candidates += _searched(start, candidate, config, seconds_left())
    return _best(candidates).network


def default_size(data: GraphData, task: TrainingTask) -> NetworkSize:
    """The size where the configuration has none: by order, then by nodes and users."""
    if task.ordered:
        return SEQUENCE_SIZE
    n_users, n_nodes = data.user_items.shape[0], data.graph.n_nodes
    sizes = (size for most, size in SET_SIZES.items() if n_users + n_nodes <= most)
    return next(sizes, LARGEST_SIZE)


def _best(candidates: list[Candidate]) -> Candidate:
    return max(candidates, key=lambda each: each.ndcg)


def _strongest_of_the_best(candidates: list[Candidate]) -> Candidate:
    """The first, strongest one that the best is not clearly better than."""
    best = _best(candidates)
    return next(each for each in candidates if not is_clearly_better(best, each))


def is_clearly_better(one: Candidate, other: Candidate) -> bool:
    """Whether ``one`` is better by more than a standard error of the differences by user."""
    if one.by_user is None or other.by_user is None or len(one.by_user) < 2:
        return one.ndcg > other.ndcg
    difference = one.by_user - other.by_user
    error = difference.std(ddof=1) / math.sqrt(len(difference))
    return bool(difference.mean() > error)


def _searched(
    start: NetworkSettings,
    candidate: Callable[[NetworkSettings], Candidate],
    config: ModelConfig,
    seconds: float,
) -> Iterator[Candidate]:
    """Networks that a tree of Parzen estimators proposes in some time (Bergstra et al. 2011)."""
    import optuna

    candidates: list[Candidate] = []

    def objective(trial: optuna.Trial) -> float:
        settings = replace(
            start,
            temperature=trial.suggest_float("temperature", 0.05, 0.4, log=True),
            layers=trial.suggest_int("layers", 0, 3),
            dimensions=trial.suggest_categorical("dimensions", (32, 64, 128, 256)),
            learning_rate=trial.suggest_float("learning_rate", 0.003, 0.03, log=True),
        )
        candidates.append(candidate(settings))
        return candidates[-1].ndcg

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        direction="maximize", sampler=optuna.samplers.TPESampler(seed=config.seed)
    )
    study.optimize(objective, timeout=seconds)
    yield from candidates
