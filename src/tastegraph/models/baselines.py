"""What every recommender should beat: popularity, ItemKNN, RP3β, EASE.

Each is one kernel over an evenly weighted history, in the form its authors gave it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np

from tastegraph.core.arrays import CSR
from tastegraph.models import filters
from tastegraph.models.base import SimilarityComponent
from tastegraph.models.kernels import Scores, TableKernel
from tastegraph.profiles.attention import Recency
from tastegraph.profiles.interactions import History


@dataclass(frozen=True)
class Popularity:
    """Everybody gets what most people like."""

    popularity: Scores

    def score(self, histories: Sequence[History]) -> Scores:
        """float32[U, I]."""
        return np.tile(self.popularity, (len(histories), 1))


def popularity(user_items: CSR) -> Popularity:
    """How many people like each item."""
    return Popularity(
        np.bincount(user_items.indices, minlength=user_items.shape[1]).astype(np.float32)
    )


def item_knn(user_items: CSR, neighbours: int) -> SimilarityComponent:
    """Cosine neighbours (Sarwar et al. 2001)."""
    return SimilarityComponent(Recency(), TableKernel(filters.item_knn(user_items, neighbours)))


def rp3beta(user_items: CSR, beta: float) -> SimilarityComponent:
    """Random walks damped by popularity (Paudel et al. 2016)."""
    return SimilarityComponent(
        Recency(), TableKernel(filters.co_engagement(user_items, 1.0, 1.0, beta))
    )


def ease(user_items: CSR, strength: float, half_life: float | None = None) -> SimilarityComponent:
    """A linear autoencoder in closed form (Steck 2019), over a history weighted by recency."""
    return SimilarityComponent(
        Recency(half_life), TableKernel(filters.ease(filters.gram(user_items), strength))
    )


@dataclass(frozen=True)
class Baseline:
    """A baseline and the settings that validation data chooses from.

    Attributes:
        fit: from likes and the values of one setting.
        grid: the settings.
        dense: whether it holds a number for every pair of items.
    """

    fit: Callable[..., Popularity | SimilarityComponent]
    grid: tuple[tuple[float | None, ...], ...] = ((),)
    dense: bool = False


BASELINES: Mapping[str, Baseline] = {
    "popularity": Baseline(popularity),
    "itemknn": Baseline(item_knn, ((100,),)),
    "rp3beta": Baseline(rp3beta, ((0.0,), (0.2,), (0.4,), (0.6,))),
    "ease": Baseline(ease, ((250.0,),), dense=True),
    "ease tuned": Baseline(
        ease, tuple(product((100.0, 250.0, 500.0), (None, 20.0, 10.0, 5.0, 3.0))), dense=True
    ),
}
"""ItemKNN and EASE have RecBole's default setting, so that their rows can be held against its
figures, and through them the evaluator; "ease tuned" is what a careful user would compare with."""
