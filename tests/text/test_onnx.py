"""The exported encoder: the same vectors, and neither torch nor transformers."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer
from sentence_transformers.sentence_transformer.modules import Pooling, Transformer

from tastegraph.core.errors import NotFoundError, TastegraphError
from tastegraph.data import downloads as assets
from tastegraph.text import onnx_export
from tastegraph.text.batching import encode_in_batches
from tastegraph.text.onnx import OnnxEncoder
from tastegraph.text.onnx_export import export_onnx
from tastegraph.text.torch_model import TorchModel
from tests.support.tiny_models import WIDTH, bert, gpt2, xlnet

pytestmark = pytest.mark.slow

TEXTS = [
    "a western with cowboys",
    "Heat. Crime, Drama. 1995. A group of bank robbers and the detective who hunts them",
    "苹果手机性价比高",
    "红楼梦 is a Chinese novel",
    "",
    "a long story of love and war " * 500,
    "emoji 🤠 and a lone \ud800 surrogate",
    "\x00",
]


@pytest.fixture(scope="module")
def minilm(tmp_path_factory):
    folder = tmp_path_factory.mktemp("real") / "all-MiniLM-L6-v2"
    shutil.copytree(assets.find("all-MiniLM-L6-v2"), folder)
    export_onnx(folder)
    return folder


@pytest.fixture
def tiny(tmp_path):
    """A copy of an exported model, to break."""
    export_onnx(bert(tmp_path / "tiny"))
    return tmp_path / "tiny"


def cosines(one, other):
    """Of rows that are not 0; where one is 0 the other must be."""
    read = one.any(axis=1)
    np.testing.assert_array_equal(read, other.any(axis=1))
    return np.einsum("ij,ij->i", one, other)[read]


def test_the_export_gives_the_vectors_of_the_real_model(minilm):
    torch_vectors = encode_in_batches(TorchModel(minilm, 128), TEXTS)
    single = OnnxEncoder(minilm, 128).encode(TEXTS)
    assert single.dtype == np.float32
    assert not single[4].any()
    assert cosines(single, torch_vectors).min() > 0.9999


@pytest.mark.parametrize("make", [bert, gpt2, xlnet])
def test_every_kind_is_exported_as_it_pools_and_pads(tmp_path, make):
    texts = ["a western", "cowboys in space with robots love film", "机器人", "", "love " * 90]
    folder = make(tmp_path / "model")
    export_onnx(folder)
    encoder = OnnxEncoder(folder, 32)
    np.testing.assert_allclose(
        encoder.encode(texts), encode_in_batches(TorchModel(folder, 32), texts), atol=1e-5
    )
    together = encoder.vectors(texts[:3])
    alone = np.concatenate([encoder.vectors([text]) for text in texts[:3]])
    np.testing.assert_allclose(together, alone, atol=1e-5)


def test_the_prompt_is_exported(tmp_path):
    transformer = Transformer(str(bert(tmp_path / "model")))
    SentenceTransformer(
        modules=[transformer, Pooling(WIDTH, "mean")],
        prompts={"query": "about robots "},
        default_prompt_name="query",
    ).save(str(tmp_path / "saved"))
    export_onnx(tmp_path / "saved")
    vectors = OnnxEncoder(tmp_path / "saved", 32).encode(["love"])
    np.testing.assert_allclose(
        vectors, encode_in_batches(TorchModel(tmp_path / "saved", 32), ["love"]), atol=1e-5
    )
    export_onnx(tmp_path / "model")
    written = OnnxEncoder(tmp_path / "model", 32).encode(["about robots love"])
    np.testing.assert_allclose(vectors, written, atol=1e-5)


def test_serving_needs_neither_torch_nor_transformers(tiny):
    code = (
        "import sys; from pathlib import Path; from tastegraph.text.onnx import OnnxEncoder;"
        f"vectors = OnnxEncoder(Path({str(tiny)!r}), 32).encode(['a western', '']);"
        "assert vectors.shape == (2, 16) and abs((vectors ** 2).sum() - 1) < 1e-5;"
        "assert not {'torch', 'transformers', 'sentence_transformers'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_no_texts_have_no_vectors(tiny):
    assert OnnxEncoder(tiny, 32).encode([]).shape == (0, WIDTH)


def test_a_model_without_an_export_is_an_error(tmp_path):
    folder = bert(tmp_path / "model")
    with pytest.raises(NotFoundError, match=r"model\.onnx does not exist: export it with"):
        OnnxEncoder(folder, 32)


def test_an_export_of_an_older_model_is_refused(tiny):
    bert(tiny, seed=1)
    with pytest.raises(TastegraphError, match=r"has changed since model\.onnx was exported"):
        OnnxEncoder(tiny, 32)
    export_onnx(tiny)
    OnnxEncoder(tiny, 32)


def test_a_damaged_export_is_an_error(tiny):
    graph, manifest = tiny / "onnx/model.onnx", tiny / "onnx/encoder.json"
    graph.write_bytes(graph.read_bytes()[:1000])
    with pytest.raises(TastegraphError, match=r"is damaged.*export the model again"):
        OnnxEncoder(tiny, 32)
    for text in ("{", json.dumps({"prompt": ""}), "[]"):
        manifest.write_text(text)
        with pytest.raises(TastegraphError, match=r"encoder\.json cannot be read"):
            OnnxEncoder(tiny, 32)


def test_a_failed_export_leaves_the_old_one(tiny, monkeypatch):
    def fail(*_):
        raise KeyboardInterrupt

    before = {f.name: f.read_bytes() for f in (tiny / "onnx").iterdir()}
    monkeypatch.setattr(onnx_export, "save_tokenizer", fail)
    with pytest.raises(KeyboardInterrupt):
        export_onnx(tiny)
    assert {f.name: f.read_bytes() for f in (tiny / "onnx").iterdir()} == before
    assert not [f for f in Path(tiny).iterdir() if f.name.startswith(".")]


@pytest.mark.parametrize("package", ["onnxruntime", "tokenizers"])
def test_a_missing_package_is_named(tiny, monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(TastegraphError, match=rf"{package}.*pip install 'tastegraph\[onnx\]'"):
        OnnxEncoder(tiny, 32)


def test_exporting_names_what_it_needs(tiny, monkeypatch):
    real = onnx_export.find_spec
    monkeypatch.setattr(onnx_export, "find_spec", lambda n: None if n == "onnx" else real(n))
    with pytest.raises(TastegraphError, match=r"onnx.*pip install 'tastegraph\[onnx\]'"):
        export_onnx(tiny)
