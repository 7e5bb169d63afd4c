"""The settings of the filter that compares items by who liked both, decided on validation data."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import TypeVar

import numpy as np
from scipy import sparse

from tastegraph.core.arrays import CSR
from tastegraph.core.progress import say
from tastegraph.models import filters
from tastegraph.models.behaviour import CoEngagement, Ease, Filter
from tastegraph.models.kernels import TableKernel
from tastegraph.models.validation import Validation
from tastegraph.profiles.attention import Recency, attend

STRENGTHS = (20.0, 50.0, 100.0, 250.0, 500.0, 1000.0, 2000.0)
DAMPING = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)

_Option = TypeVar("_Option")


def best_filter(
    user_items: CSR, groups: CSR, validation: Validation, recencies: Sequence[Recency]
) -> Filter:
    """The settings of a filter that alone order best what people went on to like.

    EASE where its table can be held; beyond, co-engagement.

    Args:
        user_items: CSR[U, I].
        groups: bool CSR[F, I], items that share a feature.
        validation: whom to ask.
        recencies: ways to weigh a history; each filter is judged by its best.
    """
    weighed = [attend(validation.histories, recency, user_items.shape[1]) for recency in recencies]
    reached: float
    told: Filter
    if user_items.shape[1] <= filters.DENSE_ITEMS:
        reached, told = _best_ease(user_items, groups, validation, weighed)
    else:
        reached, told = _best_co_engagement(user_items, validation, weighed)
    say(f"behaviour: {told}, NDCG@10 {reached:.4f}")
    return told


def _best_ease(
    user_items: CSR, groups: CSR, validation: Validation, weighed: Sequence[CSR]
) -> tuple[float, Ease]:
    grams = {False: filters.gram(user_items), True: filters.gram(user_items, groups)}

    @cache
    def value(told: Ease) -> float:
        kernel = TableKernel(filters.ease(grams[told.grouped], told.regularisation))
        return max(validation.objective(kernel.score(attention)) for attention in weighed)

    def near(told: Ease) -> Iterator[Ease]:
        for strength in _beside(STRENGTHS, told.regularisation):
            yield replace(told, regularisation=strength)
        if groups.nnz:
            yield replace(told, grouped=not told.grouped)

    return _climb(Ease(250.0, grouped=False), near, value)


def _best_co_engagement(
    user_items: CSR, validation: Validation, weighed: Sequence[CSR]
) -> tuple[float, CoEngagement]:
    """Only the damping of people needs a product of its own; that of items scales it."""
    of_item = np.maximum(np.bincount(user_items.indices, minlength=user_items.shape[1]), 1).astype(
        np.float32
    )

    @cache
    def together(person: float) -> TableKernel:
        return TableKernel(filters.co_engagement(user_items, 0.0, person, 0.0))

    def judged(told: CoEngagement, attention: CSR) -> float:
        damped = sparse.csr_array(attention @ sparse.diags_array(of_item**-told.source))
        scores = together(told.person).score(damped)
        return validation.objective(scores * of_item**-told.target)

    def near(told: CoEngagement) -> Iterator[CoEngagement]:
        for name in ("source", "person", "target"):
            for damping in _beside(DAMPING, getattr(told, name)):
                yield replace(told, **{name: damping})

    start = CoEngagement(0.5, 0.5, 0.5)
    attention = max(weighed, key=lambda option: judged(start, option))
    return _climb(start, near, cache(lambda told: judged(told, attention)))


def _climb(
    start: _Option, near: Callable[[_Option], Iterator[_Option]], value: Callable[[_Option], float]
) -> tuple[float, _Option]:
    """What no option near it betters, and its value."""
    best = start
    while (found := max([best, *near(best)], key=value)) != best:
        best = found
    return value(best), best


def _beside(options: Sequence[float], chosen: float) -> Sequence[float]:
    at = options.index(chosen)
    return (*options[max(at - 1, 0) : at], *options[at + 1 : at + 2])
