"""The engine: a person's newest events and a published snapshot to a list with reasons."""

from __future__ import annotations

import logging
import threading
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from uuid import uuid4

import numpy as np

from tastegraph.config import Config
from tastegraph.errors import NotFoundError, TastegraphError
from tastegraph.explanation.reasons import Explainer, reasons_for
from tastegraph.profiles.attention import Recency
from tastegraph.profiles.graphs import content_graph, interest_graph
from tastegraph.profiles.interactions import History, settled, weight_of
from tastegraph.ranking.model import KNOWLEDGE
from tastegraph.records import Event
from tastegraph.serving.answers import (
    Associated,
    Because,
    Explanation,
    Interest,
    Listed,
    Near,
    Past,
    Profile,
    Recommendations,
)
from tastegraph.serving.published import Published
from tastegraph.serving.reading import Reader
from tastegraph.storage import events as log
from tastegraph.storage.database import Database
from tastegraph.storage.snapshots import Snapshots

_log = logging.getLogger(__name__)
REASONS = 3
NEWEST = 10_000
"""Events of one person that are read; older ones are neither attended to nor excluded as seen."""

Who = str | Sequence[Event]
"""A user id, or the events of somebody who has none."""


@dataclass(frozen=True)
class _Person:
    events: Sequence[Event]
    history: History
    counted: Sequence[Event]


