"""What events say of their items: the weights of their types, and the scale of the ratings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from tastegraph.core.config import EventsConfig
from tastegraph.core.records import COUNT, RATING, Event
from tastegraph.profiles.rating_scale import RatingScale, Values, rating_scale
from tastegraph.store import events as log
from tastegraph.store.database import Database
from tastegraph.store.event_columns import EventColumns


@dataclass(frozen=True)
class EventMeaning:
    """How the events of one workspace count; one of these goes with all that is learned of them.

    Attributes:
        weights: event type → weight in [-1, 1].
        scale: how the value of a rating is read.
    """

    weights: Mapping[str, float]
    scale: RatingScale

    @classmethod
    def of(cls, config: EventsConfig, ratings: Values) -> EventMeaning:
        """As configured; where no ``positive_rating`` is, ``ratings`` tell their scale."""
        return cls(dict(config.weights), rating_scale(ratings, config.positive_rating))

    @classmethod
    def of_events(cls, config: EventsConfig, events: Iterable[Event]) -> EventMeaning:
        """The same, from the ratings among ``events``."""
        ratings = (event.value for event in events if event.type == RATING)
        return cls.of(config, Counter(value for value in ratings if value is not None))

    @classmethod
    def stored(
        cls, connection: Connection, config: EventsConfig, known: int | None = None
    ) -> EventMeaning:
        """The same, from the ratings in the log, up to the revision ``known``."""
        return cls.of(config, log.rating_values(connection, known))

    def weight_of(self, event: Event) -> float:
        """How much an event counts, in [-1, 1]: for its item (> 0), against it (< 0) or neither.

        It is the weight of its type, times what the value says where it is a rating; the values
        of other types, such as a price, say nothing.
        """
        return self._weight(event.type, event.value)

    def weights_of(self, events: EventColumns) -> NDArray[np.float64]:
        """float64[E], :meth:`weight_of` of each event."""
        weights = np.array([self.weights.get(kind, 0.0) for kind in events.types])[events.kinds]
        ratings = np.array([kind == RATING for kind in events.types], dtype=np.bool_)
        rated = np.flatnonzero(ratings[events.kinds] & ~np.isnan(events.values))
        values, inverse = np.unique(events.values[rated], return_inverse=True)
        says = np.array([self.scale.says(value) for value in values.tolist()])
        if len(rated):
            weights[rated] *= says[inverse]
        return weights

    def likes(self, kind: str, value: float | None) -> bool:
        """Whether an event of this type and value counts for its item."""
        return self._weight(kind, value) > 0

    def _weight(self, kind: str, value: float | None) -> float:
        weight = self.weights.get(kind, 0.0)
        if kind == RATING and value is not None:
            return weight * self.scale.says(value)
        return weight

    def read(self, event: Event) -> Event:
        """``event`` as what it is: of the type ``count`` where its value is no rating but that."""
        if self.scale.kind == "counts" and event.type == RATING and event.value is not None:
            return replace(event, type=COUNT)
        return event

    def agrees(self, other: EventMeaning) -> bool:
        """Whether events say the same by either."""
        mine, theirs = ({k: w for k, w in one.weights.items() if w} for one in (self, other))
        return mine == theirs and self.scale.agrees(other.scale)

    def in_words(self) -> str:
        """What counts for an item, in one line."""
        return f"events of weight > 0; {self.scale.in_words()}"

    def as_json(self) -> dict[str, Any]:
        """What :meth:`from_json` reads."""
        return {"weights": dict(self.weights), "scale": self.scale.as_json()}

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> EventMeaning:
        """The meaning that :meth:`as_json` wrote."""
        return cls(dict(saved["weights"]), RatingScale.from_json(saved["scale"]))


def stored_rating_scale(database: Database, config: EventsConfig) -> RatingScale:
    """The scale of the ratings: as configured, or as inferred from all stored ratings."""
    if not database.path.exists():
        return rating_scale({}, config.positive_rating)
    with database.reading() as connection:
        return EventMeaning.stored(connection, config).scale
