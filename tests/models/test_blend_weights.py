"""Shortlists: NDCG over some items is NDCG over all."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from tastegraph.core.arrays import without
from tastegraph.models import blend_weights
from tastegraph.models.base import SimilarityComponent
from tastegraph.models.blend_weights import Shortlist
from tastegraph.models.kernels import TableKernel
from tastegraph.models.ranked import inverse_spread
from tastegraph.models.validation import Objective
from tastegraph.profiles.attention import Recency
from tastegraph.profiles.interactions import History

N_USERS, N_ITEMS = 40, 60


def world(seed: int):
    rng = np.random.default_rng(seed)
    seen = sparse.csr_array(rng.random((N_USERS, N_ITEMS)) < 0.1)
    targets = without(sparse.csr_array(rng.random((N_USERS, N_ITEMS)) < 0.08), seen)
    users = np.flatnonzero(np.diff(targets.indptr))
    histories = [
        History(seen[[k]].indices.astype("i4"), np.ones(seen[[k]].nnz, "f4")) for k in users
    ]
    tables = rng.normal(size=(3, N_ITEMS, N_ITEMS)).astype("f4")
    options = {
        "a": [
            SimilarityComponent(Recency(), TableKernel(tables[0])),
            SimilarityComponent(Recency(2.0), TableKernel(tables[0])),
        ],
        "b": [SimilarityComponent(Recency(), TableKernel(tables[1]))],
        "nothing": [SimilarityComponent(Recency(), TableKernel(np.zeros_like(tables[2])))],
    }
    return options, histories, Objective.of(seen, targets, users)


def of(scores):
    return inverse_spread(scores, np.ones(N_ITEMS, dtype=bool))


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([1, 7, 1000]), st.integers(25, 100))
def test_sums_of_a_shortlist_have_the_ndcg_of_all_items(seed, users, first) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blend_weights, "MAX_BLOCK_CELLS", users * N_ITEMS)
        patch.setattr(blend_weights, "CANDIDATES", first)
        options, histories, objective = world(seed)
        shortlist = Shortlist.of(options, histories, objective, of)
    weights = {"a": 1.0, "b": 0.4, "nothing": 0.05}
    for setting in (0, 1):
        whole = []
        for name, weight in weights.items():
            scores = options[name][min(setting, len(options[name]) - 1)].score(histories)
            whole.append(weight * scores * of(scores)[:, None])
        few = sum(
            np.float32(weight) * shortlist.scores[name][min(setting, len(options[name]) - 1)]
            for name, weight in weights.items()
        )
        assert shortlist.objective.by_user(few) == pytest.approx(
            objective.by_user(np.sum(whole, axis=0).astype("f4")), abs=1e-6
        )


def test_shortlist_holds_the_targets_and_nothing_seen() -> None:
    options, histories, objective = world(3)
    shortlist = Shortlist.of(options, histories, objective, of)
    assert len(shortlist.objective.seen[0]) == 0
    scores = options["b"][0].score(histories)
    expected = (scores * of(scores)[:, None])[objective.row, objective.item]
    scores = shortlist.scores["b"][0][shortlist.objective.row, shortlist.objective.item]
    assert scores == pytest.approx(expected)
