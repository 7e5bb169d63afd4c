"""Retraining: what is in service learns from what happened since, and is served if no worse.

Graph and texts are made anew, filters and maps fitted anew, and the network goes on; settings, and
weights on new items, stay those that a build chose. The witnesses' newest events are left out:
those of some decide whether the weights of the blend change, those of the others tell whether the
result may be served: they neither teach the language model, where ``[loop] teach`` says so, nor
state facts.
Where somebody was erased, all is learned anew as a build does: what was learned from them must not
live on. So it is where ``[events]`` or ``[model]`` changed since, or ratings are of another scale
now: what events said before must not be mixed with what they say now.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.config import Config
from tastegraph.core.progress import say
from tastegraph.models.artefacts import fitted_model_from, model_from
from tastegraph.models.baselines import popularity
from tastegraph.models.choice import reweighed
from tastegraph.models.fit import assemble, partial_fit, with_cold_weights
from tastegraph.models.fitted_config import LEARNED, FittedConfig
from tastegraph.models.learned import FittedModel, ItemFeatures
from tastegraph.pipeline import asked, gate
from tastegraph.pipeline.among import Among, in_both
from tastegraph.pipeline.build import Builder, Made
from tastegraph.pipeline.content import interactions_from_store, unprompted
from tastegraph.pipeline.counting import check_counting
from tastegraph.pipeline.gate import Judged, Verdict
from tastegraph.pipeline.inputs import STAGES, Stage
from tastegraph.pipeline.learn import learn
from tastegraph.profiles.event_meaning import EventMeaning
from tastegraph.profiles.interactions import Interactions
from tastegraph.store import erasure
from tastegraph.store import events as log
from tastegraph.store.snapshots import Snapshot

MANY = 400
"""Witnesses from which on some of them decide the weights of the blend."""


@dataclass(frozen=True)
class Retrained:
    """The outcome.

    Attributes:
        version: in service now; ``None`` where the candidate was refused.
        verdict: what was compared; ``None`` where there was nothing new to learn from, or nothing
            learned before to compare with.
        events: how many came since the model in service was learned.
    """

    version: str | None
    verdict: Verdict | None
    events: int


@dataclass(frozen=True)
class Happened:
    """Events over the same items.

    Attributes:
        before: those that the model in service was told of.
        now: all there are.
        unprompted: those of ``now`` that no list of the model prompted.
    """

    before: Interactions
    now: Interactions
    unprompted: Interactions


@dataclass(frozen=True)
class Candidate:
    """What may come into service.

    Attributes:
        fitted_model: from what it was told.
        told: all but the witnesses' newest events.
        judging: bool[U], the witnesses whose newest events nothing has seen.
    """

    fitted_model: FittedModel
    told: Interactions
    judging: NDArray[np.bool_]


def candidate(
    item_features: ItemFeatures,
    before: Interactions,
    now: Interactions,
    fitted_model: FittedModel,
    config: Config,
    round_: int,
    *,
    forgets: bool = False,
) -> Candidate:
    """What ``fitted_model`` becomes with what happened since.

    Args:
        item_features: graph and texts as they are now.
        before, now: the events until which ``fitted_model`` knows, and all there are.
        fitted_model: what is in service.
        config: settings.
        round_: draws the witnesses.
        forgets: whether all is chosen and learned anew, from nothing.
    """
    held = _held(now, config, round_)
    judging, weighing = parted(held, round_)
    told = without_newest(now, before, held)
    model = config.model
    if forgets:
        found = learn(item_features, told, config)
    else:
        found = partial_fit(item_features, told, before, fitted_model, model)
    if weighing.any():
        newest = now.select(weighing[now.users]).user_items()
        hyperparameters = reweighed(item_features, told, newest, found, model)
        found = with_cold_weights(
            item_features, told, replace(found, hyperparameters=hyperparameters), model
        )
    return Candidate(found, told, judging)


def retrain(builder: Builder, inputs: str) -> Retrained:
    """Learn from the events since the model in service, and serve the result if it passes.

    Args:
        builder: of the workspace.
        inputs: fingerprint of what is learned from.

    Raises:
        NotFoundError: nothing has been built yet.
        TastegraphError: events mean something else than they did, and none counts for an item.
    """
    old, config = builder.snapshots.open(), builder.config
    before_known = int(old.manifest["learned_until"])
    with builder.database.reading() as connection:
        known, erasures = log.revision(connection), erasure.erasure_count(connection)
        meaning = EventMeaning.stored(connection, config.events, known)
        types = log.type_counts(connection, known)
    fitted = FittedConfig.of(old.manifest)
    changed = _changed(fitted, config, meaning)
    forgets = erasures != old.manifest["erasures"]
    if known == before_known and not forgets:
        if changed:
            say(f"{changed} since the model in service was learned: run 'tastegraph build'")
        return Retrained(old.version, None, 0)
    if changed:
        say(f"all is learned anew: {changed} since the model in service was learned")
        forgets = True
    else:
        # The same, but for how high the counts lie that count fully.
        meaning = fitted.meaning
    stages: Collection[Stage] = STAGES if config.loop.teach or forgets else ("graph", "text")

    def until(item_ids: Sequence[str], revision: int) -> Interactions:
        return interactions_from_store(builder.database, item_ids, meaning, revision)

    def told(item_ids: Sequence[str]) -> Interactions:
        now, before = until(item_ids, known), until(item_ids, before_known)
        return without_newest(now, before, _held(now, config, known))

    read = builder.item_features(stages, old, told)
    item_features = read.item_features
    items = item_features.graph.item_ids
    now, before = until(items, known), until(items, before_known)
    if changed or not before.user_items().nnz:
        check_counting(now, meaning, types)
    if not before.user_items().nnz:
        # What is in service knows nobody: there is nothing to compare with.
        fitted_model = learn(item_features, now, config)
        model = assemble(item_features, now.user_items(), fitted_model)
        fitted = builder.fitted(STAGES, old, read, meaning)
        made = Made(read, fitted_model, model, fitted, known, erasures)
        first = builder.publish(made, STAGES, inputs, old)
        return Retrained(first, None, max(known - before_known, 0))
    fitted_model = fitted_model_from(old)
    found = candidate(item_features, before, now, fitted_model, config, known, forgets=forgets)
    own, theirs = in_both(items, old.strings("graph.items"))
    free = unprompted(builder.database, items, meaning, known)
    verdict = judged(
        Among(assemble(item_features, found.told.user_items(), found.fitted_model), own),
        Among(model_from(old), theirs),
        Happened(*(events.of_items(own) for events in (before, now, free))),
        found.judging,
        (len(item_features.graph.heads), _facts(old)),
        config,
    )
    say(verdict.in_words())
    version = None
    if verdict.passed:
        model = assemble(item_features, now.user_items(), found.fitted_model)
        anew = builder.fitted(STAGES, old, read, meaning)
        made = Made(read, found.fitted_model, model, anew, known, erasures, verdict.as_dict())
        version = builder.publish(made, STAGES, inputs, old)
    # Where the newest events were erased, the log ends earlier than it did.
    return Retrained(version, verdict, max(known - before_known, 0))


def judged(
    candidate: Judged,
    incumbent: Judged,
    happened: Happened,
    judging: NDArray[np.bool_],
    facts: tuple[int, int],
    config: Config,
) -> Verdict:
    """Everything that the gate compares.

    Args:
        candidate, incumbent: over the same items.
        happened: what ``incumbent`` was told of, and what came since.
        judging: bool[U], whose newest events neither was told of.
        facts: edges of the candidate's graph, and of the one in service.
        config: what may be lost.
    """
    before, now, history = happened.before, happened.now, config.model.history
    earlier = asked.earlier(before, history)
    people = {
        "newest": asked.newest_unled(before, now, happened.unprompted, judging, history),
        "earlier": earlier,
    }
    compared = gate.judge(candidate, incumbent, facts, people, config.loop)
    since = asked.since(before, now, history)
    known = np.asarray(before.user_items().sum(axis=0)) > 0
    alike = gate.resemblance(incumbent, since, earlier, known, config.loop)
    return compared.beside(*gate.floor(candidate, popularity(before.user_items()), people), alike)


def parted(held: NDArray[np.bool_], round_: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Witnesses who judge, and where there are many a quarter who decide weights instead."""
    weighing = np.zeros_like(held)
    if held.sum() >= MANY:
        weighing = held & (np.random.default_rng((round_, 1)).random(len(held)) < 0.25)
    return held & ~weighing, weighing


