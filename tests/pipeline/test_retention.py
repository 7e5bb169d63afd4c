"""Which snapshots are retained, and which fine-tuned language models."""

import os

import numpy as np
import pytest

from tastegraph.core.records import Item
from tastegraph.pipeline import retention
from tastegraph.pipeline.retention import prune_encoders, prune_snapshots, superseded_versions
from tastegraph.store.snapshots import Snapshots


@pytest.fixture(autouse=True)
def two_of_each(monkeypatch):
    monkeypatch.setattr(retention, "RETAINED_MODELS", 2)
    monkeypatch.setattr(retention, "RETAINED_PER_MODEL", 2)


def test_newest_snapshot_of_each_recent_model_is_retained():
    models = {"1": "1", "2": "2", "3": "2", "4": "2", "5": "5"}
    assert superseded_versions(models, "5") == {"1", "2", "3"}
    assert superseded_versions({}, None) == set()


def test_several_snapshots_of_the_model_in_service_are_retained():
    models = {"1": "1", "2": "2", "3": "2", "4": "2", "5": "5"}
    assert superseded_versions(models, "3") == {"1", "2"}
    assert superseded_versions({**models, "6": "1", "7": "1"}, "7") == {"1", "2", "3"}


def publish(snapshots, n, *, erasures=0):
    manifest = {"model": None, "erasures": erasures, "items_erased": 0}
    return [snapshots.publish(manifest, {"numbers": np.arange(3)}) for _ in range(n)]


def test_snapshot_that_an_experiment_names_is_never_deleted(tmp_path, capsys):
    snapshots = Snapshots(tmp_path)
    publish(snapshots, 5)
    prune_snapshots(snapshots, 0, 0, {"000001": "experiments.new.variants.a"})
    assert snapshots.versions() == ["000001", "000004", "000005"]
    assert "erased" not in capsys.readouterr().err
    publish(snapshots, 1, erasures=1)
    prune_snapshots(snapshots, 1, 0, {"000001": "experiments.new.variants.a"})
    assert snapshots.versions() == ["000001", "000006"]
    notice = capsys.readouterr().err
    assert "snapshot 000001 learned from users or items that were erased since" in notice
    assert "experiments.new.variants.a names it" in notice
    prune_snapshots(snapshots, 1, 0, {})
    assert snapshots.versions() == ["000006"]


@pytest.mark.slow
def test_builds_of_graph_and_text_keep_the_previous_model(cinema):
    """Regression: five of them left only snapshots of one model."""
    snapshot = cinema.snapshots.open()
    manifest = {
        k: v for k, v in snapshot.manifest.items() if k not in ("format", "version", "files")
    }
    assert cinema.snapshots.publish({**manifest, "model": None}, snapshot.published) == "000002"
    for number in range(5):
        cinema.ingest(items=[Item(f"new-{number}", "New")])
        cinema.build({"graph", "text"})
    assert cinema.snapshots.versions() == ["000001", "000006", "000007"]
    assert cinema.snapshots.roll_back().version == "000006"
    assert cinema.snapshots.roll_back().version == "000001"


def test_recently_used_encoders_are_retained(tmp_path):
    names = ["a" * 32, "b" * 32, "c" * 32]
    for age, name in enumerate(names):
        (tmp_path / name).mkdir()
        report = tmp_path / f"{name}.json"
        report.write_text("{}")
        os.utime(report, (100 - age, 100 - age))
    (tmp_path / "notes.json").write_text("{}")
    prune_encoders(tmp_path, in_use=[names[2]], n_retained=1)
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {names[0], f"{names[0]}.json", names[2], f"{names[2]}.json", "notes.json"}
    prune_encoders(tmp_path / "nothing", in_use=[], n_retained=1)
