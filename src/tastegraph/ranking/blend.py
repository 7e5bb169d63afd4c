"""Choosing what each part is worth, on validation data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tastegraph.progress import progress
from tastegraph.ranking.kernels import Scores

WEIGHTS = (0.0, 0.05, 0.1, 0.2, 0.4, 0.7, 1.0, 1.5, 2.5)
PASSES = 2
GAIN = 1e-4
"""A part or a weight must raise the objective by this much, or the simpler choice stays."""


@dataclass(frozen=True)
class Weighed:
    """The outcome of :func:`weigh`.

    Attributes:
        weights: part → weight.
        settings: part → index of its best setting.
        reached: the objective's value.
    """

    weights: dict[str, float]
    settings: dict[str, int]
    reached: float


def weigh(
    parts: Mapping[str, Sequence[Callable[[], Scores]]], objective: Callable[[Scores], float]
) -> Weighed:
    """Coordinate ascent over settings and weights, from the strongest part outwards.

    Args:
        parts: name → one function for each setting, giving standardised scores, float32[U, I].
        objective: higher is better.
    """
    alone = {
        name: [objective(setting()) for setting in settings] for name, settings in parts.items()
    }
    settings = {name: int(np.argmax(values)) for name, values in alone.items()}
    order = sorted(parts, key=lambda name: -max(alone[name]))
    weights = dict.fromkeys(parts, 0.0)
    weights[order[0]] = 1.0
    reached = max(alone[order[0]])
    held = {name: parts[name][settings[name]]() for name in parts}
    steps = PASSES * sum(len(parts[name]) for name in order)
    with progress("weighing the evidence", steps) as advance:
        for _ in range(PASSES):
            for name in order:
                others = sum(
                    (weights[other] * held[other] for other in parts if other != name),
                    np.zeros_like(held[name]),
                )
                for index, setting in enumerate(parts[name]):
                    scores = setting()
                    weight, value = _best_weight(others, scores, objective)
                    if value > reached + GAIN:
                        reached, weights[name], settings[name] = value, weight, index
                        held[name] = scores
                    advance(1)
    return Weighed(weights, settings, reached)


def _best_weight(
    others: Scores, scores: Scores, objective: Callable[[Scores], float]
) -> tuple[float, float]:
    """The best of ``WEIGHTS`` and what it reaches; larger ones are not tried after two falls."""
    best, reached, falls = 0.0, -np.inf, 0
    for weight in WEIGHTS:
        value = objective(others + np.float32(weight) * scores)
        falls = falls + 1 if value <= reached else 0
        if value > reached:
            best, reached = weight, value
        if falls == 2:
            break
    return best, reached
