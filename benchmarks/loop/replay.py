"""Replay: a set's events once more in the order of time; serve, score, reveal, learn.

The older half of all events is known at the start. The rest comes in slices of as many events. In
each slice everybody who likes something is asked for their likes, ``ASKED`` at most, drawn by the
seed: what was known just before each is the history, and NDCG@10 tells how high the like stood
among all items that were new to the person.

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

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from arrivals import Arrivals
from choosing import chosen
from joblib import Parallel, delayed
from numpy.typing import NDArray

from tastegraph.arrays import CSR, binary
from tastegraph.config import Model as ModelConfig
from tastegraph.evaluation.judge import Ranker
from tastegraph.evaluation.metrics import top_k
from tastegraph.profiles.interactions import History, Interactions
from tastegraph.progress import say
from tastegraph.ranking.baselines import BASELINES
from tastegraph.ranking.fit import assemble, go_on
from tastegraph.ranking.learned import Content
from tastegraph.ranking.objective import Objective

ROWS = ("frozen", "fold_in", "retrain", "scratch", "popularity", "itemknn")
START = 0.5
"""Share of the events that is known at the start."""
ASKED = 10
"""Likes of a person in one slice."""
LISTED = 10
BLOCK = 2_000


@dataclass(frozen=True)
class Question:
    """One like of one person: where it stands among their events, and in time."""

    person: int
    event: int


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
        people: int64[Q], who was asked; the same people several times, and in later slices.
        ages: int64[Q], events that the item of each question had had before; -1 where it had one
            at the start.
        heard: int64[I], events that each new item had had when the slice ended; 0 of all others.
    """

    played: dict[str, Played]
    people: NDArray[np.int64]
    ages: NDArray[np.int64]
    heard: NDArray[np.int64]


@dataclass(frozen=True)
class Asked:
    """What is asked in one slice.

    Attributes:
        questions: Q likes.
        places: int64[Q], when each happened.
        seen: bool CSR[Q, I], what cannot be listed: what the person knows, what is not there yet.
        objective: find each like among all others.
    """

    questions: Sequence[Question]
    places: NDArray[np.int64]
    seen: CSR
    objective: Objective


Answers = tuple[NDArray[np.float64], NDArray[np.int32]]
"""NDCG@10 of each question, float64[Q], and the list it was answered with, int32[Q, 10]."""


def replay(
    content: Content, events: Interactions, slices: int, config: ModelConfig, jobs: int = 1
) -> Iterator[Slice]:
    """Slice by slice, what every row reached.

    Args:
        content: what is known of all items.
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
    start = chosen(content, known, config)
    model = assemble(content, known.likes(), start)
    every_asked = [
        _asked(events, when, begin, end, arrivals.began >= end, rng)
        for begin, end in pairwise(bounds)
    ]
    from_scratch = Parallel(n_jobs=jobs, pre_dispatch="n_jobs", return_as="generator")(
        delayed(_scratch)(content, events, when, begin, asked, config)
        for begin, asked in zip(bounds[1:-1], every_asked[1:], strict=True)
    )
    warm, before = start, known
    for number, (asked, (begin, end)) in enumerate(zip(every_asked, pairwise(bounds), strict=True)):
        told = events.select(when < begin)
        now = _histories(events, when, asked.questions, config.history)
        frozen = _histories(events, when, asked.questions, config.history, bounds[0])
        answers = {
            "frozen": _answered(model, frozen, asked),
            "fold_in": _answered(model, now, asked),
        }
        began = time.process_time()
        if number:
            warm = go_on(content, told, before, warm, config)
        ranker = assemble(content, told.likes(), warm)
        spent, before = {"retrain": time.process_time() - began}, told
        answers["retrain"] = _answered(ranker, now, asked)
        if number:
            answers["scratch"], spent["scratch"] = next(from_scratch)
        else:
            answers["scratch"] = answers["retrain"]
        liked = [History(h.likes, np.ones(len(h.likes), np.float32)) for h in now]
        for name in ("popularity", "itemknn"):
            began = time.process_time()
            baseline = BASELINES[name].fit(told.likes(), *BASELINES[name].grid[0])
            spent[name] = time.process_time() - began
            answers[name] = _answered(baseline, liked, asked)
        rows = {
            row: Played(values, arrivals.fewest(lists, asked.places), spent.get(row, 0.0))
            for row, (values, lists) in answers.items()
        }
        told_of = (f"{row} {p.values.mean():.4f} ({p.seconds:.1f} s)" for row, p in rows.items())
        say(f"slice {number + 1} of {slices}, {len(asked.places)} likes: {', '.join(told_of)}")
        people = np.array([question.person for question in asked.questions], dtype=np.int64)
        items = np.array([events.items[q.event] for q in asked.questions], dtype=np.int64)
        ages = np.where(new[items], arrivals.events_before(items, asked.places), -1)
        every = np.arange(events.n_items)
        heard = np.where(new, arrivals.events_before(every, np.full(len(every), end)), 0)
        yield Slice(rows, people, ages, heard)


def _scratch(
    content: Content,
    events: Interactions,
    when: NDArray[np.int64],
    begin: int,
    asked: Asked,
    config: ModelConfig,
) -> tuple[Answers, float]:
    """What a model answers that is chosen and fitted on what was before ``begin``; seconds."""
    told = events.select(when < begin)
    began = time.process_time()
    ranker = assemble(content, told.likes(), chosen(content, told, config))
    spent = time.process_time() - began
    return _answered(
        ranker, _histories(events, when, asked.questions, config.history), asked
    ), spent


def _questions(
    events: Interactions, when: NDArray[np.int64], begin: int, end: int, rng: np.random.Generator
) -> list[Question]:
    """Likes of this slice, some of each person's, of those who had a like before."""
    liked = events.weights > 0
    first = np.full(events.n_users, len(events), dtype=np.int64)
    np.minimum.at(first, events.users[liked], when[liked])
    there = np.flatnonzero(liked & (when >= begin) & (when < end))
    there = there[first[events.users[there]] < when[there]]
    there = rng.permutation(there)
    there = there[np.argsort(events.users[there], kind="stable")]
    people = events.users[there]
    nth = np.arange(len(there)) - np.searchsorted(people, people)
    return [Question(int(events.users[event]), int(event)) for event in there[nth < ASKED]]


