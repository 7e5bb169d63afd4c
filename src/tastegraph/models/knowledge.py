"""The knowledge component: items by what stored facts say of both.

An interest graph (what the items of a history are tied to) is matched with a content graph (what an
item is tied to): K = F Fᵀ, F the ties of items to features, each weighted by how much facts of its
relation say about who likes what.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tastegraph.core.arrays import CSR
from tastegraph.models.base import KNOWLEDGE, Arrays, SimilarityComponent
from tastegraph.models.kernels import FeatureKernel
from tastegraph.profiles.association import Associations
from tastegraph.profiles.attention import Attention

if TYPE_CHECKING:
    from tastegraph.models.new_items import Growth
    from tastegraph.models.training_data import TrainingData

Floats32 = NDArray[np.float32]
MAX_PAIRS = 200_000
"""Item pairs that the weights of relations are fitted to."""
BLOCK_PAIRS = 4_096
MIN_WEIGHT = 0.05


class Knowledge(SimilarityComponent):
    """The match of an interest graph with a content graph, feature by feature."""

    name = KNOWLEDGE
    reason = "knowledge"
    expected = True
    ranks_new_items = True
    compares_features = True
    served_prefix = "associations."

    kernel: FeatureKernel

    @classmethod
    def similarity(cls, arrays: Arrays, params: Any, data: TrainingData) -> FeatureKernel | None:
        """F Fᵀ; ``None`` where nothing is stated."""
        return FeatureKernel(data.ties) if data.ties.nnz else None

    def served_arrays(self) -> Arrays:
        """Weighted ties; their pattern is that of the associations, which a snapshot holds."""
        return {"features": self.kernel.features.data}

    @classmethod
    def grown(cls, arrays: Arrays, growth: Growth) -> Arrays:
        """The ties of new items behind those of the others."""
        return {"features": np.concatenate([arrays["features"], growth.ties.data])}

    @classmethod
    def served_features(cls, arrays: Arrays) -> CSR:
        """float32 CSR[I, features], the weighted ties of a snapshot."""
        own = cls.served_view(arrays)
        shape = len(own["indptr"]) - 1, len(own["node"])
        parts = own["features"], own["indices"], own["indptr"]
        return sparse.csr_array(parts, shape=shape, copy=False)

    @classmethod
    def open(cls, arrays: Arrays, attention: Attention, rows: NDArray[np.int64]) -> Knowledge:
        """The weighted ties as they were."""
        return cls(attention, FeatureKernel(cls.served_features(arrays)))


def relation_weights(associations: Associations, user_items: CSR, seed: int) -> Floats32:
    """How much each (relation, direction) says about who likes what, float32[kinds], max 1.

    Non-negative least squares of the co-engagement cosine of item pairs on their knowledge
    similarity, one regressor for each kind and an intercept; over all pairs of items with at
    least five likes, or a seeded sample of them. No kind falls below 5 % of the strongest: what
    is asserted may always speak, if only for an item that nothing else speaks for.
    """
    # Not above: the service never needs it, and would wait a quarter of a second for it.
    from scipy.optimize import nnls

    n_kinds = int(associations.kind.max(initial=-1)) + 1
    popularity = np.bincount(user_items.indices, minlength=user_items.shape[1])
    enough = np.flatnonzero(popularity >= 5)
    if not n_kinds or len(enough) < 2:
        return np.ones(n_kinds, dtype=np.float32)
    rng = np.random.default_rng(seed)
    pairs = rng.integers(0, len(enough), size=(2, MAX_PAIRS))
    if len(enough) ** 2 // 2 <= MAX_PAIRS:
        pairs = np.stack(np.triu_indices(len(enough), 1))
    first, second = enough[pairs[:, pairs[0] != pairs[1]]]

    by_item = sparse.csr_array(user_items.astype(np.float32).T)
    unit = unit_rows(associations.strength)
    target = np.empty(len(first))
    design = np.ones((len(first), n_kinds + 1))
    for start in range(0, len(first), BLOCK_PAIRS):
        block = slice(start, start + BLOCK_PAIRS)
        left, right = first[block], second[block]
        together = np.asarray(by_item[left].multiply(by_item[right]).sum(axis=1)).reshape(-1)
        target[block] = together / np.sqrt(popularity[left] * popularity[right])
        shared = sparse.csr_array(unit[left].multiply(unit[right]))
        cell = np.repeat(np.arange(len(left)), np.diff(shared.indptr)) * n_kinds
        cell += associations.kind[shared.indices]
        sums = np.bincount(cell, shared.data, minlength=len(left) * n_kinds)
        design[block, :-1] = sums.reshape(-1, n_kinds)
    weights = nnls(design, target)[0][:-1]
    top = weights.max(initial=0.0)
    weights = weights / top if top > 0 else np.ones(n_kinds)
    return np.maximum(weights, MIN_WEIGHT).astype(np.float32)


def knowledge_features(associations: Associations, weights: Floats32) -> CSR:
    """float32 CSR[I, features], rows of length 1: strength · √(weight of the feature's kind).

    The pattern of entries is that of ``associations.strength``, explicit zeros included.

    Args:
        associations: the ties.
        weights: float32[kinds], from :func:`relation_weights`.
    """
    return weighted(associations.strength, associations.kind, weights)


def weighted(strength: CSR, kind: NDArray[np.int32], weights: Floats32) -> CSR:
    """float32 CSR[n, features], rows of length 1: strength · √(weight of the feature's kind).

    Args:
        strength: CSR[n, features].
        kind: int32[features], of :attr:`~tastegraph.profiles.association.Associations.kind`.
        weights: float32[kinds].
    """
    values = strength.data * np.sqrt(weights)[kind[strength.indices]]
    return unit_rows(
        sparse.csr_array((values, strength.indices, strength.indptr), shape=strength.shape)
    )


def unit_rows(matrix: CSR) -> CSR:
    """Every row divided by its Euclidean length; empty rows stay empty."""
    return _divided(matrix, np.sqrt(_row_sums(matrix, matrix.data.astype(np.float64) ** 2)))


def rows_to_one(matrix: CSR) -> CSR:
    """Every row divided by its sum; empty rows stay empty."""
    return _divided(matrix, _row_sums(matrix, matrix.data))


def _row_sums(matrix: CSR, values: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    sums = np.bincount(rows, values, minlength=matrix.shape[0])
    return np.asarray(sums, dtype=np.float64)


def _divided(matrix: CSR, lengths: NDArray[np.float64]) -> CSR:
    scale = np.repeat(np.where(lengths > 0, lengths, 1.0), np.diff(matrix.indptr))
    data = (matrix.data / scale).astype(np.float32)
    return sparse.csr_array((data, matrix.indices, matrix.indptr), shape=matrix.shape)
