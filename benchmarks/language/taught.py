"""The encoder after each of its lessons, and what it makes of a set's texts."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.language.sets import BenchmarkDataset
from benchmarks.language.task import Task
from tastegraph.core.arrays import Bools
from tastegraph.core.config import FinetuningConfig, Objective
from tastegraph.core.progress import say
from tastegraph.data import downloads as assets
from tastegraph.models.cold_start import cold_item_holdout
from tastegraph.models.item_features import ItemFeatures
from tastegraph.pipeline.finetune import (
    EncodeTexts,
    FinetuningData,
    finetune_encoder,
    finetuning_report,
)
from tastegraph.profiles.association import associate
from tastegraph.profiles.interactions import Interactions
from tastegraph.profiles.telling import item_texts
from tastegraph.text.onnx import OnnxEncoder
from tastegraph.text.onnx_export import export_onnx
from tastegraph.text.texts import item_text
from tastegraph.text.words import word_features

ENCODER = "all-MiniLM-L6-v2"
MAX_TOKENS = {"amazon_beauty": 32}
MOST_TOKENS = 48
"""Of a text, where the set has no fewer: titles are short."""
CHAIN: dict[str, tuple[Objective, ...]] = {
    "pretrained": ("pretraining",),
    "aligned": ("pretraining", "alignment"),
    "co_engagement": ("pretraining", "alignment", "co-engagement"),
}
"""Each row is taught what the row before it is, and one lesson more."""


class Reader:
    """Reads texts with any model, and never twice.

    Args:
        folder: where models and vectors are kept.
    """

    def __init__(self, folder: Path) -> None:
        self.models, self._vectors = folder / "models", folder / "vectors"
        self._vectors.mkdir(parents=True, exist_ok=True)
        self.frozen = assets.find(ENCODER, announce=say)

    def of(self, name: str) -> EncodeTexts:
        """What reads the texts of the set called ``name``."""
        most = MAX_TOKENS.get(name, MOST_TOKENS)
        return lambda model, texts: self.vectors(model, texts, most)

    def vectors(self, model: Path, texts: Sequence[str], most: int) -> NDArray[np.float32]:
        """float32[n, d], unit rows, or of zeros where there is no text."""
        told = json.dumps([str(model), most, list(texts)]).encode()
        file = self._vectors / f"{sha256(told).hexdigest()}.npy"
        if not file.exists():
            export_onnx(model)
            found = OnnxEncoder(model, most).encode(list(texts))
            np.save(file, np.asarray(found, dtype=np.float32), allow_pickle=False)
        return np.asarray(np.load(file, allow_pickle=False), dtype=np.float32)

    def item_features(
        self, told: BenchmarkDataset, model: Path, texts: Sequence[str], *, taught: bool = False
    ) -> ItemFeatures:
        """What is known of a set's items, read by ``model``."""
        graph = told.graph
        joined = np.flatnonzero((graph.degrees > 1) & (np.arange(graph.n_nodes) >= graph.n_items))
        named = [node for node in joined.tolist() if graph.labels[node]]
        read = self.of(told.name)
        labels = read(model, [graph.labels[node] for node in named])
        vectors = read(model, texts)
        text = np.zeros((graph.n_nodes, vectors.shape[1]), dtype=np.float32)
        text[: graph.n_items] = vectors
        if named:
            text[named] = labels
        return ItemFeatures(graph, text, word_features(plain(told)), finetuned=taught)


def plain(told: BenchmarkDataset) -> list[str]:
    """Of each item its title, attributes and text."""
    return [item_text(item) for item in told.items]


def with_facts(told: BenchmarkDataset) -> list[str]:
    """Of each item that, and what the graph says of it, in words."""
    texts = item_texts(told.items, told.graph, associate(told.graph), told.config.relations)
    return [text.text for text in texts]


def material(told: BenchmarkDataset, training: Interactions, silent: Bools) -> FinetuningData:
    """Texts, facts and behaviour to teach by; nothing of what people did with ``silent`` items."""
    associations = associate(told.graph)
    texts = item_texts(told.items, told.graph, associations, told.config.relations)
    written = [text.text for text in texts]
    return FinetuningData.of(texts, written, [], associations.strength, training, silent)


def chain(reader: Reader, task: Task, teaching: FinetuningConfig) -> dict[str, Path]:
    """Row → the model that was taught what it names, by the train part of ``task`` alone.

    Texts of cold items teach nothing either.
    """
    told = task.set
    silent = cold_item_holdout(told.graph.item_ids, task.seed) | task.cold
    lessons = material(told, task.training, silent)
    spoken = zip(lessons.documents, task.cold, strict=True)
    lessons = replace(lessons, documents=[document for document, cold in spoken if not cold])
    most = MAX_TOKENS.get(told.name, MOST_TOKENS)
    return {
        row: finetune_encoder(
            reader.frozen,
            lessons,
            teaching.model_copy(update={"objectives": taught, "max_tokens": most}),
            task.seed,
            reader.models,
            reader.of(told.name),
        )
        for row, taught in CHAIN.items()
    }


def learned(models: dict[str, Path]) -> dict[str, Any]:
    """Perplexity and next-sentence accuracy before and after, and what each lesson cost."""
    told = {row: finetuning_report(model) for row, model in models.items()}
    return {
        "pretraining": {
            key: told["pretrained"][key]
            for key in ("before", "after", "trained", "held_out", "steps", "seconds")
        },
        "seconds": {row: round(report["seconds"], 1) for row, report in told.items()},
    }
