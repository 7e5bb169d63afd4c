"""The engine: a person's newest events and a published snapshot to a list with reasons."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Collection, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import asdict, dataclass
from functools import cached_property, partial
from secrets import randbits
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
from tastegraph.serving.exploration import drawn
from tastegraph.serving.published import Published
from tastegraph.serving.reading import Reader
from tastegraph.storage import erasure, lists
from tastegraph.storage import events as log
from tastegraph.storage.committing import Committer
from tastegraph.storage.database import Database
from tastegraph.storage.lists import Place, Shown
from tastegraph.storage.snapshots import Snapshots

_log = logging.getLogger(__name__)
REASONS = 3
NEWEST = 10_000
"""Events of one person that are read; older ones are neither attended to nor excluded as seen."""

Who = str | Sequence[Event]
"""A user id, or the events of somebody who has none."""


@dataclass(frozen=True)
class Asked:
    """How a list is made, beside for whom.

    Attributes:
        exclude_seen: whether what the person has an event on is left out.
        explore: share in [0, 1] of the places that explore; ``None`` for the configured one.
        seed: what they are drawn with; ``None`` for a random one.
    """

    exclude_seen: bool = True
    explore: float | None = None
    seed: int | None = None


def _complain(kept: Future[None]) -> None:
    if (error := kept.exception()) is not None:
        _log.error("a list was not kept: %s", error)


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
        self.snapshots, self.database, self.config = snapshots, database, config
        self._switch, self._reader = threading.Lock(), Reader()
        self._version = snapshots.current()
        self._published = self._open(self._version)

    def recommend(
        self,
        who: Who,
        n: int = 10,
        *,
        reasons: int = REASONS,
        exclude_seen: bool = True,
        explore: float = 0.0,
        seed: int = 0,
    ) -> Recommendations:
        """The best ``n`` items for a person, each with up to ``reasons`` reasons.

        Args:
            who: a user id, or the events of somebody who has none.
            n: how many.
            reasons: of each item, at most.
            exclude_seen: whether what the person has an event on is left out.
            explore: share in [0, 1] of the places given to items that the model is unsure of.
            seed: what those are drawn with.
        """
        now = self._current()
        return self._recommend(
            now, self._person(now, self._events_of(who)), n, reasons, exclude_seen, explore, seed
        )

    def show(self, who: Who, n: int, asked: Asked, *, reasons: int = REASONS) -> Recommendations:
        """:meth:`recommend`, and the list is kept, so that it can be learned from and made again.

        It is on disk soon after the answer. Without ``explore`` or ``seed`` in ``asked`` the
        configured share and a random seed are taken.
        """
        explore = self.config.serving.explore if asked.explore is None else asked.explore
        seed = randbits(32) if asked.seed is None else asked.seed
        now, (known, events) = self._current(), self._known_events(who)
        person = self._person(now, events)
        answer = self._recommend(now, person, n, reasons, asked.exclude_seen, explore, seed)
        if self.config.serving.keep_lists:
            session = None if isinstance(who, str) else [asdict(event) for event in who]
            shown = Shown(
                recommendation_id=answer.recommendation_id,
                user_id=who if isinstance(who, str) else None,
                made=time.time(),
                snapshot=now.version,
                model=answer.model,
                graph=answer.graph,
                known=known,
                asked={
                    "n": n, "exclude_seen": asked.exclude_seen, "explore": explore, "seed": seed,
                    "session": session,
                },
                places=[Place(i.item_id, i.score, i.propensity, i.best) for i in answer.items],
            )  # fmt: skip
            self._committer.submit(partial(lists.keep, shown=shown)).add_done_callback(_complain)
        return answer

    def shown(self, recommendation_id: str) -> Shown:
        """A list as it was kept.

        Raises:
            NotFoundError: there is none.
        """
        with self.database.reading() as connection:
            return lists.get(connection, recommendation_id)

    def replay(self, recommendation_id: str) -> Recommendations:
        """The same list once more, from the snapshot and the events that it was made of.

        Raises:
            NotFoundError: there is no such list, or its snapshot is gone.
        """
        shown = self.shown(recommendation_id)
        before = self._open(shown.snapshot)
        asked = dict(shown.asked)
        session = asked.pop("session")
        if shown.user_id is None:
            events: Sequence[Event] = [Event(**row) for row in session]
        else:
            with self.database.reading() as connection:
                events = log.of_user(connection, shown.user_id, NEWEST, shown.known)
        answer = self._recommend(before, self._person(before, events), reasons=REASONS, **asked)
        return answer.model_copy(update={"recommendation_id": recommendation_id})

    def _recommend(
        self,
        now: Published,
        person: _Person,
        n: int,
        reasons: int,
        exclude_seen: bool,
        explore: float,
        seed: int,
    ) -> Recommendations:
        ranked = now.model.rank(person.history)
        scores = ranked.scores.copy()
        if exclude_seen:
            seen = [now.items[e.item_id] for e in person.events if e.item_id in now.items]
            scores[seen] = -np.inf
        doubt = ranked.doubt() if explore > 0 else scores
        found = drawn(scores, doubt, n, explore, np.random.default_rng(seed))
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
                    propensity=propensity,
                    best=best,
                    reasons=self._reasons(now, person, explainer, item, reasons),
                )
                for rank, (item, propensity, best) in enumerate(
                    zip(found.items, found.propensities, found.best, strict=True), start=1
                )
            ),
        )

    def explain(self, who: Who, item_id: str) -> Explanation:
        """Every reason for and against one item; their shares sum to its score.

        Raises:
            NotFoundError: the snapshot does not know the item.
        """
        now = self._current()
        item = self._item(now, item_id)
        person = self._person(now, self._events_of(who))
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
        return self.record_soon(events).result()

    def record_soon(self, events: Iterable[Event]) -> Future[log.Receipt]:
        """The same, without waiting: events of many callers go to disk together."""
        return self._committer.submit(partial(log.append, new=list(events)))

    def erase(self, user_id: str) -> erasure.Receipt:
        """Delete all there is of a person; when this returns, nothing of it is on disk.

        Raises:
            BusyError: the database is being read all the time; calling again completes it.
        """
        receipt = self._committer.submit(partial(erasure.erase_user, user_id=user_id)).result()
        self.database.scrub()
        return receipt

    def close(self) -> None:
        """Write what waits; who writes afterwards begins anew."""
        committer: Committer | None = vars(self).pop("_committer", None)
        if committer is not None:
            committer.close()

    @cached_property
    def _committer(self) -> Committer:
        return Committer(self.database)

    def profile(self, user_id: str, interests: int = 30) -> Profile:
        """A person's history and interest graph.

        Raises:
            NotFoundError: there is no event of this person.
        """
        now = self._current()
        person = self._person(now, self._events_of(user_id))
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

    def check(self, version: str) -> None:
        """Raise SnapshotError where ``version`` could not be served; nothing is changed."""
        self._open(version)

    @property
    def version(self) -> str:
        """The snapshot that answers."""
        return self._current().version

    @property
    def learned_until(self) -> int:
        """The log's revision up to which the model in service was learned."""
        return self._current().learned_until

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

    def _person(self, now: Published, events: Sequence[Event]) -> _Person:
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

    def _events_of(self, who: Who) -> Sequence[Event]:
        if not isinstance(who, str):
            return who
        with self.database.reading() as connection:
            return log.of_user(connection, who, NEWEST)

    def _known_events(self, who: Who) -> tuple[int, Sequence[Event]]:
        """The log's revision, and a person's events at that revision."""
        if not isinstance(who, str):
            return 0, who
        with self.database.reading() as connection:
            known = log.revision(connection)
            return known, log.of_user(connection, who, NEWEST, known)

    def _current(self) -> Published:
        """The snapshot in service; where a new one cannot be read, the old one serves on."""
        version = self.snapshots.current()
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
        return Published.open(self.snapshots.open(version), self.config.relations)

    def _item(self, now: Published, item_id: str) -> int:
        if item_id not in now.items:
            raise NotFoundError(f"there is no item {item_id!r} in the snapshot in service")
        return now.items[item_id]

    def _title(self, now: Published, item_id: str) -> str:
        return now.labels[now.items[item_id]] if item_id in now.items else item_id
