"""Chips: one wish each, as it is shown, sent back and applied."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Direction = Literal["more", "less", "only", "never"]
ChipKind = Literal["entity", "range", "trend", "popularity", "novelty", "similar", "question"]
Toward = Literal["up", "down"]
Duration = Literal["list", "session", "days", "always"]

MAX_WISH_LENGTH = 500
"""Characters of a wish, at most."""
MAX_CHIPS = 30
"""Chips of one request, at most."""
MAX_NAME_LENGTH = 300
MAX_STRENGTH = 4.0
MAX_DAYS = 3650.0
MAX_ALTERNATIVES = 6
"""Alternatives that a question names, at most."""
Name = Annotated[str, StringConstraints(max_length=MAX_NAME_LENGTH)]


class Alternative(BaseModel):
    """One thing that an ambiguous name may mean."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    node: Name = Field(description="id of an entity, `item:ID`, or a value")
    label: Name
    relation: Name | None = Field(default=None, description="what it most often is of an item")
    items: int = Field(default=0, description="number of items that are tied to it")


class Chip(BaseModel):
    """One wish: a direction and what it is about.

    An `entity` chip is about `node`, by `relation` alone where it is named; a `range` chip about
    the items whose `relation` has a value from `low` to `high`; a `trend` chip about higher (`up`)
    or lower values of `relation`; `popularity` and `novelty` are about how many users like an item
    and how much it differs from the user's history; `similar` about items like `node`. A `question`
    changes nothing until one of its `alternatives` is sent back as an `entity` or `similar` chip. A
    chip that lacks what its kind is about is ignored, and listed as such.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    direction: Direction
    kind: ChipKind
    label: Name = Field(default="", description="name of what it is about")
    node: Name | None = Field(default=None, description="id of an entity, `item:ID`, or a value")
    relation: Name | None = Field(default=None, description="null for any")
    low: float | None = Field(default=None, allow_inf_nan=False)
    high: float | None = Field(default=None, allow_inf_nan=False)
    toward: Toward | None = None
    strength: float = Field(default=1.0, gt=0, le=MAX_STRENGTH, allow_inf_nan=False)
    duration: Duration = Field(default="list", description="how long it counts")
    days: float | None = Field(default=None, gt=0, le=MAX_DAYS, allow_inf_nan=False)
    alternatives: tuple[Alternative, ...] = Field(default=(), max_length=MAX_ALTERNATIVES)
    words: Name = Field(default="", description="of the wish, that it was read from")
    start: int | None = Field(default=None, ge=0, description="place of the words in the wish")
    end: int | None = Field(default=None, ge=0)
    text: Annotated[str, StringConstraints(max_length=1000)] = Field(
        default="", description="the chip in words; not read when it is sent back"
    )

    @property
    def is_complete(self) -> bool:
        """Whether it has what its kind is about, and days if and only if it counts for days."""
        needs = {
            "entity": self.node is not None,
            "similar": self.node is not None,
            "range": self.relation is not None and (self.low, self.high) != (None, None),
            "trend": self.relation is not None and self.toward is not None,
            "popularity": self.toward is not None,
        }
        has_days = (self.duration == "days") == (self.days is not None)
        return needs.get(self.kind, True) and has_days

    @property
    def is_applied(self) -> bool:
        """Whether it changes a list."""
        return self.kind != "question"

    def as_json(self) -> dict[str, Any]:
        """Its fields that differ from their defaults."""
        return self.model_dump(mode="json", exclude_defaults=True)

    @property
    def target(self) -> tuple[object, ...]:
        """What it is about; two chips on one target do not stand beside each other."""
        return (self.kind, self.node, self.relation, self.low, self.high, self.toward)


class IgnoredWords(BaseModel):
    """Words of a wish that were not understood."""

    model_config = ConfigDict(frozen=True)

    words: str
    start: int
    end: int
    reason: str = Field(default="", description="why, in the language of the answer")


class Steering(BaseModel):
    """What a wish was read as."""

    model_config = ConfigDict(frozen=True)

    parsed: tuple[Chip, ...] = ()
    ignored: tuple[IgnoredWords, ...] = ()
    notes: tuple[str, ...] = Field(
        default=(), description="what else there is to say, as that a wish was not stored"
    )
