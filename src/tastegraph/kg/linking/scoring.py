"""Link scoring: from features to calibrated probabilities, with or without known links."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import GroupKFold
from sklearn.naive_bayes import BernoulliNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from tastegraph.core.arrays import CSR, Bools, Ints
from tastegraph.kg.linking.calibration import logit
from tastegraph.kg.linking.candidates import CandidatePairs
from tastegraph.kg.linking.features import LINK_FEATURES, lead, ranks, with_plausibility

CALIBRATION_FOLDS = 5
MAX_PLAUSIBILITY = 20.0
"""Largest absolute log-odds of :func:`plausibility`."""

PRIOR_WEIGHTS = {
    "exact": 2.0, "sorted_ratio": 18.0, "numbers": 2.0, "qualifier_year": 2.5, "near_year": 2.0,
    "year_conflict": -8.0, "context": 1.0, "name_lead": 3.0, "year_lead": 3.0, "context_lead": 1.0,
    "cosine": 1.0, "plausibility": 0.1, "plausibility_lead": 0.1,
}  # fmt: skip
"""Weights of a logistic model for use without known links: names must be similar, and years and
context must not disagree.

Round numbers, chosen by hand on half of MovieLens-1M and of MovieLens-100K. A year that none of
an entity's own years comes near outweighs an equal name: a remake is another film.
"""

PRIOR_BIAS = -19.0

MODELS: tuple[Callable[[int], Any], ...] = (
    lambda seed: make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000)),
    lambda seed: HistGradientBoostingClassifier(
        max_iter=100, learning_rate=0.06, max_leaf_nodes=8, l2_regularization=1.0,
        early_stopping=False, random_state=seed,
    ),
)  # fmt: skip
"""Classifiers by seed; the one with the lowest log-loss on held-out links is used."""


def plausibility(ties: CSR, linked: Ints) -> NDArray[np.float64]:
    """How much each entity resembles the linked ones in its ties, by naive Bayes.

    Args:
        ties: bool CSR[N, T], structural features of the entities.
        linked: positions of the entities known to be linked.

    Returns:
        float64[N], log-odds within ±:data:`MAX_PLAUSIBILITY`; zeros where no entity or every
        entity is linked, or there are no ties.
    """
    is_linked = np.zeros(ties.shape[0], dtype=np.bool_)
    is_linked[linked] = True
    if not ties.shape[1] or is_linked.all() or not is_linked.any():
        return np.zeros(ties.shape[0])
    model = BernoulliNB(fit_prior=False).fit(ties, is_linked)
    joint = model.predict_log_proba(ties)
    log_odds = np.asarray(joint[:, 1] - joint[:, 0], dtype=np.float64)
    return np.clip(log_odds, -MAX_PLAUSIBILITY, MAX_PLAUSIBILITY)


def prior_scores(features: NDArray[np.float64]) -> NDArray[np.float64]:
    """float64[P], the confidence that :data:`PRIOR_WEIGHTS` give to each row of features."""
    weights = np.array([PRIOR_WEIGHTS.get(name, 0.0) for name in LINK_FEATURES])
    return np.asarray(expit(features @ weights + PRIOR_BIAS), dtype=np.float64)


class LinkScorer:
    """Probability that a candidate pair is right, learned from queries with known entities.

    Calibrated as in Platt (1999) on folds of queries that the model did not see, from the
    log-odds of a pair and its lead over the best other candidate.

    Args:
        features: float64[P, len(LINK_FEATURES) - 2].
        pairs: the pairs of the rows.
        gold: int64[queries], the entity of each query; -1 where it is not in the graph.
        origin: int64[queries]; queries with the same origin share a fold.
        ties: bool CSR[N, T] of the entities.
        seed: of folds and models.

    Attributes:
        held_out: float64[P], the calibrated confidence in each pair from a model that did not see
            its query.
    """

    def __init__(
        self,
        features: NDArray[np.float64],
        pairs: CandidatePairs,
        gold: NDArray[np.int64],
        origin: NDArray[np.int64],
        ties: CSR,
        seed: int,
    ) -> None:
        correct: Bools = pairs.entity == gold[pairs.query]
        raw = [np.zeros(len(correct)) for _ in MODELS]
        folds = GroupKFold(CALIBRATION_FOLDS, shuffle=True, random_state=seed)
        for train, test in folds.split(features, correct, origin[pairs.query]):
            linked = gold[np.unique(pairs.query[train])]
            table = with_plausibility(features, pairs, plausibility(ties, linked[linked >= 0]))
            for model, scores in zip(MODELS, raw, strict=True):
                fitted = model(seed).fit(table[train], correct[train])
                scores[test] = fitted.predict_proba(table[test])[:, 1]
        best = min(range(len(MODELS)), key=lambda m: log_loss(correct, raw[m]))
        self._plausibility = plausibility(ties, gold[gold >= 0])
        table = with_plausibility(features, pairs, self._plausibility)
        self._model = MODELS[best](seed).fit(table, correct)
        inputs = _platt_inputs(pairs, raw[best])
        first_two = ranks(pairs.query, raw[best]) < 2
        self._platt = LogisticRegression(C=100.0).fit(inputs[first_two], correct[first_two])
        self.held_out: NDArray[np.float64] = self._platt.predict_proba(inputs)[:, 1]

    def __call__(self, features: NDArray[np.float64], pairs: CandidatePairs) -> NDArray[np.float64]:
        """float64[P], the calibrated confidence in each pair."""
        if not len(features):
            return np.zeros(0)
        table = with_plausibility(features, pairs, self._plausibility)
        raw = self._model.predict_proba(table)[:, 1]
        return np.asarray(self._platt.predict_proba(_platt_inputs(pairs, raw))[:, 1])


def _platt_inputs(pairs: CandidatePairs, raw: NDArray[np.float64]) -> NDArray[np.float64]:
    log_odds = logit(raw)
    return np.column_stack([log_odds, lead(pairs.query, log_odds)])
