"""The gate: a candidate model is served only if it is no worse than the model in service.

Both rank the same items for the same users (:mod:`tastegraph.pipeline.gate_samples`). Compared are
NDCG@10 and coverage of their lists, the number of facts, and the time of a list; all scores must be
finite. Beyond that, the candidate must not be worse than **popularity**, so that small tolerated
losses cannot add up. And the likes that it was fitted on must **resemble** earlier ones: likes that
a program produced may cost little NDCG, but no model predicts them.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from tastegraph.core.arrays import Bools
from tastegraph.core.config import LoopConfig
from tastegraph.core.top_k import top_k
from tastegraph.evaluation.evaluator import ItemScorer
from tastegraph.evaluation.metrics import coverage
from tastegraph.models.hybrid import HybridModel
from tastegraph.models.kernels import Scores
from tastegraph.models.ranked import Ranked
from tastegraph.models.validation import CUTOFF, Objective
from tastegraph.pipeline.gate_samples import GateSample
from tastegraph.profiles.interactions import History

CONFIDENCE = 0.95
"""Of one-sided intervals: a loss that could be chance with more than 1 - this is tolerated."""
MAX_TIMED_LISTS = 50
"""Lists of each sample that are timed, and whose scores are checked, at most."""


class RankingModel(ItemScorer, Protocol):
    """A model that scores and ranks items."""

    @property
    def n_items(self) -> int:
        """Number of items that it scores."""
        ...

    def rank(self, history: History) -> Ranked:
        """Everything that a list for one user takes."""
        ...


@dataclass(frozen=True)
class SharedItemsModel:
    """A model restricted to some of its items, in another order.

    So two models that know different items can be compared on those that both know.

    Attributes:
        model: over all its items.
        rows: int32[C], row in the model of each of the C items.
    """

    model: HybridModel
    rows: NDArray[np.int32]

    @property
    def n_items(self) -> int:
        """Number of items that a list may have; what comes behind them are entities."""
        return int((self.rows < self.model.n_listed).sum())

    def score(self, histories: Sequence[History]) -> Scores:
        """float32[U, C]."""
        return self.model.score([self._translated(history) for history in histories])[:, self.rows]

    def rank(self, history: History) -> Ranked:
        """Rank all items of the model, which takes the time of a list in service."""
        return self.model.rank(self._translated(history))

    def _translated(self, history: History) -> History:
        return History(self.rows[history.items], history.weights, history.ordered)


def shared_items(
    item_ids: Sequence[str], other_ids: Sequence[str]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Rows of the items that are in both lists, in the first and in the second; both int32[C]."""
    other_rows = {item_id: row for row, item_id in enumerate(other_ids)}
    pairs = [(row, other_rows[i]) for row, i in enumerate(item_ids) if i in other_rows]
    rows = np.array(pairs, dtype=np.int32).reshape(-1, 2)
    return rows[:, 0], rows[:, 1]


@dataclass(frozen=True)
class GateCheck:
    """One comparison.

    Attributes:
        name: what is compared.
        candidate, incumbent: the values of both models.
        bound: the least that the candidate must reach; of seconds, the most.
        n_users: number of users; 0 where users do not matter.
        passed: whether the candidate passed.
    """

    name: str
    candidate: float
    incumbent: float
    bound: float
    n_users: int
    passed: bool

    @classmethod
    def at_least(
        cls, name: str, candidate: float, incumbent: float, bound: float, n_users: int
    ) -> GateCheck:
        """Passed where the candidate's value reaches ``bound``."""
        return cls(name, candidate, incumbent, bound, n_users, candidate >= bound)

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        fields = asdict(self)
        return {"people" if name == "n_users" else name: fields[name] for name in fields}


