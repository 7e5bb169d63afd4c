"""What lists without a user's taste answer, in Python and as JSON alike."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from tastegraph.explain.worded import PathStep


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True)


class CommonTrait(_Frozen):
    """One thing that two items have in common."""

    kind: Literal["knowledge", "behaviour", "text"]
    text: str
    support: int | None = Field(default=None, description="users for whom it holds")
    path: tuple[PathStep, ...] = Field(default=(), description="the stored facts that join the two")


class RelatedItem(_Frozen):
    """One item of a list that knows no user."""

    item_id: str
    title: str
    rank: int
    score: float
    reasons: tuple[CommonTrait, ...] = ()


class RelatedItems(_Frozen):
    """A ranked list that knows no user."""

    model: str
    graph: str
    items: tuple[RelatedItem, ...]


class SimilarUser(_Frozen):
    """A user who likes the same items."""

    user_id: str
    similarity: float = Field(description="cosine of what the two like, rare items weighing more")
    shared: int = Field(description="number of items that both like")
    text: str


class SimilarUsers(_Frozen):
    """Users who like the same items as one user, the most similar first."""

    user_id: str
    users: tuple[SimilarUser, ...]


class AudienceMember(_Frozen):
    """A user who would like an item."""

    user_id: str
    score: float
    text: str


class ItemAudience(_Frozen):
    """Users who would like an item and have no event on it, the most likely first."""

    item_id: str
    users: tuple[AudienceMember, ...]
