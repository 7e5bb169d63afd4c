"""A sentence encoder as an ONNX graph, pooling and normalisation included, for serving."""

from __future__ import annotations

import shutil
import warnings
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from sentence_transformers import SentenceTransformer
from torch import Tensor, nn

from tastegraph.core.errors import TastegraphError
from tastegraph.core.messages import Message
from tastegraph.text import folders
from tastegraph.text.onnx import GRAPH, TOKENIZER, ExportManifest
from tastegraph.text.torch_model import load, save_tokenizer

OPSET = 17
EXAMPLE_TEXTS = ["One text of a few words.", "Another."]
"""The exporter traces the model on them."""
UNLIMITED = 1_000_000
"""Tokens that a model without a limit of its own, such as XLNet, reads of a text."""


class _Graph(nn.Module):
    """Token ids to unit vectors, with positional arguments as ONNX needs them."""

    def __init__(self, model: SentenceTransformer, inputs: tuple[str, ...]) -> None:
        super().__init__()
        self.model, self.inputs = model, inputs

    def forward(self, *inputs: Tensor) -> Tensor:
        """int64[n, length] each → float32[n, d]."""
        features: dict[str, Any] = dict(zip(self.inputs, inputs, strict=True))
        for module in self.model:
            features = module(features)
        vectors: Tensor = features["sentence_embedding"]
        return nn.functional.normalize(vectors, dim=1)


def export_onnx(folder: Path) -> Path:
    """Write the graph, the tokenizer and the manifest of a model, in single precision.

    Args:
        folder: of a model that :class:`~tastegraph.text.encoder.Encoder` reads.

    Returns:
        The folder below it that :class:`~tastegraph.text.onnx.OnnxEncoder` reads. It is
        complete or absent, and replaces an older one.

    Raises:
        TastegraphError: the model is incomplete, or onnx or onnxruntime is missing.
    """
    _need_onnx()
    model = load(folder, attention="eager")
    exported = folder / folders.EXPORTED
    with TemporaryDirectory(dir=folder, prefix=f".{folders.EXPORTED}-") as temporary:
        place = Path(temporary) / folders.EXPORTED
        place.mkdir()
        inputs = _write_graph(model, place / GRAPH)
        save_tokenizer(model, place / TOKENIZER)
        _manifest(folder, model, inputs).write(place)
        shutil.rmtree(exported, ignore_errors=True)
        place.rename(exported)
    return exported


def _write_graph(model: SentenceTransformer, file: Path) -> tuple[str, ...]:
    encoding = model.tokenizer(EXAMPLE_TEXTS, padding=True, return_tensors="pt")
    inputs = tuple(
        name for name in ("input_ids", "attention_mask", "token_type_ids") if name in encoding
    )
    with warnings.catch_warnings(), torch.no_grad():
        # The tracing exporter warns that it is deprecated, and of every use of a shape.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            _Graph(model, inputs).eval(),
            tuple(encoding[name] for name in inputs),
            str(file),
            input_names=list(inputs),
            output_names=["vectors"],
            dynamic_axes={name: {0: "texts", 1: "tokens"} for name in inputs}
            | {"vectors": {0: "texts"}},
            opset_version=OPSET,
            dynamo=False,
        )
    return inputs


def _manifest(folder: Path, model: SentenceTransformer, inputs: tuple[str, ...]) -> ExportManifest:
    tokenizer: Any = model.tokenizer
    return ExportManifest(
        fingerprint=folders.fingerprint(folder).hex(),
        dimensions=int(model.get_embedding_dimension() or 0),
        max_tokens=min(int(model.max_seq_length or UNLIMITED), UNLIMITED),
        prompt=model.prompts.get(model.default_prompt_name or "", "") or "",
        inputs=inputs,
        pad_id=int(tokenizer.pad_token_id),
        pad_token=str(tokenizer.pad_token),
        pad_side=tokenizer.padding_side,
    )


def _need_onnx() -> None:
    for package in ("onnx", "onnxruntime"):
        if find_spec(package) is None:
            raise TastegraphError(Message("encoder.package", package=package))
