"""What the engine answers, in Python and as JSON alike."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from tastegraph.core.html import html_table
from tastegraph.explain.explained import ExplainedReason
from tastegraph.explain.worded import InterestEdge, WordedReason, reasons_html
from tastegraph.serving.why_not.report import WhyNot
from tastegraph.serving.wishes.chips import Steering

NAMELESS = (
    "number of edges to entities without a name that are as strong as those listed: they count in "
    "ranking, and are not listed"
)


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True)


class FilterReport(_Answer):
    """What the filter of a request met."""

    matching: int = Field(
        description="number of items that meet it, whether or not they may be listed"
    )
    notes: tuple[str, ...] = Field(
        default=(),
        description="what a reader may not expect: values that no item has, names that several "
        "entities have, values that are missing since they could not be read",
    )


class ListItem(_Answer):
    """One item of a list."""

    item_id: str
    title: str
    rank: int
    score: float
    propensity: float = Field(
        default=1.0, description="probability of the item at this place, given the items above it"
    )
    best: bool = Field(
        default=True, description="false where the place was given to exploration, or is a pin's"
    )
    pinned: bool = Field(default=False, description="whether a policy put it at this place")
    reasons: tuple[WordedReason, ...] = ()

    def _repr_html_(self) -> str:
        """The item with its reasons as an HTML table, for notebooks."""
        return reasons_html(self.reasons, f"{self.rank}. {self.title}: score {self.score:.4f}")


class LeftOut(_Answer):
    """A candidate that a list of candidates lacks."""

    item_id: str
    cause: Literal["unknown", "unlisted", "seen", "no_place"] = Field(
        description="unknown: the snapshot in service has no such item, or it was erased; "
        "unlisted: delisted, hidden or outside of its dates; seen: the user has seen it; no_place: "
        "a filter, a limit or a wish keeps it out, or others fill the places; explain says which"
    )


class Recommendations(_Answer):
    """A ranked list."""

    recommendation_id: str
    model: str
    graph: str
    experiment: str | None = Field(
        default=None, description="the experiment that the list is part of; null outside of any"
    )
    variant: str | None = Field(
        default=None, description="the variant of that experiment that the user gets"
    )
    personal: bool = Field(description="false where the list is by popularity alone")
    stranger: bool = Field(
        default=False, description="true where no event of this user counts for or against an item"
    )
    steer: Steering | None = Field(
        default=None, description="what the wish of the request was read as; null without one"
    )
    filter: FilterReport | None = Field(
        default=None, description="on the filter of the request; null without one"
    )
    relaxed: tuple[str, ...] = Field(
        default=(),
        description="what gave way, since the list would have had fewer items than n: max_age, "
        "filter (of the surface, never that of the request), max_per",
    )
    left_out: tuple[LeftOut, ...] = Field(
        default=(), description="of candidates that the request names, those without a place"
    )
    items: tuple[ListItem, ...]

    def _repr_html_(self) -> str:
        """The list as an HTML table, for notebooks: one row for each item."""
        rows = [
            (item.rank, item.item_id, item.title, item.score, [r.text for r in item.reasons])
            for item in self.items
        ]
        return html_table(("rank", "item", "title", "score", "reasons"), rows)


class Explanation(_Answer):
    """The score and rank of an item for a user; the shares of the reasons sum to the score."""

    item_id: str
    title: str
    score: float
    rank: int = Field(description="1-based rank in all items, seen items included")
    seen: bool = Field(
        description="whether the user has an event on it of a type that excludes it from lists"
    )
    listable: bool = Field(
        default=True,
        description="false where it is hidden, delisted, or outside of its dates, so that no list "
        "has it",
    )
    model: str
    graph: str
    reasons: tuple[ExplainedReason, ...]
    steer: Steering | None = Field(
        default=None, description="what the wish of the request was read as; null without one"
    )
    filter: FilterReport | None = Field(
        default=None, description="on the filter of the request; null without one"
    )
    why_not: WhyNot = Field(description="its place in a list of the user, or why it has none there")

    def _repr_html_(self) -> str:
        """The reasons as an HTML table, for notebooks."""
        return reasons_html(self.reasons, f"{self.title}: score {self.score:.4f}, rank {self.rank}")


class SimilarItem(_Answer):
    """One item with a similar text."""

    item_id: str
    title: str
    similarity: float = Field(description="cosine of the two texts' vectors")


class HistoryEvent(_Answer):
    """One event of a user, as the page shows it."""

    item_id: str = Field(description="empty where the event is on an entity")
    entity: str | None = Field(default=None, description="id of the entity that the event is on")
    title: str
    type: str
    did: str = Field(description="the same in words, in the language of the answer")
    value: float | None
    timestamp: float | None
    counts: float = Field(description="for (> 0), against (< 0) or not at all (0)")


class UserProfile(_Answer):
    """A user's history, newest first, and interest graph, strongest edges first."""

    user_id: str
    events: tuple[HistoryEvent, ...]
    interests: tuple[InterestEdge, ...] = Field(description="edges to what has a name")
    nameless: int = Field(default=0, description=NAMELESS)


class ItemContent(_Answer):
    """An item and its content graph, strongest ties first."""

    item_id: str
    title: str
    content: tuple[InterestEdge, ...] = Field(description="edges to what has a name")
    nameless: int = Field(default=0, description=NAMELESS)


class TextAssociations(_Answer):
    """What a text is about: entities and values, and the nearest items, each strongest first."""

    associations: tuple[InterestEdge, ...]
    nameless: int = Field(default=0, description=NAMELESS)
    items: tuple[SimilarItem, ...]
    model: str
    graph: str