@dataclass(frozen=True)
class GateVerdict:
    """All checks of one candidate."""

    checks: tuple[GateCheck, ...]

    @property
    def passed(self) -> bool:
        """Whether the candidate passed all checks and may be served."""
        return all(check.passed for check in self.checks)

    def with_checks(self, *checks: GateCheck) -> GateVerdict:
        """The verdict with more checks."""
        return GateVerdict((*self.checks, *checks))

    def as_dict(self) -> dict[str, Any]:
        """For JSON; the key of ``n_users`` is ``people``."""
        return {"passed": self.passed, "checks": [check.as_dict() for check in self.checks]}

    def in_words(self) -> str:
        """One line for each check."""
        return "\n".join(
            f"{'passed' if c.passed else 'FAILED'}  {c.name}: {c.candidate:.4g}, in service "
            f"{c.incumbent:.4g}, bound {c.bound:.4g}" + (f", {c.n_users} users" * bool(c.n_users))
            for c in self.checks
        )


def check_models(
    candidate: RankingModel,
    incumbent: RankingModel,
    n_facts: tuple[int, int],
    samples: Mapping[str, GateSample],
    loop: LoopConfig,
) -> GateVerdict:
    """Compare a candidate with the model in service, over the same items.

    Args:
        candidate, incumbent: the two models.
        n_facts: edges of the candidate's graph, and of the graph in service.
        samples: name → users.
        loop: how much may be lost.
    """
    checks = [_check_finite(candidate, samples)]
    if checks[0].passed:
        n_users = sum(len(sample.histories) for sample in samples.values())
        checks.append(
            GateCheck.at_least(
                "users to compare on", n_users, n_users, loop.min_holdout_users, n_users
            )
        )
        for name, sample in samples.items():
            checks += _check_lists(candidate, incumbent, name, sample, loop)
        checks.append(_check_seconds(candidate, incumbent, samples, loop))
    candidate_facts, incumbent_facts = n_facts
    bound = loop.min_facts * incumbent_facts
    checks.append(GateCheck.at_least("facts", candidate_facts, incumbent_facts, bound, 0))
    return GateVerdict(tuple(checks))


def check_popularity(
    candidate: RankingModel, popularity: ItemScorer, samples: Mapping[str, GateSample]
) -> tuple[GateCheck, ...]:
    """Whether the NDCG@10 of ``candidate`` is no worse than that of popularity, on each sample."""
    return tuple(
        _check_ndcg(f"NDCG@10 beside popularity, {name}", candidate, popularity, sample, 0.0)[0]
        for name, sample in samples.items()
        if sample.histories
    )


def check_resemblance(
    incumbent: RankingModel, since: GateSample, earlier: GateSample, known: Bools, loop: LoopConfig
) -> GateCheck:
    """Whether the model in service predicts the new likes nearly as well as earlier ones.

    By AUC, which is 1/2 where likes are random. Fails where the AUC of the new likes exceeds 1/2
    by less than ``loop.min_auc_ratio`` of what that of earlier likes does, beyond chance.

    Args:
        incumbent: the model in service.
        since, earlier: samples of new and of earlier likes.
        known: bool[I], items with events that it was fitted on; others are left out.
        loop: with the threshold.
    """
    new, error, n_users = _auc(incumbent, since, known)
    old, _, _ = _auc(incumbent, earlier, known)
    bound = 0.5 + loop.min_auc_ratio * max(old - 0.5, 0.0)
    passed = not n_users or new + _margin(error, n_users) >= bound
    name = "AUC of likes that are new, beside earlier ones"
    return GateCheck(name, new, old, bound, n_users, passed)


def _auc(model: RankingModel, sample: GateSample, known: Bools) -> tuple[float, float, int]:
    """AUC of targets among unseen known items, mean over targets; standard error; users."""
    values, sizes = [], []
    for row, history in enumerate(sample.histories):
        ranked = known & ~sample.seen[[row]].toarray()[0]
        is_target = sample.targets[[row]].toarray()[0][ranked]
        if 0 < (n_targets := int(is_target.sum())) < len(is_target):
            ranks = stats.rankdata(model.score([history])[0, ranked])
            below = ranks[is_target].sum() - n_targets * (n_targets + 1) / 2
            values.append(below / (n_targets * (len(is_target) - n_targets)))
            sizes.append(n_targets)
    if not sizes:
        return 0.5, 0.0, 0
    by_user, weights = np.array(values), np.array(sizes)
    mean = float(np.average(by_user, weights=weights))
    error = float(np.sqrt(((weights * (by_user - mean)) ** 2).sum()) / weights.sum())
    return mean, error, len(by_user)


