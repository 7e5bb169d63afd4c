"""CONTRIBUTING's "Add a component", followed: one file, one line, and it is part of everything."""

import importlib

import numpy as np
import pytest

from tastegraph.models import registry
from tastegraph.models.persistence import fitted_model_from, model_from
from tastegraph.profiles.interactions import History
from tastegraph.workspace import Workspace
from tests.support.cinema import SETTINGS, events, facts, films

FILE = '''
"""Random indexing: items by a random projection of who liked them."""

from dataclasses import dataclass

import numpy as np

from tastegraph.models.base import SimilarityComponent
from tastegraph.models.kernels import FactorKernel


@dataclass(frozen=True)
class RandomIndexingParams:
    """Parameters: width of the projection."""

    dimensions: int


class RandomIndexing(SimilarityComponent):
    """Cosine of random projections of likes."""

    name = "random indexing"
    default = RandomIndexingParams(64)
    expected = True

    @classmethod
    def grid(cls, data):
        return RandomIndexingParams(4), RandomIndexingParams(64)

    @classmethod
    def learn(cls, data, params, seed):
        shape = data.user_items.shape[0], params.dimensions
        projection = np.random.default_rng(seed).normal(size=shape)
        vectors = data.user_items.T.astype(np.float64) @ projection
        vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)
        return {"vectors": vectors.astype(np.float32)}

    @classmethod
    def similarity(cls, arrays, params, data):
        known = data.rows >= 0
        vectors = np.where(known[:, None], arrays["vectors"][data.rows], np.float32(0))
        return FactorKernel(vectors, vectors)
'''
NAME = "random indexing"


@pytest.fixture
def registered():
    """A function that registers a component until the test ends."""
    before = list(registry.COMPONENTS)
    yield registry.COMPONENTS.append
    registry.COMPONENTS[:] = before


@pytest.mark.slow
def test_a_component_of_one_file_is_tuned_blended_explained_saved_and_served(
    tmp_path, monkeypatch, registered
) -> None:
    (tmp_path / "random_indexing.py").write_text(FILE, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    component = importlib.import_module("random_indexing").RandomIndexing
    registered(component)
    workspace = Workspace.init(tmp_path / "cinema", SETTINGS)
    workspace.ingest(items=films(), events=events(), facts={"films": facts()})
    workspace.build()

    snapshot = workspace.snapshots.open()
    chosen = snapshot.manifest["choice"]
    assert chosen["params"][NAME]["dimensions"] in (4, 64)  # tuned
    assert chosen["attention"][NAME]["half_life"] in (None, 20.0, 5.0, 2.0)
    assert NAME in chosen["weights"]["known"]  # blended

    fitted_model, model = fitted_model_from(snapshot), model_from(snapshot)
    width = chosen["params"][NAME]["dimensions"]
    assert fitted_model.learned[NAME]["vectors"].shape == (24, width)  # saved
    assert fitted_model.hyperparameters.params[NAME].dimensions == width

    weights = {who: {NAME: 1.0} for who in ("known", "new")}
    history = history_of(snapshot)
    only = type(model.blend)(weights, weights)
    ranked = type(model)(
        model.components, only, model.warm, model.rows, model.popularity, likers=model.likers
    ).rank(history)
    assert ranked.factors.keys() == {NAME}
    scores = model.components[NAME].score([history])[0]
    shares = [sum(c.share for c in model.components[NAME].contributions(history, k))
              for k in range(24)]  # fmt: skip
    assert shares == pytest.approx(scores, abs=1e-5)  # explained

    best = workspace.recommend("western-fan-0", 3).items[0].item_id  # served
    explanation = workspace.explain("western-fan-0", best)
    total = sum(reason.share for reason in explanation.reasons)
    assert total == pytest.approx(explanation.score, rel=1e-4)
    workspace.close()


def history_of(snapshot):
    """A user who likes three westerns."""
    items = snapshot.strings("graph.items")
    rows = [k for k, name in enumerate(items) if name.startswith("western")][:3]
    return History(np.array(rows, np.int32), np.ones(3, np.float32))
