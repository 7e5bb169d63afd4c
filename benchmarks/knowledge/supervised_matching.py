"""Supervised matching of two sources: match probabilities learned from labelled pairs.

A comparison for the unsupervised matching of :mod:`tastegraph.kg.fusion`, whose features and
probabilities it uses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from tastegraph.core.errors import TastegraphError
from tastegraph.kg.fusion.matching import Match, score_pairs, select_matches
from tastegraph.kg.fusion.profiles import EntityProfile

FOLDS = 3
MISSING_VALUE = -1.0


class LabelsError(TastegraphError):
    """The labelled pairs are too few, or all of one class."""


def match_with_labels(
    left: Sequence[EntityProfile],
    right: Sequence[EntityProfile],
    labels: Mapping[tuple[str, str], bool],
) -> list[Match]:
    """Entities of two sources that are the same, one to one; the most probable first.

    Args:
        labels: (left id, right id) → whether the two are one entity.

    Raises:
        LabelsError: the labels are too few to learn from.
    """
    scored = score_pairs(left, right)
    of_pair = [labels.get((left[a].id, right[b].id)) for a, b in scored.pairs.tolist()]
    labelled = np.array([-1 if same is None else int(same) for same in of_pair], dtype=np.int8)
    features = np.column_stack([scored.comparison.features, scored.log_odds, scored.probability])
    probability = learned_probabilities(features.astype(np.float32), labelled, scored.pairs[:, 0])
    return select_matches(left, right, scored.pairs, probability)


def learned_probabilities(
    features: NDArray[np.float32], labels: NDArray[np.int8], group: NDArray[np.int32], seed: int = 1
) -> NDArray[np.float64]:
    """Match probability of each pair by gradient boosting, calibrated as in Platt (1999).

    The sigmoid is fitted to scores of labelled pairs from folds over left entities, each scored by
    trees that have not seen it. The final trees are grown on all labelled pairs.

    Args:
        features: float32[n, F], NaN where missing.
        labels: int8[n]: 1 the same, 0 different, -1 unknown.
        group: int32[n], the left entity of each pair.
        seed: of folds and trees.

    Returns:
        float64[n].

    Raises:
        LabelsError: pairs of one class lie in fewer than two folds.
    """
    features = np.nan_to_num(features, nan=MISSING_VALUE)
    rows = np.flatnonzero(labels >= 0)
    same = labels[rows] == 1
    folds = np.random.default_rng(seed).integers(0, FOLDS, int(group.max(initial=0)) + 1)
    fold = folds[group[rows]]
    if min(len(set(fold[same].tolist())), len(set(fold[~same].tolist()))) < 2:
        raise LabelsError(
            f"{int(same.sum())} candidate pairs labelled the same and {int((~same).sum())} "
            "labelled different are too few to learn from"
        )
    margin = np.zeros(len(rows))
    for k in range(FOLDS):
        test = fold == k
        model = _trees(seed).fit(features[rows[~test]], same[~test])
        if test.any():
            margin[test] = model.decision_function(features[rows[test]])
    platt = LogisticRegression().fit(margin[:, None], same)
    model = _trees(seed).fit(features[rows], same)
    return np.asarray(platt.predict_proba(model.decision_function(features)[:, None])[:, 1])


def _trees(seed: int) -> HistGradientBoostingClassifier:
    return HistGradientBoostingClassifier(
        max_iter=150, learning_rate=0.05, max_leaf_nodes=8, l2_regularization=1.0, random_state=seed
    )
