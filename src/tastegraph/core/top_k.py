"""Top-k lists: the best items of each row of scores, and what a hit in a list counts."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.arrays import CSR, Floats, Ints, pair_keys

SAMPLE_SIZE = 16_384
"""Scores that a threshold is taken from, at least, where there are so many."""
_LOW_BITS = np.uint64(0xFFFFFFFF)


def top_k(scores: Floats, mask: CSR | None, k: int) -> NDArray[np.int32]:
    """Return the ``k`` best items of each row, best first, int32[U, k].

    Equal scores are ordered by lower item index, so the answer does not depend on the machine.
    Masked items and items scored −inf are never returned; missing places hold −1.

    Each score and its index are packed into one 64-bit integer whose order is the wanted one, so
    that a plain partition (linear time) decides ties as well.

    Args:
        scores: float32[U, I]; other types are rounded to float32.
        mask: CSR[U, I], non-zero where an item must not be returned (seen before).
        k: at least 1.

    Raises:
        ValueError: a score is nan, the shapes differ, or ``k`` < 1.
    """
    if scores.ndim != 2 or k < 1:
        raise ValueError(f"scores must be [U, I] and k ≥ 1: {scores.shape} and {k} found")
    if mask is not None and mask.shape != scores.shape:
        raise ValueError(f"mask {mask.shape} and scores {scores.shape} differ in shape")
    keys = _ordered_keys(scores)
    if mask is not None:
        keys.reshape(-1)[pair_keys(mask)] = 0
    n_users, n_items = scores.shape
    width = min(k, n_items)
    if width < n_items:
        keys.partition(n_items - width, axis=1)
        keys = keys[:, n_items - width :]
    keys.sort(axis=1)
    best = keys[:, ::-1]
    top = np.full((n_users, k), -1, dtype=np.int32)
    top[:, :width] = np.where(best > 0, (_LOW_BITS - (best & _LOW_BITS)).astype(np.int64), -1)
    return top


def top_k_blocks(
    score: Callable[[NDArray[np.int64]], Floats],
    n_users: int,
    mask: CSR | None,
    k: int,
    block: int = 512,
) -> NDArray[np.int32]:
    """Return :func:`top_k` for all users, scoring ``block`` of them at a time; int32[U, k].

    Args:
        score: takes user rows int64[B], gives float32[B, I].
        n_users: U; rows 0 … U−1 are scored in order.
        mask: CSR[U, I] or ``None``.
        k: length of the lists.
        block: users scored at once; bounds memory at about ``20 * block * I`` bytes.

    Raises:
        ValueError: as in :func:`top_k`.
    """
    top = np.full((n_users, k), -1, dtype=np.int32)
    for start in range(0, n_users, block):
        rows = np.arange(start, min(start + block, n_users), dtype=np.int64)
        seen = None if mask is None else mask[start : start + len(rows)]
        top[rows] = top_k(score(rows), seen, k)
    return top


def best_rows(scores: NDArray[np.float32], size: int) -> NDArray[np.int64]:
    """The rows of the ``size`` highest scores, int64[n], in no order; of ties at the end any.

    Rows scored −inf are never among them. A threshold that a sample of the scores gives leaves few
    rows to be compared.

    Args:
        scores: float32[I], without nan.
        size: at least 1.
    """
    step = len(scores) // SAMPLE_SIZE
    rows = np.arange(len(scores))
    if step > 1 and size < len(scores) // 8:
        sample = scores[::step]
        place = min(2 * size // step + 20, len(sample))
        threshold = np.partition(sample, len(sample) - place)[len(sample) - place]
        above = np.flatnonzero(scores >= threshold)
        rows = above if len(above) >= size else rows
    if size < len(rows):
        values = scores[rows]
        rows = rows[np.argpartition(values, len(rows) - size)[len(rows) - size :]]
    return rows[scores[rows] > -np.inf]


def best_first(scores: NDArray[np.float32], size: int) -> NDArray[np.int64]:
    """The rows of the ``size`` highest scores, int64[n], best first, of ties the lower row first.

    Rows scored −inf are never among them.

    Args:
        scores: float32[I], without nan.
        size: at least 0.
    """
    rows = best_rows(scores, size) if size > 0 else np.zeros(0, dtype=np.int64)
    if not len(rows):
        return rows
    rows = np.flatnonzero(scores >= scores[rows].min())
    return rows[np.argsort(-scores[rows], kind="stable")][:size]


def rank_discount(ranks: Ints) -> NDArray[np.float64]:
    """What a hit at a rank, from 1, adds to the DCG of a list: 1 / log₂(rank + 1).

    Järvelin & Kekäläinen, TOIS 2002, with binary gain.
    """
    return np.asarray(1 / np.log2(ranks + 1), dtype=np.float64)


def ideal_dcg(n_relevant: Ints, k: int) -> NDArray[np.float64]:
    """The DCG of the best list of length ``k`` for users with so many relevant items, float64[U].

    Args:
        n_relevant: int[U]; 0 gives 0.
        k: at least 1.
    """
    by_hits = np.concatenate([[0.0], np.cumsum(rank_discount(np.arange(1, k + 1)))])
    return by_hits[np.minimum(n_relevant, k)]


def _ordered_keys(scores: Floats) -> NDArray[np.uint64]:
    """Pack score and item into uint64[U, I]: higher score first, then lower index; 0 for −inf."""
    values = scores.astype(np.float32)
    if np.isnan(values).any():
        raise ValueError(f"{int(np.isnan(values).sum())} scores are nan")
    values += 0  # −0 and 0 are one score
    bits = values.view(np.uint32)
    bits ^= np.where(bits >> 31, np.uint32(0xFFFFFFFF), np.uint32(0x80000000))
    keys = bits.astype(np.uint64)
    keys <<= np.uint64(32)
    keys |= _LOW_BITS - np.arange(scores.shape[1], dtype=np.uint64)
    keys[scores == -np.inf] = 0
    return keys
