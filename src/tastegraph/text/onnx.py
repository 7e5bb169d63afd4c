"""A sentence encoder for serving, with ONNX Runtime: neither torch nor transformers is imported."""

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
from tastegraph.text.batching import CPU_BATCH_TOKENS, encode_in_batches

GRAPH, TOKENIZER, MANIFEST = "model.onnx", "tokenizer.json", "encoder.json"
"""Files of an export."""


@dataclass(frozen=True)
class ExportManifest:
    """What an export records beside graph and tokenizer.

    Attributes:
        fingerprint: of the model that was exported, in hexadecimal.
        dimensions: length of a vector.
        max_tokens: most tokens that the model reads.
        prompt: put before every text.
        inputs: names of the graph's inputs.
        pad_id, pad_token, pad_side: the padding of shorter texts in a batch.
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
        """Write the manifest into the folder of an export."""
        (folder / MANIFEST).write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> ExportManifest:
        """The manifest of an export.

        Raises:
            OSError, ValueError, TypeError, KeyError: there is none, or it cannot be read.
        """
        fields = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        return cls(**(fields | {"inputs": tuple(fields["inputs"])}))


class OnnxEncoder:
    """Unit-length text vectors, equal to those of :class:`~tastegraph.text.encoder.Encoder`.

    Args:
        folder: of the model; :func:`tastegraph.text.onnx_export.export_onnx` puts its graph there.
        max_tokens: longer texts are cut.

    Raises:
        NotFoundError: the model was not exported.
        TastegraphError: ONNX Runtime is missing, or the export is of another model.
    """

    batch_tokens = CPU_BATCH_TOKENS

    def __init__(self, folder: Path, max_tokens: int) -> None:
        self.name = folder.name
        exported = folder / folders.EXPORTED
        manifest = read_export(folder)
        self.dimensions = manifest.dimensions
        self._prompt, self._inputs = manifest.prompt, manifest.inputs
        self._session = _session(exported / GRAPH)
        max_tokens = min(max_tokens, manifest.max_tokens)
        self._tokenizer = _tokenizer(exported, manifest, max_tokens)

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """float32[len(texts), d], rows of length 1, or of 0 for a text without tokens.

        Raises:
            TastegraphError: the model gives numbers that are not finite.
        """
        return encode_in_batches(self, texts)

    def tokens(self, texts: Sequence[str]) -> list[list[int]]:
        """The token ids of each text, without special tokens, cut to the model's length."""
        encodings = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [
            [i for i, real in zip(encoding.ids, encoding.attention_mask, strict=True) if real]
            for encoding in encodings
        ]

    def vectors(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """float32[len(texts), d], rows of length 1, of the texts as one batch."""
        encodings = self._tokenizer.encode_batch_fast([self._prompt + text for text in texts])
        all_inputs = {
            "input_ids": [encoding.ids for encoding in encodings],
            "attention_mask": [encoding.attention_mask for encoding in encodings],
            "token_type_ids": [encoding.type_ids for encoding in encodings],
        }
        inputs = {name: np.array(all_inputs[name], dtype=np.int64) for name in self._inputs}
        rows: NDArray[np.float32] = self._session.run(None, inputs)[0]
        return rows


def read_export(folder: Path) -> ExportManifest:
    """The manifest of a model's export, checked against the model.

    Raises:
        NotFoundError: the model was not exported.
        TastegraphError: the export is of another model, or cannot be read.
    """
    exported = folder / folders.EXPORTED
    graph = exported / GRAPH
    command = f"tastegraph.text.onnx_export.export_onnx(Path({str(folder)!r}))"
    if not graph.is_file():
        raise NotFoundError(Message("missing.export", file=graph, command=command))
    try:
        manifest = ExportManifest.read(exported)
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise TastegraphError(
            Message("encoder.unreadable", file=exported / MANIFEST, cause=error, command=command)
        ) from None
    if manifest.fingerprint != folders.fingerprint(folder).hex():
        raise TastegraphError(
            Message("encoder.changed", folder=folder, file=graph.name, command=command)
        )
    return manifest


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


def _tokenizer(exported: Path, manifest: ExportManifest, max_tokens: int) -> Any:
    try:
        from tokenizers import Tokenizer
    except ImportError:
        raise TastegraphError(Message("encoder.package", package="tokenizers")) from None
    tokenizer = Tokenizer.from_file(str(exported / TOKENIZER))
    tokenizer.enable_truncation(max_tokens)
    tokenizer.enable_padding(
        direction=manifest.pad_side, pad_id=manifest.pad_id, pad_token=manifest.pad_token
    )
    return tokenizer
