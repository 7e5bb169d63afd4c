"""Documents as a model reads them: token ids, and which tokens are masked together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.progress import progress
from tastegraph.text.batching import encodable
from tastegraph.text.finetune.corpus import Document
from tastegraph.text.finetune.names import spans

SPECIAL = -1
CHUNK = 512
Offsets = list[tuple[int, int]]


@dataclass(frozen=True)
class Piece:
    """A run of tokens.

    Attributes:
        ids: int64[n], of the vocabulary.
        units: int64[n], rising; tokens of one number are one word piece or one whole name, and
            :data:`SPECIAL` marks tokens that nobody is asked to predict.
    """

    ids: NDArray[np.int64]
    units: NDArray[np.int64]


def read(
    documents: Sequence[Document], tokenizer: Any, *, whole_names: bool, spaced: bool = False
) -> list[list[Piece]]:
    """The sentences of every document, without those that hold no token the
    vocabulary knows.

    Args:
        documents: what is read.
        tokenizer: a fast one of transformers, which knows where its tokens stand.
        whole_names: the tokens of a name are one unit (ERNIE, Sun et al. 2019).
        spaced: a sentence after the first begins with a space, for vocabularies that know it.
    """
    texts = [
        (d, " " * (spaced and k > 0) + encodable(sentence))
        for d, document in enumerate(documents)
        for k, sentence in enumerate(document.sentences)
        if sentence.strip()
    ]
    found: list[list[Piece]] = [[] for _ in documents]
    special = tokenizer.all_special_ids
    with progress("reading texts", len(texts)) as advance:
        for start in range(0, len(texts), CHUNK):
            chunk = texts[start : start + CHUNK]
            for (d, text), (ids, offsets) in zip(chunk, _tokens(chunk, tokenizer), strict=True):
                named = spans(text, documents[d].names) if whole_names else []
                units = _units(ids, offsets, named, special)
                if (units != SPECIAL).any():
                    found[d].append(Piece(np.array(ids, np.int64), units))
            advance(len(chunk))
    return [pieces for pieces in found if pieces]


def cut(piece: Piece, longest: int) -> list[Piece]:
    """``piece`` in parts of at most ``longest`` tokens, cut between units where they can be."""
    parts, start = [], 0
    while start < len(piece.ids):
        end = min(start + longest, len(piece.ids))
        inside = end
        while start < inside < len(piece.ids) and _joined(piece.units, inside):
            inside -= 1
        end = inside if inside > start else end
        parts.append(Piece(piece.ids[start:end], piece.units[start:end]))
        start = end
    return parts


def joined(pieces: Iterable[Piece]) -> Piece:
    """One piece of all; units of different ones stay apart."""
    pieces = list(pieces)
    shifts = accumulate((len(piece.ids) for piece in pieces), initial=0)
    units = [
        np.where(piece.units == SPECIAL, SPECIAL, piece.units + shift)
        for piece, shift in zip(pieces, shifts, strict=False)
    ]
    return Piece(np.concatenate([piece.ids for piece in pieces]), np.concatenate(units))


def _tokens(texts: list[tuple[int, str]], tokenizer: Any) -> Iterable[tuple[list[int], Offsets]]:
    read = tokenizer(
        [text for _, text in texts], add_special_tokens=False, return_offsets_mapping=True,
        truncation=False, return_attention_mask=False, return_token_type_ids=False, verbose=False,
    )  # fmt: skip
    return zip(read["input_ids"], read["offset_mapping"], strict=True)


def _units(
    ids: list[int], offsets: Offsets, named: Offsets, special: list[int]
) -> NDArray[np.int64]:
    units = np.arange(len(ids))
    begin, end = np.array(offsets, np.int64).reshape(-1, 2).T
    for first, last in named:
        inside = np.flatnonzero((begin < last) & (end > first))
        units[inside] = inside[0] if len(inside) else 0
    units[np.isin(ids, special)] = SPECIAL
    return units


def _joined(units: NDArray[np.int64], place: int) -> bool:
    return bool(units[place] == units[place - 1] != SPECIAL)