def _changed(fitted: FittedConfig, config: Config, meaning: EventMeaning) -> str:
    """What says something else now than when the model was learned; empty where nothing does."""
    if keys := fitted.changes(config, LEARNED):
        return f"{', '.join(keys)} changed in tastegraph.toml"
    if not meaning.agrees(fitted.meaning):
        return f"{fitted.meaning.scale.in_words()!r} became {meaning.scale.in_words()!r}"
    return ""


def _held(now: Interactions, config: Config, round_: int) -> NDArray[np.bool_]:
    return asked.witnesses(now.user_ids, config.loop.witnesses, round_)


def without_newest(
    now: Interactions, before: Interactions, held: NDArray[np.bool_]
) -> Interactions:
    """``now``, but of the people in ``held`` (bool[U]) what they did ``before`` alone."""
    rows = {user: row for row, user in enumerate(now.user_ids)}
    at = np.array([rows[user] for user in before.user_ids], dtype=np.int32)
    mine = held[at[before.users]] if len(before) else np.zeros(0, dtype=np.bool_)
    theirs = before.select(mine)
    others = now.select(~held[now.users])
    users = np.concatenate([others.users, at[theirs.users]])
    order = np.argsort(users, kind="stable")

    def joined(name: str) -> NDArray[Any]:
        return np.concatenate([getattr(others, name), getattr(theirs, name)])[order]

    return Interactions(
        now.user_ids, now.n_items, users[order].astype(np.int32), joined("items"),
        joined("times"), joined("weights"), joined("given"),
    )  # fmt: skip


def _facts(snapshot: Snapshot) -> int:
    return int(snapshot.manifest["counts"]["edges"])
