"""Kernels held as the factors of a product of few dimensions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tastegraph.core.arrays import CSR, Bools, Ints, without_rounding
from tastegraph.core.narrow import RowMatrix, products
from tastegraph.models.kernels.kernel import (
    Scores,
    Terms,
    by_item,
    others,
    others_alone,
    row_entries,
    without_itself,
)
from tastegraph.models.kernels.tied import FeatureRows, TiedRows


class Portions(NamedTuple):
    """What each feature of some items adds to the vector of its item.

    Attributes:
        places: int64[m], the place of the item among those asked for, ascending.
        features: int32[m].
        vectors: float32[m, d].
    """

    places: NDArray[np.int64]
    features: NDArray[np.int32]
    vectors: Scores

    def sums(self, n_items: int) -> Scores:
        """float32[n, d], the sum of the portions of each item."""
        sums = np.zeros((n_items, self.vectors.shape[1]), dtype=np.float32)
        starts = np.flatnonzero(np.diff(self.places, prepend=-1))
        if len(starts):
            sums[self.places[starts]] = np.add.reduceat(self.vectors, starts, axis=0)
        return sums


@dataclass(frozen=True)
class FactorKernel:
    """K = L Rᵀ without its diagonal, held as its factors.

    Attributes:
        left: float32[I, d], the side of the history.
        right: float32[I, d], the side of the target.
    """

    left: Scores
    right: Scores

    @property
    def n_items(self) -> int:
        """I."""
        return int(self.left.shape[0])

    @property
    def n_sources(self) -> int:
        """I."""
        return self.n_items

    def score(self, attention: CSR, candidates: Bools | None = None) -> Scores:
        """float32[U, I]."""
        right, diagonal = self.right, self._diagonal
        sizes = np.asarray(abs(attention) @ np.abs(self.left))
        users = without_rounding(np.asarray(attention @ self.left), sizes)
        if candidates is not None:
            attention, right, diagonal = (
                attention[:, candidates],
                right[candidates],
                diagonal[candidates],
            )
        scores = np.asarray(users @ right.T, dtype=np.float32)
        return without_itself(scores, attention, diagonal)

    def row(self, items: NDArray[np.int32], attention: Scores) -> Scores:
        """float32[I]."""
        scores = np.asarray(self.right @ self.user(items, attention), dtype=np.float32)
        items, attention = by_item(items, attention)
        scores[items] = others_alone(scores[items], attention * self.own(items))
        return scores

    def at(
        self,
        items: NDArray[np.int32],
        attention: Scores,
        candidates: NDArray[np.int64],
        user: Scores,
    ) -> Scores:
        """float32[C]: :meth:`row` of some items alone.

        Args:
            items: int32[T], of the history.
            attention: float32[T].
            candidates: int64[C], ascending.
            user: float32[d], of :meth:`user`.
        """
        scores = products(self.right, candidates, user)
        items, attention = by_item(items, attention)
        places = np.searchsorted(candidates, items)
        within = places < len(candidates)
        within[within] = candidates[places[within]] == items[within]
        items, attention, places = items[within], attention[within], places[within]
        scores[places] = others_alone(scores[places], attention * self.own(items))
        return scores

    def user(self, items: NDArray[np.int32], attention: Scores) -> Scores:
        """float32[d]: the vector of a history, whose product with an item's is a score."""
        items, attention = by_item(items, attention)
        left = self.left[items]
        return without_rounding(attention @ left, abs(attention) @ np.abs(left))

    def own(self, items: NDArray[np.int32]) -> Scores:
        """float32[T]: the diagonal of L Rᵀ at ``items``, which their own scores are without."""
        return np.asarray(np.einsum("td,td->t", self.left[items], self.right[items]), np.float32)

    def between(
        self, items: NDArray[np.int32], targets: Ints, left: Scores | None = None
    ) -> Scores:
        """float32[T, n]; ``left`` is the side of ``items``, where it was read already."""
        left = self.left[items] if left is None else left
        return others(items, targets, np.asarray(left @ self.right[targets].T, dtype=np.float32))

    def terms(self, items: NDArray[np.int32], attention: Scores, target: int) -> Terms:
        """One term for each event."""
        (entries,) = self.between(items, np.array([target])).T
        return Terms(np.arange(len(items)), attention * entries)

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Both sides, or ``both_sides`` where they are one."""
        if self.left is self.right:
            return {"both_sides": self.left}
        return {"left": self.left, "right": self.right}

    def whole(self) -> Self:
        """The same with both sides as arrays of their own, for scoring many users at once."""
        left = np.asarray(self.left)
        right = left if self.right is self.left else np.asarray(self.right)
        return replace(self, left=left, right=right)

    @cached_property
    def _diagonal(self) -> Scores:
        return np.asarray(np.einsum("id,id->i", self.left, self.right), dtype=np.float32)


@dataclass(frozen=True)
class AffinityKernel(FactorKernel):
    """K = L (F P)ᵀ without its diagonal: what likers of an item like, feature by feature.

    ``right`` must be F P with P = Fᵀ W, so that the share of a feature f of target i is exact:
    L[item] · P[f] F[i, f].

    Attributes:
        features: float32 CSR[I, features], F.
        projections: float32[features, d], P.
    """

    features: CSR
    projections: Scores

    @classmethod
    def of(cls, left: Scores, features: CSR, loadings: Scores) -> AffinityKernel:
        """The kernel of ``loadings`` (float32[I, d], W)."""
        projections = np.asarray(sparse.csr_array(features.T) @ loadings, dtype=np.float32)
        right = np.asarray(features @ projections, dtype=np.float32)
        if features.shape[1] <= features.shape[0]:
            return cls(left, right, features, projections)
        return cls(left, right, features, _read(FeatureRows(features, loadings)))

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]], features: CSR) -> AffinityKernel:
        """The kernel of which :meth:`to_arrays` gave ``arrays``, over its ``features``."""
        left = arrays["left"]
        if "loadings" in arrays:
            projections = _read(FeatureRows(features, arrays["loadings"]))
            return cls(left, arrays["right"], features, projections)
        projections = arrays["projections"]
        return cls(left, _read(TiedRows(features, projections)), features, projections)

    def of_features(self, targets: Ints) -> Portions:
        """Every feature of some items (int[n]), with P[f] F[i, f]."""
        places, features, strengths = row_entries(self.features, targets)
        chosen, at = np.unique(features, return_inverse=True)
        vectors = np.asarray(self.projections[chosen], dtype=np.float32)
        return Portions(places, features, vectors[at] * strengths[:, None])

    def terms(self, items: NDArray[np.int32], attention: Scores, target: int) -> Terms:
        """One term for each event and feature of ``target``."""
        portions = self.of_features(np.array([target]))
        left = self.left[items] * np.where(items == target, 0, attention)[:, None]
        shares = np.asarray(left @ portions.vectors.T, dtype=np.float32)
        events = np.repeat(np.arange(len(items)), len(portions.features))
        return Terms(events, shares.reshape(-1), np.tile(portions.features, len(items)))

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """The left side, and what the right one follows from; the features are not among them.

        That are the projections, or, where features are more than items, the loadings; then the
        right side, which is no larger than these, is there as well.
        """
        if isinstance(self.projections, FeatureRows):
            return {**super().to_arrays(), "loadings": self.projections.loadings}
        return {"left": self.left, "projections": self.projections}


def _read(matrix: RowMatrix) -> Scores:
    """``matrix``, typed as the array that it reads like."""
    return matrix  # type: ignore[return-value]
