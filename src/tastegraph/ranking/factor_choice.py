"""The settings of the factorisation, decided on validation data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

from tastegraph.arrays import CSR
from tastegraph.profiles.attention import Distinct, Recency
from tastegraph.progress import say
from tastegraph.ranking.factorisation import Factorisation
from tastegraph.ranking.filter_choice import beside, climb
from tastegraph.ranking.kernels import FactorKernel
from tastegraph.ranking.model import Part
from tastegraph.ranking.validation import Validation

UNOBSERVED = (0.01, 0.03, 0.1, 0.3)
STRENGTHS = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
START = Factorisation(0.03, 2.0)
SWEEPS = 3
"""Vectors that were found with one setting are soon right for another."""


def best_factorisation(
    sets: CSR, validation: Validation, recency: Recency, seed: int
) -> Factorisation:
    """The settings that alone order best what people went on to like.

    Args:
        sets: CSR[S, I], what each person likes, and any other items that belong together.
        validation: whom to ask.
        recency: what each event of a history would count alone.
        seed: of the vectors to start from.
    """
    start = START.items(sets, seed)

    @cache
    def value(told: Factorisation) -> float:
        vectors = told.comparable(told.items(sets, seed, start, SWEEPS))
        return validation(Part(Distinct(recency, vectors), FactorKernel(vectors, vectors)))

    def near(told: Factorisation) -> Iterator[Factorisation]:
        for strength in beside(STRENGTHS, told.regularisation):
            yield replace(told, regularisation=strength)
        for share in beside(UNOBSERVED, told.unobserved):
            yield replace(told, unobserved=share)

    reached, told = climb(START, near, value)
    say(f"factors: {told}, NDCG@10 {reached:.4f}")
    return told
