"""The whole comparison: the system, its parts alone, its controls and the baselines.

Every setting is chosen by NDCG@10 on the validation part. Each model is then judged on the test
part twice: knowing the training part of each person, and knowing training and validation part and
fitted anew on both. Every list leaves out what the person liked in training or validation.
"""

from __future__ import annotations

import math
import resource
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tastegraph.arrays import CSR
from tastegraph.config import Evaluation
from tastegraph.config import Model as ModelConfig
from tastegraph.evaluation.metrics import coverage, per_user, top_k_blocks
from tastegraph.evaluation.significance import bootstrap_interval, holm, paired_p
from tastegraph.evaluation.slices import Slice, standard_slices
from tastegraph.evaluation.split import TEST, TRAIN, VALID
from tastegraph.evaluation.table import REFERENCE, Result
from tastegraph.profiles.interactions import History, Interactions
from tastegraph.progress import progress
from tastegraph.ranking.baselines import BASELINES, Baseline
from tastegraph.ranking.choice import choose, reweigh
from tastegraph.ranking.fit import assemble, fit
from tastegraph.ranking.kernels import Scores
from tastegraph.ranking.learned import Choice, Content
from tastegraph.ranking.model import BEHAVIOUR, KNOWLEDGE, NETWORK, TEXT, Blend, Model
from tastegraph.ranking.objective import Objective

TRAIN_ONLY, TRAIN_AND_VALID = "train", "train+valid"
FILTERS = (BEHAVIOUR, KNOWLEDGE, TEXT)
SLICE_METRICS = ("ndcg@10", "recall@10", "recall@20")
_BLOCK = 512


class Ranker(Protocol):
    """Anything that scores all items for histories."""

    def scores(self, histories: Sequence[History]) -> Scores:
        """float32[U, I]."""
        ...


@dataclass(frozen=True)
class Data:
    """Events with their parts, and what is known about the items.

    Attributes:
        events: every event.
        parts: int8[E], from :func:`tastegraph.evaluation.parts.parts_of`.
        content: graph and texts.
    """

    events: Interactions
    parts: NDArray[np.int8]
    content: Content

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
        return self.events.select((self.parts == part) & (self.events.weights > 0)).likes()


@dataclass(frozen=True)
class _Entrant:
    """A model fitted for one kind of history."""

    model: str
    history: str
    ranker: Ranker
    fit_seconds: float = math.nan
    peak_rss_mb: float = math.nan


def compare(
    data: Data, evaluation: Evaluation, config: ModelConfig, choice: Choice | None = None
) -> list[Result]:
    """Results of every model, on every slice, for both kinds of history.

    Args:
        data: events, parts and content.
        evaluation: cut-offs and bootstrap size.
        config: sizes and seed.
        choice: settings chosen on this very validation part before, where they are at hand.
    """
    entrants = list(_entrants(data, config, choice))
    judge = _Judge.of(data, evaluation, config)
    results: list[Result] = []
    with progress("judging", len(entrants)) as advance:
        for history in (TRAIN_ONLY, TRAIN_AND_VALID):
            judged = {}
            for entrant in entrants:
                if entrant.history == history:
                    judged[entrant.model] = judge(entrant)
                    advance(1)
            p = _differences(judged, judge)
            for entrant in entrants:
                if entrant.history == history:
                    results += judge.report(entrant, judged[entrant.model], p)
    return results


def _entrants(data: Data, config: ModelConfig, choice: Choice | None) -> Iterator[_Entrant]:
    content, training, valid = data.content, data.training, data.wanted(VALID)
    with _Clock() as tuning:
        if choice is None:
            learned = choose(content, training, valid, config)
        else:
            learned = fit(content, training, choice, config)
    with _Clock() as fitting:
        both = fit(content, data.known, learned.choice, config)
    filters = reweigh(content, training, valid, learned, config, parts=FILTERS).choice
    stages = (
        (TRAIN_ONLY, training.likes(), learned, tuning),
        (TRAIN_AND_VALID, data.known.likes(), both, fitting),
    )
    for history, likes, fitted, clock in stages:
        whole = assemble(content, likes, fitted)
        yield clock.entrant(REFERENCE, history, whole)
        yield _Entrant("gcn", history, _only(whole, (NETWORK,)))
        weighed = assemble(content, likes, replace(fitted, choice=filters))
        yield _Entrant("filters", history, _only(weighed, FILTERS))
    yield from _controls(data, config)
    yield from _baselines(data)


def _controls(data: Data, config: ModelConfig) -> Iterator[_Entrant]:
    """The whole system, chosen and fitted anew, with one kind of knowledge taken away."""
    changed: Mapping[str, Content] = {
        "graph off": data.content.graph_off(),
        "graph shuffled": data.content.graph_shuffled(config.seed),
        "text off": data.content.text_off(),
    }
    for name, content in changed.items():
        with _Clock() as tuning:
            learned = choose(content, data.training, data.wanted(VALID), config)
        yield tuning.entrant(name, TRAIN_ONLY, assemble(content, data.training.likes(), learned))
        with _Clock() as fitting:
            learned = fit(content, data.known, learned.choice, config)
        yield fitting.entrant(name, TRAIN_AND_VALID, assemble(content, data.known.likes(), learned))


def _baselines(data: Data) -> Iterator[_Entrant]:
    for name, baseline in BASELINES.items():
        with _Clock() as tuning:
            parameter = _best_parameter(data, baseline)
            ranker = baseline.fit(data.training.likes(), parameter)
        yield tuning.entrant(name, TRAIN_ONLY, ranker)
        with _Clock() as fitting:
            ranker = baseline.fit(data.known.likes(), parameter)
        yield fitting.entrant(name, TRAIN_AND_VALID, ranker)


