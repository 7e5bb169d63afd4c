"""Which snapshots stay: one of each of the last models, a few of the one in service."""

import pytest

from tastegraph.core.records import Item
from tastegraph.pipeline import keeping
from tastegraph.pipeline.keeping import superseded


@pytest.fixture(autouse=True)
def two_of_each(monkeypatch):
    monkeypatch.setattr(keeping, "MODELS", 2)
    monkeypatch.setattr(keeping, "DELTAS", 2)


def test_of_each_of_the_last_models_the_newest_stays():
    models = {"1": "1", "2": "2", "3": "2", "4": "2", "5": "5"}
    assert superseded(models, "5") == {"1", "2", "3"}
    assert superseded({}, None) == set()


def test_of_the_model_in_service_a_few_more_stay():
    models = {"1": "1", "2": "2", "3": "2", "4": "2", "5": "5"}
    assert superseded(models, "3") == {"1", "2"}
    assert superseded({**models, "6": "1", "7": "1"}, "7") == {"1", "2", "3"}


@pytest.mark.slow
def test_changes_of_items_leave_the_model_before(cinema):
    """Five of them once left only snapshots of one model."""
    old = cinema.snapshots.open()
    told = {k: v for k, v in old.manifest.items() if k not in ("format", "version", "files")}
    assert cinema.snapshots.publish({**told, "model": None}, old.arrays) == "000002"
    for number in range(5):
        cinema.ingest(items=[Item(f"new-{number}", "New")])
        cinema.build({"graph", "text"})
    assert cinema.snapshots.versions() == ["000001", "000006", "000007"]
    assert cinema.snapshots.roll_back().version == "000006"
    assert cinema.snapshots.roll_back().version == "000001"
