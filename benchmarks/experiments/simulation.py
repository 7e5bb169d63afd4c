"""Users of two variants over some weeks, whose true rates of response are known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tastegraph.evaluation.experiments import MIN_USERS
from tastegraph.evaluation.off_policy import INTERVAL_Z
from tastegraph.evaluation.sequential import Interval, ResponseSums, difference_bounds

Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class World:
    """Users who come, and come again, and respond to the lists of one of two variants.

    Attributes:
        rate: share of the lists of the control that get a response.
        gain: by how much the rate of the other variant is higher.
        users: new users of each variant a day.
        returning: chance that a user who came before comes again on a day, for one list.
        likeness: of the lists of one user: users' own rates are beta distributed, with this
            correlation of two lists.
        days: looks, one at the end of each day.
    """

    rate: float
    gain: float
    users: int
    returning: float
    likeness: float
    days: int = 28


@dataclass(frozen=True)
class Outcomes:
    """What was told of each run.

    Attributes:
        winner: int[R], 1 where the other variant was called better first, -1 worse, 0 neither.
        day: int[R], the day of the verdict; the last one where there was none.
        lists: float64[R], lists of both variants by then.
    """

    winner: NDArray[np.int64]
    day: NDArray[np.int64]
    lists: NDArray[np.float64]


def looks(world: World, gain: float, runs: int, seed: int) -> Iterator[list[ResponseSums]]:
    """At the end of each day the sums of both variants, the control first, float64[R] each."""
    rng = np.random.default_rng(seed)
    n_users = world.users * world.days
    scale = 1 / world.likeness - 1
    variants = []
    for rate in (world.rate, world.rate + gain):
        chances = rng.beta(rate * scale, (1 - rate) * scale, (runs, n_users))
        variants.append((chances, np.zeros((runs, n_users)), np.zeros((runs, n_users))))
    for day in range(world.days):
        old, new = world.users * day, world.users * (day + 1)
        for chances, lists, responses in variants:
            visits = np.ones((runs, new))
            visits[:, :old] = rng.random((runs, old)) < world.returning
            lists[:, :new] += visits
            responses[:, :new] += visits * (rng.random((runs, new)) < chances[:, :new])
        yield [ResponseSums.of_users(lists, responses) for _, lists, responses in variants]


def by_sequence(control: ResponseSums, other: ResponseSums) -> tuple[Bools, Bools]:
    """Whether the other variant is told to be better, and to be worse, as the product does."""
    return _sides(difference_bounds(other, control), control, other)


def by_one_look(control: ResponseSums, other: ResponseSums) -> tuple[Bools, Bools]:
    """The same by the usual 95 % interval of lists that are all independent."""
    difference = other.rate - control.rate
    error = np.sqrt(sum(sums.rate * (1 - sums.rate) / sums.lists for sums in (control, other)))
    low, high = difference - INTERVAL_Z * error, difference + INTERVAL_Z * error
    return _sides(Interval(difference, low, high), control, other)


def _sides(difference: Interval, control: ResponseSums, other: ResponseSums) -> tuple[Bools, Bools]:
    enough = np.minimum(control.users, other.users) >= MIN_USERS
    return (difference.low > 0) & enough, (difference.high < 0) & enough


RULES = {"sequence": by_sequence, "one look": by_one_look}


def outcomes(world: World, gain: float, runs: int, seed: int) -> dict[str, Outcomes]:
    """Rule → what it told first, where somebody looks every day and ends at a verdict."""
    winner = {rule: np.zeros(runs, dtype=np.int64) for rule in RULES}
    days = {rule: np.full(runs, world.days) for rule in RULES}
    lists = {rule: np.zeros(runs) for rule in RULES}
    for day, (control, other) in enumerate(looks(world, gain, runs, seed), start=1):
        for rule, sides_of in RULES.items():
            better, worse = sides_of(control, other)
            is_open = winner[rule] == 0
            lists[rule][is_open] = (control.lists + other.lists)[is_open]
            ends = is_open & (better | worse)
            winner[rule][ends] = np.where(better, 1, -1)[ends]
            days[rule][ends] = day
    return {rule: Outcomes(winner[rule], days[rule], lists[rule]) for rule in RULES}
