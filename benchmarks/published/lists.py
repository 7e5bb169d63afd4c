"""Judging lists: everybody's first items against what they went on to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.published.measured import Measured
from benchmarks.published.sets.set import BenchmarkDataset
from tastegraph.core.config import EvaluationConfig, ModelConfig
from tastegraph.evaluation.evaluator import EvaluationData, Evaluator, Run
from tastegraph.evaluation.measurement import Stopwatch
from tastegraph.evaluation.metrics import per_user
from tastegraph.models.item_features import ItemFeatures

REPORTED = ("recall", "ndcg", "mrr", "hit")
EVALUATION = EvaluationConfig(cutoffs=(10, 20))


@dataclass(frozen=True)
class ListEvaluator:
    """Ranks all items for everybody with a test event."""

    judge: Evaluator

    @classmethod
    def of(
        cls, dataset: BenchmarkDataset, item_features: ItemFeatures, config: ModelConfig
    ) -> ListEvaluator:
        """Of one set."""
        return cls(
            Evaluator.of(
                EvaluationData(dataset.events, dataset.parts, item_features), EVALUATION, config
            )
        )

    def __call__(self, run: Run, fit_seconds: float) -> Measured:
        """One model; ``fit_seconds`` is all that it took to choose and fit it."""
        with Stopwatch() as scoring:
            values = self.judge.evaluate(run).values
        memory = max(run.peak_rss_mb, scoring.peak_mb)
        return Measured(_reported(values), fit_seconds, scoring.seconds, memory)

    def of_lists(self, top: NDArray[np.int32], seconds: float, memory_mb: float) -> Measured:
        """Somebody else's lists: int32[U, k] for all users of the set, -1 where they end."""
        popularity = np.zeros(self.judge.targets.shape[1], dtype=np.int64)
        values = per_user(
            top[self.judge.user_rows], self.judge.targets, EVALUATION.cutoffs, popularity
        )
        return Measured(_reported(values), seconds, float("nan"), memory_mb)


def _reported(values: Mapping[str, NDArray[np.float64]]) -> dict[str, NDArray[np.float64]]:
    return {
        name: per_user_values
        for name, per_user_values in values.items()
        if name.partition("@")[0] in REPORTED
    }
