"""Fine-tune a workspace's language model on its texts, its graph and the behaviour of its users.

Only behaviour of the train split is used, and none of the items of the cold-item holdout. So all
choices on validation data, and all figures on test data, are of a model that saw neither.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.arrays import CSR, Bools
from tastegraph.core.config import Config, FinetuningConfig
from tastegraph.core.progress import say
from tastegraph.kg.graph import KnowledgeGraph
from tastegraph.models.cold_start import cold_item_holdout
from tastegraph.pipeline.item_features import NodeTexts
from tastegraph.profiles.interactions import Interactions
from tastegraph.profiles.splits import TRAIN, assign_splits
from tastegraph.text import folders
from tastegraph.text.finetune.contrastive import AlignmentObjective, CoEngagementObjective
from tastegraph.text.finetune.corpus import TextDocument
from tastegraph.text.finetune.finetuning import (
    FinetuningObjective,
    FinetuningReport,
    finetune,
)
from tastegraph.text.finetune.loop import TrainingSchedule
from tastegraph.text.finetune.pretraining import PretrainingReport, pretrain
from tastegraph.text.finetune.supervision import (
    behaviour_representation,
    co_engagement,
    graph_representation,
    nearest_items,
)
from tastegraph.text.folders import remove
from tastegraph.text.texts import ItemText

N_NEIGHBOURS = 20
"""Co-engaged items of each item that are positives, and similar items that are hard negatives."""
N_FACTORS = 64
"""Dimensions of the representations that texts are aligned with."""
EncodeTexts = Callable[[Path, Sequence[str]], NDArray[np.float32]]
"""(folder of a model, n texts) → float32[n, d], their vectors."""


@dataclass(frozen=True)
class FinetuningData:
    """What a language model is fine-tuned on.

    Attributes:
        documents: texts and facts in words, for pre-training.
        texts: of each item, the text that is encoded.
        ties: CSR[I, F], association strength of the items with features of the graph.
        user_items: bool CSR[U, I], likes that may be used.
        eligible: bool[I], items whose behaviour may be used.
    """

    documents: Sequence[TextDocument]
    texts: Sequence[str]
    ties: CSR
    user_items: CSR
    eligible: Bools

    @classmethod
    def of(
        cls,
        facts_in_text: Sequence[ItemText],
        texts: Sequence[str],
        descriptions: Sequence[ItemText],
        ties: CSR,
        train: Interactions,
        cold_items: Bools,
    ) -> FinetuningData:
        """From texts, graph and events.

        Args:
            facts_in_text: of each item, its text with its facts in words.
            texts: of each item, the text that is encoded.
            descriptions: of entities.
            ties: CSR[I, F].
            train: events of the train split.
            cold_items: bool[I], the cold-item holdout.
        """
        documents = [
            TextDocument(text.sentences, text.names)
            for text in (*facts_in_text, *descriptions)
            if any(sentence.strip() for sentence in text.sentences)
        ]
        has_text = np.array([bool(text.strip()) for text in texts], dtype=np.bool_)
        eligible = ~cold_items & has_text
        user_items = train.select(eligible[train.items]).user_items()
        return cls(documents, texts, ties, user_items, eligible)

    @classmethod
    def of_workspace(
        cls, texts: NodeTexts, graph: KnowledgeGraph, events: Interactions, config: Config
    ) -> FinetuningData:
        """From the texts of a graph's nodes and all events, of which the train split is used."""
        train = events.select(assign_splits(events, config.evaluation, config.model.seed) == TRAIN)
        return cls.of(
            texts.facts_in_text,
            texts.items,
            texts.entities,
            texts.associations.strength,
            train,
            cold_item_holdout(graph.item_ids, config.model.seed),
        )


