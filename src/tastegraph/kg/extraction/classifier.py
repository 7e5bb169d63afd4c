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
"""Texts with right and texts with wrong candidates that a relation needs to be learned."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Scorer:
    """A logistic regression over binary cues, calibrated.

    Attributes:
        threshold: the confidence from which on F1 is best where the facts are known.
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


class Examples:
    """Candidates of texts whose facts are known.

    Attributes:
        cues: of each candidate.
        facts: the text, by number, and the object of each candidate.
        right: whether each is the object of a known fact.
        stated: number of facts that there are to be found.
    """

    def __init__(self) -> None:
        self.cues: list[list[str]] = []
        self.facts: list[tuple[int, str]] = []
        self.right: list[bool] = []
        self.stated = 0
        self._texts = 0

    def add(
        self, cues: Sequence[list[str]], objects: Sequence[str], right: Sequence[bool], stated: int
    ) -> None:
        """Add the candidates of one text, of whose subject ``stated`` facts are known."""
        self.cues += cues
        self.facts += [(self._texts, name) for name in objects]
        self.right += right
        self.stated += stated
        self._texts += 1

    def enough(self) -> bool:
        """Whether right and wrong candidates stand in enough texts to learn from."""
        texts = {(text, right) for (text, _), right in zip(self.facts, self.right, strict=True)}
        rights = sum(right for _, right in texts)
        return min(rights, len(texts) - rights) >= LEAST

    def folds(self, seed: int) -> NDArray[np.int64]:
        """int64[candidates], the fold of each one's text, right texts spread evenly."""
        text = np.array([number for number, _ in self.facts])
        states = np.zeros(self._texts, dtype=bool)
        states[text[np.array(self.right)]] = True
        order = np.random.default_rng(seed).permutation(self._texts)
        order = order[np.argsort(~states[order], kind="stable")]
        fold = np.empty(self._texts, dtype=np.int64)
        fold[order] = np.arange(self._texts) % FOLDS
        mine: NDArray[np.int64] = fold[text]
        return mine


def fit(examples: Examples, seed: int) -> Scorer:
    """Fit a scorer to examples of which there are enough.

    A fact is stated at least once, not wherever its object is named (Riedel et al., ECML 2010):
    after the first round only the candidate that was surest of its fact teaches it. What decides
    (which one that is, the calibration, the threshold) comes from folds over texts, each scored by
    a model that has not seen them.
    """
    vectorizer = CountVectorizer(analyzer=_as_they_are, binary=True, min_df=3, dtype=np.float64)
    table = vectorizer.fit_transform(examples.cues)
    right, fold = np.array(examples.right), examples.folds(seed)
    teaches = np.ones(len(right), dtype=bool)
    for _ in range(ROUNDS):
        chances = np.zeros(len(right))
        for held in range(FOLDS):
            seen, here = teaches & (fold != held), fold == held
            if here.any():
                fitted = _regression().fit(table[seen], right[seen])
                chances[here] = fitted.decision_function(table[here])
        best = best_places(examples.facts, chances)
        teaches = ~right
        teaches[best] = True
    calibration = IsotonicRegression(y_min=1e-3, y_max=1 - 1e-3, out_of_bounds="clip")
    sure = calibration.fit_transform(chances[best], right[best])
    regression = _regression().fit(table[teaches], right[teaches])
    threshold = _threshold(sure, right[best], examples.stated)
    return Scorer(vectorizer, regression, calibration, threshold)


def best_places(facts: Sequence[Hashable], chances: Floats) -> list[int]:
    """Of the candidates of each fact the surest, the first of equals; in the order of facts."""
    best: dict[Hashable, int] = {}
    for place, fact in enumerate(facts):
        if fact not in best or chances[place] > chances[best[fact]]:
            best[fact] = place
    return list(best.values())


def _threshold(sure: Floats, right: NDArray[np.bool_], stated: int) -> float:
    """Midway between the confidence from which on F1 is best and the one below it."""
    values = np.unique(sure)
    f1 = [2 * right[sure >= value].sum() / ((sure >= value).sum() + stated) for value in values]
    best = int(np.argmax(f1))
    return float(values[max(best - 1, 0)] + values[best]) / 2


def _regression() -> LogisticRegression:
    return LogisticRegression(C=0.1, solver="liblinear")


def _as_they_are(cues: list[str]) -> list[str]:
    return cues
