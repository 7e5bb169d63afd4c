"""What use says of items: which are liked together, by how many, and how lately.

A graph is made with what the events say that it may be made of; what is at rest of it in the store
is there to be seen, voted on and denied, and follows what is published.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from scipy import sparse

from tastegraph.core.config import Config
from tastegraph.core.records import ITEM, Fact
from tastegraph.profiles.interactions import Interactions
from tastegraph.profiles.splits import TRAIN, assign_splits
from tastegraph.store import provenance, revision, statements
from tastegraph.store.database import Database
from tastegraph.store.schema import USE

LIKED_WITH = "liked_with"
NEAREST = 10
"""So many items of those that go with one are stated, at most."""
BLOCK = 4_096
DAY = 86_400.0


def used(events: Interactions, item_ids: Sequence[str], config: Config) -> list[Fact]:
    """``item:A liked_with item:B``, where as many people like both as ``[loop] support`` says.

    As sure as n people make it, n / (n + support). Of the training part alone, as all that is
    fitted_model: the events that tell how good a model is state nothing.

    Args:
        events: what may state anything, over the items.
        item_ids: their names.
        config: the workspace's.
    """
    support, found = config.loop.support, list[Fact]()
    if support:
        training = events.select(
            assign_splits(events, config.evaluation, config.model.seed) == TRAIN
        )
        for one, other, n in pairs(training, support, config.loop.half_life):
            first, second = sorted((item_ids[one], item_ids[other]))
            found.append(
                Fact(ITEM + first, LIKED_WITH, ITEM + second, confidence=n / (n + support))
            )
    return found


def store_derived_facts(database: Database, facts: Sequence[Fact]) -> tuple[int, int]:
    """Have the store say what use says, and nothing else of it.

    Returns:
        How often what is known had changed before, and has after: once more where it said
        anything else.

    Raises:
        BusyError: another process is writing to this workspace.
    """
    with database.writing() as connection:
        before = revision.change_count(connection)
        there = statements.stated_by(connection, USE)
        if there != {statements.fact_id(fact): fact.confidence for fact in facts}:
            provenance.withdraw_source(connection, USE)
            statements.put_facts(connection, facts, USE)
            provenance.stamp(connection, USE)
            provenance.drop_unsupported(connection)
        return before, revision.change_count(connection)


def pairs(
    events: Interactions, support: float, half_life: float
) -> Iterator[tuple[int, int, float]]:
    """Items i < j that are liked together, with their decayed support, in a fixed order.

        n_ij = Σᵤ w_ui w_uj,   w_ui = 2^(-age / half-life)

    Of those with n_ij of at least ``support``, each item states the :data:`NEAREST` with the
    largest cosine n_ij / √(n_ii n_jj).

    Args:
        events: ages are counted from the newest; one without a time has none.
        support: people.
        half_life: days.
    """
    liked = events.weights > 0
    times = events.times[liked]
    newest = np.nanmax(times) if np.isfinite(times).any() else 0.0
    weights = np.exp2(-np.nan_to_num(newest - times, nan=0.0) / (half_life * DAY))
    x = _strongest(events.users[liked], events.items[liked], weights, events)
    own = np.asarray(x.multiply(x).sum(axis=0)).reshape(-1)
    found: dict[tuple[int, int], float] = {}
    columns = sparse.csr_array(x.T)
    for start in range(0, x.shape[1], BLOCK):
        block = sparse.csr_array(columns[start : start + BLOCK] @ x)
        for row in range(block.shape[0]):
            at = slice(*block.indptr[row : row + 2])
            item, others, n = start + row, block.indices[at], block.data[at]
            enough = (n >= support) & (others != item)
            others, n = others[enough], n[enough]
            cosine = n / np.sqrt(own[item] * own[others])
            for k in np.lexsort((others, -cosine))[:NEAREST]:
                one, other = sorted((item, int(others[k])))
                found[one, other] = float(n[k])
    for one, other in sorted(found):
        yield one, other, found[one, other]


def _strongest(
    users: np.ndarray, items: np.ndarray, weights: np.ndarray, events: Interactions
) -> sparse.csr_array:
    """float64 CSR[U, I]: of several likings of one item by one person the latest."""
    order = np.lexsort((-weights, items, users))
    users, items, weights = users[order], items[order], weights[order]
    first = np.ones(len(users), dtype=np.bool_)
    first[1:] = (np.diff(users) != 0) | (np.diff(items) != 0)
    shape = (events.n_users, events.n_items)
    return sparse.csr_array((weights[first], (users[first], items[first])), shape=shape)
