"""Lists from the event log: recently viewed, buy again, bought together, who would like an item."""

from __future__ import annotations

import heapq
import math
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping

from tastegraph.core.errors import NotFoundError
from tastegraph.core.languages import Language
from tastegraph.core.messages import Message
from tastegraph.core.records import Event
from tastegraph.serving.engine import Engine
from tastegraph.serving.lists.request_view import MAX_USER_EVENTS
from tastegraph.serving.related.related_answers import (
    AudienceMember,
    CommonTrait,
    ItemAudience,
    RelatedItem,
    RelatedItems,
)
from tastegraph.serving.related.similar import MAX_ITEMS_NAMED, RelatedLists
from tastegraph.serving.snapshot.serving_snapshot import ServingSnapshot
from tastegraph.store import co_events
from tastegraph.store import events as log

PURCHASE = "purchase"
MAX_ITEMS_COMPARED = 50
"""Items most like one, by whose likers its audience is sought."""


class LogLists:
    """Lists over the event log of one engine, of items that may be listed now."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._related = engine, RelatedLists(engine)

    def recently_viewed(self, user_id: str, n: int = 10) -> RelatedItems:
        """The ``n`` items that a user has had an event on most lately, impressions apart.

        The score is the time of the newest event, in seconds since 1970-01-01 UTC; 0 without one.

        Raises:
            NotFoundError: there is no event of this user.
        """
        newest: dict[str, float] = {}
        for event in reversed(self._events(user_id)):
            if event.item_id:
                newest.setdefault(event.item_id, event.timestamp or 0.0)
        return self._listed(newest, n)

    def buy_again(self, user_id: str, n: int = 10) -> RelatedItems:
        """The ``n`` items that a user has bought most often, by how often; the newest first.

        Raises:
            NotFoundError: there is no event of this user.
        """
        purchases = [event for event in self._events(user_id) if event.type == PURCHASE]
        times = Counter(event.item_id for event in reversed(purchases) if event.item_id)
        return self._listed(dict(times.most_common()), n)

    def bought_together(
        self, item_id: str, n: int = 10, *, language: Language | None = None
    ) -> RelatedItems:
        """The ``n`` items that were bought by most of the newest buyers of an item.

        The score is the share of these who also bought it; a reason says how many they are.

        Raises:
            NotFoundError: the snapshot in service does not know the item.
        """
        snapshot, counts = self._engine.snapshot, Counter[str]()
        snapshot.row(item_id)
        with self._engine.database.reading() as connection:
            buyers = sorted(
                {e.user for e in co_events.events_on(connection, [item_id]) if e.type == PURCHASE}
            )
            baskets = {
                (event.user, event.item_id)
                for event in co_events.events_of(connection, buyers)
                if event.type == PURCHASE
            }
        counts.update(other for _, other in baskets if other != item_id)
        order = sorted(counts, key=lambda other: (-counts[other], other))
        return self._listed(
            {other: counts[other] / len(buyers) for other in order}, n, counts, language
        )

    def audience(
        self, item_id: str, n: int = 10, *, language: Language | None = None
    ) -> ItemAudience:
        """The ``n`` users who like most of what is like an item and have no event on it.

        The score sums the similarities of the items that a user likes to the item, by the square
        root of how many are liked, so that who likes everything is not first.

        Raises:
            NotFoundError: the snapshot in service does not know the item.
        """
        snapshot = self._engine.snapshot
        meaning = snapshot.fitted_config.meaning
        language = language or self._engine.config.serving.language
        similar = self._related.similar_items(item_id, MAX_ITEMS_COMPARED, reasons=0).items
        scores = {item.item_id: item.score for item in similar}
        liked: dict[int, set[str]] = defaultdict(set)
        with self._engine.database.reading() as connection:
            having = {event.user for event in co_events.events_on(connection, [item_id])}
            for event in co_events.events_on(connection, scores):
                if event.user not in having and meaning.likes(event.type, event.value):
                    liked[event.user].add(event.item_id)
            ids = co_events.user_ids(connection, sorted(liked))
        members = [
            (sum(sorted(map(scores.__getitem__, items))) / math.sqrt(len(items)), ids[user], items)
            for user, items in liked.items()
            if user in ids
        ]
        best = heapq.nsmallest(n, members, key=lambda entry: (-entry[0], entry[1]))
        return ItemAudience(
            item_id=item_id,
            users=tuple(
                AudienceMember(
                    user_id=name,
                    score=score,
                    text=self._likes_in_words(snapshot, items, scores, language),
                )
                for score, name, items in best
            ),
        )

    @staticmethod
    def _likes_in_words(
        snapshot: ServingSnapshot,
        items: Iterable[str],
        scores: Mapping[str, float],
        language: Language,
    ) -> str:
        nearest = sorted(items, key=lambda item_id: (-scores[item_id], item_id))
        titles = [snapshot.title(item_id) for item_id in nearest[:MAX_ITEMS_NAMED]]
        return Message("related.likes", names=titles).text(language)

    def _events(self, user_id: str) -> list[Event]:
        """The newest events of a user, oldest first."""
        with self._engine.database.reading() as connection:
            events = list(log.user_events(connection, user_id, MAX_USER_EVENTS))
            if not events and not log.has_user(connection, user_id):
                raise NotFoundError(Message("missing.user", user=user_id))
        return events

    def _listed(
        self,
        scores: Mapping[str, float],
        n: int,
        buyers: Mapping[str, int] | None = None,
        language: Language | None = None,
    ) -> RelatedItems:
        """The first ``n`` of some items, in their order, that may be listed now."""
        snapshot = self._engine.snapshot
        language = language or self._engine.config.serving.language
        unlisted = set(snapshot.listable.unlisted(time.time()).tolist())
        items: list[RelatedItem] = []
        for item_id, score in scores.items():
            row = snapshot.item_rows.get(item_id)
            if row is None or row in unlisted:
                continue
            if len(items) == n:
                break
            reasons: tuple[CommonTrait, ...] = ()
            if buyers is not None:
                count = buyers[item_id]
                message = Message("related.bought", count=count)
                if count == 1:
                    message = Message("related.bought_by_one")
                text = message.text(language)
                reasons = (CommonTrait(kind="behaviour", text=text, support=count),)
            items.append(
                RelatedItem(
                    item_id=item_id,
                    title=snapshot.names.title(row),
                    rank=len(items) + 1,
                    score=score,
                    reasons=reasons,
                )
            )
        return RelatedItems(
            model=snapshot.model_version, graph=snapshot.graph_version, items=tuple(items)
        )
