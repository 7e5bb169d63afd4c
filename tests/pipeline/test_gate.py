"""The gate: its samples of users, and what it lets pass."""

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
from tastegraph.pipeline import gate, gate_samples
from tastegraph.pipeline.gate import check_models, check_popularity, check_resemblance
from tastegraph.pipeline.gate_samples import GateSample
from tastegraph.pipeline.retrain import without_new_events
from tastegraph.profiles.attention import Recency
from tastegraph.profiles.interactions import History, Interactions

# Samples.


def likes(rows: list[tuple[int, int]], users: int = 3, items: int = 6) -> Interactions:
    user, item = np.array(rows, dtype=np.int32).T
    return Interactions(
        [f"u{k}" for k in range(users)], items, user, item, np.arange(len(rows), dtype=float),
        np.ones(len(rows), "f4"), np.full(len(rows), -1, "i1"),
    )  # fmt: skip


def test_new_events_of_holdout_users_are_left_out() -> None:
    before = likes([(0, 1), (1, 2)], users=2)
    after = likes([(0, 1), (0, 3), (1, 2), (1, 4), (2, 5)])
    left = without_new_events(after, before, np.array([False, True, True]))
    assert list(zip(left.users.tolist(), left.items.tolist(), strict=True)) == [
        (0, 1), (0, 3), (1, 2),
    ]  # fmt: skip
    sample = gate_samples.newest_likes(before, after, np.array([False, True, True]), 10)
    assert [history.items.tolist() for history in sample.histories] == [[2]]
    assert sample.targets.toarray().nonzero()[1].tolist() == [4]


def test_last_fifth_of_earlier_likes_are_targets() -> None:
    rows = [(0, k) for k in range(5)] + [(1, k) for k in range(4)]
    sample = gate_samples.earlier_likes(likes(rows, users=2), 10)
    assert [history.items.tolist() for history in sample.histories] == [[0, 1, 2, 3]]
    assert sample.targets.toarray().nonzero()[1].tolist() == [4]
    assert sample.seen.toarray().nonzero()[1].tolist() == [0, 1, 2, 3]


def test_holdout_users_differ_by_seed_and_are_enough() -> None:
    users = [str(k) for k in range(10_000)]
    first, second = (
        gate_samples.holdout_users(users, 0.1, 1),
        gate_samples.holdout_users(users, 0.1, 2),
    )
    assert first.mean() == pytest.approx(0.1, abs=0.02)
    assert (first & second).mean() == pytest.approx(0.01, abs=0.005)
    assert gate_samples.holdout_users(users[:40], 0.1, 1).mean() == pytest.approx(0.5, abs=0.25)


def test_later_half_of_likes_since_are_targets() -> None:
    """User 0 liked three more; user 1, who is new, three; user 2 none."""
    before = likes([(0, 1), (1, 2)], users=2)
    before = Interactions(
        ["u0", "u2"],
        6,
        before.users,
        before.items,
        before.times,
        before.weights,
        before.published_splits,
    )
    after = likes([(0, 1), (0, 3), (0, 4), (0, 5), (1, 0), (1, 4), (1, 5), (2, 2)])
    sample = gate_samples.likes_since(before, after, 10)
    assert [history.items.tolist() for history in sample.histories] == [[1, 3], [0]]
    assert [row.nonzero()[0].tolist() for row in sample.targets.toarray()] == [[4, 5], [4, 5]]


def test_late_events_are_new_whatever_their_time() -> None:
    """Likes of items 3 and 4 arrive now, with times before all known events."""
    before = likes([(0, 1), (0, 2)])
    after = likes([(0, 3), (0, 4), (0, 1), (0, 2)])
    after = replace(after, times=np.array([-2.0, -1.0, *before.times]))
    assert gate_samples.new_events(before, after).tolist() == [True, True, False, False]
    sample = gate_samples.likes_since(before, after, 10)
    assert sample.targets.toarray().nonzero()[1].tolist() == [4]
    assert [history.items.tolist() for history in sample.histories] == [[3, 1, 2]]


