"""Relation classifier: how likely a candidate with these cues is an object of one relation."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

CALIBRATION_FOLDS = 5
SELECTION_ROUNDS = 2
MIN_TRAINING_TEXTS = 10
"""Texts with right and texts with wrong candidates that a relation needs to be learned."""
MIN_CUE_FREQUENCY = 3
"""Candidates that must have a cue for it to be a feature."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class RelationClassifier:
    """A logistic regression over binary cues, calibrated by isotonic regression.

    Attributes:
        vectorizer: cues → columns.
        regression: the linear model.
        calibration: log-odds → share of known facts.
        threshold: the confidence from which on F1 is best on the training facts.
    """

    vectorizer: CountVectorizer
    regression: LogisticRegression
    calibration: IsotonicRegression
    threshold: float

    def confidence(self, cues: Sequence[list[str]]) -> Floats:
        """float64[len(cues)] in (0, 1], the probability of each candidate."""
        if not cues:
            return np.zeros(0)
        log_odds = self.regression.decision_function(self.vectorizer.transform(cues))
        calibrated: Floats = self.calibration.predict(log_odds)
        return calibrated

    def strongest_cues(self, n: int) -> list[tuple[str, float]]:
        """The ``n`` cues with the largest weights, each with its weight in log-odds."""
        weights = self.regression.coef_[0]
        names = self.vectorizer.get_feature_names_out()
        order = np.lexsort((names, -weights))[:n]
        return [(str(names[k]), float(weights[k])) for k in order]


class CandidateExamples:
    """Candidates of texts about things of which facts are known.

    Attributes:
        cues: features of each candidate.
        facts: (number of its text, object) of each candidate.
        correct: whether each candidate is the object of a known fact.
        n_known: number of known facts of the subjects.
    """

    def __init__(self) -> None:
        self.cues: list[list[str]] = []
        self.facts: list[tuple[int, str]] = []
        self.correct: list[bool] = []
        self.n_known = 0
        self._n_texts = 0

    def add(
        self,
        cues: Sequence[list[str]],
        objects: Sequence[str],
        correct: Sequence[bool],
        n_known: int,
    ) -> None:
        """Add the candidates of one text, of whose subject ``n_known`` facts are known."""
        self.cues += cues
        self.facts += [(self._n_texts, name) for name in objects]
        self.correct += correct
        self.n_known += n_known
        self._n_texts += 1

    def suffice(self) -> bool:
        """Whether right and wrong candidates occur in enough texts to learn from."""
        texts = {
            (text, correct) for (text, _), correct in zip(self.facts, self.correct, strict=True)
        }
        n_right = sum(correct for _, correct in texts)
        return min(n_right, len(texts) - n_right) >= MIN_TRAINING_TEXTS

    def folds(self, seed: int) -> NDArray[np.int64]:
        """int64[candidates], the fold of the text of each; texts with facts are spread evenly."""
        text = np.array([number for number, _ in self.facts])
        states_fact = np.zeros(self._n_texts, dtype=bool)
        states_fact[text[np.array(self.correct)]] = True
        order = np.random.default_rng(seed).permutation(self._n_texts)
        order = order[np.argsort(~states_fact[order], kind="stable")]
        fold_of_text = np.empty(self._n_texts, dtype=np.int64)
        fold_of_text[order] = np.arange(self._n_texts) % CALIBRATION_FOLDS
        fold: NDArray[np.int64] = fold_of_text[text]
        return fold


def fit_classifier(examples: CandidateExamples, seed: int) -> RelationClassifier:
    """Fit a classifier to examples that suffice.

    A text that names an object several times states the fact at least once, not each time (Riedel
    et al., ECML 2010). So after the first round only the most confident candidate of each fact is
    a positive example. Selection, calibration and threshold use scores from folds over texts, each
    scored by a model that has not seen the text.
    """
    vectorizer = CountVectorizer(
        analyzer=_as_tokens, binary=True, min_df=MIN_CUE_FREQUENCY, dtype=np.float64
    )
    table = vectorizer.fit_transform(examples.cues)
    correct, fold = np.array(examples.correct), examples.folds(seed)
    is_example = np.ones(len(correct), dtype=bool)
    for _ in range(SELECTION_ROUNDS):
        log_odds = np.zeros(len(correct))
        for k in range(CALIBRATION_FOLDS):
            train, test = is_example & (fold != k), fold == k
            if test.any():
                fitted = _regression().fit(table[train], correct[train])
                log_odds[test] = fitted.decision_function(table[test])
        best = best_candidates(examples.facts, log_odds)
        is_example = ~correct
        is_example[best] = True
    calibration = IsotonicRegression(y_min=1e-3, y_max=1 - 1e-3, out_of_bounds="clip")
    confidence = calibration.fit_transform(log_odds[best], correct[best])
    regression = _regression().fit(table[is_example], correct[is_example])
    threshold = _best_f1_threshold(confidence, correct[best], examples.n_known)
    return RelationClassifier(vectorizer, regression, calibration, threshold)


def best_candidates(facts: Sequence[Hashable], scores: Floats) -> list[int]:
    """Position of the highest-scoring candidate of each fact, the first of ties."""
    best: dict[Hashable, int] = {}
    for place, fact in enumerate(facts):
        if fact not in best or scores[place] > scores[best[fact]]:
            best[fact] = place
    return list(best.values())


def _best_f1_threshold(confidence: Floats, correct: NDArray[np.bool_], n_known: int) -> float:
    """Midway between the confidence from which on F1 is best and the next lower one."""
    values, level = np.unique(confidence, return_inverse=True)
    # At each value, of the candidates with at least this confidence: how many, and how many right.
    at_least = np.bincount(level)[::-1].cumsum()[::-1]
    right = np.bincount(level, correct)[::-1].cumsum()[::-1]
    f1 = 2 * right / (at_least + n_known)
    best = int(np.argmax(f1))
    return float(values[max(best - 1, 0)] + values[best]) / 2


def _regression() -> LogisticRegression:
    return LogisticRegression(C=0.1, solver="liblinear")


def _as_tokens(cues: list[str]) -> list[str]:
    """The analyzer of the vectorizer: cues are tokens already."""
    return cues
