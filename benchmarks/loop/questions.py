"""What a replay asks in one slice: likes, of users whose histories end just before them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.arrays import CSR, binary
from tastegraph.core.top_k import top_k
from tastegraph.evaluation.evaluator import ItemScorer
from tastegraph.models.validation import CUTOFF, Objective
from tastegraph.profiles.interactions import History, Interactions

MOST = 10
"""Likes of a user in one slice."""
BLOCK = 2_000

Answers = tuple[NDArray[np.float64], NDArray[np.int32]]
"""NDCG@10 of each question, float64[Q], and the list it was answered with, int32[Q, 10]."""


@dataclass(frozen=True)
class HeldOutLikes:
    """Find each of Q likes, each in its own place in time.

    Attributes:
        users, items: int64[Q], whose like, and on what.
        places: int64[Q], when each happened.
        seen: bool CSR[Q, I], what cannot be listed: what the user knows, what is not there yet.
        objective: find each like among all others.
    """

    users: NDArray[np.int64]
    items: NDArray[np.int64]
    places: NDArray[np.int64]
    seen: CSR
    objective: Objective

    @classmethod
    def of(
        cls,
        events: Interactions,
        when: NDArray[np.int64],
        begin: int,
        end: int,
        absent: NDArray[np.bool_],
        rng: np.random.Generator,
    ) -> HeldOutLikes:
        """Some of each user's likes of a slice, of those who had a like before.

        Args:
            events: all there are.
            when: int64[E], their places in time.
            begin, end: of the slice.
            absent: bool[I], items that are not there yet.
            rng: draws the likes.
        """
        liked = events.weights > 0
        first = np.full(events.n_users, len(events), dtype=np.int64)
        np.minimum.at(first, events.users[liked], when[liked])
        there = np.flatnonzero(liked & (when >= begin) & (when < end))
        there = there[first[events.users[there]] < when[there]]
        there = rng.permutation(there)
        there = there[np.argsort(events.users[there], kind="stable")]
        nth = np.arange(len(there)) - np.searchsorted(events.users[there], events.users[there])
        chosen = there[nth < MOST]
        users, items, places = events.users[chosen], events.items[chosen], when[chosen]
        missing = np.flatnonzero(absent)
        hidden = [
            np.append(events.items[_before(events, when, user, place)], missing)
            for user, place in zip(users.tolist(), places.tolist(), strict=True)
        ]
        shape, every = (len(chosen), events.n_items), np.arange(len(chosen))
        rows = np.repeat(every, [len(items) for items in hidden])
        seen: CSR = binary(rows, np.concatenate(hidden), shape)
        objective = Objective.of(seen, binary(every, items, shape), every)
        return cls(users.astype(np.int64), items.astype(np.int64), places, seen, objective)

    def histories(
        self,
        events: Interactions,
        when: NDArray[np.int64],
        newest: int,
        until: int | None = None,
    ) -> list[History]:
        """What each user did before their like, or before the place ``until`` in time."""
        histories = []
        for user, place in zip(self.users.tolist(), self.places.tolist(), strict=True):
            rows = _before(events, when, user, place if until is None else until)[-newest:]
            histories.append(History(events.items[rows], events.weights[rows]))
        return histories

    def answered(self, ranker: ItemScorer, histories: Sequence[History]) -> Answers:
        """Ask some users at a time."""
        values, lists = [], []
        for start in range(0, len(histories), BLOCK):
            end = start + BLOCK
            scores = ranker.score(histories[start:end])
            values.append(_part(self.objective, start, end).by_user(scores))
            lists.append(top_k(scores, self.seen[start:end], CUTOFF))
        return np.concatenate(values), np.concatenate(lists)


def _before(
    events: Interactions, when: NDArray[np.int64], user: int, place: int
) -> NDArray[np.int64]:
    """int64[n], the user's events before a place in time, oldest first."""
    begin, end = np.searchsorted(events.users, [user, user + 1])
    rows = np.arange(begin, end)
    return rows[when[rows] < place]


def _part(objective: Objective, start: int, end: int) -> Objective:
    """The objective of some of the users."""
    hidden = (objective.seen[0] >= start) & (objective.seen[0] < end)
    rows = (objective.row >= start) & (objective.row < end)
    return Objective(
        users=objective.users[start:end],
        seen=(objective.seen[0][hidden] - start, objective.seen[1][hidden]),
        row=objective.row[rows] - start,
        item=objective.item[rows],
        ideal=objective.ideal[start:end],
    )
