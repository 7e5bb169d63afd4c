"""Which models stand in a set's table, and why one does not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from benchmarks.published.clicks import ClickEvaluator
from benchmarks.published.lists import ListEvaluator, evaluation_data
from benchmarks.published.measured import Measured
from benchmarks.published.sets.set import BenchmarkDataset, without_entity_events
from tastegraph.core.arrays import Bools
from tastegraph.core.config import ModelConfig
from tastegraph.evaluation.comparison import (
    CONTROLS,
    GRAPH_CONTROLS,
    TEXT_CONTROLS,
    baseline_runs,
    system_runs,
)
from tastegraph.evaluation.evaluator import FITTED_ON
from tastegraph.evaluation.tables import REFERENCE
from tastegraph.models.baselines import BASELINES, Baseline
from tastegraph.models.fitted_model import Hyperparameters
from tastegraph.models.item_features import ItemFeatures
from tastegraph.models.tables import MAX_DENSE_ITEMS

MOST_DENSE_ITEMS = 13_000
"""Up to this many items a dense baseline is fitted, and up to ``MAX_DENSE_ITEMS`` tuned as well."""
ENTITY_EVENTS_OFF = "entity events off"
"""The whole system without the events on entities, where a set has any."""
LEARNED = (REFERENCE, *CONTROLS, ENTITY_EVENTS_OFF)
"""Rows that depend on a seed."""


@dataclass(frozen=True)
class ModelGrid:
    """The models on one set, under one seed."""

    dataset: BenchmarkDataset
    item_features: ItemFeatures
    config: ModelConfig

    @cached_property
    def judge(self) -> ListEvaluator | ClickEvaluator:
        """What measures a model on this set."""
        if self.dataset.pairs is not None:
            return ClickEvaluator(self.dataset, self.config)
        return ListEvaluator.of(self.dataset, self.item_features, self.config)

    def absent(self) -> dict[str, str]:
        """Row → why it cannot be."""
        reasons: dict[str, str] = {}
        if not len(self.item_features.graph.heads):
            reasons |= dict.fromkeys(GRAPH_CONTROLS, "the set has no graph")
        if not self.item_features.text[: self.item_features.graph.n_items].any():
            reasons |= dict.fromkeys(TEXT_CONTROLS, "the set has no texts")
        reasons |= {name: reason for name, b in BASELINES.items() if (reason := self._too_large(b))}
        return reasons

    def slices(self) -> dict[str, Bools]:
        """Name → bool[U], users who are reported apart; of lists alone."""
        return {} if isinstance(self.judge, ClickEvaluator) else dict(self.dataset.slices)

    def rows(self) -> list[str]:
        """Every row that can be, ours first."""
        absent = set(self.absent())
        if (self.dataset.events.items < self.dataset.events.n_listed).all():
            absent.add(ENTITY_EVENTS_OFF)
        return [row for row in (*LEARNED, *BASELINES) if row not in absent]

    def measured(
        self, row: str, histories: tuple[str, ...], choice: Hyperparameters | None = None
    ) -> Iterator[tuple[str, Measured]]:
        """One row under every history that is asked for; ours with ``choice``, if there is one."""
        if row == ENTITY_EVENTS_OFF:
            without = replace(self, dataset=without_entity_events(self.dataset))
            yield from without.measured(REFERENCE, histories, choice)
            return
        judge = self.judge
        if row in LEARNED and isinstance(judge, ClickEvaluator):
            yield histories[0], judge.learned(self._controlled(row))
            return
        fits = tuple(dict.fromkeys(FITTED_ON[history] for history in histories))
        data = evaluation_data(self.dataset, self.item_features)
        if row in BASELINES:
            runs = baseline_runs(row, data, self.config)
        else:
            runs = system_runs(row, self._controlled(row), data, self.config, choice, fits)
        seconds, missing = 0.0, set(histories)
        course: tuple[tuple[float, float], ...] = ()
        for run in runs:
            seconds += run.fit_seconds
            course = course or run.course
            for history in [h for h in histories if FITTED_ON[h] == run.history]:
                measured = judge(replace(run, history=history), seconds)
                yield history, replace(measured, choice=run.hyperparameters, course=course)
                missing.discard(history)
            if not missing:
                return

    def _controlled(self, row: str) -> ItemFeatures:
        return (
            CONTROLS[row](self.item_features, self.config.seed)
            if row in CONTROLS
            else self.item_features
        )

    def _too_large(self, model: Baseline) -> str:
        most = MOST_DENSE_ITEMS if len(model.grid) == 1 else MAX_DENSE_ITEMS
        if model.dense and self.dataset.events.n_items > most:
            return f"a number for every pair of {self.dataset.events.n_items:,} items"
        return ""
