"""Reasons, paths and interests in words: what the Python API and the HTTP API return."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, WithJsonSchema

from tastegraph.core.html import html_table
from tastegraph.models.base import ReasonKind

NO_NAME = "(no name)"
"""Stands for an entity that nobody has named."""


class PathStep(BaseModel):
    """One stored fact on a path: subject, predicate, object, with names where there are any."""

    model_config = ConfigDict(frozen=True)

    s: str
    p: str
    o: str
    s_label: str = Field(default="", description="empty where it has no name")
    o_label: str = Field(default="", description="empty where it has no name")
    p_label: str = Field(default="", description="the relation read aloud")
    fact_id: Annotated[
        int,
        PlainSerializer(str, return_type=str, when_used="json"),
        WithJsonSchema({"type": "string"}),
    ] = Field(description="up to 63 bits, so as text in JSON")

    def __str__(self) -> str:
        """The fact in one line: "Fargo · director · Joel Coen"."""
        subject, obj = self.s_label or NO_NAME, self.o_label or NO_NAME
        return f"{subject} · {self.p_label or self.p} · {obj}"


class WordedReason(BaseModel):
    """One reason: a liked item, or a path over stored facts from a liked item."""

    model_config = ConfigDict(frozen=True)

    kind: ReasonKind
    share: float = Field(description="how much of the score; negative speaks against the item")
    text: str
    item_id: str | None = Field(
        default=None, description="the item of the history that it starts from"
    )
    entity: str | None = Field(
        default=None, description="the entity that it starts from, where the event is on one"
    )
    support: int | None = Field(
        default=None,
        description="users for whom it holds, counted from stored events when the snapshot was "
        "built; null where the reason does not speak of users",
    )
    path: tuple[PathStep, ...] = ()

    def _repr_html_(self) -> str:
        """The reason and its path as an HTML table, for notebooks."""
        return reasons_html([self])


class InterestEdge(BaseModel):
    """One edge of an interest or content graph."""

    model_config = ConfigDict(frozen=True)

    relation: str
    phrase: str
    node: str
    label: str
    strength: float
    stated: bool = Field(description="false where only the nearness of texts says it")
    support: int = Field(
        default=1, description="events of the history that carry an interest; 1 in a content graph"
    )
    direct: int = Field(default=0, description="events of the user on the entity itself")
    entity: bool = Field(
        default=False, description="whether an event may be on it, as entity; false for a value"
    )


def reasons_html(reasons: Sequence[WordedReason], caption: str = "") -> str:
    """Reasons as an HTML table: share of the score, kind, text and path."""
    rows = [
        (f"{reason.share:+.4f}", reason.kind, reason.text, [str(step) for step in reason.path])
        for reason in reasons
    ]
    return html_table(("share", "kind", "reason", "path"), rows, caption)
