"""The gate: whom it asks, and what it lets pass."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from scipy import sparse

from tastegraph.core.config import LoopConfig
from tastegraph.models.base import BEHAVIOUR, KNOWN, NEW, SimilarityComponent
from tastegraph.models.baselines import popularity
from tastegraph.models.hybrid import Blend, HybridModel
from tastegraph.models.kernels import TableKernel
from tastegraph.pipeline import asked, gate
from tastegraph.pipeline.asked import Asked
from tastegraph.pipeline.gate import floor, judge, resemblance
from tastegraph.pipeline.retrain import without_newest
from tastegraph.profiles.attention import Recency
from tastegraph.profiles.interactions import History, Interactions

# Whom it asks.


def told(rows: list[tuple[int, int]], users: int = 3, items: int = 6) -> Interactions:
    user, item = np.array(rows, dtype=np.int32).T
    return Interactions(
        [f"u{k}" for k in range(users)], items, user, item, np.arange(len(rows), dtype=float),
        np.ones(len(rows), "f4"), np.full(len(rows), -1, "i1"),
    )  # fmt: skip


def test_of_a_witness_the_newest_is_left_out() -> None:
    before = told([(0, 1), (1, 2)], users=2)
    now = told([(0, 1), (0, 3), (1, 2), (1, 4), (2, 5)])
    left = without_newest(now, before, np.array([False, True, True]))
    assert list(zip(left.users.tolist(), left.items.tolist(), strict=True)) == [
        (0, 1), (0, 3), (1, 2),
    ]  # fmt: skip
    found = asked.newest(before, now, np.array([False, True, True]), 10)
    assert [history.items.tolist() for history in found.histories] == [[2]]
    assert found.wanted.toarray().nonzero()[1].tolist() == [4]


def test_the_last_fifth_of_what_was_known_is_asked_for() -> None:
    rows = [(0, k) for k in range(5)] + [(1, k) for k in range(4)]
    found = asked.earlier(told(rows, users=2), 10)
    assert [history.items.tolist() for history in found.histories] == [[0, 1, 2, 3]]
    assert found.wanted.toarray().nonzero()[1].tolist() == [4]
    assert found.seen.toarray().nonzero()[1].tolist() == [0, 1, 2, 3]


def test_witnesses_change_and_are_enough() -> None:
    people = [str(k) for k in range(10_000)]
    first, second = asked.witnesses(people, 0.1, 1), asked.witnesses(people, 0.1, 2)
    assert first.mean() == pytest.approx(0.1, abs=0.02)
    assert (first & second).mean() == pytest.approx(0.01, abs=0.005)
    assert asked.witnesses(people[:40], 0.1, 1).mean() == pytest.approx(0.5, abs=0.25)


def test_of_what_was_liked_since_the_later_half_is_asked_for() -> None:
    """Person 0 liked three more; person 1, who is new, three; person 2 nothing."""
    before = told([(0, 1), (1, 2)], users=2)
    before = Interactions(
        ["u0", "u2"], 6, before.users, before.items, before.times, before.weights, before.given
    )
    now = told([(0, 1), (0, 3), (0, 4), (0, 5), (1, 0), (1, 4), (1, 5), (2, 2)])
    found = asked.since(before, now, 10)
    assert [history.items.tolist() for history in found.histories] == [[1, 3], [0]]
    assert [row.nonzero()[0].tolist() for row in found.wanted.toarray()] == [[4, 5], [4, 5]]


def test_what_came_late_is_new_whatever_time_it_says_it_is_of() -> None:
    """Likes of items 3 and 4 that are dated before all that was known."""
    before = told([(0, 1), (0, 2)])
    now = told([(0, 3), (0, 4), (0, 1), (0, 2)])
    now = replace(now, times=np.array([-2.0, -1.0, *before.times]))
    assert asked.arrived(before, now).tolist() == [True, True, False, False]
    found = asked.since(before, now, 10)
    assert found.wanted.toarray().nonzero()[1].tolist() == [4]
    assert [history.items.tolist() for history in found.histories] == [[3, 1, 2]]


def test_what_a_list_prompted_is_asked_for_only_where_too_little_else_is(monkeypatch) -> None:
    """Person 0 liked item 3 of their own accord and item 4 because a list had it."""
    before = told([(0, 1), (1, 2)], users=2)
    now = told([(0, 1), (0, 3), (0, 4), (1, 2), (1, 5)], users=2)
    free = told([(0, 1), (0, 3), (1, 2)], users=2)
    judging = np.array([True, True])
    everything = asked.newest_unled(before, now, free, judging, 10)
    assert everything.wanted.toarray().nonzero()[1].tolist() == [3, 4, 5]
    monkeypatch.setattr(asked, "ENOUGH", 1)
    own = asked.newest_unled(before, now, free, judging, 10)
    assert own.wanted.toarray().nonzero()[1].tolist() == [3]
    nobody = asked.newest_unled(before, now, free, np.array([False, True]), 10)
    assert nobody.wanted.toarray().nonzero()[1].tolist() == [5]


# What it lets pass.


def of(table: np.ndarray) -> HybridModel:
    part = SimilarityComponent(Recency(), TableKernel(table.astype("f4")))
    weights = {who: {BEHAVIOUR: 1.0} for who in (KNOWN, NEW)}
    n = len(table)
    return HybridModel({BEHAVIOUR: part}, Blend(weights, weights), np.ones(n, bool), np.arange(n),
                 np.ones(n, int))  # fmt: skip


def test_the_gate_weighs_loss_against_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    """A table that says everything passes against one that says noise, and not the other way."""
    rng = np.random.default_rng(0)
    seen = sparse.csr_array(rng.random((200, 40)) < 0.15)
    truth = rng.normal(size=(40, 40))
    truth = truth + truth.T
    scores = seen.toarray() @ truth
    scores[seen.toarray() > 0] = -np.inf
    best = scores >= np.sort(scores, axis=1)[:, [-3]]
    wanted = sparse.csr_array(best & np.isfinite(scores))
    histories = [History(row.nonzero()[0].astype("i4"), np.ones(row.sum(), "f4"))
                 for row in seen.toarray()]  # fmt: skip
    people = {"newest": Asked(histories, sparse.csr_array(seen), wanted)}
    good, bad = of(truth), of(rng.normal(size=(40, 40)))
    loop, clock = LoopConfig(seconds=0.005), SimpleNamespace(now=0.0)

    def ranked(model: HybridModel, _: History) -> None:
        """It takes 1 ms, and 20 ms of a model that nothing is popular for."""
        clock.now += 0.001 if model.popularity.any() else 0.02

    monkeypatch.setattr(HybridModel, "rank", ranked)
    monkeypatch.setattr(gate, "time", SimpleNamespace(perf_counter=lambda: clock.now))
    assert judge(good, bad, (9, 9), people, loop).passed
    verdict = judge(bad, good, (9, 9), people, loop)
    assert [check.name for check in verdict.checks if not check.passed] == ["NDCG@10, newest"]
    nearly = of(truth + rng.normal(scale=0.02, size=(40, 40)))
    assert judge(nearly, good, (9, 9), people, loop).passed
    assert not judge(good, good, (4, 9), people, loop).passed
    nobody = {"newest": Asked([], people["newest"].seen[:0], wanted[:0])}
    assert not judge(good, good, (9, 9), nobody, loop).passed
    narrow = judge(of(np.ones((40, 40))), good, (9, 9), people, LoopConfig(tolerance=1))
    assert "coverage, newest" in {check.name for check in narrow.checks if not check.passed}
    slow = judge(replace(good, popularity=np.zeros(40, int)), good, (9, 9), people, loop)
    assert [check.name for check in slow.checks if not check.passed] == ["seconds of a list"]
    assert "FAILED" in verdict.in_words()
    assert not verdict.as_dict()["passed"]


def test_one_person_proves_nothing() -> None:
    """What stood first stands second: of one person nobody knows whether that is chance."""
    good, worse = np.zeros((2, 6, 6))
    good[0, 1], good[0, 2], worse[0, 1], worse[0, 2] = 2, 1, 1, 2
    seen, wanted = np.zeros((2, 1, 6), dtype=bool)
    seen[0, 0], wanted[0, 1] = True, True
    alone = Asked([History(np.array([0], "i4"), np.ones(1, "f4"))], sparse.csr_array(seen),
                  sparse.csr_array(wanted))  # fmt: skip
    verdict = judge(of(worse), of(good), (9, 9), {"newest": alone}, LoopConfig(seconds=10))
    (quality,) = (check for check in verdict.checks if check.name.startswith("NDCG"))
    assert quality.candidate < quality.incumbent
    assert quality.passed
    assert not verdict.passed, "nor is one person enough to judge by"
    assert judge(
        of(good), of(good), (9, 9), {"newest": alone}, LoopConfig(seconds=10, people=1)
    ).passed


def test_no_row_of_small_losses_gets_below_popularity() -> None:
    """Who likes what all like: the same list for everybody passes beside itself, noise does not."""
    rng = np.random.default_rng(0)
    seen, wanted = np.zeros((2, 100, 40), dtype=bool)
    for u in range(100):
        row = rng.choice(40, 5, replace=False, p=(np.arange(40) + 1) ** 2 / 22_140)
        seen[u, row[:2]], wanted[u, row[2:]] = True, True
    histories = [History(np.flatnonzero(row).astype("i4"), np.ones(2, "f4")) for row in seen]
    people = {"newest": Asked(histories, sparse.csr_array(seen), sparse.csr_array(wanted))}
    same_for_all = popularity(sparse.csr_array(seen | wanted))
    everywhere = of(np.tile((seen | wanted).sum(axis=0), (40, 1)).astype(float))
    assert all(check.passed for check in floor(everywhere, same_for_all, people))
    (noise,) = floor(of(rng.normal(size=(40, 40))), same_for_all, people)
    assert (noise.passed, noise.people) == (False, 100)
    assert noise.candidate < noise.bound == noise.incumbent


def test_what_is_new_has_to_resemble_what_was_known() -> None:
    """Two camps of items: likes within one's camp pass, likes anywhere do not."""
    rng = np.random.default_rng(0)
    camp = np.arange(40) % 2
    model = of((camp[:, None] == camp[None, :]).astype(float))
    known, loop = np.ones(40, dtype=bool), LoopConfig()

    def liked(same: bool) -> Asked:
        rows = [
            rng.permutation(np.flatnonzero(camp == u % 2) if same else 40)[:6] for u in range(60)
        ]
        seen, wanted = np.zeros((2, 60, 40), dtype=bool)
        for u, row in enumerate(rows):
            seen[u, row[:4]], wanted[u, row[4:]] = True, True
        histories = [History(row[:4].astype("i4"), np.ones(4, "f4")) for row in rows]
        return Asked(histories, sparse.csr_array(seen), sparse.csr_array(wanted))

    told_of, random = liked(same=True), liked(same=False)
    good = resemblance(model, liked(same=True), told_of, known, loop)
    assert good.passed
    # 14 of their own are left beside the two, 20 of the other camp are below: 12 / 2 + 20 of 32.
    camp_left, others = 16 - 2, 20
    assert good.candidate == pytest.approx((camp_left / 2 + others) / (camp_left + others))
    bad = resemblance(model, random, told_of, known, loop)
    assert not bad.passed
    assert bad.candidate == pytest.approx(0.5, abs=0.1)
    assert bad.bound == pytest.approx(0.5 + (bad.incumbent - 0.5) / 2)
    assert resemblance(model, random, told_of, known, LoopConfig(resemblance=0)).passed
    few = Asked(random.histories[:0], random.seen[:0], random.wanted[:0])
    assert resemblance(model, few, told_of, known, loop).passed


def test_items_nobody_knew_are_not_asked_for() -> None:
    model = of(np.eye(6))
    seen, wanted = np.zeros((2, 1, 6), dtype=bool)
    seen[0, 0], wanted[0, [1, 5]] = True, True
    asks = Asked([History(np.array([0], "i4"), np.ones(1, "f4"))], sparse.csr_array(seen),
                 sparse.csr_array(wanted))  # fmt: skip
    known = np.array([True, True, True, True, True, False])
    found = resemblance(model, asks, asks, known, LoopConfig())
    assert (found.candidate, found.people) == (0.5, 1)
