"""The encoder, frozen and after each fine-tuning objective, and its vectors of a data set."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.language.cold_task import ColdItemTask
from benchmarks.language.sets import BenchmarkDataset
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
from tastegraph.profiles.item_texts import item_texts
from tastegraph.text.onnx import OnnxEncoder
from tastegraph.text.onnx_export import export_onnx
from tastegraph.text.texts import item_text
from tastegraph.text.words import word_features

ENCODER = "all-MiniLM-L6-v2"
SET_MAX_TOKENS = {"amazon_beauty": 32}
"""Of a text, by data set; its titles are short."""
MAX_TOKENS = 48
"""Of a text in the other data sets."""
FINETUNED_ROWS: dict[str, tuple[Objective, ...]] = {
    "pretrained": ("pretraining",),
    "aligned": ("pretraining", "alignment"),
    "co_engagement": ("pretraining", "alignment", "co-engagement"),
}
"""Row → its objectives: those of the row before, and one more."""


class CachedEncoders:
    """Encodes texts with any model, and caches the vectors.

    Args:
        folder: of fine-tuned models and vectors.

    Attributes:
        frozen: folder of the model before fine-tuning.
        models: folder of the fine-tuned models.
    """

    def __init__(self, folder: Path) -> None:
        self.models, self._vectors = folder / "models", folder / "vectors"
        self._vectors.mkdir(parents=True, exist_ok=True)
        self.frozen = assets.find(ENCODER, announce=say)

    def of(self, name: str) -> EncodeTexts:
        """The encoder of the texts of the data set called ``name``."""
        max_tokens = SET_MAX_TOKENS.get(name, MAX_TOKENS)
        return lambda model, texts: self.vectors(model, texts, max_tokens)

    def vectors(self, model: Path, texts: Sequence[str], max_tokens: int) -> NDArray[np.float32]:
        """float32[n, d], rows of length 1, or of 0 for an empty text."""
        key = json.dumps([str(model), max_tokens, list(texts)]).encode()
        file = self._vectors / f"{sha256(key).hexdigest()}.npy"
        if not file.exists():
            export_onnx(model)
            encoded = OnnxEncoder(model, max_tokens).encode(list(texts))
            np.save(file, np.asarray(encoded, dtype=np.float32), allow_pickle=False)
        return np.asarray(np.load(file, allow_pickle=False), dtype=np.float32)

    def item_features(
        self,
        dataset: BenchmarkDataset,
        model: Path,
        texts: Sequence[str],
        *,
        finetuned: bool = False,
    ) -> ItemFeatures:
        """The graph, the words and the vectors by ``model`` of a data set's items."""
        graph = dataset.graph
        shared = np.flatnonzero((graph.degrees > 1) & (np.arange(graph.n_nodes) >= graph.n_items))
        named = [node for node in shared.tolist() if graph.labels[node]]
        encode = self.of(dataset.name)
        labels = encode(model, [graph.labels[node] for node in named])
        vectors = encode(model, texts)
        text = np.zeros((graph.n_nodes, vectors.shape[1]), dtype=np.float32)
        text[: graph.n_items] = vectors
        if named:
            text[named] = labels
        return ItemFeatures(graph, text, word_features(item_texts_of(dataset)), finetuned=finetuned)


def item_texts_of(dataset: BenchmarkDataset) -> list[str]:
    """Title, attributes and text of each item."""
    return [item_text(item) for item in dataset.items]


def item_texts_with_facts(dataset: BenchmarkDataset) -> list[str]:
    """Title, attributes, facts in words and text of each item."""
    graph = dataset.graph
    texts = item_texts(dataset.items, graph, associate(graph), dataset.config.relations)
    return [text.text for text in texts]


def finetuning_data(
    dataset: BenchmarkDataset, training: Interactions, excluded: Bools
) -> FinetuningData:
    """Texts, facts and behaviour for fine-tuning, without events on ``excluded`` items, bool[I]."""
    associations = associate(dataset.graph)
    texts = item_texts(dataset.items, dataset.graph, associations, dataset.config.relations)
    strings = [text.text for text in texts]
    return FinetuningData.of(texts, strings, [], associations.strength, training, excluded)


def finetuned_models(
    encoders: CachedEncoders, task: ColdItemTask, config: FinetuningConfig
) -> dict[str, Path]:
    """Row → the model after its objectives, trained on the train split of ``task`` alone.

    The texts of cold items are not trained on either.
    """
    dataset = task.dataset
    excluded = cold_item_holdout(dataset.graph.item_ids, task.seed) | task.cold
    data = finetuning_data(dataset, task.training, excluded)
    documents = zip(data.documents, task.cold, strict=True)
    data = replace(data, documents=[document for document, cold in documents if not cold])
    max_tokens = SET_MAX_TOKENS.get(dataset.name, MAX_TOKENS)
    return {
        row: finetune_encoder(
            encoders.frozen,
            data,
            config.model_copy(update={"objectives": objectives, "max_tokens": max_tokens}),
            task.seed,
            encoders.models,
            encoders.of(dataset.name),
        )
        for row, objectives in FINETUNED_ROWS.items()
    }


def finetuning_summary(models: dict[str, Path]) -> dict[str, Any]:
    """Perplexity and next-sentence accuracy before and after, and the seconds of each row."""
    reports = {row: finetuning_report(model) for row, model in models.items()}
    return {
        "pretraining": {
            key: reports["pretrained"][key]
            for key in ("before", "after", "trained", "held_out", "steps", "seconds")
        },
        "seconds": {row: round(report["seconds"], 1) for row, report in reports.items()},
    }
