"""Validation data, and the objective that every choice is made by: NDCG@10."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tastegraph.core.arrays import CSR, Bools, without
from tastegraph.core.config import ModelConfig
from tastegraph.core.top_k import ideal_dcg, rank_discount
from tastegraph.models.base import FEW_LIKES, Component
from tastegraph.models.kernels import Scores
from tastegraph.profiles.interactions import History, Interactions

CUTOFF = 10
MAX_VALIDATION_CELLS = 60_000_000
"""Users are sampled so that the scores of one component hold at most so many numbers."""
MAX_COLD_CELLS = 4_000_000
"""The same in each of the trials on items without events."""
MIN_COLD_USERS = 50
"""Fewer users with an event on held-out items decide nothing about items without events."""
MIN_VALIDATION_USERS = 100
"""So many are judged where there are as many, however large the catalogue."""
LARGE_CATALOGUE = 32_768
"""Of more items than these trials are bounded: one fold of cold items instead of five, and fewer
users, since each is judged on more items."""

Watch = Callable[[float], None]
"""Called with the mean NDCG@10 of all that is judged."""


def unwatched(_: float) -> None:
    """Does nothing."""


@dataclass(frozen=True)
class Objective:
    """NDCG@10 of users with something to find, over all items that they have not liked.

    Attributes:
        users: int64[U], rows of the data that are judged.
        seen: int64[2, M], (row, item) cells that cannot be recommended.
        row, item: int64[R], items to find, by row.
        ideal: float64[U], DCG of a perfect list.
        n_listed: how many of the items, the first ones, may be recommended; by default all.
        watch: called with the mean over users of whatever is judged.
    """

    users: NDArray[np.int64]
    seen: tuple[NDArray[np.int64], NDArray[np.int64]]
    row: NDArray[np.int64]
    item: NDArray[np.int64]
    ideal: NDArray[np.float64]
    watch: Watch = field(default=unwatched, repr=False)
    n_listed: int | None = None

    @classmethod
    def of(
        cls,
        seen: CSR,
        targets: CSR,
        users: NDArray[np.int64],
        watch: Watch = unwatched,
        n_listed: int | None = None,
    ) -> Objective:
        """Judge ``users``, each of whom has an item in ``targets`` (CSR[users, items]).

        No cell of ``targets`` may be in ``seen``: what cannot be recommended cannot be found.
        """
        hidden, to_find = seen[users], targets[users]
        hidden_row = np.repeat(np.arange(len(users)), np.diff(hidden.indptr))
        sizes = np.diff(to_find.indptr)
        return cls(
            users=users,
            seen=(hidden_row, hidden.indices.astype(np.int64)),
            row=np.repeat(np.arange(len(users)), sizes),
            item=to_find.indices.astype(np.int64),
            ideal=ideal_dcg(sizes, CUTOFF),
            watch=watch,
            n_listed=n_listed,
        )

    def __call__(self, scores: Scores) -> float:
        """Mean NDCG@10 of float32[U, I]."""
        return float(self.by_user(scores).mean())

    def by_user(self, scores: Scores) -> NDArray[np.float64]:
        """NDCG@10, float64[U]; equal scores count against the item (Järvelin 2002).

        An item with a score of nan is not found. The eleven best scores of a row are enough to tell
        whether an item is among the first ten, so rows are not sorted.
        """
        import torch  # not above: what opens a snapshot imports this module, and needs no torch

        visible = np.fmax(scores, np.float32(-np.inf))
        visible[:, scores.shape[1] if self.n_listed is None else self.n_listed :] = -np.inf
        visible[self.seen] = -np.inf
        count = min(CUTOFF + 1, visible.shape[1])
        top = torch.from_numpy(visible).topk(count, dim=1).values.numpy()
        ahead = (top[self.row] >= scores[self.row, self.item][:, None]).sum(axis=1) - 1
        listed = (ahead >= 0) & (ahead < CUTOFF)
        gain = np.where(listed, rank_discount(np.maximum(ahead, 0) + 1), 0.0)
        ndcg = np.bincount(self.row, gain, minlength=len(self.users)) / self.ideal
        self.watch(float(ndcg.mean()))
        return ndcg


@dataclass(frozen=True)
class Validation:
    """Users, what they went on to like, and how well scores find it.

    Attributes:
        histories: of U users, without what they should be recommended.
        objective: over the same users.
    """

    histories: Sequence[History]
    objective: Objective

    @classmethod
    def of(
        cls,
        training: Interactions,
        valid: CSR,
        config: ModelConfig,
        max_cells: int = MAX_VALIDATION_CELLS,
        watch: Watch = unwatched,
        offered: CSR | None = None,
    ) -> Validation | None:
        """``None`` where no user has both a like to learn from and one to find.

        Lists are made of ``offered`` (bool CSR[U, I]); by default of all items.
        """
        user_items = training.user_items()
        valid = without_items(without(valid, user_items), _unlisted(training))
        max_cells = max(max_cells, MIN_VALIDATION_USERS * training.n_items)
        users = sample_users(valid, training.n_items, max_cells, config.seed)
        users = users[np.diff(user_items.indptr)[users] > 0]
        if not len(users):
            return None
        histories = training.histories(config.history)
        hidden = user_items
        if offered is not None:
            valid = sparse.csr_array(valid.multiply(offered))
            hidden = sparse.csr_array((user_items.toarray() > 0) | (offered.toarray() == 0))
        objective = Objective.of(hidden, valid, users, watch, training.n_listed)
        return cls([histories[k] for k in users], objective)

    @classmethod
    def of_cold(
        cls, training: Interactions, valid: CSR, cold: Bools, config: ModelConfig, folds: int = 1
    ) -> Validation | None:
        """The same over the items in ``cold`` (bool[I]) alone, whose events histories lack.

        ``None`` where there are fewer than 50 users. As many are drawn as of so many ``folds``.
        """
        user_items = training.user_items()
        targets = without_items(without(valid, user_items), ~cold)
        max_cells = max(MAX_COLD_CELLS, 2 * MIN_COLD_USERS * training.n_items)
        visible = training.select(~cold[training.items])
        whole = cls.of(visible, targets, config, folds * max_cells)
        if whole is None or len(whole.histories) < MIN_COLD_USERS:
            return None
        objective = Objective.of(user_items[:, cold], targets[:, cold], whole.objective.users)
        return cls(whole.histories, objective)

    @property
    def newest(self) -> list[History]:
        """The histories as if the users were new."""
        return [history.newest(FEW_LIKES - 2) for history in self.histories]

    def __call__(self, component: Component) -> float:
        """Mean NDCG@10 of one component alone."""
        return self.objective(component.score(self.histories))


def _unlisted(events: Interactions) -> Bools:
    """bool[I], items that no list may have."""
    return np.arange(events.n_items) >= events.n_listed


def sample_users(targets: CSR, n_items: int, max_cells: int, seed: int) -> NDArray[np.int64]:
    """Rows of ``targets`` with an item: all, or a seeded sample of ``max_cells / n_items``."""
    rows = np.flatnonzero(np.diff(targets.indptr))
    count = max(max_cells // max(n_items, 1), 1)
    if len(rows) > count:
        rows = np.sort(np.random.default_rng(seed).choice(rows, count, replace=False))
    return rows


def without_items(user_items: CSR, items: Bools) -> CSR:
    """``user_items`` (CSR[U, I]) without the columns where ``items`` (bool[I]) holds."""
    others = user_items.copy()
    others.data = others.data & ~items[others.indices]
    others.eliminate_zeros()
    return others
