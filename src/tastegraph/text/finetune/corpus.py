"""Texts a model is pre-trained on: documents of sentences, and which of them are held out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

HELD_OUT = 0.1
"""Share of the documents that a model is measured on and never trained on."""


@dataclass(frozen=True)
class Document:
    """One text.

    Attributes:
        sentences: in their order.
        names: of the entities that occur in them, as they are written there.
    """

    sentences: tuple[str, ...]
    names: tuple[str, ...] = ()


def divided(documents: Sequence[Document], seed: int) -> tuple[list[Document], list[Document]]:
    """(to train on, held out), each in the order given.

    Of two documents or more at least one is held out; of one, none.
    """
    held = min(max(round(HELD_OUT * len(documents)), 1), max(len(documents) - 1, 0))
    chosen = set(np.random.default_rng(seed).permutation(len(documents))[:held].tolist())
    training = [d for k, d in enumerate(documents) if k not in chosen]
    return training, [documents[k] for k in sorted(chosen)]
