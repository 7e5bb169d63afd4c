"""Lists that know no user's taste: similar items and users, the popular, the trending, the latest.

What is alike is told by the components of the model that compare items; why, by what the two have
in common: facts, users who like both, texts.
"""

from __future__ import annotations

import heapq
import math
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Literal, get_args

import numpy as np

from tastegraph.core.arrays import Bools, Floats
from tastegraph.core.errors import NotFoundError
from tastegraph.core.languages import Language
from tastegraph.core.messages import Message
from tastegraph.core.top_k import best_first
from tastegraph.models.base import RECENT_POPULARITY
from tastegraph.models.ranked import Quota
from tastegraph.profiles.interactions import History
from tastegraph.serving.engine import Engine
from tastegraph.serving.lists.request_view import MAX_USER_EVENTS
from tastegraph.serving.related.common_ground import CommonGround
from tastegraph.serving.related.related_answers import (
    CommonTrait,
    RelatedItem,
    RelatedItems,
    SimilarUser,
    SimilarUsers,
)
from tastegraph.serving.snapshot.serving_snapshot import ServingSnapshot
from tastegraph.store import availability, co_events
from tastegraph.store import events as log

MAX_ITEMS_COMPARED = 100
"""Newest liked items of a user by which similar users are sought."""
MAX_USERS_COMPARED = 200
"""Users with most in common whose other likes are read."""
MAX_ITEMS_NAMED = 3
GeneralList = Literal["popular", "trending", "latest"]
GENERAL_LISTS = get_args(GeneralList)


