"""From what is known of an item to how people engage with it, in closed form.

A new item has no events, but it has features x. Ridge regression maps them to what the features of
warm items say of engagement (Gantner et al. 2010, Learning attribute-to-feature mappings for
cold-start recommendations), and so a kernel comes out that compares any two items:

    K[i, j] = tᵢ · B xⱼ,     B = argmin Σ over warm w of ‖t_w − B x_w‖² + λ‖B‖²

tᵢ is what engagement says of the history's item: its collaborative factors, or, at full rank, its
column of likes, each over √popularity, so that tᵢ · t_w is the co-engagement cosine. That is never
formed: it stays a product of factors.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tastegraph.core.arrays import CSR, without_rounding

FEWEST, MOST = 512, 2_048
CELLS = 25_000_000
"""Of features, after compression, within ``FEWEST`` and ``MOST`` an item: words lose much in few
dimensions, and a large catalogue has room for few."""
COLUMNS = 64
ITERATIONS = 3
LEAST = 1e-9
OVERSAMPLED = 8
SEED = 1
"""Of the random projection that starts the decomposition; the result hardly depends on it."""

Floats32 = NDArray[np.float32]


@dataclass(frozen=True)
class Target:
    """What features are mapped to.

    Attributes:
        rank: collaborative factors; ``None`` for the whole co-engagement cosine.
        regularisation: λ.
    """

    rank: int | None
    regularisation: float


@dataclass(frozen=True)
class Compressed:
    """Features in few dimensions: ``rows`` = F Fᵀ ``loadings``, whose products are nearly F Fᵀ.

    Attributes:
        rows, loadings: float32[I, d].
    """

    rows: Floats32
    loadings: Floats32


@dataclass(frozen=True)
class Map:
    """K[i, j] = left[i] · matrixᵀ x_j.

    Attributes:
        left: float32[I, r].
        matrix: float32[d, r]; ``None`` for the identity.
    """

    left: Floats32
    matrix: Floats32 | None

    def of(self, features: Floats32) -> Floats32:
        """float32[n, r]: the side of the target, from float32[n, d]."""
        return features if self.matrix is None else features @ self.matrix


def compressed(features: CSR, dimensions: int | None = None) -> Compressed:
    """The truncated singular value decomposition U Σ of CSR[I, F].

    From F Fᵀ itself where d is all it has; else by subspace iteration on it from a random start
    (Halko et al. 2011, alg. 4.4), so that nothing of features × d is orthogonalised. d is
    ``dimensions``, or as many as there is room for, or what the matrix has.
    """
    dimensions = dimensions or min(max(CELLS // max(features.shape[0], 1), FEWEST), MOST)
    rank = min(dimensions + OVERSAMPLED, *features.shape)
    if not features.data.any():
        nothing = np.zeros((features.shape[0], 1), dtype=np.float32)
        return Compressed(nothing, nothing)
    transposed = sparse.csr_array(features.T)
    if rank == features.shape[0]:
        gram = (features @ transposed).toarray().astype(np.float64)
        squares, rotation = _spectrum(gram, dimensions)
        loadings = np.asarray(rotation / np.sqrt(squares), np.float32)
        return Compressed(np.asarray(gram @ loadings, np.float32), loadings)
    basis = np.random.default_rng(SEED).standard_normal((features.shape[0], rank))
    for _ in range(ITERATIONS):
        basis = _orthonormal(features @ (transposed @ basis))
    seen = transposed @ basis
    squares, rotation = _spectrum(seen.T @ seen, dimensions)
    loadings = np.asarray(basis @ (rotation / np.sqrt(squares)), np.float32)
    return Compressed(np.asarray(features @ (transposed @ loadings), np.float32), loadings)


def _spectrum(
    gram: NDArray[np.float64], most: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The largest eigenvalues of a Gram matrix, ``most`` of those that are not 0; their vectors."""
    values, vectors = np.linalg.eigh(gram)
    kept = values > LEAST * max(float(values[-1]), LEAST)
    kept[: max(len(kept) - most, 0)] = False
    return values[kept], vectors[:, kept]


def _orthonormal(columns: NDArray[np.float64]) -> NDArray[np.float64]:
    """float64[I, k]: the same space by k ≤ d orthonormal columns, through its small Gram matrix.

    By its Cholesky factor; where columns depend on one another, by what is left of its spectrum.
    """
    gram = columns.T @ columns
    try:
        root = np.linalg.cholesky(gram)
        if np.diag(root).min() ** 2 > LEAST * np.diag(root).max() ** 2:
            from scipy.linalg import solve_triangular

            return np.asarray(solve_triangular(root, columns.T, lower=True).T)
    except np.linalg.LinAlgError:
        pass
    squares, rotation = np.linalg.eigh(gram)
    kept = squares > LEAST * squares[-1]
    return np.asarray(columns @ (rotation[:, kept] / np.sqrt(squares[kept])))


