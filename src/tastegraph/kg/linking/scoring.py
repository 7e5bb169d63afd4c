"""From features to probabilities: learned from known links, or by prior weights without any."""

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
from tastegraph.kg.linking.candidates import Pairs
from tastegraph.kg.linking.features import NAMES, lead, ranks, with_ties

FOLDS = 5
SURE = 20.0
"""The log-odds by which ties may speak at most."""

PRIOR = {
    "exact": 2.0, "sorted_ratio": 18.0, "numbers": 2.0, "qualifier_year": 2.5, "near_year": 2.0,
    "context": 1.0, "name_lead": 3.0, "year_lead": 3.0, "context_lead": 1.0, "cosine": 1.0,
    "plausibility": 0.1, "plausibility_lead": 0.1,
}  # fmt: skip
"""Weights without known links: a name must be alike, and what else is known must not object.

Round numbers, chosen by hand on half of MovieLens-1M and of MovieLens-100K.
"""

BIAS = -19.0

MODELS: tuple[Callable[[int], Any], ...] = (
    lambda seed: make_pipeline(StandardScaler(), LogisticRegression(max_iter=2000)),
    lambda seed: HistGradientBoostingClassifier(
        max_iter=100, learning_rate=0.06, max_leaf_nodes=8, l2_regularization=1.0,
        early_stopping=False, random_state=seed,
    ),
)  # fmt: skip
"""Of these, the one with the least log-loss on links held out is taken."""


def plausible(ties: CSR, linked: Ints) -> NDArray[np.float64]:
    """Log-odds of the ties of each entity among the linked ones, by naive Bayes.

    Args:
        ties: bool CSR[N, T].
        linked: positions of entities that are known to be linked, one or more.

    Returns:
        float64[N], within ±:data:`SURE`; zeros where nothing or everything is, or has no tie.
    """
    known = np.zeros(ties.shape[0], dtype=np.bool_)
    known[linked] = True
    if not ties.shape[1] or known.all() or not known.any():
        return np.zeros(ties.shape[0])
    model = BernoulliNB(fit_prior=False).fit(ties, known)
    joint = model.predict_log_proba(ties)
    return np.clip(np.asarray(joint[:, 1] - joint[:, 0], dtype=np.float64), -SURE, SURE)


def prior_scores(table: NDArray[np.float64]) -> NDArray[np.float64]:
    """float64[P], the confidence that :data:`PRIOR` gives each row of features."""
    weights = np.array([PRIOR.get(name, 0.0) for name in NAMES])
    return np.asarray(expit(table @ weights + BIAS), dtype=np.float64)


class Scorer:
    """Which pairs are right, learned from queries whose entity is known.

    Calibrated after Platt (1999) on folds of queries that the model did not see, from a pair's
    log-odds and its lead over the best other candidate.

    Args:
        features: float64[P, len(NAMES) - 2].
        gold: int64[queries], the entity of each; -1 where none of the graph is.
        origin: int64[queries]; queries of one origin are seen, or held out, together.
        ties: bool CSR[N, T] of the entities.

    Attributes:
        held_out: float64[P], the calibrated confidence in each pair, by a model that never saw its
            query.
    """

    def __init__(
        self,
        features: NDArray[np.float64],
        pairs: Pairs,
        gold: NDArray[np.int64],
        origin: NDArray[np.int64],
        ties: CSR,
        seed: int,
    ) -> None:
        right: Bools = pairs.entity == gold[pairs.query]
        raw = [np.zeros(len(right)) for _ in MODELS]
        folds = GroupKFold(FOLDS, shuffle=True, random_state=seed)
        for seen, unseen in folds.split(features, right, origin[pairs.query]):
            linked = gold[np.unique(pairs.query[seen])]
            table = with_ties(features, pairs, plausible(ties, linked[linked >= 0]))
            for model, scores in zip(MODELS, raw, strict=True):
                fitted = model(seed).fit(table[seen], right[seen])
                scores[unseen] = fitted.predict_proba(table[unseen])[:, 1]
        best = min(range(len(MODELS)), key=lambda m: log_loss(right, raw[m]))
        self.plausibility = plausible(ties, gold[gold >= 0])
        table = with_ties(features, pairs, self.plausibility)
        self._model = MODELS[best](seed).fit(table, right)
        inputs = _platt_inputs(pairs, raw[best])
        first_two = ranks(pairs.query, raw[best]) < 2
        self._platt = LogisticRegression(C=100.0).fit(inputs[first_two], right[first_two])
        self.held_out: NDArray[np.float64] = self._platt.predict_proba(inputs)[:, 1]

    def __call__(self, features: NDArray[np.float64], pairs: Pairs) -> NDArray[np.float64]:
        """float64[P], the calibrated confidence in each pair."""
        if not len(features):
            return np.zeros(0)
        table = with_ties(features, pairs, self.plausibility)
        raw = self._model.predict_proba(table)[:, 1]
        return np.asarray(self._platt.predict_proba(_platt_inputs(pairs, raw))[:, 1])


def _platt_inputs(pairs: Pairs, raw: NDArray[np.float64]) -> NDArray[np.float64]:
    odds = logit(raw)
    return np.column_stack([odds, lead(pairs.query, odds)])
