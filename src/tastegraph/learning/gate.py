"""The gate: a candidate is served only where it is no worse than what is in service.

Both rank the same items for the same people. **Newest**: what witnesses did since the model in
service was learned, which the candidate was not told; neither has seen it. **Earlier**: the last
fifth of what people liked before, which both were told; a candidate that learned from what is
wrong forgets it. **Coverage**, **facts** and **seconds** are compared as well, and every score must
be a number.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tastegraph.arrays import CSR, without
from tastegraph.config import Loop
from tastegraph.evaluation.metrics import coverage, top_k
from tastegraph.profiles.interactions import History, Interactions
from tastegraph.ranking.kernels import Scores
from tastegraph.ranking.model import Ranked
from tastegraph.ranking.objective import CUTOFF, Objective

PEOPLE, CELLS = 2_000, 20_000_000
"""At most so many are asked for each comparison, and so many scores of one model held."""
EARLIER = 5
"""One like in so many, the last ones, is asked for of what was known before."""
ONE_SIDED = 1.645
TIMED = 50


class Judged(Protocol):
    """Anything that ranks the items that are asked for."""

    @property
    def n_items(self) -> int:
        """I."""
        ...

    def scores(self, histories: Sequence[History]) -> Scores:
        """float32[U, I]."""
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


@dataclass(frozen=True)
class Asked:
    """People, what is known of each, and what should be found.

    Attributes:
        histories: of P people.
        seen, wanted: CSR[P, I].
    """

    histories: Sequence[History]
    seen: CSR
    wanted: CSR = field(repr=False)

    @classmethod
    def of(
        cls, histories: Sequence[History], seen: CSR, wanted: CSR, rng: np.random.Generator
    ) -> Asked:
        """Some of those who have a like and something to find."""
        wanted = without(wanted, seen)
        able = (np.diff(wanted.indptr) > 0) & np.array([len(h.likes) > 0 for h in histories])
        people = np.flatnonzero(able)
        most = min(PEOPLE, max(CELLS // max(wanted.shape[1], 1), 1))
        if len(people) > most:
            people = np.sort(rng.choice(people, most, replace=False))
        return cls([histories[int(k)] for k in people], seen[people], wanted[people])


def witnesses(
    user_ids: Sequence[str], share: float, round_: int, enough: int = 100
) -> NDArray[np.bool_]:
    """bool[U]: whose newest events are kept from the candidate, others in each round.

    ``share`` of the people, but ``enough`` of them where that is at most half.
    """
    share = max(share, min(enough / max(len(user_ids), 1), 0.5))
    digests = np.random.default_rng(round_).random(len(user_ids))
    return np.asarray(digests < share)


def asked_newest(
    before: Interactions, now: Interactions, held: NDArray[np.bool_], newest: int
) -> Asked:
    """What the people in ``held`` (bool[U] of ``now``) went on to like since ``before``."""
    rows = {user: row for row, user in enumerate(before.user_ids)}
    at = np.array([rows.get(user, -1) for user in now.user_ids], dtype=np.int64)
    known = np.flatnonzero(held & (at >= 0))
    histories = before.histories(newest)
    return Asked.of(
        [histories[k] for k in at[known]],
        before.likes()[at[known]],
        now.likes()[known],
        np.random.default_rng(0),
    )


def asked_earlier(before: Interactions, newest: int) -> Asked:
    """The last fifth of each person's likes, from what they did until then."""
    liked = before.weights > 0
    rank = np.zeros(len(before), dtype=np.int64)
    rank[liked] = _places(before.users[liked])
    sizes = np.bincount(before.users[liked], minlength=before.n_users)
    late = liked & (rank >= (sizes - sizes // EARLIER)[before.users])
    first = np.full(before.n_users, len(before), dtype=np.int64)
    np.minimum.at(first, before.users[late], np.flatnonzero(late))
    until = np.arange(len(before)) < first[before.users]
    earlier = before.select(until)
    return Asked.of(
        earlier.histories(newest), earlier.likes(), before.select(late).likes(),
        np.random.default_rng(0),
    )  # fmt: skip


def judge(
    candidate: Judged,
    incumbent: Judged,
    facts: tuple[int, int],
    asked: dict[str, Asked],
    loop: Loop,
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
        checks.append(Check("people to ask", asking, asking, 1, asking, asking > 0))
        for name, people in asked.items():
            checks += _quality(candidate, incumbent, name, people, loop)
        checks.append(_seconds(candidate, incumbent, asked, loop))
    told, there = facts
    least = loop.facts * there
    checks.append(Check("facts", told, there, least, 0, told >= least))
    return Verdict(tuple(checks))


def _finite(candidate: Judged, asked: dict[str, Asked]) -> Check:
    histories = [history for people in asked.values() for history in people.histories[:TIMED]]
    share = float(np.isfinite(candidate.scores(histories)).mean()) if histories else 1.0
    return Check("scores that are numbers", share, 1.0, 1.0, len(histories), share == 1.0)


def _quality(
    candidate: Judged, incumbent: Judged, name: str, people: Asked, loop: Loop
) -> list[Check]:
    """NDCG@10 and coverage; nothing where there is nobody to ask."""
    count = len(people.histories)
    if not count:
        return []
    objective = Objective.of(people.seen, people.wanted, np.arange(count))
    scores = [model.scores(people.histories) for model in (candidate, incumbent)]
    theirs, ours = (objective.by_person(found) for found in scores)
    gain = theirs - ours
    error = gain.std() / np.sqrt(count)
    lost = -loop.tolerance * float(ours.mean())
    # Worse by more than is tolerated, and not only by the chance of who was asked.
    passed = bool(gain.mean() >= lost or gain.mean() + ONE_SIDED * error >= 0)
    quality = Check(
        f"NDCG@10, {name}", float(theirs.mean()), float(ours.mean()), float(ours.mean()) + lost,
        count, passed,
    )  # fmt: skip
    shares = [
        coverage(top_k(found, people.seen, CUTOFF), candidate.n_items, CUTOFF) for found in scores
    ]
    least = loop.coverage * shares[1]
    return [
        quality,
        Check(f"coverage, {name}", shares[0], shares[1], least, count, shares[0] >= least),
    ]


def _seconds(candidate: Judged, incumbent: Judged, asked: dict[str, Asked], loop: Loop) -> Check:
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


def _places(users: NDArray[np.int32]) -> NDArray[np.int64]:
    """int64[E]: place of each event among its person's; events are grouped by person."""
    starts = np.searchsorted(users, users)
    return np.arange(len(users)) - starts
