"""Whom a choice asks, what they did, and how good an answer is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tastegraph.core.arrays import CSR, Bools, without
from tastegraph.core.config import ModelConfig
from tastegraph.models.base import FEW_LIKES, SimilarityComponent
from tastegraph.models.cold import without_items
from tastegraph.models.objective import Objective, Watch, people_to_ask, unwatched
from tastegraph.profiles.interactions import History, Interactions

CELLS, COLD_CELLS = 60_000_000, 4_000_000
"""People are sampled so that one part's validation scores hold at most so many numbers; of items
that play cold, in each of the trials."""
FEWEST_PEOPLE = 50
"""Fewer people with an event on an item that plays cold decide nothing about such items."""


@dataclass(frozen=True)
class Validation:
    """Whom to ask, what they did, and how good an answer is."""

    histories: Sequence[History]
    objective: Objective

    @classmethod
    def of(
        cls,
        training: Interactions,
        valid: CSR,
        config: ModelConfig,
        cells: int = CELLS,
        watch: Watch = unwatched,
    ) -> Validation | None:
        """``None`` where nobody has both a like to learn from and one to find."""
        user_items = training.user_items()
        valid = without(valid, user_items)
        people = people_to_ask(valid, training.n_items, cells, config.seed)
        people = people[np.diff(user_items.indptr)[people] > 0]
        if not len(people):
            return None
        histories = training.histories(config.history)
        return cls([histories[k] for k in people], Objective.of(user_items, valid, people, watch))

    @classmethod
    def of_cold(
        cls, training: Interactions, valid: CSR, cold: Bools, config: ModelConfig
    ) -> Validation | None:
        """The same among the items where ``cold`` (bool[I]) holds, whose events nobody knows.

        ``None`` where fewer than 50 people could be asked.
        """
        user_items = training.user_items()
        wanted = without_items(without(valid, user_items), ~cold)
        cells = max(COLD_CELLS, 2 * FEWEST_PEOPLE * training.n_items)
        found = cls.of(training.select(~cold[training.items]), wanted, config, cells)
        if found is None or len(found.histories) < FEWEST_PEOPLE:
            return None
        objective = Objective.of(user_items[:, cold], wanted[:, cold], found.objective.people)
        return cls(found.histories, objective)

    @property
    def newest(self) -> list[History]:
        """The histories as if these people were new."""
        return [history.newest(FEW_LIKES - 2) for history in self.histories]

    def __call__(self, part: SimilarityComponent) -> float:
        """How good one part is alone."""
        return self.objective(part.score(self.histories))
