"""Supervised matching: the probability that a pair is one, learned from judged pairs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from tastegraph.core.errors import TastegraphError

FOLDS = 3
MISSING = -1.0
Floats = NDArray[np.float64]


class LabelsError(TastegraphError):
    """The judged pairs are too few, or all of one kind."""


def learned(
    features: NDArray[np.float32], judged: NDArray[np.int8], group: NDArray[np.int32], seed: int = 1
) -> Floats:
    """Probability that each pair is one, by gradient boosting, calibrated by Platt's sigmoid.

    The judged pairs are parted in :data:`FOLDS` by their left entity. The sigmoid is fitted to
    what each fold is told by the trees grown on the others (Platt 1999), so that no pair
    calibrates trees that have seen it; all pairs together grow those that judge.

    Args:
        features: float32[n, F], NaN where missing.
        judged: int8[n]: 1 the same, 0 different, -1 not judged.
        group: int32[n], the left entity of each pair.

    Returns:
        float64[n].

    Raises:
        LabelsError: judged pairs that are the same, or different, lie in fewer than two folds.
    """
    features = np.nan_to_num(features, nan=MISSING)
    rows = np.flatnonzero(judged >= 0)
    same = judged[rows] == 1
    folds = np.random.default_rng(seed).integers(0, FOLDS, int(group.max(initial=0)) + 1)
    fold = folds[group[rows]]
    if min(len(set(fold[same].tolist())), len(set(fold[~same].tolist()))) < 2:
        raise LabelsError(
            f"{int(same.sum())} pairs judged the same and {int((~same).sum())} judged different "
            "are among the candidates, too few to learn from; judge more, or give no labels"
        )
    margin = np.zeros(len(rows))
    for k in range(FOLDS):
        ours = fold == k
        model = _trees(seed).fit(features[rows[~ours]], same[~ours])
        if ours.any():
            margin[ours] = model.decision_function(features[rows[ours]])
    platt = LogisticRegression().fit(margin[:, None], same)
    model = _trees(seed).fit(features[rows], same)
    return np.asarray(platt.predict_proba(model.decision_function(features)[:, None])[:, 1])


def _trees(seed: int) -> HistGradientBoostingClassifier:
    return HistGradientBoostingClassifier(
        max_iter=150, learning_rate=0.05, max_leaf_nodes=8, l2_regularization=1.0, random_state=seed
    )