def _check_finite(candidate: RankingModel, samples: Mapping[str, GateSample]) -> GateCheck:
    histories = _timed_histories(samples)
    share = 1.0
    if histories:
        share = float(np.isfinite(candidate.score(histories)[:, : candidate.n_items]).mean())
    return GateCheck.at_least("scores that are numbers", share, 1.0, 1.0, len(histories))


def _check_lists(
    candidate: RankingModel,
    incumbent: RankingModel,
    name: str,
    sample: GateSample,
    loop: LoopConfig,
) -> list[GateCheck]:
    """NDCG@10 and coverage; nothing where the sample has no users."""
    n_users = len(sample.histories)
    if not n_users:
        return []
    ndcg, scores = _check_ndcg(f"NDCG@10, {name}", candidate, incumbent, sample, loop.max_ndcg_loss)
    candidate_coverage, incumbent_coverage = (
        coverage(top_k(of_model, sample.seen, CUTOFF), candidate.n_items, CUTOFF)
        for of_model in scores
    )
    bound = loop.min_coverage * incumbent_coverage
    return [
        ndcg,
        GateCheck.at_least(
            f"coverage, {name}", candidate_coverage, incumbent_coverage, bound, n_users
        ),
    ]


def _check_ndcg(
    name: str, candidate: RankingModel, other: ItemScorer, sample: GateSample, tolerance: float
) -> tuple[GateCheck, tuple[Scores, Scores]]:
    """Whether ``candidate`` loses at most a share of NDCG@10, or no more than by chance."""
    n_users = len(sample.histories)
    objective = Objective.of(sample.seen, sample.targets, np.arange(n_users))
    scores = candidate.score(sample.histories), other.score(sample.histories)
    candidate_ndcg, other_ndcg = (objective.by_user(of_model) for of_model in scores)
    gain, reference = candidate_ndcg - other_ndcg, float(other_ndcg.mean())
    tolerated = -tolerance * reference
    error = float(gain.std(ddof=min(n_users - 1, 1))) / np.sqrt(n_users)
    passed = bool(gain.mean() >= tolerated or gain.mean() + _margin(error, n_users) >= 0)
    bound = reference + tolerated
    return GateCheck(name, float(candidate_ndcg.mean()), reference, bound, n_users, passed), scores


def _margin(error: float, n_users: int) -> float:
    """Half-width of the one-sided interval of a mean (Student's t); infinite for one user."""
    return float(stats.t.ppf(CONFIDENCE, n_users - 1)) * error if n_users > 1 else np.inf


def _check_seconds(
    candidate: RankingModel,
    incumbent: RankingModel,
    samples: Mapping[str, GateSample],
    loop: LoopConfig,
) -> GateCheck:
    """The median time of one list."""
    histories = _timed_histories(samples)
    seconds = _median_seconds(candidate, histories)
    incumbent_seconds = _median_seconds(incumbent, histories)
    bound = max(loop.max_slowdown * incumbent_seconds, loop.allowed_seconds)
    passed = seconds <= bound
    name, n_lists = "seconds of a list", len(histories)
    return GateCheck(name, seconds, incumbent_seconds, bound, n_lists, passed)


def _median_seconds(model: RankingModel, histories: Sequence[History]) -> float:
    seconds = []
    for history in histories:
        start = time.perf_counter()
        model.rank(history)
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds)) if seconds else 0.0


def _timed_histories(samples: Mapping[str, GateSample]) -> list[History]:
    return [
        history for sample in samples.values() for history in sample.histories[:MAX_TIMED_LISTS]
    ]
