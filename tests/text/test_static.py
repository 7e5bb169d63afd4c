"""Vectors of tokens: read once by the language model, added up without it."""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tastegraph.core.errors import NotFoundError, TastegraphError
from tastegraph.store import caches
from tastegraph.store.database import Database
from tastegraph.text import distillation
from tastegraph.text.batching import encode_in_batches
from tastegraph.text.distillation import SMOOTHING, distil, principal, token_weights
from tastegraph.text.encoder import Encoder
from tastegraph.text.static import StaticEncoder
from tastegraph.text.torch_model import TorchModel, load
from tests.support.tiny_models import WESTERN, WORDS, bert, gpt2, xlnet

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    folder = bert(tmp_path_factory.mktemp("models") / "tiny")
    distil(folder)
    return folder


@pytest.fixture
def own(tmp_path):
    """A distilled model, to break."""
    distil(bert(tmp_path / "own"))
    return tmp_path / "own"


def test_a_text_is_the_mean_of_its_tokens_at_unit_length(tiny):
    table = np.load(tiny / "static/vectors.npy").astype(np.float64)
    western, space = WORDS.index("western"), WORDS.index("space")
    mean = (2 * table[western] + table[space]) / 3
    (vector,) = StaticEncoder(tiny, 32).encode(["western space western"])
    np.testing.assert_allclose(vector, mean / np.linalg.norm(mean), atol=1e-6)


@pytest.mark.parametrize("make", [bert, gpt2, xlnet])
def test_a_token_is_read_as_a_text_of_that_token_alone(tmp_path, make):
    folder = make(tmp_path / "model")
    tokens = distillation._token_vectors(load(folder))[[WORDS.index(word) for word in WESTERN]]
    texts = encode_in_batches(TorchModel(folder, 32), WESTERN)
    lengths = np.linalg.norm(tokens, axis=1, keepdims=True)
    np.testing.assert_allclose(tokens / lengths, texts, atol=1e-5)


def test_weights_follow_from_ranks_by_zipf():
    words = ["[PAD]", "[unused1]", "!", "a", "机", "the", "##of", "…", "film"]
    harmonic = 1 + 1 / 2 + 1 / 3
    expected = [
        0, 0, 0, SMOOTHING / (SMOOTHING + 1 / harmonic), 1,
        *(SMOOTHING / (SMOOTHING + 1 / (rank * harmonic)) for rank in (1, 2)),
        0, SMOOTHING / (SMOOTHING + 1 / (3 * harmonic)),
    ]  # fmt: skip
    np.testing.assert_allclose(token_weights(words, [0], alphabet_first=True), expected)


def test_a_vocabulary_in_order_of_frequency_ranks_single_characters_too():
    weights = token_weights(["<s>", "▁a", ",", "机"], [0], alphabet_first=False)
    expected = [SMOOTHING / (SMOOTHING + 1 / (rank * 1.5)) for rank in (1, 2)]
    np.testing.assert_allclose(weights, [0, expected[0], 0, expected[1]])


def test_principal_directions_keep_distances_and_do_not_turn():
    vectors = np.random.default_rng(1).normal(size=(50, 8)).astype(np.float32)
    counted = np.arange(50) > 3
    rotated = principal(vectors, counted)
    np.testing.assert_allclose(rotated[counted].mean(axis=0), 0, atol=1e-9)
    np.testing.assert_allclose(
        np.linalg.norm(rotated[0] - rotated[9]), np.linalg.norm(vectors[0] - vectors[9]), rtol=1e-6
    )
    spread = rotated[counted].var(axis=0)
    assert (np.diff(spread) <= 1e-12).all()


def test_wide_vectors_are_cut_to_the_widest_spread(monkeypatch):
    monkeypatch.setattr(distillation, "DIMENSIONS", 1)
    vectors = np.array([[9, 0.1], [-9, -0.1], [3, 0], [-3, 0]], dtype=np.float32)
    rotated = principal(vectors, np.ones(4, dtype=np.bool_))
    np.testing.assert_allclose(rotated[:, 0], [9, -9, 3, -3], atol=0.01)


def test_the_same_model_gives_the_same_bytes(tmp_path):
    tables = [
        (distil(bert(tmp_path / name)) / "vectors.npy").read_bytes() for name in ("one", "two")
    ]
    assert tables[0] == tables[1]


