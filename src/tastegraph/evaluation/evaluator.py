"""Evaluate fitted models: rank all items for every user, and score the lists against test likes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.arrays import CSR, without
from tastegraph.core.config import EvaluationConfig, ModelConfig
from tastegraph.core.top_k import top_k_blocks
from tastegraph.evaluation.metrics import coverage, per_user
from tastegraph.evaluation.significance import bootstrap_interval, paired_p
from tastegraph.evaluation.slices import EvaluationSlice, standard_slices
from tastegraph.models.fitted_model import Hyperparameters
from tastegraph.models.hybrid import HybridModel
from tastegraph.models.item_features import ItemFeatures
from tastegraph.models.kernels import Scores
from tastegraph.profiles.interactions import History, Interactions
from tastegraph.profiles.splits import TEST, TRAIN, Splits

TRAIN_ONLY, TRAIN_AND_VALID = "train", "train+valid"
VALID_KNOWN = "train+valid, fitted on train"
FITTED_ON = {
    TRAIN_ONLY: TRAIN_ONLY,
    TRAIN_AND_VALID: TRAIN_AND_VALID,
    VALID_KNOWN: TRAIN_ONLY,
}
"""Kind of history (the events known of a user at test time) → events that models are fitted on.

With ``VALID_KNOWN`` validation events are in the histories, but models are fitted without them, as
results of sequence models are published.
"""
SLICE_METRICS = ("ndcg@10", "recall@10", "recall@20")
_USERS_PER_BLOCK = 512


class ItemScorer(Protocol):
    """A model that scores all items for users' histories."""

    def score(self, histories: Sequence[History]) -> Scores:
        """Return float32[len(histories), n_items], higher for better items."""
        ...


@dataclass(frozen=True)
class EvaluationData:
    """Events with their splits, and the features of the items.

    Attributes:
        events: all events.
        splits: int8[E], of :func:`tastegraph.profiles.splits.assign_splits`.
        item_features: graph and texts.
        offered: bool CSR[U, I], what lists on the validation split are made of; by default all.
    """

    events: Interactions
    splits: Splits
    item_features: ItemFeatures
    offered: CSR | None = None

    @property
    def train(self) -> Interactions:
        """Events of the train split."""
        return self.events.select(self.splits == TRAIN)

    @property
    def train_and_valid(self) -> Interactions:
        """Events of the train and the validation split."""
        return self.events.select(self.splits != TEST)

    def targets(self, split: int) -> CSR:
        """Likes of ``split``, which a model should rank first: bool CSR[U, I]."""
        likes = (self.splits == split) & (self.events.weights > 0)
        return self.events.select(likes).listed_likes()


@dataclass(frozen=True)
class Run:
    """A model fitted for one kind of history.

    Attributes:
        model: its name.
        history: a key of :data:`FITTED_ON`.
        scorer: the fitted model.
        fit_seconds, peak_rss_mb: cost of fitting; nan where it was not measured.
        hyperparameters: what it was fitted with, where it has any.
        course: (seconds, validation NDCG@10) of every improvement while settings were chosen.
    """

    model: str
    history: str
    scorer: ItemScorer
    fit_seconds: float = math.nan
    peak_rss_mb: float = math.nan
    hyperparameters: Hyperparameters | None = None
    course: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Result:
    """Metrics of one model on one slice, for one kind of history.

    Attributes:
        model: its name.
        slice: name of an :class:`~tastegraph.evaluation.slices.EvaluationSlice`.
        history: a key of :data:`FITTED_ON`.
        metrics: means over users, by name and cutoff, such as ``ndcg@10`` and ``coverage@10``;
            ``people`` is the number of users.
        ci95: metric → lower and upper end of its 95 % interval.
        p_vs: name of another model → Holm-adjusted p of the difference from it.
        fit_seconds: time to fit; nan where it was not measured.
        peak_rss_mb: peak memory of fitting, MiB; nan where it was not measured.
    """

    model: str
    slice: str
    history: str
    metrics: Mapping[str, float]
    ci95: Mapping[str, tuple[float, float]]
    p_vs: Mapping[str, float]
    fit_seconds: float
    peak_rss_mb: float


@dataclass(frozen=True)
class UserMetrics:
    """What one model reached for every evaluated user.

    Attributes:
        top: int32[U, K], the lists, best item first.
        values: metric → float64[U].
    """

    top: NDArray[np.int32]
    values: Mapping[str, NDArray[np.float64]]


def histories_for(scorer: ItemScorer, events: Interactions, config: ModelConfig) -> list[History]:
    """The history of every user, oldest event first; of baselines the likes alone."""
    if isinstance(scorer, HybridModel):
        return events.histories(config.history)
    return events.select(events.weights > 0).histories()


