"""Simulation: what learning from one's own lists does over many rounds, where the truth is known.

Each round some items are new, some users have other interests, and everybody gets a list. What is
read of it is liked or skipped: an event. And everybody finds a few items by themselves, the more
probably the more they please. Then whoever learns does.

| row | learns from the lists | explores |
|---|---|---|
| loop | each round, as ``retrain`` does, gate and all; histories at once | a share of the places |
| no exploration | the same | nothing |
| no feedback | nothing: model and histories stay as at the start | nothing |

Regret is what the best list would have earned on expectation, less what this one does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from benchmarks.loop.choosing import chosen
from benchmarks.loop.truth import Truth, read
from tastegraph.core.arrays import Bools
from tastegraph.core.config import Config
from tastegraph.core.progress import say
from tastegraph.evaluation.metrics import gini
from tastegraph.models.fit import assemble
from tastegraph.models.fitted_model import FittedModel
from tastegraph.models.hybrid import HybridModel
from tastegraph.models.item_features import ItemFeatures
from tastegraph.pipeline.retrain import EventHistory, fit_candidate, run_gate
from tastegraph.profiles.interactions import History, Interactions
from tastegraph.serving.lists.exploration import draw_list

ARMS = {"loop": (True, 0.1), "no exploration": (True, 0.0), "no feedback": (False, 0.0)}
"""Whether it learns, and which share of the places explores."""
LIKED, SKIPPED = 1.0, -0.3
"""Weights of the events, those of ``like`` and ``skip``."""


@dataclass(frozen=True)
class World:
    """Sizes of a simulation.

    Attributes:
        users, items: at the start.
        new: items that come each round.
        rounds: how many.
        items_at_start: random items that everybody was shown before the start.
        places: of a list.
        own: items that everybody comes upon by themselves each round.
        drift: share of the users whose interests change each round.
    """

    users: int = 500
    items: int = 400
    new: int = 10
    rounds: int = 30
    items_at_start: int = 60
    places: int = 10
    own: int = 2
    drift: float = 0.03


@dataclass(frozen=True)
class Round:
    """What came of one round.

    Attributes:
        regret: expected likes that each list fell short, mean over users.
        likes: that each list got, mean.
        coverage: share of the items that were in any list of this round.
        gini: of exposure in this round.
        new_items_reached: of all pairs of a user and a new item that stood in their best list so
            far, the share in which a list had it.
    """

    regret: float
    likes: float
    coverage: float
    gini: float
    new_items_reached: float


class _Log:
    """What everybody did so far, oldest first."""

    def __init__(self, users: int, items: int) -> None:
        self.n_items = items
        self.did: list[list[tuple[float, int, float, bool]]] = [[] for _ in range(users)]

    def add(
        self, user: int, items: NDArray[np.int64], likes: Bools, prompted: Bools, now: float
    ) -> None:
        """Of one user, each item with whether it was liked, else skipped."""
        self.did[user] += [
            (now, int(item), LIKED if liked else SKIPPED, bool(by_list))
            for item, liked, by_list in zip(items, likes, prompted, strict=True)
        ]

    def seen(self, user: int) -> list[int]:
        return [item for _, item, _, _ in self.did[user]]

    def histories(self, newest: int) -> list[History]:
        return self.interactions().histories(newest)

    def interactions(self, *, free: bool = False) -> Interactions:
        """All events; with ``free`` those that no list prompted."""
        rows = [
            (u, i, t, w)
            for u, did in enumerate(self.did)
            for t, i, w, prompted in did
            if not (free and prompted)
        ]
        users, items, times, weights = (np.array(column) for column in zip(*rows, strict=True))
        return Interactions(
            [f"{u:05}" for u in range(len(self.did))], self.n_items, users.astype(np.int32),
            items.astype(np.int32), times.astype(np.float64), weights.astype(np.float32),
            np.full(len(rows), -1, np.int8),
        )  # fmt: skip


def simulate(arm: str, world: World, config: Config) -> Iterator[Round]:
    """One row, round by round; ``config.model.seed`` makes truth, readers and draws."""
    learns, explore = ARMS[arm]
    seed, newest = config.model.seed, config.model.history
    total = world.items + world.new * world.rounds
    truth = Truth.of(world.users, total, seed)
    rng = np.random.default_rng([seed, 1])
    item_features, log = truth.item_features(), _Log(world.users, total)
    pleases = truth.pleases()
    for user in range(world.users):
        offered = rng.permutation(world.items)[: world.items_at_start]
        likes = rng.random(len(offered)) < pleases[user, offered]
        log.add(user, offered, likes, np.zeros_like(likes), 0.0)
    known = log.interactions()
    fitted_model = chosen(item_features, known, config.model)
    model = _served(item_features, known, fitted_model, world.items)
    at_start = known.histories(newest)
    belonged, in_lists = np.zeros((2, world.users, total), dtype=np.bool_)
    for number in range(world.rounds):
        truth.drift(world.drift, np.random.default_rng([seed, 2, number]))
        there = world.items + world.new * (number + 1)
        if learns and number:
            now, free = log.interactions(), log.interactions(free=True)
            renewed = _renewed(item_features, known, now, free, fitted_model, config, number)
            if renewed is not None:
                known, fitted_model = now, renewed
                model = _served(item_features, known, fitted_model, there - world.new)
        histories = log.histories(newest) if learns else at_start
        pleases = truth.pleases()
        earned, best, liked = np.zeros((3, world.users))
        exposure = np.zeros(total)
        for user in range(world.users):
            unseen = np.arange(total) < there
            unseen[log.seen(user)] = False
            own = _finds(pleases[user], unseen, world.own, rng)
            likes = rng.random(len(own)) < pleases[user, own]
            log.add(user, own, likes, np.zeros_like(likes), number + 1.0)
            unseen[own] = False
            listed, best_left = _list(model, histories[user], unseen, world.places, explore, rng)
            ideal = np.flatnonzero(unseen)
            ideal = ideal[np.argsort(-pleases[user, ideal], kind="stable")][: world.places]
            earned[user] = read(len(listed)) @ pleases[user, listed]
            best[user] = read(len(ideal)) @ pleases[user, ideal]
            reads = rng.random(len(listed)) < read(len(listed))
            likes = rng.random(len(listed)) < pleases[user, listed]
            log.add(user, listed[reads], likes[reads], best_left[reads], number + 1.5)
            liked[user] = (reads & likes).sum()
            exposure[listed] += 1
            belonged[user, ideal] = True
            in_lists[user, listed] = True
        later = (np.arange(total) >= world.items)[None, :] & belonged
        yield Round(
            regret=float((best - earned).mean()),
            likes=float(liked.mean()),
            coverage=float((exposure[:there] > 0).mean()),
            gini=gini(exposure[:there]),
            new_items_reached=float((later & in_lists).sum() / max(later.sum(), 1)),
        )
        say(f"{arm}, round {number + 1} of {world.rounds}")


def _renewed(
    item_features: ItemFeatures,
    before: Interactions,
    now: Interactions,
    free: Interactions,
    fitted_model: FittedModel,
    config: Config,
    round_: int,
) -> FittedModel | None:
    """The candidate of a retraining, where it passes the gate."""
    outcome = fit_candidate(item_features, before, now, fitted_model, config, round_)
    facts = len(item_features.graph.heads)
    verdict = run_gate(
        assemble(item_features, outcome.events.user_items(), outcome.fitted_model),
        assemble(item_features, before.user_items(), fitted_model),
        EventHistory(before, now, free),
        outcome.gate_users,
        (facts, facts),
        config,
    )
    return outcome.fitted_model if verdict.passed else None


def _served(
    item_features: ItemFeatures, known: Interactions, fitted_model: FittedModel, there: int
) -> HybridModel:
    """As a service has it: items that came after the first ``there`` are newer than the model."""
    model = assemble(item_features, known.user_items(), fitted_model)
    later = np.arange(model.n_items) >= there
    return replace(model, warm=model.warm & ~later, new=model.new | later)


def _list(
    model: HybridModel,
    history: History,
    allowed: NDArray[np.bool_],
    places: int,
    explore: float,
    rng: np.random.Generator,
) -> tuple[NDArray[np.int64], Bools]:
    """Items, and whether each was the best that was left."""
    ranked = model.rank(history)
    scores = np.where(allowed, ranked.scores, -np.inf).astype(np.float32)
    disagreement = ranked.disagreement() if explore > 0 else scores
    slots = draw_list(scores, disagreement, places, explore, rng)
    return np.array(slots.items, dtype=np.int64), np.array(slots.best, dtype=np.bool_)


def _finds(
    pleases: NDArray[np.float64], unseen: Bools, count: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """What somebody comes upon without a list, the more probably the more it would please."""
    there = np.flatnonzero(unseen)
    share = pleases[there] / pleases[there].sum()
    return rng.choice(there, min(count, len(there)), replace=False, p=share)
