"""Items that could be among a person's first ten: all that choosing weights has to look at.

An item that no part has among its first hundred is not among the first ten of any sum worth having,
so the sums of a choice are made of some hundred items for each person and not of all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from tastegraph.models.base import Prior, SimilarityComponent
from tastegraph.models.kernels import Scores
from tastegraph.models.objective import Objective
from tastegraph.profiles.interactions import History

FIRST = 100
CELLS = 10_000_000
"""So many scores of one part are held at a time."""
APART = np.float32(-1e6)
"""What fills up the shorter lists: no sum of standardised scores brings it to the top."""


@dataclass(frozen=True)
class Shortlist:
    """Standardised scores of the same items by every part.

    Attributes:
        scores: part → for each of its settings, float32[U, C].
        objective: asks for the same as before, by the columns of the shortlist.
    """

    scores: Mapping[str, list[Scores]]
    objective: Objective

    @classmethod
    def of(
        cls,
        parts: Mapping[str, Sequence[SimilarityComponent | Prior]],
        histories: Sequence[History],
        objective: Objective,
        spread: Callable[[Scores], NDArray[np.float32]],
    ) -> Shortlist:
        """The union of what each setting of each part has among its first hundred.

        Args:
            parts: name → settings.
            histories: of U people.
            objective: what they should find among all items.
            spread: scores, float32[B, I] → float32[B], by which they are multiplied.
        """
        found: dict[str, list[list[Scores]]] = {name: [[] for _ in parts[name]] for name in parts}
        columns = np.empty(len(objective.row), dtype=np.int64)
        for block, at in _blocks(objective, len(histories), _n_items(parts)):
            people = histories[block]
            scores = {
                name: [_standardised(part, people, spread) for part in some]
                for name, some in parts.items()
            }
            listed = _union(scores, block, at, objective)
            width = _n_items(parts) + 1
            keys = (np.arange(len(listed))[:, None] * width + listed).reshape(-1)
            asked = (objective.row[at] - block.start) * width + objective.item[at]
            columns[at] = np.searchsorted(keys, asked) % listed.shape[1]
            for name, some in scores.items():
                for setting, full in enumerate(some):
                    found[name][setting].append(_chosen(full, listed))
        seen = (np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))
        asks = replace(objective, seen=seen, item=columns)
        return cls({n: [_stacked(blocks) for blocks in some] for n, some in found.items()}, asks)


def _blocks(
    objective: Objective, count: int, n_items: int
) -> Iterator[tuple[slice, NDArray[np.int64]]]:
    """People some at a time, and which of the wanted items are theirs."""
    size = max(CELLS // max(n_items, 1), 1)
    for start in range(0, count, size):
        block = slice(start, min(start + size, count))
        yield block, np.flatnonzero((objective.row >= block.start) & (objective.row < block.stop))


def _standardised(
    part: SimilarityComponent | Prior,
    people: Sequence[History],
    spread: Callable[[Scores], NDArray[np.float32]],
) -> Scores:
    scores = part.score(people)
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
    for full in (full for some in scores.values() for full in some):
        visible = np.fmax(full, np.float32(-np.inf))
        visible[cells] = -np.inf
        top = torch.from_numpy(visible).topk(min(FIRST, n_items), dim=1, sorted=False)
        tops.append(np.where(np.isfinite(top.values.numpy()), top.indices.numpy(), n_items))
    rows = len(tops[0])
    wanted = objective.row[at] - block.start
    places = np.arange(len(wanted)) - np.searchsorted(wanted, wanted)
    asked = np.full((rows, int(places.max(initial=-1)) + 1), n_items, dtype=np.int64)
    asked[wanted, places] = objective.item[at]
    union = np.sort(np.concatenate([*tops, asked], axis=1), axis=1)
    union[:, 1:][union[:, 1:] == union[:, :-1]] = n_items
    union.sort(axis=1)
    return np.asarray(union[:, : int((union < n_items).sum(axis=1).max(initial=1))])


def _chosen(full: Scores, listed: NDArray[np.int64]) -> Scores:
    """float32[B, C]."""
    there = listed < full.shape[1]
    values = np.take_along_axis(full, np.where(there, listed, 0), axis=1)
    return np.where(there, values, APART)


def _stacked(blocks: Sequence[Scores]) -> Scores:
    """Blocks of any width below one another, filled up."""
    width = max(block.shape[1] for block in blocks)
    return np.concatenate(
        [
            np.pad(block, ((0, 0), (0, width - block.shape[1])), constant_values=APART)
            for block in blocks
        ]
    )


def _n_items(parts: Mapping[str, Sequence[SimilarityComponent | Prior]]) -> int:
    return next(part.n_items for some in parts.values() for part in some)
