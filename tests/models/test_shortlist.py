"""Shortlists: what is found among some items is what is found among all."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from tastegraph.core.arrays import without
from tastegraph.models import shortlist
from tastegraph.models.base import SimilarityComponent
from tastegraph.models.hybrid import spread
from tastegraph.models.kernels import TableKernel
from tastegraph.models.objective import Objective
from tastegraph.models.shortlist import Shortlist
from tastegraph.profiles.attention import Recency
from tastegraph.profiles.interactions import History

PEOPLE, ITEMS = 40, 60


def world(seed: int):
    rng = np.random.default_rng(seed)
    seen = sparse.csr_array(rng.random((PEOPLE, ITEMS)) < 0.1)
    wanted = without(sparse.csr_array(rng.random((PEOPLE, ITEMS)) < 0.08), seen)
    people = np.flatnonzero(np.diff(wanted.indptr))
    histories = [
        History(seen[[k]].indices.astype("i4"), np.ones(seen[[k]].nnz, "f4")) for k in people
    ]
    tables = rng.normal(size=(3, ITEMS, ITEMS)).astype("f4")
    parts = {
        "a": [
            SimilarityComponent(Recency(), TableKernel(tables[0])),
            SimilarityComponent(Recency(2.0), TableKernel(tables[0])),
        ],
        "b": [SimilarityComponent(Recency(), TableKernel(tables[1]))],
        "nothing": [SimilarityComponent(Recency(), TableKernel(np.zeros_like(tables[2])))],
    }
    return parts, histories, Objective.of(seen, wanted, people)


def of(scores):
    return spread(scores, np.ones(ITEMS, dtype=bool))


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([1, 7, 1000]), st.integers(25, 100))
def test_sums_are_worth_what_they_are_among_all_items(seed, people, first) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shortlist, "CELLS", people * ITEMS)
        patch.setattr(shortlist, "FIRST", first)
        parts, histories, objective = world(seed)
        among = Shortlist.of(parts, histories, objective, of)
    weights = {"a": 1.0, "b": 0.4, "nothing": 0.05}
    for setting in (0, 1):
        whole = []
        for name, weight in weights.items():
            scores = parts[name][min(setting, len(parts[name]) - 1)].score(histories)
            whole.append(weight * scores * of(scores)[:, None])
        few = sum(
            np.float32(weight) * among.scores[name][min(setting, len(parts[name]) - 1)]
            for name, weight in weights.items()
        )
        assert among.objective.by_person(few) == pytest.approx(
            objective.by_person(np.sum(whole, axis=0).astype("f4")), abs=1e-6
        )


def test_a_shortlist_has_what_is_wanted_and_nothing_seen() -> None:
    parts, histories, objective = world(3)
    among = Shortlist.of(parts, histories, objective, of)
    assert len(among.objective.seen[0]) == 0
    scores = parts["b"][0].score(histories)
    expected = (scores * of(scores)[:, None])[objective.row, objective.item]
    found = among.scores["b"][0][among.objective.row, among.objective.item]
    assert found == pytest.approx(expected)
