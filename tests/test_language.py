"""The encoder, on the real model."""

import numpy as np
import pytest

from tastegraph.assets import find
from tastegraph.language.encoder import Encoder
from tastegraph.language.texts import item_text
from tastegraph.records import Item
from tastegraph.storage import vectors
from tastegraph.storage.database import Database


@pytest.fixture
def encoder(tmp_path):
    cache = Database(tmp_path / "vectors.db", vectors.metadata)
    return Encoder(find("all-MiniLM-L6-v2"), 64, cache)


def test_vectors_have_length_one_and_like_texts_are_near(encoder):
    texts = ["a western with cowboys", "cowboys in the wild west", "quarterly tax report"]
    found = encoder.encode(texts)
    assert found.shape == (3, 384)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    assert found[0] @ found[1] > found[0] @ found[2] + 0.2


def test_a_text_is_encoded_once(encoder, monkeypatch):
    first = encoder.encode(["one", "two", "one"])
    np.testing.assert_array_equal(first[0], first[2])
    monkeypatch.setattr(Encoder, "_vectors", lambda *_: pytest.fail("encoded again"))
    np.testing.assert_array_equal(encoder.encode(["two", "one"]), first[[1, 0]])


def test_an_interrupted_run_keeps_what_it_had(encoder, monkeypatch):
    texts = [f"text {k:04}" for k in range(600)]
    whole, calls = Encoder._vectors, []

    def interrupted(self, chunk):
        calls.append(len(chunk))
        if len(calls) == 2:
            raise KeyboardInterrupt
        return whole(self, chunk)

    monkeypatch.setattr(Encoder, "_vectors", interrupted)
    with pytest.raises(KeyboardInterrupt):
        encoder.encode(texts)
    encoder.encode(texts)
    assert calls == [256, 256, 256, 88]


def test_a_language_the_model_cannot_read_is_told(encoder, capsys):
    encoder.encode(["苹果手机性价比高", "红楼梦是清代小说"])
    assert "unknown to the language model" in " ".join(capsys.readouterr().err.split())


def test_no_texts_no_vectors(encoder):
    assert encoder.encode([]).shape == (0, 0)


def test_what_is_read_of_an_item():
    item = Item("1", "Heat.", "A heist.", {"genre": ("Crime", "Drama"), "year": ("1995",)})
    assert item_text(item) == "Heat. Crime, Drama. 1995. A heist"
