"""Of blends that are as good, the one that says more in facts and texts.

A blend has more than one set of weights that validation data cannot tell apart. Of those within one
standard error the product takes the one in which knowledge and text weigh most, since their share
of a score is the one that can be put into words and checked. What weighs more has to be worth it: a
component counts only where it beats its own shuffled control, in which every item has the facts or
the text of another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from tastegraph.models.base import Component
from tastegraph.models.blend_weights import (
    FittedWeights,
    UserObjective,
    clearly_better,
    weighted_sum,
)
from tastegraph.models.kernels import Scores
from tastegraph.profiles.interactions import History

FACTORS = (8.0, 4.0, 2.0)
"""By which the weights are multiplied, the largest first."""


@dataclass(frozen=True)
class Shuffled:
    """A component with the features of its items exchanged.

    Attributes:
        component: compares items by their features alone.
        order: int64[I], a permutation: item i has the features of ``order[i]``.
    """

    component: Component
    order: NDArray[np.int64]

    @classmethod
    def of(cls, component: Component, seed: int) -> Shuffled:
        """The same seed gives the same permutation."""
        return cls(component, np.random.default_rng(seed).permutation(component.n_items))

    def score(self, histories: Sequence[History]) -> Scores:
        """float32[U, I], by the exchanged features."""
        exchanged = [
            replace(history, items=self.order[history.items].astype(np.int32))
            for history in histories
        ]
        return self.component.score(exchanged)[:, self.order]


def prefer_features(
    fitted: FittedWeights,
    scores: Mapping[str, Scores],
    shuffled: Mapping[str, Scores],
    objective: UserObjective,
) -> FittedWeights:
    """``fitted`` with the largest weights on facts and texts that lose no more than chance.

    Args:
        fitted: the best weights.
        scores: component → standardised scores by its setting, float32[U, C].
        shuffled: the same of the shuffled controls, of components that compare features alone.
        objective: what each of the U users gets; higher is better.
    """
    best = objective(weighted_sum(fitted.weights, scores))
    telling = [
        name
        for name, control in shuffled.items()
        if fitted.weights[name]
        and clearly_better(best, objective(weighted_sum(fitted.weights, {**scores, name: control})))
    ]
    for factor in FACTORS if telling else ():
        raised = {name: factor * fitted.weights[name] for name in telling}
        weights = {**fitted.weights, **raised}
        values = objective(weighted_sum(weights, scores))
        if not clearly_better(best, values):
            return replace(fitted, weights=weights, ndcg=float(values.mean()))
    return fitted
