"""An import that is killed leaves nothing of itself, or all."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.killed_imports import N_BEFORE, N_NEW

KILLS = 50


@pytest.mark.slow
def test_an_import_killed_at_seeded_moments_is_there_whole_or_not_at_all(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.support.killed_imports", str(tmp_path), str(KILLS)]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    assert finished.returncode == 0, finished.stderr[-2000:]
    counts = json.loads(finished.stdout.splitlines()[-1])
    assert len(counts) == KILLS
    assert set(counts) <= {N_BEFORE, N_BEFORE + N_NEW}
    assert N_BEFORE in counts
