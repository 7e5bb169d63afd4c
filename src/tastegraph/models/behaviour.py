"""The filters that compare items by who liked both, as settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tastegraph.core.arrays import CSR
from tastegraph.models import filters
from tastegraph.models.kernels import Scores


@dataclass(frozen=True)
class Ease:
    """:func:`tastegraph.models.filters.ease`.

    Attributes:
        regularisation: λ.
        grouped: whether items that share a feature count as liked by one more person.
    """

    regularisation: float
    grouped: bool

    def table(self, user_items: CSR, groups: CSR) -> Scores:
        """float32[I, I] from user_items, CSR[U, I], and groups of items, CSR[F, I]."""
        gram = filters.gram(user_items, groups if self.grouped else None)
        return filters.ease(gram, self.regularisation)


@dataclass(frozen=True)
class CoEngagement:
    """:func:`tastegraph.models.filters.co_engagement`, and how it is damped."""

    source: float
    person: float
    target: float

    def table(self, user_items: CSR, groups: CSR) -> CSR:
        """float32 CSR[I, I] from user_items, CSR[U, I]; groups say nothing."""
        return filters.co_engagement(user_items, self.source, self.person, self.target)


@dataclass(frozen=True)
class ItemKNN:
    """:func:`tastegraph.models.filters.item_knn`.

    Attributes:
        neighbours: of each target.
    """

    neighbours: int

    def table(self, user_items: CSR, groups: CSR) -> CSR:
        """float32 CSR[I, I] from user_items, CSR[U, I]; groups say nothing."""
        return filters.item_knn(user_items, self.neighbours)


Filter = Ease | CoEngagement | ItemKNN
DEFAULT = CoEngagement(1.0, 1.0, 0.3)
"""Where nothing tells better."""
FILTERS: Mapping[str, type[Filter]] = {
    kind.__name__: kind for kind in (Ease, CoEngagement, ItemKNN)
}
