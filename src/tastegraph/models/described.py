"""Kernels of what is known and written of items, as they are now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.arrays import CSR
from tastegraph.models.base import KNOWLEDGE, MAPPED_KNOWLEDGE, MAPPED_TEXT, TEXT, TOWER
from tastegraph.models.kernels import AffinityKernel, FactorKernel, FeatureKernel
from tastegraph.models.learned import ItemFeatures
from tastegraph.models.mapping import Compressed, Ridge, Target, completed

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
    def of(cls, item_features: ItemFeatures, kind_weights: NDArray[np.float32]) -> Described:
        """By facts, weighted by their kinds (float32[2R]), and by texts."""
        ties, few = item_features.ties(kind_weights)
        return cls(ties, few, item_features.text_features)

    def engaged(self, user_items: CSR) -> Engaged:
        """The items together with who likes them (CSR[U, I])."""
        by_facts = Ridge(self.few.rows, user_items)
        return Engaged(self, by_facts, by_facts.on(self.text))


@dataclass(frozen=True)
class Engaged:
    """Items by their features, and the engagement that these are mapped to."""

    described: Described
    by_facts: Ridge
    by_text: Ridge

    def kernels(
        self,
        targets: Mapping[str, Target],
        tower: NDArray[np.float32],
        known: NDArray[np.bool_],
    ) -> Kernels:
        """What compares items; nothing where nothing is known or written.

        Args:
            targets: mapped part → what it is mapped to.
            tower: float32[I, d], vectors of the text tower.
            known: bool[I], items that the tower was taught with; the others' follow from these.
        """
        kernels: Kernels = {}
        ties, few, text = self.described.ties, self.described.few, self.described.text
        if ties.nnz:
            kernels[KNOWLEDGE] = FeatureKernel(ties)
            told = self.by_facts.map(targets[MAPPED_KNOWLEDGE])
            if told is not None:
                right, loadings = told.of(few.rows), told.of(few.loadings)
                kernels[MAPPED_KNOWLEDGE] = AffinityKernel(told.left, right, ties, loadings)
        if text.any():
            kernels[TEXT] = FactorKernel(text, text)
            told = self.by_text.map(targets[MAPPED_TEXT])
            if told is not None:
                kernels[MAPPED_TEXT] = FactorKernel(told.left, told.of(text))
            if tower.any():
                vectors = completed(tower, known, text)
                kernels[TOWER] = FactorKernel(vectors, vectors)
        return kernels
