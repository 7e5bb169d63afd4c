"""Prediction of the next token (GPT-2, Radford et al. 2019) and in any order (XLNet, Yang et al.
2019), on documents cut into blocks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import cross_entropy
from transformers import AutoModelForCausalLM, XLNetLMHeadModel

from tastegraph.text.finetune.corpus import Document
from tastegraph.text.finetune.masking import choose, permute
from tastegraph.text.finetune.objectives import IGNORED, Batch, Objective, Outcome, padded
from tastegraph.text.finetune.pieces import SPECIAL, Piece, cut, joined, read

SHARE = 1 / 6
"""Of tokens predicted in any order: K = 6 in Yang et al. 2019, §2.3."""


class Blocks:
    """Documents, each ended where the vocabulary has an end, in blocks of a length.

    A block begins with the last token of the one before it, so that every token of a document but
    its first is predicted, and once.
    """

    def __init__(
        self, documents: Sequence[Document], tokenizer: Any, longest: int, whole_names: bool
    ) -> None:
        self._pad = tokenizer.pad_token_id or 0
        end = _specials([tokenizer.eos_token_id])
        streams = [
            joined([*pieces, end]).ids
            for pieces in read(documents, tokenizer, whole_names=whole_names, spaced=True)
        ]
        self._blocks = [
            ids[start : start + longest]
            for ids in streams
            for start in range(0, len(ids) - 1, longest - 1)
        ]

    def __len__(self) -> int:
        return len(self._blocks)

    def batch(self, rows: NDArray[np.int64], rng: np.random.Generator) -> Batch:
        """``input_ids``, ``attention_mask`` and ``labels``, each int64[batch, length]."""
        blocks = [self._blocks[row] for row in rows]
        return {
            "input_ids": padded(blocks, self._pad),
            "attention_mask": padded([np.ones(len(block)) for block in blocks], 0),
            "labels": padded(blocks, IGNORED),
        }


class Permuted:
    """Blocks of documents, of which some tokens are predicted in a random order.

    Unlike a masked token, one that was predicted is seen by those that come later in the order.
    """

    def __init__(
        self, documents: Sequence[Document], tokenizer: Any, longest: int, whole_names: bool
    ) -> None:
        self._pad = tokenizer.pad_token_id or 0
        ends = _specials([tokenizer.sep_token_id, tokenizer.cls_token_id])
        self._blocks = [
            joined([block, ends])
            for pieces in read(documents, tokenizer, whole_names=whole_names)
            for block in cut(joined(pieces), longest - len(ends.ids))
        ]

    def __len__(self) -> int:
        return len(self._blocks)

    def batch(self, rows: NDArray[np.int64], rng: np.random.Generator) -> Batch:
        """``input_ids`` and ``attention_mask`` [batch, length], ``perm_mask`` [batch, length,
        length], ``target_mapping`` [batch, targets, length] and ``labels`` [batch, targets]."""
        blocks = [self._blocks[row] for row in rows]
        chosen = [choose(block.units, SHARE, rng) for block in blocks]
        ids = padded([block.ids for block in blocks], self._pad)
        labels = padded([block.ids[c] for block, c in zip(blocks, chosen, strict=True)], IGNORED)
        hidden = np.zeros((*ids.shape, ids.shape[1]), np.float32)
        targets = np.zeros((*labels.shape, ids.shape[1]), np.float32)
        for k, which in enumerate(chosen):
            hidden[k, : len(which), : len(which)] = permute(which, rng)
            places = np.flatnonzero(which)
            targets[k, range(len(places)), places] = 1
        return {
            "input_ids": ids,
            "attention_mask": padded([np.ones(len(block.ids)) for block in blocks], 0),
            "perm_mask": torch.from_numpy(hidden),
            "target_mapping": torch.from_numpy(targets),
            "labels": labels,
        }


def _causal_outcome(model: Any, batch: Batch) -> Outcome:
    read = model(batch["input_ids"], attention_mask=batch["attention_mask"], use_cache=False)
    return _outcome(read.logits[:, :-1].flatten(0, 1), batch["labels"][:, 1:].flatten())


def _permutation_outcome(model: Any, batch: Batch) -> Outcome:
    labels = batch["labels"]
    inputs = {key: value for key, value in batch.items() if key != "labels"}
    inputs["attention_mask"] = inputs["attention_mask"].float()
    read = model.transformer(**inputs, use_mems=False).last_hidden_state
    asked = labels != IGNORED
    return _outcome(model.lm_loss(read[asked]), labels[asked])


def _outcome(said: torch.Tensor, labels: torch.Tensor) -> Outcome:
    surprise = cross_entropy(said, labels, ignore_index=IGNORED, reduction="sum")
    return Outcome(surprise, int((labels != IGNORED).sum()), torch.zeros_like(surprise))


def _specials(tokens: Sequence[int | None]) -> Piece:
    ids: NDArray[np.int64] = np.array([t for t in tokens if t is not None], np.int64)
    return Piece(ids, np.full(len(ids), SPECIAL))


CAUSAL = Objective("causal", AutoModelForCausalLM, Blocks, _causal_outcome)
PERMUTATION = Objective("permutation", XLNetLMHeadModel, Permuted, _permutation_outcome)
