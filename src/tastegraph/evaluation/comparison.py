"""Compare the system, its components alone, its controls and the baselines on one split.

All settings are chosen by NDCG@10 on the validation split. Each model is evaluated on the test
split for two kinds of history: fitted on the train split and knowing it, and fitted anew on the
train and validation split and knowing both. No list contains what a user liked in either.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace

from tastegraph.core.config import EvaluationConfig, ModelConfig
from tastegraph.core.progress import progress
from tastegraph.evaluation.evaluator import (
    TRAIN_AND_VALID,
    TRAIN_ONLY,
    EvaluationData,
    Evaluator,
    Result,
    Run,
    UserMetrics,
)
from tastegraph.evaluation.measurement import QualityCurve, Stopwatch
from tastegraph.evaluation.significance import holm
from tastegraph.evaluation.tables import REFERENCE
from tastegraph.models.base import BEHAVIOUR, KNOWLEDGE, MAPPED, NETWORK, TEXT, TOWER
from tastegraph.models.baselines import BASELINES, Baseline
from tastegraph.models.cold_start import cold_trials
from tastegraph.models.fit import (
    assemble,
    assembled,
    data_of,
    fit_and_assemble,
    fit_on,
    training_data,
    with_cold_weights,
)
from tastegraph.models.fitted_model import Hyperparameters
from tastegraph.models.hybrid import Blend, HybridModel
from tastegraph.models.item_features import ItemFeatures
from tastegraph.models.tables import MAX_DENSE_ITEMS
from tastegraph.models.tuning import choose, fit_weights
from tastegraph.models.validation import Validation
from tastegraph.profiles.splits import VALID

FILTERS = (BEHAVIOUR, KNOWLEDGE, TEXT, *MAPPED, TOWER)
"""All components but the graph network."""
GRAPH_CONTROLS: Mapping[str, Callable[[ItemFeatures, int], ItemFeatures]] = {
    "graph off": lambda item_features, _: item_features.graph_off(),
    "graph shuffled": lambda item_features, seed: item_features.graph_shuffled(seed),
}
TEXT_CONTROLS: Mapping[str, Callable[[ItemFeatures, int], ItemFeatures]] = {
    "text off": lambda item_features, _: item_features.text_off(),
    "text shuffled": lambda item_features, seed: item_features.text_shuffled(seed),
}
CONTROLS = {**GRAPH_CONTROLS, **TEXT_CONTROLS}
"""Name to what it does to the item features: one kind of knowledge is removed or made false.

A control is the whole system, its settings chosen and fitted anew on these features.
"""
COMPARED_CONTROLS = ("graph off", "graph shuffled", "text off")


def compare_models(
    data: EvaluationData,
    evaluation: EvaluationConfig,
    config: ModelConfig,
    hyperparameters: Hyperparameters | None = None,
) -> list[Result]:
    """Results of every model, on every slice, for both kinds of history.

    Args:
        data: events, splits and item features.
        evaluation: cutoffs and bootstrap size.
        config: sizes and seed.
        hyperparameters: chosen on the same validation split before; by default they are chosen.
    """
    runs = list(_all_runs(data, config, hyperparameters))
    evaluator = Evaluator.of(data, evaluation, config)
    results: list[Result] = []
    with progress("evaluating", len(runs)) as advance:
        for history in (TRAIN_ONLY, TRAIN_AND_VALID):
            user_metrics = {}
            for run in runs:
                if run.history == history:
                    user_metrics[run.model] = evaluator.evaluate(run)
                    advance(1)
            p_values = _p_values(user_metrics, evaluator)
            for run in runs:
                if run.history == history:
                    results += evaluator.results(run, user_metrics[run.model], p_values)
    return results


def system_runs(
    name: str,
    item_features: ItemFeatures,
    data: EvaluationData,
    config: ModelConfig,
    hyperparameters: Hyperparameters | None = None,
    histories: Collection[str] = (TRAIN_ONLY, TRAIN_AND_VALID),
) -> Iterator[Run]:
    """The whole system on ``item_features``, fitted for each of ``histories``.

    Args:
        name: of the runs.
        item_features: graph and texts, or a control's.
        data: events and their splits.
        config: sizes and seed.
        hyperparameters: by default they are chosen on the validation split.
        histories: kinds of history; where settings are chosen, the first is always yielded.
    """
    if hyperparameters is None or TRAIN_ONLY in histories:
        curve = QualityCurve()
        with Stopwatch() as tuning:
            if hyperparameters is None:
                fitted_model = choose(
                    item_features, data.train, data.targets(VALID), config, curve,
                    offered=data.offered,
                )  # fmt: skip
                model = assemble(item_features, data.train.user_items(), fitted_model)
            else:
                fitted_model, model = fit_and_assemble(
                    item_features, data.train, hyperparameters, config
                )
        hyperparameters = fitted_model.hyperparameters
        steps = tuple(curve.steps)
        yield Run(name, TRAIN_ONLY, model, tuning.seconds, tuning.peak_mb, hyperparameters, steps)
    if TRAIN_AND_VALID in histories:
        with Stopwatch() as fitting:
            fitted_model, model = fit_and_assemble(
                item_features, data.train_and_valid, hyperparameters, config
            )
        yield Run(name, TRAIN_AND_VALID, model, fitting.seconds, fitting.peak_mb, hyperparameters)


def baseline_runs(name: str, data: EvaluationData, config: ModelConfig) -> Iterator[Run]:
    """One of :data:`~tastegraph.models.baselines.BASELINES`, fitted for both kinds of history."""
    baseline = BASELINES[name]
    with Stopwatch() as tuning:
        setting = best_baseline_setting(baseline, data, config)
        scorer = baseline.fit(data.train.user_items(), *setting)
    yield Run(name, TRAIN_ONLY, scorer, tuning.seconds, tuning.peak_mb)
    with Stopwatch() as fitting:
        scorer = baseline.fit(data.train_and_valid.user_items(), *setting)
    yield Run(name, TRAIN_AND_VALID, scorer, fitting.seconds, fitting.peak_mb)


def best_baseline_setting(
    baseline: Baseline, data: EvaluationData, config: ModelConfig
) -> tuple[float | None, ...]:
    """The setting of the baseline's grid with the best validation NDCG@10, knowing likes alone."""
    train = data.train.select(data.train.weights > 0)
    validation = Validation.of(train, data.targets(VALID), config, offered=data.offered)
    if validation is None or len(baseline.grid) == 1:
        return baseline.grid[0]
    likes = train.user_items()
    return max(
        baseline.grid,
        key=lambda setting: validation.objective(
            baseline.fit(likes, *setting).score(validation.histories)
        ),
    )


