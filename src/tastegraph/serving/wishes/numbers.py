"""The relations whose values are years or other numbers, with the value of each item."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from tastegraph.kg.names import normalize_name, years_in
from tastegraph.serving.wishes.closed_words import MEASURES
from tastegraph.serving.wishes.names import WishNames

MIN_NUMBER_SHARE = 0.8
"""Share of a relation's values that must be numbers."""
MIN_VALUES = 2
FIRST_YEAR, LAST_YEAR = 1500, 2099


@dataclass(frozen=True)
class NumericRelation:
    """A relation with numbers.

    Attributes:
        name: of the relation.
        measure: ``year``, ``price``, ``duration``, ``weight``, or empty for any other.
        unit: that its phrase ends in, as *weight in g*; empty where it names none.
        features: int64[n], its features.
        numbers: float64[n], the number of each.
    """

    name: str
    measure: str
    unit: str
    features: NDArray[np.int64]
    numbers: NDArray[np.float64]


class WishNumbers:
    """Every numeric relation of one graph.

    Args:
        names: of the graph.
    """

    def __init__(self, names: WishNames) -> None:
        self._names = names

    @cached_property
    def relations(self) -> Mapping[str, NumericRelation]:
        """By name."""
        names, associations = self._names, self._names.associations
        numeric: dict[str, NumericRelation] = {}
        is_value = np.array(
            [not reverse and names.names.is_value(node) for node, reverse in zip(
                associations.node.tolist(), associations.reverse.tolist(), strict=True)],
            dtype=np.bool_,
        )  # fmt: skip
        for number, name in enumerate(names.names.relations):
            features = np.flatnonzero(is_value & (associations.relation == number))
            if len(features) < MIN_VALUES:
                continue
            labels = [names.names.labels[int(associations.node[f])] for f in features]
            numbers = np.array([_number(label) for label in labels])
            known = np.isfinite(numbers)
            if known.mean() >= MIN_NUMBER_SHARE:
                measure, unit = self._measure(name, numbers[known])
                numeric[name] = NumericRelation(
                    name, measure, unit, features[known], numbers[known]
                )
        return numeric

    def of_measure(self, measure: str | None, unit: str = "") -> NumericRelation | None:
        """The relation that has a measure, that with the most items first.

        Without a measure, a bare number is a price, or of the only numeric relation beside years.
        """
        relations = list(self.relations.values())
        if measure is None:
            prices = [r for r in relations if r.measure == "price"]
            others = [r for r in relations if r.measure != "year"]
            relations = prices or (others if len(others) == 1 else [])
        else:
            relations = [r for r in relations if r.measure == measure]
            if unit:
                relations = [r for r in relations if r.unit == unit]
        counts = self._names.feature_items
        return max(relations, key=lambda r: int(counts[r.features].sum()), default=None)

    def values(self, relation: NumericRelation) -> NDArray[np.float64]:
        """float64[I], the mean of an item's values; NaN where it has none."""
        strength = self._names.associations.strength
        number_of = np.full(strength.shape[1], np.nan)
        number_of[relation.features] = relation.numbers
        rows = np.repeat(np.arange(strength.shape[0]), np.diff(strength.indptr))
        numbers = number_of[strength.indices]
        known = np.isfinite(numbers)
        count = np.bincount(rows[known], minlength=strength.shape[0])
        total = np.bincount(rows[known], numbers[known], minlength=strength.shape[0])
        return np.where(count > 0, total / np.maximum(count, 1), np.nan)

    def _measure(self, relation: str, numbers: NDArray[np.float64]) -> tuple[str, str]:
        phrase = normalize_name(self._names.phrase(relation))
        words = phrase.split()
        unit = words[-1] if len(words) > 2 and words[-2] == "in" else ""
        for measure, names in MEASURES.items():
            if any(name in words or _is_han_part(name, phrase) for name in names):
                return measure, unit
        are_years = np.all((numbers >= FIRST_YEAR) & (numbers <= LAST_YEAR) & (numbers % 1 == 0))
        return ("year", "") if are_years else ("", unit)


def _is_han_part(name: str, phrase: str) -> bool:
    return not name.isascii() and name in phrase


def _number(label: str) -> float:
    """The number that a value is, or the year of a date; NaN for any other."""
    try:
        number = float(label)
        return number if np.isfinite(number) else np.nan
    except ValueError:
        years = years_in([label[:10]])
        return float(min(years)) if len(years) == 1 and label[:4].isdigit() else np.nan
