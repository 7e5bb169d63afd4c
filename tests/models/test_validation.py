"""Validation data: what lists may be made of."""

import numpy as np
import pytest

from tastegraph.core.arrays import binary
from tastegraph.core.config import ModelConfig
from tastegraph.models.validation import Validation
from tastegraph.profiles.interactions import interactions_from_columns


def test_lists_are_made_of_what_is_offered():
    """Users 0 and 1 know item 0 and go on to like 1 and 2; user 1 is not offered item 2."""
    ones = np.ones(2)
    training = interactions_from_columns(
        ["a", "b"], 4, np.array([0, 1]), np.zeros(2, dtype=int), ones, ones, -ones.astype(int)
    )
    valid = binary([0, 1, 1], [1, 1, 2], (2, 4))
    scores = np.array([[0, 1, 2, 3], [0, 1, 2, 3]], dtype=np.float32)
    offered = binary([0, 0, 1, 1], [0, 1, 1, 3], (2, 4))
    validation = Validation.of(training, valid, ModelConfig(), offered=offered)
    # User 0 is offered 1 alone (0 is known); user 1 has 3 before 1.
    assert validation.objective.by_user(scores).tolist() == pytest.approx([1, 1 / np.log2(3)])
    everything = Validation.of(training, valid, ModelConfig())
    assert everything.objective.by_user(scores)[0] == pytest.approx(1 / np.log2(4))
