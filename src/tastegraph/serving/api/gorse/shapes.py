"""Users, items and feedback as Gorse's clients write them, and what they are here."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_pascal

from tastegraph.core.records import Item
from tastegraph.data.availability import FROM, HIDDEN
from tastegraph.data.cells.typed_row import TypedRow
from tastegraph.data.gorse import (
    CATEGORIES,
    NO_TIME,
    attributes_of,
    labels_of,
    title_in,
)
from tastegraph.store.event_groups import EventGroup
from tastegraph.store.users import StoredUser


class _Shape(BaseModel):
    """Fields in Pascal case; those that Gorse has and Tastegraph has no use for are passed over."""

    model_config = ConfigDict(
        alias_generator=to_pascal, populate_by_name=True, extra="ignore", frozen=True
    )


class GorseFeedback(_Shape):
    """One feedback: all events of one user on one item and of one type."""

    feedback_type: str = Field(min_length=1)
    user_id: str = ""
    item_id: str
    value: float = Field(default=0.0, allow_inf_nan=False)
    timestamp: str = ""

    def cells(self, types: dict[str, str]) -> dict[str, object]:
        """The row of an event. A value of 0 is none, as in Gorse, and so is the year 1."""
        timestamp = "" if self.timestamp.startswith(NO_TIME[:10]) else self.timestamp
        return {
            "user_id": self.user_id,
            "item_id": self.item_id,
            "type": types.get(self.feedback_type, self.feedback_type),
            "value": self.value or None,
            "timestamp": timestamp or None,
        }

    @classmethod
    def of(cls, group: EventGroup, feedback_type: str) -> GorseFeedback:
        """The events of a group."""
        return cls(
            feedback_type=feedback_type,
            user_id=group.user_id,
            item_id=group.item_id,
            value=group.value or 0.0,
            timestamp=time_in_words(group.timestamp),
        )


class GorseItem(_Shape):
    """An item."""

    item_id: str
    is_hidden: bool = False
    categories: list[str] | None = None
    timestamp: str = ""
    labels: Any = None
    comment: str = ""

    def item(self) -> Item:
        """The record: labels and categories are attributes, the comment is the text."""
        return ItemPatch.model_validate(self.model_dump()).applied_to(Item(self.item_id, ""))

    @classmethod
    def of(cls, item: Item, is_hidden: bool) -> GorseItem:
        """A stored item; what other imports know of it are labels."""
        (timestamp,) = item.attributes.get(FROM, ("",))
        return cls(
            item_id=item.item_id,
            is_hidden=is_hidden,
            categories=list(item.attributes.get(CATEGORIES, ())),
            timestamp=_time_of(timestamp),
            labels=labels_of(item),
            comment=item.text or item.title,
        )


class ItemPatch(_Shape):
    """What changes of an item; what is null or absent stays as it is."""

    is_hidden: bool | None = None
    categories: list[str] | None = None
    timestamp: str | None = None
    labels: Any = None
    comment: str | None = None

    def applied_to(self, item: Item) -> Item:
        """The item with the changes."""
        attributes, title, text = dict(item.attributes), item.title, item.text
        if self.labels is not None:
            stays = (CATEGORIES, HIDDEN, FROM, "available_until")
            attributes = {name: cell for name, cell in attributes.items() if name in stays}
            attributes |= attributes_of(self.labels)
            title = title_in(self.labels) or title
        if self.categories is not None:
            attributes[CATEGORIES] = tuple(self.categories)
        if self.is_hidden is not None:
            attributes[HIDDEN] = ("true",) if self.is_hidden else ()
        if self.timestamp is not None:
            is_time = self.timestamp and not self.timestamp.startswith(NO_TIME[:10])
            attributes[FROM] = (self.timestamp,) if is_time else ()
        if self.comment is not None:
            text = self.comment
        return Item(
            item.item_id, title, text, {name: cell for name, cell in attributes.items() if cell}
        )


class GorseUser(_Shape):
    """A user."""

    user_id: str = Field(min_length=1)
    labels: Any = None
    comment: str = ""

    def user(self) -> StoredUser:
        """The record."""
        return StoredUser(self.user_id, self.labels, self.comment)

    @classmethod
    def of(cls, user: StoredUser) -> GorseUser:
        """A stored user."""
        return cls(user_id=user.user_id, labels=user.attributes, comment=user.comment)


class UserPatch(_Shape):
    """What changes of a user; what is null or absent stays as it is."""

    labels: Any = None
    comment: str | None = None


class FeedbackPage(_Shape):
    """Some feedback, and where the next page begins; no cursor on the last page."""

    cursor: str
    feedback: list[GorseFeedback]


class ItemPage(_Shape):
    """Some items, and where the next page begins; no cursor on the last page."""

    cursor: str
    items: list[GorseItem]


class UserPage(_Shape):
    """Some users, and where the next page begins; no cursor on the last page."""

    cursor: str
    users: list[GorseUser]


class ScoredId(_Shape):
    """An item or a user in a list."""

    id: str
    score: float


class Success(_Shape):
    """How many rows a request has stored or deleted."""

    row_affected: int


class GorseHealth(_Shape):
    """Whether the service answers; it has one store, which is the data and the cache of Gorse."""

    ready: bool = True
    data_store_error: str | None = None
    cache_store_error: str | None = None
    data_store_connected: bool = True
    cache_store_connected: bool = True


def time_in_words(timestamp: float | None) -> str:
    """Seconds since 1970-01-01 UTC in RFC 3339, as Gorse prints them; the year 1 for no time."""
    if timestamp is None:
        return NO_TIME
    moment = datetime.fromtimestamp(timestamp, UTC)
    fraction = f".{moment.microsecond:06d}".rstrip("0").rstrip(".")
    return f"{moment:%Y-%m-%dT%H:%M:%S}{fraction}Z"


def _time_of(cell: str) -> str:
    return time_in_words(TypedRow({FROM: cell}, "items", 1).timestamp(FROM))
