"""All that is stored of one user."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field
from sqlalchemy import select

from tastegraph.core.errors import NotFoundError
from tastegraph.core.languages import Language
from tastegraph.core.messages import Message
from tastegraph.core.records import USER, Event
from tastegraph.serving.engine import Engine
from tastegraph.serving.wishes.interests import EditableInterests, Interest
from tastegraph.store import events as log
from tastegraph.store import served_lists, wishes
from tastegraph.store.schema import facts, votes
from tastegraph.store.served_lists import ServedList
from tastegraph.store.users import get_user


class StoredEvent(BaseModel):
    """One event of a user, as it is stored."""

    event_id: str
    type: str
    item_id: str | None = Field(description="null where it is on an entity")
    entity: str | None = Field(description="null where it is on an item")
    value: float | None
    timestamp: float | None = Field(description="seconds since 1970-01-01 UTC")
    recommendation_id: str | None = Field(description="the list that showed the item")
    position: int | None

    @classmethod
    def of(cls, event: Event) -> StoredEvent:
        """The record of the log."""
        return cls(
            event_id=event.event_id, type=event.type, item_id=event.item_id or None,
            entity=event.entity_id or None, value=event.value, timestamp=event.timestamp,
            recommendation_id=event.recommendation_id, position=event.position,
        )  # fmt: skip


class WishChange(BaseModel):
    """One change of a user's wishes; `chip` is null where the wish was withdrawn."""

    number: int
    interest: str = Field(description="id of what it is about")
    chip: dict[str, Any] | None
    decided: float = Field(description="seconds since 1970-01-01 UTC")
    expires: float | None
    undone: float | None


class StoredFact(BaseModel):
    """A fact that names the user."""

    fact_id: str
    subject: str
    relation: str
    object: str


class StoredVote(BaseModel):
    """That the user said a fact is wrong."""

    fact_id: str
    at: float = Field(description="seconds since 1970-01-01 UTC")


class UserExport(BaseModel):
    """All that is stored of a user, and what follows from it."""

    user_id: str
    exported: float = Field(description="seconds since 1970-01-01 UTC")
    attributes: Any = Field(description="as they were put")
    comment: str
    events: list[StoredEvent] = Field(description="all of them, the oldest first")
    lists: list[ServedList] = Field(description="that were stored for the user, the oldest first")
    wishes: list[WishChange] = Field(
        description="every change of the user's wishes, those undone too, the newest first"
    )
    votes: list[StoredVote] = Field(description="facts that the user said are wrong")
    facts: list[StoredFact] = Field(description="facts about the user")
    interests: list[Interest] = Field(description="what follows from events and wishes")


def user_export(engine: Engine, user_id: str, now: float, language: Language) -> UserExport:
    """All that is stored of one user at one moment.

    Raises:
        NotFoundError: nothing is stored of this id, or it was erased.
    """
    with engine.database.reading() as connection:
        user = get_user(connection, user_id)
        name = USER + user_id
        about = (facts.c.subject == name) | (facts.c.object == name)
        columns = (facts.c.fact_id, facts.c.subject, facts.c.relation, facts.c.object)
        voted = select(votes.c.fact_id, votes.c.at).where(votes.c.user_id == user_id)
        export = UserExport.model_construct(
            user_id=user_id,
            exported=now,
            attributes={} if user is None else user.attributes,
            comment="" if user is None else user.comment,
            events=[
                StoredEvent.of(event) for event in log.grouped_by_user(connection, users=[user_id])
            ],
            lists=served_lists.of_user(connection, user_id),
            wishes=[
                WishChange(
                    number=row.seq,
                    interest=row.target,
                    chip=None if row.chip is None else dict(row.chip),
                    decided=row.decided,
                    expires=row.expires,
                    undone=row.undone,
                )
                for row in wishes.history(connection, user_id)
            ],
            votes=[
                StoredVote(fact_id=str(fact_id), at=at)
                for fact_id, at in connection.execute(voted.order_by(votes.c.at))
            ],
            facts=[
                StoredFact(fact_id=str(fact_id), subject=subject, relation=relation, object=value)
                for fact_id, subject, relation, value in connection.execute(
                    select(*columns).where(about).order_by(facts.c.fact_id)
                )
            ],
            interests=[],
        )
    if user is None and not any(
        (export.events, export.lists, export.wishes, export.votes, export.facts)
    ):
        raise NotFoundError(Message("missing.stored_user", user=user_id))
    interests = EditableInterests(engine).all(user_id, language).interests
    return export.model_copy(update={"interests": list(interests)})
