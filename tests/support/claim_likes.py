"""Who likes what, counted from the event log with plain Python, for the claims of reasons."""

from __future__ import annotations

import math
import sqlite3
from collections import defaultdict
from collections.abc import Container, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class EventWeights:
    """How events count, by what the manifest of a snapshot says.

    Attributes:
        weights: event type → weight.
        scale: of ratings.
    """

    weights: Mapping[str, float]
    scale: Mapping[str, Any]

    def of(self, event: Mapping[str, Any]) -> float:
        """The weight of one event: above 0 it counts for its item, below against it."""
        kind, value, scale = event["type"], event["value"], self.scale
        if kind == "count":  # an answer's name of a rating on no scale
            kind = "rating"
        weight = self.weights.get(kind, 0.0)
        if kind != "rating" or value is None:
            return weight
        if scale["kind"] == "counts":
            full = math.log(1 + scale["high"])
            return weight * min(1.0, math.log(1 + value) / full) if value > 0 else 0.0
        if value == scale["unrated"] or (scale["kind"] == "signs" and value == 0):
            return 0.0
        lowest = scale["positive"] if scale["kind"] != "signs" else 0.0
        return weight if value >= lowest else -weight

    def likers_by_item(
        self, connection: sqlite3.Connection, until: int, items: Container[str]
    ) -> dict[str, set[str]]:
        """Item → users that like it: their strongest event on it, the newest of equals, counts.

        Args:
            connection: to the store.
            until: the last event that counts.
            items: those of the snapshot.
        """
        strongest: dict[tuple[str, str, str], tuple[float, float, float]] = {}
        rows = connection.execute(
            "select user_id, item_id, split, type, value, timestamp from events where seq <= ?",
            (until,),
        )
        for user, item, split, kind, value, time in rows:
            if weight := self.of({"type": kind, "value": value}):
                # At one moment, the event for the item.
                rank = abs(weight), -math.inf if time is None else time, weight
                place = (user, item, split)
                strongest[place] = max(strongest.get(place, rank), rank)
        likers = defaultdict(set)
        for (user, item, _), (_, _, weight) in strongest.items():
            if weight > 0 and item in items:
                likers[item].add(user)
        return dict(likers)
