"""Promise 5: roll-back within a second, to any of N versions, also after a restart."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from tastegraph.pipeline.retention import RETAINED_MODELS, prune_snapshots
from tastegraph.serving.api.app import create_app
from tastegraph.store.snapshots import Snapshots
from tests.support import serving_world
from tests.support.local_client import LocalClient
from tests.support.promises import SCALE

VERSIONS = 5 * SCALE
BODY = {"user_id": "western-1", "n": 5, "explain": "none"}


@pytest.fixture
def history(tmp_path: Path, world_files: Path) -> tuple[Path, dict[str, object]]:
    """A world with many versions, all served once; version → the scores that it gives."""
    shutil.copytree(world_files, tmp_path / "world")
    directory, answers = tmp_path / "world", dict[str, object]()
    engine = serving_world.open_engine(directory)
    for number in range(VERSIONS):
        if number:
            serving_world.publish_variant(directory, 1 + number / 4, serve=True)
        version = str(engine.snapshots.current())
        answers[version] = [item.score for item in engine.recommend("western-1", 5).items]
    engine.close()
    return directory, answers


def test_every_version_that_was_served_can_be_rolled_back_to(history, count_cases) -> None:
    """One after another, back to the first one, with a restart after each second one."""
    directory, answers = history
    versions, seconds = sorted(answers), []
    client = LocalClient(create_app(serving_world.open_engine(directory)))
    for step, version in enumerate(reversed(versions[:-1])):
        current = Snapshots(directory / "snapshots").current()
        start = time.process_time()
        rolled = client.post(f"/v1/models/{current}:rollback")
        listed = client.post("/v1/recommendations", json=BODY).json()
        seconds.append(time.process_time() - start)
        assert rolled.json()["version"] == version
        assert [item["score"] for item in listed["items"]] == answers[version]
        if step % 2:
            client = LocalClient(create_app(serving_world.open_engine(directory)))
            listed = client.post("/v1/recommendations", json=BODY).json()
            assert [item["score"] for item in listed["items"]] == answers[version]
    assert sorted(seconds)[len(seconds) // 2] < 1.0
    refused = client.post(f"/v1/models/{versions[0]}:rollback")
    assert refused.status_code == 404
    assert "earlier" in refused.json()["detail"]
    count_cases("roll-backs", len(seconds))


def test_five_models_are_retained_and_can_be_rolled_back_to(tmp_path: Path, world_files) -> None:
    directory = tmp_path / "world"
    shutil.copytree(world_files, directory)
    shelf = Snapshots(directory / "snapshots")
    for number in range(RETAINED_MODELS + 2):
        serving_world.publish_variant(directory, 1 + number, serve=True)
        prune_snapshots(shelf, erasures=0, items_erased=0, named={})
        shelf = Snapshots(directory / "snapshots")
    newest = shelf.versions()
    assert len(newest) == RETAINED_MODELS
    for version in reversed(newest[:-1]):
        assert shelf.roll_back().version == version == shelf.open().version
        shelf = Snapshots(directory / "snapshots")
