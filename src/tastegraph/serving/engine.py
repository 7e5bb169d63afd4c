"""The engine: a person's newest events and a published snapshot to a list with reasons."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import asdict, dataclass
from functools import cached_property, partial
from secrets import randbits

from sqlalchemy import Connection

from tastegraph.core.config import Config
from tastegraph.core.errors import NotFoundError
from tastegraph.core.languages import Language
from tastegraph.core.messages import Message
from tastegraph.core.records import Event
from tastegraph.explain.reasons import reasons_for
from tastegraph.kg.review.erasing import Eraser
from tastegraph.models.base import KNOWLEDGE
from tastegraph.profiles.attention import Recency
from tastegraph.profiles.event_meaning import EventMeaning
from tastegraph.profiles.graphs import content_graph, interest_graph
from tastegraph.serving.answers import (
    Associated,
    Explanation,
    Interest,
    Near,
    Past,
    Profile,
    Recommendations,
)
from tastegraph.serving.in_service import InService
from tastegraph.serving.listing import REASONS, Person, Wish, listed
from tastegraph.serving.past import done
from tastegraph.serving.published import Published
from tastegraph.serving.reading import Reader
from tastegraph.store import erasure, lists
from tastegraph.store import events as log
from tastegraph.store.committing import Committer
from tastegraph.store.database import Database
from tastegraph.store.lists import Place, Shown
from tastegraph.store.snapshots import Snapshots

_log = logging.getLogger(__name__)
NEWEST = 10_000
"""Events of one person that are read to be attended to; what they have seen is all left out."""

Who = str | Sequence[Event]
"""A user id, or the events of somebody who has none."""


@dataclass(frozen=True)
class Asked:
    """How a list that is kept is made, beside for whom.

    Attributes:
        exclude_seen: whether what the person has seen, by ``[serving.exclude]``, is left out.
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
class _Seen:
    """What one request sees of the world.

    Attributes:
        now: the snapshot in service, without what was erased since.
        events: the person's, the newest.
        seen: ids of all items whose events leave them out of the person's lists.
        known: the log's revision.
        erased: how many people had been erased.
    """

    now: Published
    events: Sequence[Event]
    seen: Collection[str]
    known: int
    erased: int

    def person(self) -> Person:
        """Whose events these are."""
        return Person.of(self.events, self.seen, self.now)


