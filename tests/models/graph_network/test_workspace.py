"""A workspace whose graph network has layers with parameters: saved, opened, served, trained on."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import numpy as np
import pytest

from tastegraph.core.records import Event, Fact, Item
from tastegraph.models.base import NETWORK
from tastegraph.models.graph_network.component import trained_network
from tastegraph.models.graph_network.parameters import TrainedNetwork
from tastegraph.models.persistence import fitted_model_from, model_from
from tastegraph.store.snapshots import Snapshot
from tastegraph.workspace import Workspace
from tests.support.cinema import GENRE_TEXTS, SETTINGS, events, facts, films

FAN = "space-fan-1"


@pytest.fixture(
    scope="module",
    params=[
        pytest.param("GCNConv", marks=pytest.mark.slow),
        "RGCNConv",
        pytest.param("GATConv", marks=pytest.mark.slow),
    ],
)
def workspace(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Workspace]:
    model = {**SETTINGS["model"], "epochs": 4, "layers": 2, "convolution": request.param}
    opened = Workspace.init(
        tmp_path_factory.mktemp("world") / "cinema", SETTINGS | {"model": model}
    )
    opened.ingest(items=films(), events=events(), facts={"films": facts()})
    opened.build()
    yield opened
    opened.close()


def network_of(snapshot: Snapshot) -> TrainedNetwork:
    """The trained network of a snapshot."""
    fitted_model = fitted_model_from(snapshot)
    params = fitted_model.hyperparameters.params[NETWORK]
    return trained_network(fitted_model.learned[NETWORK], params, fitted_model.item_ids)


def test_layers_are_saved_and_read(workspace: Workspace) -> None:
    snapshot = workspace.snapshots.open()
    network = network_of(snapshot)
    convolution = workspace.config.model.convolution
    assert network.settings.convolution == snapshot.manifest["network"]["convolution"]
    assert network.settings.convolution == convolution
    assert any(name.startswith("convolutions.1.") for name in network.parameters)
    assert bool(network.relations) == (convolution == "RGCNConv")
    kernel = model_from(snapshot).components[NETWORK].kernel
    assert kernel.right.any()


def test_shares_sum_to_the_score_and_speak_of_what_was_learned(workspace: Workspace) -> None:
    engine = workspace.engine
    for item in engine.recommend(FAN, 3).items:
        explanation = engine.explain(FAN, item.item_id)
        assert item.item_id.startswith("space")
        shares = [reason.share for reason in explanation.reasons]
        assert sum(shares) == pytest.approx(explanation.score, rel=1e-4)
        assert "learned" in {reason.kind for reason in explanation.reasons}


def test_serving_needs_no_torch(workspace: Workspace) -> None:
    code = f"""
import sys
from tastegraph.workspace import Workspace
from pathlib import Path
assert Workspace(Path({str(workspace.directory)!r})).recommend({FAN!r}, 3).items
assert not {{"torch", "torch_geometric"}} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_new_items_and_relations_join_a_trained_network(workspace: Workspace) -> None:
    """Without training again a new film is placed by its text and facts, one of a new relation."""
    before = network_of(workspace.snapshots.open()).parameters
    fact = Fact("item:space-new", "directed_by", "person:space-0")
    shared = [Fact(item, "shot_in", "place:studio") for item in ("item:space-new", "item:space-00")]
    film = Item("space-new", "Space new", GENRE_TEXTS["space"], {"genre": ("space",)})
    workspace.ingest(items=[film], facts={"more": [fact, *shared]})
    workspace.build(only=("graph", "text"))
    after = network_of(workspace.snapshots.open()).parameters
    for name, array in before.items():
        np.testing.assert_array_equal(array, after[name])
    engine = workspace.engine
    scores = {item.item_id: item.score for item in engine.recommend(FAN, 30).items}
    assert scores["space-new"] > max(
        score for item_id, score in scores.items() if item_id.startswith("western")
    )


def test_training_continues_with_new_events(workspace: Workspace) -> None:
    news = [
        Event(f"new-{k}", "newcomer", f"space-{k:02}", "rating", 5.0, 2e6 + k) for k in range(5)
    ]
    before = network_of(workspace.snapshots.open())
    workspace.record(news)
    workspace.retrain()
    version = workspace.snapshots.versions()[-1]
    after = network_of(workspace.snapshots.open(version))
    assert after.settings.convolution == before.settings.convolution
    assert after.parameters.keys() == before.parameters.keys()
