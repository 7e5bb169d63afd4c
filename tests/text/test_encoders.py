"""Encoders of three kinds: pooling by hand, padding, batches, odd texts, broken models."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
from sqlalchemy import select
from transformers import AutoModel

from tastegraph.core.errors import AssetError, NotFoundError, TastegraphError
from tastegraph.data import downloads as assets
from tastegraph.store import caches
from tastegraph.store.database import Database
from tastegraph.text import folders, torch_model
from tastegraph.text.batching import batches, encode_in_batches
from tastegraph.text.encoder import Encoder
from tastegraph.text.torch_model import TorchModel, kind, load
from tests.support.tiny_models import WIDTH, WORDS, bert, gpt2, tokenizer, xlnet

KINDS = {"masked": bert, "causal": gpt2, "permutation": xlnet}
TEXTS = ["a western", "cowboys in space with robots love film", "机器人", "robots"]
WEIGHTS = "model.safetensors"


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    place = tmp_path_factory.mktemp("models")
    return {name: make(place / name) for name, make in KINDS.items()}


@pytest.fixture
def model(models, tmp_path):
    """A copy of the masked model, to break."""
    return Path(shutil.copytree(models["masked"], tmp_path / "model"))


@pytest.fixture
def cache(tmp_path):
    database = Database(tmp_path / "vectors.db", caches.vector_metadata)
    yield database
    database.close()


def unit(vector):
    return vector / np.linalg.norm(vector)


@pytest.mark.parametrize("name", KINDS)
def test_pooling_follows_the_kind_of_the_model(models, name):
    """Masked and permutation: the mean of the tokens; causal: weighted 1, 2, 3, …"""
    words = [WORDS.index(word) for word in ("robots", "in", "space")]
    cls, sep = WORDS.index("<cls>"), WORDS.index("<sep>")
    ids = {"masked": [cls, *words, sep], "causal": words, "permutation": [*words, sep, cls]}[name]
    transformer = AutoModel.from_pretrained(models[name]).eval()
    with torch.no_grad():
        hidden = transformer(torch.tensor([ids])).last_hidden_state[0].numpy()
    weights = [1, 2, 3] if name == "causal" else [1] * 5
    model = TorchModel(models[name], 32)
    assert kind(transformer.config) == name
    np.testing.assert_allclose(
        encode_in_batches(model, ["robots in space"])[0],
        unit(np.average(hidden, axis=0, weights=weights)),
        atol=1e-5,
    )


@pytest.mark.parametrize("name", KINDS)
def test_a_vector_does_not_depend_on_the_other_texts_of_the_batch(models, name):
    model = TorchModel(models[name], 32)
    together = model.vectors(TEXTS)
    alone = np.concatenate([model.vectors([text]) for text in TEXTS])
    np.testing.assert_allclose(together, alone, atol=1e-5)
    np.testing.assert_allclose(encode_in_batches(model, TEXTS), alone, atol=1e-5)
    assert (alone @ alone.T)[~np.eye(len(TEXTS), dtype=bool)].max() < 0.9999


def test_a_causal_model_pads_right_as_an_encoder(models):
    config = json.loads((models["causal"] / "tokenizer_config.json").read_text())
    assert config["padding_side"] == "left"
    assert config.get("pad_token") is None
    assert TorchModel(models["causal"], 32).tokenizer.padding_side == "right"


def test_a_sentence_model_defines_its_own_pooling_and_prompt(models, tmp_path):
    transformer = Transformer(str(models["masked"]))
    sentence_model = SentenceTransformer(
        modules=[transformer, Pooling(WIDTH, "cls")],
        prompts={"query": "about robots"},
        default_prompt_name="query",
    )
    sentence_model.save(str(tmp_path / "saved"))
    ids = [WORDS.index(word) for word in ("<cls>", "about", "robots", "love", "<sep>")]
    with torch.no_grad():
        first = transformer.auto_model(torch.tensor([ids])).last_hidden_state[0, 0].numpy()
    vectors_of_texts = encode_in_batches(TorchModel(tmp_path / "saved", 32), [" love"])
    np.testing.assert_allclose(vectors_of_texts[0], unit(first), atol=1e-5)


def test_weights_in_half_precision_are_read_in_single_on_a_cpu(model):
    half = {name: w.bfloat16() for name, w in load_file(model / WEIGHTS).items()}
    save_file(half, model / WEIGHTS, metadata={"format": "pt"})
    assert {p.dtype for p in load(model).parameters()} == {torch.float32}


ODD = {
    "nothing": ("", False),
    "blank": (" \n\t ", False),
    "control characters": ("\x00\x01\x7f", False),
    "an emoji": ("🤠", True),
    "a lone surrogate": ("love \ud800 in space", True),
    "very long": ("cowboys " * 12_500, True),
    "very long without a space": ("c" * 100_000, True),
}


@pytest.mark.parametrize("kind_of_text", ODD)
@pytest.mark.parametrize("name", KINDS)
def test_odd_texts_have_a_unit_vector_or_none(models, name, kind_of_text):
    """A unit vector where there are tokens, else a row of 0; never NaN."""
    text, has_tokens = ODD[kind_of_text]
    vectors_of_texts = encode_in_batches(TorchModel(models[name], 32), [text, "robots"])
    np.testing.assert_allclose(np.linalg.norm(vectors_of_texts, axis=1), [has_tokens, 1], atol=1e-5)


def test_long_texts_are_cut(models):
    model = TorchModel(models["masked"], 12)
    long, longer = encode_in_batches(model, ["robots " * 10, "robots " * 10 + "love"])
    np.testing.assert_array_equal(long, longer)


@given(st.lists(st.integers(0, 50)), st.integers(1, 200))
def test_batches_hold_every_row_once_within_the_token_limit(lengths, max_tokens):
    result = list(batches(np.array(lengths, dtype=np.intp), max_tokens))
    rows = [row for batch in result for row in batch]
    assert sorted(rows) == [row for row, length in enumerate(lengths) if length]
    assert [lengths[row] for row in rows] == sorted(length for length in lengths if length)
    for batch in result:
        assert len(batch) == 1 or len(batch) * max(lengths[row] for row in batch) <= max_tokens


@pytest.fixture
def shared(tmp_path):
    database = Database(tmp_path / "home" / "vectors.db", caches.vector_metadata)
    yield database
    database.close()


def keys_of(database):
    with database.reading() as connection:
        return caches.vector_keys(connection)


def test_a_text_that_another_workspace_has_encoded_is_not_encoded_again(
    models, cache, shared, tmp_path, monkeypatch
):
    other = Database(tmp_path / "other.db", caches.vector_metadata)
    first = Encoder(models["masked"], 32, other, shared).encode(TEXTS)
    other.close()
    monkeypatch.setattr(Encoder, "_vectors", None)
    np.testing.assert_array_equal(Encoder(models["masked"], 32, cache, shared).encode(TEXTS), first)
    # What was copied needs the shared file no longer.
    np.testing.assert_array_equal(Encoder(models["masked"], 32, cache).encode(TEXTS), first)


def test_what_a_workspace_deletes_leaves_the_shared_cache_too(models, cache, shared, tmp_path):
    other = Database(tmp_path / "other.db", caches.vector_metadata)
    Encoder(models["masked"], 32, other, shared).encode(["of another workspace"])
    encoder = Encoder(models["masked"], 32, cache, shared)
    encoder.encode(TEXTS)
    encoder.keep_only(TEXTS[1:])
    assert keys_of(cache) == {encoder._key(text) for text in TEXTS[1:]}
    assert keys_of(shared) == keys_of(cache) | keys_of(other)
    other.close()


def test_without_a_shared_cache_nothing_but_time_is_lost(models, cache, tmp_path, capsys):
    (tmp_path / "home").write_text("no folder")
    unusable = Database(tmp_path / "home" / "vectors.db", caches.vector_metadata)
    encoder = Encoder(models["masked"], 32, cache, unusable)
    expected = Encoder(models["masked"], 32, cache).encode(TEXTS)
    encoder.encode([*TEXTS, "one more"])
    np.testing.assert_array_equal(encoder.encode(TEXTS), expected)
    assert "the cache that workspaces share is not used" in capsys.readouterr().err
    encoder.keep_only([])


def test_the_cache_key_depends_on_everything_that_a_vector_depends_on(model, cache, monkeypatch):
    def identity(max_tokens=32):
        return Encoder(model, max_tokens, cache)._identity

    seen = {identity(), identity(31)}
    (model / "README.md").write_text("of no consequence")
    (model / "onnx").mkdir()
    (model / "onnx/tokenizer.json").write_text("{}")
    assert identity() in seen
    changes = {
        WEIGHTS: (bert(model.parent / "other", seed=1) / WEIGHTS).read_bytes(),
        "tokenizer.json": (model / "tokenizer.json").read_bytes().replace(b"love", b"hate"),
        "1_Pooling/config.json": b'{"pooling_mode": "cls"}',
        "config_sentence_transformers.json": b"{}",
    }
    for name, data in changes.items():
        (model / name).parent.mkdir(exist_ok=True)
        (model / name).write_bytes(data)
        assert identity() not in seen
        seen.add(identity())
    monkeypatch.setattr(torch_model, "precision", lambda: "bfloat16")
    assert identity() not in seen


def test_half_precision_where_there_is_a_gpu(monkeypatch):
    assert torch_model.precision() == "float32" or torch.cuda.is_available()
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: True)
    assert (torch_model.device(), torch_model.precision()) == ("cuda", "bfloat16")
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: False)
    assert torch_model.precision() == "float16"


def test_many_texts_take_half_precision_where_a_processor_multiplies_it(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    most = torch_model.MAX_SINGLE_PRECISION
    monkeypatch.setattr(torch_model, "multiplies_halves", lambda: True)
    assert [torch_model.precision(n) for n in (0, most, most + 1)] == [
        "float32", "float32", "bfloat16",
    ]  # fmt: skip
    monkeypatch.setattr(torch_model, "multiplies_halves", lambda: False)
    assert torch_model.precision(most + 1) == "float32"


def test_vectors_of_many_texts_are_nearly_those_of_few(models, cache, monkeypatch):
    few = Encoder(models["masked"], 32, cache).encode(TEXTS)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch_model, "multiplies_halves", lambda: True)
    monkeypatch.setattr(torch_model, "MAX_SINGLE_PRECISION", len(TEXTS) - 1)
    encoder = Encoder(models["masked"], 32, cache)
    many = encoder.encode(TEXTS)
    assert not np.array_equal(many, few)
    assert (many * few).sum(axis=1) == pytest.approx(1, abs=1e-3)
    # An encoder that has read many texts reads few as any other, and what is kept is kept in both.
    np.testing.assert_array_equal(encoder.encode(TEXTS[1:]), few[1:])
    encoder.keep_only(TEXTS[1:])
    assert len(keys_of(cache)) == 2 * len(TEXTS[1:])


def _cut_short(model):
    data = (model / WEIGHTS).read_bytes()
    (model / WEIGHTS).write_bytes(data[: len(data) // 2])


def _change_weights(model, change):
    weights = load_file(model / WEIGHTS)
    change(weights)
    save_file(weights, model / WEIGHTS, metadata={"format": "pt"})


def _half(model):
    def change(weights):
        for name in [name for name in weights if "layer.1." in name]:
            del weights[name]

    _change_weights(model, change)


def _not_numbers(model):
    _change_weights(model, lambda weights: [w.fill_(float("nan")) for w in weights.values()])


def _shard_missing(model):
    index = {"weight_map": {"a": "model-00001-of-00002.safetensors"}}
    (model / "model.safetensors.index.json").write_text(json.dumps(index))


def _pickled(model):
    (model / WEIGHTS).rename(model / "pytorch_model.bin")


def _no_tokenizer(model):
    (model / "tokenizer.json").unlink()


def _other_tokenizer(model):
    words = [*WORDS, *(f"word{k}" for k in range(100))]
    tokenizer(words, "right", None).save_pretrained(model)


def _no_config(model):
    (model / "config.json").unlink()


def _broken_config(model):
    (model / "config.json").write_text("{")


def _unknown_kind(model):
    (model / "config.json").write_text('{"model_type": "of my own"}')


def _wider(model):
    config = json.loads((model / "config.json").read_text())
    (model / "config.json").write_text(json.dumps(config | {"intermediate_size": 64}))


def _broken_tokenizer(model):
    (model / "tokenizer.json").write_text("{")


def _no_modules(model):
    (model / "modules.json").write_text("[]")


def _no_pooling(model):
    kind = "sentence_transformers.models.Transformer"
    config = [{"idx": 0, "name": "0", "path": "", "type": kind}]
    (model / "modules.json").write_text(json.dumps(config))


def _no_map(model):
    (model / "model.safetensors.index.json").write_text("{}")


BROKEN = {
    _no_pooling: "does not say how the model pools",
    _no_map: "it has no weight_map",
    _cut_short: "cut short or damaged",
    _half: "holds only part of a model: 16 weights are missing",
    _not_numbers: "no finite vector for 'robots'",
    _shard_missing: "lacks weights: model-00001-of-00002",
    _pickled: "pickled weights are not read",
    _no_tokenizer: "has no tokenizer",
    _other_tokenizer: "another model's: it has 117 tokens, the model 17",
    _no_config: "no language model: it has no config.json",
    _broken_config: "config.json cannot be read",
    _unknown_kind: "cannot be used as a language model",
    _wider: "cannot be used as a language model",
    _broken_tokenizer: "cannot be used as a language model",
    _no_modules: "names no modules",
}


@pytest.mark.parametrize("damage", BROKEN, ids=lambda damage: damage.__name__)
def test_a_broken_model_is_an_error_and_nothing_is_cached(model, cache, damage):
    damage(model)
    with pytest.raises(TastegraphError, match=BROKEN[damage]):
        Encoder(model, 32, cache).encode(["robots"])
    with cache.reading() as connection:
        assert not connection.execute(select(caches.vectors)).all()


def test_a_model_is_looked_up_as_a_folder_then_as_an_asset(models, tmp_path, monkeypatch):
    place = models["masked"].parent
    assert folders.find_model("masked", place) == models["masked"]
    assert folders.find_model(str(models["masked"]), tmp_path) == models["masked"]
    assert folders.find_model("all-MiniLM-L6-v2", tmp_path) == assets.find("all-MiniLM-L6-v2")
    for name in ("no such model", "./no/such", "/no/such"):
        with pytest.raises(NotFoundError, match="all-MiniLM-L6-v2"):
            folders.find_model(name, tmp_path)


def test_a_hub_out_of_reach_is_an_error(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(AssetError, match="owner/model could not be had from the Hugging Face hub"):
        folders.find_model("owner/model", tmp_path)


def test_a_model_is_downloaded_from_the_hub(models, tmp_path, monkeypatch):
    def download(name, **_):
        return str(models[name.removeprefix("owner/")])

    monkeypatch.setattr("huggingface_hub.snapshot_download", download)
    assert folders.find_model("owner/causal", tmp_path) == models["causal"]


# The encoder, with the real model.


@pytest.fixture
def minilm(cache):
    return Encoder(assets.find("all-MiniLM-L6-v2"), 64, cache)


def test_vectors_have_length_one_and_similar_texts_are_near(minilm):
    texts = ["a western with cowboys", "cowboys in the wild west", "quarterly tax report"]
    encoded = minilm.encode(texts)
    assert encoded.shape == (3, 384)
    np.testing.assert_allclose(np.linalg.norm(encoded, axis=1), 1, atol=1e-5)
    assert encoded[0] @ encoded[1] > encoded[0] @ encoded[2] + 0.2


def test_a_text_is_encoded_once(minilm, monkeypatch):
    first = minilm.encode(["one", "two", "one"])
    np.testing.assert_array_equal(first[0], first[2])
    monkeypatch.setattr(Encoder, "_vectors", lambda *_: pytest.fail("encoded again"))
    np.testing.assert_array_equal(minilm.encode(["two", "one"]), first[[1, 0]])


@pytest.mark.slow
def test_an_interrupted_run_continues_where_it_stopped(minilm, monkeypatch):
    texts = [f"text {k:04}" for k in range(600)]
    whole, calls = Encoder._vectors, []

    def interrupted(self, chunk):
        calls.append(len(chunk))
        if len(calls) == 2:
            raise KeyboardInterrupt
        return whole(self, chunk)

    monkeypatch.setattr(Encoder, "_vectors", interrupted)
    with pytest.raises(KeyboardInterrupt):
        minilm.encode(texts)
    minilm.encode(texts)
    assert calls == [256, 256, 256, 88]


def test_a_language_that_the_model_cannot_read_is_warned_of(minilm, capsys):
    minilm.encode(["苹果手机性价比高", "红楼梦是清代小说"])
    assert "unknown to the language model" in " ".join(capsys.readouterr().err.split())


def test_no_texts_no_vectors(minilm):
    assert minilm.encode([]).shape == (0, 0)
