"""What the engine answers, in Python and as JSON alike."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

from tastegraph.explain.reason import Kind


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True)


class Statement(_Answer):
    """One stored fact on a path: subject, predicate, object, with names where there are any."""

    s: str
    p: str
    o: str
    s_label: str = ""
    o_label: str = ""
    p_label: str = Field(default="", description="the relation read aloud")
    fact_id: Annotated[int, PlainSerializer(str, return_type=str, when_used="json")] = Field(
        description="up to 63 bits, so as text in JSON"
    )


class Because(_Answer):
    """One reason: a liked item, or a path over stored facts from one."""

    kind: Kind
    share: float = Field(description="how much of the score; negative speaks against the item")
    text: str
    item_id: str | None = Field(
        default=None, description="the item of the history that it starts from"
    )
    support: int | None = Field(
        default=None,
        description="people for whom it is so, counted from stored events when the snapshot was "
        "made; null where the reason says nothing of people",
    )
    path: tuple[Statement, ...] = ()


class Listed(_Answer):
    """One item of a list."""

    item_id: str
    title: str
    rank: int
    score: float
    propensity: float = Field(
        default=1.0, description="chance of the item to stand here, given what stands above"
    )
    best: bool = Field(default=True, description="false where the place was given to exploration")
    reasons: tuple[Because, ...] = ()


class Recommendations(_Answer):
    """A ranked list."""

    recommendation_id: str
    model: str
    graph: str
    personal: bool = Field(description="false where the list is by popularity alone")
    stranger: bool = Field(
        default=False, description="true where no event of this person counts for or against"
    )
    items: tuple[Listed, ...]


class Explanation(_Answer):
    """Why an item stands where it stands for a person; the shares sum to the score."""

    item_id: str
    title: str
    score: float
    rank: int = Field(description="1-based place among all items, those already seen included")
    seen: bool = Field(
        description="whether the person has an event on it of a type that leaves it out of lists"
    )
    model: str
    graph: str
    reasons: tuple[Because, ...]


class Near(_Answer):
    """One item by its text."""

    item_id: str
    title: str
    similarity: float = Field(description="cosine of the two texts' vectors")


class Past(_Answer):
    """One event of a person, as the page shows it."""

    item_id: str
    title: str
    type: str
    did: str = Field(description="the same in words, in the language of the answer")
    value: float | None
    timestamp: float | None
    counts: float = Field(description="for (> 0), against (< 0) or not at all (0)")


class Interest(_Answer):
    """One edge of an interest or content graph."""

    relation: str
    phrase: str
    node: str
    label: str
    strength: float
    stated: bool = Field(description="false where only the nearness of texts says it")


class Profile(_Answer):
    """A person's history, newest first, and interest graph, strongest first."""

    user_id: str
    events: tuple[Past, ...]
    interests: tuple[Interest, ...]


class Associated(_Answer):
    """What a text is about: ties to what is known and the nearest items, each strongest first."""

    associations: tuple[Interest, ...]
    items: tuple[Near, ...]
    model: str
    graph: str
