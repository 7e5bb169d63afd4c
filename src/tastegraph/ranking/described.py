"""Kernels of what is known and written of items, as they are now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tastegraph.arrays import CSR
from tastegraph.ranking import filters
from tastegraph.ranking.kernels import AffinityKernel, FactorKernel, FeatureKernel
from tastegraph.ranking.learned import Content
from tastegraph.ranking.mapping import Compressed, Target, completed, compressed, mapped
from tastegraph.ranking.model import KNOWLEDGE, MAPPED_KNOWLEDGE, MAPPED_TEXT, TEXT, TOWER

Kernels = dict[str, FeatureKernel | FactorKernel]


@dataclass(frozen=True)
class Described:
    """Items by their features, ready to be compared and to be mapped to engagement.

    Attributes:
        ties: float32 CSR[I, features], unit rows.
        few: the same in few dimensions.
        text: float32[I, d].
    """

    ties: CSR
    few: Compressed
    text: NDArray[np.float32]

    @classmethod
    def of(cls, content: Content, kind_weights: NDArray[np.float32]) -> Described:
        """By facts, weighted by their kinds (float32[2R]), and by texts."""
        ties = filters.knowledge_features(content.associations, kind_weights)
        return cls(ties, compressed(ties), content.text_features)

    def kernels(
        self,
        likes: CSR,
        targets: Mapping[str, Target],
        tower: NDArray[np.float32],
        known: NDArray[np.bool_],
    ) -> Kernels:
        """What compares items; nothing where nothing is known or written.

        Args:
            likes: CSR[U, I], what the mapped parts are mapped to.
            targets: mapped part → how.
            tower: float32[I, d], vectors of the text tower.
            known: bool[I], items that the tower was taught with; the others' follow from these.
        """
        kernels: Kernels = {}
        if self.ties.nnz:
            kernels[KNOWLEDGE] = FeatureKernel(self.ties)
            told = mapped(self.few.rows, likes, targets[MAPPED_KNOWLEDGE])
            if told is not None:
                loadings = self.few.loadings @ told.matrix
                kernels[MAPPED_KNOWLEDGE] = AffinityKernel.of(told.left, self.ties, loadings)
        if self.text.any():
            kernels[TEXT] = FactorKernel(self.text, self.text)
            told = mapped(self.text, likes, targets[MAPPED_TEXT])
            if told is not None:
                kernels[MAPPED_TEXT] = FactorKernel(told.left, self.text @ told.matrix)
            if tower.any():
                vectors = completed(tower, known, self.text)
                kernels[TOWER] = FactorKernel(vectors, vectors)
        return kernels