def _events_and_seen(
    connection: Connection, who: Who, repeats: Collection[str], known: int
) -> tuple[Sequence[Event], Collection[str]]:
    """The newest events, and the ids of all items with an event of a type not in ``repeats``."""
    if isinstance(who, str):
        seen = log.item_ids_of_user(connection, who, repeats, known)
        return log.of_user(connection, who, NEWEST, known), seen
    return who, {event.item_id for event in who if event.type not in repeats}


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
        self._in_service, self._reader = InService(snapshots, database, config), Reader()

    def recommend(
        self,
        who: Who,
        n: int = 10,
        *,
        reasons: int = REASONS,
        exclude_seen: bool = True,
        explore: float = 0.0,
        seed: int = 0,
        language: Language | None = None,
    ) -> Recommendations:
        """The best ``n`` items for a person, each with up to ``reasons`` reasons.

        Args:
            who: a user id, or the events of somebody who has none.
            n: how many.
            reasons: of each item, at most.
            exclude_seen: whether what the person has seen, by ``[serving.exclude]``, is left out.
            explore: share in [0, 1] of the places given to items that the model is unsure of.
            seed: what those are drawn with.
            language: of the reasons; the configured one by default.
        """
        saw = self._saw(who)
        wish = Wish(n, exclude_seen, explore, seed, self._repeats, self.config.serving.new_items)
        return listed(saw.now, saw.person(), wish, reasons, self._language(language))

    def show(
        self,
        who: Who,
        n: int,
        asked: Asked,
        *,
        reasons: int = REASONS,
        language: Language | None = None,
    ) -> Recommendations:
        """:meth:`recommend`, and the list is kept, so that it can be learned from and made again.

        It is on disk soon after the answer. Without ``explore`` or ``seed`` in ``asked`` the
        configured share and a random seed are taken.
        """
        explore = self.config.serving.explore if asked.explore is None else asked.explore
        seed = randbits(32) if asked.seed is None else asked.seed
        new_items = self.config.serving.new_items
        wish = Wish(n, asked.exclude_seen, explore, seed, self._repeats, new_items)
        saw = self._saw(who)
        answer = listed(saw.now, saw.person(), wish, reasons, self._language(language))
        if self.config.serving.keep_lists:
            session = None if isinstance(who, str) else [asdict(event) for event in who]
            shown = Shown(
                recommendation_id=answer.recommendation_id,
                user_id=who if isinstance(who, str) else None,
                made=time.time(),
                snapshot=saw.now.version,
                model=answer.model,
                graph=answer.graph,
                known=saw.known,
                asked={**asdict(wish), "session": session},
                places=[Place(i.item_id, i.score, i.propensity, i.best) for i in answer.items],
            )
            keeping = partial(lists.keep, shown=shown, erased=(saw.erased, saw.now.erased))
            self._committer.submit(keeping).add_done_callback(_complain)
        return answer

    def shown(self, recommendation_id: str) -> Shown:
        """A list as it was kept.

        Raises:
            NotFoundError: there is none.
        """
        with self.database.reading() as connection:
            return lists.get(connection, recommendation_id)

    def replay(
        self, recommendation_id: str, *, language: Language | None = None
    ) -> Recommendations:
        """The same list once more, from the snapshot and the events that it was made of.

        Raises:
            NotFoundError: there is no such list, or its snapshot is gone.
        """
        shown = self.shown(recommendation_id)
        asked = dict(shown.asked)
        session, wish = asked.pop("session"), Wish(**asked)
        with self.database.reading() as connection:
            before = self._in_service.before(shown.snapshot, connection)
            who: Who = [Event(**row) for row in session or ()]
            if shown.user_id is not None:
                who = shown.user_id
            events, seen = _events_and_seen(connection, who, wish.repeats, shown.known)
        person = Person.of(events, seen, before)
        answer = listed(before, person, wish, language=self._language(language))
        return answer.model_copy(update={"recommendation_id": recommendation_id})

    def explain(self, who: Who, item_id: str, *, language: Language | None = None) -> Explanation:
        """Every reason for and against one item; their shares sum to its score.

        Raises:
            NotFoundError: the snapshot does not know the item.
        """
        saw = self._saw(who)
        now, item = saw.now, self._item(saw.now, item_id)
        person = saw.person()
        ranked = now.model.rank(person.history)
        found = reasons_for(now.model, now.associations, ranked, item)
        return Explanation(
            item_id=item_id,
            title=now.labels[item],
            score=float(ranked.scores[item]),
            rank=int((ranked.scores > ranked.scores[item]).sum()) + 1,
            seen=item_id in person.seen,
            model=now.model_version,
            graph=now.graph_version,
            reasons=tuple(
                now.because(
                    reason,
                    person.history,
                    person.counted,
                    item,
                    self._language(language),
                    stranger=person.stranger,
                )
                for reason in found
            ),
        )

    def record(self, events: Iterable[Event]) -> log.Receipt:
        """Append events; when this returns they are on disk and the next answer knows them.

        Raises:
            RowError: one is more than five minutes to come; none was appended.
            BusyError: another process is writing to the workspace.
        """
        return self.record_soon(events).result()

    def record_soon(self, events: Iterable[Event]) -> Future[log.Receipt]:
        """The same, without waiting: events of many callers go to disk together."""
        return self._committer.submit(partial(log.append, new=list(events)))

    @property
    def erase(self) -> Eraser:
        """Deletes people and items; when it returns, no answer knows of them.

        The snapshot in service holds an item until the next one, which a running service makes at
        once.
        """
        return Eraser(
            self.database,
            lambda work: self._committer.submit(work).result(),
            self.config.text.descriptions,
        )

    def close(self) -> None:
        """Write what waits, and watch no longer; who writes afterwards begins anew."""
        self._in_service.close()
        committer: Committer | None = vars(self).pop("_committer", None)
        if committer is not None:
            committer.close()

    @cached_property
    def _committer(self) -> Committer:
        return Committer(self.database)

    def profile(
        self, user_id: str, interests: int = 30, *, language: Language | None = None
    ) -> Profile:
        """A person's history and interest graph.

        Raises:
            NotFoundError: there is no event of this person.
        """
        saw = self._saw(user_id)
        now, person = saw.now, saw.person()
        meaning = now.fitted.meaning
        if not person.events:
            raise NotFoundError(Message("missing.user", user=user_id))
        part = now.model.components.get(KNOWLEDGE)
        attention = part.attention if part is not None else Recency()
        ties = interest_graph(now.ties, person.history, attention, interests)
        return Profile(
            user_id=user_id,
            events=tuple(
                Past(
                    item_id=event.item_id,
                    title=self._title(now, event.item_id),
                    type=meaning.read(event).type,
                    did=done(meaning.read(event), now.wordings[self._language(language)]),
                    value=event.value,
                    timestamp=event.timestamp,
                    counts=meaning.weight_of(event),
                )
                for event in reversed(person.events)
            ),
            interests=tuple(now.interest(tie, self._language(language)) for tie in ties),
        )

    def content(
        self, item_id: str, *, language: Language | None = None
    ) -> tuple[str, list[Interest]]:
        """An item's title and content graph.

        Raises:
            NotFoundError: the snapshot does not know the item.
        """
        now = self._in_service()
        item = self._item(now, item_id)
        ties = content_graph(now.ties, item)
        known = [tie for tie in ties if now.associations.node[tie.feature] != item]
        spoken = self._language(language)
        return now.labels[item], [now.interest(tie, spoken) for tie in known]

    def associate(self, text: str, n: int = 20, *, language: Language | None = None) -> Associated:
        """The ``n`` items nearest to a text, and up to ``n`` ties to what it is about.

        Raises:
            NoEncoderError: the language model of the snapshot in service is not exported.
        """
        now = self._in_service()
        (vector,) = self._reader.read(text, now.texts.folder, now.texts.max_tokens)
        near = now.texts.nearest(vector, n + len(now.hidden))
        there = [(item, cosine) for item, cosine in near if item not in now.hidden]
        return Associated(
            associations=tuple(
                now.interest(tie, self._language(language)) for tie in now.texts.ties(vector, n)
            ),
            items=tuple(
                Near(item_id=now.item_ids[item], title=now.labels[item], similarity=cosine)
                for item, cosine in there[:n]
            ),
            model=now.model_version,
            graph=now.graph_version,
        )

    @property
    def meaning(self) -> EventMeaning:
        """What events say, by the model in service."""
        return self._in_service().fitted.meaning

    @property
    def event_types(self) -> Collection[str]:
        """What an event may be: the types that have a weight."""
        return self.config.events.weights.keys()

    def require(self, item_ids: Iterable[str]) -> None:
        """Check that the snapshot in service knows all these items.

        Raises:
            NotFoundError: it does not know one.
        """
        now = self._in_service()
        for item_id in item_ids:
            self._item(now, item_id)

    def watch(self) -> None:
        """Take up in the background what is published, until :meth:`close`.

        Without it, the next answer waits for that.
        """
        self._in_service.watch()

    def promote(self, version: str) -> Published:
        """Put ``version`` into service; when this returns, it is what answers.

        Raises:
            NotFoundError: there is no such version.
            SnapshotError: it is incomplete or altered; nothing was changed.
            BusyError: another process is changing what is in service.
        """
        return self._in_service.promote(version)

    def roll_back(self) -> Published:
        """Put what was in service before into service again; when this returns, it answers.

        Raises:
            NotFoundError: nothing was, or it is not kept any more.
            SnapshotError: it is incomplete or altered; nothing was changed.
            BusyError: another process is changing what is in service.
        """
        return self._in_service.roll_back()

    def versions(self) -> tuple[str, str]:
        """The model and the graph in service."""
        now = self._in_service()
        return now.model_version, now.graph_version

    @property
    def _repeats(self) -> Sequence[str]:
        return self.config.serving.repeats

    def _language(self, wished: Language | None) -> Language:
        return self.config.serving.language if wished is None else wished

    def _saw(self, who: Who) -> _Seen:
        """One consistent state of the log, and the snapshot that goes with it."""
        with self.database.reading() as connection:
            known, erased = log.revision(connection), erasure.count(connection)
            events, seen = _events_and_seen(connection, who, self._repeats, known)
            now = self._in_service.seen_by(connection)
        return _Seen(now, events, seen, known, erased)

    def _item(self, now: Published, item_id: str) -> int:
        if item_id not in now.items:
            raise NotFoundError(Message("missing.item", item=item_id))
        return now.items[item_id]

    def _title(self, now: Published, item_id: str) -> str:
        return now.labels[now.items[item_id]] if item_id in now.items else item_id