@given(st.lists(st.lists(st.sampled_from(WESTERN)).map(" ".join), min_size=1, max_size=6))
def test_a_vector_does_not_depend_on_the_texts_beside_it(tiny, texts):
    encoder = StaticEncoder(tiny, 8)
    alone = np.concatenate([encoder.encode([text]) for text in texts])
    np.testing.assert_array_equal(encoder.encode(texts), alone)
    lengths = np.linalg.norm(alone, axis=1)
    np.testing.assert_allclose(lengths, [float(bool(text)) for text in texts], atol=1e-6)


def test_blocks_change_nothing(tiny, monkeypatch):
    texts = [f"{WESTERN[k % 10]} {WESTERN[k % 7]}" for k in range(23)]
    whole = StaticEncoder(tiny, 8).encode(texts)
    monkeypatch.setattr("tastegraph.text.static.TEXTS_PER_BLOCK", 4)
    np.testing.assert_array_equal(StaticEncoder(tiny, 8).encode(texts), whole)


def test_what_has_no_word_of_the_vocabulary_is_zero(tiny):
    vectors = StaticEncoder(tiny, 8).encode(["", "...", "unheard", "\ud800", "\x00", "<cls>"])
    assert vectors.shape == (6, 16)
    assert not vectors.any()
    assert StaticEncoder(tiny, 8).encode([]).shape == (0, 16)


def test_long_texts_are_cut(tiny):
    encoder = StaticEncoder(tiny, 2)
    np.testing.assert_array_equal(
        encoder.encode(["love space"]), encoder.encode(["love space robots cowboys"])
    )


def test_reading_needs_neither_torch_nor_onnx(tiny):
    code = (
        "import sys; from pathlib import Path; from tastegraph.text.static import StaticEncoder;"
        f"vectors = StaticEncoder(Path({str(tiny)!r}), 32).encode(['a western', '']);"
        "assert vectors.shape == (2, 16) and abs((vectors ** 2).sum() - 1) < 1e-5;"
        "assert not {'torch', 'transformers', 'onnxruntime'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_model_that_was_not_distilled_says_how(tmp_path):
    with pytest.raises(NotFoundError, match=r"distil\(Path"):
        StaticEncoder(bert(tmp_path / "model"), 32)


def test_vectors_of_another_model_are_refused(own):
    bert(own, seed=1)
    with pytest.raises(TastegraphError, match="has changed"):
        StaticEncoder(own, 32)


def test_vectors_of_another_format_are_refused(own):
    manifest = own / "static/static.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"format": 0}))
    with pytest.raises(TastegraphError, match="has changed"):
        StaticEncoder(own, 32)


@pytest.mark.parametrize("file", ["vectors.npy", "tokenizer.json", "static.json"])
def test_a_damaged_file_is_named(own, file):
    damaged = own / "static" / file
    damaged.write_bytes(damaged.read_bytes()[: damaged.stat().st_size // 2])
    with pytest.raises(TastegraphError, match=file):
        StaticEncoder(own, 32)


def test_vectors_of_another_shape_are_named(own):
    np.save(own / "static/vectors.npy", np.zeros((3, 16), dtype=np.float16))
    with pytest.raises(TastegraphError, match=r"\(3, 16\) in place of float16"):
        StaticEncoder(own, 32)


def test_distillation_changes_no_fingerprint(tiny, tmp_path):
    from tastegraph.text.folders import fingerprint

    assert fingerprint(tiny) == fingerprint(bert(tmp_path / "tiny"))


def test_an_encoder_distils_once_and_caches_no_text(tmp_path):
    folder = bert(tmp_path / "model")
    cache = Database(tmp_path / "vectors.db", caches.vector_metadata)
    texts = ["love robots", "a western"]
    vectors = Encoder(folder, 32, cache, reading="tokens").encode(texts)
    written_at = (folder / "static/vectors.npy").stat().st_mtime_ns
    again = Encoder(folder, 32, cache, reading="tokens").encode(texts)
    assert (folder / "static/vectors.npy").stat().st_mtime_ns == written_at
    np.testing.assert_array_equal(vectors, again)
    np.testing.assert_array_equal(vectors, StaticEncoder(folder, 32).encode(texts))
    with cache.writing():
        pass
    with cache.reading() as connection:
        assert not caches.vector_keys(connection)
    cache.close()


def test_texts_in_an_unknown_language_are_warned_of(tiny, tmp_path, capsys):
    cache = Database(tmp_path / "vectors.db", caches.vector_metadata)
    Encoder(tiny, 32, cache, reading="tokens").encode(["ein unbekannter Satz"])
    assert "100% of the texts' tokens are unknown" in capsys.readouterr().err
    cache.close()
