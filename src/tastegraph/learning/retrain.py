"""Retraining: what is in service learns from what happened since, and is served if no worse.

Graph and texts are made anew, filters and maps fitted anew, and the network goes on from where it
was; the settings stay those that a build chose. The witnesses' newest events are left out: those of
some decide whether the weights of the blend change, those of the others tell whether the result may
be served. The language model is taught anew where ``[loop] teach`` says so. Where somebody was
erased, the network begins anew: what it had learned from them must not live on.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tastegraph.config import Config
from tastegraph.learning import asked, gate
from tastegraph.learning.build import Builder, Made, Read
from tastegraph.learning.content import carried_over, interactions_from_store, unprompted
from tastegraph.learning.gate import Verdict
from tastegraph.learning.inputs import STAGES, Stage
from tastegraph.learning.learn import learn
from tastegraph.profiles.interactions import Interactions
from tastegraph.progress import say
from tastegraph.ranking.artefacts import content_from, learned_from
from tastegraph.ranking.choice import reweighed
from tastegraph.ranking.fit import assemble, fit, with_cold_weights
from tastegraph.ranking.learned import Content, Learned
from tastegraph.ranking.model import Model
from tastegraph.storage import erasure
from tastegraph.storage import events as log
from tastegraph.storage.snapshots import Snapshot

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
        learned: from what it was told.
        told: all but the witnesses' newest events.
        judging: bool[U], the witnesses whose newest events nothing has seen.
    """

    learned: Learned
    told: Interactions
    judging: NDArray[np.bool_]


def candidate(
    content: Content,
    before: Interactions,
    now: Interactions,
    learned: Learned,
    config: Config,
    round_: int,
    *,
    forgets: bool = False,
) -> Candidate:
    """What ``learned`` becomes with what happened since.

    Args:
        content: graph and texts as they are now.
        before, now: the events until which ``learned`` knows, and all there are.
        learned: what is in service.
        config: settings.
        round_: draws the witnesses.
        forgets: whether the network begins anew.
    """
    held = asked.witnesses(now.user_ids, config.loop.witnesses, round_)
    judging, weighing = parted(held, round_)
    told = without_newest(now, before, held)
    start = None if forgets else learned.network
    found = fit(content, told, learned.choice, config.model, start=start)
    if weighing.any():
        newest = now.select(weighing[now.users]).likes()
        choice = reweighed(content, told, newest, found, config.model)
        found = with_cold_weights(content, told, replace(found, choice=choice), config.model)
    return Candidate(found, told, judging)


def retrain(builder: Builder, inputs: str) -> Retrained:
    """Learn from the events since the model in service, and serve the result if it passes.

    Args:
        builder: of the workspace.
        inputs: fingerprint of what is learned from.

    Raises:
        NotFoundError: nothing has been built yet.
    """
    old, config = builder.snapshots.open(), builder.config
    before_known = int(old.manifest["learned_until"])
    with builder.database.reading() as connection:
        known, erasures = log.revision(connection), erasure.total(connection)
    forgets = erasures != old.manifest["erasures"]
    if known == before_known and not forgets:
        return Retrained(old.version, None, 0)
    stages: Collection[Stage] = STAGES if config.loop.teach or forgets else ("graph", "text")
    read = builder.content(stages, old)
    content = read.content
    now = interactions_from_store(builder.database, content.graph, config, known)
    before = interactions_from_store(builder.database, content.graph, config, before_known)
    if not before.likes().nnz:
        # What is in service knows nobody: there is nothing to compare with.
        learned = learn(content, now, config)
        made = Made(read, learned, assemble(content, now.likes(), learned), known, erasures)
        first = builder.publish(made, STAGES, inputs, old)
        return Retrained(first, None, max(known - before_known, 0))
    learned = learned_from(old)
    found = candidate(content, before, now, learned, config, known, forgets=forgets)
    verdict = judged(
        assemble(content, found.told.likes(), found.learned),
        assemble(_as_it_reads(read, old), before.likes(), learned),
        Happened(before, now, unprompted(builder.database, content.graph, config, known)),
        found.judging,
        (len(content.graph.heads), _facts(old)),
        config,
    )
    say(verdict.in_words())
    version = None
    if verdict.passed:
        model = assemble(content, now.likes(), found.learned)
        made = Made(read, found.learned, model, known, erasures, verdict.as_dict())
        version = builder.publish(made, STAGES, inputs, old)
    # Where the newest events were erased, the log ends earlier than it did.
    return Retrained(version, verdict, max(known - before_known, 0))


def judged(
    candidate: Model,
    incumbent: Model,
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
    known = np.asarray(before.likes().sum(axis=0)) > 0
    return compared.beside(gate.resemblance(incumbent, since, earlier, known, config.loop))


def parted(held: NDArray[np.bool_], round_: int) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Witnesses who judge, and where there are many a quarter who decide weights instead."""
    weighing = np.zeros_like(held)
    if held.sum() >= MANY:
        weighing = held & (np.random.default_rng((round_, 1)).random(len(held)) < 0.25)
    return held & ~weighing, weighing


def _as_it_reads(read: Read, old: Snapshot) -> Content:
    """The same items as the model in service reads them: with the language model it has."""
    if read.reader["encoder"] == old.manifest["encoder"]:
        return read.content
    return carried_over(content_from(old), read.content.graph)


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
