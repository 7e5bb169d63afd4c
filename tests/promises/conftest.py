"""Worlds that the proofs share, and the report of a run of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support import serving_world
from tests.support.promises import write_report


@pytest.fixture
def count_cases(record_property: Callable[[str, object], None]) -> Callable[[str, int], None]:
    """Say in the report how many cases of something a test has checked."""
    return record_property


@pytest.fixture(scope="session")
def world_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of the small world of ``serving_world``; tests must not change it."""
    directory = tmp_path_factory.mktemp("world")
    engine = serving_world.open_engine(directory)
    engine.close()
    engine.database.close()
    return directory


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Write the report, where ``PROMISES_REPORT`` names a file."""
    write_report(terminalreporter.stats)
