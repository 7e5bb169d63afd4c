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

from tastegraph.text.finetune.corpus import (
    SPECIAL,
    TextDocument,
    TokenSequence,
    cut,
    joined,
    tokenized,
)
from tastegraph.text.finetune.prediction import (
    IGNORED,
    PredictionLoss,
    PretrainingObjective,
    Tensors,
    choose_targets,
    padded,
    permutation_mask,
)

PERMUTED_SHARE = 1 / 6
"""Of the tokens; they are predicted in a random order: K = 6 in Yang et al. 2019, §2.3."""


class CausalBlocks:
    """Documents in blocks of a fixed length, each document with the vocabulary's end token.

    A block begins with the last token of the block before, so that every token of a document but
    the first is predicted, and once.

    Args:
        documents: to train on or to measure.
        tokenizer: of a causal model.
        max_tokens: of a block.
        whole_names: without effect on the next token.
    """

    def __init__(
        self,
        documents: Sequence[TextDocument],
        tokenizer: Any,
        max_tokens: int,
        whole_names: bool,
    ) -> None:
        self._pad = tokenizer.pad_token_id or 0
        end = _special_tokens([tokenizer.eos_token_id])
        streams = [
            joined([*sentences, end]).ids
            for sentences in tokenized(documents, tokenizer, whole_names=whole_names, spaced=True)
        ]
        self._blocks = [
            ids[start : start + max_tokens]
            for ids in streams
            for start in range(0, len(ids) - 1, max_tokens - 1)
        ]

    def __len__(self) -> int:
        """Number of blocks."""
        return len(self._blocks)

    def batch(self, rows: NDArray[np.int64], rng: np.random.Generator) -> Tensors:
        """``input_ids``, ``attention_mask`` and ``labels``, each int64[batch, length]."""
        blocks = [self._blocks[row] for row in rows]
        return {
            "input_ids": padded(blocks, self._pad),
            "attention_mask": padded([np.ones(len(block)) for block in blocks], 0),
            "labels": padded(blocks, IGNORED),
        }


class PermutedBlocks:
    """Blocks of documents, of which some tokens are predicted in a random order.

    Unlike a masked token, a predicted one is seen by those that come later in the order.

    Args:
        documents: to train on or to measure.
        tokenizer: of XLNet.
        max_tokens: of a block.
        whole_names: whether a name is predicted as one.
    """

    def __init__(
        self,
        documents: Sequence[TextDocument],
        tokenizer: Any,
        max_tokens: int,
        whole_names: bool,
    ) -> None:
        self._pad = tokenizer.pad_token_id or 0
        ends = _special_tokens([tokenizer.sep_token_id, tokenizer.cls_token_id])
        self._blocks = [
            joined([block, ends])
            for sentences in tokenized(documents, tokenizer, whole_names=whole_names)
            for block in cut(joined(sentences), max_tokens - len(ends.ids))
        ]

    def __len__(self) -> int:
        """Number of blocks."""
        return len(self._blocks)

    def batch(self, rows: NDArray[np.int64], rng: np.random.Generator) -> Tensors:
        """``input_ids`` and ``attention_mask`` [batch, length], ``perm_mask`` [batch, length,
        length], ``target_mapping`` [batch, targets, length] and ``labels`` [batch, targets]."""
        blocks = [self._blocks[row] for row in rows]
        targets = [choose_targets(block.units, PERMUTED_SHARE, rng) for block in blocks]
        ids = padded([block.ids for block in blocks], self._pad)
        target_ids = [block.ids[t] for block, t in zip(blocks, targets, strict=True)]
        labels = padded(target_ids, IGNORED)
        invisible = np.zeros((*ids.shape, ids.shape[1]), np.float32)
        mapping = np.zeros((*labels.shape, ids.shape[1]), np.float32)
        for k, of_block in enumerate(targets):
            length = len(of_block)
            invisible[k, :length, :length] = permutation_mask(of_block, rng)
            places = np.flatnonzero(of_block)
            mapping[k, range(len(places)), places] = 1
        return {
            "input_ids": ids,
            "attention_mask": padded([np.ones(len(block.ids)) for block in blocks], 0),
            "perm_mask": torch.from_numpy(invisible),
            "target_mapping": torch.from_numpy(mapping),
            "labels": labels,
        }


def causal_loss(model: Any, batch: Tensors) -> PredictionLoss:
    """The loss of a causal model: each token from those before it."""
    outputs = model(batch["input_ids"], attention_mask=batch["attention_mask"], use_cache=False)
    return _token_loss(outputs.logits[:, :-1].flatten(0, 1), batch["labels"][:, 1:].flatten())


def permutation_loss(model: Any, batch: Tensors) -> PredictionLoss:
    """The loss of ``XLNetLMHeadModel``; the vocabulary is decoded for target tokens only."""
    labels = batch["labels"]
    inputs = {key: value for key, value in batch.items() if key != "labels"}
    inputs["attention_mask"] = inputs["attention_mask"].float()
    hidden = model.transformer(**inputs, use_mems=False).last_hidden_state
    targets = labels != IGNORED
    return _token_loss(model.lm_loss(hidden[targets]), labels[targets])


def _token_loss(logits: torch.Tensor, labels: torch.Tensor) -> PredictionLoss:
    loss = cross_entropy(logits, labels, ignore_index=IGNORED, reduction="sum")
    return PredictionLoss(loss, int((labels != IGNORED).sum()), torch.zeros_like(loss))


def _special_tokens(tokens: Sequence[int | None]) -> TokenSequence:
    ids: NDArray[np.int64] = np.array([t for t in tokens if t is not None], np.int64)
    return TokenSequence(ids, np.full(len(ids), SPECIAL))


CAUSAL = PretrainingObjective("causal", AutoModelForCausalLM, CausalBlocks, causal_loss)
PERMUTATION = PretrainingObjective(
    "permutation", XLNetLMHeadModel, PermutedBlocks, permutation_loss
)