class RelatedLists:
    """Lists over the snapshot in service and the event log of one engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def similar_items(
        self,
        item_id: str,
        n: int = 10,
        *,
        reasons: int = 3,
        item_ids: Collection[str] | None = None,
        language: Language | None = None,
    ) -> RelatedItems:
        """The ``n`` items most like one, each with up to ``reasons`` reasons of its own.

        Args:
            item_id: the item.
            n: number of items.
            reasons: of each item, at most.
            item_ids: only of these.
            language: of the reasons; the configured one by default.

        Raises:
            NotFoundError: the snapshot in service does not know the item.
        """
        snapshot = self._engine.snapshot
        item = snapshot.row(item_id)
        allowed = self._allowed(snapshot, item_ids)
        allowed[item] = False
        ranked = snapshot.model.of_items.rank(_event_on(item), [Quota(allowed, n)])
        scores = np.zeros(snapshot.model.n_items, dtype=np.float32)
        if ranked.factors:
            scores[ranked.items] = ranked.scores
        ground = CommonGround(snapshot, language or self._engine.config.serving.language)
        return self._listed(
            snapshot, scores, n, allowed, lambda row: ground.between(item, row, reasons)
        )

    def general(
        self,
        name: GeneralList,
        n: int = 10,
        *,
        item_ids: Collection[str] | None = None,
        without: Collection[str] = (),
    ) -> RelatedItems:
        """The first ``n`` items of a list that is the same for everybody.

        - popular: those that most users like, by the number of these.
        - trending: those that were liked most lately, as the model counts it.
        - latest: those that may be listed since most lately, by that time in seconds since
          1970-01-01 UTC; items without a date are none of them.

        Args:
            name: of the list.
            n: number of items.
            item_ids: only of these.
            without: none of these.

        Raises:
            NotFoundError: the model in service does not know what was liked lately.
        """
        snapshot = self._engine.snapshot
        scores = {"popular": _popular, "trending": _trending, "latest": self._latest}[name](
            snapshot
        )
        return self._listed(snapshot, scores, n, self._allowed(snapshot, item_ids, without))

    def _latest(self, snapshot: ServingSnapshot) -> Floats:
        scores = np.zeros(snapshot.model.n_items)
        with self._engine.database.reading() as connection:
            starts = availability.starts(connection, time.time())
        for item_id, start in starts:
            row = snapshot.item_rows.get(item_id)
            if row is not None:
                scores[row] = start
        return scores

    def similar_users(
        self, user_id: str, n: int = 10, *, language: Language | None = None
    ) -> SimilarUsers:
        """The ``n`` users who like most of what a user likes, and what that is.

        The similarity is the cosine of two users' likes, each weighing log(1 + U / u) where u of U
        users like the item. A user's newest likes count, and of others the newest who like these.

        Raises:
            NotFoundError: there is no event of this user.
        """
        snapshot, database = self._engine.snapshot, self._engine.database
        meaning = snapshot.fitted_config.meaning
        language = language or self._engine.config.serving.language
        with database.reading() as connection:
            events = log.user_events(connection, user_id, MAX_USER_EVENTS)
            if not events and not log.has_user(connection, user_id):
                raise NotFoundError(Message("missing.user", user=user_id))
            likes = {
                event.item_id: None
                for event in reversed(events)
                if event.item_id and meaning.likes(event.type, event.value)
            }
            mine = list(likes)[:MAX_ITEMS_COMPARED]
            weight = _Rarity(snapshot)
            shared: Counter[int] = Counter()  # user → weight of what both like
            for user, item_id in _likes(co_events.events_on(connection, mine), meaning.likes):
                shared[user] += weight.thousandths(item_id)
            nearest = [user for user, _ in shared.most_common(MAX_USERS_COMPARED)]
            theirs: dict[int, set[str]] = {user: set() for user in nearest}
            for user, item_id in _likes(co_events.events_of(connection, nearest), meaning.likes):
                theirs[user].add(item_id)
            ids = co_events.user_ids(connection, nearest)
        own_length = weight.length(mine)
        users = []
        for user, name in ids.items():
            both = [item_id for item_id in mine if item_id in theirs[user]]
            length = own_length * weight.length(theirs[user])
            if name != user_id and both and length > 0:
                users.append((weight.length(both) ** 2 / length, name, both))
        best = heapq.nsmallest(n, users, key=lambda entry: (-entry[0], entry[1]))
        return SimilarUsers(
            user_id=user_id,
            users=tuple(
                SimilarUser(
                    user_id=name,
                    similarity=similarity,
                    shared=len(both),
                    text=Message("related.items", names=self._titles(snapshot, both, weight)).text(
                        language
                    ),
                )
                for similarity, name, both in best
            ),
        )

    @staticmethod
    def _titles(snapshot: ServingSnapshot, item_ids: Sequence[str], weight: _Rarity) -> list[str]:
        """Titles of the items that fewest like, at most :data:`MAX_ITEMS_NAMED`."""
        rarest = sorted(item_ids, key=lambda item_id: (-weight.of(item_id), item_id))
        return [snapshot.title(item_id) for item_id in rarest[:MAX_ITEMS_NAMED]]

    @staticmethod
    def _allowed(
        snapshot: ServingSnapshot,
        item_ids: Collection[str] | None,
        without: Collection[str] = (),
    ) -> Bools:
        """bool[I], what may be listed now: of ``item_ids`` where they are given."""
        allowed = np.ones(snapshot.model.n_items, dtype=np.bool_)
        if item_ids is not None:
            allowed[:] = False
            allowed[snapshot.listed_rows(item_ids)] = True
        allowed[snapshot.listable.unlisted(time.time())] = False
        allowed[snapshot.listed_rows(without)] = False
        return allowed

    def _listed(
        self,
        snapshot: ServingSnapshot,
        scores: Floats,
        n: int,
        allowed: Bools,
        reasons: Callable[[int], tuple[CommonTrait, ...]] = lambda row: (),
    ) -> RelatedItems:
        """The items with the ``n`` highest scores above 0 among ``allowed`` (bool[I])."""
        rising = scores.astype(np.float32)
        if scores.dtype != np.float32:
            # Ranks, since single precision cannot tell times apart.
            rising = np.unique(scores, return_inverse=True)[1].astype(np.float32)
        rising[~allowed | ~(scores > 0)] = -np.inf
        best = best_first(rising, n).tolist()
        return RelatedItems(
            model=snapshot.model_version,
            graph=snapshot.graph_version,
            items=tuple(
                RelatedItem(
                    item_id=snapshot.names.item_id(row),
                    title=snapshot.names.title(row),
                    rank=rank,
                    score=float(scores[row]),
                    reasons=reasons(row),
                )
                for rank, row in enumerate(best, start=1)
            ),
        )


class _Rarity:
    """Weighs items by how few users like them: log(1 + U / u)."""

    def __init__(self, snapshot: ServingSnapshot) -> None:
        self._snapshot = snapshot
        likers = snapshot.model.likers
        self._n_users = likers.active if likers is not None else 1

    def of(self, item_id: str) -> float:
        """The weight of one item."""
        row = self._snapshot.item_rows.get(item_id)
        likes = 0 if row is None else int(self._snapshot.model.popularity[row])
        return math.log1p(self._n_users / max(likes, 1))

    def thousandths(self, item_id: str) -> int:
        """Its square in thousandths, which sum up to the same in any order."""
        return round(1000 * self.of(item_id) ** 2)

    def length(self, item_ids: Iterable[str]) -> float:
        """The Euclidean length of a user who likes these items."""
        return math.sqrt(sum(self.of(item_id) ** 2 for item_id in item_ids))


def _popular(snapshot: ServingSnapshot) -> Floats:
    return snapshot.model.popularity.astype(np.float32)


def _trending(snapshot: ServingSnapshot) -> Floats:
    prior = snapshot.model.priors.get(RECENT_POPULARITY)
    if prior is None:
        raise NotFoundError(Message("related.no_trend"))
    return prior.values


def _event_on(item: int) -> History:
    return History(np.array([item], dtype=np.int32), np.ones(1, dtype=np.float32))


def _likes(
    events: Iterable[co_events.CoEvent], likes: Callable[[str, float | None], bool]
) -> Iterator[tuple[int, str]]:
    """User and item of the events that count for their item, each pair once."""
    seen = set()
    for event in events:
        pair = event.user, event.item_id
        if pair not in seen and likes(event.type, event.value):
            seen.add(pair)
            yield pair
