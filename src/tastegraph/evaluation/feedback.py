"""What came of the lists that were shown, model by model, and what they would have earned alone."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tastegraph.evaluation.off_policy import (
    Estimate,
    doubly_robust,
    gini,
    in_order,
    ips,
    plain,
    snips,
)
from tastegraph.store.lists import Exposure


@dataclass(frozen=True)
class Feedback:
    """One model's.

    Attributes:
        lists, places: how many were shown.
        answered: rewards per place as they were seen.
        unexplored: the same, had there been no exploration: by IPS, SNIPS and doubly robust.
        by_rank: rank → rewards per place.
        coverage: share of the items that were shown at all.
        gini: of exposure over all items.
    """

    model: str
    lists: int
    places: int
    answered: Estimate
    unexplored: Mapping[str, Estimate]
    by_rank: Mapping[int, float]
    coverage: float
    gini: float

    def as_dict(self) -> dict[str, Any]:
        """For JSON: what cannot be told is ``None``."""
        told = asdict(self)
        for one in (told["answered"], *told["unexplored"].values()):
            one |= {name: None for name, value in one.items() if math.isnan(value)}
        return told


def feedback(
    exposures: Iterable[Exposure], rewarding: Collection[str], n_items: int
) -> list[Feedback]:
    """What is known of each model, in the order in which they were first shown.

    Args:
        exposures: list by list.
        rewarding: types of events that are a success.
        n_items: how many items could have been shown.
    """
    by_model: dict[str, list[Exposure]] = {}
    for exposure in exposures:
        by_model.setdefault(exposure.model, []).append(exposure)
    return [_of(model, found, set(rewarding), n_items) for model, found in by_model.items()]


def _of(model: str, found: list[Exposure], rewarding: set[str], n_items: int) -> Feedback:
    reward = np.array([float(not rewarding.isdisjoint(e.events)) for e in found])
    rank = np.array([e.rank for e in found])
    numbers = {name: k for k, name in enumerate(dict.fromkeys(e.recommendation_id for e in found))}
    lists = np.array([numbers[e.recommendation_id] for e in found], dtype=np.int64)
    propensity = in_order(np.array([e.propensity for e in found]), lists)
    target = in_order(np.array([float(e.best) for e in found]), lists)
    by_rank = {int(r): float(reward[rank == r].mean()) for r in np.unique(rank)}
    # What a place earns whoever stands there is the simplest model there is.
    expected = np.array([by_rank[int(r)] for r in rank])
    unexplored = {
        "ips": ips(reward, target, propensity, lists),
        "snips": snips(reward, target, propensity, lists),
        "doubly robust": doubly_robust(reward, target, propensity, expected, expected, lists),
    }
    items, counts = np.unique([e.item_id for e in found], return_counts=True)
    return Feedback(
        model=model,
        lists=len(numbers),
        places=len(found),
        answered=plain(reward, lists).as_rate(),
        unexplored={name: estimate.as_rate() for name, estimate in unexplored.items()},
        by_rank=by_rank,
        coverage=len(items) / max(n_items, len(items), 1),
        gini=gini(_padded(counts, n_items)),
    )


def _padded(counts: NDArray[np.int64], n_items: int) -> NDArray[np.float64]:
    nothing = max(n_items - len(counts), 0)
    return np.concatenate([counts, np.zeros(nothing)]).astype(np.float64)
