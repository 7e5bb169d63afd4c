"""Facts and texts weigh as much as costs nothing, where they beat a shuffled control."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tastegraph.models.base import SimilarityComponent
from tastegraph.models.blend_weights import FittedWeights
from tastegraph.models.kernels import FactorKernel
from tastegraph.models.preference import FACTORS, Shuffled, prefer_features
from tastegraph.profiles.attention import Recency
from tastegraph.profiles.interactions import History

N_USERS = 50


def scores(of_right: float, of_wrong: float) -> np.ndarray:
    """float32[U, 2]: of the item that each user went on to like, and of another."""
    return np.tile(np.array([of_right, of_wrong], dtype="f4"), (N_USERS, 1))


def first_is_right(total: np.ndarray) -> np.ndarray:
    """float64[U]: 1 where the first item is ahead."""
    return (total[:, 0] > total[:, 1]).astype(np.float64)


def fitted(**weights: float) -> FittedWeights:
    return FittedWeights(weights, dict.fromkeys(weights, 0), 1.0)


def preferred(
    facts: np.ndarray, control: np.ndarray, behaviour: np.ndarray | None = None
) -> dict[str, float]:
    behaviour = scores(0.0, 0.1) if behaviour is None else behaviour
    weights = fitted(behaviour=1.0, knowledge=0.2)
    by_name = {"behaviour": behaviour, "knowledge": facts}
    return prefer_features(weights, by_name, {"knowledge": control}, first_is_right).weights


def test_what_costs_nothing_weighs_most() -> None:
    weights = preferred(scores(1.0, 0.0), control=scores(0.0, 1.0))
    assert weights == {"behaviour": 1.0, "knowledge": FACTORS[0] * 0.2}


def test_what_a_shuffled_control_does_as_well_does_not_weigh_more() -> None:
    weights = preferred(scores(1.0, 0.0), control=scores(1.0, 0.0))
    assert weights == {"behaviour": 1.0, "knowledge": 0.2}


def test_weights_grow_only_as_far_as_nothing_is_lost() -> None:
    """Facts are right for nine users in ten and, beyond 3 times their weight, wrong for one."""
    facts, behaviour = scores(1.0, 0.0), scores(0.0, 0.1)
    facts[:5], behaviour[:5] = (0.0, 1.0), (0.6, 0.0)
    weights = preferred(facts, scores(0.0, 1.0), behaviour)
    assert weights["knowledge"] == pytest.approx(2 * 0.2)


def test_a_component_without_weight_gets_none() -> None:
    by_name = {"behaviour": scores(1.0, 0.0), "knowledge": scores(1.0, 0.0)}
    weights = fitted(behaviour=1.0, knowledge=0.0)
    control = {"knowledge": scores(0.0, 1.0)}
    assert prefer_features(weights, by_name, control, first_is_right) is weights


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_a_shuffled_item_has_the_features_of_another(seed: int) -> None:
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(12, 3)).astype("f4")
    component = SimilarityComponent(Recency(), FactorKernel(vectors, vectors))
    control = Shuffled.of(component, seed)
    exchanged = vectors[control.order]
    expected = SimilarityComponent(Recency(), FactorKernel(exchanged, exchanged))
    history = History(rng.permutation(12)[:4].astype("i4"), np.ones(4, "f4"))
    np.testing.assert_allclose(control.score([history]), expected.score([history]), atol=1e-5)
