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
from tastegraph.evaluation.judge import (
    TRAIN_AND_VALID,
    TRAIN_ONLY,
    Data,
    Evaluator,
    Judged,
    Run,
)
from tastegraph.evaluation.runs import CONTROLS, baseline, system
from tastegraph.evaluation.significance import holm
from tastegraph.evaluation.split import VALID
from tastegraph.evaluation.table import REFERENCE, Result
from tastegraph.models.base import BEHAVIOUR, KNOWLEDGE, MAPPED, NETWORK, TEXT, TOWER
from tastegraph.models.baselines import BASELINES
from tastegraph.models.choice import choose, weighed
from tastegraph.models.cold_choice import cold_trials
from tastegraph.models.filters import DENSE_ITEMS
from tastegraph.models.fit import assemble, fit, with_cold_weights
from tastegraph.models.hybrid import Blend, HybridModel
from tastegraph.models.learned import Hyperparameters

FILTERS = (BEHAVIOUR, KNOWLEDGE, TEXT, *MAPPED, TOWER)
CONTROLLED = ("graph off", "graph shuffled", "text off")


def compare(
    data: Data,
    evaluation: Evaluation,
    config: ModelConfig,
    hyperparameters: Hyperparameters | None = None,
) -> list[Result]:
    """Results of every model, on every slice, for both kinds of history.

    Args:
        data: events, parts and content.
        evaluation: cut-offs and bootstrap size.
        config: sizes and seed.
        hyperparameters: chosen on this very validation part before, where they are at hand.
    """
    runs = list(_runs(data, config, hyperparameters))
    judge = Evaluator.of(data, evaluation, config)
    results: list[Result] = []
    with progress("judging", len(runs)) as advance:
        for history in (TRAIN_ONLY, TRAIN_AND_VALID):
            judged = {}
            for run in runs:
                if run.history == history:
                    judged[run.model] = judge(run)
                    advance(1)
            p = _differences(judged, judge)
            for run in runs:
                if run.history == history:
                    results += judge.report(run, judged[run.model], p)
    return results


def _runs(
    data: Data, config: ModelConfig, hyperparameters: Hyperparameters | None
) -> Iterator[Run]:
    item_features, training, valid = data.item_features, data.training, data.wanted(VALID)
    with Clock() as tuning:
        if hyperparameters is None:
            fitted_model = choose(item_features, training, valid, config)
        else:
            fitted_model = fit(item_features, training, hyperparameters, config)
    with Clock() as fitting:
        both = fit(item_features, data.known, fitted_model.hyperparameters, config)
    trials = cold_trials(item_features, training, valid, config)
    filters = weighed(item_features, training, valid, fitted_model, config, trials, parts=FILTERS)
    stages = (
        (TRAIN_ONLY, training, fitted_model, tuning),
        (TRAIN_AND_VALID, data.known, both, fitting),
    )
    for history, events, fitted, clock in stages:
        likes = events.user_items()
        whole = assemble(item_features, likes, fitted)
        alone = with_cold_weights(
            item_features, events, replace(fitted, hyperparameters=filters), config
        )
        for name, model in (
            (REFERENCE, whole),
            ("gcn", _only(whole, (NETWORK,))),
            ("filters", _only(assemble(item_features, likes, alone), FILTERS)),
        ):
            yield Run(name, history, model, clock.seconds, clock.peak_mb)
    for name in CONTROLLED:
        yield from system(name, CONTROLS[name](item_features, config.seed), data, config)
    for name, told in BASELINES.items():
        if not told.dense or data.events.n_items <= DENSE_ITEMS:
            yield from baseline(name, data, config)


def _only(model: HybridModel, parts: Sequence[str]) -> HybridModel:
    """The same model with the other parts silent; a part that is left alone has weight 1."""

    def kept(weights: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
        if len(parts) == 1:
            return {who: dict.fromkeys(parts, 1.0) for who in weights}
        return {
            who: {part: weight for part, weight in by_part.items() if part in parts}
            for who, by_part in weights.items()
        }

    return replace(model, blend=Blend(warm=kept(model.blend.warm), cold=kept(model.blend.cold)))


def _differences(judged: Mapping[str, Judged], judge: Evaluator) -> dict[str, dict[str, float]]:
    """Holm-adjusted p of every other model against the system, told from both sides."""
    others = {
        name: judge.p_value(judged[REFERENCE], found)
        for name, found in judged.items()
        if name != REFERENCE
    }
    adjusted = holm(others)
    return {REFERENCE: adjusted, **{name: {REFERENCE: p} for name, p in adjusted.items()}}