def test_prompted_likes_are_targets_only_where_few_are_organic(monkeypatch) -> None:
    """User 0 liked item 3 unprompted, and item 4 because a list had it."""
    before = likes([(0, 1), (1, 2)], users=2)
    after = likes([(0, 1), (0, 3), (0, 4), (1, 2), (1, 5)], users=2)
    organic = likes([(0, 1), (0, 3), (1, 2)], users=2)
    users = np.array([True, True])
    all_likes = gate_samples.newest_organic_likes(before, after, organic, users, 10)
    assert all_likes.targets.toarray().nonzero()[1].tolist() == [3, 4, 5]
    monkeypatch.setattr(gate_samples, "MIN_ORGANIC_USERS", 1)
    organic_likes = gate_samples.newest_organic_likes(before, after, organic, users, 10)
    assert organic_likes.targets.toarray().nonzero()[1].tolist() == [3]
    too_few = gate_samples.newest_organic_likes(before, after, organic, np.array([False, True]), 10)
    assert too_few.targets.toarray().nonzero()[1].tolist() == [5]


# Checks.


def model_of(table: np.ndarray) -> HybridModel:
    component = SimilarityComponent(Recency(), TableKernel(table.astype("f4")))
    weights = {group: {BEHAVIOUR: 1.0} for group in (KNOWN, NEW)}
    n = len(table)
    blend, rows = Blend(weights, weights), np.arange(n)
    return HybridModel({BEHAVIOUR: component}, blend, np.ones(n, bool), rows, np.ones(n, int))