def text_features(vectors: Floats32, words: CSR) -> Floats32:
    """float32[I, d], rows whose products are nearly cosine of vectors plus cosine of words.

    Args:
        vectors: float32[I, t], zero rows where there is no text; their mean is taken off, since
            what all texts share tells none from another (Mu & Viswanath 2018).
        words: float32 CSR[I, V], unit rows.
    """
    if not vectors.any():
        return compressed(words).rows
    apart = centred(vectors)
    if not words.nnz:
        return apart
    return compressed(sparse.csr_array(sparse.hstack([sparse.csr_array(apart), words]))).rows


def centred(vectors: Floats32) -> Floats32:
    """float32[I, t]: unit rows without what all of them share; rows of zeros stay zeros.

    So does a row of which rounding alone is left, as where all texts are the same.
    """
    told = vectors.any(axis=1)
    apart = np.zeros_like(vectors)
    if told.any():
        mean = vectors[told].mean(axis=0, keepdims=True)
        apart[told] = without_rounding(vectors[told] - mean, np.abs(vectors[told]) + np.abs(mean))
    apart /= np.maximum(np.linalg.norm(apart, axis=1, keepdims=True), 1e-12)
    return apart


@dataclass(frozen=True)
class Ridge:
    """Features of items, and the engagement that they are mapped to.

    Attributes:
        features: float32[I, d].
        user_items: CSR[U, I]; items with a like are warm.
    """

    features: Floats32
    user_items: CSR
    _by_rank: dict[int, Floats32] = field(default_factory=dict, repr=False)

    def on(self, features: Floats32) -> Ridge:
        """Other features of the same items, mapped to the same engagement."""
        return replace(self, features=features)

    def map(self, target: Target) -> Map | None:
        """The map of the module's formula, or ``None`` where nothing can be mapped."""
        from scipy.linalg import cho_factor, cho_solve

        if not len(self._warm) or not self.features.any():
            return None
        gram = self._gram.copy()
        gram[np.diag_indices_from(gram)] += target.regularisation
        factor = cho_factor(gram, lower=True, overwrite_a=True)
        if target.rank is None:
            return Map(cho_solve(factor, self._engaged.T).T.astype(np.float32), None)
        factors = self._factors(target.rank)
        matrix = cho_solve(factor, self.features[self._warm].T @ factors[self._warm])
        return Map(factors, matrix.astype(np.float32))

    @cached_property
    def _popularity(self) -> NDArray[np.int64]:
        return np.bincount(self.user_items.indices, minlength=self.user_items.shape[1])

    @property
    def _warm(self) -> NDArray[np.int64]:
        return np.flatnonzero(self._popularity)

    @cached_property
    def _gram(self) -> Floats32:
        known = self.features[self._warm]
        return known.T @ known

    @cached_property
    def _engaged(self) -> Floats32:
        """float32[I, d]: the co-engagement cosine times F, some columns at a time."""
        scale = np.maximum(self._popularity, 1).astype(np.float32) ** -0.5
        x = sparse.csr_array(self.user_items.astype(np.float32) @ sparse.diags_array(scale))
        transposed = sparse.csr_array(x.T)
        found = np.empty_like(self.features)
        for start in range(0, found.shape[1], COLUMNS):
            block = slice(start, start + COLUMNS)
            found[:, block] = transposed @ (x @ self.features[:, block])
        return found

    def _factors(self, rank: int) -> Floats32:
        if rank not in self._by_rank:
            self._by_rank[rank] = collaborative_factors(self.user_items, rank)
        return self._by_rank[rank]


def completed(learned: Floats32, known: NDArray[np.bool_], features: Floats32) -> Floats32:
    """``learned`` (float32[I, r]), and where not ``known`` (bool[I]) what ridge makes of features.

    Args:
        learned: vectors of the items that were there when they were learned.
        known: which those are.
        features: float32[I, d].
    """
    if known.all() or not known.any() or not learned.any():
        return learned
    seen = features[known].astype(np.float64)
    gram = seen.T @ seen
    gram[np.diag_indices_from(gram)] += 1.0
    matrix = np.linalg.solve(gram, seen.T @ learned[known])
    return np.where(known[:, None], learned, features @ matrix.astype(np.float32))


def collaborative_factors(user_items: CSR, rank: int) -> Floats32:
    """float32[I, r]: right singular vectors of D_u^(-½) X D_i^(-½), scaled by √σ.

    Items without events have rows of zeros.
    """
    x = user_items.astype(np.float64)
    by_user = np.maximum(np.diff(user_items.indptr), 1) ** -0.5
    by_item = np.maximum(np.bincount(user_items.indices, minlength=user_items.shape[1]), 1) ** -0.5
    normal = sparse.csr_array(sparse.diags_array(by_user) @ x @ sparse.diags_array(by_item))
    rows = compressed(sparse.csr_array(normal.T), rank).rows
    values = np.linalg.norm(rows, axis=0)
    return np.asarray(rows / np.sqrt(np.maximum(values, LEAST)), dtype=np.float32)
