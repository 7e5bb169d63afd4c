"""Two published models, asked about the same people: what either is worth next to the other."""

from __future__ import annotations

import numpy as np

from tastegraph.core.config import Config
from tastegraph.models.artefacts import model_from
from tastegraph.pipeline import asked, gate
from tastegraph.pipeline.among import Among, in_both
from tastegraph.pipeline.gate import Verdict
from tastegraph.profiles.event_meaning import EventMeaning
from tastegraph.profiles.interactions import interactions
from tastegraph.store import events as log
from tastegraph.store.database import Database
from tastegraph.store.snapshots import Snapshot


def compare(one: Snapshot, other: Snapshot, database: Database, config: Config) -> Verdict:
    """``one`` as a candidate against ``other``, over the items that both know.

    Both are asked for what people liked since the later of them was learned, and for the last
    fifth of what they liked before, which at least one of them was told.

    Args:
        one, other: as they were published.
        database: the workspace's events.
        config: what counts, and what may be lost.
    """
    names, theirs = one.strings("graph.items"), other.strings("graph.items")
    own, others = in_both(names, theirs)
    index = {names[row]: place for place, row in enumerate(own.tolist())}
    candidate, incumbent = Among(model_from(one), own), Among(model_from(other), others)
    until = max(int(told.manifest["learned_until"]) for told in (one, other))
    with database.reading() as connection:
        meaning = EventMeaning.stored(connection, config.events)
        now = interactions(log.grouped_by_user(connection), index, meaning)
        before = interactions(log.grouped_by_user(connection, until), index, meaning)
    history, everybody = config.model.history, np.ones(now.n_users, dtype=np.bool_)
    people = {
        "newest": asked.newest(before, now, everybody, history),
        "earlier": asked.earlier(before, history),
    }
    facts = int(one.manifest["counts"]["edges"]), int(other.manifest["counts"]["edges"])
    return gate.judge(candidate, incumbent, facts, people, config.loop)
