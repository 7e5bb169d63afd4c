"""The records that sources yield, the store holds and the graph is built from."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import polars as pl

Split = Literal["train", "valid", "test"]
SPLITS: tuple[Split, ...] = ("train", "valid", "test")
"""Parts of a published split, in the order of their numbers."""
EVENT_TYPES = (
    "view", "click", "purchase", "like", "rating", "dislike", "skip", "impression",
)  # fmt: skip
"""The event types that have a default weight; a workspace may configure further ones."""
IMPRESSION = "impression"
"""Event type of an item that a list showed and the user did not respond to."""
RATING = "rating"
"""Event type of a value that a user gave an item."""
COUNT = "count"
"""How events of type ``rating`` are read if their values are counts or amounts."""

MAX_CLOCK_SKEW = 300.0
"""Seconds by which the time of an event may be in the future, since clocks differ. A later event
would stay the user's newest until that time."""


ENTITY = "entity\x1f"
"""Prefix of the id of what an event is on, where that is an entity: see :attr:`Event.object_id`.
No id of an item has this separator."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that a user did with an item, or said of an entity.

    Attributes:
        event_id: from the client, or derived from the row; an event counts only once.
        type: what was done; the configuration has its weight.
        value: a rating, a count or an amount, in the source's own unit. An event with a value and
            no type is a ``rating``; whether ratings are counts is decided from all of them.
        timestamp: seconds since 1970-01-01 UTC; ``None`` if unknown.
        split: to which part of a published split it belongs.
        recommendation_id: the list that showed the item, if there was one.
        position: 1-based rank in that list.
        entity_id: of the knowledge graph, where the event is on an entity (a director, a genre)
            and on no item; then ``item_id`` is empty.

    Raises:
        ValueError: the event is on neither, or on both.
    """

    event_id: str
    user_id: str
    item_id: str = ""
    type: str = "click"
    value: float | None = None
    timestamp: float | None = None
    split: Split | None = None
    recommendation_id: str | None = None
    position: int | None = None
    entity_id: str = ""

    def __post_init__(self) -> None:
        if bool(self.item_id) == bool(self.entity_id):
            raise ValueError(
                f"event {self.event_id!r}: an item or an entity is expected, and not both: "
                f"item_id={self.item_id!r}, entity_id={self.entity_id!r}"
            )

    @property
    def object_id(self) -> str:
        """What the event is on: the item's id, or :data:`ENTITY` and the entity's.

        The log, frames of events and the rows of models name it so.
        """
        return self.item_id or ENTITY + self.entity_id

    def is_in_future(self, now: float) -> bool:
        """Whether its time is later than ``now`` by more than :data:`MAX_CLOCK_SKEW`."""
        return self.timestamp is not None and self.timestamp > now + MAX_CLOCK_SKEW


def is_entity(object_id: str) -> bool:
    """Whether what an event is on is an entity rather than an item."""
    return object_id.startswith(ENTITY)


_HEX_ID = re.compile("[0-9a-f]{32}")


def event_key(event_id: str) -> bytes:
    """An event id in few bytes: its UTF-8, or for 32 hexadecimal digits NUL and 16 bytes.

    No id begins with NUL.
    """
    if _HEX_ID.fullmatch(event_id):
        return b"\0" + bytes.fromhex(event_id)
    return event_id.encode("utf-8")


def event_of_key(key: bytes) -> str:
    """The event id of a key that :func:`event_key` returned."""
    return key[1:].hex() if key.startswith(b"\0") else key.decode("utf-8")


@dataclass(frozen=True, slots=True)
class Availability:
    """When an item may be listed.

    Attributes:
        hidden: whether it is never listed.
        start, end: seconds since 1970-01-01 UTC; it may be listed from ``start`` on and no more
            from ``end`` on. ``None`` without a bound.
    """

    hidden: bool = False
    start: float | None = None
    end: float | None = None


ALWAYS = Availability()
"""An item may be listed at any time."""


