"""Promise 14: the same seed, data and version give the same artefact hash."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tastegraph.store.snapshots import Snapshots, artefact_hash
from tests.support import serving_world
from tests.support.promises import SCALE

BUILD = """
import random, sys
from pathlib import Path
from tastegraph.workspace import Workspace
from tests.support.cinema import SETTINGS, events, facts, films
directory, order = Path(sys.argv[1]), int(sys.argv[2])
workspace = Workspace.init(directory, SETTINGS)
rows = {"items": films(), "events": events(), "facts": facts()}
for table in rows.values():
    random.Random(order).shuffle(table)
workspace.ingest(items=rows["items"], events=rows["events"], facts={"films": rows["facts"]})
workspace.build()
workspace.close()
"""


def trained(directory: Path, order: int) -> str:
    """The artefact hash of a model that a process of its own has trained.

    Args:
        directory: of its workspace.
        order: seed of the order of the rows; also of the hashes of texts, which order sets.
    """
    environment = {**os.environ, "PYTHONHASHSEED": str(order)}
    command = [sys.executable, "-c", BUILD, str(directory), str(order)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return hash_of(directory)


def hash_of(directory: Path) -> str:
    """The artefact hash of the snapshot in service of a workspace."""
    return artefact_hash(Snapshots(directory / "snapshots").open().manifest)


@pytest.mark.slow
def test_training_twice_gives_one_hash(tmp_path: Path, built: Path, count_cases) -> None:
    """Another process, another order of the rows, another order of sets: the same model."""
    rng = random.Random(3)
    first = hash_of(built)
    for run in range(SCALE):
        assert trained(tmp_path / f"again-{run}", order=rng.randrange(1, 2**31)) == first
    count_cases("trainings compared with the first", SCALE)


def test_another_model_has_another_hash(tmp_path: Path, world_files: Path) -> None:
    """Else the hash would prove nothing."""
    shutil.copytree(world_files, tmp_path / "world")
    first = hash_of(tmp_path / "world")
    serving_world.publish_variant(tmp_path / "world", 1.01, serve=True)
    assert hash_of(tmp_path / "world") != first
