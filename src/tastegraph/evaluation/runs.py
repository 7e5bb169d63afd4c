"""The models of a comparison, each chosen on validation data and fitted for every history.

Every setting is chosen by NDCG@10 on the validation part. For the history that holds the training
part a model is fitted on that; for the one that holds both it is fitted anew on both.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

from tastegraph.core.config import Model as ModelConfig
from tastegraph.evaluation.clock import Clock, Course
from tastegraph.evaluation.judge import TRAIN_AND_VALID, TRAIN_ONLY, Data, Run
from tastegraph.evaluation.split import VALID
from tastegraph.models.baselines import BASELINES, Baseline
from tastegraph.models.choice import choose
from tastegraph.models.fit import assemble, fit
from tastegraph.models.learned import Hyperparameters, ItemFeatures
from tastegraph.models.validation import Validation

GRAPH_CONTROLS: Mapping[str, Callable[[ItemFeatures, int], ItemFeatures]] = {
    "graph off": lambda item_features, _: item_features.graph_off(),
    "graph shuffled": lambda item_features, seed: item_features.graph_shuffled(seed),
}
TEXT_CONTROLS: Mapping[str, Callable[[ItemFeatures, int], ItemFeatures]] = {
    "text off": lambda item_features, _: item_features.text_off(),
    "text shuffled": lambda item_features, seed: item_features.text_shuffled(seed),
}
CONTROLS = {**GRAPH_CONTROLS, **TEXT_CONTROLS}
"""The whole system, chosen and fitted anew, with one kind of knowledge taken away or made false."""


def system(
    name: str,
    item_features: ItemFeatures,
    data: Data,
    config: ModelConfig,
    hyperparameters: Hyperparameters | None = None,
    histories: Collection[str] = (TRAIN_ONLY, TRAIN_AND_VALID),
) -> Iterator[Run]:
    """The whole system on ``item_features``: knowing the training part, then validation as well.

    Args:
        name: of the row.
        item_features: what it is given to know of items.
        data: events and their parts.
        config: sizes and seed.
        hyperparameters: the settings; by default they are chosen on the validation part.
        histories: those that are asked for; where settings are chosen, the first is there anyway.
    """
    if hyperparameters is None or TRAIN_ONLY in histories:
        course = Course()
        with Clock() as tuning:
            if hyperparameters is None:
                fitted_model = choose(
                    item_features, data.training, data.wanted(VALID), config, course
                )
            else:
                fitted_model = fit(item_features, data.training, hyperparameters, config)
            model = assemble(item_features, data.training.user_items(), fitted_model)
        hyperparameters = fitted_model.hyperparameters
        steps = tuple(course.steps)
        yield Run(name, TRAIN_ONLY, model, tuning.seconds, tuning.peak_mb, hyperparameters, steps)
    if TRAIN_AND_VALID in histories:
        with Clock() as fitting:
            fitted_model = fit(item_features, data.known, hyperparameters, config)
            model = assemble(item_features, data.known.user_items(), fitted_model)
        yield Run(name, TRAIN_AND_VALID, model, fitting.seconds, fitting.peak_mb, hyperparameters)


def baseline(name: str, data: Data, config: ModelConfig) -> Iterator[Run]:
    """One of :data:`~tastegraph.models.baselines.BASELINES`, for the same two histories."""
    told = BASELINES[name]
    with Clock() as tuning:
        setting = best_setting(told, data, config)
        ranker = told.fit(data.training.user_items(), *setting)
    yield Run(name, TRAIN_ONLY, ranker, tuning.seconds, tuning.peak_mb)
    with Clock() as fitting:
        ranker = told.fit(data.known.user_items(), *setting)
    yield Run(name, TRAIN_AND_VALID, ranker, fitting.seconds, fitting.peak_mb)


def best_setting(told: Baseline, data: Data, config: ModelConfig) -> tuple[float | None, ...]:
    """By NDCG@10 on the validation part, of people whose likes alone are known."""
    training = data.training.select(data.training.weights > 0)
    validation = Validation.of(training, data.wanted(VALID), config)
    if validation is None or len(told.grid) == 1:
        return told.grid[0]
    likes = training.user_items()
    return max(
        told.grid,
        key=lambda setting: validation.objective(
            told.fit(likes, *setting).score(validation.histories)
        ),
    )
