"""Surfaces: named policies of lists, one for each place of a shop where a list stands."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from tastegraph.core.config.data import Section

MAX_FILTER_LENGTH = 5000
"""Characters of a filter."""
MAX_BOOSTS = 20
MAX_PINS = 100
MAX_FIELDS = 10
"""Attributes of which a policy limits something."""
FilterText = Annotated[str, StringConstraints(min_length=1, max_length=MAX_FILTER_LENGTH)]
FieldLimits = Annotated[
    dict[Annotated[str, StringConstraints(min_length=1, max_length=200)],
         Annotated[int, Field(ge=1, le=1000)]],
    Field(max_length=MAX_FIELDS),
]  # fmt: skip
FieldDays = Annotated[
    dict[Annotated[str, StringConstraints(min_length=1, max_length=200)],
         Annotated[float, Field(gt=0, le=100_000, allow_inf_nan=False)]],
    Field(max_length=MAX_FIELDS),
]  # fmt: skip
Relaxable = Literal["max_age", "filter", "max_per"]
Share = Annotated[float, Field(ge=0, le=1)]


class Boost(Section):
    """Items that stand higher, or lower, than their scores say."""

    filter: FilterText
    """Which items, as ``in_stock and brand = "Acme"`` says."""
    factor: float = Field(default=1.0, gt=0, le=1000, allow_inf_nan=False)
    """What their scores are multiplied by; scores below 0 are divided. Below 1, they go down."""
    add: float = Field(default=0.0, ge=-1000, le=1000, allow_inf_nan=False)
    """What is added to their scores after that."""
    reason: str | None = Field(default=None, min_length=1, max_length=200)
    """What a reason says of it: "new in our shop". By default the filter."""


class Pin(Section):
    """An item at a place of its own."""

    item_id: Annotated[str, StringConstraints(min_length=1, max_length=512)]
    """Which item."""
    place: int = Field(ge=1, le=1000)
    """Its rank in the list, from 1."""


class SurfaceConfig(Section):
    """How lists of one surface are made: ``home``, ``product``, ``email``. A request names it."""

    n: int | None = Field(default=None, ge=1, le=100)
    """Number of items, if a request names none."""
    filter: FilterText | None = None
    """Which items may be listed, besides what the filter of a request says."""
    max_age: FieldDays = Field(default_factory=dict)
    """Attribute with a date → days: items with an older date, or without one, are left out."""
    max_per: FieldLimits = Field(default_factory=dict)
    """Attribute or relation → how many items of a list may have one value of it: ``brand = 2``."""
    boosts: Annotated[tuple[Boost, ...], Field(max_length=MAX_BOOSTS)] = ()
    """Items that stand higher or lower than their scores say, each with ``filter``, ``factor``,
    ``add`` and ``reason``."""
    pins: Annotated[tuple[Pin, ...], Field(max_length=MAX_PINS)] = ()
    """Items at places of their own, each with ``item_id`` and ``place``."""
    diversity: Share | None = None
    """How much lists avoid items that are like those above them; 0 for not at all."""
    explore: Share | None = None
    """As in ``[serving]``; by default what stands there."""
    new_items: Share | None = None
    """As in ``[serving]``; by default what stands there."""
    relax: tuple[Relaxable, ...] = ()
    """What gives way, in this order, where a list would have fewer items than ``n``: ``max_age``,
    ``filter`` (the one above; never that of a request), ``max_per``. Items that meet everything
    stand first; an answer says in ``relaxed`` what gave way."""
