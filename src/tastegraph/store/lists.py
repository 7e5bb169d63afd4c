"""The lists that were shown: to whom, made of what, and with which chance each item was there.

What was clicked is told by the events that name a list; why it could be clicked, by the list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select, true
from sqlalchemy.dialects.sqlite import insert

from tastegraph.core.errors import NotFoundError
from tastegraph.core.messages import Message
from tastegraph.store import erasure
from tastegraph.store.schema import events, lists


@dataclass(frozen=True, slots=True)
class Place:
    """One item of a list.

    Attributes:
        propensity: probability in (0, 1] with which it was put here, given what stands above.
        best: whether the model alone would have put it here, given what stands above.
    """

    item_id: str
    score: float
    propensity: float
    best: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """One list.

    Attributes:
        user_id: ``None`` for the events of somebody who has none; they are in ``asked``.
        made: seconds since 1970-01-01 UTC.
        snapshot, model, graph: versions.
        known: :func:`tastegraph.store.events.revision` when it was made.
        asked: everything else that it depends on.
        places: best first.
    """

    recommendation_id: str
    user_id: str | None
    made: float
    snapshot: str
    model: str
    graph: str
    known: int
    asked: dict[str, Any]
    places: Sequence[Place]


@dataclass(frozen=True, slots=True)
class Exposure:
    """One item that was shown, and what was done with it.

    Attributes:
        rank: 1-based.
        propensity, best: as of its :class:`Place`.
        events: types of the events that name the list and the item.
    """

    recommendation_id: str
    model: str
    made: float
    item_id: str
    rank: int
    propensity: float
    best: bool
    events: tuple[str, ...]


def keep(connection: Connection, shown: Shown, erased: tuple[int, int] | None = None) -> None:
    """Add a list; one that is there already stays as it is.

    With ``erased``, how many people and items had been erased when it was made: it is not kept
    where its person or one of its items was erased since.
    """
    if erased is not None and _names_the_erased(connection, shown, *erased):
        return
    row = {
        "recommendation_id": shown.recommendation_id,
        "user_id": shown.user_id,
        "made": shown.made,
        "snapshot": shown.snapshot,
        "model": shown.model,
        "graph": shown.graph,
        "known": shown.known,
        "asked": shown.asked,
        "places": [[p.item_id, p.score, p.propensity, p.best] for p in shown.places],
    }
    connection.execute(insert(lists).values(row).on_conflict_do_nothing())


def _names_the_erased(connection: Connection, shown: Shown, people: int, items: int) -> bool:
    if shown.user_id is not None and erasure.user_since(connection, shown.user_id, people):
        return True
    gone = erasure.items_since(connection, items)
    named = [place.item_id for place in shown.places]
    named += [event["item_id"] for event in shown.asked.get("session") or ()]
    return bool(gone) and any(erasure.digest_of(name) in gone for name in named)


def get(connection: Connection, recommendation_id: str) -> Shown:
    """The list of this id.

    Raises:
        NotFoundError: there is none, or it was of somebody who has been erased.
    """
    row = connection.execute(
        select(lists).where(lists.c.recommendation_id == recommendation_id)
    ).one_or_none()
    if row is None:
        raise NotFoundError(Message("missing.list", recommendation=recommendation_id))
    told = row._asdict()
    return Shown(**{**told, "places": [Place(*place) for place in told["places"]]})


def explored(connection: Connection) -> set[tuple[str, str]]:
    """(recommendation_id, item_id) of every place that was given to exploration."""
    place = func.json_each(lists.c.places).table_valued("value")
    item, best = (func.json_extract(place.c.value, f"$[{k}]") for k in (0, 3))
    rows = connection.execute(
        select(lists.c.recommendation_id, item)
        .select_from(lists.join(place, true()))
        .where(best == 0)
    )
    return {(recommendation_id, item_id) for recommendation_id, item_id in rows}


def exposures(
    connection: Connection,
    since: float = 0.0,
    known: int = 0,
    model: str | None = None,
    counts: Callable[[str, float | None], bool] = lambda kind, value: True,
) -> Iterator[Exposure]:
    """Everything that was shown from ``since`` on, list by list in the order they were made.

    An event counts for the list that it names, whatever the person's next list may have been.

    Args:
        connection: to the store.
        since: seconds since 1970-01-01 UTC.
        known: lists from before this revision of the log are not read, nor are earlier events.
        model: whose lists; by default everybody's.
        counts: of an event's type and value, whether it is told of; by default all are.
    """
    whose = () if model is None else (lists.c.model == model,)
    done: dict[tuple[str, str], list[str]] = {}
    for recommendation_id, item_id, kind, value in connection.execute(
        select(events.c.recommendation_id, events.c.item_id, events.c.type, events.c.value)
        .where(events.c.recommendation_id.is_not(None), events.c.seq > known)
        .order_by(events.c.seq)
    ):
        if counts(kind, value):
            done.setdefault((recommendation_id, item_id), []).append(kind)
    rows = connection.execute(
        select(lists.c.recommendation_id, lists.c.model, lists.c.made, lists.c.places)
        .where(lists.c.made >= since, lists.c.known >= known, *whose)
        .order_by(lists.c.made, lists.c.recommendation_id)
    )
    for recommendation_id, model, made, places in rows:
        for rank, (item_id, _, propensity, best) in enumerate(places, start=1):
            kinds = tuple(done.get((recommendation_id, item_id), ()))
            yield Exposure(recommendation_id, model, made, item_id, rank, propensity, best, kinds)