@dataclass(frozen=True, slots=True)
class Item:
    """Something that can be recommended.

    Attributes:
        text: free text for language models; empty if there is none.
        attributes: further columns; each has a tuple of values, in the order of the source. Those
            named ``hidden``, ``available_from`` and ``available_until`` say when it may be listed.
    """

    item_id: str
    title: str
    text: str = ""
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class User:
    """What is known of a user beside events. Nothing is ranked by it.

    Attributes:
        attributes: a JSON value, as it came; empty for users of whom only events are stored.
        comment: free text, for those who look at users.
    """

    user_id: str
    attributes: Any
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Span:
    """Where in a text a fact was read.

    Attributes:
        document: id of the text; ``item:ID`` for the text of an item.
        start, end: offsets in characters; the words are ``text[start:end]``.
        extractor: name and version of the extractor, such as ``patterns/1``.
    """

    document: str
    start: int
    end: int
    extractor: str


@dataclass(frozen=True, slots=True)
class Fact:
    """A statement of the knowledge graph: subject, relation, object and confidence.

    Attributes:
        literal: whether ``object`` is a value (a year, a name) rather than an entity id.
        datatype: IRI of the literal's datatype; empty for plain text and text in a language.
        language: BCP 47 tag of the literal in lower case, or empty.
        confidence: in (0, 1]; 1 for asserted facts.
        span: where it was read in a text; ``None`` for asserted facts.
    """

    subject: str
    relation: str
    object: str
    literal: bool = False
    datatype: str = ""
    language: str = ""
    confidence: float = 1.0
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """States that an item and an entity of the knowledge graph are the same thing."""

    item_id: str
    entity_id: str


@dataclass(frozen=True)
class Records:
    """Everything that one import adds: any part may be empty.

    Attributes:
        items: single items, or frames of them (:mod:`tastegraph.core.item_columns`); an item
            replaces the one of the same id and the facts that its columns stated.
        item_files: names of files with frames of their items.
        events: an event whose id is known already changes nothing; one by one or in frames
            (:mod:`tastegraph.data.event_tables`).
        event_files: name of a file → its events. They replace those of an earlier file of this
            name.
        append: whether event files only add, and withdraw nothing that they do not state now.
        facts: source → the facts that it states, one by one or in frames
            (:mod:`tastegraph.core.fact_columns`).
        links: source → which entity an item is, as it states; one by one or in frames.
        users: what is known of users; one replaces the one of the same id.
        digests: source → a hash of its content, by which an unchanged source is recognised.
        replace_catalogue: whether stored items that ``items`` lack are delisted.
        restore: whether erased users and items come back; else what there is of them is left out.
    """

    items: Iterable[Item | pl.DataFrame] = ()
    item_files: Sequence[tuple[str, Iterable[pl.DataFrame]]] = ()
    events: Iterable[Event | pl.DataFrame] = ()
    event_files: Mapping[str, pl.DataFrame] = field(default_factory=dict)
    append: bool = False
    facts: Mapping[str, Iterable[Fact | pl.DataFrame]] = field(default_factory=dict)
    links: Mapping[str, Iterable[Link | pl.DataFrame]] = field(default_factory=dict)
    users: Iterable[User] = ()
    digests: Mapping[str, str] = field(default_factory=dict)
    replace_catalogue: bool = False
    restore: bool = False

    @property
    def sources(self) -> list[str]:
        """Names of all sources of facts and links, each once."""
        return list({**self.facts, **self.links})


SESSION = "session:"
"""Prefix of the user id under which events of a session without a user are stored."""

ITEM = "item:"
"""Prefix of a fact's subject or object that is an item rather than an entity."""

USER = "user:"
"""Prefix of a fact's subject or object that is a user rather than an entity."""

LABEL = "label"
"""Relation of the labels that imports of tables state."""

MENTIONS = "mentions"
"""Relation between an item and an entity that its text mentions."""

BROADER = "http://www.w3.org/2004/02/skos/core#broader"
"""Relation of a topic to one that is more general (SKOS)."""

SAME_AS = "http://www.w3.org/2002/07/owl#sameAs"
"""Relation between two ids of the same thing."""

DIFFERENT_FROM = "http://www.w3.org/2002/07/owl#differentFrom"
"""Relation between two ids of different things."""