class Engine:
    """Answers from the snapshot in service and the event log; safe to call from many threads.

    A request sees one snapshot from beginning to end, and every event that was acknowledged
    before it came.

    Raises:
        NotFoundError: nothing has been built yet.
        SnapshotError: the snapshot is incomplete or altered.
    """

    def __init__(self, snapshots: Snapshots, database: Database, config: Config) -> None:
        self._snapshots, self.database, self.config = snapshots, database, config
        self._switch, self._reader = threading.Lock(), Reader()
        self._version = snapshots.current()
        self._published = self._open(self._version)

    def recommend(
        self, who: Who, n: int = 10, *, reasons: int = REASONS, exclude_seen: bool = True
    ) -> Recommendations:
        """The best ``n`` items for a person, each with up to ``reasons`` reasons."""
        now = self._current()
        person = self._person(now, who)
        ranked = now.model.rank(person.history)
        scores = ranked.scores.copy()
        if exclude_seen:
            seen = [now.items[e.item_id] for e in person.events if e.item_id in now.items]
            scores[seen] = -np.inf
        top = np.argsort(-scores, kind="stable")[: max(n, 0)]
        listed = [int(item) for item in top if np.isfinite(scores[item])]
        explainer = Explainer(now.model, now.associations, ranked)
        return Recommendations(
            recommendation_id=uuid4().hex,
            model=now.model_version,
            graph=now.graph_version,
            personal=bool(ranked.factors),
            items=tuple(
                Listed(
                    item_id=now.item_ids[item],
                    title=now.labels[item],
                    rank=rank,
                    score=float(ranked.scores[item]),
                    reasons=self._reasons(now, person, explainer, item, reasons),
                )
                for rank, item in enumerate(listed, start=1)
            ),
        )

    def explain(self, who: Who, item_id: str) -> Explanation:
        """Every reason for and against one item; their shares sum to its score.

        Raises:
            NotFoundError: the snapshot does not know the item.
        """
        now = self._current()
        item = self._item(now, item_id)
        person = self._person(now, who)
        ranked = now.model.rank(person.history)
        found = reasons_for(now.model, now.associations, ranked, item)
        return Explanation(
            item_id=item_id,
            title=now.labels[item],
            score=float(ranked.scores[item]),
            rank=int((ranked.scores > ranked.scores[item]).sum()) + 1,
            seen=any(event.item_id == item_id for event in person.events),
            model=now.model_version,
            graph=now.graph_version,
            reasons=tuple(
                now.because(reason, person.history, person.counted, item) for reason in found
            ),
        )

    def record(self, events: Iterable[Event]) -> log.Receipt:
        """Append events; when this returns they are on disk and the next answer knows them.

        Raises:
            BusyError: another process is writing to the workspace.
        """
        with self.database.writing() as connection:
            return log.append(connection, events)

    def profile(self, user_id: str, interests: int = 30) -> Profile:
        """A person's history and interest graph.

        Raises:
            NotFoundError: there is no event of this person.
        """
        now = self._current()
        person = self._person(now, user_id)
        if not person.events:
            raise NotFoundError(f"there is no event of user {user_id!r}")
        part = now.model.parts.get(KNOWLEDGE)
        attention = part.attention if part is not None else Recency()
        ties = interest_graph(now.ties, person.history, attention, interests)
        return Profile(
            user_id=user_id,
            events=tuple(
                Past(
                    item_id=event.item_id,
                    title=self._title(now, event.item_id),
                    type=event.type,
                    value=event.value,
                    timestamp=event.timestamp,
                    counts=weight_of(event, self.config.events),
                )
                for event in reversed(person.events)
            ),
            interests=tuple(now.interest(tie) for tie in ties),
        )

    def content(self, item_id: str) -> tuple[str, list[Interest]]:
        """An item's title and content graph.

        Raises:
            NotFoundError: the snapshot does not know the item.
        """
        now = self._current()
        item = self._item(now, item_id)
        ties = content_graph(now.ties, item)
        known = [tie for tie in ties if now.associations.node[tie.feature] != item]
        return now.labels[item], [now.interest(tie) for tie in known]

    def associate(self, text: str, n: int = 20) -> Associated:
        """The ``n`` items nearest to a text, and up to ``n`` ties to what it is about.

        Raises:
            NoEncoderError: the language model of the snapshot in service is not exported.
        """
        now = self._current()
        (vector,) = self._reader.read(text, now.texts.folder, now.texts.max_tokens)
        return Associated(
            associations=tuple(now.interest(tie) for tie in now.texts.ties(vector, n)),
            items=tuple(
                Near(item_id=now.item_ids[item], title=now.labels[item], similarity=cosine)
                for item, cosine in now.texts.nearest(vector, n)
            ),
            model=now.model_version,
            graph=now.graph_version,
        )

    @property
    def event_types(self) -> Collection[str]:
        """What an event may be: the types that have a weight."""
        return self.config.events.weights.keys()

    def require(self, item_ids: Iterable[str]) -> None:
        """Check that the snapshot in service knows all these items.

        Raises:
            NotFoundError: it does not know one.
        """
        now = self._current()
        for item_id in item_ids:
            self._item(now, item_id)

    def versions(self) -> tuple[str, str]:
        """The model and the graph in service."""
        now = self._current()
        return now.model_version, now.graph_version

    def _reasons(
        self, now: Published, person: _Person, explainer: Explainer, item: int, most: int
    ) -> tuple[Because, ...]:
        if not most:
            return ()
        found = explainer.shortlist(item, most)
        return tuple(now.because(reason, person.history, person.counted, item) for reason in found)

    def _person(self, now: Published, who: Who) -> _Person:
        events = self._events_of(who) if isinstance(who, str) else who
        events = [event for event in events if event.type != "impression"]
        counted = [
            (event, weight)
            for event in events
            if event.item_id in now.items and (weight := weight_of(event, self.config.events)) != 0
        ]
        items = np.array([now.items[event.item_id] for event, _ in counted], dtype=np.int32)
        weights = np.array([weight for _, weight in counted], dtype=np.float32)
        newest, strongest = settled(items.astype(np.int64), weights)
        kept = slice(-self.config.model.history, None)
        history = History(items[newest][kept], weights[strongest][kept])
        return _Person(events, history, [counted[row][0] for row in strongest[kept]])

    def _events_of(self, user_id: str) -> Sequence[Event]:
        with self.database.reading() as connection:
            return log.of_user(connection, user_id, NEWEST)

    def _current(self) -> Published:
        """The snapshot in service; where a new one cannot be read, the old one serves on."""
        version = self._snapshots.current()
        if version != self._version:
            with self._switch:
                if version != self._version:
                    try:
                        self._published = self._open(version)
                    except TastegraphError as error:
                        _log.error("still serving %s: %s", self._published.graph_version, error)
                    self._version = version
        return self._published

    def _open(self, version: str | None) -> Published:
        return Published.open(self._snapshots.open(version), self.config.relations)

    def _item(self, now: Published, item_id: str) -> int:
        if item_id not in now.items:
            raise NotFoundError(f"there is no item {item_id!r} in the snapshot in service")
        return now.items[item_id]

    def _title(self, now: Published, item_id: str) -> str:
        return now.labels[now.items[item_id]] if item_id in now.items else item_id
