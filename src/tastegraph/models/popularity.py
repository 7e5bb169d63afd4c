"""Popularity and recent popularity: how many users like an item, whoever the user is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from tastegraph.models.base import POPULARITY, RECENT_POPULARITY, Arrays, Prior, at_rows
from tastegraph.profiles.attention import Attention
from tastegraph.profiles.interactions import Interactions

if TYPE_CHECKING:
    from tastegraph.models.training_data import TrainingData

SPAN_SHARES = (1 / 4, 1 / 16, 1 / 64)
"""Half-lives to choose from, as shares of the time from the first like to the last."""


class Popularity(Prior):
    """How many users like an item now."""

    name = POPULARITY

    @classmethod
    def from_arrays(cls, arrays: Arrays, params: Any, data: TrainingData) -> Popularity | None:
        """Counted in ``data.user_items``; ``None`` where nobody likes anything."""
        return cls(data.popularity) if data.popularity.any() else None

    def served_arrays(self) -> Arrays:
        """None: the counts are those of the model."""
        return {}

    @classmethod
    def open(
        cls, arrays: Arrays, attention: Attention, rows: NDArray[np.int64]
    ) -> Popularity | None:
        """The counts of the model."""
        counts = np.asarray(arrays["model.popularity"])
        return cls(counts) if counts.any() else None


@dataclass(frozen=True)
class RecentPopularityParams:
    """Parameters of :class:`RecentPopularity`.

    Attributes:
        half_life: seconds after which a like counts half; ``None`` where likes have no times.
    """

    half_life: float | None = None


class RecentPopularity(Prior):
    """How many users have liked an item lately: an older like counts less."""

    name = RECENT_POPULARITY
    default: ClassVar[RecentPopularityParams] = RecentPopularityParams()
    learned_prefix = "popularity."

    @classmethod
    def grid(cls, data: TrainingData) -> list[RecentPopularityParams]:
        """Half-lives; none where likes have no times."""
        return [RecentPopularityParams(seconds) for seconds in half_lives(data.interactions)]

    @classmethod
    def learn(cls, data: TrainingData, params: RecentPopularityParams, seed: int) -> Arrays:
        """``recent``: float32[I], or empty."""
        return {"recent": recent_popularity(data.interactions, params.half_life)}

    @classmethod
    def subset(cls, arrays: Arrays, rows: NDArray[np.int64]) -> Arrays:
        """The counts of some items."""
        recent = arrays["recent"]
        return {"recent": recent[rows] if len(recent) else recent}

    @classmethod
    def from_arrays(
        cls, arrays: Arrays, params: Any, data: TrainingData
    ) -> RecentPopularity | None:
        """``None`` where no like has a time; a newer item has no likes."""
        return cls._over(arrays, data.rows)

    def served_arrays(self) -> Arrays:
        """None: what was learned is served."""
        return {}

    @classmethod
    def open(
        cls, arrays: Arrays, attention: Attention, rows: NDArray[np.int64]
    ) -> RecentPopularity | None:
        """The counts as they were learned, over the items of ``rows``."""
        return cls._over(cls.learned_view(arrays), rows)

    @classmethod
    def _over(cls, learned: Arrays, rows: NDArray[np.int64]) -> RecentPopularity | None:
        recent = learned["recent"]
        return cls(at_rows(recent, rows), learned) if recent.any() else None


def half_lives(events: Interactions) -> list[float]:
    """Seconds after which a like may count half; none where events have no order."""
    times = events.times[(events.weights > 0) & np.isfinite(events.times)]
    if not events.ordered or not len(times):
        return []
    span = float(times.max() - times.min())
    return [share * span for share in SPAN_SHARES if span > 0]


def recent_popularity(events: Interactions, half_life: float | None) -> NDArray[np.float32]:
    """Σ ½^(age / half-life) over the likes of each item, float32[I]; empty without a half-life.

    Args:
        events: ages are counted from the newest like; one without a time is not counted.
        half_life: seconds.
    """
    if half_life is None:
        return np.zeros(0, dtype=np.float32)
    at = (events.weights > 0) & np.isfinite(events.times)
    ages = events.times[at].max(initial=-np.inf) - events.times[at]
    counts = np.bincount(events.items[at], np.exp2(-ages / half_life), minlength=events.n_items)
    return counts.astype(np.float32)
