"""Recommendation lists that were served: for whom, from which versions, with which propensities.

Events name the list that showed their item, so together they say what was shown and what users
did with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field
from sqlalchemy import Connection, func, select, true
from sqlalchemy.dialects.sqlite import insert

from tastegraph.core.config.experiments import CONTROL
from tastegraph.core.errors import NotFoundError
from tastegraph.core.messages import Message
from tastegraph.store import erasure
from tastegraph.store.schema import events, lists

ListsByExperiment = Literal["all", "only", "outside"]
PATIENCE = 0.05
"""Seconds that a list may wait for others to be written with it."""


@dataclass(frozen=True, slots=True)
class ListPlace:
    """One place of a list.

    Attributes:
        propensity: probability in (0, 1] that this item was put here, given the items above it.
        best: whether the model without exploration would have put this item here, given the items
            above it.
    """

    item_id: str
    score: float
    propensity: float
    best: bool


@dataclass(frozen=True, slots=True)
class ServedList:
    """One recommendation list that was served.

    In an answer of the service, ``created`` is named ``made``, ``event_revision`` is ``known`` and
    ``request`` is ``asked``.

    Attributes:
        user_id: ``None`` for a session without a user; its events are in ``request``.
        created: seconds since 1970-01-01 UTC.
        snapshot, model, graph: versions that the list was computed from.
        event_revision: revision of the event log when it was computed.
        request: all further parameters that it depends on.
        places: from the first place down.
        experiment, variant: that it is part of; ``None`` outside of experiments.
    """

    recommendation_id: str
    user_id: str | None
    created: Annotated[float, Field(serialization_alias="made")]
    snapshot: str
    model: str
    graph: str
    event_revision: Annotated[int, Field(serialization_alias="known")]
    request: Annotated[dict[str, Any], Field(serialization_alias="asked")]
    places: Sequence[ListPlace]
    experiment: str | None = None
    variant: str | None = None


@dataclass(frozen=True, slots=True)
class Exposure:
    """One item in a served list, and what the user did with it.

    Attributes:
        created: when the list was, in seconds since 1970-01-01 UTC.
        rank: 1-based.
        propensity, best: as in :class:`ListPlace`.
        events: types of the events that name the list and the item.
        user_id: whose list it is; of a list without a user, whose event names it.
        experiment, variant, snapshot: of the list.
    """

    recommendation_id: str
    model: str
    created: float
    item_id: str
    rank: int
    propensity: float
    best: bool
    events: tuple[str, ...]
    user_id: str | None = None
    experiment: str | None = None
    variant: str | None = None
    snapshot: str = ""


def save(connection: Connection, served: ServedList, erased: tuple[int, int] | None = None) -> None:
    """Store a list; one that is stored already stays as it is.

    Args:
        connection: of a writer.
        served: the list.
        erased: how many users and how many items had been erased when the list was computed. If
            its user or one of its items has been erased since, it is not stored.
    """
    if erased is not None and _names_erased(connection, served, *erased):
        return
    row = {column.key: getattr(served, column.key) for column in lists.c}
    row["places"] = [[p.item_id, p.score, p.propensity, p.best] for p in served.places]
    connection.execute(insert(lists).values(row).on_conflict_do_nothing())


def _names_erased(
    connection: Connection, served: ServedList, erased_users: int, erased_items: int
) -> bool:
    user_id = served.user_id
    if user_id is not None and erasure.user_erased_since(connection, user_id, erased_users):
        return True
    digests = erasure.erased_items_since(connection, erased_items)
    item_ids = [place.item_id for place in served.places]
    item_ids += [event["item_id"] for event in served.request.get("session") or ()]
    for name in ("earlier_items", "candidates"):
        item_ids += served.request.get(name) or ()
    return bool(digests) and any(erasure.id_digest(item_id) in digests for item_id in item_ids)


def get(connection: Connection, recommendation_id: str) -> ServedList:
    """Read one list.

    Raises:
        NotFoundError: there is no list of this id, or its user has been erased.
    """
    row = connection.execute(
        select(lists).where(lists.c.recommendation_id == recommendation_id)
    ).one_or_none()
    if row is None:
        raise NotFoundError(Message("missing.list", recommendation=recommendation_id))
    fields = dict(zip(lists.c.keys(), row, strict=True))
    places = [ListPlace(*place) for place in fields.pop("places")]
    return ServedList(**fields, places=places)


def of_user(connection: Connection, user_id: str) -> list[ServedList]:
    """All lists of one user, the oldest first."""
    query = select(lists.c.recommendation_id).where(lists.c.user_id == user_id)
    return [get(connection, name) for name in connection.scalars(query.order_by(lists.c.created))]


def responses(connection: Connection, until: int) -> set[int]:
    """Sequence numbers of the events that respond to an item which the model itself chose to list.

    Events on places that were given to exploration are none of these.

    Args:
        connection: to the store.
        until: only events up to this revision of the log.
    """
    place = func.json_each(lists.c.places).table_valued("value")
    item, best = (func.json_extract(place.c.value, f"$[{k}]") for k in (0, 3))
    rows = connection.execute(
        select(lists.c.recommendation_id, item)
        .select_from(lists.join(place, true()))
        .where(best == 0)
    )
    explored = {(recommendation_id, item_id) for recommendation_id, item_id in rows}
    events_of_lists = connection.execute(
        select(events.c.seq, events.c.recommendation_id, events.c.item_id).where(
            events.c.recommendation_id.is_not(None), events.c.seq <= until
        )
    )
    return {seq for seq, *event_place in events_of_lists if tuple(event_place) not in explored}


def exposures(
    connection: Connection,
    since: float = 0.0,
    event_revision: int = 0,
    model: str | None = None,
    counts: Callable[[str, float | None], bool] = lambda kind, value: True,
    experiments: ListsByExperiment = "all",
) -> Iterator[Exposure]:
    """Yield every item of every list created from ``since`` on, in the order of creation.

    An event belongs to the list that it names, even if the user has been shown other lists since.

    Args:
        connection: to the store.
        since: seconds since 1970-01-01 UTC.
        event_revision: lists and events from before this revision of the log are left out.
        model: version of the model whose lists are read; by default of all models.
        counts: function of an event's type and value; events for which it is false are left out.
        experiments: ``only`` the lists of experiments, or ``outside``: those that no variant
            changed. By default all.
    """
    conditions = [lists.c.created >= since, lists.c.event_revision >= event_revision]
    if model is not None:
        conditions.append(lists.c.model == model)
    if experiments == "only":
        conditions.append(lists.c.experiment.is_not(None))
    elif experiments == "outside":
        conditions.append(lists.c.experiment.is_(None) | (lists.c.variant == CONTROL))
    of_log = [events.c.recommendation_id.is_not(None), events.c.seq > event_revision]
    if experiments == "only":
        names = select(lists.c.recommendation_id).where(*conditions)
        of_log.append(events.c.recommendation_id.in_(names))
    events_of: dict[tuple[str, str], list[str]] = {}
    user_of: dict[str, str] = {}
    of_events = (events.c.recommendation_id, events.c.item_id, events.c.user_id, events.c.type,
                 events.c.value)  # fmt: skip
    for recommendation_id, item_id, user_id, kind, value in connection.execute(
        select(*of_events).where(*of_log).order_by(events.c.seq)
    ):
        if counts(kind, value):
            events_of.setdefault((recommendation_id, item_id), []).append(kind)
            user_of.setdefault(recommendation_id, user_id)
    of_lists = (lists.c.recommendation_id, lists.c.model, lists.c.created, lists.c.places,
                lists.c.user_id, lists.c.experiment, lists.c.variant, lists.c.snapshot)  # fmt: skip
    rows = connection.execute(
        select(*of_lists).where(*conditions).order_by(lists.c.created, lists.c.recommendation_id)
    )
    for recommendation_id, list_model, created, places, user_id, *of_experiment in rows:
        user_id = user_id or user_of.get(recommendation_id)
        for rank, (item_id, _, propensity, best) in enumerate(places, start=1):
            kinds = tuple(events_of.get((recommendation_id, item_id), ()))
            yield Exposure(recommendation_id, list_model, created, item_id, rank, propensity, best,
                           kinds, user_id, *of_experiment)  # fmt: skip
