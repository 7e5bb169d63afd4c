"""What the engine answers, in Python and as JSON alike."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from tastegraph.core.html import html_table
from tastegraph.explain.worded import InterestEdge, WordedReason, reasons_html


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True)


class ListItem(_Answer):
    """One item of a list."""

    item_id: str
    title: str
    rank: int
    score: float
    propensity: float = Field(
        default=1.0, description="chance of the item to stand here, given what stands above"
    )
    best: bool = Field(default=True, description="false where the place was given to exploration")
    reasons: tuple[WordedReason, ...] = ()

    def _repr_html_(self) -> str:
        """The item with its reasons as an HTML table, for notebooks."""
        return reasons_html(self.reasons, f"{self.rank}. {self.title}: score {self.score:.4f}")


class Recommendations(_Answer):
    """A ranked list."""

    recommendation_id: str
    model: str
    graph: str
    personal: bool = Field(description="false where the list is by popularity alone")
    stranger: bool = Field(
        default=False, description="true where no event of this person counts for or against"
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
    reasons: tuple[WordedReason, ...]

    def _repr_html_(self) -> str:
        """The reasons as an HTML table, for notebooks."""
        return reasons_html(self.reasons, f"{self.title}: score {self.score:.4f}, rank {self.rank}")


class SimilarItem(_Answer):
    """One item by its text."""

    item_id: str
    title: str
    similarity: float = Field(description="cosine of the two texts' vectors")


class HistoryEvent(_Answer):
    """One event of a person, as the page shows it."""

    item_id: str
    title: str
    type: str
    did: str = Field(description="the same in words, in the language of the answer")
    value: float | None
    timestamp: float | None
    counts: float = Field(description="for (> 0), against (< 0) or not at all (0)")


class UserProfile(_Answer):
    """A person's history, newest first, and interest graph, strongest first."""

    user_id: str
    events: tuple[HistoryEvent, ...]
    interests: tuple[InterestEdge, ...]


class TextAssociations(_Answer):
    """What a text is about: ties to what is known and the nearest items, each strongest first."""

    associations: tuple[InterestEdge, ...]
    items: tuple[SimilarItem, ...]
    model: str
    graph: str
