"""The audit of a split, by hand and with a planted leak."""

import json

import numpy as np
import pytest
from hypothesis import given
from rich.console import Console

from tastegraph.evaluation.audit import ItemFacts, audit
from tastegraph.evaluation.tables import print_report
from tastegraph.profiles.splits import TEST, TRAIN, VALID
from tests.support.matrices import few_examples, ints, seeds


def test_audit_counts_by_hand():
    users = ints(0, 0, 0, 0, 1, 1, 2)
    items = ints(0, 0, 1, 0, 0, 1, 5)
    times = np.array([1, 2, 3, 4, 9, 5, np.nan])
    splits = np.array([TRAIN, TRAIN, VALID, TEST, TRAIN, TEST, TEST])
    facts = ints(0, 0, 1, 2), ints(0, 0, 0, 5)
    result = audit(users, items, times, splits, user_facts=facts)
    sizes = {name: (p.events, p.users, p.items, p.duplicates) for name, p in result.splits.items()}
    assert sizes == {"train": (3, 2, 1, 1), "valid": (1, 1, 1, 0), "test": (3, 3, 3, 0)}
    assert result.overlap == {"valid": 0, "test": 1}
    assert (result.cold_users, result.cold_items, result.time_travellers) == (1, 2, 1)
    assert (result.user_facts, result.user_facts_in_test) == (3, 2)
    assert result.relations == ()
    json.dumps(result.as_dict(), allow_nan=False)


def test_audit_counts_ties_by_hand():
    """User 0: 1 1 2 2, the test event tied with valid; 1: 5 5, both test; 2: no time; 3: 1."""
    users = ints(0, 0, 0, 0, 1, 1, 2, 2, 3)
    times = np.array([1, 1, 2, 2, 5, 5, np.nan, np.nan, 1])
    splits = np.array([TRAIN, TRAIN, VALID, TEST, TEST, TEST, TRAIN, TEST, TRAIN])
    result = audit(users, np.arange(9, dtype=np.int32), times, splits)
    assert (result.tied, result.tied_tests) == (6 / 7, 1 / 3)
    untimed = audit(users, np.arange(9, dtype=np.int32), np.full(9, np.nan), splits)
    assert (untimed.tied, untimed.tied_tests) == (None, None)
    console = Console(width=200, record=True, color_system=None)
    protocol = {"split": "s", "positives": "p", "ranking": "r", "masked": "m", "chosen_on": "c"}
    for split_audit in (result, untimed):
        print_report({"protocol": protocol, "audit": split_audit.as_dict(), "results": []}, console)
    text = console.export_text()
    assert text.count("tied in time") == 1
    assert "of the user: 85.7% of events; with one of train or valid: 33.3% of test" in text


@few_examples
@given(seeds)
def test_ties_do_not_depend_on_the_order_of_rows(seed):
    rng = np.random.default_rng(seed)
    rows = int(rng.integers(1, 40))
    users, times = rng.integers(0, 4, rows).astype(np.int32), rng.integers(0, 6, rows).astype(float)
    times[rng.random(rows) < 0.2] = np.nan
    splits, items = rng.integers(0, 3, rows), np.arange(rows, dtype=np.int32)
    result = audit(users, items, times, splits)
    same = (users == users[:, None]) & (times == times[:, None]) & ~np.eye(rows, dtype=bool)
    timed = ~np.isnan(times)
    test = timed & (splits == TEST)
    assert result.tied == (same.any(axis=1)[timed].mean() if timed.any() else None)
    before = same[:, splits != TEST].any(axis=1)
    assert result.tied_tests == (before[test].mean() if test.any() else None)
    order = rng.permutation(rows)
    assert audit(users[order], items[order], times[order], splits[order]).tied == result.tied


def test_planted_relation_is_suspicious_and_no_other():
    rng = np.random.default_rng(0)
    n_users, n_items, each = 60, 300, 12
    items = np.concatenate([rng.choice(n_items, each, replace=False) for _ in range(n_users)])
    users = np.repeat(np.arange(n_users, dtype=np.int32), each)
    splits = np.tile([TRAIN] * 10 + [VALID, TEST], n_users)
    last = items.reshape(n_users, each)
    noise = rng.integers(0, n_items, (2, 400))
    relation = np.repeat([0, 1], [n_users, 400])
    head = np.concatenate([last[:, 11], noise[0]])
    tail = np.concatenate([last[:, 0], noise[1]])
    facts = ItemFacts(head, relation, tail, ("also bought", "by chance", "unused"))
    result = audit(users, items, np.arange(len(users), dtype=float), splits, facts)
    leak, chance = result.relations
    assert (leak.relation, leak.facts, leak.observed, leak.suspicious) == ("also bought", 60, 1, 1)
    assert leak.lift > 3
    assert (chance.relation, chance.suspicious) == ("by chance", False)
    assert chance.lift == pytest.approx(1, abs=0.6)
    assert result == audit(users, items, np.arange(len(users), dtype=float), splits, facts)
    mirrored = ItemFacts(tail, relation, head, facts.names)
    assert audit(users, items, np.arange(len(users), dtype=float), splits, mirrored) == result


def test_audit_ignores_links_of_an_item_to_itself():
    users, items = ints(0, 0), ints(3, 3)
    facts = ItemFacts(ints(3), ints(0), ints(3), ("same",))
    (check,) = audit(users, items, np.zeros(2), np.array([TRAIN, TEST]), facts).relations
    assert (check.observed, check.lift, check.suspicious) == (0, 0, False)


def test_audit_without_events():
    empty = np.array([], dtype=np.int32)
    facts = ItemFacts(ints(0), ints(0), ints(1), ("r",))
    result = audit(empty, empty, np.array([]), empty, facts)
    assert result.splits["test"].events == 0
    assert result.relations[0].lift == 0
    with pytest.raises(ValueError, match="lengths"):
        audit(ints(0), empty, np.array([]), empty)
