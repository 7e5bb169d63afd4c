"""The behaviour component of the blend: EASE where its table can be held, else co-engagement.

Which of them, and with which parameters, is what alone orders best the items that users went on to
like: a climb over neighbouring parameters, judged by NDCG@10 on validation data.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from functools import cache
from typing import Any, ClassVar, TypeVar

import numpy as np
from scipy import sparse

from tastegraph.core.arrays import CSR
from tastegraph.core.config import ModelConfig
from tastegraph.core.progress import say
from tastegraph.models import tables
from tastegraph.models.base import BEHAVIOUR, TunedComponent
from tastegraph.models.co_engagement import (
    EXPONENTS,
    CoEngagement,
    CoEngagementParams,
    co_engagement_table,
)
from tastegraph.models.ease import EASE, REGULARISATIONS, EASEParams, ease_table, gram_matrix
from tastegraph.models.item_knn import ItemKNN, ItemKNNParams
from tastegraph.models.kernels import Scores, TableKernel
from tastegraph.models.tables import TableComponent
from tastegraph.models.training_data import TrainingData
from tastegraph.models.validation import Validation
from tastegraph.profiles.attention import Recency, attend

BehaviourParams = EASEParams | CoEngagementParams | ItemKNNParams
KINDS: Mapping[str, tuple[type[BehaviourParams], type[TableComponent]]] = {
    "Ease": (EASEParams, EASE),
    "CoEngagement": (CoEngagementParams, CoEngagement),
    "ItemKNN": (ItemKNNParams, ItemKNN),
}
"""Name in a manifest → parameters, and the component that they are of."""

_Option = TypeVar("_Option")


class Behaviour(TableComponent):
    """Items by who liked both, by the best of the components of :data:`KINDS`."""

    name = BEHAVIOUR
    default: ClassVar[BehaviourParams] = CoEngagement.default
    expected = True
    learned_prefix = "behaviour."

    @classmethod
    def usable(cls, params: BehaviourParams, data: TrainingData) -> BehaviourParams:
        """The default where a dense table would be too large for the items there are now."""
        fits = data.n_items <= tables.MAX_DENSE_ITEMS or not isinstance(params, EASEParams)
        return params if fits else cls.default

    @classmethod
    def table(cls, data: TrainingData, params: BehaviourParams) -> Scores | CSR:
        """float32[I, I], dense or CSR, by the component that ``params`` are of."""
        component = next(component for of, component in KINDS.values() if isinstance(params, of))
        return component.table(data, params)

    @classmethod
    def tune(
        cls,
        data: TrainingData,
        validation: Validation,
        recencies: Sequence[Recency],
        config: ModelConfig,
    ) -> TunedComponent:
        """EASE where its table can be held; beyond, co-engagement."""
        params = best_params(data.user_items, data.item_features.groups, validation, recencies)
        return TunedComponent(params)

    @classmethod
    def params_to_json(cls, params: BehaviourParams) -> dict[str, Any]:
        """The kind and its parameters."""
        name = next(name for name, (of, _) in KINDS.items() if isinstance(params, of))
        return {"name": name, **asdict(params)}

    @classmethod
    def params_from_json(cls, values: Mapping[str, Any]) -> BehaviourParams:
        """What :meth:`params_to_json` wrote."""
        params, _ = KINDS[values["name"]]
        return params(**{name: value for name, value in values.items() if name != "name"})


def best_params(
    user_items: CSR, groups: CSR, validation: Validation, recencies: Sequence[Recency]
) -> BehaviourParams:
    """The parameters that alone order best what users went on to like.

    Args:
        user_items: CSR[U, I].
        groups: bool CSR[F, I], items that share a feature.
        validation: users and what they went on to like.
        recencies: ways to weigh a history; parameters are judged by their best.
    """
    attended = [attend(validation.histories, recency, user_items.shape[1]) for recency in recencies]
    ndcg: float
    params: BehaviourParams
    if user_items.shape[1] <= tables.MAX_DENSE_ITEMS:
        ndcg, params = _best_ease(user_items, groups, validation, attended)
    else:
        ndcg, params = _best_co_engagement(user_items, validation, attended)
    say(f"behaviour: {params}, NDCG@10 {ndcg:.4f}")
    return params


def _best_ease(
    user_items: CSR, groups: CSR, validation: Validation, attended: Sequence[CSR]
) -> tuple[float, EASEParams]:
    """A history is weighed in the way that is best for the default parameters."""
    grams = {False: gram_matrix(user_items), True: gram_matrix(user_items, groups)}

    def kernel(params: EASEParams) -> TableKernel:
        return TableKernel(ease_table(grams[params.grouped], params.regularisation))

    default = kernel(EASE.default)
    attention = max(attended, key=lambda option: validation.objective(default.score(option)))

    @cache
    def value(params: EASEParams) -> float:
        table = default if params == EASE.default else kernel(params)
        return validation.objective(table.score(attention))

    def near(params: EASEParams) -> Iterator[EASEParams]:
        for strength in _beside(REGULARISATIONS, params.regularisation):
            yield replace(params, regularisation=strength)
        if groups.nnz:
            yield replace(params, grouped=not params.grouped)

    return climb(EASE.default, near, value)


def _best_co_engagement(
    user_items: CSR, validation: Validation, attended: Sequence[CSR]
) -> tuple[float, CoEngagementParams]:
    """Only the damping of users needs a product of its own; that of items scales it."""
    users = np.bincount(user_items.indices, minlength=user_items.shape[1])
    of_item = np.maximum(users, 1).astype(np.float32)

    @cache
    def undamped(user_damping: float) -> TableKernel:
        return TableKernel(co_engagement_table(user_items, 0.0, user_damping, 0.0))

    def judged(params: CoEngagementParams, attention: CSR) -> float:
        damped = sparse.csr_array(attention @ sparse.diags_array(of_item**-params.source))
        scores = undamped(params.person).score(damped)
        return validation.objective(scores * of_item**-params.target)

    def near(params: CoEngagementParams) -> Iterator[CoEngagementParams]:
        for name in ("source", "person", "target"):
            for exponent in _beside(EXPONENTS, getattr(params, name)):
                yield replace(params, **{name: exponent})

    start = CoEngagementParams(0.5, 0.5, 0.5)
    attention = max(attended, key=lambda option: judged(start, option))
    return climb(start, near, cache(lambda params: judged(params, attention)))


def climb(
    start: _Option, near: Callable[[_Option], Iterator[_Option]], value: Callable[[_Option], float]
) -> tuple[float, _Option]:
    """What no option near it betters, and its value."""
    best = start
    while (better := max([best, *near(best)], key=value)) != best:
        best = better
    return value(best), best


def _beside(options: Sequence[float], current: float) -> Sequence[float]:
    at = options.index(current)
    return (*options[max(at - 1, 0) : at], *options[at + 1 : at + 2])
