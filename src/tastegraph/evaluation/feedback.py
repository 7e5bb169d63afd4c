"""How users responded to recommendation lists: rates per model, and whether the rate dropped.

A reward is 1 where an item of a list got an event that counts as success, else 0.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.config import EventsConfig
from tastegraph.evaluation.metrics import gini
from tastegraph.evaluation.off_policy import (
    Estimate,
    cumulative_propensity,
    doubly_robust,
    ips,
    observed_mean,
    snips,
)
from tastegraph.profiles.event_meaning import EventMeaning
from tastegraph.store.database import Database
from tastegraph.store.served_lists import Exposure, exposures

MIN_NEWEST_LISTS = 100
NEWEST_FRACTION = 5
"""The newest fifth of the lists, at least :data:`MIN_NEWEST_LISTS`, is compared with the rest."""
DROP_Z = 3.09
"""Standard errors that a drop must exceed: one false alarm in a thousand comparisons."""


@dataclass(frozen=True)
class ModelFeedback:
    """Responses to the lists of one model.

    Attributes:
        model: version of the model.
        lists, places: how many lists and list places were shown.
        answered: mean reward of a place, as observed.
        unexplored: estimated mean reward without exploration, by estimator: ``ips``, ``snips``
            and ``doubly robust``.
        by_rank: rank → mean reward.
        coverage: share of the items that were shown at all.
        gini: inequality of exposure over all items, see
            :func:`tastegraph.evaluation.metrics.gini`.
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
        """Plain dictionaries and numbers for JSON; nan becomes ``None``."""
        fields = asdict(self)
        for estimate in (fields["answered"], *fields["unexplored"].values()):
            estimate |= {name: None for name, value in estimate.items() if math.isnan(value)}
        return fields


def feedback_by_model(
    exposures: Iterable[Exposure], success_types: Collection[str], n_items: int
) -> list[ModelFeedback]:
    """Responses to the lists of every model, in the order in which models were first shown.

    Args:
        exposures: places of lists, list by list.
        success_types: types of events that count as success.
        n_items: how many items could have been shown.
    """
    by_model: dict[str, list[Exposure]] = {}
    for exposure in exposures:
        by_model.setdefault(exposure.model, []).append(exposure)
    return [
        _model_feedback(model, places, set(success_types), n_items)
        for model, places in by_model.items()
    ]


def feedback_from_store(
    database: Database, config: EventsConfig, n_items: int, since: float = 0.0
) -> list[ModelFeedback]:
    """:func:`feedback_by_model` of the served lists of a workspace.

    Args:
        database: of the workspace.
        config: how events count; one that counts for its item is a success.
        n_items: how many items could have been shown.
        since: seconds since 1970-01-01 UTC; older lists are left out.
    """
    with database.reading() as connection:
        meaning = EventMeaning.stored(connection, config)
        places = exposures(connection, since, counts=meaning.likes)
        return feedback_by_model(places, meaning.weights, n_items)


def response_dropped(responses: Sequence[bool], tolerance: float) -> bool:
    """Whether the newest lists get a response less often than the lists before them.

    True where the rate fell by more than ``tolerance`` of itself and by more than chance
    explains: a one-sided two-proportion z-test with the pooled rate p,

        z = (p₁ - p₂) / √(p (1 - p) (1/n₁ + 1/n₂))

    Args:
        responses: for each list, in the order of time, whether anything in it was responded to.
        tolerance: share in [0, 1).
    """
    n_newest = max(MIN_NEWEST_LISTS, len(responses) // NEWEST_FRACTION)
    earlier, newest = responses[:-n_newest], responses[-n_newest:]
    if len(earlier) < n_newest:
        return False
    earlier_rate, newest_rate = sum(earlier) / len(earlier), sum(newest) / len(newest)
    pooled = sum(responses) / len(responses)
    error = math.sqrt(pooled * (1 - pooled) * (1 / len(earlier) + 1 / len(newest)))
    drop = earlier_rate - newest_rate
    return newest_rate < (1 - tolerance) * earlier_rate and drop > DROP_Z * error


def _model_feedback(
    model: str, exposures: list[Exposure], success_types: set[str], n_items: int
) -> ModelFeedback:
    reward = np.array([float(not success_types.isdisjoint(e.events)) for e in exposures])
    rank = np.array([e.rank for e in exposures])
    list_ids = dict.fromkeys(e.recommendation_id for e in exposures)
    numbers = {list_id: number for number, list_id in enumerate(list_ids)}
    lists = np.array([numbers[e.recommendation_id] for e in exposures], dtype=np.int64)
    propensity = cumulative_propensity(np.array([e.propensity for e in exposures]), lists)
    target = cumulative_propensity(np.array([float(e.best) for e in exposures]), lists)
    by_rank = {int(r): float(reward[rank == r].mean()) for r in np.unique(rank)}
    # The reward model of the doubly robust estimate: the mean reward of the rank.
    expected = np.array([by_rank[int(r)] for r in rank])
    unexplored = {
        "ips": ips(reward, target, propensity, lists),
        "snips": snips(reward, target, propensity, lists),
        "doubly robust": doubly_robust(reward, target, propensity, expected, expected, lists),
    }
    items, counts = np.unique([e.item_id for e in exposures], return_counts=True)
    return ModelFeedback(
        model=model,
        lists=len(numbers),
        places=len(exposures),
        answered=observed_mean(reward, lists).as_rate(),
        unexplored={name: estimate.as_rate() for name, estimate in unexplored.items()},
        by_rank=by_rank,
        coverage=len(items) / max(n_items, len(items), 1),
        gini=gini(_with_unshown_items(counts, n_items)),
    )


def _with_unshown_items(counts: NDArray[np.int64], n_items: int) -> NDArray[np.float64]:
    """``counts`` with a zero for each item that was never shown, float64[n_items]."""
    n_unshown = max(n_items - len(counts), 0)
    return np.concatenate([counts, np.zeros(n_unshown)]).astype(np.float64)
