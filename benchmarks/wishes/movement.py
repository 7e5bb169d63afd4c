"""Whether a list moves as a wish asks: the ten items before, and the ten after.

For each chip there is a number of each item: 1 or 0 for whether it fits, or how high its value,
popularity, novelty or similarity is. Its mean over the list must rise for *more* and fall for
*less*, unless it is at its end already; *only* must leave nothing else, *never* nothing of it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tastegraph.serving.engine import Engine
from tastegraph.serving.lists.listing import UserState
from tastegraph.serving.wishes.chips import Chip
from tastegraph.serving.wishes.effects import wish_mask
from tastegraph.serving.wishes.graph import WishGraph

N_ITEMS = 10
MIN_CHANGE = 1e-9
GRADED = ("trend", "popularity", "novelty", "similar")
"""Kinds of chips that items fit more or less, and not just or not at all."""


class Movement:
    """Compares the lists of one user before and after wishes.

    Args:
        engine: over the workspace.
        user_id: the user.
    """

    def __init__(self, engine: Engine, user_id: str) -> None:
        view = engine._view(user_id)
        self._engine, self._user, self._snapshot = engine, user_id, view.snapshot
        self._graph: WishGraph = engine.steerer.graph(view.snapshot)
        self._state: UserState = view.user()
        self._before = self._list(())
        listable = np.ones(self._graph.n_items, dtype=np.bool_)
        listable[view.snapshot.listed_rows(self._state.seen_items)] = False
        listable[view.snapshot.model.n_listed :] = False
        self._listable = listable

    def moved(self, chips: Sequence[Chip]) -> bool | None:
        """Whether the list moves as all ``chips`` ask; ``None`` where no item can be listed."""
        applied = [chip for chip in chips if chip.is_applied]
        possible = [chip for chip in applied if self._is_possible(chip)]
        if not possible:
            return None
        after, mask = self._list(applied), wish_mask(self._graph, applied)
        is_exact = mask is None or bool(mask[after].all())
        return is_exact and all(self._moves(chip, after) for chip in possible)

    def _is_possible(self, chip: Chip) -> bool:
        if chip.kind in GRADED or chip.direction in ("less", "never"):
            return True
        return bool((self._graph.fitting(chip) & self._listable).any())

    def _moves(self, chip: Chip, after: NDArray[np.int64]) -> bool:
        if chip.direction in ("only", "never"):
            return True
        values = self._values(chip)
        sign = 1 if chip.direction == "more" else -1
        before, now = (float(values[rows].mean()) * sign for rows in (self._before, after))
        best = np.sort(values[self._listable] * sign)[-len(after) :].mean()
        return now > before + MIN_CHANGE or now >= best - MIN_CHANGE

    def _values(self, chip: Chip) -> NDArray[np.float64]:
        match chip.kind:
            case "trend":
                return self._graph.trend(chip)
            case "popularity":
                return self._graph.popularity(chip)
            case "novelty":
                return self._graph.novelty(self._state.scored.history)
            case "similar":
                return self._graph.similarity(chip)
            case _:
                return self._graph.fitting(chip).astype(np.float64)

    def _list(self, chips: Sequence[Chip]) -> NDArray[np.int64]:
        answer = self._engine.recommend(self._user, N_ITEMS, reasons=0, steer=tuple(chips))
        return np.array([self._snapshot.row(item.item_id) for item in answer.items], dtype=np.int64)
