"""Kernels of what is known and written of items, as they are now."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from tastegraph.arrays import CSR
from tastegraph.ranking import filters
from tastegraph.ranking.kernels import AffinityKernel, FactorKernel, FeatureKernel
from tastegraph.ranking.learned import Content
from tastegraph.ranking.mapping import Target, compressed, mapped
from tastegraph.ranking.model import KNOWLEDGE, MAPPED_KNOWLEDGE, MAPPED_TEXT, TEXT


def content_kernels(
    content: Content,
    likes: CSR,
    kind_weights: NDArray[np.float32],
    targets: Mapping[str, Target],
) -> dict[str, FeatureKernel | FactorKernel]:
    """What compares items by what is known and written of them; nothing where nothing is.

    Args:
        content: graph and texts.
        likes: CSR[U, I], what the mapped parts are mapped to.
        kind_weights: float32[2R].
        targets: mapped part → how.
    """
    kernels: dict[str, FeatureKernel | FactorKernel] = {}
    if content.associations.strength.nnz:
        ties = filters.knowledge_features(content.associations, kind_weights)
        kernels[KNOWLEDGE] = FeatureKernel(ties)
        few = compressed(ties)
        told = mapped(few.rows, likes, targets[MAPPED_KNOWLEDGE])
        if told is not None:
            loadings = few.loadings @ told.matrix
            kernels[MAPPED_KNOWLEDGE] = AffinityKernel.of(told.left, ties, loadings)
    text = content.text_features
    if text.any():
        kernels[TEXT] = FactorKernel(text, text)
        told = mapped(text, likes, targets[MAPPED_TEXT])
        if told is not None:
            kernels[MAPPED_TEXT] = FactorKernel(told.left, text @ told.matrix)
    return kernels
