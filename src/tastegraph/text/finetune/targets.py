"""What the graph, or people's behaviour, says of items, as one vector each."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.preprocessing import normalize

from tastegraph.core.arrays import CSR


def graph_representation(features: CSR, dimensions: int, seed: int) -> NDArray[np.float32]:
    """Latent semantic analysis (Deerwester et al. 1990) of what the graph says of items.

    Args:
        features: number[I, F], an item's ties to each (relation, entity).
        dimensions: g; fewer where items or features are fewer.
        seed: of the randomised decomposition.

    Returns:
        float32[I, g], rows of length 1, or of 0 where an item has no ties.
    """
    return _reduced(TfidfTransformer().fit_transform(features), dimensions, seed)


def behaviour_representation(
    likes: CSR, teachable: NDArray[np.bool_], dimensions: int, seed: int
) -> NDArray[np.float32]:
    """Truncated SVD of D_U^-½ R D_I^-½, the normalisation of LightGCN (He et al. 2020, eq. 3).

    Args:
        likes: bool[U, I]. Columns that are not teachable are not read.
        teachable: bool[I].
        dimensions: g; fewer where items or people are fewer.
        seed: of the randomised decomposition.

    Returns:
        float32[I, g], rows of length 1, or of 0 where an item is not teachable or has no likes.
    """
    kept = likes @ sparse.diags_array(teachable.astype(np.float64))
    people, items = (np.maximum(kept.sum(axis=axis), 1) ** -0.5 for axis in (1, 0))
    scaled = sparse.diags_array(people) @ kept @ sparse.diags_array(items)
    return _reduced(sparse.csr_array(scaled.T), dimensions, seed)


def _reduced(matrix: sparse.csr_array, dimensions: int, seed: int) -> NDArray[np.float32]:
    if matrix.shape[1] < 2:
        return np.asarray(normalize(matrix).toarray(), dtype=np.float32)
    fitting = max(min(dimensions, min(matrix.shape) - 1), 1)
    reduced = TruncatedSVD(fitting, random_state=seed).fit_transform(matrix)
    rows: NDArray[np.float32] = normalize(reduced).astype(np.float32)
    return rows
