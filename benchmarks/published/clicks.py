"""Judging clicks: how well a probability tells pairs that were clicked from pairs that were not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score

from benchmarks.published.click_model import Pairs as ClickPairs
from benchmarks.published.click_model import fit_clicks
from benchmarks.published.measured import Measured
from benchmarks.published.sets.set import BenchmarkDataset, Pairs
from benchmarks.published.slices import SliceSize, slices_by_likes
from tastegraph.core.arrays import Bools, Floats, Ints
from tastegraph.core.config import ModelConfig
from tastegraph.evaluation.evaluator import TRAIN_ONLY, ItemScorer, Run, histories_for
from tastegraph.evaluation.measurement import Stopwatch
from tastegraph.models.item_features import ItemFeatures
from tastegraph.profiles.interactions import History
from tastegraph.profiles.splits import TEST, TRAIN, VALID

BLOCK = 512


class Clicks(Protocol):
    """Anything that tells how probable a click is."""

    def probabilities(self, users: Ints, items: Ints) -> Floats:
        """float64[P] in [0, 1], for as many users and items."""
        ...


@dataclass(frozen=True)
class Calibrated:
    """A ranker's scores of pairs as probabilities, by logistic regression on validation pairs.

    Platt 1999. The order of the scores stays, and with it the area under the curve.
    """

    ranker: ItemScorer
    histories: Sequence[History]
    slope: float
    offset: float

    @classmethod
    def of(cls, ranker: ItemScorer, histories: Sequence[History], valid: Pairs) -> Calibrated:
        """Fitted on labelled pairs."""
        scores = scores_of_pairs(ranker, histories, valid.users, valid.items)
        scale = float(scores.std()) or 1.0
        regression = LogisticRegression().fit(scores[:, None] / scale, valid.labels)
        return cls(ranker, histories, max(float(regression.coef_[0, 0]), 1e-6) / scale,
                   float(regression.intercept_[0]))  # fmt: skip

    def probabilities(self, users: Ints, items: Ints) -> NDArray[np.float64]:
        """float64[P] in (0, 1)."""
        scores = scores_of_pairs(self.ranker, self.histories, users, items)
        return np.asarray(1 / (1 + np.exp(-(self.slope * scores + self.offset))))


@dataclass(frozen=True)
class ClickEvaluator:
    """Tells apart the labelled pairs of the test part."""

    dataset: BenchmarkDataset
    config: ModelConfig

    def __call__(self, run: Run, fit_seconds: float) -> Measured:
        """One ranker, which knows the clicks of the training part."""
        events = self.dataset.events.select(self.dataset.parts == TRAIN)
        histories = histories_for(run.scorer, events, self.config)
        with Stopwatch() as scoring:
            clicks = Calibrated.of(run.scorer, histories, self._pairs(VALID))
            probabilities = self._probabilities(clicks)
        memory = max(run.peak_rss_mb, scoring.peak_mb)
        return self._measured(probabilities, fit_seconds, scoring.seconds, memory)

    def learned(self, item_features: ItemFeatures) -> Measured:
        """Our model of clicks, chosen by validation pairs and fitted on training pairs."""
        train, valid = self._pairs(TRAIN), self._pairs(VALID)
        with Stopwatch() as fitting:
            clicks = fit_clicks(
                item_features,
                (clicks_of(train), train.labels),
                (clicks_of(valid), valid.labels),
                self.dataset.events.n_users,
                self.config.seed,
            )
        with Stopwatch() as scoring:
            probabilities = self._probabilities(clicks)
        memory = max(fitting.peak_mb, scoring.peak_mb)
        return self._measured(probabilities, fitting.seconds, scoring.seconds, memory)

    def slice_sizes(self, history: str) -> dict[str, SliceSize]:
        """Slice → its users and test pairs; those with one label alone are left out."""
        users = self._pairs(TEST).users
        return {
            name: SliceSize(len(np.unique(users[at])), int(at.sum()))
            for name, at in self._slices(history)
        }

    def sliced(self, measured: Measured, history: str) -> dict[str, dict[str, NDArray[np.float64]]]:
        """Slice → ``auc`` by user, of the pairs of the slice alone."""
        if measured.probabilities is None:
            return {}
        pairs, n_users = self._pairs(TEST), self.dataset.events.n_users
        probabilities = measured.probabilities.astype(np.float64)
        return {
            name: {
                "auc": auc_by_user(probabilities[at], pairs.labels[at], pairs.users[at], n_users)
            }
            for name, at in self._slices(history)
        }

    def _slices(self, history: str) -> Iterator[tuple[str, Bools]]:
        """Every slice, and which of the test pairs it has: bool[P]."""
        events, pairs = self.dataset.events, self._pairs(TEST)
        part = self.dataset.parts != TEST
        if history == TRAIN_ONLY:
            part = self.dataset.parts == TRAIN
        known = events.select(part & (events.weights > 0)).user_items()
        item_likes = np.bincount(known.indices, minlength=known.shape[1])
        for slice_ in slices_by_likes(item_likes, np.diff(known.indptr)):
            at = slice_.items[pairs.items] & slice_.users[pairs.users]
            if not at.all() and pairs.labels[at].any() and not pairs.labels[at].all():
                yield slice_.name, at

    def _probabilities(self, clicks: Clicks) -> NDArray[np.float32]:
        pairs = self._pairs(TEST)
        return np.asarray(clicks.probabilities(pairs.users, pairs.items), dtype=np.float32)

    def _measured(
        self, probabilities: NDArray[np.float32], fit: float, score: float, memory: float
    ) -> Measured:
        """``auc`` by user, and ``f1`` of what is more probable than not."""
        pairs, n_users = self._pairs(TEST), self.dataset.events.n_users
        values = {
            "auc": auc_by_user(
                probabilities.astype(np.float64), pairs.labels, pairs.users, n_users
            ),
            "f1": np.array([f1_score(pairs.labels, probabilities >= 0.5)]),
        }
        return Measured(values, fit, score, memory, probabilities=probabilities)

    def _pairs(self, part: int) -> Pairs:
        if self.dataset.pairs is None:
            raise ValueError(f"{self.dataset.name} has no labelled pairs")
        return self.dataset.pairs.select(part)


def clicks_of(pairs: Pairs) -> ClickPairs:
    """The users and items alone."""
    return ClickPairs(pairs.users.astype(np.int64), pairs.items.astype(np.int64))


def auc_by_user(
    scores: Floats, labels: NDArray[np.bool_], users: Ints, n_users: int
) -> NDArray[np.float64]:
    """Each user's share of the area under the curve, float64[n_users], whose mean it is.

    A clicked pair's placement is the share of the others that score below it, ties half; one that
    was not clicked has that of the clicked ones above it. The mean of either is the area (DeLong,
    DeLong & Clarke-Pearson 1988); a user's share is that of the placements of their pairs. So
    two models are compared user by user, as lists are.

    Args:
        scores: float[P].
        labels: bool[P].
        users: int[P].
    """
    clicked, left = np.sort(scores[labels]), np.sort(scores[~labels])
    placement = np.empty(len(scores), dtype=np.float64)
    placement[labels] = _below(left, scores[labels]) / (len(left) * len(clicked))
    above = len(clicked) - _below(clicked, scores[~labels])
    placement[~labels] = above / (len(left) * len(clicked))
    shares = np.bincount(users, weights=placement, minlength=n_users) * (n_users / 2)
    return np.asarray(shares, dtype=np.float64)


def scores_of_pairs(
    ranker: ItemScorer, histories: Sequence[History], users: Ints, items: Ints
) -> NDArray[np.float64]:
    """float64[P]: what a ranker of all items says of single pairs."""
    scores = np.empty(len(users), dtype=np.float64)
    distinct, row_of = np.unique(users, return_inverse=True)
    for start in range(0, len(distinct), BLOCK):
        block = distinct[start : start + BLOCK]
        at = np.flatnonzero((row_of >= start) & (row_of < start + BLOCK))
        block_scores = ranker.score([histories[user] for user in block])
        scores[at] = block_scores[row_of[at] - start, items[at]]
    return scores


def _below(ordered: Floats, values: Floats) -> NDArray[np.float64]:
    """How many of ``ordered`` lie below each value, ties half."""
    left, right = (np.searchsorted(ordered, values, side) for side in ("left", "right"))
    return np.asarray((left + right) / 2, dtype=np.float64)
