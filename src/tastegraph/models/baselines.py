"""What every recommender should beat: popularity, ItemKNN, RP3β, EASE.

Each is one component over an evenly weighted history, in the form its authors gave it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np

from tastegraph.core.arrays import CSR
from tastegraph.models.base import Component, Prior, SimilarityComponent
from tastegraph.models.co_engagement import co_engagement_table
from tastegraph.models.ease import ease_table, gram_matrix
from tastegraph.models.item_knn import item_knn_table
from tastegraph.models.kernels import Scores, TableKernel
from tastegraph.models.popularity import Popularity
from tastegraph.profiles.attention import Recency


class LikeCount(Popularity):
    """Popularity as the plain number of users, not its logarithm."""

    @cached_property
    def values(self) -> Scores:
        """float32[I]."""
        return self.counts.astype(np.float32)


def popularity(user_items: CSR) -> Prior:
    """How many users like each item."""
    return LikeCount(np.bincount(user_items.indices, minlength=user_items.shape[1]))


def item_knn(user_items: CSR, neighbours: int) -> SimilarityComponent:
    """Cosine neighbours (Sarwar et al. 2001)."""
    return SimilarityComponent(Recency(), TableKernel(item_knn_table(user_items, neighbours)))


def rp3beta(user_items: CSR, beta: float) -> SimilarityComponent:
    """Random walks damped by popularity (Paudel et al. 2016)."""
    table = co_engagement_table(user_items, 1.0, 1.0, beta)
    return SimilarityComponent(Recency(), TableKernel(table))


def ease(
    user_items: CSR, regularisation: float, half_life: float | None = None
) -> SimilarityComponent:
    """A linear autoencoder in closed form (Steck 2019), over a history weighted by recency."""
    table = ease_table(gram_matrix(user_items), regularisation)
    return SimilarityComponent(Recency(half_life), TableKernel(table))


@dataclass(frozen=True)
class Baseline:
    """A baseline and the settings that validation data chooses from.

    Attributes:
        fit: from likes (CSR[U, I]) and the values of one setting.
        grid: the settings.
        dense: whether it holds a number for every pair of items.
    """

    fit: Callable[..., Component]
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