def test_gate_refuses_losses_beyond_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model with the true scores passes against one with noise, and not the other way."""
    rng = np.random.default_rng(0)
    seen = sparse.csr_array(rng.random((200, 40)) < 0.15)
    truth = rng.normal(size=(40, 40))
    truth = truth + truth.T
    scores = seen.toarray() @ truth
    scores[seen.toarray() > 0] = -np.inf
    best = scores >= np.sort(scores, axis=1)[:, [-3]]
    targets = sparse.csr_array(best & np.isfinite(scores))
    histories = [History(row.nonzero()[0].astype("i4"), np.ones(row.sum(), "f4"))
                 for row in seen.toarray()]  # fmt: skip
    samples = {"newest": GateSample(histories, sparse.csr_array(seen), targets)}
    good, bad = model_of(truth), model_of(rng.normal(size=(40, 40)))
    loop, clock = LoopConfig(allowed_seconds=0.005), SimpleNamespace(now=0.0)

    def ranked(model: HybridModel, _: History) -> None:
        """Take 1 ms, or 20 ms for a model without popularity."""
        clock.now += 0.001 if model.popularity.any() else 0.02

    monkeypatch.setattr(HybridModel, "rank", ranked)
    monkeypatch.setattr(gate, "time", SimpleNamespace(perf_counter=lambda: clock.now))
    assert check_models(good, bad, (9, 9), samples, loop).passed
    verdict = check_models(bad, good, (9, 9), samples, loop)
    assert [check.name for check in verdict.checks if not check.passed] == ["NDCG@10, newest"]
    nearly = model_of(truth + rng.normal(scale=0.02, size=(40, 40)))
    assert check_models(nearly, good, (9, 9), samples, loop).passed
    assert not check_models(good, good, (4, 9), samples, loop).passed
    no_users = {"newest": GateSample([], samples["newest"].seen[:0], targets[:0])}
    assert not check_models(good, good, (9, 9), no_users, loop).passed
    same_scores = model_of(np.ones((40, 40)))
    narrow = check_models(same_scores, good, (9, 9), samples, LoopConfig(max_ndcg_loss=1))
    assert "coverage, newest" in {check.name for check in narrow.checks if not check.passed}
    slow = check_models(replace(good, popularity=np.zeros(40, int)), good, (9, 9), samples, loop)
    assert [check.name for check in slow.checks if not check.passed] == ["seconds of a list"]
    assert "FAILED" in verdict.in_words()
    assert not verdict.as_dict()["passed"]


def test_one_user_is_not_enough() -> None:
    """The target moves from rank 1 to 2: for one user that could be chance."""
    good, worse = np.zeros((2, 6, 6))
    good[0, 1], good[0, 2], worse[0, 1], worse[0, 2] = 2, 1, 1, 2
    seen, targets = np.zeros((2, 1, 6), dtype=bool)
    seen[0, 0], targets[0, 1] = True, True
    one_user = GateSample([History(np.array([0], "i4"), np.ones(1, "f4"))], sparse.csr_array(seen),
                  sparse.csr_array(targets))  # fmt: skip
    verdict = check_models(
        model_of(worse),
        model_of(good),
        (9, 9),
        {"newest": one_user},
        LoopConfig(allowed_seconds=10),
    )
    (ndcg,) = (check for check in verdict.checks if check.name.startswith("NDCG"))
    assert ndcg.candidate < ndcg.incumbent
    assert ndcg.passed
    assert not verdict.passed, "one user is too few"
    assert check_models(
        model_of(good),
        model_of(good),
        (9, 9),
        {"newest": one_user},
        LoopConfig(allowed_seconds=10, min_holdout_users=1),
    ).passed


def test_candidate_below_popularity_is_refused() -> None:
    """Users like what is popular: the same list for all passes, noise does not."""
    rng = np.random.default_rng(0)
    seen, targets = np.zeros((2, 100, 40), dtype=bool)
    for u in range(100):
        row = rng.choice(40, 5, replace=False, p=(np.arange(40) + 1) ** 2 / 22_140)
        seen[u, row[:2]], targets[u, row[2:]] = True, True
    histories = [History(np.flatnonzero(row).astype("i4"), np.ones(2, "f4")) for row in seen]
    samples = {"newest": GateSample(histories, sparse.csr_array(seen), sparse.csr_array(targets))}
    same_for_all = popularity(sparse.csr_array(seen | targets))
    everywhere = model_of(np.tile((seen | targets).sum(axis=0), (40, 1)).astype(float))
    assert all(check.passed for check in check_popularity(everywhere, same_for_all, samples))
    (noise,) = check_popularity(model_of(rng.normal(size=(40, 40))), same_for_all, samples)
    assert (noise.passed, noise.n_users) == (False, 100)
    assert noise.candidate < noise.bound == noise.incumbent


def test_random_likes_do_not_resemble_earlier_ones() -> None:
    """Two camps of items: likes within a user's camp pass, random likes do not."""
    rng = np.random.default_rng(0)
    camp = np.arange(40) % 2
    model = model_of((camp[:, None] == camp[None, :]).astype(float))
    known, loop = np.ones(40, dtype=bool), LoopConfig()

    def sample(same: bool) -> GateSample:
        rows = [
            rng.permutation(np.flatnonzero(camp == u % 2) if same else 40)[:6] for u in range(60)
        ]
        seen, targets = np.zeros((2, 60, 40), dtype=bool)
        for u, row in enumerate(rows):
            seen[u, row[:4]], targets[u, row[4:]] = True, True
        histories = [History(row[:4].astype("i4"), np.ones(4, "f4")) for row in rows]
        return GateSample(histories, sparse.csr_array(seen), sparse.csr_array(targets))

    earlier, random = sample(same=True), sample(same=False)
    good = check_resemblance(model, sample(same=True), earlier, known, loop)
    assert good.passed
    # 14 items of the own camp tie with the targets, 20 of the other camp are below.
    camp_left, others = 16 - 2, 20
    assert good.candidate == pytest.approx((camp_left / 2 + others) / (camp_left + others))
    bad = check_resemblance(model, random, earlier, known, loop)
    assert not bad.passed
    assert bad.candidate == pytest.approx(0.5, abs=0.1)
    assert bad.bound == pytest.approx(0.5 + (bad.incumbent - 0.5) / 2)
    assert check_resemblance(model, random, earlier, known, LoopConfig(min_auc_ratio=0)).passed
    few = GateSample(random.histories[:0], random.seen[:0], random.targets[:0])
    assert check_resemblance(model, few, earlier, known, loop).passed


def test_resemblance_leaves_out_unknown_items() -> None:
    model = model_of(np.eye(6))
    seen, targets = np.zeros((2, 1, 6), dtype=bool)
    seen[0, 0], targets[0, [1, 5]] = True, True
    sample = GateSample([History(np.array([0], "i4"), np.ones(1, "f4"))], sparse.csr_array(seen),
                 sparse.csr_array(targets))  # fmt: skip
    known = np.array([True, True, True, True, True, False])
    check = check_resemblance(model, sample, sample, known, LoopConfig())
    assert (check.candidate, check.n_users) == (0.5, 1)
