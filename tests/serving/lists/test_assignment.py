"""Users are assigned to variants: always the same one, and as many as the shares say."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tastegraph.core.config import ExperimentConfig
from tastegraph.serving.lists.assignment import Experiments, drawn_variant

SHARES = {"a": 0.2, "b": 0.3, "control": 0.5}
USERS = [f"user-{k}" for k in range(20_000)]


def drawn(experiment: str, shares: dict[str, float]) -> list[str]:
    return [drawn_variant(experiment, user, shares) for user in USERS]


def test_variants_have_their_shares_of_the_users() -> None:
    counts = Counter(drawn("new", SHARES))
    for variant, share in SHARES.items():
        assert counts[variant] / len(USERS) == pytest.approx(share, abs=0.012), (
            "3.5 standard errors"
        )


def test_a_user_is_of_the_same_variant_in_every_process_and_version() -> None:
    """The hash is part of the interface: another one would move users while experiments run."""
    by_hand = "b control b a a control control a"
    assert [drawn_variant("new", user, SHARES) for user in USERS[:8]] == by_hand.split()


def test_two_experiments_divide_the_users_independently() -> None:
    pairs = Counter(zip(drawn("one", SHARES), drawn("two", SHARES), strict=True))
    for (first, second), count in pairs.items():
        assert count / len(USERS) == pytest.approx(SHARES[first] * SHARES[second], abs=0.012)


def test_a_larger_share_moves_only_users_of_later_variants() -> None:
    before = drawn("new", {"a": 0.1, "control": 0.9})
    after = drawn("new", {"a": 0.3, "control": 0.7})
    moves = Counter(zip(before, after, strict=True))
    assert moves["a", "control"] == 0
    assert moves["control", "a"] > 0


@given(st.text(), st.floats(0.001, 0.999))
def test_every_user_has_a_variant(user: str, share: float) -> None:
    assert drawn_variant("new", user, {"a": share, "b": 1 - share}) in ("a", "b")
    assert drawn_variant("new", user, {"a": share, "control": 1 - share}) in ("a", "control")


def test_experiment_of_a_surface_leaves_other_lists_alone() -> None:
    config = ExperimentConfig.model_validate(
        {"surfaces": ["home"], "variants": {"a": {"share": 0.5}, "b": {"share": 0.5}}}
    )
    experiments = Experiments({"new": config})
    assert experiments.assign("user-1", "home").variant in ("a", "b")
    for unit, surface in (("user-1", None), ("user-1", "email"), (None, "home")):
        assignment = experiments.assign(unit, surface)
        assert (assignment.experiment, assignment.variant) == (None, None)
        assert assignment.settings.snapshot == "current"
