"""Look for test data that a model could have seen: in the split, and in the knowledge graph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.arrays import CSR, Bools, Floats, Ints, binary, contains
from tastegraph.evaluation.split import TEST, TRAIN, VALID

SUSPICIOUS_LIFT = 3.0
SUSPICIOUS_SHARE = 0.05

_NAMES = {"train": TRAIN, "valid": VALID, "test": TEST}
_BLOCK = 8192


@dataclass(frozen=True, slots=True, eq=False)
class ItemFacts:
    """Facts that link one item to another directly.

    Attributes:
        head: int[F], item index of the subject.
        relation: int[F], index into ``names``.
        tail: int[F], item index of the object.
        names: the relations.
    """

    head: Ints
    relation: Ints
    tail: Ints
    names: Sequence[str]


@dataclass(frozen=True, slots=True)
class Part:
    """Size of one part; ``duplicates`` are events beyond the first of the same person and item."""

    events: int
    users: int
    items: int
    duplicates: int


@dataclass(frozen=True, slots=True)
class Relation:
    """Whether a relation between items gives test events away.

    Attributes:
        facts: how many there are.
        observed: share of test events whose item is linked to an item the person trained on.
        expected: the same when the test items are dealt out anew among the test events, which
            keeps both how popular items are and how much people do.
        lift: observed / expected.
        suspicious: lift above 3 and observed above 0.05: read where the relation comes from.
    """

    relation: str
    facts: int
    observed: float
    expected: float
    lift: float
    suspicious: bool


@dataclass(frozen=True, slots=True)
class Audit:
    """What the audit found.

    Attributes:
        parts: sizes of train, valid and test.
        overlap: distinct pairs of person and item in train that are in valid or test as well.
        cold_users: people with test events and no training event.
        cold_items: items with test events and no training event.
        time_travellers: people with a test event that precedes their last training event.
        tied: share of the events with a time that have the time of another event of the same
            person: what orders them is no time. ``None`` where no event has one.
        tied_tests: share of the test events with a time that have the time of a train or valid
            event of the same person; where one event is held out, of the one before it.
        relations: one check for each relation between items.
        user_facts: distinct facts that join a person and an item.
        user_facts_in_test: how many of them are test events.
    """

    parts: dict[str, Part]
    overlap: dict[str, int]
    cold_users: int
    cold_items: int
    time_travellers: int
    tied: float | None
    tied_tests: float | None
    relations: tuple[Relation, ...]
    user_facts: int
    user_facts_in_test: int

    def as_dict(self) -> dict[str, Any]:
        """Return plain dictionaries, lists and numbers."""
        return asdict(self) | {"relations": [asdict(relation) for relation in self.relations]}


def audit(
    users: Ints,
    items: Ints,
    times: Floats,
    parts: Ints,
    item_facts: ItemFacts | None = None,
    user_facts: tuple[Ints, Ints] | None = None,
    seed: int = 1,
    shuffles: int = 10,
) -> Audit:
    """Check a split, and the facts beside it, for leaks.

    Args:
        users: int32[E].
        items: int32[E].
        times: float64[E]; nan where there is none, which is then not compared.
        parts: int8[E], as :func:`tastegraph.evaluation.split.split` gives.
        item_facts: facts between two items.
        user_facts: person int[G] and item int[G] of facts with a person at either end.
        seed: of the shuffles.
        shuffles: times the test items are dealt out anew for the expected share.

    Raises:
        ValueError: the arrays of events differ in length.
    """
    if not len(users) == len(items) == len(times) == len(parts):
        raise ValueError(f"lengths {len(users)}, {len(items)}, {len(times)}, {len(parts)} differ")
    fact_users, fact_items = user_facts if user_facts is not None else (users[:0], items[:0])
    ends = (item_facts.head, item_facts.tail) if item_facts is not None else ()
    shape = _size(users, fact_users), _size(items, fact_items, *ends)
    pairs = users.astype(np.int64) * shape[1] + items
    chosen = {name: parts == part for name, part in _NAMES.items()}
    distinct = {name: np.unique(pairs[rows]) for name, rows in chosen.items()}
    train, test = chosen["train"], chosen["test"]
    timed = ~np.isnan(times)
    facts = np.unique(np.asarray(fact_users, dtype=np.int64) * shape[1] + fact_items)
    return Audit(
        parts={
            name: Part(
                events=int(rows.sum()),
                users=len(np.unique(users[rows])),
                items=len(np.unique(items[rows])),
                duplicates=int(rows.sum()) - len(distinct[name]),
            )
            for name, rows in chosen.items()
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
        relations=_relations(
            item_facts, binary(users[train], items[train], shape), users[test], items[test],
            np.random.default_rng(seed), shuffles,
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
    """bool[E]: another event of the same person, of those in ``others``, has the same time."""
    order = np.lexsort((times, users))
    same = (np.diff(users[order]) == 0) & (np.diff(times[order]) == 0)
    moment = np.empty(len(users), dtype=np.int64)
    moment[order] = np.cumsum(np.append(True, ~same))[: len(users)]
    there = np.bincount(moment[others], minlength=len(users) + 1)[moment]
    return np.asarray(there > others, dtype=np.bool_)


def _share(holds: Bools, rows: Bools) -> float | None:
    """Of ``rows`` (bool[E]) where ``holds`` (bool[E])."""
    return float(holds[rows].mean()) if rows.any() else None


def _relations(
    facts: ItemFacts | None,
    history: CSR,
    users: Ints,
    items: Ints,
    rng: np.random.Generator,
    shuffles: int,
) -> tuple[Relation, ...]:
    if facts is None or not len(facts.head):
        return ()
    dealt = [rng.permutation(items) for _ in range(shuffles)]
    order = np.argsort(facts.relation, kind="stable")
    kinds, starts = np.unique(facts.relation[order], return_index=True)
    checks = []
    for kind, (start, end) in zip(kinds, pairwise([*starts, len(order)]), strict=True):
        rows = order[start:end]
        links = _links(facts.head[rows], facts.tail[rows], history.shape[1])
        hits = _count_linked(history, links, users, items)
        chance = sum(_count_linked(history, links, users, other) for other in dealt)
        observed = hits / max(len(items), 1)
        expected = (chance + 1) / (shuffles * len(items) + 1)
        lift = observed / expected
        suspicious = lift > SUSPICIOUS_LIFT and observed > SUSPICIOUS_SHARE
        name = facts.names[int(kind)]
        checks.append(Relation(name, len(rows), observed, expected, lift, suspicious))
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
    """Count the events whose item is linked to an item in the person's history."""
    linkable = np.flatnonzero(np.diff(links.indptr)[items])
    count = 0
    for start in range(0, len(linkable), _BLOCK):
        rows: NDArray[np.intp] = linkable[start : start + _BLOCK]
        shared = history[users[rows]].multiply(links[items[rows]]).tocsr()
        count += int(np.count_nonzero(np.diff(shared.indptr)))
    return count
