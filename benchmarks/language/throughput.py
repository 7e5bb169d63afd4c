"""Texts a second by torch, ONNX and int8 on two threads, turn about in one run.

throughput.ENGINE.{texts_per_second, times_torch, cosine}
"""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.language.sets import ml1m
from benchmarks.language.taught import ENCODER, plain
from tastegraph.data import downloads as assets
from tastegraph.text.batching import BatchEncoder, encode_in_batches
from tastegraph.text.folders import EXPORTED
from tastegraph.text.onnx import GRAPH, OnnxEncoder
from tastegraph.text.onnx_export import export_onnx
from tastegraph.text.torch_model import TorchModel

TEXTS = 512
MAX_TOKENS = 128
TURNS = 3


def run(data: Path) -> dict[str, Any]:
    """The median of three turns, film texts of MovieLens-1M."""
    texts = plain(ml1m(data))[:TEXTS]
    with tempfile.TemporaryDirectory() as folder:
        model = Path(shutil.copytree(assets.find(ENCODER), Path(folder) / "model"))
        export_onnx(model)
        engines: dict[str, BatchEncoder] = {
            "torch": TorchModel(model, MAX_TOKENS),
            "onnx": OnnxEncoder(model, MAX_TOKENS),
            "int8": OnnxEncoder(quantised(model), MAX_TOKENS),
        }
        vectors = {name: encode_in_batches(engine, texts[:64]) for name, engine in engines.items()}
        seconds: dict[str, list[float]] = {name: [] for name in engines}
        for _turn in range(TURNS):
            for name, engine in engines.items():
                began = time.perf_counter()
                vectors[name] = encode_in_batches(engine, texts)
                seconds[name].append(time.perf_counter() - began)
    told = {name: TEXTS / float(np.median(spent)) for name, spent in seconds.items()}
    return {
        name: {
            "texts_per_second": round(speed, 1),
            "times_torch": round(speed / told["torch"], 2),
            "lowest_cosine": round(float((vectors[name] * vectors["torch"]).sum(axis=1).min()), 5),
            "mean_cosine": round(float((vectors[name] * vectors["torch"]).sum(axis=1).mean()), 5),
        }
        for name, speed in told.items()
    }


def quantised(model: Path) -> Path:
    """A copy of an exported model with int8 weights, a scale for each channel.

    ONNX Runtime's dynamic quantisation: activations are quantised batch by batch.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    copy = Path(shutil.copytree(model, model.with_name("quantised")))
    quantize_dynamic(
        model / EXPORTED / GRAPH,
        copy / EXPORTED / GRAPH,
        per_channel=True,
        weight_type=QuantType.QInt8,
    )
    return copy
