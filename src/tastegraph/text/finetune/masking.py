"""Which tokens a model is asked to predict, and what it sees in their place."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tastegraph.text.finetune.pieces import SPECIAL

MASKED, REPLACED = 0.8, 0.1
"""Shares of the chosen that are masked and replaced; the others stay (Devlin et al. 2019, A.1)."""


def choose(units: NDArray[np.int64], share: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    """bool[n]: tokens to predict, whole units drawn at random until they are ``share`` of those
    that may be predicted, and at least one. The last unit may go beyond that by less than its
    length."""
    numbers, sizes = np.unique(units[units != SPECIAL], return_counts=True)
    wanted = max(round(share * sizes.sum()), 1)
    order = rng.permutation(len(numbers))
    taken = order[: np.searchsorted(np.cumsum(sizes[order]), wanted) + 1]
    return np.isin(units, numbers[taken])


def hide(
    ids: NDArray[np.int64],
    units: NDArray[np.int64],
    chosen: NDArray[np.bool_],
    mask: int,
    words: NDArray[np.int64],
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """int64[n]: ``ids`` with the chosen units masked, replaced by ``words`` or left, each unit as
    one, so that no part of a name gives the rest away."""
    numbers, unit = np.unique(units[chosen], return_inverse=True)
    fate = rng.random(len(numbers))[unit]
    drawn = rng.choice(words, len(fate))
    seen = ids.copy()
    seen[chosen] = np.select([fate < MASKED, fate < MASKED + REPLACED], [mask, drawn], ids[chosen])
    return seen


def permute(chosen: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.bool_]:
    """bool[n, n]: whether token i may not see token j, for a random order of the chosen ones, which
    come after all others (Yang et al. 2019, §2.2 and §2.3)."""
    rank = np.full(len(chosen), -1)
    rank[chosen] = rng.permutation(int(chosen.sum()))
    return chosen & (rank[:, None] <= rank)
