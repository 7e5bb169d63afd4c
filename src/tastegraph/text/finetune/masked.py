"""Masked-language modelling and next-sentence prediction (BERT, Devlin et al. 2019)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import cross_entropy
from transformers import BertForPreTraining

from tastegraph.text.finetune.corpus import Document
from tastegraph.text.finetune.masking import choose, hide
from tastegraph.text.finetune.objectives import IGNORED, Batch, Objective, Outcome, padded, words
from tastegraph.text.finetune.pieces import SPECIAL, Piece, cut, joined, read

SHARE = 0.15
FOLLOWS, ELSEWHERE = 0, 1
SPECIALS = 3
"""[CLS] first [SEP] second [SEP]."""


class Pairs:
    """Every sentence with the one after it, or, half of the time, one of another document.

    A sentence that nothing follows stands alone; it, and all where there is one document, is asked
    for masked tokens only. A sentence too long for half an example is read in parts.
    """

    def __init__(
        self, documents: Sequence[Document], tokenizer: Any, longest: int, whole_names: bool
    ) -> None:
        self._tokenizer, self._words = tokenizer, words(tokenizer)
        room = (longest - SPECIALS) // 2
        self._documents = [
            [part for piece in pieces for part in cut(piece, room)]
            for pieces in read(documents, tokenizer, whole_names=whole_names)
        ]
        self._places = [
            (d, k) for d, parts in enumerate(self._documents) for k in range(max(len(parts) - 1, 1))
        ]

    def __len__(self) -> int:
        return len(self._places)

    def batch(self, rows: NDArray[np.int64], rng: np.random.Generator) -> Batch:
        """Tensors of ``BertModel``, ``labels`` int64[batch, length] and ``following``
        int64[batch], both :data:`IGNORED` where nothing is asked."""
        seen, labels, segments, following = [], [], [], []
        for row in rows:
            document, place = self._places[row]
            parts, label = self._pair(document, place, rng)
            whole, segment = self._assembled(parts)
            chosen = choose(whole.units, SHARE, rng)
            mask = self._tokenizer.mask_token_id
            seen.append(hide(whole.ids, whole.units, chosen, mask, self._words, rng))
            labels.append(np.where(chosen, whole.ids, IGNORED))
            segments.append(segment)
            following.append(label)
        return {
            "input_ids": padded(seen, self._tokenizer.pad_token_id),
            "attention_mask": padded([np.ones(len(row)) for row in seen], 0),
            "token_type_ids": padded(segments, 0),
            "labels": padded(labels, IGNORED),
            "following": torch.tensor(following),
        }

    def _pair(self, d: int, k: int, rng: np.random.Generator) -> tuple[list[Piece], int]:
        parts = self._documents[d]
        if k + 1 == len(parts):
            return parts[k:], IGNORED
        if len(self._documents) == 1:
            return parts[k : k + 2], IGNORED
        if rng.random() < 0.5:
            return parts[k : k + 2], FOLLOWS
        other = int(rng.integers(len(self._documents) - 1))
        elsewhere = self._documents[other + (other >= d)]
        return [parts[k], elsewhere[int(rng.integers(len(elsewhere)))]], ELSEWHERE

    def _assembled(self, parts: list[Piece]) -> tuple[Piece, Any]:
        ends = (self._tokenizer.cls_token_id, self._tokenizer.sep_token_id)
        start, end = (Piece(np.array([token]), np.array([SPECIAL])) for token in ends)
        runs = [[start, parts[0], end], *([part, end] for part in parts[1:])]
        sizes = [sum(len(piece.ids) for piece in run) for run in runs]
        return joined(piece for run in runs for piece in run), np.repeat(range(len(runs)), sizes)


def outcome(model: Any, batch: Batch) -> Outcome:
    """Decodes the masked tokens only: the vocabulary is most of what decoding costs."""
    read = model.bert(
        batch["input_ids"],
        attention_mask=batch["attention_mask"],
        token_type_ids=batch["token_type_ids"],
    )
    labels, following = batch["labels"], batch["following"]
    asked = labels != IGNORED
    said = model.cls.predictions(read.last_hidden_state[asked])
    next_said = model.cls.seq_relationship(read.pooler_output)
    return Outcome(
        surprise=cross_entropy(said, labels[asked], reduction="sum"),
        predicted=int(asked.sum()),
        following=cross_entropy(next_said, following, ignore_index=IGNORED, reduction="sum"),
        right=int((next_said.argmax(1) == following).sum()),
        asked=int((following != IGNORED).sum()),
    )


MASKED = Objective("masked", BertForPreTraining, Pairs, outcome)
