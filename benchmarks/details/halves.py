"""A setting chosen on one half of the users and judged on the other, then the other way round."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.arrays import Bools

PerUser = NDArray[np.float64]


def halves(n_users: int) -> tuple[Bools, Bools]:
    """bool[U] twice: a seeded half of the users, and the others."""
    half = np.random.default_rng(1).permutation(n_users) % 2 == 0
    return half, ~half


def cross_chosen(values: Sequence[PerUser]) -> tuple[PerUser, list[int]]:
    """What each user gets by the setting that is best for the other half.

    Args:
        values: of each setting, float64[U].

    Returns:
        float64[U], and the setting that each half chose: the first of equals.
    """
    result, settings = np.empty_like(values[0]), []
    for half in halves(len(values[0])):
        settings.append(int(np.argmax([of_setting[half].mean() for of_setting in values])))
        result[~half] = values[settings[-1]][~half]
    return result, settings


def gain(values: PerUser, today: PerUser) -> dict[str, Any]:
    """Mean of a paired difference over users, and its standard error."""
    difference = values - today
    return {
        "gain": float(difference.mean()),
        "error": float(difference.std() / np.sqrt(len(difference))),
    }
