"""Closed-form filters: item–item kernels from co-engagement, knowledge and text."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tastegraph.core.arrays import CSR
from tastegraph.profiles.association import Associations

Floats32 = NDArray[np.float32]
DENSE_ITEMS = 10_000
"""Up to this many items EASE is used: its table then takes 400 MB, and its inverse a minute."""
NEIGHBOURS = 2_000
"""So many neighbours of an item are kept where they are counted, and ``BLOCK`` items at a time."""
BLOCK = 4_096
SAMPLED_PAIRS = 200_000
LEAST_WEIGHT = 0.05


def gram(user_items: CSR, groups: CSR | None = None) -> NDArray[np.float64]:
    """How many people like both of two items, float64[I, I]: XᵀX + GᵀG.

    A group of items that share a feature counts as one more person, who likes them all (CEASE,
    Jeunen et al. 2020).

    Args:
        user_items: CSR[U, I], X.
        groups: bool CSR[F, I], G.
    """
    people = [user_items] if groups is None else [user_items, groups]
    x = sparse.csr_array(sparse.vstack(people, format="csr"), dtype=np.float32)
    return np.asarray(sparse.csr_array(x.T @ x).toarray(), dtype=np.float64)


def ease(gram: NDArray[np.float64], regularisation: float) -> Floats32:
    """EASE, float32[I, I] (Steck 2019, eq. 8): B = I − P · diag(1 / diag P), P = (XᵀX + λI)⁻¹.

    Args:
        gram: float64[I, I], XᵀX.
        regularisation: λ.
    """
    regularised = gram.copy()
    regularised[np.diag_indices_from(gram)] += regularisation
    inverse = _inverse(regularised)
    table = -inverse / np.diag(inverse)
    np.fill_diagonal(table, 0.0)
    return table.astype(np.float32)


def _inverse(gram: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of a positive definite matrix, by its Cholesky factor: half the work of a general one."""
    from scipy.linalg import lapack

    factor, fault = lapack.dpotrf(gram, lower=True, overwrite_a=True)
    if fault:
        raise np.linalg.LinAlgError(f"the matrix is not positive definite at row {fault}")
    half, _ = lapack.dpotri(factor, lower=True, overwrite_c=True)
    lower = np.tril(half)
    return np.asarray(lower + np.tril(lower, -1).T, dtype=np.float64)


def co_engagement(user_items: CSR, source: float, person: float, target: float) -> CSR:
    """Who likes one item likes another, float32 CSR[I, I]: D^(-s) Xᵀ Dᵤ^(-p) X D^(-t).

    D and Dᵤ are the likes of each item and of each person. (½, 0, ½) is the cosine of ItemKNN,
    (1, 1, β) is RP³β (Paudel et al. 2016), two steps of a random walk damped by popularity. Of
    what goes with an item the strongest :data:`NEIGHBOURS` are kept.

    Args:
        user_items: CSR[U, I].
        source: s, how much a popular item of a history says less.
        person: p, how much a busy person says less.
        target: t, how much a popular item is held back.
    """
    x = user_items.astype(np.float32)
    of_item = np.maximum(np.bincount(x.indices, minlength=x.shape[1]), 1).astype(np.float32)
    of_person = np.maximum(np.diff(x.indptr), 1).astype(np.float32)
    right = _scaled(x, of_person**-person, of_item**-target)
    left = sparse.csr_array(_scaled(x, np.ones_like(of_person), of_item**-source).T)
    blocks = [
        _strongest(
            _without_diagonal(sparse.csr_array(left[start : start + BLOCK] @ right), start),
            NEIGHBOURS,
        )
        for start in range(0, x.shape[1], BLOCK)
    ]
    return sparse.csr_array(sparse.vstack(blocks, format="csr"))


def item_knn(user_items: CSR, neighbours: int) -> CSR:
    """Cosine of co-engagement, float32 CSR[I, I]; for each target its nearest alone."""
    x = user_items.astype(np.float32)
    norm = np.sqrt(np.maximum(np.bincount(x.indices, minlength=x.shape[1]), 1)).astype(np.float32)
    x = sparse.csr_array((x.data / norm[x.indices], x.indices, x.indptr), shape=x.shape)
    similar = _without_diagonal(sparse.csr_array(x.T @ x))
    return sparse.csr_array(_strongest(similar, neighbours).T)


def kind_weights(associations: Associations, user_items: CSR, seed: int) -> Floats32:
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
    pairs = rng.integers(0, len(enough), size=(2, SAMPLED_PAIRS))
    if len(enough) ** 2 // 2 <= SAMPLED_PAIRS:
        pairs = np.stack(np.triu_indices(len(enough), 1))
    first, second = enough[pairs[:, pairs[0] != pairs[1]]]

    by_item = sparse.csr_array(user_items.astype(np.float32).T)
    unit = unit_rows(associations.strength)
    target = np.empty(len(first))
    design = np.ones((len(first), n_kinds + 1))
    for start in range(0, len(first), BLOCK):
        block = slice(start, start + BLOCK)
        one, other = first[block], second[block]
        together = np.asarray(by_item[one].multiply(by_item[other]).sum(axis=1)).reshape(-1)
        target[block] = together / np.sqrt(popularity[one] * popularity[other])
        shared = sparse.csr_array(unit[one].multiply(unit[other]))
        cell = np.repeat(np.arange(len(one)), np.diff(shared.indptr)) * n_kinds
        cell += associations.kind[shared.indices]
        sums = np.bincount(cell, shared.data, minlength=len(one) * n_kinds)
        design[block, :-1] = sums.reshape(-1, n_kinds)
    weights = nnls(design, target)[0][:-1]
    top = weights.max(initial=0.0)
    weights = weights / top if top > 0 else np.ones(n_kinds)
    return np.maximum(weights, LEAST_WEIGHT).astype(np.float32)


def knowledge_features(associations: Associations, weights: Floats32) -> CSR:
    """float32 CSR[I, features], rows of length 1: strength · √(weight of the feature's kind).

    The pattern of entries is that of ``associations.strength``, explicit zeros included.

    Args:
        associations: the ties.
        weights: float32[kinds], from :func:`kind_weights`.
    """
    strength = associations.strength
    values = strength.data * np.sqrt(weights)[associations.kind[strength.indices]]
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


def _scaled(matrix: CSR, rows: Floats32, columns: Floats32) -> CSR:
    scale = np.repeat(rows, np.diff(matrix.indptr)) * columns[matrix.indices]
    parts = (matrix.data * scale, matrix.indices, matrix.indptr)
    return sparse.csr_array(parts, shape=matrix.shape)


def _strongest(matrix: CSR, most: int) -> CSR:
    for row in np.flatnonzero(np.diff(matrix.indptr) > most):
        values = matrix.data[matrix.indptr[row] : matrix.indptr[row + 1]]
        values[np.argpartition(-values, most)[most:]] = 0
    matrix.eliminate_zeros()
    return matrix


def _without_diagonal(matrix: CSR, first: int = 0) -> CSR:
    """Of a matrix whose first row is that of item ``first``."""
    rows = np.repeat(np.arange(first, first + matrix.shape[0]), np.diff(matrix.indptr))
    matrix.data[rows == matrix.indices] = 0
    matrix.eliminate_zeros()
    return matrix
