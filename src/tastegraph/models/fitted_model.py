"""What comes out of a fit, as plain data: hyperparameters, and what each component learned."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tastegraph.models.base import (
    BEHAVIOUR,
    KNOWLEDGE,
    KNOWN,
    MAPPED,
    NETWORK,
    NEW,
    RECENT_POPULARITY,
    TEXT,
    Arrays,
    Prior,
)
from tastegraph.models.popularity import RecentPopularityParams
from tastegraph.models.registry import COMPONENTS, by_name
from tastegraph.models.training_data import KindWeights
from tastegraph.profiles.attention import Recency

Weights = Mapping[str, Mapping[str, float]]
"""User segment → component → weight."""
_EVEN = {BEHAVIOUR: 1.0, NETWORK: 1.0, KNOWLEDGE: 0.2, TEXT: 0.2}


@dataclass(frozen=True)
class ModelComparison:
    """How one model stands beside the blend, on the same validation users.

    Attributes:
        model: its name.
        ndcg: mean NDCG@10.
        lead: mean over users of its NDCG@10 minus that of the blend.
        error: standard error of ``lead``.
        people: how many users were compared.
        served: whether it is the one that is served.
    """

    model: str
    ndcg: float
    lead: float
    error: float
    people: int
    served: bool


@dataclass(frozen=True)
class Hyperparameters:
    """Everything that validation data decide.

    Attributes:
        params: component → its parameters.
        attention: component → recency weighting of a history.
        weights: weights on items with events.
        cold: weights on items without events, relative to one another; empty where too few events
            could decide.
        valid: NDCG@10 on validation data, where there were any.
        compared: what the blend and simple models reached on validation data.
    """

    params: Mapping[str, Any]
    attention: Mapping[str, Recency]
    weights: Weights
    cold: Weights
    valid: float | None
    compared: tuple[ModelComparison, ...] = ()

    def with_params(self, **params: Any) -> Hyperparameters:
        """The same with other parameters of some components."""
        return replace(self, params={**self.params, **params})


@dataclass(frozen=True)
class FittedModel:
    """What was learned from events; it outlives changes of the graph.

    Attributes:
        hyperparameters: what it was learned with.
        item_ids: the items that it was learned from, I of them.
        warm: bool[I], items that anybody likes.
        touched: bool[I], items with any event that counts, for them or against.
        kind_weights: of facts, by relation and direction.
        learned: component → what it learned, from :meth:`~tastegraph.models.base.Component.learn`.
        cold: weights on items without events.
    """

    hyperparameters: Hyperparameters
    item_ids: list[str]
    warm: NDArray[np.bool_]
    touched: NDArray[np.bool_]
    kind_weights: KindWeights
    learned: Mapping[str, Arrays] = field(repr=False)
    cold: Weights

    def subset(self, item_ids: Collection[str]) -> FittedModel:
        """What was learned of the items in ``item_ids`` alone, and nothing of any other."""
        ids = set(item_ids)
        if ids.issuperset(self.item_ids):
            return self
        rows = np.array([k for k, name in enumerate(self.item_ids) if name in ids], dtype=np.int64)
        components = by_name()
        return replace(
            self,
            item_ids=[self.item_ids[k] for k in rows],
            warm=self.warm[rows],
            touched=self.touched[rows] if len(self.touched) else self.touched,
            learned={
                name: components[name].subset(arrays, rows) for name, arrays in self.learned.items()
            },
        )


def default_hyperparameters(*, ordered: bool = True) -> Hyperparameters:
    """What is used where there are too few events to choose by.

    Args:
        ordered: whether events have an order; without one a place in a file is no time.
    """
    recency = Recency(20.0 if ordered else None, 0.5)
    return Hyperparameters(
        params={component.name: component.default for component in COMPONENTS},
        attention={
            component.name: recency
            for component in COMPONENTS
            if not component.learns_attention and not issubclass(component, Prior)
        },
        weights={KNOWN: _EVEN, NEW: _EVEN},
        cold={},
        valid=None,
    )


def hyperparameters_to_json(hyperparameters: Hyperparameters) -> dict[str, Any]:
    """What :func:`hyperparameters_from_json` reads."""
    components, params = by_name(), dict(hyperparameters.params)

    def pop(name: str) -> dict[str, Any]:
        return components[name].params_to_json(params.pop(name))

    values = {
        "filter": pop(BEHAVIOUR),
        "network": pop(NETWORK),
        "targets": {name: pop(name) for name in MAPPED if name in params},
        "recent": params.pop(RECENT_POPULARITY, RecentPopularityParams()).half_life,
        "attention": {
            name: {"half_life": recency.half_life, "against": recency.against}
            for name, recency in hyperparameters.attention.items()
        },
        "weights": hyperparameters.weights,
        "cold": hyperparameters.cold,
        "valid": hyperparameters.valid,
        "compared": [asdict(row) for row in hyperparameters.compared],
    }
    if others := {name: pop(name) for name in list(params)}:
        others = {name: fields for name, fields in others.items() if fields}
    return {**values, "params": others} if others else values


def hyperparameters_from_json(values: Mapping[str, Any]) -> Hyperparameters:
    """What :func:`hyperparameters_to_json` wrote."""
    saved = {
        BEHAVIOUR: values["filter"],
        NETWORK: values["network"],
        **values["targets"],
        RECENT_POPULARITY: {"half_life": values["recent"]},
        **values.get("params", {}),
    }
    return Hyperparameters(
        params={
            name: component.params_from_json(saved[name]) if name in saved else component.default
            for name, component in by_name().items()
        },
        attention={name: Recency(**recency) for name, recency in values["attention"].items()},
        weights=values["weights"],
        cold=values["cold"],
        valid=values["valid"],
        compared=tuple(ModelComparison(**row) for row in values["compared"]),
    )
