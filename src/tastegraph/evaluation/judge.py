"""Judging one model: everybody's list against what they went on to like."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.arrays import CSR, without
from tastegraph.core.config import Evaluation
from tastegraph.core.config import Model as ModelConfig
from tastegraph.evaluation.metrics import coverage, per_user, top_k_blocks
from tastegraph.evaluation.significance import bootstrap_interval, paired_p
from tastegraph.evaluation.slices import Slice, standard_slices
from tastegraph.evaluation.split import TEST, TRAIN
from tastegraph.evaluation.table import Result
from tastegraph.models.hybrid import HybridModel
from tastegraph.models.kernels import Scores
from tastegraph.models.learned import Hyperparameters, ItemFeatures
from tastegraph.profiles.interactions import History, Interactions

TRAIN_ONLY, TRAIN_AND_VALID = "train", "train+valid"
VALID_KNOWN = "train+valid, fitted on train"
FITTED_ON = {
    TRAIN_ONLY: TRAIN_ONLY,
    TRAIN_AND_VALID: TRAIN_AND_VALID,
    VALID_KNOWN: TRAIN_ONLY,
}
"""What a history holds at test time → the events that a model is fitted on for it.

With ``VALID_KNOWN`` a validation event is something that the person did, and nothing that was
learned from: as sequence models are published.
"""
SLICE_METRICS = ("ndcg@10", "recall@10", "recall@20")
_BLOCK = 512


class Ranker(Protocol):
    """Anything that scores all items for histories."""

    def score(self, histories: Sequence[History]) -> Scores:
        """float32[U, I]."""
        ...


@dataclass(frozen=True)
class Data:
    """Events with their parts, and what is known about the items.

    Attributes:
        events: every event.
        parts: int8[E], from :func:`tastegraph.evaluation.parts.parts_of`.
        item_features: graph and texts.
    """

    events: Interactions
    parts: NDArray[np.int8]
    item_features: ItemFeatures

    @property
    def training(self) -> Interactions:
        """What every model learns from first."""
        return self.events.select(self.parts == TRAIN)

    @property
    def known(self) -> Interactions:
        """Training and validation part."""
        return self.events.select(self.parts != TEST)

    def wanted(self, part: int) -> CSR:
        """bool CSR[U, I], what should be found."""
        return self.events.select((self.parts == part) & (self.events.weights > 0)).user_items()


@dataclass(frozen=True)
class Run:
    """A model fitted for one kind of history, and the settings it was fitted with.

    ``history`` is a key of :data:`FITTED_ON`. ``course``: where settings were chosen, seconds and
    validation NDCG@10 of what was ever better.
    """

    model: str
    history: str
    ranker: Ranker
    fit_seconds: float = math.nan
    peak_rss_mb: float = math.nan
    hyperparameters: Hyperparameters | None = None
    course: tuple[tuple[float, float], ...] = ()


def histories_for(ranker: Ranker, events: Interactions, config: ModelConfig) -> list[History]:
    """What a ranker is told of every person, oldest first: a baseline hears of likes alone."""
    if isinstance(ranker, HybridModel):
        return events.histories(config.history)
    return events.select(events.weights > 0).histories()


@dataclass(frozen=True)
class Judged:
    """Everybody's metrics on all items: metric → float64[U], and the lists themselves."""

    top: NDArray[np.int32]
    values: Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True)
class Evaluator:
    """Ranks all items for everybody with a test event, and compares."""

    data: Data
    evaluation: Evaluation
    config: ModelConfig
    people: NDArray[np.int64]
    masked: CSR
    wanted: CSR
    popularity: Mapping[str, NDArray[np.int64]]
    slices: Mapping[str, Sequence[Slice]]

    @classmethod
    def of(cls, data: Data, evaluation: Evaluation, config: ModelConfig) -> Evaluator:
        """Everybody who has something to find in the test part."""
        masked = data.known.user_items()
        wanted = without(data.wanted(TEST), masked)
        people = np.flatnonzero(np.diff(wanted.indptr))
        fitted_on = {TRAIN_ONLY: data.training.user_items(), TRAIN_AND_VALID: masked}
        likes = {history: fitted_on[events] for history, events in FITTED_ON.items()}
        return cls(
            data=data,
            evaluation=evaluation,
            config=config,
            people=people,
            masked=masked[people],
            wanted=wanted[people],
            popularity={
                history: np.bincount(known.indices, minlength=known.shape[1])
                for history, known in likes.items()
            },
            slices={
                history: [replace(s, users=s.users[people]) for s in standard_slices(known)]
                for history, known in likes.items()
            },
        )

    def __call__(self, run: Run) -> Judged:
        """Rank all items for everybody; a baseline's history holds likes alone."""
        events = self.data.training if run.history == TRAIN_ONLY else self.data.known
        everyone = histories_for(run.ranker, events, self.config)
        histories = [everyone[person] for person in self.people]
        top = top_k_blocks(
            lambda rows: run.ranker.score([histories[row] for row in rows]),
            len(self.people),
            self.masked,
            max(self.evaluation.cutoffs),
            _BLOCK,
        )
        return Judged(top, self._values(top, self.wanted, run.history))

    def report(
        self, run: Run, judged: Judged, p: Mapping[str, Mapping[str, float]]
    ) -> Iterator[Result]:
        """One result for each slice that holds anybody."""
        for part in self.slices[run.history]:
            whole = part.name == "all"
            values = judged.values
            if not whole:
                wanted = part.restrict(self.wanted)
                restricted = self._values(judged.top, wanted, run.history)
                values = {name: restricted[name] for name in SLICE_METRICS}
            if not np.isfinite(values["ndcg@10"]).any():
                continue
            means = {name: float(np.nanmean(value)) for name, value in values.items()}
            means["people"] = float(np.isfinite(values["ndcg@10"]).sum())
            if whole:
                means |= {
                    f"coverage@{k}": coverage(judged.top, self.wanted.shape[1], k)
                    for k in self.evaluation.cutoffs
                }
            yield Result(
                model=run.model,
                slice=part.name,
                history=run.history,
                metrics=means,
                ci95={name: self._interval(value) for name, value in values.items()},
                p_vs=p[run.model] if whole else {},
                fit_seconds=run.fit_seconds,
                peak_rss_mb=run.peak_rss_mb,
            )

    def p_value(self, first: Judged, second: Judged) -> float:
        """Of the difference in NDCG@10, person by person."""
        return paired_p(
            first.values["ndcg@10"], second.values["ndcg@10"],
            10 * self.evaluation.bootstrap, self.config.seed,
        )  # fmt: skip

    def _values(
        self, top: NDArray[np.int32], wanted: CSR, history: str
    ) -> dict[str, NDArray[np.float64]]:
        return per_user(top, wanted, self.evaluation.cutoffs, self.popularity[history])

    def _interval(self, values: NDArray[np.float64]) -> tuple[float, float]:
        known = values[np.isfinite(values)]
        return bootstrap_interval(known, self.evaluation.bootstrap, self.config.seed)