@dataclass(frozen=True)
class Evaluator:
    """Evaluates models for all users with a test like.

    Attributes:
        data, evaluation, config: events, cutoffs and bootstrap size, and history length and seed.
        user_rows: int64[U], rows of the evaluated users in ``data``.
        masked: bool CSR[U, I], likes of the train and validation split, which no list contains.
        targets: bool CSR[U, I], test likes.
        popularity: kind of history → int64[I], likes of each item that models are fitted on.
        slices: kind of history → the slices of the evaluated users.
    """

    data: EvaluationData
    evaluation: EvaluationConfig
    config: ModelConfig
    user_rows: NDArray[np.int64]
    masked: CSR
    targets: CSR
    popularity: Mapping[str, NDArray[np.int64]]
    slices: Mapping[str, Sequence[EvaluationSlice]]

    @classmethod
    def of(
        cls, data: EvaluationData, evaluation: EvaluationConfig, config: ModelConfig
    ) -> Evaluator:
        """Evaluator of all users who have a test like that they had not liked before."""
        masked = data.train_and_valid.listed_likes()
        targets = without(data.targets(TEST), masked)
        users = np.flatnonzero(np.diff(targets.indptr))
        fitted_on = {TRAIN_ONLY: data.train.listed_likes(), TRAIN_AND_VALID: masked}
        likes = {history: fitted_on[events] for history, events in FITTED_ON.items()}
        return cls(
            data=data,
            evaluation=evaluation,
            config=config,
            user_rows=users,
            masked=masked[users],
            targets=targets[users],
            popularity={
                history: np.bincount(matrix.indices, minlength=matrix.shape[1])
                for history, matrix in likes.items()
            },
            slices={
                history: [replace(s, users=s.users[users]) for s in standard_slices(matrix)]
                for history, matrix in likes.items()
            },
        )

    def evaluate(self, run: Run) -> UserMetrics:
        """Rank all items for every user, and compute all metrics of the lists."""
        train_only = run.history == TRAIN_ONLY
        events = self.data.train if train_only else self.data.train_and_valid
        all_histories = histories_for(run.scorer, events, self.config)
        histories = [all_histories[user] for user in self.user_rows]
        n_listed = self.data.events.n_listed

        def score(rows: NDArray[np.int64]) -> Scores:
            scores = run.scorer.score([histories[row] for row in rows])
            scores[:, n_listed:] = -np.inf
            return scores

        top = top_k_blocks(
            score,
            len(self.user_rows),
            self.masked,
            max(self.evaluation.cutoffs),
            _USERS_PER_BLOCK,
        )
        return UserMetrics(top, self._values(top, self.targets, run.history))

    def results(
        self, run: Run, user_metrics: UserMetrics, p_values: Mapping[str, Mapping[str, float]]
    ) -> Iterator[Result]:
        """One result for each slice with at least one user.

        Args:
            run: the model.
            user_metrics: what it reached, from :meth:`evaluate`.
            p_values: model → other model → adjusted p.
        """
        for slice_ in self.slices[run.history]:
            all_users = slice_.name == "all"
            values = user_metrics.values
            if not all_users:
                targets = slice_.restrict(self.targets)
                restricted = self._values(user_metrics.top, targets, run.history)
                values = {name: restricted[name] for name in SLICE_METRICS}
            if not np.isfinite(values["ndcg@10"]).any():
                continue
            means = {name: float(np.nanmean(value)) for name, value in values.items()}
            means["people"] = float(np.isfinite(values["ndcg@10"]).sum())
            if all_users:
                means |= {
                    f"coverage@{k}": coverage(user_metrics.top, self.data.events.n_listed, k)
                    for k in self.evaluation.cutoffs
                }
            yield Result(
                model=run.model,
                slice=slice_.name,
                history=run.history,
                metrics=means,
                ci95={name: self._interval(value) for name, value in values.items()},
                p_vs=p_values[run.model] if all_users else {},
                fit_seconds=run.fit_seconds,
                peak_rss_mb=run.peak_rss_mb,
            )

    def p_value(self, first: UserMetrics, second: UserMetrics) -> float:
        """p of the difference in NDCG@10, paired by user."""
        return paired_p(
            first.values["ndcg@10"], second.values["ndcg@10"],
            10 * self.evaluation.bootstrap, self.config.seed,
        )  # fmt: skip

    def _values(
        self, top: NDArray[np.int32], targets: CSR, history: str
    ) -> dict[str, NDArray[np.float64]]:
        return per_user(top, targets, self.evaluation.cutoffs, self.popularity[history])

    def _interval(self, values: NDArray[np.float64]) -> tuple[float, float]:
        finite = values[np.isfinite(values)]
        return bootstrap_interval(finite, self.evaluation.bootstrap, self.config.seed)
