"""Facts derived from events: ``item:A liked_with item:B`` where enough users like both.

A graph is built with the derived facts of its build. The store gets the same facts when the build
is published, so that they can be seen and voted on like any others.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from scipy import sparse

from tastegraph.core.arrays import CSR
from tastegraph.core.config import Config
from tastegraph.core.records import ITEM, Fact
from tastegraph.profiles.interactions import Interactions
from tastegraph.profiles.splits import TRAIN, assign_splits
from tastegraph.store import provenance, revision, statements
from tastegraph.store.database import Database
from tastegraph.store.schema import USE

LIKED_WITH = "liked_with"
MAX_NEIGHBOURS = 10
"""Facts that each item states, at most."""
ITEMS_PER_BLOCK = 4_096
SECONDS_PER_DAY = 86_400.0


def derive_facts(events: Interactions, item_ids: Sequence[str], config: Config) -> list[Fact]:
    """The facts that events state; none where ``[loop] min_co_likes`` is 0.

    The confidence is n / (n + support) for n users. Only events of the train split count, as for
    everything that is fitted.

    Args:
        events: over the items.
        item_ids: ids of item 0, 1, 2, …
        config: configuration of the workspace.
    """
    support = config.loop.min_co_likes
    if not support:
        return []
    train = events.select(assign_splits(events, config.evaluation, config.model.seed) == TRAIN)
    facts = []
    for item, other, n_users in items_liked_together(train, support, config.loop.half_life):
        first, second = sorted((item_ids[item], item_ids[other]))
        confidence = n_users / (n_users + support)
        facts.append(Fact(ITEM + first, LIKED_WITH, ITEM + second, confidence=confidence))
    return facts


def store_derived_facts(database: Database, facts: Sequence[Fact]) -> tuple[int, int]:
    """Replace the derived facts of the store by ``facts``.

    Returns:
        The store's count of changes before and after; one more where facts differed.

    Raises:
        BusyError: another process is writing to this workspace.
    """
    with database.writing() as connection:
        before = revision.change_count(connection)
        stored = statements.stated_by(connection, USE)
        if stored != {statements.fact_id(fact): fact.confidence for fact in facts}:
            provenance.withdraw_source(connection, USE)
            statements.put_facts(connection, facts, USE)
            provenance.stamp(connection, USE)
            provenance.drop_unsupported(connection)
        return before, revision.change_count(connection)


def items_liked_together(
    events: Interactions, support: float, half_life: float
) -> Iterator[tuple[int, int, float]]:
    """Pairs of items i < j that users like both, with their decayed number of users n_ij.

        n_ij = Σᵤ w_ui w_uj,   w_ui = 2^(-age / half-life)

    Of the pairs with n_ij of at least ``support``, each item yields the :data:`MAX_NEIGHBOURS`
    with the largest cosine n_ij / √(n_ii n_jj). The order is fixed.

    Args:
        events: ages are counted from the newest event; an event without a time has age 0.
        support: number of users.
        half_life: days.
    """
    is_like = events.weights > 0
    times = events.times[is_like]
    newest = np.nanmax(times) if np.isfinite(times).any() else 0.0
    ages = np.nan_to_num(newest - times, nan=0.0)
    weights = np.exp2(-ages / (half_life * SECONDS_PER_DAY))
    x = _user_item_weights(events.users[is_like], events.items[is_like], weights, events)
    squares = np.asarray(x.multiply(x).sum(axis=0)).reshape(-1)
    n_by_pair: dict[tuple[int, int], float] = {}
    columns = sparse.csr_array(x.T)
    for start in range(0, x.shape[1], ITEMS_PER_BLOCK):
        block = sparse.csr_array(columns[start : start + ITEMS_PER_BLOCK] @ x)
        for row in range(block.shape[0]):
            cells = slice(*block.indptr[row : row + 2])
            item, others, n = start + row, block.indices[cells], block.data[cells]
            enough = (n >= support) & (others != item)
            others, n = others[enough], n[enough]
            cosine = n / np.sqrt(squares[item] * squares[others])
            for k in np.lexsort((others, -cosine))[:MAX_NEIGHBOURS]:
                first, second = sorted((item, int(others[k])))
                n_by_pair[first, second] = float(n[k])
    for first, second in sorted(n_by_pair):
        yield first, second, n_by_pair[first, second]


def _user_item_weights(
    users: np.ndarray, items: np.ndarray, weights: np.ndarray, events: Interactions
) -> CSR:
    """float64 CSR[U, I]: of several likes of an item by one user, the largest weight."""
    order = np.lexsort((-weights, items, users))
    users, items, weights = users[order], items[order], weights[order]
    first = np.ones(len(users), dtype=np.bool_)
    first[1:] = (np.diff(users) != 0) | (np.diff(items) != 0)
    shape = (events.n_users, events.n_items)
    return sparse.csr_array((weights[first], (users[first], items[first])), shape=shape)
