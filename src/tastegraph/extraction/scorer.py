"""Scorer: how sure it is that a candidate with these cues is an object of one relation."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

FOLDS = 5
ROUNDS = 2
LEAST = 10
"""Facts found in texts that a relation needs to be learned."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Scorer:
    """A logistic regression over binary cues, calibrated.

    Attributes:
        threshold: the confidence that serves F1 best where the facts are known.
    """

    vectorizer: CountVectorizer
    regression: LogisticRegression
    calibration: IsotonicRegression
    threshold: float

    def confidence(self, cues: Sequence[list[str]]) -> Floats:
        """float64[len(cues)] in (0, 1]: the share of facts so sure that were known."""
        if not cues:
            return np.zeros(0)
        chances = self.regression.decision_function(self.vectorizer.transform(cues))
        told: Floats = self.calibration.predict(chances)
        return told

    def strongest(self, n: int) -> list[tuple[str, float]]:
        """The ``n`` cues of the largest weights, each with its weight in log odds."""
        weights = self.regression.coef_[0]
        names = self.vectorizer.get_feature_names_out()
        order = np.lexsort((names, -weights))[:n]
        return [(str(names[k]), float(weights[k])) for k in order]


def fit(
    cues: Sequence[list[str]],
    right: NDArray[np.bool_],
    facts: Sequence[tuple[int, str]],
    stated: int,
    seed: int,
) -> Scorer | None:
    """Fit a scorer; ``None`` where too few objects were found to learn from.

    A fact is stated at least once, not wherever its object is named (Riedel et al., ECML 2010):
    after the first round only the candidate that was surest of its fact teaches it. What decides
    (which one that is, the calibration, the threshold) comes from folds over texts, each scored by
    a model that has not seen them.

    Args:
        right: bool[candidates], whether each is the object of a known fact.
        facts: the text and object of each candidate.
        stated: number of facts that there are to be found.
    """
    if len({fact for fact, is_right in zip(facts, right, strict=True) if is_right}) < LEAST:
        return None
    vectorizer = CountVectorizer(analyzer=_as_they_are, binary=True, min_df=3, dtype=np.float64)
    table = vectorizer.fit_transform(cues)
    texts, text = np.unique([number for number, _ in facts], return_inverse=True)
    fold = np.random.default_rng(seed).permutation(len(texts))[text] % FOLDS
    teaches = np.ones(len(cues), dtype=bool)
    for _ in range(ROUNDS):
        chances = np.zeros(len(cues))
        for held in range(FOLDS):
            seen = teaches & (fold != held)
            chances[fold == held] = (
                _regression().fit(table[seen], right[seen]).decision_function(table[fold == held])
            )
        best = best_places(facts, chances)
        teaches = ~right
        teaches[best] = True
    calibration = IsotonicRegression(y_min=1e-3, y_max=1 - 1e-3, out_of_bounds="clip")
    sure = calibration.fit_transform(chances[best], right[best])
    regression = _regression().fit(table[teaches], right[teaches])
    return Scorer(vectorizer, regression, calibration, _threshold(sure, right[best], stated))


def best_places(facts: Sequence[Hashable], chances: Floats) -> list[int]:
    """Of the candidates of each fact the surest, the first of equals; in the order of facts."""
    best: dict[Hashable, int] = {}
    for place, fact in enumerate(facts):
        if fact not in best or chances[place] > chances[best[fact]]:
            best[fact] = place
    return list(best.values())


def _threshold(sure: Floats, right: NDArray[np.bool_], stated: int) -> float:
    values = np.unique(sure)
    f1 = [2 * right[sure >= v].sum() / ((sure >= v).sum() + stated) for v in values]
    return float(values[int(np.argmax(f1))])


def _regression() -> LogisticRegression:
    return LogisticRegression(C=0.1, solver="liblinear")


def _as_they_are(cues: list[str]) -> list[str]:
    return cues
