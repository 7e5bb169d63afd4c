"""Promise 4: a bad artefact never serves; it is refused by name, and the old one serves on."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tastegraph.core.errors import SnapshotError
from tastegraph.serving.api.app import create_app
from tastegraph.serving.engine import Engine
from tastegraph.store.snapshots import Snapshots
from tests.support import serving_world
from tests.support.api_requests import assert_problem
from tests.support.local_client import LocalClient

BODY = {"user_id": "western-1", "n": 5}
TABLE = "behaviour.table.npy"


@pytest.fixture
def engine(tmp_path: Path, world_files: Path) -> Iterator[Engine]:
    shutil.copytree(world_files, tmp_path / "world")
    engine = serving_world.open_engine(tmp_path / "world")
    serving_world.publish_variant(tmp_path / "world", 2.0)
    yield engine
    engine.close()


def truncate(folder: Path) -> None:
    file = folder / TABLE
    file.write_bytes(file.read_bytes()[:-4])


def flip(folder: Path) -> None:
    file = folder / TABLE
    content = bytearray(file.read_bytes())
    content[-3] ^= 1
    file.write_bytes(content)


def remove(folder: Path) -> None:
    (folder / TABLE).unlink()


def old_format(folder: Path) -> None:
    file = folder / "manifest.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "format": 3}))


def half_manifest(folder: Path) -> None:
    file = folder / "manifest.json"
    file.write_text(file.read_text()[:100])


def replaced(name: str, change: Callable[[Any], Any]) -> Callable[[Path], None]:
    """Another array in place of one, with the checksum that goes with it."""

    def damage(folder: Path) -> None:
        file = folder / f"{name}.npy"
        array = change(np.load(file))
        file.unlink()
        np.save(file, array)
        manifest = json.loads((folder / "manifest.json").read_text())
        manifest["files"][file.name] = sha256(file.read_bytes()).hexdigest()
        (folder / "manifest.json").write_text(json.dumps(manifest))

    return damage


def with_nan(array: Any) -> Any:
    array = array.copy()
    array[:] = np.nan
    return array


DAMAGES: dict[str, tuple[Callable[[Path], None], str]] = {
    "truncated": (truncate, f"000002/{TABLE} was altered"),
    "flipped": (flip, f"000002/{TABLE} was altered"),
    "missing": (remove, f"000002/{TABLE} cannot be read"),
    "old format": (old_format, "000002/manifest.json has format 3"),
    "half a manifest": (half_manifest, "000002/manifest.json is not JSON"),
    "NaN": (replaced("behaviour.table", with_nan), "000002 cannot be served"),
    **{
        f"{name}, {what}": (replaced(name, change), "000002 cannot be served")
        for name, what, change in (
            ("behaviour.table", "a row less", lambda a: a[:-1]),
            ("behaviour.table", "a column less", lambda a: a[:, :-1]),
            ("model.warm", "a row less", lambda a: a[:-1]),
            ("model.popularity", "a row more", lambda a: np.append(a, a[-1:])),
            ("associations.indptr", "a row less", lambda a: a[:-1]),
            ("associations.strength", "a row less", lambda a: a[:-1]),
            ("ties.indptr", "falling", lambda a: a[::-1]),
            ("likes.indptr", "a row less", lambda a: a[:-1]),
            ("graph.items.ends", "a row less", lambda a: a[:-1]),
            ("network.items", "a column less", lambda a: a[:, :-1]),
            ("text.vectors", "a row less", lambda a: a[:-1]),
            ("model.popularity", "words", lambda a: a.astype("U4")),
        )
    },
}


def scores(client: LocalClient) -> list[float]:
    answer = client.post("/v1/recommendations", json=BODY)
    assert answer.status_code == 200
    return [item["score"] for item in answer.json()["items"]]


@pytest.mark.parametrize("damage", DAMAGES)
def test_it_is_not_promoted_and_the_old_one_serves_on(
    engine: Engine, damage: str, count_cases: Callable[[str, int], None]
) -> None:
    change, named = DAMAGES[damage]
    with LocalClient(create_app(engine)) as client:
        before = scores(client)
        change(engine.snapshots.directory / "000002")
        refusal = assert_problem(client.post("/v1/models/000002:promote"), 422, "unfit_model")
        assert named in refusal["detail"]
        assert scores(client) == before
        assert client.get("/readyz").status_code == 200
    assert engine.snapshots.current() == "000001"
    count_cases("damaged artefacts refused", 1)


@pytest.mark.parametrize("damage", ["truncated", "NaN", "network.items, a column less"])
def test_it_is_not_rolled_back_to(engine: Engine, damage: str) -> None:
    with LocalClient(create_app(engine)) as client:
        assert client.post("/v1/models/000002:promote").status_code == 200
        serving_world.publish_variant(engine.database.path.parent, 3.0, serve=True)
        client.get("/healthz")
        while client.get("/healthz").json()["model"] != "000003":
            time.sleep(0.02)
        before = scores(client)
        DAMAGES[damage][0](engine.snapshots.directory / "000002")
        assert_problem(client.post("/v1/models/000003:rollback"), 422, "unfit_model")
        assert scores(client) == before
    assert engine.snapshots.current() == "000003"


@pytest.mark.parametrize("damage", ["flipped", "model.warm, a row less"])
def test_one_that_is_put_into_service_elsewhere_is_not_taken(
    engine: Engine, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    """A build of another process points to it: what was in service stays, and the log says why."""
    before = engine.recommend("western-1", 5)
    change, named = DAMAGES[damage]
    change(engine.snapshots.directory / "000002")
    engine.snapshots.point_to("000002")
    after = engine.recommend("western-1", 5)
    assert (after.model, after.items) == (before.model, before.items)
    assert "still serving 000001" in caplog.text
    assert named in caplog.text


def test_a_service_does_not_start_with_one(engine: Engine) -> None:
    engine.snapshots.point_to("000002")
    DAMAGES["text.vectors, a row less"][0](engine.snapshots.directory / "000002")
    with pytest.raises(SnapshotError, match="000002 cannot be served"):
        serving_world.open_engine(engine.database.path.parent)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_what_is_not_finite_is_not_published(engine: Engine, bad: float) -> None:
    shelf = Snapshots(engine.snapshots.directory)
    with pytest.raises(SnapshotError, match=r"'x' is not finite"):
        shelf.publish({}, {"x": np.array([bad])})
    assert shelf.versions() == ["000001", "000002"]
