"""Users, items and feedback as Gorse's clients write them, and what they are here."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_pascal

from tastegraph.core.records import Item, User
from tastegraph.data.availability import FROM
from tastegraph.data.cells.typed_row import TypedRow
from tastegraph.data.gorse import CATEGORIES, NO_TIME, changed_item, is_no_time, labels_of
from tastegraph.store.event_groups import EventGroup


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
        timestamp = "" if is_no_time(self.timestamp) else self.timestamp
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
        return changed_item(
            Item(self.item_id, ""), **self.model_dump(include=set(ItemPatch.model_fields))
        )

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
        return changed_item(item, **self.model_dump(include=set(ItemPatch.model_fields)))


class GorseUser(_Shape):
    """A user."""

    user_id: str = Field(min_length=1)
    labels: Any = None
    comment: str = ""

    def user(self) -> User:
        """The record."""
        return User(self.user_id, self.labels, self.comment)

    @classmethod
    def of(cls, user: User) -> GorseUser:
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