def finetune_encoder(
    source: Path,
    data: FinetuningData,
    config: FinetuningConfig,
    seed: int,
    models: Path,
    encode: EncodeTexts,
) -> Path:
    """Fine-tune the model in ``source`` as configured; return the folder of the result.

    An objective for which there are no data is skipped with a message. What was fine-tuned before
    from the same model, data and settings is used again.

    Args:
        source: folder of a language model.
        data: what it is fine-tuned on.
        config: objectives and lengths.
        seed: of every batch.
        models: folder for fine-tuned models, each under a name that follows from all of this.
        encode: gives the vectors of the model before a fine-tuning.
    """
    models.mkdir(parents=True, exist_ok=True)
    model, lengths = source, config.model_copy(update={"objectives": ()})
    if "pretraining" in config.objectives:
        model = _cached_model(
            models, source, ("pretraining", lengths, seed, data.documents),
            lambda into, state: pretrain(
                source, data.documents,
                TrainingSchedule(config.pretraining_steps, config.pretraining_rate, seed=seed),
                into,
                entity_masking=config.entity_masking, batch_size=config.batch_size // 2,
                max_tokens=config.max_tokens, frozen_layers=config.frozen_layers,
                checkpoint=state,
            ),
        )  # fmt: skip
    pretrained, objectives = model, _objectives(model, data, config, seed, encode)
    if objectives:
        identities = [objective.identity for objective in objectives]
        model = _cached_model(
            models, pretrained, (identities, lengths, seed, data.texts),
            lambda into, state: finetune(
                pretrained, data.texts, objectives,
                TrainingSchedule(config.steps, config.rate, seed=seed), into,
                max_tokens=config.max_tokens, batch_size=config.batch_size,
                frozen_layers=config.frozen_layers, checkpoint=state,
            ),
        )  # fmt: skip
    return model


def finetuning_report(model: Path) -> dict[str, Any]:
    """Losses and seconds of the fine-tuning of ``model``, and of pre-training its quality."""
    report: dict[str, Any] = json.loads(_report_file(model).read_text(encoding="utf-8"))
    return report


def _objectives(
    model: Path, data: FinetuningData, config: FinetuningConfig, seed: int, encode: EncodeTexts
) -> list[FinetuningObjective]:
    """The configured training objectives that there are data for, besides pre-training."""
    names = set(config.objectives) - {"pretraining"}
    if not names:
        return []
    vectors = encode(model, data.texts)
    objectives: list[FinetuningObjective] = []
    if "co-engagement" in names:
        ties = co_engagement(data.user_items, data.eligible, N_NEIGHBOURS)
        if ties.nnz:
            factors = behaviour_representation(data.user_items, data.eligible, N_FACTORS, seed)
            objectives.append(
                CoEngagementObjective(ties, nearest_items(vectors, data.eligible, N_NEIGHBOURS))
            )
            objectives.append(AlignmentObjective(factors, data.eligible, vectors))
        else:
            _skip("co-engagement", "no two items are liked together more than by chance")
    if "alignment" in names:
        if (data.eligible & (np.diff(data.ties.indptr) > 0)).any():
            factors = graph_representation(data.ties, N_FACTORS, seed)
            objectives.append(AlignmentObjective(factors, data.eligible, vectors, hardness=1.0))
        else:
            _skip("alignment", "of no item is a fact stated")
    return objectives


def _skip(name: str, reason: str) -> None:
    say(
        f"the objective {name} is passed over: among the items with a text, without the cold-item "
        f"holdout, {reason}"
    )


def _cached_model(
    models: Path,
    source: Path,
    settings: object,
    train: Callable[[Path, Path], PretrainingReport | FinetuningReport],
) -> Path:
    """The folder in ``models`` of ``source`` trained with ``settings``; trained if not there.

    Args:
        models: folder for fine-tuned models.
        source: folder of the model before.
        settings: all else that decides the result; its ``repr`` is hashed.
        train: (folder of the result, folder for checkpoints) → its report.
    """
    digest = repr(settings).encode("utf-8", "backslashreplace")
    name = sha256(folders.fingerprint(source) + digest).hexdigest()[:32]
    into = models / name
    report_file = _report_file(into)
    if into.exists() and report_file.exists():
        os.utime(report_file)
        return into
    remove(into)
    report = train(into, models / f"{name}.state")
    report_file.write_text(json.dumps(asdict(report), indent=1), encoding="utf-8")
    return into


def _report_file(model: Path) -> Path:
    return model.with_name(f"{model.name}.json")
