"""Documents for pre-training, as token ids: which are held out, and which tokens are one name."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.progress import progress
from tastegraph.text.batching import encodable
from tastegraph.text.languages import touches_words

HELD_OUT_SHARE = 0.1
"""Of the documents; the model is measured on them and never trained on them."""
SPECIAL = -1
"""Unit of a token that is never predicted."""
SENTENCES_PER_CALL = 512
"""Sentences that the tokenizer gets at once."""
Span = tuple[int, int]


@dataclass(frozen=True)
class TextDocument:
    """One text.

    Attributes:
        sentences: in order.
        names: of the entities in the sentences, as they are written there.
    """

    sentences: tuple[str, ...]
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class TokenSequence:
    """Consecutive tokens.

    Attributes:
        ids: int64[n], of the vocabulary.
        units: int64[n], rising. Tokens of one number are one word piece or one whole name, and are
            masked together; :data:`SPECIAL` marks tokens that are never predicted.
    """

    ids: NDArray[np.int64]
    units: NDArray[np.int64]


def split_documents(
    documents: Sequence[TextDocument], seed: int
) -> tuple[list[TextDocument], list[TextDocument]]:
    """(training documents, held-out documents), each in the given order.

    Of two documents or more at least one is held out; of one, none.
    """
    count = min(max(round(HELD_OUT_SHARE * len(documents)), 1), max(len(documents) - 1, 0))
    held_out = set(np.random.default_rng(seed).permutation(len(documents))[:count].tolist())
    training = [d for k, d in enumerate(documents) if k not in held_out]
    return training, [documents[k] for k in sorted(held_out)]


def tokenized(
    documents: Sequence[TextDocument], tokenizer: Any, *, whole_names: bool, spaced: bool = False
) -> list[list[TokenSequence]]:
    """The sentences of every document; those without a token of the vocabulary are left out.

    Args:
        documents: texts and the names in them.
        tokenizer: a fast one of transformers, which gives the characters of its tokens.
        whole_names: whether the tokens of a name are one unit (ERNIE, Sun et al. 2019).
        spaced: whether a sentence after the first begins with a space, for vocabularies whose
            tokens include it.
    """
    texts = [
        (d, " " * (spaced and k > 0) + encodable(sentence))
        for d, document in enumerate(documents)
        for k, sentence in enumerate(document.sentences)
        if sentence.strip()
    ]
    sequences: list[list[TokenSequence]] = [[] for _ in documents]
    special = tokenizer.all_special_ids
    with progress("reading texts", len(texts)) as advance:
        for start in range(0, len(texts), SENTENCES_PER_CALL):
            chunk = texts[start : start + SENTENCES_PER_CALL]
            for (d, text), (ids, offsets) in zip(chunk, _encodings(chunk, tokenizer), strict=True):
                names = name_spans(text, documents[d].names) if whole_names else []
                units = _units(ids, offsets, names, special)
                if (units != SPECIAL).any():
                    sequences[d].append(TokenSequence(np.array(ids, np.int64), units))
            advance(len(chunk))
    return [sentences for sentences in sequences if sentences]


def cut(sequence: TokenSequence, max_tokens: int) -> list[TokenSequence]:
    """``sequence`` in parts of at most ``max_tokens``, cut between units where possible."""
    parts, start = [], 0
    while start < len(sequence.ids):
        end = min(start + max_tokens, len(sequence.ids))
        boundary = end
        while start < boundary < len(sequence.ids) and _inside_unit(sequence.units, boundary):
            boundary -= 1
        end = boundary if boundary > start else end
        parts.append(TokenSequence(sequence.ids[start:end], sequence.units[start:end]))
        start = end
    return parts


def joined(sequences: Iterable[TokenSequence]) -> TokenSequence:
    """One sequence of all; units of different sequences stay apart."""
    sequences = list(sequences)
    shifts = accumulate((len(sequence.ids) for sequence in sequences), initial=0)
    units = [
        np.where(sequence.units == SPECIAL, SPECIAL, sequence.units + shift)
        for sequence, shift in zip(sequences, shifts, strict=False)
    ]
    ids = np.concatenate([sequence.ids for sequence in sequences])
    return TokenSequence(ids, np.concatenate(units))


def name_spans(sentence: str, names: Collection[str]) -> list[Span]:
    """Start and end of every name in ``sentence``, from left to right, in any letter case.

    Of names that overlap the first counts, and of those with one start the longest. A name inside
    a longer word does not count.
    """
    text = _lower(sentence)
    candidates = {
        (start, start + len(name))
        for name in {_lower(name) for name in names if name.strip()}
        for start in _starts(text, name)
    }
    spans: list[Span] = []
    for start, end in sorted(candidates, key=lambda span: (span[0], -span[1])):
        if not spans or start >= spans[-1][1]:
            spans.append((start, end))
    return spans


def _starts(text: str, name: str) -> Iterator[int]:
    start = text.find(name)
    while start >= 0:
        end = start + len(name)
        begins = not (_is_letter(name[0]) and start > 0 and _is_letter(text[start - 1]))
        ends = not (_is_letter(name[-1]) and end < len(text) and _is_letter(text[end]))
        if begins and ends:
            yield start
        start = text.find(name, start + 1)


def _is_letter(character: str) -> bool:
    """Whether it forms one word with a letter beside it."""
    return (character.isalnum() or character == "_") and not touches_words(character)


def _lower(text: str) -> str:
    """In lower case where that does not move any character."""
    lower = text.lower()
    return lower if len(lower) == len(text) else text


def _encodings(
    texts: list[tuple[int, str]], tokenizer: Any
) -> Iterable[tuple[list[int], list[Span]]]:
    encodings = tokenizer(
        [text for _, text in texts], add_special_tokens=False, return_offsets_mapping=True,
        truncation=False, return_attention_mask=False, return_token_type_ids=False, verbose=False,
    )  # fmt: skip
    return zip(encodings["input_ids"], encodings["offset_mapping"], strict=True)


def _units(
    ids: list[int], offsets: list[Span], names: list[Span], special: list[int]
) -> NDArray[np.int64]:
    units = np.arange(len(ids))
    begin, end = np.array(offsets, np.int64).reshape(-1, 2).T
    for first, last in names:
        inside = np.flatnonzero((begin < last) & (end > first))
        units[inside] = inside[0] if len(inside) else 0
    units[np.isin(ids, special)] = SPECIAL
    return units


def _inside_unit(units: NDArray[np.int64], place: int) -> bool:
    return bool(units[place] == units[place - 1] != SPECIAL)
