"""A workspace whose texts are read by the vectors of tokens: built, served, grown, changed."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tastegraph import Item
from tastegraph.core.config import Config
from tastegraph.pipeline import text_encoder
from tastegraph.pipeline.text_encoder import encoder_settings
from tastegraph.text.texts import item_text
from tastegraph.workspace import Workspace
from tests.support.cinema import FILMS_PER_GENRE, SETTINGS, events, facts, films
from tests.support.tiny_models import WIDTH, bert

pytestmark = pytest.mark.slow
TOKENS = {"encoder": "tiny", "max_tokens": 16, "reading": "tokens"}


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Workspace:
    """Built, with a model that was finetuned before its tokens were read."""
    directory = tmp_path_factory.mktemp("tokens") / "shop"
    bert(directory / "tiny")
    finetuning = {"objectives": ["alignment"], "steps": 3, "frozen_layers": 0, "max_tokens": 16}
    shop = Workspace.init(directory, {**SETTINGS, "text": TOKENS, "finetuning": finetuning})
    shop.ingest(items=films(), events=events(), facts={"films": facts()})
    shop.build()
    return shop


def test_the_finetuned_model_is_distilled_and_named(shop):
    manifest = shop.snapshots.open().manifest
    assert manifest["reading"] == "tokens"
    assert manifest["encoder_folder"] == f"models/{manifest['encoder']}"
    folder = shop.directory / manifest["encoder_folder"]
    assert (folder / "static/vectors.npy").exists()
    assert not (folder / "onnx").exists()


def test_the_service_reads_texts_as_the_build_did_without_torch_and_onnx(shop):
    texts = [item_text(film) for film in films()[::FILMS_PER_GENRE]]
    code = f"""
import sys
from pathlib import Path
from tastegraph.workspace import Workspace
shop = Workspace(Path({str(shop.directory)!r}))
for text in {texts!r}:
    assert abs(shop.associate(text, 1).items[0].similarity - 1) < 1e-3
assert not {{"torch", "transformers", "onnxruntime"}} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_new_item_is_read_as_the_others(shop):
    (film, *_) = films()
    shop.ingest(items=[Item("remake", film.title, film.text, film.attributes)])
    shop.build(only=("graph", "text"))
    snapshot = shop.snapshots.open()
    assert snapshot.manifest["reading"] == "tokens"
    assert snapshot.arrays["text.vectors"].shape[1] == WIDTH
    ids = {hit.item_id for hit in shop.associate(item_text(film), 2).items}
    assert {"remake", film.item_id} == ids


def test_settings_of_whole_texts_are_those_of_earlier_versions():
    whole, tokens = (
        encoder_settings(Config.model_validate({"text": {"reading": reading}}))
        for reading in ("whole", "tokens")
    )
    assert "reading" not in whole
    assert whole | {"reading": "tokens"} == tokens


def test_an_older_manifest_reads_whole_texts(shop):
    snapshot = shop.snapshots.open()
    snapshot.manifest.pop("reading")
    assert text_encoder.snapshot_reading(snapshot) == "whole"
