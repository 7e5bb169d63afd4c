"""Judging lists: everybody's first items against what they went on to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.published.measured import Measured
from benchmarks.published.sets.set import Set
from tastegraph.core.config import Evaluation
from tastegraph.core.config import Model as ModelConfig
from tastegraph.evaluation.evaluator import EvaluationData, Evaluator, Run
from tastegraph.evaluation.measurement import Stopwatch
from tastegraph.evaluation.metrics import per_user
from tastegraph.models.learned import ItemFeatures

KEPT = ("recall", "ndcg", "mrr", "hit")
EVALUATION = Evaluation(cutoffs=(10, 20))


@dataclass(frozen=True)
class ListJudge:
    """Ranks all items for everybody with a test event."""

    judge: Evaluator

    @classmethod
    def of(cls, told: Set, item_features: ItemFeatures, config: ModelConfig) -> ListJudge:
        """Of one set."""
        return cls(
            Evaluator.of(EvaluationData(told.events, told.parts, item_features), EVALUATION, config)
        )

    def __call__(self, run: Run, fit_seconds: float) -> Measured:
        """One model; ``fit_seconds`` is all that it took to choose and fit it."""
        with Stopwatch() as scoring:
            values = self.judge.evaluate(run).values
        memory = max(run.peak_rss_mb, scoring.peak_mb)
        return Measured(_kept(values), fit_seconds, scoring.seconds, memory)

    def of_lists(self, top: NDArray[np.int32], seconds: float, memory_mb: float) -> Measured:
        """Somebody else's lists: int32[U, k] for all people of the set, -1 where they end."""
        popularity = np.zeros(self.judge.targets.shape[1], dtype=np.int64)
        values = per_user(
            top[self.judge.user_rows], self.judge.targets, EVALUATION.cutoffs, popularity
        )
        return Measured(_kept(values), seconds, float("nan"), memory_mb)


def _kept(values: Mapping[str, NDArray[np.float64]]) -> dict[str, NDArray[np.float64]]:
    return {name: found for name, found in values.items() if name.partition("@")[0] in KEPT}
