"""Retraining: fit the model in service to newer events, and serve it if the gate accepts it.

Graph and texts are built anew, closed-form components fitted anew, and the network trained further;
hyperparameters, and the blend weights of new items, stay those of the last build. The newest events
of the holdout users are left out of all of it, also of fine-tuning the language model (with
``[loop] finetune``) and of derived facts: those of some holdout users decide whether the blend
weights change, those of the others whether the result may be served.

Where a user or an item was erased, everything is fitted anew as by a build, since what was learned
from them must be forgotten. So it is where ``[events]`` or ``[model]`` changed, or ratings are on
another scale now: events must not count differently within one model.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.config import Config
from tastegraph.core.progress import say
from tastegraph.models.baselines import popularity
from tastegraph.models.fit import assemble, data_of, partial_fit, with_cold_weights
from tastegraph.models.fitted_config import LEARNED, FittedConfig
from tastegraph.models.fitted_model import FittedModel
from tastegraph.models.hybrid import HybridModel
from tastegraph.models.item_features import ItemFeatures
from tastegraph.models.persistence import fitted_model_from, model_from
from tastegraph.models.tuning import tune_and_fit, update_weights
from tastegraph.pipeline import gate_samples
from tastegraph.pipeline.build import Builder
from tastegraph.pipeline.choice import chosen_now
from tastegraph.pipeline.contents import SnapshotContents
from tastegraph.pipeline.gate import (
    GateVerdict,
    RankingModel,
    SharedItemsModel,
    check_models,
    check_popularity,
    check_resemblance,
    shared_items,
)
from tastegraph.pipeline.stages import STAGES, Stage
from tastegraph.pipeline.training_events import (
    check_events,
    interactions_from_store,
    organic_interactions,
)
from tastegraph.profiles.event_meaning import EventMeaning
from tastegraph.profiles.interactions import Interactions
from tastegraph.store import erasure, revision
from tastegraph.store import events as log
from tastegraph.store.snapshots import Snapshot

MIN_USERS_TO_REFIT_BLEND = 400
"""With at least so many holdout users, some of them decide the weights of the blend."""
BLEND_SHARE = 0.25
"""Of the holdout users."""


@dataclass(frozen=True)
class RetrainingResult:
    """Outcome of a retraining.

    Attributes:
        version: in service now; ``None`` where the candidate was refused.
        verdict: of the gate; ``None`` where there was nothing new to learn from, or no model with
            events to compare with.
        events: number of events since the model in service was fitted.
    """

    version: str | None
    verdict: GateVerdict | None
    events: int


@dataclass(frozen=True)
class EventHistory:
    """Events over the same items.

    Attributes:
        before: those that the model in service was fitted on.
        after: all events until now.
        organic: those of ``after`` that do not answer a list of the model.
    """

    before: Interactions
    after: Interactions
    organic: Interactions


@dataclass(frozen=True)
class CandidateModel:
    """A model that may come into service.

    Attributes:
        fitted_model: fitted on ``events``.
        events: all but the newest events of the holdout users.
        gate_users: bool[U], holdout users whose newest events nothing was fitted on.
    """

    fitted_model: FittedModel
    events: Interactions
    gate_users: NDArray[np.bool_]


def fit_candidate(
    item_features: ItemFeatures,
    before: Interactions,
    after: Interactions,
    fitted_model: FittedModel,
    config: Config,
    seed: int,
    *,
    from_scratch: bool = False,
) -> CandidateModel:
    """Fit ``fitted_model`` further on the events since ``before``, without those held out.

    Args:
        item_features: graph and texts as they are now.
        before: the events that ``fitted_model`` was fitted on.
        after: all events until now.
        fitted_model: the model in service.
        config: configuration of the workspace.
        seed: draws the holdout users; differs in each retraining.
        from_scratch: whether hyperparameters are chosen and everything is fitted anew instead.
    """
    holdout = _holdout_users(after, config, seed)
    gate_users, blend_users = split_holdout(holdout, seed)
    events = without_new_events(after, before, holdout)
    if from_scratch:
        candidate, _ = tune_and_fit(item_features, events, config)
    else:
        candidate = partial_fit(item_features, events, before, fitted_model, config.model)
    if blend_users.any():
        newest = after.select(blend_users[after.users]).listed_likes()
        hyperparameters = update_weights(item_features, events, newest, candidate, config.model)
        candidate = replace(candidate, hyperparameters=hyperparameters)
        data = data_of(item_features, events, candidate, config.model)
        candidate = with_cold_weights(data, candidate, config.model)
    return CandidateModel(candidate, events, gate_users)


def retrain(builder: Builder, inputs: str) -> RetrainingResult:
    """Fit to the events since the model in service, and serve the result if the gate passes.

    Args:
        builder: of the workspace.
        inputs: fingerprint of what is learned from.

    Raises:
        NotFoundError: nothing has been built yet.
        TastegraphError: events count differently than before, and none counts for an item.
    """
    previous, config = builder.snapshots.open(), builder.config
    previous_revision = int(previous.manifest["learned_until"])
    with builder.database.reading() as connection:
        log_revision, erasures = log.revision(connection), erasure.erasure_count(connection)
        forgotten = revision.forgotten_source_count(connection)
        meaning = EventMeaning.stored(connection, config.events, log_revision)
        type_counts = log.type_counts(connection, log_revision)
    fitted_config = FittedConfig.of(previous.manifest)
    difference = _difference(fitted_config, config, meaning)
    from_scratch = erasures != previous.manifest["erasures"]
    from_scratch |= forgotten != previous.manifest.get("forgotten", 0)
    if log_revision == previous_revision and not from_scratch:
        if difference:
            say(f"{difference} since the model in service was learned: run 'tastegraph build'")
        return RetrainingResult(previous.version, None, 0)
    # Where the newest events were erased or withdrawn, the log ends earlier than it did.
    n_events = max(log_revision - previous_revision, 0)
    if difference:
        say(f"all is learned anew: {difference} since the model in service was learned")
        from_scratch = True
    else:
        # The same but for the normalisation of counts, which stays that of the model.
        meaning = fitted_config.meaning
    everything = config.loop.finetune or from_scratch
    stages: Collection[Stage] = STAGES if everything else ("graph", "text")

    def events_until(rows: Mapping[str, int], until: int) -> Interactions:
        return interactions_from_store(builder.database, rows, meaning, until)

    def events_of(rows: Mapping[str, int]) -> Interactions:
        after = events_until(rows, log_revision)
        before = events_until(rows, previous_revision)
        return without_new_events(after, before, _holdout_users(after, config, log_revision))

    features = builder.build_features(stages, previous, events_of)
    item_features = features.item_features
    graph = item_features.graph
    after, before = (events_until(graph.rows, until) for until in (log_revision, previous_revision))
    first_likes = not before.user_items().nnz
    if difference or first_likes:
        check_events(after, meaning, type_counts)

    def publish(fitted_model: FittedModel, model: HybridModel, gate: dict[str, Any] | None) -> str:
        new_config = builder.fitted_config(STAGES, previous, features, meaning)
        contents = SnapshotContents(
            features, fitted_model, model, after, new_config, log_revision, erasures, gate,
            chosen_now(after) if from_scratch or first_likes else previous.manifest.get("chosen"),
            forgotten=forgotten,
        )  # fmt: skip
        return builder.publish(contents, STAGES, inputs, previous)

    if first_likes:
        # The model in service was fitted on no like: there is nothing to compare with.
        version = publish(*tune_and_fit(item_features, after, config), None)
        return RetrainingResult(version, None, n_events)
    candidate = fit_candidate(
        item_features, before, after, fitted_model_from(previous), config, log_revision,
        from_scratch=from_scratch,
    )  # fmt: skip
    rows, previous_rows = shared_items(graph.item_ids, previous.strings("graph.items"))
    organic = organic_interactions(builder.database, graph.rows, meaning, log_revision)
    model = assemble(item_features, candidate.events.user_items(), candidate.fitted_model)
    verdict = run_gate(
        SharedItemsModel(model, rows),
        SharedItemsModel(model_from(previous, whole=True), previous_rows),
        EventHistory(*(events.of_items(rows) for events in (before, after, organic))),
        candidate.gate_users,
        (len(graph.heads), _n_facts(previous)),
        config,
    )
    say(verdict.in_words())
    accepted = None
    if verdict.passed:
        model = assemble(item_features, after.user_items(), candidate.fitted_model)
        accepted = publish(candidate.fitted_model, model, verdict.as_dict())
    return RetrainingResult(accepted, verdict, n_events)


def run_gate(
    candidate: RankingModel,
    incumbent: RankingModel,
    history: EventHistory,
    gate_users: NDArray[np.bool_],
    n_facts: tuple[int, int],
    config: Config,
) -> GateVerdict:
    """All checks of the gate.

    Args:
        candidate, incumbent: over the same items.
        history: events that ``incumbent`` was fitted on, and events since.
        gate_users: bool[U], users whose newest events neither was fitted on.
        n_facts: edges of the candidate's graph, and of the graph in service.
        config: how much may be lost.
    """
    before, after, length = history.before, history.after, config.model.history
    earlier = gate_samples.earlier_likes(before, length)
    newest = gate_samples.newest_organic_likes(before, after, history.organic, gate_users, length)
    samples = {"newest": newest, "earlier": earlier}
    verdict = check_models(candidate, incumbent, n_facts, samples, config.loop)
    since = gate_samples.likes_since(before, after, length)
    known = np.asarray(before.listed_likes().sum(axis=0)) > 0
    resemblance = check_resemblance(incumbent, since, earlier, known, config.loop)
    baseline = popularity(before.listed_likes())
    return verdict.with_checks(*check_popularity(candidate, baseline, samples), resemblance)


def split_holdout(
    holdout: NDArray[np.bool_], seed: int
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Divide the holdout users (bool[U]) into those of the gate and those who decide the blend.

    There are users for the blend only where there are :data:`MIN_USERS_TO_REFIT_BLEND`.
    """
    blend_users = np.zeros_like(holdout)
    if holdout.sum() >= MIN_USERS_TO_REFIT_BLEND:
        draws = np.random.default_rng((seed, 1)).random(len(holdout))
        blend_users = holdout & (draws < BLEND_SHARE)
    return holdout & ~blend_users, blend_users


