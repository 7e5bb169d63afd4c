"""Judging lists: everybody's first items against what they went on to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from benchmarks.published.measured import Measured
from benchmarks.published.sets.set import BenchmarkDataset
from benchmarks.published.slices import SliceSize, slices_by_likes
from tastegraph.core.arrays import CSR, Bools
from tastegraph.core.config import EvaluationConfig, ModelConfig
from tastegraph.evaluation.evaluator import TRAIN_ONLY, EvaluationData, Evaluator, Run
from tastegraph.evaluation.measurement import Stopwatch
from tastegraph.evaluation.metrics import per_user
from tastegraph.evaluation.slices import EvaluationSlice
from tastegraph.models.item_features import ItemFeatures

REPORTED = ("recall", "ndcg", "mrr", "hit")
EVALUATION = EvaluationConfig(cutoffs=(10, 20))
ALL_ITEMS, COLD_ALONE = "", " of cold items alone"
"""Endings of the names of metrics: what the lists are made of."""

UserValues = dict[str, NDArray[np.float64]]


@dataclass(frozen=True)
class ListEvaluator:
    """Ranks all items, or the set's candidates, for everybody with a test event.

    Attributes:
        judges: ending of a metric's name → what makes and measures the lists.
    """

    judges: Mapping[str, Evaluator]

    @classmethod
    def of(
        cls, dataset: BenchmarkDataset, item_features: ItemFeatures, config: ModelConfig
    ) -> ListEvaluator:
        """Of one set."""
        data = evaluation_data(dataset, item_features)
        judge = Evaluator.of(data, EVALUATION, config)
        judges = {ALL_ITEMS: judge}
        if dataset.candidates is not None:
            rows = dataset.candidates[judge.user_rows].toarray()
            judges = {ALL_ITEMS: _restricted(judge, rows.astype(np.bool_))}
        if dataset.cold is not None:
            rows = np.broadcast_to(dataset.cold, judge.targets.shape)
            judges[COLD_ALONE] = _restricted(judge, rows)
        return cls(judges)

    @property
    def judge(self) -> Evaluator:
        """Of the lists that the protocol asks for."""
        return self.judges[ALL_ITEMS]

    def __call__(self, run: Run, fit_seconds: float) -> Measured:
        """One model; ``fit_seconds`` is all that it took to choose and fit it."""
        values: UserValues = {}
        lists: dict[str, NDArray[np.int32]] = {}
        with Stopwatch() as scoring:
            for ending, judge in self.judges.items():
                user_metrics = judge.evaluate(run)
                lists[ending] = user_metrics.top
                values |= self._reported(user_metrics.values, ending)
        memory = max(run.peak_rss_mb, scoring.peak_mb)
        return Measured(values, fit_seconds, scoring.seconds, memory, lists=lists)

    def of_lists(self, top: NDArray[np.int32], seconds: float, memory_mb: float) -> Measured:
        """Somebody else's lists: int32[U, k] for all users of the set, -1 where they end."""
        tested = top[self.judge.user_rows]
        return Measured(
            self._values(tested, self.judge.targets, ALL_ITEMS), seconds, float("nan"), memory_mb,
            lists={ALL_ITEMS: tested},
        )  # fmt: skip

    def slice_sizes(self, history: str) -> dict[str, SliceSize]:
        """Slice → its users and test likes; those that are the whole set or empty are left out."""
        return {
            slice_.name: SliceSize(int((np.diff(targets.indptr) > 0).sum()), int(targets.nnz))
            for slice_, targets in self._slices(history)
        }

    def sliced(self, measured: Measured, history: str) -> dict[str, UserValues]:
        """Slice → the metrics of its users with its test likes as the only targets."""
        by_slice: dict[str, UserValues] = {}
        for slice_, targets in self._slices(history):
            for ending, top in measured.lists.items():
                values = self._values(top, targets, ending)
                by_slice.setdefault(slice_.name, {}).update(values)
        return by_slice

    def _slices(self, history: str) -> list[tuple[EvaluationSlice, CSR]]:
        """Every slice, and its targets: bool CSR[P, I]."""
        judge = self.judge
        data = judge.data
        known = data.train if history == TRAIN_ONLY else data.train_and_valid
        likes = known.user_items()[judge.user_rows]
        slices = slices_by_likes(judge.popularity[history], np.diff(likes.indptr))
        restricted = [(slice_, slice_.restrict(judge.targets)) for slice_ in slices]
        return [
            (slice_, targets)
            for slice_, targets in restricted
            if 0 < targets.nnz < judge.targets.nnz
        ]

    def _values(self, top: NDArray[np.int32], targets: CSR, ending: str) -> UserValues:
        popularity = np.zeros(targets.shape[1], dtype=np.int64)
        return self._reported(per_user(top, targets, EVALUATION.cutoffs, popularity), ending)

    def _reported(self, values: Mapping[str, NDArray[np.float64]], ending: str) -> UserValues:
        """The metrics of :data:`REPORTED`, for all users of the set."""
        n_users, rows = self.judge.data.events.n_users, self.judge.user_rows
        reported: UserValues = {}
        for name, of_tested in values.items():
            if name.partition("@")[0] in REPORTED:
                of_all = np.full(n_users, np.nan)
                of_all[rows] = of_tested
                reported[name + ending] = of_all
        return reported


def evaluation_data(dataset: BenchmarkDataset, item_features: ItemFeatures) -> EvaluationData:
    """The set's events, with ``item_features`` or a control's."""
    return EvaluationData(dataset.events, dataset.parts, item_features, dataset.offered)


def _restricted(judge: Evaluator, candidates: Bools) -> Evaluator:
    """The same with lists of ``candidates`` (bool[P, I]) alone."""
    left_out = ~candidates
    left_out[judge.masked.nonzero()] = True
    return replace(judge, masked=sparse.csr_array(left_out))
