"""Kernels of a graph network that nobody trained, over any associations."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tastegraph.models.graph_network.kernel import NetworkKernel
from tastegraph.profiles.association import Associations


def random_path_kernel(
    rng: np.random.Generator,
    left: NDArray[np.float32],
    right: NDArray[np.float32],
    associations: Associations,
    heads: int = 2,
) -> NetworkKernel:
    """A kernel of these sides, in which text and every feature have a random portion."""
    strength, width = associations.strength, right.shape[1]
    weights = rng.uniform(0.1, 1, strength.nnz).astype(np.float32)
    nodes, senders = np.unique(associations.node, return_inverse=True)
    return NetworkKernel(
        left,
        right,
        text=(rng.normal(size=right.shape) / 4).astype(np.float16),
        features=sparse.csr_array((weights, strength.indices, strength.indptr), strength.shape),
        messages=(rng.normal(size=(len(nodes), width)) / 4).astype(np.float16),
        senders=senders.astype(np.int32),
        scale=rng.uniform(0.5, 1, (len(right), heads)).astype(np.float32),
    )
