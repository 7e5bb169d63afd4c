"""Masked-language modelling and next-sentence prediction (BERT, Devlin et al. 2019)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import cross_entropy
from transformers import BertForPreTraining

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
    hide_targets,
    ordinary_tokens,
    padded,
)

TARGET_SHARE = 0.15
"""Of the tokens; they are predicted."""
FOLLOWS, DOES_NOT_FOLLOW = 0, 1
"""Labels of a pair of sentences."""
SPECIAL_TOKENS = 3
"""Of a pair: [CLS] first [SEP] second [SEP]."""


class SentencePairs:
    """Every sentence with the next one or, half of the time, with one of another document.

    The last sentence of a document stands alone. It, and all sentences where there is one document,
    serve the prediction of masked tokens only. A sentence longer than half an example is cut.

    Args:
        documents: to train on or to measure.
        tokenizer: with tokens [CLS], [SEP], [MASK] and [PAD] of its own.
        max_tokens: of an example.
        whole_names: whether a name is masked as one.
    """

    def __init__(
        self,
        documents: Sequence[TextDocument],
        tokenizer: Any,
        max_tokens: int,
        whole_names: bool,
    ) -> None:
        self._tokenizer, self._vocabulary = tokenizer, ordinary_tokens(tokenizer)
        max_sentence = (max_tokens - SPECIAL_TOKENS) // 2
        self._documents = [
            [part for sentence in sentences for part in cut(sentence, max_sentence)]
            for sentences in tokenized(documents, tokenizer, whole_names=whole_names)
        ]
        self._places = [
            (d, k)
            for d, sentences in enumerate(self._documents)
            for k in range(max(len(sentences) - 1, 1))
        ]

    def __len__(self) -> int:
        """Number of pairs."""
        return len(self._places)

    def batch(self, rows: NDArray[np.int64], rng: np.random.Generator) -> Tensors:
        """Inputs of ``BertModel``, ``labels`` int64[batch, length] and ``following``
        int64[batch], both :data:`IGNORED` where nothing is to be predicted."""
        inputs, labels, segments, following = [], [], [], []
        mask_id = self._tokenizer.mask_token_id
        for row in rows:
            document, place = self._places[row]
            sentences, label = self._pair(document, place, rng)
            pair, segment = self._assembled(sentences)
            targets = choose_targets(pair.units, TARGET_SHARE, rng)
            hidden = hide_targets(pair.ids, pair.units, targets, mask_id, self._vocabulary, rng)
            inputs.append(hidden)
            labels.append(np.where(targets, pair.ids, IGNORED))
            segments.append(segment)
            following.append(label)
        return {
            "input_ids": padded(inputs, self._tokenizer.pad_token_id),
            "attention_mask": padded([np.ones(len(row)) for row in inputs], 0),
            "token_type_ids": padded(segments, 0),
            "labels": padded(labels, IGNORED),
            "following": torch.tensor(following),
        }

    def _pair(self, d: int, k: int, rng: np.random.Generator) -> tuple[list[TokenSequence], int]:
        sentences = self._documents[d]
        if k + 1 == len(sentences):
            return sentences[k:], IGNORED
        if len(self._documents) == 1:
            return sentences[k : k + 2], IGNORED
        if rng.random() < 0.5:
            return sentences[k : k + 2], FOLLOWS
        other = int(rng.integers(len(self._documents) - 1))
        elsewhere = self._documents[other + (other >= d)]
        return [sentences[k], elsewhere[int(rng.integers(len(elsewhere)))]], DOES_NOT_FOLLOW

    def _assembled(self, sentences: list[TokenSequence]) -> tuple[TokenSequence, Any]:
        """A pair with its special tokens, and the segment of each token."""
        ids = (self._tokenizer.cls_token_id, self._tokenizer.sep_token_id)
        start, end = (TokenSequence(np.array([i]), np.array([SPECIAL])) for i in ids)
        segments = [[start, sentences[0], end], *([sentence, end] for sentence in sentences[1:])]
        sizes = [sum(len(part.ids) for part in segment) for segment in segments]
        pair = joined(part for segment in segments for part in segment)
        return pair, np.repeat(range(len(segments)), sizes)


def masked_loss(model: Any, batch: Tensors) -> PredictionLoss:
    """The losses of ``BertForPreTraining``; the vocabulary is decoded for masked tokens only."""
    outputs = model.bert(
        batch["input_ids"],
        attention_mask=batch["attention_mask"],
        token_type_ids=batch["token_type_ids"],
    )
    labels, following = batch["labels"], batch["following"]
    targets = labels != IGNORED
    token_logits = model.cls.predictions(outputs.last_hidden_state[targets])
    pair_logits = model.cls.seq_relationship(outputs.pooler_output)
    return PredictionLoss(
        token_loss=cross_entropy(token_logits, labels[targets], reduction="sum"),
        tokens=int(targets.sum()),
        sentence_loss=cross_entropy(pair_logits, following, ignore_index=IGNORED, reduction="sum"),
        correct_pairs=int((pair_logits.argmax(1) == following).sum()),
        pairs=int((following != IGNORED).sum()),
    )


MASKED = PretrainingObjective("masked", BertForPreTraining, SentencePairs, masked_loss)
