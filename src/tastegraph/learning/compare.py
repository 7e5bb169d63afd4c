"""Two published models, asked about the same people: what either is worth next to the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tastegraph.config import Config
from tastegraph.learning import asked, gate
from tastegraph.learning.gate import Verdict
from tastegraph.profiles.interactions import History, interactions
from tastegraph.ranking.artefacts import model_from
from tastegraph.ranking.kernels import Scores
from tastegraph.ranking.model import Model, Ranked
from tastegraph.storage import events as log
from tastegraph.storage.database import Database
from tastegraph.storage.snapshots import Snapshot


@dataclass(frozen=True)
class Among:
    """A model over some of its items, in an order of their own.

    Attributes:
        model: over all its items.
        at: int32[C], where each of the C items stands in it.
    """

    model: Model
    at: NDArray[np.int32]

    @property
    def n_items(self) -> int:
        """C."""
        return len(self.at)

    def scores(self, histories: Sequence[History]) -> Scores:
        """float32[U, C]."""
        return self.model.scores([self._own(history) for history in histories])[:, self.at]

    def rank(self, history: History) -> Ranked:
        """Of all the model's items: what a list costs."""
        return self.model.rank(self._own(history))

    def _own(self, history: History) -> History:
        return History(self.at[history.items], history.weights)


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
    place = {name: row for row, name in enumerate(theirs)}
    both = [name for name in names if name in place]
    index = {name: row for row, name in enumerate(both)}
    own = {name: row for row, name in enumerate(names)}
    candidate = Among(model_from(one), np.array([own[name] for name in both], dtype=np.int32))
    incumbent = Among(model_from(other), np.array([place[name] for name in both], dtype=np.int32))
    until = max(int(told.manifest["learned_until"]) for told in (one, other))
    with database.reading() as connection:
        now = interactions(log.grouped_by_user(connection), index, config.events)
        before = interactions(log.grouped_by_user(connection, until), index, config.events)
    history, everybody = config.model.history, np.ones(now.n_users, dtype=np.bool_)
    people = {
        "newest": asked.newest(before, now, everybody, history),
        "earlier": asked.earlier(before, history),
    }
    facts = int(one.manifest["counts"]["edges"]), int(other.manifest["counts"]["edges"])
    return gate.judge(candidate, incumbent, facts, people, config.loop)
