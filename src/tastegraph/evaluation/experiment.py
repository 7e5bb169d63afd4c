"""The whole comparison: the system, its parts alone, its controls and the baselines.

Every setting is chosen by NDCG@10 on the validation part. Each model is then judged on the test
part twice: knowing the training part of each person, and knowing training and validation part and
fitted anew on both. Every list leaves out what the person liked in training or validation.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from tastegraph.config import Evaluation
from tastegraph.config import Model as ModelConfig
from tastegraph.evaluation.judge import (
    TRAIN_AND_VALID,
    TRAIN_ONLY,
    Data,
    Entrant,
    Judge,
    Judged,
    Ranker,
)
from tastegraph.evaluation.memory import peak_mb, reset_peak
from tastegraph.evaluation.significance import holm
from tastegraph.evaluation.split import VALID
from tastegraph.evaluation.table import REFERENCE, Result
from tastegraph.progress import progress
from tastegraph.ranking.baselines import BASELINES, Baseline
from tastegraph.ranking.choice import choose, weighed
from tastegraph.ranking.cold_choice import cold_trials
from tastegraph.ranking.filters import DENSE_ITEMS
from tastegraph.ranking.fit import assemble, fit, with_cold_weights
from tastegraph.ranking.learned import Choice, Content
from tastegraph.ranking.model import (
    BEHAVIOUR,
    KNOWLEDGE,
    MAPPED,
    NETWORK,
    TEXT,
    TOWER,
    Blend,
    Model,
)
from tastegraph.ranking.validation import Validation

FILTERS = (BEHAVIOUR, KNOWLEDGE, TEXT, *MAPPED, TOWER)


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
    judge = Judge.of(data, evaluation, config)
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


def _entrants(data: Data, config: ModelConfig, choice: Choice | None) -> Iterator[Entrant]:
    content, training, valid = data.content, data.training, data.wanted(VALID)
    with _Clock() as tuning:
        if choice is None:
            learned = choose(content, training, valid, config)
        else:
            learned = fit(content, training, choice, config)
    with _Clock() as fitting:
        both = fit(content, data.known, learned.choice, config)
    trials = cold_trials(content, training, valid, config)
    filters = weighed(content, training, valid, learned, config, trials, parts=FILTERS)
    stages = (
        (TRAIN_ONLY, training, learned, tuning),
        (TRAIN_AND_VALID, data.known, both, fitting),
    )
    for history, events, fitted, clock in stages:
        likes = events.likes()
        whole = assemble(content, likes, fitted)
        yield clock.entrant(REFERENCE, history, whole)
        yield clock.entrant("gcn", history, _only(whole, (NETWORK,)))
        alone = with_cold_weights(content, events, replace(fitted, choice=filters), config)
        yield clock.entrant("filters", history, _only(assemble(content, likes, alone), FILTERS))
    yield from _controls(data, config)
    yield from _baselines(data, config)


def _controls(data: Data, config: ModelConfig) -> Iterator[Entrant]:
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


def _baselines(data: Data, config: ModelConfig) -> Iterator[Entrant]:
    for name, baseline in BASELINES.items():
        if baseline.dense and data.events.n_items > DENSE_ITEMS:
            continue
        with _Clock() as tuning:
            setting = _best_setting(data, config, baseline)
            ranker = baseline.fit(data.training.likes(), *setting)
        yield tuning.entrant(name, TRAIN_ONLY, ranker)
        with _Clock() as fitting:
            ranker = baseline.fit(data.known.likes(), *setting)
        yield fitting.entrant(name, TRAIN_AND_VALID, ranker)


def _best_setting(data: Data, config: ModelConfig, baseline: Baseline) -> tuple[float | None, ...]:
    """By NDCG@10 on the validation part, of people whose likes alone are known."""
    training = data.training.select(data.training.weights > 0)
    validation = Validation.of(training, data.wanted(VALID), config)
    if validation is None or len(baseline.grid) == 1:
        return baseline.grid[0]
    likes = training.likes()
    return max(
        baseline.grid,
        key=lambda setting: validation.objective(
            baseline.fit(likes, *setting).scores(validation.histories)
        ),
    )


def _only(model: Model, parts: Sequence[str]) -> Model:
    """The same model with the other parts silent; a part that is left alone has weight 1."""

    def kept(weights: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
        if len(parts) == 1:
            return {who: dict.fromkeys(parts, 1.0) for who in weights}
        return {
            who: {part: weight for part, weight in by_part.items() if part in parts}
            for who, by_part in weights.items()
        }

    return replace(model, blend=Blend(warm=kept(model.blend.warm), cold=kept(model.blend.cold)))


class _Clock:
    """Seconds of a block, and the most memory the process held during it."""

    def __enter__(self) -> _Clock:
        reset_peak()
        self._started = time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.perf_counter() - self._started
        self.peak_mb = peak_mb()

    def entrant(self, model: str, history: str, ranker: Ranker) -> Entrant:
        return Entrant(model, history, ranker, self.seconds, self.peak_mb)


def _differences(judged: Mapping[str, Judged], judge: Judge) -> dict[str, dict[str, float]]:
    """Holm-adjusted p of every other model against the system, told from both sides."""
    others = {
        name: judge.p_value(judged[REFERENCE], found)
        for name, found in judged.items()
        if name != REFERENCE
    }
    adjusted = holm(others)
    return {REFERENCE: adjusted, **{name: {REFERENCE: p} for name, p in adjusted.items()}}
