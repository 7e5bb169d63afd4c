"""Texts a second of each engine, and the seconds of a fine-tuning, on MovieLens-1M.

throughput.ENGINE.{texts_per_second, times_torch, lowest_cosine, mean_cosine}
finetuning.{seconds, texts, pretraining, finetuning}
"""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.language.encoders import (
    ENCODER,
    MAX_TOKENS,
    CachedEncoders,
    finetuning_data,
    item_texts_of,
    item_texts_with_facts,
)
from benchmarks.language.sets import ml1m
from tastegraph.core.config import FinetuningConfig
from tastegraph.data import downloads
from tastegraph.models.cold_start import cold_item_holdout
from tastegraph.pipeline.finetune import finetune_encoder, finetuning_report
from tastegraph.profiles.splits import TRAIN
from tastegraph.text.batching import BatchEncoder, encode_in_batches
from tastegraph.text.folders import EXPORTED
from tastegraph.text.onnx import GRAPH, OnnxEncoder
from tastegraph.text.onnx_export import export_onnx
from tastegraph.text.torch_model import TorchModel

N_TEXTS = 512
THROUGHPUT_MAX_TOKENS = 128
ROUNDS = 3
ALL_OBJECTIVES = FinetuningConfig(objectives=("pretraining", "alignment", "co-engagement"))
SEED = 1


def measure_throughput(data: Path) -> dict[str, Any]:
    """Film texts a second on two threads, the median of three rounds over all engines."""
    texts = item_texts_of(ml1m(data))[:N_TEXTS]
    with tempfile.TemporaryDirectory() as folder:
        model = Path(shutil.copytree(downloads.find(ENCODER), Path(folder) / "model"))
        export_onnx(model)
        engines: dict[str, BatchEncoder] = {
            "torch": TorchModel(model, THROUGHPUT_MAX_TOKENS),
            "onnx": OnnxEncoder(model, THROUGHPUT_MAX_TOKENS),
            "int8": OnnxEncoder(_quantised(model), THROUGHPUT_MAX_TOKENS),
        }
        vectors = {name: encode_in_batches(engine, texts[:64]) for name, engine in engines.items()}
        seconds: dict[str, list[float]] = {name: [] for name in engines}
        for _round in range(ROUNDS):
            for name, engine in engines.items():
                start = time.perf_counter()
                vectors[name] = encode_in_batches(engine, texts)
                seconds[name].append(time.perf_counter() - start)
    speeds = {name: N_TEXTS / float(np.median(rounds)) for name, rounds in seconds.items()}
    cosines = {name: (rows * vectors["torch"]).sum(axis=1) for name, rows in vectors.items()}
    return {
        name: {
            "texts_per_second": round(speed, 1),
            "times_torch": round(speed / speeds["torch"], 2),
            "lowest_cosine": round(float(cosines[name].min()), 5),
            "mean_cosine": round(float(cosines[name].mean()), 5),
        }
        for name, speed in speeds.items()
    }


def measure_finetuning(data: Path, encoders: CachedEncoders) -> dict[str, Any]:
    """Seconds of all objectives together, and of each model, with the default steps."""
    dataset = ml1m(data)
    training = dataset.events.select(dataset.parts == TRAIN)
    holdout = cold_item_holdout(dataset.graph.item_ids, SEED)
    material = finetuning_data(dataset, training, holdout)
    encode = encoders.of(dataset.name)
    encode(encoders.frozen, item_texts_with_facts(dataset))
    with tempfile.TemporaryDirectory() as folder:
        models = Path(folder)
        start = time.perf_counter()
        model = finetune_encoder(encoders.frozen, material, ALL_OBJECTIVES, SEED, models, encode)
        seconds = time.perf_counter() - start
        reports = [finetuning_report(path) for path in models.iterdir() if path.is_dir()]
        pretraining = next(report for report in reports if "objective" in report)
        finetuning = finetuning_report(model)
    return {
        "seconds": round(seconds, 1),
        "texts": len(material.texts),
        "tokens": MAX_TOKENS,
        "pretraining": {key: pretraining[key] for key in ("before", "after", "steps", "seconds")},
        "finetuning": {
            "steps": len(finetuning["losses"]),
            "seconds": round(finetuning["seconds"], 1),
            "first_loss": round(finetuning["losses"][0], 3),
            "last_loss": round(finetuning["losses"][-1], 3),
        },
    }


def _quantised(model: Path) -> Path:
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
