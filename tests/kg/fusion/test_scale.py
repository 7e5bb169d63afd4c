"""What is done for many entities at once gives what is done for few."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tastegraph.kg.fusion import matching
from tastegraph.kg.fusion.blocking import pairs_across, pairs_within
from tastegraph.kg.fusion.matching import one_to_one_assignment
from tastegraph.kg.fusion.profiles import EntityProfile
from tastegraph.kg.linking import candidates
from tastegraph.kg.linking.candidates import NameIndex

PAIRS = st.dictionaries(
    st.tuples(st.integers(0, 5), st.integers(0, 5)),
    st.floats(0.01, 1.0, allow_nan=False),
    min_size=1,
    max_size=20,
)
NAMES = [f"{first} {last}" for first in ("Anna", "Boris", "Clara") for last in ("Alm", "Birch")]


@settings(deadline=None)
@given(PAIRS)
def test_a_sparse_assignment_is_as_probable_as_a_dense_one(probabilities):
    pairs = np.array(sorted(probabilities), dtype=np.int32)
    probability = np.array([probabilities[tuple(pair)] for pair in pairs.tolist()])
    dense = one_to_one_assignment(pairs, probability)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(matching, "MAX_DENSE_CELLS", 0)
        sparse = one_to_one_assignment(pairs, probability)
    assert probability[sparse].sum() == pytest.approx(probability[dense].sum())
    for side in pairs[sparse].T:
        assert len(set(side.tolist())) == len(side)


def test_the_rarest_grams_find_the_name_itself_and_its_cosine_is_exact(monkeypatch):
    index = NameIndex(NAMES)
    nearest, cosine = index.nearest(NAMES, 3)
    monkeypatch.setattr(candidates, "MAX_COMPARED", 2)
    few_nearest, few_cosine = index.nearest(NAMES, 3)
    assert few_nearest[:, 0].tolist() == nearest[:, 0].tolist() == list(range(len(NAMES)))
    np.testing.assert_allclose(few_cosine[:, 0], cosine[:, 0], rtol=1e-6)
    assert (few_cosine <= cosine + 1e-6).all(), "no candidate is better than the best"


def entity(identifier, name, *types):
    return EntityProfile(identifier, (name,), frozenset(types))


def test_entities_without_a_type_are_compared_with_those_of_every_type():
    left = [entity("a", "Anna Alm", "person"), entity("b", "Anna Alm")]
    right = [
        entity("x", "Anna Alm", "person"), entity("y", "Anna Alm", "film"), entity("z", "Anna Alm"),
    ]  # fmt: skip
    assert pairs_across(left, right).tolist() == [[0, 0], [0, 2], [1, 0], [1, 1], [1, 2]]
    assert pairs_within(right).tolist() == [[0, 2], [1, 2]]
