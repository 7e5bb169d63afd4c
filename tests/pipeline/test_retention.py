"""Which snapshots are retained, and which fine-tuned language models."""

import os

import pytest

from tastegraph.core.records import Item
from tastegraph.pipeline import retention
from tastegraph.pipeline.retention import prune_encoders, superseded_versions


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