def without_new_events(
    after: Interactions, before: Interactions, users: NDArray[np.bool_]
) -> Interactions:
    """``after``, but of ``users`` (bool[U]) only the events in ``before``."""
    rows = {user: row for row, user in enumerate(after.user_ids)}
    row_after = np.array([rows[user] for user in before.user_ids], dtype=np.int32)
    of_users = users[row_after[before.users]] if len(before) else np.zeros(0, dtype=np.bool_)
    earlier = before.select(of_users)
    others = after.select(~users[after.users])
    all_users = np.concatenate([others.users, row_after[earlier.users]])
    order = np.argsort(all_users, kind="stable")

    def column(name: str) -> NDArray[Any]:
        return np.concatenate([getattr(others, name), getattr(earlier, name)])[order]

    return Interactions(
        after.user_ids, after.n_items, all_users[order].astype(np.int32), column("items"),
        column("times"), column("weights"), column("published_splits"), after.n_entities,
    )  # fmt: skip


def _difference(fitted_config: FittedConfig, config: Config, meaning: EventMeaning) -> str:
    """What makes events count differently than when the model was fitted; empty for nothing."""
    if keys := fitted_config.changes(config, LEARNED):
        return f"{', '.join(keys)} changed in tastegraph.toml"
    if not meaning.agrees(fitted_config.meaning):
        return f"{fitted_config.meaning.scale.in_words()!r} became {meaning.scale.in_words()!r}"
    return ""


def _holdout_users(events: Interactions, config: Config, seed: int) -> NDArray[np.bool_]:
    return gate_samples.holdout_users(events.user_ids, config.loop.holdout_users, seed)


def _n_facts(snapshot: Snapshot) -> int:
    return int(snapshot.manifest["counts"]["edges"])
