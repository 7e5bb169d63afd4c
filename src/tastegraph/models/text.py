"""The text component: items by what their texts say, by vectors and word for word."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tastegraph.core.arrays import CSR, without_rounding
from tastegraph.models.base import TEXT, Arrays, SimilarityComponent
from tastegraph.models.decomposition import affordable_dimensions, compressed, joined
from tastegraph.models.kernels import FactorKernel

if TYPE_CHECKING:
    from tastegraph.models.new_items import Growth
    from tastegraph.models.training_data import TrainingData

Floats32 = NDArray[np.float32]
MAX_JOINT_ITEMS = 16_384
"""Up to so many items vectors and words are compressed as one matrix; beyond, the words alone, and
then both: as a sparse matrix a vector costs as much as hundreds of words."""
BLOCK_ROWS = 65_536
"""Texts are centred so many at a time."""


class Text(SimilarityComponent):
    """Cosine of language-model vectors plus cosine of words; nothing is learned from events."""

    name = TEXT
    reason = "text"
    ranks_new_items = True
    compares_features = True

    @classmethod
    def similarity(cls, arrays: Arrays, params: Any, data: TrainingData) -> FactorKernel | None:
        """xᵢ · xⱼ, x of :func:`text_features`; ``None`` where no item has a text."""
        return FactorKernel(data.text, data.text) if data.text.any() else None

    @classmethod
    def grown(cls, arrays: Arrays, growth: Growth) -> Arrays:
        """New texts in the coordinates of the known ones."""
        return {"both_sides": growth.with_rows(arrays["both_sides"], growth.text_rows)}


def text_features(vectors: Floats32, words: CSR) -> Floats32:
    """float32[I, d], rows whose products are nearly cosine of vectors plus cosine of words.

    Args:
        vectors: float32[I, t], zero rows where there is no text; their mean is taken off, since
            what all texts share tells none from another (Mu & Viswanath 2018).
        words: float32 CSR[I, V], unit rows.
    """
    if not vectors.any():
        return compressed(words).rows
    apart = centred_rows(vectors)
    if not words.nnz:
        return apart
    if len(vectors) > MAX_JOINT_ITEMS:
        dimensions = affordable_dimensions(len(vectors))
        # Of words twice as many, so that what both share is cut off, and not what words say alone.
        return joined(apart, compressed(words, 2 * dimensions).rows, dimensions)
    return compressed(sparse.csr_array(sparse.hstack([sparse.csr_array(apart), words]))).rows


def centred_rows(vectors: Floats32) -> Floats32:
    """float32[I, t]: unit rows without what all of them share; rows of zeros stay zeros.

    So does a row of which rounding alone is left, as where all texts are the same.
    """
    present = np.asarray(vectors.any(axis=1))
    apart = np.zeros_like(vectors)
    if not present.any():
        return apart
    mean = (vectors if present.all() else vectors[present]).mean(axis=0, keepdims=True)
    for start in range(0, len(vectors), BLOCK_ROWS):
        block = apart[start : start + BLOCK_ROWS]
        rows = present[start : start + BLOCK_ROWS]
        texts = vectors[start : start + BLOCK_ROWS][rows]
        block[rows] = without_rounding(texts - mean, np.abs(texts) + np.abs(mean))
        block /= np.maximum(np.linalg.norm(block, axis=1, keepdims=True), 1e-12)
    return apart
