"""The whole comparison: the system, its parts alone, its controls and the baselines.

Every setting is chosen by NDCG@10 on the validation part. Each model is then judged on the test
part twice: knowing the training part of each person, and knowing training and validation part and
fitted anew on both. Every list leaves out what the person liked in training or validation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from tastegraph.core.config import Evaluation
from tastegraph.core.config import Model as ModelConfig
from tastegraph.core.progress import progress
from tastegraph.evaluation.clock import Clock
from tastegraph.evaluation.entrants import CONTROLS, baseline, system
from tastegraph.evaluation.judge import (
    TRAIN_AND_VALID,
    TRAIN_ONLY,
    Data,
    Entrant,
    Judge,
    Judged,
)
from tastegraph.evaluation.significance import holm
from tastegraph.evaluation.split import VALID
from tastegraph.evaluation.table import REFERENCE, Result
from tastegraph.models.baselines import BASELINES
from tastegraph.models.choice import choose, weighed
from tastegraph.models.cold_choice import cold_trials
from tastegraph.models.filters import DENSE_ITEMS
from tastegraph.models.fit import assemble, fit, with_cold_weights
from tastegraph.models.learned import Choice
from tastegraph.models.model import BEHAVIOUR, KNOWLEDGE, MAPPED, NETWORK, TEXT, TOWER, Blend, Model

FILTERS = (BEHAVIOUR, KNOWLEDGE, TEXT, *MAPPED, TOWER)
CONTROLLED = ("graph off", "graph shuffled", "text off")


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
    with Clock() as tuning:
        if choice is None:
            learned = choose(content, training, valid, config)
        else:
            learned = fit(content, training, choice, config)
    with Clock() as fitting:
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
        alone = with_cold_weights(content, events, replace(fitted, choice=filters), config)
        for name, model in (
            (REFERENCE, whole),
            ("gcn", _only(whole, (NETWORK,))),
            ("filters", _only(assemble(content, likes, alone), FILTERS)),
        ):
            yield Entrant(name, history, model, clock.seconds, clock.peak_mb)
    for name in CONTROLLED:
        yield from system(name, CONTROLS[name](content, config.seed), data, config)
    for name, told in BASELINES.items():
        if not told.dense or data.events.n_items <= DENSE_ITEMS:
            yield from baseline(name, data, config)


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


def _differences(judged: Mapping[str, Judged], judge: Judge) -> dict[str, dict[str, float]]:
    """Holm-adjusted p of every other model against the system, told from both sides."""
    others = {
        name: judge.p_value(judged[REFERENCE], found)
        for name, found in judged.items()
        if name != REFERENCE
    }
    adjusted = holm(others)
    return {REFERENCE: adjusted, **{name: {REFERENCE: p} for name, p in adjusted.items()}}
