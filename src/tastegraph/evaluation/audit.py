"""Audit of a split: look for test events that a model could have seen, in events and in facts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.arrays import CSR, Bools, Floats, Ints, binary, contains
from tastegraph.profiles.splits import TEST, TRAIN, VALID

SUSPICIOUS_LIFT = 3.0
SUSPICIOUS_SHARE = 0.05

_SPLITS = {"train": TRAIN, "valid": VALID, "test": TEST}
_EVENTS_PER_BLOCK = 8192
_SHUFFLES, _SHUFFLE_SEED = 10, 1
"""How often the test items are shuffled for the share that is expected by chance."""


@dataclass(frozen=True, slots=True, eq=False)
class ItemFacts:
    """Facts that link one item directly to another.

    Attributes:
        head: int[F], item index of the subject.
        relation: int[F], index into ``names``.
        tail: int[F], item index of the object.
        names: names of the relations.
    """

    head: Ints
    relation: Ints
    tail: Ints
    names: Sequence[str]


@dataclass(frozen=True, slots=True)
class SplitSize:
    """Size of one split; ``duplicates`` are events beyond the first of the same user and item."""

    events: int
    users: int
    items: int
    duplicates: int


@dataclass(frozen=True, slots=True)
class RelationCheck:
    """Whether a relation between items gives test events away.

    Attributes:
        relation: its name.
        facts: how many facts it has.
        observed: share of test events whose item is linked to an item of the user's train events.
        expected: the same after shuffling the items of the test events, which keeps the popularity
            of items and the activity of users.
        lift: observed / expected.
        suspicious: lift above :data:`SUSPICIOUS_LIFT` and observed above :data:`SUSPICIOUS_SHARE`:
            the origin of the relation should be checked.
    """

    relation: str
    facts: int
    observed: float
    expected: float
    lift: float
    suspicious: bool


@dataclass(frozen=True, slots=True)
class SplitAudit:
    """Result of the audit.

    Attributes:
        splits: sizes of train, valid and test.
        overlap: distinct pairs of user and item in train that are in valid or test as well.
        cold_users: users with test events and no training event.
        cold_items: items with test events and no training event.
        time_travellers: users with a test event that precedes their last training event.
        tied: share of the events with a time that have the same time as another event of the same
            user, so that time does not order them. ``None`` where no event has a time.
        tied_tests: share of the test events with a time that have the same time as a train or
            valid event of the same user; where one event is held out, as the one before it.
        relations: one check for each relation between items.
        user_facts: distinct facts that join a user and an item.
        user_facts_in_test: how many of them are test events.
    """

    splits: dict[str, SplitSize]
    overlap: dict[str, int]
    cold_users: int
    cold_items: int
    time_travellers: int
    tied: float | None
    tied_tests: float | None
    relations: tuple[RelationCheck, ...]
    user_facts: int
    user_facts_in_test: int

    def as_dict(self) -> dict[str, Any]:
        """Plain dictionaries, lists and numbers; the key of ``splits`` is ``parts``."""
        fields = asdict(self)
        return {"parts": fields.pop("splits"), **fields, "relations": list(fields["relations"])}


def audit(
    users: Ints,
    items: Ints,
    times: Floats,
    splits: Ints,
    item_facts: ItemFacts | None = None,
    user_facts: tuple[Ints, Ints] | None = None,
) -> SplitAudit:
    """Check a split, and the facts beside it, for leaks.

    Args:
        users: int32[E].
        items: int32[E].
        times: float64[E]; nan where there is none, which is then not compared.
        splits: int8[E], as :func:`tastegraph.profiles.splits.split_events` gives.
        item_facts: facts between two items.
        user_facts: user int[G] and item int[G] of facts with a user at either end.

    Raises:
        ValueError: the arrays of events differ in length.
    """
    if not len(users) == len(items) == len(times) == len(splits):
        raise ValueError(f"lengths {len(users)}, {len(items)}, {len(times)}, {len(splits)} differ")
    fact_users, fact_items = user_facts if user_facts is not None else (users[:0], items[:0])
    ends = (item_facts.head, item_facts.tail) if item_facts is not None else ()
    shape = _size(users, fact_users), _size(items, fact_items, *ends)
    pairs = users.astype(np.int64) * shape[1] + items
    rows_of = {name: splits == code for name, code in _SPLITS.items()}
    distinct = {name: np.unique(pairs[rows]) for name, rows in rows_of.items()}
    train, test = rows_of["train"], rows_of["test"]
    timed = ~np.isnan(times)
    facts = np.unique(np.asarray(fact_users, dtype=np.int64) * shape[1] + fact_items)
    return SplitAudit(
        splits={
            name: SplitSize(
                events=int(rows.sum()),
                users=len(np.unique(users[rows])),
                items=len(np.unique(items[rows])),
                duplicates=int(rows.sum()) - len(distinct[name]),
            )
            for name, rows in rows_of.items()
        },
        overlap={
            name: int(contains(distinct["train"], distinct[name]).sum())
            for name in ("valid", "test")
        },
        cold_users=len(np.setdiff1d(users[test], users[train])),
        cold_items=len(np.setdiff1d(items[test], items[train])),
        time_travellers=_time_travellers(users, times, train, test),
        tied=_share(_tied(users, times, np.ones_like(test)), timed),
        tied_tests=_share(_tied(users, times, ~test), timed & test),
        relations=_relation_checks(
            item_facts, binary(users[train], items[train], shape), users[test], items[test],
        ),
        user_facts=len(facts),
        user_facts_in_test=int(contains(distinct["test"], facts).sum()),
    )  # fmt: skip


def _size(*indices: Ints) -> int:
    return max((int(index.max()) + 1 for index in indices if len(index)), default=0)


def _time_travellers(users: Ints, times: Floats, train: Bools, test: Bools) -> int:
    timed = ~np.isnan(times)
    last = np.full(_size(users), -np.inf)
    first = np.full(_size(users), np.inf)
    np.maximum.at(last, users[train & timed], times[train & timed])
    np.minimum.at(first, users[test & timed], times[test & timed])
    return int(np.count_nonzero(first < last))


def _tied(users: Ints, times: Floats, others: Bools) -> Bools:
    """bool[E]: whether another event of the same user, in ``others``, has the same time."""
    order = np.lexsort((times, users))
    same = (np.diff(users[order]) == 0) & (np.diff(times[order]) == 0)
    moment = np.empty(len(users), dtype=np.int64)
    moment[order] = np.cumsum(np.append(True, ~same))[: len(users)]
    n_same = np.bincount(moment[others], minlength=len(users) + 1)[moment]
    return np.asarray(n_same > others, dtype=np.bool_)


def _share(condition: Bools, rows: Bools) -> float | None:
    """Share of ``rows`` (bool[E]) where ``condition`` (bool[E]) holds; ``None`` without rows."""
    return float(condition[rows].mean()) if rows.any() else None


def _relation_checks(
    facts: ItemFacts | None,
    history: CSR,
    users: Ints,
    items: Ints,
) -> tuple[RelationCheck, ...]:
    if facts is None or not len(facts.head):
        return ()
    rng = np.random.default_rng(_SHUFFLE_SEED)
    shuffled = [rng.permutation(items) for _ in range(_SHUFFLES)]
    order = np.argsort(facts.relation, kind="stable")
    kinds, starts = np.unique(facts.relation[order], return_index=True)
    checks = []
    for kind, (start, end) in zip(kinds, pairwise([*starts, len(order)]), strict=True):
        rows = order[start:end]
        links = _links(facts.head[rows], facts.tail[rows], history.shape[1])
        hits = _count_linked(history, links, users, items)
        chance = sum(_count_linked(history, links, users, other) for other in shuffled)
        observed = hits / max(len(items), 1)
        expected = (chance + 1) / (_SHUFFLES * len(items) + 1)
        lift = observed / expected
        suspicious = lift > SUSPICIOUS_LIFT and observed > SUSPICIOUS_SHARE
        name = facts.names[int(kind)]
        checks.append(RelationCheck(name, len(rows), observed, expected, lift, suspicious))
    return tuple(checks)


def _links(head: Ints, tail: Ints, n_items: int) -> CSR:
    """Return the relation as a symmetric bool CSR[I, I] without links of an item to itself."""
    other = head != tail
    return binary(
        np.concatenate([head[other], tail[other]]),
        np.concatenate([tail[other], head[other]]),
        (n_items, n_items),
    )


def _count_linked(history: CSR, links: CSR, users: Ints, items: Ints) -> int:
    """Count the events whose item is linked to an item in the user's history."""
    linkable = np.flatnonzero(np.diff(links.indptr)[items])
    count = 0
    for start in range(0, len(linkable), _EVENTS_PER_BLOCK):
        rows: NDArray[np.intp] = linkable[start : start + _EVENTS_PER_BLOCK]
        shared = history[users[rows]].multiply(links[items[rows]]).tocsr()
        count += int(np.count_nonzero(np.diff(shared.indptr)))
    return count
