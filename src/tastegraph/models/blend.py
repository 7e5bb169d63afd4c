"""Choosing what each part is worth, on validation data."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.progress import progress
from tastegraph.models.kernels import Scores

WEIGHTS = (0.0, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 3.0)
PASSES = 2

PerPerson = NDArray[np.float64]
Objective = Callable[[Scores], PerPerson]


@dataclass(frozen=True)
class FittedWeights:
    """The outcome of :func:`fit_blend_weights`.

    Attributes:
        weights: part → weight.
        settings: part → index of its best setting.
        reached: mean of the objective.
    """

    weights: dict[str, float]
    settings: dict[str, int]
    reached: float


def fit_blend_weights(
    parts: Mapping[str, Sequence[Scores]],
    objective: Objective,
    expected: Collection[str] = (),
    start: Mapping[str, float] | None = None,
    min_gain_se: float = 1.0,
) -> FittedWeights:
    """Coordinate ascent over settings and weights, from the strongest part outwards.

    A change is made only where it gains more than ``min_gain_se`` standard errors of the paired
    difference (one is the rule of Breiman et al. 1984): what helps by chance alone stays out. A
    part is asked again where the others have changed meanwhile. An ``expected`` part need not help
    beyond chance: it gets the weight that is best, and none only if the best clearly hurts.

    Args:
        parts: name → standardised scores by each of its settings, float32[U, C].
        objective: what each of the U people gets; higher is better.
        expected: parts that have a weight, unless any clearly hurts.
        start: weights to go on from; by default the strongest part speaks alone.
        min_gain_se: standard errors.
    """
    alone = {name: [objective(scores) for scores in options] for name, options in parts.items()}
    means = {name: [values.mean() for values in found] for name, found in alone.items()}
    settings = {name: int(np.argmax(found)) for name, found in means.items()}
    order = sorted(parts, key=lambda name: -max(means[name]))
    held = {name: parts[name][settings[name]] for name in parts}
    weights = dict.fromkeys(parts, 0.0)
    if start is None:
        weights[order[0]] = 1.0
        reached = alone[order[0]][settings[order[0]]]
    else:
        weights |= {name: weight for name, weight in start.items() if name in parts}
        reached = objective(_sum(weights, held))
    asked_beside: dict[str, dict[str, tuple[float, int]]] = {}
    steps = PASSES * sum(len(parts[name]) for name in order)
    with progress("weighing the evidence", steps) as advance:
        for _ in range(PASSES):
            for name in order:
                beside = {
                    other: (weights[other], settings[other])
                    for other in parts
                    if other != name and weights[other]
                }
                if asked_beside.get(name) == beside:
                    advance(len(parts[name]))
                    continue
                asked_beside[name] = beside
                others = sum(
                    (np.float32(weights[other]) * held[other] for other in beside),
                    np.zeros_like(held[name]),
                )
                for index, scores in enumerate(parts[name]):
                    weight, values = _best_weight(others, scores, objective, WEIGHTS)
                    if _clearly_better(values, reached, min_gain_se):
                        reached, weights[name], settings[name] = values, weight, index
                        held[name] = scores
                    advance(1)
    for name in expected:
        if name in parts:
            weights[name], reached = _expected(name, weights, held, reached, objective, min_gain_se)
    return FittedWeights(weights, settings, float(reached.mean()))


def _expected(
    name: str,
    weights: Mapping[str, float],
    held: Mapping[str, Scores],
    reached: PerPerson,
    objective: Objective,
    min_gain_se: float,
) -> tuple[float, PerPerson]:
    """The weight of a part that is to speak, and what is reached with it."""
    beside = {other: weight for other, weight in weights.items() if weight and other != name}
    if not beside:
        return weights[name], reached
    weight, values = _best_weight(_sum(beside, held), held[name], objective, WEIGHTS[1:])
    silent_but_harmless = not weights[name] and not _clearly_better(reached, values, min_gain_se)
    if silent_but_harmless or values.mean() > reached.mean():
        return weight, values
    return weights[name], reached


def _sum(weights: Mapping[str, float], held: Mapping[str, Scores]) -> Scores:
    """What the parts say together, float32[U, C]."""
    nothing = np.zeros_like(next(iter(held.values())))
    return sum((np.float32(weights[name]) * held[name] for name in weights), nothing)


def _clearly_better(values: PerPerson, reached: PerPerson, min_gain_se: float) -> bool:
    gain = values - reached
    return bool(gain.mean() > min_gain_se * gain.std() / np.sqrt(len(gain)))


def _best_weight(
    others: Scores, scores: Scores, objective: Objective, weights: Sequence[float]
) -> tuple[float, PerPerson]:
    """The best of ``weights``, the smallest of equals, and what it reaches.

    All are tried: a part that hurts a little where it is faint may help where it leads.
    """
    tried = ((weight, objective(others + np.float32(weight) * scores)) for weight in weights)
    return max(tried, key=lambda pair: pair[1].mean())
