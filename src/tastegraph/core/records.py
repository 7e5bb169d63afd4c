"""The nouns: what a source yields, storage keeps and the graph is built from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

Split = Literal["train", "valid", "test"]
EVENT_TYPES = (
    "view", "click", "purchase", "like", "rating", "dislike", "skip", "impression",
)  # fmt: skip
"""The types that have a weight without configuration; a workspace may name further ones."""
IMPRESSION = "impression"
"""An item stood in a list; the person did nothing."""
RATING = "rating"
"""The item was given a value, which says what the person thinks of it."""
COUNT = "count"
"""How an event of type ``rating`` is read whose value is no rating but a count or an amount."""

AHEAD = 300.0
"""Seconds by which an event may come from the future: clocks differ. One from further on would be
the person's newest for as long as that takes."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing a person did with one item.

    Attributes:
        event_id: given by the client, or derived from the row; it never counts twice.
        type: what was done; its weight is in the configuration.
        value: a rating, a count or an amount, in the source's own unit; without a type of its own
            the event is a ``rating``, and all ratings together tell which of these they are.
        timestamp: seconds since 1970-01-01 UTC; ``None`` where the source has none.
        split: the part of a published split, used as given.
        recommendation_id: the list that showed the item, where one did.
        position: 1-based rank in that list.
    """

    event_id: str
    user_id: str
    item_id: str
    type: str = "click"
    value: float | None = None
    timestamp: float | None = None
    split: Split | None = None
    recommendation_id: str | None = None
    position: int | None = None

    def is_to_come(self, now: float) -> bool:
        """Whether it is more than :data:`AHEAD` from the future of ``now``."""
        return self.timestamp is not None and self.timestamp > now + AHEAD


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that can be recommended.

    Attributes:
        text: free text a language model may read; empty where there is none.
        attributes: further columns, each a tuple of values in the order found.
    """

    item_id: str
    title: str
    text: str = ""
    attributes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Span:
    """The words that a fact was read from.

    Attributes:
        document: id of the text: ``item:ID`` for an item's own.
        start, end: characters of the text, half-open: ``text[start:end]`` are the words.
        extractor: what read them, with its version: ``patterns/1``.
    """

    document: str
    start: int
    end: int
    extractor: str


@dataclass(frozen=True, slots=True)
class Fact:
    """Subject, relation, object, and how sure its source is of it.

    Attributes:
        literal: whether ``object`` is a value (a year, a name) rather than an entity id.
        datatype: IRI of the literal's type; empty for plain text and text in a language.
        language: BCP 47 tag of the literal in lower case, or empty.
        confidence: in (0, 1]; 1 for asserted facts.
        span: the words it was read from; ``None`` for asserted facts.
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
    """An item and the entity of the knowledge graph that it is."""

    item_id: str
    entity_id: str


@dataclass(frozen=True)
class Records:
    """Everything that one import adds: any part may be empty.

    Attributes:
        items: an item replaces the one of the same id and the facts that its columns stated.
        events: an event whose id is known already changes nothing.
        facts: source → the facts that it states.
        links: source → which entity an item is, as it states.
        digests: source → a hash of its content, by which an unchanged source is recognised.
    """

    items: Iterable[Item] = ()
    events: Iterable[Event] = ()
    facts: Mapping[str, Iterable[Fact]] = field(default_factory=dict)
    links: Mapping[str, Iterable[Link]] = field(default_factory=dict)
    digests: Mapping[str, str] = field(default_factory=dict)

    @property
    def sources(self) -> list[str]:
        """Names of all sources of facts and links, each once."""
        return list({**self.facts, **self.links})


ITEM = "item:"
"""Prefix of a fact's subject or object that names an item rather than an entity."""

USER = "user:"
"""Prefix of a fact's subject or object that names a person."""

LABEL = "label"
"""Relation of the label facts that imports state themselves."""

MENTIONS = "mentions"
"""Relation between an item and an entity that its text names."""

SAME_AS = "http://www.w3.org/2002/07/owl#sameAs"
"""Relation between two ids of one thing."""

DIFFERENT_FROM = "http://www.w3.org/2002/07/owl#differentFrom"
"""Relation between two ids that are never one thing."""