def _best_parameter(data: Data, baseline: Baseline) -> float:
    if len(baseline.grid) == 1:
        return baseline.grid[0]
    likes, valid = data.training.likes(), data.wanted(VALID)
    people = np.flatnonzero(np.diff(valid.indptr))
    objective = Objective.of(likes, valid, people)
    everyone = _liked_only(data.training)
    histories = [everyone[person] for person in people]
    return max(
        baseline.grid,
        key=lambda parameter: objective(baseline.fit(likes, parameter).scores(histories)),
    )


def _only(model: Model, parts: Sequence[str]) -> Model:
    """The same model with the other parts silent."""

    def kept(weights: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
        return {
            who: {part: weight for part, weight in by_part.items() if part in parts}
            or dict.fromkeys(parts, 1.0)
            for who, by_part in weights.items()
        }

    blend = Blend(warm=kept(model.blend.warm), cold=kept(model.blend.cold))
    if len(parts) == 1:
        alone = {who: dict.fromkeys(parts, 1.0) for who in model.blend.warm}
        blend = Blend(warm=alone, cold=alone)
    return replace(model, blend=blend)


def _liked_only(events: Interactions) -> list[History]:
    return events.select(events.weights > 0).histories()


class _Clock:
    """Seconds of a block, and the most memory the process has held by its end."""

    def __enter__(self) -> _Clock:
        self._started = time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.perf_counter() - self._started
        self.peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

    def entrant(self, model: str, history: str, ranker: Ranker) -> _Entrant:
        return _Entrant(model, history, ranker, self.seconds, self.peak_mb)


@dataclass(frozen=True)
class _Judged:
    """Everybody's metrics on all items: metric → float64[U], and the lists themselves."""

    top: NDArray[np.int32]
    values: Mapping[str, NDArray[np.float64]]


@dataclass(frozen=True)
class _Judge:
    """Ranks all items for everybody with a test event, and compares."""

    data: Data
    evaluation: Evaluation
    config: ModelConfig
    people: NDArray[np.int64]
    masked: CSR
    wanted: CSR
    popularity: NDArray[np.int64]
    slices: Sequence[Slice]

    @classmethod
    def of(cls, data: Data, evaluation: Evaluation, config: ModelConfig) -> _Judge:
        wanted = data.wanted(TEST)
        people = np.flatnonzero(np.diff(wanted.indptr))
        likes = data.training.likes()
        return cls(
            data=data,
            evaluation=evaluation,
            config=config,
            people=people,
            masked=data.known.likes()[people],
            wanted=wanted[people],
            popularity=np.bincount(likes.indices, minlength=likes.shape[1]),
            slices=[replace(s, users=s.users[people]) for s in standard_slices(likes)],
        )

    def __call__(self, entrant: _Entrant) -> _Judged:
        events = self.data.training if entrant.history == TRAIN_ONLY else self.data.known
        everyone = (
            events.histories(self.config.history)
            if isinstance(entrant.ranker, Model)
            else _liked_only(events)
        )
        histories = [everyone[person] for person in self.people]
        top = top_k_blocks(
            lambda rows: entrant.ranker.scores([histories[row] for row in rows]),
            len(self.people),
            self.masked,
            max(self.evaluation.cutoffs),
            _BLOCK,
        )
        return _Judged(top, self._values(top, self.wanted))

    def report(
        self, entrant: _Entrant, judged: _Judged, p: Mapping[str, Mapping[str, float]]
    ) -> Iterator[Result]:
        """One result for each slice that holds anybody."""
        for part in self.slices:
            whole = part.name == "all"
            values = judged.values
            if not whole:
                restricted = self._values(judged.top, part.restrict(self.wanted))
                values = {name: restricted[name] for name in SLICE_METRICS}
            if not np.isfinite(values["ndcg@10"]).any():
                continue
            means = {name: float(np.nanmean(value)) for name, value in values.items()}
            if whole:
                means |= {
                    f"coverage@{k}": coverage(judged.top, self.wanted.shape[1], k)
                    for k in self.evaluation.cutoffs
                }
            yield Result(
                model=entrant.model,
                slice=part.name,
                history=entrant.history,
                metrics=means,
                ci95={name: self._interval(value) for name, value in values.items()},
                p_vs=p[entrant.model] if whole else {},
                fit_seconds=entrant.fit_seconds,
                peak_rss_mb=entrant.peak_rss_mb,
            )

    def p_value(self, first: _Judged, second: _Judged) -> float:
        """Of the difference in NDCG@10, person by person."""
        return paired_p(
            first.values["ndcg@10"], second.values["ndcg@10"],
            10 * self.evaluation.bootstrap, self.config.seed,
        )  # fmt: skip

    def _values(self, top: NDArray[np.int32], wanted: CSR) -> dict[str, NDArray[np.float64]]:
        return per_user(top, wanted, self.evaluation.cutoffs, self.popularity)

    def _interval(self, values: NDArray[np.float64]) -> tuple[float, float]:
        known = values[np.isfinite(values)]
        return bootstrap_interval(known, self.evaluation.bootstrap, self.config.seed)


def _differences(judged: Mapping[str, _Judged], judge: _Judge) -> dict[str, dict[str, float]]:
    """Holm-adjusted p of every other model against the system, told from both sides."""
    others = {
        name: judge.p_value(judged[REFERENCE], found)
        for name, found in judged.items()
        if name != REFERENCE
    }
    adjusted = holm(others)
    return {REFERENCE: adjusted, **{name: {REFERENCE: p} for name, p in adjusted.items()}}
