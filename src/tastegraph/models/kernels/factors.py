"""Kernels held as the factors of a product of few dimensions."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tastegraph.core.arrays import CSR, Bools, without_rounding
from tastegraph.models.kernels.kernel import (
    Scores,
    Terms,
    by_item,
    others_alone,
    row_entries,
    without_itself,
)

REMEMBERED = 20_000
"""So many features are held as they were multiplied out last: 20 MB at 256 dimensions."""


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
        scores = np.asarray(self.right[candidates] @ user, dtype=np.float32)
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

    def between(self, items: NDArray[np.int32], target: int, left: Scores | None = None) -> Scores:
        """float32[T]; ``left`` is the side of ``items``, where it was read already."""
        left = self.left[items] if left is None else left
        entries = np.asarray(left @ self.right[target], dtype=np.float32)
        return np.where(items == target, np.float32(0), entries)

    def terms(self, items: NDArray[np.int32], attention: Scores, target: int) -> Terms:
        """One term for each event."""
        return Terms(np.arange(len(items)), attention * self.between(items, target))

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Both sides, or ``both_sides`` where they are one."""
        if self.left is self.right:
            return {"both_sides": self.left}
        return {"left": self.left, "right": self.right}

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
        loadings: float32[I, d], W.
    """

    features: CSR
    loadings: Scores

    @cached_property
    def _by_feature(self) -> CSR:
        return sparse.csr_array(self.features.T)

    @cached_property
    def _projections(self) -> dict[int, Scores | None]:
        """Feature → P[f], float32[d], for those that were asked for last."""
        return {}

    def of_features(self, target: int) -> tuple[NDArray[np.int32], Scores]:
        """The features of ``target``, int32[n], and P F for each of them, float32[n, d]."""
        at = slice(*self.features.indptr[target : target + 2])
        chosen = self.features.indices[at]
        held = {feature: self._projections.get(feature) for feature in chosen.tolist()}
        if new := [feature for feature, vector in held.items() if vector is None]:
            # Of the loadings only the rows that are read: a mapped matrix is not copied whole.
            places, items, values = row_entries(self._by_feature, np.array(new))
            present, columns = np.unique(items, return_inverse=True)
            shape = len(new), len(present)
            ties = sparse.csr_array((values, (places, columns)), shape=shape)
            held.update(zip(new, ties @ self.loadings[present], strict=True))
            if len(self._projections) > REMEMBERED:
                self._projections.clear()
            self._projections.update((feature, held[feature]) for feature in new)
        vectors = np.array(list(held.values()), dtype=np.float32)
        vectors = vectors.reshape(len(chosen), self.loadings.shape[1])
        return chosen, vectors * self.features.data[at][:, None]

    def terms(self, items: NDArray[np.int32], attention: Scores, target: int) -> Terms:
        """One term for each event and feature of ``target``."""
        features, vectors = self.of_features(target)
        left = self.left[items] * np.where(items == target, 0, attention)[:, None]
        shares = np.asarray(left @ vectors.T, dtype=np.float32)
        events = np.repeat(np.arange(len(items)), len(features))
        return Terms(events, shares.reshape(-1), np.tile(features, len(items)))

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """Both sides and the loadings; the features are not among them."""
        return {**super().to_arrays(), "loadings": self.loadings}
