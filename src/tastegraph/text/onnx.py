"""A sentence encoder for serving: ONNX Runtime alone, without torch or transformers."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.errors import NotFoundError, TastegraphError
from tastegraph.core.messages import Message
from tastegraph.text import folders
from tastegraph.text.batching import CPU, encoded

Precision = Literal["fp32", "int8"]
GRAPHS: dict[Precision, str] = {"fp32": "model.onnx", "int8": "model_int8.onnx"}
TOKENIZER, TOLD = "tokenizer.json", "encoder.json"


@dataclass(frozen=True)
class Told:
    """What an export says of itself beside graph and tokenizer.

    Attributes:
        fingerprint: of the model it was made from.
        dimensions: length of a vector.
        max_tokens: the most the model reads.
        prompt: stands before every text.
        inputs: names of the graph's inputs.
        pad_id, pad_token, pad_side: what shorter texts of a batch are filled with, and where.
    """

    fingerprint: str
    dimensions: int
    max_tokens: int
    prompt: str
    inputs: tuple[str, ...]
    pad_id: int
    pad_token: str
    pad_side: Literal["left", "right"]

    def write(self, folder: Path) -> None:
        """Beside the graph."""
        (folder / TOLD).write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Told:
        """Raises ``OSError``, ``ValueError`` or ``TypeError`` where there is none."""
        told = json.loads((folder / TOLD).read_text(encoding="utf-8"))
        return cls(**(told | {"inputs": tuple(told["inputs"])}))


class OnnxEncoder:
    """Unit-length text vectors; the same as :class:`~tastegraph.text.encoder.Encoder` gives.

    Args:
        folder: of the model; :func:`tastegraph.text.export.export` puts its graphs there.
        max_tokens: longer texts are cut.
        precision: ``int8`` is a quarter of the size and half the work. Its vectors are near those
            of ``fp32`` (all-MiniLM-L6-v2: cosine .993, at worst .988), and as near to themselves:
            what a batch is quantised by depends on all its texts.

    Raises:
        NotFoundError: the model was not exported.
        TastegraphError: ONNX Runtime is missing, or what was exported was another model.
    """

    room = CPU

    def __init__(self, folder: Path, max_tokens: int, precision: Precision = "fp32") -> None:
        self.name = folder.name
        exported = folder / folders.EXPORTED
        told = read_export(folder, precision)
        self.dimensions = told.dimensions
        self._prompt, self._inputs = told.prompt, told.inputs
        self._session = _session(exported / GRAPHS[precision])
        self._tokenizer = _tokenizer(exported, told, min(max_tokens, told.max_tokens))

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """float32[len(texts), d], rows of length 1, or of 0 where there is nothing to read.

        Raises:
            TastegraphError: the model gives numbers that are not finite.
        """
        return encoded(self, texts)

    def tokens(self, texts: Sequence[str]) -> list[list[int]]:
        """The ids of each text's own tokens, cut to what is read; no special tokens."""
        read = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [
            [i for i, real in zip(one.ids, one.attention_mask, strict=True) if real] for one in read
        ]

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """float32[len(texts), d], rows of length 1: the texts as one batch."""
        read = self._tokenizer.encode_batch_fast([self._prompt + text for text in texts])
        all_inputs = {
            "input_ids": [one.ids for one in read],
            "attention_mask": [one.attention_mask for one in read],
            "token_type_ids": [one.type_ids for one in read],
        }
        fed = {name: np.array(all_inputs[name], dtype=np.int64) for name in self._inputs}
        rows: NDArray[np.float32] = self._session.run(None, fed)[0]
        return rows


def read_export(folder: Path, precision: Precision = "fp32") -> Told:
    """What the export of a model says of itself.

    Raises:
        NotFoundError: the model was not exported.
        TastegraphError: what was exported was another model, or cannot be read.
    """
    exported = folder / folders.EXPORTED
    graph = exported / GRAPHS[precision]
    command = f"tastegraph.text.export.export(Path({str(folder)!r}))"
    if not graph.is_file():
        raise NotFoundError(Message("missing.export", file=graph, command=command))
    try:
        told = Told.read(exported)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise TastegraphError(
            Message("encoder.unreadable", file=exported / TOLD, cause=error, command=command)
        ) from None
    if told.fingerprint != folders.fingerprint(folder).hex():
        raise TastegraphError(
            Message("encoder.changed", folder=folder, file=graph.name, command=command)
        )
    return told


def _session(graph: Path) -> Any:
    try:
        import onnxruntime
    except ImportError:
        raise TastegraphError(Message("encoder.package", package="onnxruntime")) from None
    options = onnxruntime.SessionOptions()
    # Threads that wait by spinning starve every other process.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime's own errors share no other base.
        raise TastegraphError(Message("encoder.damaged", file=graph, cause=error)) from None


def _tokenizer(exported: Path, told: Told, max_tokens: int) -> Any:
    try:
        from tokenizers import Tokenizer
    except ImportError:
        raise TastegraphError(Message("encoder.package", package="tokenizers")) from None
    tokenizer = Tokenizer.from_file(str(exported / TOKENIZER))
    tokenizer.enable_truncation(max_tokens)
    tokenizer.enable_padding(direction=told.pad_side, pad_id=told.pad_id, pad_token=told.pad_token)
    return tokenizer
