"""What every language must be able to say of a reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from tastegraph.core.records import Event


@dataclass(frozen=True, slots=True)
class Common:
    """What an item of the history and the target have in common.

    Attributes:
        relation: name of the relation.
        label: name of the entity or value at its other end; empty where it has none.
        reverse: whether the items are the objects of the facts.
        direct: ``"forward"`` where the target's own fact names the item of the history,
            ``"backward"`` where that item's fact names the target, else ``None``.
    """

    relation: str
    label: str
    reverse: bool
    direct: str | None = None


class Wording(Protocol):
    """The sentences of one language; ``title`` and ``event`` are of an item of the history."""

    def done(self, event: Event) -> str:
        """What the person did."""
        ...

    def phrase(self, relation: str) -> str:
        """A relation read aloud, alone."""
        ...

    def popular(self, people: int, *, many: bool, stranger: bool) -> str:
        """``people`` like it; ``stranger`` where nothing is known of the person."""
        ...

    def popular_lately(self, people: int) -> str:
        """It was liked of late; by ``people`` in all."""
        ...

    def liked_with(self, title: str, event: Event, people: int) -> str:
        """``people`` like both."""
        ...

    def liked_less_with(self, title: str, event: Event, people: int, of: int) -> str:
        """``people`` of the ``of`` who like the item like this, a smaller share than of all."""
        ...

    def learned(self, title: str, event: Event, *, alike: bool) -> str:
        """The model learned it from likes, and nobody's two likes say it."""
        ...

    def liked_among(self, title: str, event: Event, common: Common, people: int) -> str:
        """``people`` like the item and something else with a feature of the target."""
        ...

    def liked_less_among(
        self, title: str, event: Event, common: Common, people: int, of: int
    ) -> str:
        """So do ``people`` of the ``of`` who like the item, a smaller share than of all."""
        ...

    def feature(self, title: str, event: Event, common: Common, *, alike: bool) -> str:
        """The model learned it of a feature of the target."""
        ...

    def facts(self, title: str, event: Event, *, alike: bool) -> str:
        """The model learned it of facts."""
        ...

    def text(self, title: str, event: Event, *, alike: bool) -> str:
        """The model has it from texts."""
        ...

    def text_like(self, title: str, event: Event, *, alike: bool) -> str:
        """The two texts are among the nearest, or where not ``alike`` the farthest."""
        ...

    def shares_with(self, title: str, event: Event, common: Common, events: int) -> str:
        """Facts join the two; ``events`` of the history say so."""
        ...
