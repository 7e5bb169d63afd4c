"""Token prediction, the pre-training objectives: which tokens are hidden, and the loss on them.

``DataCollatorForLanguageModeling`` of transformers is not used: it draws its masks from a generator
whose state a resumed run cannot restore, masks no whole names, makes no pairs of sentences, and
takes the end of a text for padding where a vocabulary has one token for both, as GPT-2's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from tastegraph.text.finetune.corpus import SPECIAL

Tensors = dict[str, Tensor]
IGNORED = -100
"""Label of what is not to be predicted."""
MASKED_SHARE, REPLACED_SHARE = 0.8, 0.1
"""Of the tokens to predict: masked, and replaced at random; the others stay as they are (Devlin et
al. 2019, A.1)."""


@dataclass(frozen=True)
class PredictionLoss:
    """The losses of a model on one batch.

    Attributes:
        token_loss: float32[], sum of −log p over the tokens to predict.
        tokens: their number.
        sentence_loss: float32[], sum of −log p over pairs of sentences: does the second follow?
        correct_pairs: pairs of which the model says rightly whether the second follows.
        pairs: their number.
    """

    token_loss: Tensor
    tokens: int
    sentence_loss: Tensor
    correct_pairs: int = 0
    pairs: int = 0

    @property
    def mean(self) -> Tensor:
        """float32[]: the means of both losses, added (Devlin et al. 2019, A.2)."""
        return self.token_loss / max(self.tokens, 1) + self.sentence_loss / max(self.pairs, 1)


class PretrainingExamples(Protocol):
    """Documents cut into examples of limited length."""

    def __len__(self) -> int:
        """Number of examples."""

    def batch(self, rows: NDArray[np.int64], rng: np.random.Generator) -> Tensors:
        """Model inputs and labels of the examples ``rows``; ``rng`` draws what is hidden."""


@dataclass(frozen=True)
class PretrainingObjective:
    """A kind of pre-training.

    Attributes:
        name: ``masked``, ``causal`` or ``permutation``.
        model: the class of transformers with the heads that the loss needs.
        examples: (documents, tokenizer, longest example, whole names?) → examples.
        loss: (model, batch) → losses.
    """

    name: str
    model: Any
    examples: Callable[..., PretrainingExamples]
    loss: Callable[[Any, Tensors], PredictionLoss]


def choose_targets(
    units: NDArray[np.int64], share: float, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """bool[n]: the tokens to predict, whole units drawn at random.

    They are at least ``share`` of the tokens that may be predicted, and at least one; the last unit
    may exceed the share by less than its length.
    """
    numbers, sizes = np.unique(units[units != SPECIAL], return_counts=True)
    count = max(round(share * sizes.sum()), 1)
    order = rng.permutation(len(numbers))
    drawn = order[: np.searchsorted(np.cumsum(sizes[order]), count) + 1]
    return np.isin(units, numbers[drawn])


def hide_targets(
    ids: NDArray[np.int64],
    units: NDArray[np.int64],
    targets: NDArray[np.bool_],
    mask_id: int,
    vocabulary: NDArray[np.int64],
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """int64[n]: ``ids`` with the target units masked, replaced or left.

    A unit is treated as one, so that no part of a name reveals the rest.

    Args:
        ids, units: int64[n], of a :class:`~tastegraph.text.finetune.corpus.TokenSequence`.
        targets: bool[n], from :func:`choose_targets`.
        mask_id: the token that masks.
        vocabulary: int64[V], the tokens that may replace.
        rng: draws the treatment of each unit, and the replacements.
    """
    numbers, unit = np.unique(units[targets], return_inverse=True)
    treatment = rng.random(len(numbers))[unit]
    replacements = rng.choice(vocabulary, len(treatment))
    hidden = ids.copy()
    hidden[targets] = np.select(
        [treatment < MASKED_SHARE, treatment < MASKED_SHARE + REPLACED_SHARE],
        [mask_id, replacements],
        ids[targets],
    )
    return hidden


def permutation_mask(targets: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.bool_]:
    """bool[n, n]: whether token i may not see token j, for a random order of the target tokens.

    In that order the targets come after all other tokens (Yang et al. 2019, §2.2 and §2.3).
    """
    rank = np.full(len(targets), -1)
    rank[targets] = rng.permutation(int(targets.sum()))
    return targets & (rank[:, None] <= rank)


def padded(rows: Sequence[NDArray[Any]], fill: int) -> Tensor:
    """int64[rows, longest], shorter rows filled on the right."""
    table = np.full((len(rows), max(len(row) for row in rows)), fill, np.int64)
    for k, row in enumerate(rows):
        table[k, : len(row)] = row
    return torch.from_numpy(table)


def ordinary_tokens(tokenizer: Any) -> NDArray[np.int64]:
    """Every id of the vocabulary but the special ones."""
    return np.setdiff1d(np.arange(len(tokenizer)), tokenizer.all_special_ids)