def _histories(
    events: Interactions,
    when: NDArray[np.int64],
    questions: Sequence[Question],
    newest: int,
    until: int | None = None,
) -> list[History]:
    """What each person did before their question, or before ``until`` where that is earlier."""
    found = []
    for question in questions:
        limit = int(when[question.event]) if until is None else until
        rows = _before(events, when, question, limit)[-newest:]
        found.append(History(events.items[rows], events.weights[rows]))
    return found


def _before(
    events: Interactions, when: NDArray[np.int64], question: Question, limit: int
) -> NDArray[np.int64]:
    """int64[n], the person's events, oldest first, before the one that is ``limit``-th of all."""
    begin, end = np.searchsorted(events.users, [question.person, question.person + 1])
    rows = np.arange(begin, end)
    return rows[when[rows] < limit]


def _asked(
    events: Interactions,
    when: NDArray[np.int64],
    begin: int,
    end: int,
    absent: NDArray[np.bool_],
    rng: np.random.Generator,
) -> Asked:
    """Find each like of the slice among all items but those of earlier events and ``absent``."""
    questions = _questions(events, when, begin, end, rng)
    liked = np.array([q.event for q in questions], dtype=np.int64)
    shape, every = (len(questions), events.n_items), np.arange(len(questions))
    missing = np.flatnonzero(absent)
    hidden = [
        np.append(events.items[_before(events, when, question, int(when[question.event]))], missing)
        for question in questions
    ]
    rows = np.repeat(every, [len(items) for items in hidden])
    seen: CSR = binary(rows, np.concatenate(hidden), shape)
    wanted: CSR = binary(every, events.items[liked], shape)
    return Asked(questions, when[liked], seen, Objective.of(seen, wanted, every))


def _answered(ranker: Ranker, histories: Sequence[History], asked: Asked) -> Answers:
    """Ask some people at a time."""
    values, lists = [], []
    for start in range(0, len(histories), BLOCK):
        end = start + BLOCK
        scores = ranker.scores(histories[start:end])
        values.append(_part(asked.objective, start, end).by_person(scores))
        lists.append(top_k(scores, asked.seen[start:end], LISTED))
    return np.concatenate(values), np.concatenate(lists)


def _part(objective: Objective, start: int, end: int) -> Objective:
    """The objective of some of the people."""
    hidden = (objective.seen[0] >= start) & (objective.seen[0] < end)
    asked = (objective.row >= start) & (objective.row < end)
    return Objective(
        people=objective.people[start:end],
        seen=(objective.seen[0][hidden] - start, objective.seen[1][hidden]),
        row=objective.row[asked] - start,
        item=objective.item[asked],
        ideal=objective.ideal[start:end],
    )
