"""Weighted matrix factorisation (Hu, Koren & Volinsky 2008), whose people are functions of history.

Vectors p of people and h of items minimise

    Σ_liked (1 − p·h)² + α Σ_all (p·h)² + λ (Σ |p|² + Σ |h|²)

by turns. Once the items' are found, a person is what the history makes of them, and with
v = L⁻¹ h, L Lᵀ = α HᵀH + λI, a score is a sum over the events t of the history again:

    p·hᵢ = Σₜ aₜ vₜ·vᵢ,  a = (I + V Vᵀ)⁻¹ 1  over the rows V of the history,

an attention that counts once what several events say
(:class:`tastegraph.profiles.attention.Distinct`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.linalg import solve_triangular

from tastegraph.arrays import CSR

Vectors = NDArray[np.float32]
DIMENSIONS = 128
SWEEPS = 8
"""So often people and items are found by turns."""
_CELLS = 1 << 22
"""Rows that are solved together hold at most so many numbers."""


@dataclass(frozen=True)
class Factorisation:
    """How events are factorised.

    Attributes:
        unobserved: α > 0, how much what nobody did counts against.
        regularisation: λ > 0.
    """

    unobserved: float
    regularisation: float

    def items(
        self, sets: CSR, seed: int, start: Vectors | None = None, sweeps: int = SWEEPS
    ) -> Vectors:
        """H, float32[I, d], of sets (CSR[S, I]) of items that belong together, as somebody's likes.

        Args:
            sets: one row for each person or group.
            seed: of the vectors to start from.
            start: these instead, float32[I, d].
            sweeps: how often people and items are found by turns.
        """
        items = start
        if items is None:
            shape = (sets.shape[1], DIMENSIONS)
            drawn = np.random.default_rng(seed).normal(0, 0.1 / np.sqrt(DIMENSIONS), shape)
            items = drawn.astype(np.float32)
        by_item = sparse.csr_array(sets.T)
        for _ in range(sweeps):
            items = self._found(by_item, self._found(sets, items))
        return items

    def comparable(self, items: Vectors) -> Vectors:
        """V, float32[I, d], from H: their products are what one event says about another item."""
        return _solved(self._root(items), items)

    def _root(self, items: Vectors) -> NDArray[np.float64]:
        gram = self.unobserved * (items.T @ items).astype(np.float64)
        gram[np.diag_indices_from(gram)] += self.regularisation
        return np.asarray(np.linalg.cholesky(gram), dtype=np.float64)

    def _found(self, rows: CSR, others: Vectors) -> Vectors:
        """float32[R, d]: the best vector of each of ``rows`` (CSR[R, N]) beside float32[N, d]."""
        root = self._root(others)
        known = _solved(root, others)
        known = np.concatenate([known, np.zeros_like(known[:1])])
        found = np.zeros((rows.shape[0], others.shape[1]), dtype=np.float32)
        for some, members in _alike(rows, others.shape[1]):
            found[some] = _explained(known[members])
        return _solved(root, found, transposed=True)


def _solved(root: NDArray[np.float64], rows: Vectors, transposed: bool = False) -> Vectors:
    """L⁻¹ x, or L⁻ᵀ x, of each row x."""
    found = solve_triangular(root, rows.T, lower=True, trans=1 if transposed else 0)
    return np.ascontiguousarray(found.T, dtype=np.float32)


def _explained(members: Vectors) -> Vectors:
    """(I + VᵀV)⁻¹ Vᵀ1 of each V in float32[R, w, d]: float32[R, d]. Rows of zeros say nothing."""
    width, dimensions = members.shape[1:]
    if width >= dimensions:
        inner = members.transpose(0, 2, 1) @ members
        _add_one(inner)
        return np.asarray(np.linalg.solve(inner, members.sum(axis=1)[..., None])[..., 0])
    inner = members @ members.transpose(0, 2, 1)
    _add_one(inner)
    attention = np.linalg.solve(inner, np.ones((*inner.shape[:2], 1), dtype=np.float32))
    return np.asarray((attention.transpose(0, 2, 1) @ members)[:, 0])


def _add_one(matrices: Vectors) -> None:
    at = np.arange(matrices.shape[1])
    matrices[:, at, at] += 1


def _alike(rows: CSR, dimensions: int) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Rows of like length and their members, int64[R] and int64[R, w]; N where there is none."""
    lengths = np.diff(rows.indptr)
    order = np.argsort(lengths, kind="stable")
    order = order[lengths[order] > 0]
    while len(order):
        most = 2 * int(lengths[order[0]])
        fitting = int(np.searchsorted(lengths[order], most, side="right"))
        some = order[: min(fitting, max(_CELLS // (most * max(dimensions, most)), 1))]
        order = order[len(some) :]
        at = np.arange(int(lengths[some[-1]]))
        cells = rows.indptr[some][:, None] + at
        there = at < lengths[some][:, None]
        members = rows.indices[np.where(there, cells, 0)].astype(np.int64)
        yield some, np.where(there, members, rows.shape[1])
