"""The split that every peer learns from, chooses on and recommends for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray

Lists = NDArray[np.int32]
"""int32[U, k]: item ids, best first, padded with −1."""


@dataclass(frozen=True, slots=True)
class Split:
    """One set, and how many items to list for each of its users.

    Attributes:
        train, valid: int64[n, 2], rows of (user, item).
        order: float64[n], the third column of train: what came before what.
        n_users, n_items: one more than the largest id in any part.
    """

    folder: Path
    name: str
    train: NDArray[np.int64]
    valid: NDArray[np.int64]
    order: NDArray[np.float64]
    n_users: int
    n_items: int
    k: int

    def matrix(self, *parts: NDArray[np.int64]) -> sp.csr_matrix:
        """CSR float32[U, I], 1 where a pair is in one of ``parts``."""
        users, items = np.concatenate(parts).T
        ones = np.ones(len(users), dtype=np.float32)
        matrix = sp.csr_matrix((ones, (users, items)), shape=(self.n_users, self.n_items))
        matrix.data[:] = 1
        return matrix

    @property
    def width(self) -> int:
        """How many items to list so that ``k`` are left when the validation items go."""
        return self.k + int(np.bincount(self.valid[:, 0]).max(initial=0))

    def ndcg(self, lists: Lists, cutoff: int = 10) -> float:
        """NDCG over the users with validation items, by which all choose."""
        users, counts = np.unique(self.valid[:, 0], return_counts=True)
        hit = _listed(lists[users, :cutoff], self.matrix(self.valid)[users])
        gains = 1 / np.log2(np.arange(2, cutoff + 2))
        ideal = np.cumsum(gains)[np.minimum(counts, cutoff) - 1]
        return float((hit @ gains[: hit.shape[1]] / ideal).mean())

    def unseen(self, lists: Lists) -> Lists:
        """The first ``k`` of each list, int32[U, width], that are no validation items."""
        known = _listed(lists, self.matrix(self.valid))
        order = np.argsort(known, axis=1, kind="stable")[:, : self.k]
        unknown = np.take_along_axis(np.where(known, -1, lists), order, axis=1)
        return unknown.astype(np.int32)


def read(folder: Path, k: int) -> Split:
    """Read the one set that ``folder`` holds as atomic files."""
    (file,) = folder.glob("*.train.inter")
    name = file.name.removesuffix(".train.inter")
    train, valid, test = (
        np.loadtxt(folder / f"{name}.{part}.inter", skiprows=1, usecols=(0, 1, 2), ndmin=2)
        for part in ("train", "valid", "test")
    )
    n_users, n_items = np.concatenate([train, valid, test])[:, :2].max(axis=0).astype(int) + 1
    pairs = [part[:, :2].astype(np.int64) for part in (train, valid)]
    return Split(folder, name, *pairs, train[:, 2], int(n_users), int(n_items), k)


def _listed(lists: Lists, items: sp.csr_matrix) -> NDArray[np.bool_]:
    rows = np.arange(len(lists))[:, None]
    return (items[rows, np.maximum(lists, 0)].toarray() > 0) & (lists >= 0)
