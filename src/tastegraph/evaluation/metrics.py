"""Full-ranking metrics: rank all items for every user, and score the top of each list."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.arrays import CSR, Floats, Ints, contains, pair_keys
from tastegraph.core.top_k import ideal_dcg, rank_discount


def per_user(
    top: Ints, relevant: CSR, cutoffs: Sequence[int], popularity: Ints
) -> dict[str, NDArray[np.float64]]:
    """Return each metric at each cutoff, for each user: ``{"ndcg@10": float64[U], …}``.

    With r the rank from 1, h(r) ∈ {0, 1} whether the item there is relevant, and R the number of
    relevant items of a user:

    - ``ndcg``: Σ h(r)/log₂(r+1) over the same sum for min(R, k) hits at the top
      (Järvelin & Kekäläinen, TOIS 2002, binary gain).
    - ``recall``: hits / R. ``hit``: whether there is any.
    - ``mrr``: 1 / rank of the first hit, 0 without one (Voorhees, TREC-8).
    - ``map``: Σ h(r)·precision(r) / min(R, k).
    - ``novelty``: mean of −log₂ p(i) over the listed items, p the share of training events with
      one added to each item (Zhou et al., PNAS 2010); nan for an empty list.

    A user without relevant items has nan throughout, so that every mean is over the same users.

    Args:
        top: int32[U, K], items best first, −1 where the list is shorter.
        relevant: CSR[U, I], non-zero where an item is relevant.
        cutoffs: each k in 1 … K.
        popularity: int64[I], training events of each item.

    Raises:
        ValueError: shapes disagree, a cutoff is out of range, or a list repeats an item.
    """
    n_users, n_items = relevant.shape
    _check(top, (n_users, n_items), cutoffs, popularity)
    top = top[:, : max(cutoffs)]
    ranks = np.arange(1, top.shape[1] + 1)
    listed = np.asarray(top >= 0)
    keys = pair_keys(relevant)
    cells = np.arange(n_users, dtype=np.int64)[:, None] * n_items + top
    hits = np.logical_and(listed, contains(keys, cells))
    n_relevant = np.bincount(keys // n_items, minlength=n_users)
    has_relevant = np.where(n_relevant > 0, 1.0, np.nan)
    n_relevant = np.maximum(n_relevant, 1)

    gain = np.cumsum(hits * rank_discount(ranks), axis=1)
    n_hits = np.cumsum(hits, axis=1)
    precision = np.cumsum(hits * n_hits / ranks, axis=1)
    reciprocal = np.maximum.accumulate(hits / ranks, axis=1)
    length = np.cumsum(listed, axis=1)
    surprise = -np.log2((popularity + 1) / (popularity.sum() + n_items))
    novelty = np.cumsum(np.where(listed, surprise[top], 0), axis=1) / np.maximum(length, 1)
    novelty[length == 0] = np.nan

    metrics: dict[str, NDArray[np.float64]] = {}
    for k in cutoffs:
        last, max_hits = k - 1, np.minimum(n_relevant, k)
        metrics[f"ndcg@{k}"] = has_relevant * gain[:, last] / ideal_dcg(n_relevant, k)
        metrics[f"recall@{k}"] = has_relevant * n_hits[:, last] / n_relevant
        metrics[f"mrr@{k}"] = has_relevant * reciprocal[:, last]
        metrics[f"hit@{k}"] = has_relevant * (n_hits[:, last] > 0)
        metrics[f"map@{k}"] = has_relevant * precision[:, last] / max_hits
        metrics[f"novelty@{k}"] = has_relevant * novelty[:, last]
    return metrics


def coverage(top: Ints, n_items: int, k: int) -> float:
    """Return the share of the ``n_items`` items that are in the top ``k`` of any user.

    Args:
        top: int32[U, K], −1 where a list is shorter.

    Raises:
        ValueError: ``k`` is not in 1 … K, or there are no items.
    """
    if not 1 <= k <= top.shape[1] or n_items < 1:
        raise ValueError(f"k must be in 1 … {top.shape[1]}: {k} found, of {n_items} items")
    listed = np.unique(top[:, :k])
    return int(np.count_nonzero(listed >= 0)) / n_items


def gini(counts: Floats) -> float:
    """Inequality of exposure: 0 where all items are shown equally often, near 1 where one has all.

    Args:
        counts: float64[I] ≥ 0, how often each item was shown; never-shown items included.
    """
    ordered = np.sort(np.asarray(counts, dtype=np.float64))
    total, n = ordered.sum(), len(ordered)
    if not total > 0:
        return 0.0
    return float((2 * np.arange(1, n + 1) - n - 1) @ ordered / (n * total))


def _check(top: Ints, shape: tuple[int, int], cutoffs: Sequence[int], popularity: Ints) -> None:
    n_users, n_items = shape
    if top.ndim != 2 or len(top) != n_users or popularity.shape != (n_items,):
        raise ValueError(f"top {top.shape}, popularity {popularity.shape}, relevant {shape}")
    if not cutoffs or min(cutoffs) < 1 or max(cutoffs) > top.shape[1]:
        raise ValueError(f"cutoffs must be in 1 … {top.shape[1]}: {tuple(cutoffs)} found")
    if n_items < 1 or (top.size and (top.min() < -1 or top.max() >= n_items)):
        raise ValueError(f"items must be in −1 … {n_items - 1}")
    ordered = np.sort(top, axis=1)
    if ((ordered[:, 1:] == ordered[:, :-1]) & (ordered[:, 1:] >= 0)).any():
        raise ValueError("a list repeats an item")
