"""The gate: a candidate is served only where it is no worse than what is in service.

Both rank the same items for the same people: **newest**, what neither has seen, and **earlier**,
what both were told; a candidate that learned from what is wrong forgets it. **Coverage**, **facts**
and **seconds** are compared as well, and every score must be a number. What was learned from has to
**resemble** what was known: clicks that a machine makes up may cost a list little, and yet are no
taste. And **popularity** is the floor, which no row of small losses gets below.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np
from scipy import stats

from tastegraph.core.arrays import Bools
from tastegraph.core.config import LoopConfig
from tastegraph.core.top_k import top_k
from tastegraph.evaluation.metrics import coverage
from tastegraph.models.hybrid import Ranked
from tastegraph.models.kernels import Scores
from tastegraph.models.objective import CUTOFF, Objective
from tastegraph.pipeline.asked import Asked
from tastegraph.profiles.interactions import History

CONFIDENT = 0.95
"""One-sided: what could be chance with more than the rest is taken for chance."""
TIMED = 50


class Scorer(Protocol):
    """Anything that scores items."""

    def score(self, histories: Sequence[History]) -> Scores:
        """float32[U, I]."""
        ...


class Judged(Scorer, Protocol):
    """Anything that ranks the items that are asked for."""

    @property
    def n_items(self) -> int:
        """I."""
        ...

    def rank(self, history: History) -> Ranked:
        """All that a list takes."""
        ...


@dataclass(frozen=True)
class Check:
    """One comparison.

    Attributes:
        name: what is compared.
        candidate, incumbent: the figures of both.
        bound: what the candidate must reach; of seconds, what it may not pass.
        people: how many were asked.
        passed: whether it did.
    """

    name: str
    candidate: float
    incumbent: float
    bound: float
    people: int
    passed: bool


@dataclass(frozen=True)
class Verdict:
    """All comparisons of one candidate."""

    checks: tuple[Check, ...]

    @property
    def passed(self) -> bool:
        """Whether it may be served."""
        return all(check.passed for check in self.checks)

    def beside(self, *checks: Check) -> Verdict:
        """The same with more comparisons."""
        return Verdict((*self.checks, *checks))

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {"passed": self.passed, "checks": [asdict(check) for check in self.checks]}

    def in_words(self) -> str:
        """A line for each comparison."""
        return "\n".join(
            f"{'passed' if c.passed else 'FAILED'}  {c.name}: {c.candidate:.4g}, in service "
            f"{c.incumbent:.4g}, bound {c.bound:.4g}" + (f", {c.people} people" * bool(c.people))
            for c in self.checks
        )


def judge(
    candidate: Judged,
    incumbent: Judged,
    facts: tuple[int, int],
    asked: dict[str, Asked],
    loop: LoopConfig,
) -> Verdict:
    """Compare two models over the same items.

    Args:
        candidate, incumbent: both know all items there are now.
        facts: edges of the candidate's graph, and of the one in service.
        asked: name → whom to ask.
        loop: what may be lost.
    """
    checks = [_finite(candidate, asked)]
    if checks[0].passed:
        asking = sum(len(people.histories) for people in asked.values())
        enough = asking >= loop.people
        checks.append(Check("people to ask", asking, asking, loop.people, asking, enough))
        for name, people in asked.items():
            checks += _quality(candidate, incumbent, name, people, loop)
        checks.append(_seconds(candidate, incumbent, asked, loop))
    told, there = facts
    least = loop.facts * there
    checks.append(Check("facts", told, there, least, 0, told >= least))
    return Verdict(tuple(checks))


def floor(candidate: Judged, popularity: Scorer, asked: dict[str, Asked]) -> tuple[Check, ...]:
    """Whether ``candidate`` is no worse than a list that is the same for everybody.

    A loss that is tolerated each time adds up; below this it never falls.
    """
    return tuple(
        _no_worse(f"NDCG@10 beside popularity, {name}", candidate, popularity, people, 0.0)[0]
        for name, people in asked.items()
        if people.histories
    )


def resemblance(
    incumbent: Judged, since: Asked, earlier: Asked, known: Bools, loop: LoopConfig
) -> Check:
    """Whether the model in service tells what people liked since from what they did not.

    By AUC, 1/2 where clicks are random; what it reaches on likes that it was told of is the
    measure. Fails where what is new is less of it than ``loop.resemblance``, and not by chance.

    Args:
        incumbent: knows all items there are now.
        since, earlier: whom to ask.
        known: bool[I], items with events that it was told of; others are not asked for.
        loop: what is enough.
    """
    new, error, people = _told_apart(incumbent, since, known)
    old, _, _ = _told_apart(incumbent, earlier, known)
    bound = 0.5 + loop.resemblance * max(old - 0.5, 0.0)
    passed = not people or new + _chance(error, people) >= bound
    return Check("AUC of likes that are new, beside earlier ones", new, old, bound, people, passed)


def _told_apart(model: Judged, asked: Asked, known: Bools) -> tuple[float, float, int]:
    """AUC of the wanted items among those not seen, mean over likes; its error; people."""
    reached, sizes = [], []
    for row, history in enumerate(asked.histories):
        free = known & ~asked.seen[[row]].toarray()[0]
        liked = asked.wanted[[row]].toarray()[0]
        liked = liked[free]
        if 0 < (many := int(liked.sum())) < len(liked):
            ranks = stats.rankdata(model.score([history])[0, free])
            below = ranks[liked].sum() - many * (many + 1) / 2
            reached.append(below / (many * (len(liked) - many)))
            sizes.append(many)
    if not sizes:
        return 0.5, 0.0, 0
    values, weights = np.array(reached), np.array(sizes)
    mean = float(np.average(values, weights=weights))
    error = float(np.sqrt(((weights * (values - mean)) ** 2).sum()) / weights.sum())
    return mean, error, len(values)


def _finite(candidate: Judged, asked: dict[str, Asked]) -> Check:
    histories = [history for people in asked.values() for history in people.histories[:TIMED]]
    share = float(np.isfinite(candidate.score(histories)).mean()) if histories else 1.0
    return Check("scores that are numbers", share, 1.0, 1.0, len(histories), share == 1.0)


def _quality(
    candidate: Judged, incumbent: Judged, name: str, people: Asked, loop: LoopConfig
) -> list[Check]:
    """NDCG@10 and coverage; nothing where there is nobody to ask."""
    count = len(people.histories)
    if not count:
        return []
    quality, scores = _no_worse(f"NDCG@10, {name}", candidate, incumbent, people, loop.tolerance)
    shares = [
        coverage(top_k(found, people.seen, CUTOFF), candidate.n_items, CUTOFF) for found in scores
    ]
    least = loop.coverage * shares[1]
    return [
        quality,
        Check(f"coverage, {name}", shares[0], shares[1], least, count, shares[0] >= least),
    ]


def _no_worse(
    name: str, candidate: Judged, other: Scorer, people: Asked, tolerance: float
) -> tuple[Check, tuple[Scores, Scores]]:
    """Whether ``candidate`` loses no more than a share of NDCG@10, or no more than by chance."""
    count = len(people.histories)
    objective = Objective.of(people.seen, people.wanted, np.arange(count))
    scores = candidate.score(people.histories), other.score(people.histories)
    theirs, ours = (objective.by_person(found) for found in scores)
    gain, reached = theirs - ours, float(ours.mean())
    lost = -tolerance * reached
    error = float(gain.std(ddof=min(count - 1, 1))) / np.sqrt(count)
    passed = bool(gain.mean() >= lost or gain.mean() + _chance(error, count) >= 0)
    return Check(name, float(theirs.mean()), reached, reached + lost, count, passed), scores


def _chance(error: float, people: int) -> float:
    """What a mean over people may miss; few say little (Student's t), and one proves nothing."""
    return float(stats.t.ppf(CONFIDENT, people - 1)) * error if people > 1 else np.inf


def _seconds(
    candidate: Judged, incumbent: Judged, asked: dict[str, Asked], loop: LoopConfig
) -> Check:
    """The median time of one list."""
    histories = [history for people in asked.values() for history in people.histories[:TIMED]]
    taken = []
    for model in (candidate, incumbent):
        laps = []
        for history in histories:
            began = time.perf_counter()
            model.rank(history)
            laps.append(time.perf_counter() - began)
        taken.append(float(np.median(laps)) if laps else 0.0)
    most = max(loop.slower * taken[1], loop.seconds)
    return Check("seconds of a list", taken[0], taken[1], most, len(histories), taken[0] <= most)
