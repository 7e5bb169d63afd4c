"""The part of a request that says how its list is made: filter, limits, boosts, pins, diversity."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints

from tastegraph.core.config import Boost, Pin
from tastegraph.core.config.surfaces import (
    MAX_BOOSTS,
    MAX_PINS,
    FieldDays,
    FieldLimits,
    FilterText,
    Relaxable,
)
from tastegraph.serving.policies.policy import PolicyOptions


class PolicyFields(BaseModel):
    """Fields of a request of a list; what they say goes before what the surface is set to."""

    surface: Annotated[str, StringConstraints(min_length=1, max_length=100)] | None = Field(
        default=None,
        description="where the list stands: the name of one of [surfaces], whose policy holds",
    )
    filter: FilterText | None = Field(
        default=None,
        description="which items may be listed, by their attributes and the facts about them",
        examples=['price < 30 and in_stock and not genre in ["Horror"]'],
    )
    max_age: FieldDays = Field(
        default_factory=dict,
        description="attribute with a date → days: items with an older date, or none, are left out",
        examples=[{"released": 30}],
    )
    max_per: FieldLimits = Field(
        default_factory=dict,
        description="attribute or relation → how many items may have one value of it",
        examples=[{"brand": 2}],
    )
    boosts: list[Boost] = Field(
        default_factory=list,
        max_length=MAX_BOOSTS,
        description="items that stand higher, or lower, than their scores say",
        examples=[[{"filter": "in_stock", "factor": 1.5, "reason": "in stock"}]],
    )
    pins: list[Pin] = Field(
        default_factory=list,
        max_length=MAX_PINS,
        description="items at places of their own, if they may be listed and meet the filter",
        examples=[[{"item_id": "a12", "place": 1}]],
    )
    diversity: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="how much the list avoids items that are like those above them",
    )
    relax: list[Relaxable] = Field(
        default_factory=list,
        max_length=3,
        description="what gives way, in this order, where the list would be too short: max_age, "
        "filter (of the surface, never that of the request), max_per",
    )

    def policy(self) -> PolicyOptions:
        """What the request says of its policy."""
        return PolicyOptions(
            surface=self.surface,
            filter=self.filter,
            max_age=self.max_age,
            max_per=self.max_per,
            boosts=tuple(self.boosts),
            pins=tuple(self.pins),
            diversity=self.diversity,
            relax=tuple(self.relax),
        )
