"""A workspace's own language model: taught its texts, its graph and its people's behaviour.

Behaviour teaches by the training part of the configured split alone, and never by the items that
play cold: so every choice that is made on validation data, and every figure that is measured on
test data, is of a model that has seen neither.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.arrays import CSR, Bools
from tastegraph.core.config import FinetuningConfig
from tastegraph.core.progress import say
from tastegraph.pipeline.taught import kept
from tastegraph.profiles.interactions import Interactions
from tastegraph.text.finetune.alignment import Alignment
from tastegraph.text.finetune.coengagement import CoEngagement
from tastegraph.text.finetune.corpus import Document
from tastegraph.text.finetune.finetuning import finetune
from tastegraph.text.finetune.lessons import Lesson
from tastegraph.text.finetune.loop import Plan
from tastegraph.text.finetune.pairs import co_engagement, nearest
from tastegraph.text.finetune.pretraining import pretrain
from tastegraph.text.finetune.targets import behaviour_representation, graph_representation
from tastegraph.text.texts import ItemText

NEIGHBOURS = 20
"""Ties that an item keeps to those it is engaged with, and items that are hard negatives of it."""
FACTORS = 64
Read = Callable[[Path, Sequence[str]], NDArray[np.float32]]


@dataclass(frozen=True)
class Material:
    """What there is to teach by.

    Attributes:
        documents: texts and facts, to pre-train on.
        texts: what is read of item 0, 1, 2, …
        ties: CSR[I, F], what the graph says of them.
        likes: bool CSR[U, I], behaviour that may teach.
        teachable: bool[I], items whose behaviour may teach.
    """

    documents: Sequence[Document]
    texts: Sequence[str]
    ties: CSR
    likes: CSR
    teachable: Bools

    @classmethod
    def of(
        cls,
        told: Sequence[ItemText],
        texts: Sequence[str],
        descriptions: Sequence[ItemText],
        ties: CSR,
        training: Interactions,
        playing: Bools,
    ) -> Material:
        """From what is known, and the training part of events.

        Args:
            told: of each item, text and facts in words.
            texts: of each item, what is encoded.
            descriptions: of entities.
            ties: CSR[I, F].
            training: events that may teach.
            playing: bool[I], items that play cold.
        """
        documents = [
            Document(text.sentences, text.names)
            for text in (*told, *descriptions)
            if any(sentence.strip() for sentence in text.sentences)
        ]
        has_text = np.array([bool(text.strip()) for text in texts], dtype=np.bool_)
        teachable = ~playing & has_text
        likes = training.select(teachable[training.items]).user_items()
        return cls(documents, texts, ties, likes, teachable)


def teach(
    source: Path, material: Material, told: FinetuningConfig, seed: int, models: Path, read: Read
) -> Path:
    """The folder of ``source`` after its lessons; made where it is not there yet.

    Args:
        source: a language model.
        material: what it is taught by.
        told: which lessons, how long.
        seed: decides every batch.
        models: where taught models are kept, each under a name that follows from all of this.
        read: (a model, texts) → float32[n, d], what it makes of them before it is taught further.

    A lesson for which nothing is known of any item that may teach is passed over, and told of.
    """
    models.mkdir(parents=True, exist_ok=True)
    model, how = source, told.model_copy(update={"lessons": ()})
    if "pretraining" in told.lessons:
        model = kept(
            models, source, ("pretraining", how, seed, material.documents),
            lambda into, state: pretrain(
                source, material.documents,
                Plan(told.pretraining_steps, told.pretraining_rate, seed=seed), into,
                entity_masking=told.entity_masking, batch_size=told.batch_size // 2,
                max_tokens=told.max_tokens, frozen_layers=told.frozen_layers, checkpoint=state,
            ),
        )  # fmt: skip
    before, lessons = model, _lessons(model, material, told, seed, read)
    if lessons:
        identities = [lesson.identity for lesson in lessons]
        model = kept(
            models, before, (identities, how, seed, material.texts),
            lambda into, state: finetune(
                before, material.texts, lessons, Plan(told.steps, told.rate, seed=seed), into,
                max_tokens=told.max_tokens, batch_size=told.batch_size,
                frozen_layers=told.frozen_layers, checkpoint=state,
            ),
        )  # fmt: skip
    return model


def _lessons(
    model: Path, material: Material, told: FinetuningConfig, seed: int, read: Read
) -> list[Lesson]:
    wanted = set(told.lessons) - {"pretraining"}
    if not wanted:
        return []
    frozen = read(model, material.texts)
    lessons: list[Lesson] = []
    if "co-engagement" in wanted:
        ties = co_engagement(material.likes, material.teachable, NEIGHBOURS)
        if ties.nnz:
            factors = behaviour_representation(material.likes, material.teachable, FACTORS, seed)
            lessons.append(CoEngagement(ties, nearest(frozen, material.teachable, NEIGHBOURS)))
            lessons.append(Alignment(factors, material.teachable, frozen))
        else:
            _pass_over("co-engagement", "no two items are liked together more than by chance")
    if "alignment" in wanted:
        if (material.teachable & (np.diff(material.ties.indptr) > 0)).any():
            graph = graph_representation(material.ties, FACTORS, seed)
            lessons.append(Alignment(graph, material.teachable, frozen, hardness=1.0))
        else:
            _pass_over("alignment", "of no item is a fact stated")
    return lessons


def _pass_over(lesson: str, why: str) -> None:
    say(f"the lesson {lesson} is passed over: among those with a text that do not play cold, {why}")
