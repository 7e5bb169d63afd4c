"""Every setting, decided by NDCG@10 on validation data."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from tastegraph.core.arrays import CSR
from tastegraph.core.config import ModelConfig
from tastegraph.models import behaviour
from tastegraph.models.base import (
    BEHAVIOUR,
    KNOWLEDGE,
    KNOWN,
    MAPPED,
    NETWORK,
    NEW,
    POPULARITY,
    RECENT_POPULARITY,
    TEXT,
    TOWER,
    Prior,
    SimilarityComponent,
)
from tastegraph.models.blend import FittedWeights, fit_blend_weights
from tastegraph.models.cold_choice import Trial, best_for_cold, cold_trials, weighed_cold
from tastegraph.models.filter_choice import best_filter
from tastegraph.models.fit import assemble, fit, gather, learn, task_of, with_cold_weights
from tastegraph.models.graph_network.parameters import NetworkSettings
from tastegraph.models.graph_network.tuning import best_network
from tastegraph.models.learned import FittedModel, Hyperparameters, ItemFeatures
from tastegraph.models.mapping import Target
from tastegraph.models.objective import Watch, unwatched
from tastegraph.models.popularity import half_lives, recent_popularity
from tastegraph.models.safeguard import compare, safeguarded, simple_models
from tastegraph.models.shortlist import Shortlist
from tastegraph.models.validation import Validation
from tastegraph.profiles.attention import Recency
from tastegraph.profiles.interactions import History, Interactions

PEOPLE = 10_000
"""So many are asked for the weights, at most."""
HALF_LIVES = (None, 20.0, 5.0, 2.0)
AGAINST = (0.1, 0.5)
"""A dislike always counts; how much is chosen."""
EXPECTED = (BEHAVIOUR, NETWORK, KNOWLEDGE)
"""Two ways to learn from behaviour err less than one, and what can be told as a path is worth more
than its place in the list: these speak unless they clearly hurt."""

SURE = 3.0
"""Standard errors that a change of weights in service must gain. They were chosen on more people
than are asked here, who are asked again after each retraining for many changes: less, and chance
alone would lead the weights away."""

Options = dict[str, list[SimilarityComponent | Prior]]
"""Parts and priors by name, each with the settings that may be chosen."""

_EVEN = {BEHAVIOUR: 1.0, NETWORK: 1.0, KNOWLEDGE: 0.2, TEXT: 0.2}
UNTUNED = Hyperparameters(
    filter=behaviour.DEFAULT,
    targets=dict.fromkeys(MAPPED, Target(64, 1.0)),
    attention=dict.fromkeys(
        (BEHAVIOUR, KNOWLEDGE, TEXT, *MAPPED, TOWER), Recency(20.0, AGAINST[-1])
    ),
    network=NetworkSettings(0.2, layers=2, dimensions=64, heads=1, learning_rate=0.01, epochs=8),
    weights={KNOWN: _EVEN, NEW: _EVEN},
    cold={},
    valid=None,
)
"""What is used where there are too few events to choose by."""


def choose(
    item_features: ItemFeatures,
    training: Interactions,
    valid: CSR,
    config: ModelConfig,
    watch: Watch = unwatched,
) -> FittedModel:
    """Fix every setting by NDCG@10 on ``valid`` (CSR[U, I]), and learn from ``training``.

    Without validation data the settings are ``UNTUNED``, even over events without an order.
    ``watch`` hears of each quality that a filter or the network reached alone.
    """
    untuned = _untuned(training)
    validation = Validation.of(training, valid, config, watch=watch)
    if validation is None:
        return fit(item_features, training, untuned, config)
    recencies = _recencies(training)
    half_lives = dict.fromkeys(each.half_life for each in recencies)
    told = best_filter(
        training.user_items(),
        item_features.groups,
        validation,
        [Recency(each) for each in half_lives],
    )
    evidence = gather(item_features, training, config)
    network = best_network(evidence, task_of(item_features, training, config), validation, config)
    trials = cold_trials(item_features, training, valid, config)
    targets, attention = best_for_cold(
        trials, item_features, evidence.kind_weights, recencies, untuned.targets
    )
    start = replace(
        untuned, filter=told, targets=targets, attention={**untuned.attention, **attention}
    )
    fitted_model = learn(item_features, training, start, evidence.kind_weights, network, config)
    fitted_model = replace(
        fitted_model,
        hyperparameters=weighed(item_features, training, valid, fitted_model, config, trials),
    )
    fitted_model = replace(
        fitted_model, recent=recent_popularity(training, fitted_model.hyperparameters.recent)
    )
    fitted_model = with_cold_weights(item_features, training, fitted_model, config)
    user_items = training.user_items()
    model = assemble(item_features, user_items, fitted_model)
    hyperparameters = safeguarded(
        fitted_model.hyperparameters, compare(model, simple_models(model, user_items), validation)
    )
    if hyperparameters.weights == fitted_model.hyperparameters.weights:
        return replace(fitted_model, hyperparameters=hyperparameters)
    table = hyperparameters.filter.table(user_items, item_features.groups)
    return with_cold_weights(
        item_features,
        training,
        replace(fitted_model, hyperparameters=hyperparameters, table=table),
        config,
    )


def weighed(
    item_features: ItemFeatures,
    training: Interactions,
    valid: CSR,
    fitted_model: FittedModel,
    config: ModelConfig,
    trials: Sequence[Trial],
    parts: Collection[str] | None = None,
) -> Hyperparameters:
    """Those of ``fitted_model`` with weights chosen anew, of ``parts`` and priors alone.

    ``trials`` decide those on cold items. The attention that ranks behaviour is chosen anew as
    well; that of the others is what orders new items best.
    """
    validation = Validation.of(training, valid, config, PEOPLE * training.n_items)
    if validation is None:
        return fitted_model.hyperparameters
    model = assemble(item_features, training.user_items(), fitted_model)
    if parts is None:
        parts = (*model.components, POPULARITY, RECENT_POPULARITY)
    options: Options = {name: [part] for name, part in model.components.items() if name in parts}
    if BEHAVIOUR in options:
        kernel = model.components[BEHAVIOUR].kernel
        options[BEHAVIOUR] = [
            SimilarityComponent(recency, kernel) for recency in _recencies(training)
        ]
    if POPULARITY in parts and model.popularity.any():
        options[POPULARITY] = [Prior(model.popularity)]
    ages = half_lives(training) if RECENT_POPULARITY in parts else []
    if ages:
        options[RECENT_POPULARITY] = [Prior(recent_popularity(training, age)) for age in ages]

    def weights(histories: Sequence[History], chosen: Options) -> FittedWeights:
        among = Shortlist.of(chosen, histories, validation.objective, model.spread)
        return fit_blend_weights(among.scores, among.objective.by_person, EXPECTED)

    known = weights(validation.histories, options)
    best: Options = {name: [options[name][setting]] for name, setting in known.settings.items()}
    new = weights(validation.newest, best)
    hyperparameters = replace(
        fitted_model.hyperparameters,
        attention={
            **fitted_model.hyperparameters.attention,
            **{
                name: part.attention
                for name, (part,) in best.items()
                if isinstance(part, SimilarityComponent) and isinstance(part.attention, Recency)
            },
        },
        weights={KNOWN: known.weights, NEW: new.weights},
        valid=known.reached,
        recent=ages[known.settings[RECENT_POPULARITY]] if ages else None,
    )
    fitted_model = replace(fitted_model, hyperparameters=hyperparameters)
    return replace(hyperparameters, cold=weighed_cold(trials, item_features, fitted_model, parts))


def reweighed(
    item_features: ItemFeatures,
    training: Interactions,
    valid: CSR,
    fitted_model: FittedModel,
    config: ModelConfig,
) -> Hyperparameters:
    """Those of ``fitted_model``, its weights on warm items changed where that is clearly better.

    Args:
        item_features: graph and texts.
        training: what ``fitted_model`` knows.
        valid: CSR[U, I], likes that it does not know.
        fitted_model: whose weights are where it starts.
        config: whom to ask.
    """
    validation = Validation.of(training, valid, config, PEOPLE * training.n_items)
    if validation is None:
        return fitted_model.hyperparameters
    model = assemble(item_features, training.user_items(), fitted_model)
    parts: Options = {name: [part] for name, part in model.components.items()}
    parts |= {name: [prior] for name, prior in model.priors.items()}
    weights = {}
    for who, histories in ((KNOWN, validation.histories), (NEW, validation.newest)):
        among = Shortlist.of(parts, histories, validation.objective, model.spread)
        start = fitted_model.hyperparameters.weights[who]
        found = fit_blend_weights(
            among.scores, among.objective.by_person, start=start, min_gain_se=SURE
        )
        weights[who] = found.weights
    return replace(fitted_model.hyperparameters, weights=weights)


def _untuned(training: Interactions) -> Hyperparameters:
    """``UNTUNED``, by which a place in the file is no time where events have no order."""
    if training.ordered:
        return UNTUNED
    even = dict.fromkeys(UNTUNED.attention, Recency(None, AGAINST[-1]))
    return replace(UNTUNED, attention=even)


def _recencies(training: Interactions) -> list[Recency]:
    """Without an order nothing is newer."""
    against = AGAINST if (training.weights < 0).any() else AGAINST[-1:]
    half_lives = HALF_LIVES if training.ordered else HALF_LIVES[:1]
    return [Recency(half_life, factor) for factor in against for half_life in half_lives]
