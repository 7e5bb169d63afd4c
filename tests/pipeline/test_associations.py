"""What a text is about: ties that nobody states, in the snapshot, in Python and over HTTP."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tastegraph.core.errors import NoEncoderError
from tastegraph.kg.graph import KnowledgeGraph
from tastegraph.models.item_features import ItemFeatures, no_words
from tastegraph.models.persistence import (
    associations_from,
    item_features_arrays,
    item_features_from,
    semantics_arrays,
    semantics_from,
    ties_arrays,
    ties_from,
)
from tastegraph.pipeline import text_encoder
from tastegraph.profiles.association import associate, specificity, with_semantic
from tastegraph.profiles.semantics import learn_semantics
from tastegraph.serving.api.app import create_app
from tastegraph.serving.snapshot import texts as serving_texts
from tastegraph.serving.snapshot.texts import QueryEncoder
from tastegraph.store.snapshots import Snapshots
from tastegraph.text.texts import item_text
from tastegraph.workspace import Workspace
from tests.support import serving_world
from tests.support.cinema import FILMS_PER_GENRE, GENRE_TEXTS, SETTINGS, events, facts, films
from tests.support.local_client import LocalClient
from tests.support.tiny_models import bert

COWBOYS = "A sheriff and an outlaw on horseback in the old west"
PATH = "/v1/associations"


@pytest.fixture(scope="module")
def west(built) -> Workspace:
    """The built workspace; tests must not change it."""
    return Workspace(built)


@pytest.fixture(scope="module")
def client(west):
    with LocalClient(create_app(west.engine), raise_server_exceptions=False) as client:
        yield client


def two_genres(n=200, d=8, seed=0):
    """Items of two genres, each near its own direction; the last tenth has no facts."""
    rng = np.random.default_rng(seed)
    genre = np.arange(n) % 2
    text = rng.normal(scale=0.2, size=(n + 2, d)).astype(np.float32)
    text[np.arange(n), genre] += 1
    text /= np.linalg.norm(text, axis=1, keepdims=True)
    known = n - n // 10
    graph = KnowledgeGraph(
        [f"i{k}" for k in range(n)], ["a", "b"], [f"label {k}" for k in range(n + 2)], ["genre"],
        np.arange(known, dtype=np.int32), np.zeros(known, np.int32),
        (n + genre[:known]).astype(np.int32), np.arange(known), np.ones(known, dtype=np.float32),
    )  # fmt: skip
    return ItemFeatures(graph, text, no_words(n))


def probabilities(semantics, texts):
    return semantics.likelihood.probability(semantics.prototypes.cosines(texts))


# Learned and stored.


def test_items_without_facts_get_likely_genres_that_ranking_ignores():
    item_features = two_genres()
    assert item_features.likely[180:].nnz == 20
    assert not item_features.likely.multiply(item_features.associations.strength).nnz
    node = item_features.associations.node[item_features.likely[180:].indices]
    np.testing.assert_array_equal(node, 200 + np.arange(180, 200) % 2)
    assert not item_features.associations.semantic.any()
    assert not item_features.ties(np.ones(2, np.float32))[180:].nnz


def test_controls_relearn_or_drop_semantic_ties():
    item_features = two_genres()
    assert item_features.likely.nnz
    assert item_features.text_off().semantics is None
    assert item_features.graph_off().semantics is None
    assert not item_features.graph_off().likely.nnz
    shuffled = item_features.graph_shuffled(1)
    assert shuffled.likely[180:].nnz < item_features.likely[180:].nnz / 2


def test_nothing_is_learned_from_texts_that_contain_the_facts():
    item_features = two_genres()
    facts_in_text = ItemFeatures(
        item_features.graph, item_features.text, item_features.words, facts_in_text=True
    )
    assert facts_in_text.semantics is None
    assert not facts_in_text.likely.nnz
    assert facts_in_text.text_off().facts_in_text


def test_nothing_is_learned_from_a_feature_of_all_items():
    rng = np.random.default_rng(0)
    items = rng.normal(size=(40, 4)).astype(np.float32)
    graph = two_genres(40).graph
    half = KnowledgeGraph(
        graph.item_ids, ["a"], graph.labels[:41], ["genre"], np.arange(20, dtype=np.int32),
        np.zeros(20, np.int32), np.full(20, 40, np.int32), np.arange(20), np.ones(20, np.float32),
    )  # fmt: skip
    assert learn_semantics(associate(half), items, np.zeros((41, 4), np.float32)) is None


def test_semantic_ties_survive_a_snapshot(tmp_path):
    item_features = two_genres()
    arrays = {
        **item_features_arrays(item_features),
        **ties_arrays(item_features),
        **semantics_arrays(item_features),
    }
    version = Snapshots(tmp_path).publish({}, arrays)
    snapshot = Snapshots(tmp_path).open(version)
    semantics = item_features.semantics[0]
    loaded = semantics_from(snapshot, semantics.n_features)
    texts = np.random.default_rng(1).normal(size=(500, 8)).astype(np.float32)
    before, after = probabilities(semantics, texts), probabilities(loaded, texts)
    assert before.std() > 0.1
    assert np.abs(before - after).max() < 1e-3
    expected = with_semantic(item_features.associations, item_features.likely)
    ties = ties_from(snapshot)
    np.testing.assert_array_equal(ties.strength.toarray(), expected.strength.toarray())
    np.testing.assert_array_equal(ties.facts, expected.facts)
    stated = associations_from(snapshot)
    for name in ("strength", "by_feature", "of_nodes"):
        as_learned, as_stored = getattr(item_features.associations, name), getattr(stated, name)
        np.testing.assert_array_equal(as_stored.toarray(), as_learned.toarray())
        np.testing.assert_array_equal(getattr(ties, name).shape, as_learned.shape)


@pytest.mark.slow
def test_build_stores_semantic_ties_and_their_reliability(west):
    snapshot = west.snapshots.open()
    item_features = item_features_from(snapshot)
    assert not item_features.facts_in_text
    assert set(snapshot.manifest["reliability"]) >= {"precision", "calibration_error", "items"}
    stated = associations_from(snapshot)
    assert not stated.semantic.any()
    assert ties_from(snapshot).semantic.sum() == item_features.likely.nnz > 0
    loaded, fitted = (
        semantics_from(snapshot, stated.strength.shape[1]),
        item_features.semantics[0],
    )
    difference = probabilities(loaded, item_features.text) - probabilities(
        fitted, item_features.text
    )
    assert np.abs(difference).max() < 1e-3


def test_semantic_ties_are_scaled_by_specificity():
    item_features = two_genres()
    merged = with_semantic(item_features.associations, item_features.likely)
    rare = specificity(item_features.associations)
    np.testing.assert_array_equal(rare, specificity(merged))
    likely = item_features.likely.tocoo()
    strength = merged.strength.toarray()[likely.row, likely.col]
    np.testing.assert_allclose(strength, likely.data * rare[likely.col], rtol=1e-6)


# Texts of users.


def test_text_about_cowboys_is_near_westerns(west):
    answer = west.associate(COWBOYS, 2 * FILMS_PER_GENRE)
    first = answer.associations[0]
    assert (first.relation, first.label, first.stated) == ("genre", "western", False)
    assert not any(tie.label == "space" for tie in answer.associations)
    genres = [item.item_id.split("-")[0] for item in answer.items]
    assert genres == ["western"] * FILMS_PER_GENRE + ["space"] * FILMS_PER_GENRE
    for ordered in ([t.strength for t in answer.associations],
                    [item.similarity for item in answer.items]):  # fmt: skip
        assert ordered == sorted(ordered, reverse=True)
        assert 0 < ordered[0] <= 1
    assert (answer.model, answer.graph) == west.engine.versions()


def test_text_of_an_item_is_nearest_to_it(west):
    film = films()[3]
    answer = west.associate(item_text(film), 1)
    assert [item.item_id for item in answer.items] == [film.item_id]
    assert answer.items[0].similarity == pytest.approx(1, abs=1e-4)


def test_profiles_and_items_distinguish_stated_ties(client):
    contents = [client.get(f"/v1/items/{film.item_id}").json()["content"] for film in films()]
    profile = client.get("/v1/users/western-fan-0/profile").json()["interests"]
    for ties in ([tie for content in contents for tie in content], profile):
        assert {True, False} == {tie["stated"] for tie in ties}
        assert all(tie["strength"] < 1 for tie in ties if not tie["stated"])


def test_http_gives_the_same_associations(client, west):
    answer = client.post(PATH, json={"text": COWBOYS, "n": 3})
    assert answer.status_code == 200, answer.text
    assert answer.json() == west.associate(COWBOYS, 3).model_dump(mode="json")
    assert len(answer.json()["items"]) == 3
    every = client.post(PATH, json={"text": COWBOYS}).json()["items"]
    assert len(every) == 20


@pytest.mark.parametrize("text", [" ", "\n\t", "\x00"])
def test_blank_text_has_no_associations(client, text):
    answer = client.post(PATH, json={"text": text}).json()
    assert answer["associations"] == answer["items"] == []


@pytest.mark.parametrize(
    "body",
    [{}, {"text": ""}, {"text": 5}, {"text": None}, {"text": "x" * 10_001}, {"text": "a", "n": 0},
     {"text": "a", "n": 101}, {"text": "a", "n": "many"}, {"text": "a", "most": 5}, [], "cowboys"],
)  # fmt: skip
def test_invalid_request_is_a_422_problem(client, body):
    answer = client.post(PATH, json=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "invalid_request"


WORDS = st.text(st.characters(), max_size=200)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(body=st.fixed_dictionaries({"text": WORDS}, optional={"n": st.integers(-1, 120) | WORDS}))
def test_no_text_causes_a_server_error(client, body):
    headers = {"content-type": "application/json"}
    answer = client.post(PATH, content=json.dumps(body), headers=headers)
    assert answer.status_code < 500, answer.text


def test_openapi_describes_associations(client):
    responses = client.get("/openapi.json").json()["paths"][PATH]["post"]["responses"]
    assert {"200", "4XX", "503", "5XX"} == set(responses)


# The encoder.


def test_missing_export_is_an_error_with_advice(tmp_path):
    engine = serving_world.open_engine(tmp_path)
    with LocalClient(create_app(engine), raise_server_exceptions=False) as client:
        answer = client.post(PATH, json={"text": COWBOYS})
        assert answer.status_code == 503
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == "no_encoder"
        assert "pip install 'tastegraph[onnx]'" in answer.json()["detail"]
        assert client.post("/v1/recommendations", json={"user_id": "western-1"}).status_code == 200
    with pytest.raises(NoEncoderError, match="tastegraph build"):
        engine.associate(COWBOYS)


@pytest.mark.slow
def test_encoder_is_loaded_once_for_many_threads(west, monkeypatch):
    loads = []

    class Counted(serving_texts.OnnxEncoder):
        def __init__(self, *arguments):
            loads.append(arguments)
            super().__init__(*arguments)

    monkeypatch.setattr(serving_texts, "OnnxEncoder", Counted)
    encoder, served = QueryEncoder(), west.engine.snapshot.texts
    texts = [f"{genre} {k}" for k in range(8) for genre in GENRE_TEXTS]
    with ThreadPoolExecutor(16) as threads:
        vectors = list(threads.map(lambda text: encoder.encode(text, served), texts))
    assert loads == [(served.folder, served.max_tokens)]
    for text, vector in zip(texts, vectors, strict=True):
        np.testing.assert_allclose(encoder.encode(text, served), vector, atol=1e-6)


@pytest.mark.slow
def test_service_encodes_texts_without_torch(built):
    code = f"""
