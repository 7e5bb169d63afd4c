"""Replay: a set's events once more in the order of time; serve, score, reveal, learn.

The older half of all events is known at the start. The rest comes in slices of as many events. In
each slice everybody who likes something is asked for their likes, ten at most, drawn by the
seed: what was known just before each is the history, and NDCG@10 tells how high the like stood
among all items that were new to the user.

| row | history | model |
|---|---|---|
| frozen | of the start | of the start |
| fold_in | up to the event | of the start |
| retrain | up to the event | goes on from the last one at the start of each slice |
| scratch | up to the event | chosen and fitted anew at the start of each slice, as at the start |
| popularity, itemknn | up to the event | refitted at the start of each slice |

An item that nobody had an event on at the start is **new**: it arrives with the slice in which its
first event lies, and is in no list before. Its **age** is how many events it had had by then. What
is stated of it and its text are known, as they are of an item that a shop adds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from benchmarks.loop.arrivals import Arrivals
from benchmarks.loop.choosing import chosen
from benchmarks.loop.questions import Answers, HeldOutLikes
from tastegraph.core.config import ModelConfig
from tastegraph.core.progress import say
from tastegraph.evaluation.measurement import Stopwatch
from tastegraph.models.baselines import BASELINES
from tastegraph.models.fit import assemble, partial_fit
from tastegraph.models.item_features import ItemFeatures
from tastegraph.profiles.interactions import History, Interactions

ROWS = ("frozen", "fold_in", "retrain", "scratch", "popularity", "itemknn")
START = 0.5
"""Share of the events that is known at the start."""


@dataclass(frozen=True)
class Played:
    """One row in one slice.

    Attributes:
        values: float64[Q], NDCG@10 of each question.
        fewest: int64[I], the fewest events with which an item stood in one of the lists; ``NEVER``
            where it stood in none.
        seconds: of processor time until its model could be asked; 0 where it stayed.
    """

    values: NDArray[np.float64]
    fewest: NDArray[np.int64]
    seconds: float


@dataclass(frozen=True)
class Slice:
    """One slice.

    Attributes:
        played: row → what it reached.
        users: int64[Q], who was asked; the same users several times, and in later slices.
        ages: int64[Q], events that the item of each question had had before; -1 where it had one
            at the start.
        event_counts: int64[I], events of each new item when the slice ended; 0 of all others.
    """

    played: dict[str, Played]
    users: NDArray[np.int64]
    ages: NDArray[np.int64]
    event_counts: NDArray[np.int64]


def replay(
    item_features: ItemFeatures,
    events: Interactions,
    slices: int,
    config: ModelConfig,
    jobs: int = 1,
) -> Iterator[Slice]:
    """Slice by slice, what every row reached.

    Args:
        item_features: what is known of all items.
        events: with times.
        slices: how many.
        config: seed and sizes.
        jobs: so many processes learn from scratch, each of them for another slice.
    """
    order = np.argsort(events.times, kind="stable")
    bounds = np.linspace(START * len(order), len(order), slices + 1).astype(int).tolist()
    when = np.empty(len(order), dtype=np.int64)
    when[order] = np.arange(len(order))
    rng = np.random.default_rng(config.seed)
    arrivals = Arrivals.of(events, when)
    new = arrivals.began >= bounds[0]
    known = events.select(when < bounds[0])
    start = chosen(item_features, known, config)
    model = assemble(item_features, known.user_items(), start)
    every = [
        HeldOutLikes.of(events, when, begin, end, arrivals.began >= end, rng)
        for begin, end in pairwise(bounds)
    ]
    from_scratch = Parallel(n_jobs=jobs, pre_dispatch="n_jobs", return_as="generator")(
        delayed(_scratch)(item_features, events, when, begin, targets, config)
        for begin, targets in zip(bounds[1:-1], every[1:], strict=True)
    )
    warm, before = start, known
    for number, (targets, (begin, end)) in enumerate(zip(every, pairwise(bounds), strict=True)):
        past = events.select(when < begin)
        now = targets.histories(events, when, config.history)
        frozen = targets.histories(events, when, config.history, bounds[0])
        answers = {
            "frozen": targets.answered(model, frozen),
            "fold_in": targets.answered(model, now),
        }
        with Stopwatch() as clock:
            if number:
                warm = partial_fit(item_features, past, before, warm, config)
            ranker = assemble(item_features, past.user_items(), warm)
        spent, before = {"retrain": clock.processor_seconds}, past
        answers["retrain"] = targets.answered(ranker, now)
        if number:
            answers["scratch"], spent["scratch"] = next(from_scratch)
        else:
            answers["scratch"] = answers["retrain"]
        liked = [History(h.likes, np.ones(len(h.likes), np.float32)) for h in now]
        for name in ("popularity", "itemknn"):
            with Stopwatch() as clock:
                baseline = BASELINES[name].fit(past.user_items(), *BASELINES[name].grid[0])
            answers[name], spent[name] = targets.answered(baseline, liked), clock.processor_seconds
        rows = {
            row: Played(values, arrivals.fewest(lists, targets.places), spent.get(row, 0.0))
            for row, (values, lists) in answers.items()
        }
        summary = (f"{row} {p.values.mean():.4f} ({p.seconds:.1f} s)" for row, p in rows.items())
        say(f"slice {number + 1} of {slices}, {len(targets.places)} likes: {', '.join(summary)}")
        ages = arrivals.events_before(targets.items, targets.places)
        event_counts = arrivals.events_before(
            np.arange(events.n_items), np.full(events.n_items, end)
        )
        yield Slice(
            rows,
            targets.users,
            np.where(new[targets.items], ages, -1),
            np.where(new, event_counts, 0),
        )


def _scratch(
    item_features: ItemFeatures,
    events: Interactions,
    when: NDArray[np.int64],
    begin: int,
    targets: HeldOutLikes,
    config: ModelConfig,
) -> tuple[Answers, float]:
    """What a model answers that is chosen and fitted on what was before ``begin``; seconds."""
    past = events.select(when < begin)
    with Stopwatch() as clock:
        ranker = assemble(item_features, past.user_items(), chosen(item_features, past, config))
    now = targets.histories(events, when, config.history)
    return targets.answered(ranker, now), clock.processor_seconds