def _all_runs(
    data: EvaluationData, config: ModelConfig, hyperparameters: Hyperparameters | None
) -> Iterator[Run]:
    item_features, train, valid = data.item_features, data.train, data.targets(VALID)
    with Stopwatch() as tuning:
        if hyperparameters is None:
            on_train = choose(item_features, train, valid, config)
            known = data_of(item_features, train, on_train, config)
        else:
            known = training_data(item_features, train, config)
            on_train = fit_on(known, hyperparameters, config)
    with Stopwatch() as fitting:
        everything = training_data(item_features, data.train_and_valid, config)
        on_both = fit_on(everything, on_train.hyperparameters, config)
    trials = cold_trials(known, valid, config)
    filters = fit_weights(known, valid, on_train, config, trials, FILTERS)
    for history, events, fitted_model, stopwatch in (
        (TRAIN_ONLY, known, on_train, tuning),
        (TRAIN_AND_VALID, everything, on_both, fitting),
    ):
        system = assembled(events, fitted_model)
        filters_only = with_cold_weights(
            events, replace(fitted_model, hyperparameters=filters), config
        )
        for name, model in (
            (REFERENCE, system),
            ("gcn", _restricted(system, (NETWORK,))),
            ("filters", _restricted(assembled(events, filters_only), FILTERS)),
        ):
            yield Run(name, history, model, stopwatch.seconds, stopwatch.peak_mb)
    for name in COMPARED_CONTROLS:
        yield from system_runs(name, CONTROLS[name](item_features, config.seed), data, config)
    for name, baseline in BASELINES.items():
        if not baseline.dense or data.events.n_items <= MAX_DENSE_ITEMS:
            yield from baseline_runs(name, data, config)


def _restricted(model: HybridModel, components: Sequence[str]) -> HybridModel:
    """``model`` with only ``components`` in the blend; a single one gets weight 1."""

    def restrict(weights: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
        if len(components) == 1:
            return {group: dict.fromkeys(components, 1.0) for group in weights}
        return {
            group: {name: weight for name, weight in by_name.items() if name in components}
            for group, by_name in weights.items()
        }

    blend = Blend(warm=restrict(model.blend.warm), cold=restrict(model.blend.cold))
    return replace(model, blend=blend)


def _p_values(
    user_metrics: Mapping[str, UserMetrics], evaluator: Evaluator
) -> dict[str, dict[str, float]]:
    """Holm-adjusted p of every other model against the system, listed for both."""
    raw = {
        name: evaluator.p_value(user_metrics[REFERENCE], metrics)
        for name, metrics in user_metrics.items()
        if name != REFERENCE
    }
    adjusted = holm(raw)
    return {REFERENCE: adjusted, **{name: {REFERENCE: p} for name, p in adjusted.items()}}
