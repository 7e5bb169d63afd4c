"""Weights of the components in a blend, fitted on validation data over a shortlist of items."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from tastegraph.core.progress import progress
from tastegraph.models.kernels import Scores
from tastegraph.models.validation import Objective
from tastegraph.profiles.interactions import History

WEIGHTS = (0.0, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 3.0)
PASSES = 2
CANDIDATES = 100
"""Of each component, for each user."""
MAX_BLOCK_CELLS = 10_000_000
"""So many scores of one component are held at a time."""
PADDING = np.float32(-1e6)
"""What fills up the shorter lists: no sum of standardised scores brings it to the top."""

PerUser = NDArray[np.float64]


class Scorer(Protocol):
    """Whatever scores all items."""

    def score(self, histories: Sequence[History]) -> Scores:
        """float32[U, I]."""


class CountedScorer(Scorer, Protocol):
    """One that knows how many items it scores."""

    @property
    def n_items(self) -> int:
        """I."""


UserObjective = Callable[[Scores], PerUser]


@dataclass(frozen=True)
class FittedWeights:
    """The outcome of :func:`fit_blend_weights`.

    Attributes:
        weights: component → weight.
        settings: component → index of its best setting.
        ndcg: mean of the objective.
    """

    weights: dict[str, float]
    settings: dict[str, int]
    ndcg: float


def fit_blend_weights(
    options: Mapping[str, Sequence[Scores]],
    objective: UserObjective,
    expected: Collection[str] = (),
    start: Mapping[str, float] | None = None,
    min_gain_se: float = 1.0,
) -> FittedWeights:
    """Coordinate ascent over settings and weights, from the strongest component outwards.

    A change is made only where it gains more than ``min_gain_se`` standard errors of the paired
    difference (one is the rule of Breiman et al. 1984): what helps by chance alone stays out. A
    component is tried again where the others have changed meanwhile. An ``expected`` one need not
    help beyond chance: it gets the weight that is best, and none only if the best clearly hurts.

    Args:
        options: name → standardised scores by each of its settings, float32[U, C].
        objective: what each of the U users gets; higher is better.
        expected: components that have a weight, unless any clearly hurts.
        start: weights to go on from; by default the strongest has all of it.
        min_gain_se: standard errors.
    """
    alone = {name: [objective(scores) for scores in each] for name, each in options.items()}
    means = {name: [values.mean() for values in ndcgs] for name, ndcgs in alone.items()}
    settings = {name: int(np.argmax(ndcgs)) for name, ndcgs in means.items()}
    order = sorted(options, key=lambda name: -max(means[name]))
    current = {name: options[name][settings[name]] for name in options}
    weights = dict.fromkeys(options, 0.0)
    if start is None:
        weights[order[0]] = 1.0
        best_ndcg = alone[order[0]][settings[order[0]]]
    else:
        weights |= {name: weight for name, weight in start.items() if name in options}
        best_ndcg = objective(weighted_sum(weights, current))
    tried_beside: dict[str, dict[str, tuple[float, int]]] = {}
    steps = PASSES * sum(len(options[name]) for name in order)
    with progress("weighing the components", steps) as advance:
        for _ in range(PASSES):
            for name in order:
                beside = {
                    other: (weights[other], settings[other])
                    for other in options
                    if other != name and weights[other]
                }
                if tried_beside.get(name) == beside:
                    advance(len(options[name]))
                    continue
                tried_beside[name] = beside
                others = sum(
                    (np.float32(weights[other]) * current[other] for other in beside),
                    np.zeros_like(current[name]),
                )
                for index, scores in enumerate(options[name]):
                    weight, values = _best_weight(others, scores, objective, WEIGHTS)
                    if clearly_better(values, best_ndcg, min_gain_se):
                        best_ndcg, weights[name], settings[name] = values, weight, index
                        current[name] = scores
                    advance(1)
    for name in expected:
        if name in options:
            weights[name], best_ndcg = _expected(
                name, weights, current, best_ndcg, objective, min_gain_se
            )
    return FittedWeights(weights, settings, float(best_ndcg.mean()))


def _expected(
    name: str,
    weights: Mapping[str, float],
    current: Mapping[str, Scores],
    best_ndcg: PerUser,
    objective: UserObjective,
    min_gain_se: float,
) -> tuple[float, PerUser]:
    """The weight of an expected component, and the objective with it."""
    beside = {other: weight for other, weight in weights.items() if weight and other != name}
    if not beside:
        return weights[name], best_ndcg
    weight, values = _best_weight(
        weighted_sum(beside, current), current[name], objective, WEIGHTS[1:]
    )
    silent_but_harmless = not weights[name] and not clearly_better(best_ndcg, values, min_gain_se)
    if silent_but_harmless or values.mean() > best_ndcg.mean():
        return weight, values
    return weights[name], best_ndcg


def weighted_sum(weights: Mapping[str, float], current: Mapping[str, Scores]) -> Scores:
    """The weighted sum of the components, float32[U, C]."""
    zeros = np.zeros_like(next(iter(current.values())))
    return sum((np.float32(weights[name]) * current[name] for name in weights), zeros)


def clearly_better(values: PerUser, best_ndcg: PerUser, min_gain_se: float = 1.0) -> bool:
    """Whether ``values`` are above by more than so many standard errors of the differences."""
    gain = values - best_ndcg
    return bool(gain.mean() > min_gain_se * gain.std() / np.sqrt(len(gain)))


def _best_weight(
    others: Scores, scores: Scores, objective: UserObjective, weights: Sequence[float]
) -> tuple[float, PerUser]:
    """The best of ``weights``, the smallest of equals, and the objective with it.

    All are evaluated: a component that hurts a little where it is faint may help where it leads.
    """
    values = ((weight, objective(others + np.float32(weight) * scores)) for weight in weights)
    return max(values, key=lambda pair: pair[1].mean())


@dataclass(frozen=True)
class Shortlist:
    """Standardised scores of the same items by every component.

    An item that no component has among its first hundred is not among the first ten of any sum
    worth having, so sums are made of some hundred items for each user and not of all.

    Attributes:
        scores: component → for each of its settings, float32[U, C].
        objective: the same users and items to find, by the columns of the shortlist.
        controls: the same as ``scores``, of controls: they bring no item into the shortlist.
    """

    scores: Mapping[str, list[Scores]]
    objective: Objective
    controls: Mapping[str, list[Scores]]

    @classmethod
    def of(
        cls,
        options: Mapping[str, Sequence[CountedScorer]],
        histories: Sequence[History],
        objective: Objective,
        spread: Callable[[Scores], NDArray[np.float32]],
        controls: Mapping[str, Sequence[Scorer]] | None = None,
    ) -> Shortlist:
        """The union of what each setting of each component has among its first hundred.

        Args:
            options: name → settings.
            histories: of U users.
            objective: what they should find, over all items.
            spread: scores, float32[B, I] → float32[B], by which they are multiplied.
            controls: name → settings, scored on the same items.
        """
        controls = controls or {}
        blocks: dict[str, list[list[Scores]]] = {n: [[] for _ in options[n]] for n in options}
        beside: dict[str, list[list[Scores]]] = {n: [[] for _ in controls[n]] for n in controls}
        columns = np.empty(len(objective.row), dtype=np.int64)
        for block, at in _blocks(objective, len(histories), _n_items(options)):
            users = histories[block]
            scores = {
                name: [_standardised(component, users, spread) for component in settings]
                for name, settings in options.items()
            }
            listed = _union(scores, block, at, objective)
            width = _n_items(options) + 1
            keys = (np.arange(len(listed))[:, None] * width + listed).reshape(-1)
            targets = (objective.row[at] - block.start) * width + objective.item[at]
            columns[at] = np.searchsorted(keys, targets) % listed.shape[1]
            for name, settings in scores.items():
                for setting, full in enumerate(settings):
                    blocks[name][setting].append(_at_columns(full, listed))
            for name, scorers in controls.items():
                for setting, scorer in enumerate(scorers):
                    full = _standardised(scorer, users, spread)
                    beside[name][setting].append(_at_columns(full, listed))
        seen = (np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))
        stacked, stacked_controls = (
            {n: [_padded(each) for each in settings] for n, settings in of_all.items()}
            for of_all in (blocks, beside)
        )
        objective = replace(objective, seen=seen, item=columns, n_listed=None)
        return cls(stacked, objective, stacked_controls)


def _blocks(
    objective: Objective, count: int, n_items: int
) -> Iterator[tuple[slice, NDArray[np.int64]]]:
    """Users block by block, and which of the items to find are theirs."""
    size = max(MAX_BLOCK_CELLS // max(n_items, 1), 1)
    for start in range(0, count, size):
        block = slice(start, min(start + size, count))
        yield block, np.flatnonzero((objective.row >= block.start) & (objective.row < block.stop))


def _standardised(
    component: Scorer,
    users: Sequence[History],
    spread: Callable[[Scores], NDArray[np.float32]],
) -> Scores:
    scores = component.score(users)
    return np.asarray(scores * spread(scores)[:, None], dtype=np.float32)


def _union(
    scores: Mapping[str, list[Scores]],
    block: slice,
    at: NDArray[np.int64],
    objective: Objective,
) -> NDArray[np.int64]:
    """int64[B, C], item numbers in order, filled up with I."""
    seen_row, seen_item = objective.seen
    hidden = (seen_row >= block.start) & (seen_row < block.stop)
    cells = (seen_row[hidden] - block.start, seen_item[hidden])
    tops, n_items = [], next(iter(scores.values()))[0].shape[1]
    n_listed = n_items if objective.n_listed is None else objective.n_listed
    for full in (full for settings in scores.values() for full in settings):
        visible = np.fmax(full, np.float32(-np.inf))
        visible[:, n_listed:] = -np.inf
        visible[cells] = -np.inf
        top = torch.from_numpy(visible).topk(min(CANDIDATES, n_items), dim=1, sorted=False)
        tops.append(np.where(np.isfinite(top.values.numpy()), top.indices.numpy(), n_items))
    rows = len(tops[0])
    users = objective.row[at] - block.start
    places = np.arange(len(users)) - np.searchsorted(users, users)
    targets = np.full((rows, int(places.max(initial=-1)) + 1), n_items, dtype=np.int64)
    targets[users, places] = objective.item[at]
    union = np.sort(np.concatenate([*tops, targets], axis=1), axis=1)
    union[:, 1:][union[:, 1:] == union[:, :-1]] = n_items
    union.sort(axis=1)
    return np.asarray(union[:, : int((union < n_items).sum(axis=1).max(initial=1))])


def _at_columns(full: Scores, listed: NDArray[np.int64]) -> Scores:
    """float32[B, C]."""
    there = listed < full.shape[1]
    values = np.take_along_axis(full, np.where(there, listed, 0), axis=1)
    return np.where(there, values, PADDING)


def _padded(blocks: Sequence[Scores]) -> Scores:
    """Blocks of any width below one another, filled up."""
    width = max(block.shape[1] for block in blocks)
    return np.concatenate(
        [
            np.pad(block, ((0, 0), (0, width - block.shape[1])), constant_values=PADDING)
            for block in blocks
        ]
    )


def _n_items(options: Mapping[str, Sequence[CountedScorer]]) -> int:
    return next(each.n_items for settings in options.values() for each in settings)
