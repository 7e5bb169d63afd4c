"""Fixtures of the tests of the command line."""

from __future__ import annotations

import pytest


@pytest.fixture
def shop(tastegraph, tmp_path):
    """The directory of an empty workspace."""
    assert tastegraph("init", tmp_path / "shop").code == 0
    return tmp_path / "shop"
