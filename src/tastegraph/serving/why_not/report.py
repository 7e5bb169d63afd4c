"""What is answered to the question why a list lacks an item, in Python and as JSON alike."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from tastegraph.serving.wishes.chips import Chip

RuleKind = Literal[
    "delisted", "hidden", "not_yet", "no_more", "seen", "filter", "surface_filter", "max_age",
    "max_per", "wish",
]  # fmt: skip
MissingKind = Literal["text", "facts", "events", "history", "link"]
ChangeKind = Literal["like", "without_events", "without_wish"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class LastPlace(_Part):
    """The last item of the list."""

    item_id: str
    title: str
    place: int
    score: float


class BlockingRule(_Part):
    """A rule that keeps the item out of the list."""

    kind: RuleKind = Field(
        description="delisted: the last complete import lacks it; not_yet, no_more: outside of its "
        "dates; seen: the user has an event on it; filter: of the request, surface_filter: of the "
        "surface; max_per: other items have the places for a value of it; wish: an only or never"
    )
    text: str
    clause: str | None = Field(
        default=None,
        description="the condition that does not hold, as a filter is written; those that no rule "
        "names hold",
    )
    values: dict[str, tuple[str, ...]] = Field(
        default_factory=dict,
        description="what the condition names → what the item has of it now, which may be nothing",
    )
    moment: float | None = Field(
        default=None,
        description="when its dates begin or end, or the time of the event; seconds since "
        "1970-01-01 UTC",
    )
    chip: Chip | None = Field(default=None, description="the wish")
    items: tuple[str, ...] = Field(
        default=(), description="of max_per, ids of the items that have the places"
    )
    gives_way: bool = Field(
        default=False,
        description="whether the policy lets the rule give way where the list would be too short",
    )


class MissingLink(_Part):
    """Something that the model does not know, and that could speak for the item."""

    kind: MissingKind = Field(
        description="text, facts, events: the item had none when the model was fitted; history: no "
        "event of the user counts; link: nothing joins the user's events to the item"
    )
    text: str


class VerifiedChange(_Part):
    """A change of the user's events or wishes with which the list was computed and has the item."""

    kind: ChangeKind
    text: str
    place: int = Field(description="of the item in that list")
    item_ids: tuple[str, ...] = Field(
        default=(), description="the items that the events would be on, or would not be on"
    )
    entity: str | None = Field(
        default=None, description="the entity that they would be on, or would not be on"
    )
    type: str | None = Field(default=None, description="of the events that would be there")
    chip: Chip | None = Field(default=None, description="the wish that would not be there")


class WhyNot(_Part):
    """Where an item stands with regard to a list: its place, or why it has none."""

    text: str
    n: int = Field(description="places of the list")
    place: int | None = Field(description="of the item in the list; null where it has none")
    total: int = Field(description="number of items that have a rank")
    listable: int = Field(description="number of items that all rules let into the list")
    rank_listable: int = Field(
        description="the item's rank in those by the scores alone, as if it were one of them"
    )
    last: LastPlace | None = Field(description="null where the list is empty")
    rules: tuple[BlockingRule, ...] = ()
    place_if_admitted: int | None = Field(
        default=None,
        description="the place that the list gives it where the rules admit this one item; null "
        "without rules, and where it has no place even so",
    )
    missing: tuple[MissingLink, ...] = ()
    changes: tuple[VerifiedChange, ...] = Field(
        default=(),
        description="single changes that bring it in, the list computed with each; there may be "
        "others",
    )
    lists_computed: int = Field(
        default=0, description="number of changes with which the list was computed"
    )
