"""What every language must be able to say of a reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from tastegraph.core.records import Event


@dataclass(frozen=True, slots=True)
class SharedFeature:
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


class SentenceTemplates(Protocol):
    """The sentences of one language; ``title`` and ``event`` are of an item of the history.

    ``users`` are numbers of users. Where a sentence says that fewer users like something,
    ``likers`` is the number of users that like the item of the history.
    """

    def event_clause(self, event: Event) -> str:
        """What the user did: "which you rated 5"."""
        ...

    def event_action(self, event: Event) -> str:
        """The same without the user: "rated 5"."""
        ...

    def relation_phrase(self, relation: str) -> str:
        """A relation read aloud, alone."""
        ...

    def popular(self, users: int, *, many: bool, stranger: bool) -> str:
        """``users`` like it; ``stranger`` where nothing is known of the user's taste."""
        ...

    def popular_lately(self, users: int) -> str:
        """It was liked of late; by ``users`` in all."""
        ...

    def users_like_both(self, title: str, event: Event, users: int) -> str:
        """``users`` like both items."""
        ...

    def users_like_less(self, title: str, event: Event, users: int, likers: int) -> str:
        """Users that like the item like the target less often than others do."""
        ...

    def learned_from_likes(self, title: str, event: Event, *, alike: bool) -> str:
        """The model learned it from likes, and no user likes both items."""
        ...

    def users_like_feature(
        self, title: str, event: Event, shared: SharedFeature, users: int
    ) -> str:
        """``users`` like the item and something else with a feature of the target."""
        ...

    def users_like_feature_less(
        self, title: str, event: Event, shared: SharedFeature, users: int, likers: int
    ) -> str:
        """Users that like the item like the feature less often than others do."""
        ...

    def learned_from_feature(
        self, title: str, event: Event, shared: SharedFeature, *, alike: bool
    ) -> str:
        """The model learned it from a feature of the target."""
        ...

    def learned_from_facts(self, title: str, event: Event, *, alike: bool) -> str:
        """The model learned it from facts."""
        ...

    def learned_from_texts(self, title: str, event: Event, *, alike: bool) -> str:
        """The model learned it from texts."""
        ...

    def texts_compared(self, title: str, event: Event, *, alike: bool) -> str:
        """The two texts are among the nearest, or where not ``alike`` the farthest."""
        ...

    def both_mention(self, labels: Sequence[str]) -> str:
        """What stands behind a sentence about two texts that mention the same."""
        ...

    def facts_shared(self, title: str, event: Event, shared: SharedFeature, events: int) -> str:
        """Facts join the two items; so do ``events`` events of the history."""
        ...


def plain_event_type(event_type: str) -> str:
    """An event type in lower case, letters and digits only: ``Add-To_Cart`` is ``addtocart``."""
    return "".join(character for character in event_type.lower() if character.isalnum())
