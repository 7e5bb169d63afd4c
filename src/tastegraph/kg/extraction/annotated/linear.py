"""A logistic regression over named binary features, as the models of this package use it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from sklearn.linear_model import LogisticRegression

Floats = NDArray[np.float64]
MIN_SENTENCES, MIN_GROUPS = 2, 2
"""In how many sentences a feature must have been seen; one that begins with ``=``, which says who
or what an argument is, in so many groups of sentences about different things."""


class FeatureTable:
    """Which column each feature has.

    Args:
        rows: the features of each example; those that are too rare get no column.
        sources: number of the sentence and of its group for each example, in order of sentences.
    """

    def __init__(self, rows: Iterable[Sequence[str]], sources: Iterable[tuple[int, int]]) -> None:
        last: dict[str, int] = {}
        in_sentences: Counter[str] = Counter()
        in_groups: dict[str, set[int]] = {}
        for row, (sentence, group) in zip(rows, sources, strict=True):
            for name in row:
                if last.get(name) != sentence:
                    last[name] = sentence
                    in_sentences[name] += 1
                    if name.startswith("="):
                        in_groups.setdefault(name, set()).add(group)
        frequent = [
            name
            for name, count in in_sentences.items()
            if count >= MIN_SENTENCES and len(in_groups.get(name, range(MIN_GROUPS))) >= MIN_GROUPS
        ]
        self._columns = {name: column for column, name in enumerate(sorted(frequent))}

    def matrix(self, rows: Sequence[Sequence[str]]) -> csr_array:
        """One row for each example, 1 where it has the feature; float64."""
        columns = self._columns
        starts, entries = [0], []
        for row in rows:
            entries += sorted({columns[name] for name in row if name in columns})
            starts.append(len(entries))
        shape = (len(rows), max(len(columns), 1))
        indices = np.array(entries, dtype=np.int32)
        pointers = np.array(starts, dtype=np.int32)
        return csr_array((np.ones(len(entries)), indices, pointers), shape=shape)


def group_weights(groups: Sequence[int]) -> Floats:
    """The weight of each example: the more there are of its group, the less each counts."""
    counts = Counter(groups)
    weights = np.array([counts[group] ** -0.5 for group in groups], dtype=np.float64)
    return weights / weights.mean() if len(weights) else weights


def fit_regression(
    matrix: csr_array, correct: NDArray[np.bool_], strength: float, weights: Floats
) -> Floats:
    """Weights of a logistic regression, the last one its intercept.

    Args:
        matrix: one row for each example.
        correct: whether it is a positive example; both kinds must occur.
        strength: inverse of the regularisation.
        weights: how much each example counts.
    """
    model = LogisticRegression(C=strength, solver="liblinear", tol=1e-3, random_state=0)
    model.fit(matrix, correct, sample_weight=weights)
    return np.append(model.coef_[0], model.intercept_[0])


def log_odds(matrix: csr_array, weights: Floats) -> Floats:
    """Log-odds of each row under one regression, or under each column of several."""
    result: Floats = matrix @ weights[:-1] + weights[-1]
    return result


def probability(odds: Floats) -> Floats:
    """The probability with these log-odds."""
    result: Floats = 1.0 / (1.0 + np.exp(-np.clip(odds, -30.0, 30.0)))
    return result