import sys
from pathlib import Path
from tests.support.local_client import LocalClient
from tastegraph.serving.api.app import create_app
from tastegraph.workspace import Workspace
client = LocalClient(create_app(Workspace(Path({str(built)!r})).engine))
answer = client.post({PATH!r}, json={{"text": {COWBOYS!r}}}).json()
assert answer["associations"][0]["label"] == "western"
assert not {{"torch", "transformers", "sentence_transformers"}} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.slow
def test_finetuned_model_moves_with_its_workspace(tmp_path):
    bert(tmp_path / "shop/tiny")
    settings = {
        **SETTINGS,
        "text": {"encoder": "tiny", "max_tokens": 16},
        "finetuning": {
            "objectives": ["alignment"],
            "steps": 3,
            "frozen_layers": 0,
            "max_tokens": 16,
        },
    }
    shop = Workspace.init(tmp_path / "shop", settings)
    shop.ingest(items=films(), events=events(), facts={"films": facts()})
    shop.build()
    shop.close()
    manifest = shop.snapshots.open().manifest
    assert manifest["encoder_folder"] == f"models/{manifest['encoder']}"
    (tmp_path / "shop").rename(tmp_path / "moved")
    moved = Workspace(tmp_path / "moved")
    for film in films()[::FILMS_PER_GENRE]:
        answer = moved.associate(item_text(film), 1)
        assert answer.items[0].similarity == pytest.approx(1, abs=1e-4)


