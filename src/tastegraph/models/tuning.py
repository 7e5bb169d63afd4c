"""Tuning: every hyperparameter, chosen by NDCG@10 on validation data.

First each component is tuned: by a search of its own (:meth:`Component.tune`), or on held-out cold
items where it ranks items without events. Then the weights of the blend are fitted, together with
the parameters and attention that are left; at last the blend is compared with simple models.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from tastegraph.core.arrays import CSR
from tastegraph.core.config import Config, ModelConfig
from tastegraph.core.progress import say
from tastegraph.core.stages import stage
from tastegraph.models import validation as validation_data
from tastegraph.models.base import KNOWN, NEW, Component, Prior, TunedComponent
from tastegraph.models.blend_weights import FittedWeights, Shortlist, fit_blend_weights
from tastegraph.models.cold_start import (
    ColdTrial,
    cold_trials,
    fit_cold_weights,
    tune_for_cold,
)
from tastegraph.models.fit import (
    assemble,
    assembled,
    fit,
    fit_and_assemble,
    learn,
    training_data,
    with_cold_weights,
)
from tastegraph.models.fitted_model import (
    FittedModel,
    Hyperparameters,
    default_hyperparameters,
)
from tastegraph.models.hybrid import HybridModel
from tastegraph.models.item_features import ItemFeatures
from tastegraph.models.preference import Shuffled, prefer_features
from tastegraph.models.registry import COMPONENTS, by_name, tunes_itself
from tastegraph.models.safeguard import compare, safeguarded, simple_models
from tastegraph.models.training_data import TrainingData
from tastegraph.models.trials import current_trials
from tastegraph.models.validation import MAX_VALIDATION_CELLS, Validation, Watch, unwatched
from tastegraph.profiles.attention import Recency
from tastegraph.profiles.interactions import History, Interactions
from tastegraph.profiles.splits import TRAIN, VALID, assign_splits

MAX_WEIGHT_USERS = 10_000
"""Validation users that weights are fitted to, at most."""
MIN_WEIGHT_USERS = 500
"""The same of a large catalogue, unless the scores of more make few enough numbers."""
HALF_LIVES = (None, 20.0, 5.0, 2.0)
AGAINST = (0.1, 0.5)
"""A dislike always counts; how much is chosen."""
COLD = "trials on cold items"
"""Name of what is recorded of them."""
FIRST_LISTS = "first lists"
"""Name of the closed forms that were in service before the full model."""
MIN_GAIN_SE = 3.0
"""Standard errors that a change of weights in service must gain. They were chosen on more users
than there are now, whose data are used again after each retraining for many changes: less, and
chance alone would lead the weights away."""


def tune_and_fit(
    item_features: ItemFeatures,
    events: Interactions,
    config: Config,
    first: FittedModel | None = None,
) -> tuple[FittedModel, HybridModel]:
    """Choose hyperparameters on the validation split of ``config``, then fit on all events.

    Args:
        item_features: graph and texts.
        events: all that count.
        config: how they are split, seed and sizes.
        first: a model in service; its settings stay where they are better on validation data.

    Returns:
        What was fitted, and the model assembled from it over the same items.
    """
    splits = assign_splits(events, config.evaluation, config.model.seed)
    valid = events.select((splits == VALID) & (events.weights > 0)).listed_likes()
    training = events.select(splits == TRAIN)
    tuned = choose(item_features, training, valid, config.model, first=first)
    # What scales them is learned without the events of a fifth of the items: once is enough there.
    cold = tuned.cold if events.n_items > validation_data.LARGE_CATALOGUE else None
    return fit_and_assemble(item_features, events, tuned.hyperparameters, config.model, cold)


def choose(
    item_features: ItemFeatures,
    training: Interactions,
    valid: CSR,
    config: ModelConfig,
    watch: Watch = unwatched,
    first: FittedModel | None = None,
    offered: CSR | None = None,
) -> FittedModel:
    """Choose every hyperparameter by NDCG@10 on ``valid`` and learn from ``training``.

    Without validation data they are the defaults.

    Args:
        item_features: graph and texts.
        training: what is learned from.
        valid: CSR[U, I], what users went on to like.
        config: seed, sizes, and how much of a history counts.
        watch: called with each quality that a component reached alone.
        first: a model in service; its settings stay where they are better by more than chance.
        offered: bool CSR[U, I], what validation lists are made of; by default all items.
    """
    default = default_hyperparameters(ordered=training.ordered)
    validation = Validation.of(training, valid, config, watch=watch, offered=offered)
    if validation is None:
        return fit(item_features, training, default, config)
    data, recencies = training_data(item_features, training, config), _recencies(training)
    half_lives = dict.fromkeys(recency.half_life for recency in recencies)
    one_sided = [Recency(half_life) for half_life in half_lives]
    params, learned = dict(default.params), {}
    for component in COMPONENTS:
        if not tunes_itself(component):
            continue
        with stage(f"choosing: {component.name}"):
            tuned = _tuned(component, data, validation, one_sided, config)
        if tuned is not None:
            params[component.name] = tuned.params
            if tuned.learned is not None:
                learned[component.name] = tuned.learned
    with stage(COLD):
        trials = cold_trials(data, valid, config)
        cold_params, attention = _tuned_for_cold(trials, recencies, config)
    start = replace(
        default,
        params={**params, **cold_params},
        attention={**default.attention, **attention},
    )
    fitted_model = learn(data, start, config, learned=learned)
    hyperparameters = fit_weights(data, valid, fitted_model, config, trials, offered=offered)
    fitted_model = _relearned(data, fitted_model, hyperparameters, config)
    fitted_model = with_cold_weights(data, fitted_model, config)
    model = assembled(data, fitted_model)
    with stage("comparing with simple models"):
        others: dict[str, Component | HybridModel] = {**simple_models(model, data.user_items)}
        if first is not None:
            earlier = _with_settings_of(first, fitted_model.hyperparameters)
            others[FIRST_LISTS] = assembled(data, _relearned(data, fitted_model, earlier, config))
        comparison = compare(model, others, validation)
        if first is not None and comparison[-1].served:
            say(f"the first lists are better on validation data: {comparison[-1].ndcg:.4f}")
            hyperparameters = replace(earlier, compared=comparison)
        else:
            rows = tuple(row for row in comparison if row.model != FIRST_LISTS)
            hyperparameters = safeguarded(fitted_model.hyperparameters, rows)
    if hyperparameters.weights == fitted_model.hyperparameters.weights:
        return replace(fitted_model, hyperparameters=hyperparameters)
    fitted_model = _relearned(data, fitted_model, hyperparameters, config)
    return with_cold_weights(data, fitted_model, config)


def _tuned(
    component: type[Component],
    data: TrainingData,
    validation: Validation,
    recencies: Sequence[Recency],
    config: ModelConfig,
) -> TunedComponent | None:
    """What :meth:`Component.tune` finds, or an interrupted choice has found."""
    recorded = current_trials().recorded(component.name)
    if recorded is not None:
        learned = recorded.arrays if recorded.values["learned"] else None
        return TunedComponent(component.params_from_json(recorded.values["params"]), learned)
    tuned = component.tune(data, validation, recencies, config)
    if tuned is not None:
        values = {
            "params": component.params_to_json(tuned.params),
            "learned": tuned.learned is not None,
        }
        current_trials().record(component.name, values, tuned.learned)
    return tuned


def _tuned_for_cold(
    trials: Sequence[ColdTrial], recencies: Sequence[Recency], config: ModelConfig
) -> tuple[dict[str, Any], dict[str, Recency]]:
    """What :func:`tune_for_cold` finds, or an interrupted choice has found."""
    recorded = current_trials().recorded(COLD)
    if recorded is not None:
        return (
            {
                name: by_name()[name].params_from_json(params)
                for name, params in recorded.values["params"].items()
            },
            {name: Recency(**values) for name, values in recorded.values["attention"].items()},
        )
    params, attention = tune_for_cold(trials, recencies, config.seed)
    values = {
        "params": {name: by_name()[name].params_to_json(each) for name, each in params.items()},
        "attention": {name: asdict(recency) for name, recency in attention.items()},
    }
    current_trials().record(COLD, values)
    return params, attention


@dataclass(frozen=True)
class _Option:
    """One setting of a component that the blend may choose."""

    component: Component
    params: Any
    recency: Recency | None = None


def fit_weights(
    data: TrainingData,
    valid: CSR,
    fitted_model: FittedModel,
    config: ModelConfig,
    trials: Sequence[ColdTrial],
    names: Collection[str] | None = None,
    max_users: int = MAX_WEIGHT_USERS,
    offered: CSR | None = None,
) -> Hyperparameters:
    """Hyperparameters of ``fitted_model`` with weights fitted anew.

    Parameters that are not tuned otherwise, and the attention of components that rank no new items,
    are chosen anew as well; the attention of the others is what orders new items best.

    Args:
        data: what ``fitted_model`` was learned from.
        valid: CSR[U, I], what users went on to like.
        fitted_model: all but its weights.
        config: seed, and how much of a history counts.
        trials: decide the weights on items without events.
        names: components that may have a weight; by default all.
        max_users: validation users that weights are fitted to, at most.
        offered: as of :func:`choose`.
    """
    max_cells = _max_weight_cells(max_users, data.n_items)
    validation = Validation.of(data.interactions, valid, config, max_cells, offered=offered)
    if validation is None:
        return fitted_model.hyperparameters
    model = assembled(data, fitted_model)
    names = by_name() if names is None else names
    with stage("choosing: weights of the blend"):
        options = _options(model, data, fitted_model.hyperparameters, names, config)
        known = _fit_weights(options, validation.histories, validation, model, config.seed)
        chosen = {name: options[name][setting] for name, setting in known.settings.items()}
        only = {name: [option] for name, option in chosen.items()}
        new = _fit_weights(only, validation.newest, validation, model, config.seed)
    defaults = {
        name: component.default
        for name, component in by_name().items()
        if issubclass(component, Prior) and name not in chosen
    }
    hyperparameters = replace(
        fitted_model.hyperparameters,
        params={
            **fitted_model.hyperparameters.params,
            **defaults,
            **{name: option.params for name, option in chosen.items()},
        },
        attention={
            **fitted_model.hyperparameters.attention,
            **{
                name: option.recency
                for name, option in chosen.items()
                if option.recency is not None
            },
        },
        weights={KNOWN: known.weights, NEW: new.weights},
        valid=known.ndcg,
    )
    with stage("choosing: weights on cold items"):
        cold = fit_cold_weights(trials, hyperparameters, names, config.seed)
    return replace(hyperparameters, cold=cold)


def update_weights(
    item_features: ItemFeatures,
    training: Interactions,
    valid: CSR,
    fitted_model: FittedModel,
    config: ModelConfig,
) -> Hyperparameters:
    """Hyperparameters of ``fitted_model``, weights changed where that is clearly better.

    Args:
        item_features: graph and texts.
        training: what ``fitted_model`` was learned from.
        valid: CSR[U, I], likes that it was not learned from.
        fitted_model: whose weights are where it starts.
        config: seed, and how much of a history counts.
    """
    max_cells = _max_weight_cells(MAX_WEIGHT_USERS, training.n_items)
    validation = Validation.of(training, valid, config, max_cells)
    if validation is None:
        return fitted_model.hyperparameters
    model = assemble(item_features, training.user_items(), fitted_model)
    options = {name: [component] for name, component in model.components.items()}
    weights = {}
    for segment, histories in ((KNOWN, validation.histories), (NEW, validation.newest)):
        shortlist = Shortlist.of(options, histories, validation.objective, model.inverse_spread)
        weights[segment] = fit_blend_weights(
            shortlist.scores,
            shortlist.objective.by_user,
            start=fitted_model.hyperparameters.weights[segment],
            min_gain_se=MIN_GAIN_SE,
        ).weights
    return replace(fitted_model.hyperparameters, weights=weights)


def _max_weight_cells(max_users: int, n_items: int) -> int:
    """Numbers that the scores of the users hold whom weights are fitted to, at most."""
    cells = max_users * n_items
    if n_items <= validation_data.LARGE_CATALOGUE:
        return cells
    return min(cells, max(MAX_VALIDATION_CELLS, MIN_WEIGHT_USERS * n_items))


def _options(
    model: HybridModel,
    data: TrainingData,
    hyperparameters: Hyperparameters,
    names: Collection[str],
    config: ModelConfig,
) -> dict[str, list[_Option]]:
    """Settings of each component that the blend chooses from, in the order of the registry."""
    options: dict[str, list[_Option]] = {}
    recencies = _recencies(data.interactions)
    for component in COMPONENTS:
        name, fitted = component.name, model.components.get(component.name)
        if name not in names:
            continue
        params = hyperparameters.params[name]
        if component.ranks_new_items or component.learns_attention:
            if fitted is not None:
                options[name] = [_Option(fitted, params)]
            continue
        settings = [(fitted, params)]
        if not tunes_itself(component):
            grid = component.grid(data)
            settings = [(component.fit(data, each, config.seed), each) for each in grid]
        options[name] = [
            _Option(each.with_recency(recency) if recency else each, params, recency)
            for each, params in settings
            if each is not None
            for recency in ([None] if issubclass(component, Prior) else recencies)
        ]
    return {name: settings for name, settings in options.items() if settings}


def _fit_weights(
    options: dict[str, list[_Option]],
    histories: Sequence[History],
    validation: Validation,
    model: HybridModel,
    seed: int,
) -> FittedWeights:
    components = {n: [option.component for option in settings] for n, settings in options.items()}
    controls = {
        name: [Shuffled.of(component, seed) for component in settings]
        for name, settings in components.items()
        if settings[0].compares_features
    }
    shortlist = Shortlist.of(
        components, histories, validation.objective, model.inverse_spread, controls
    )
    by_user = shortlist.objective.by_user
    expected = [component.name for component in COMPONENTS if component.expected]
    fitted = fit_blend_weights(shortlist.scores, by_user, expected)
    scores, shuffled = (
        {name: settings[fitted.settings[name]] for name, settings in of_all.items()}
        for of_all in (shortlist.scores, shortlist.controls)
    )
    return prefer_features(fitted, scores, shuffled, by_user)


def _relearned(
    data: TrainingData,
    fitted_model: FittedModel,
    hyperparameters: Hyperparameters,
    config: ModelConfig,
) -> FittedModel:
    """``fitted_model`` with ``hyperparameters``; what other parameters decide is learned anew."""
    before, after = fitted_model.hyperparameters.params, hyperparameters.params
    learned = {
        name: component.learn(data, after[name], config.seed)
        for name, component in by_name().items()
        if before[name] != after[name]
    }
    return replace(
        fitted_model,
        hyperparameters=hyperparameters,
        learned={**fitted_model.learned, **learned},
    )


def _with_settings_of(first: FittedModel, hyperparameters: Hyperparameters) -> Hyperparameters:
    """``hyperparameters`` with the weights of ``first``, and its settings of what has a weight."""
    other = first.hyperparameters
    names = {name for weights in other.weights.values() for name in weights if weights[name]}
    return replace(
        hyperparameters,
        params={**hyperparameters.params, **{name: other.params[name] for name in names}},
        attention={
            **hyperparameters.attention,
            **{name: other.attention[name] for name in names if name in other.attention},
        },
        weights=other.weights,
        valid=other.valid,
    )


def _recencies(training: Interactions) -> list[Recency]:
    """Ways to weigh a history; without an order nothing is newer."""
    against = AGAINST if (training.weights < 0).any() else AGAINST[-1:]
    half_lives = HALF_LIVES if training.ordered else HALF_LIVES[:1]
    return [Recency(half_life, factor) for factor in against for half_life in half_lives]