# Export.


@pytest.mark.slow
def test_model_is_exported_once(tmp_path):
    folder = bert(tmp_path / "tiny")
    text_encoder.export_for_serving(folder)
    exported = {file: file.stat().st_mtime_ns for file in (folder / "onnx").iterdir()}
    text_encoder.export_for_serving(folder)
    assert {file: file.stat().st_mtime_ns for file in (folder / "onnx").iterdir()} == exported
    bert(folder, seed=1)
    text_encoder.export_for_serving(folder)
    assert {file: file.stat().st_mtime_ns for file in (folder / "onnx").iterdir()} != exported


def test_failed_export_is_a_warning(tmp_path, monkeypatch, capsys):
    def fail(_: Path) -> None:
        raise RuntimeError("no such operator")

    monkeypatch.setattr("tastegraph.text.onnx_export.export_onnx", fail)
    text_encoder.export_for_serving(bert(tmp_path / "tiny"))
    output = capsys.readouterr().err
    assert "warning" in output
    assert "no such operator" in output


def test_export_needs_all_packages(tmp_path, monkeypatch):
    real = text_encoder.find_spec
    monkeypatch.setattr(
        text_encoder, "find_spec", lambda n: None if n == "onnxruntime" else real(n)
    )
    text_encoder.export_for_serving(bert(tmp_path / "tiny"))
    assert not (tmp_path / "tiny/onnx").exists()


@pytest.mark.slow
def test_snapshot_of_another_format_is_rebuilt(cinema, capsys):
    version = cinema.snapshots.current()
    manifest = cinema.snapshots.directory / version / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"format": 1}))
    assert cinema.build() != version
    assert "has format 1" in capsys.readouterr().err
    assert cinema.associate(COWBOYS).associations[0].label == "western"
