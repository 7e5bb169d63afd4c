"""Text folding: a text in the normal form of names, with the original position of each character.

Matching happens in the folded text; the positions turn a match back into a span of the original.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from tastegraph.kg.names import normalize_name
from tastegraph.text.languages import are_unspaced

WORD_START, WORD_END = "\x02", "\x03"
"""Marks around each word of a script that puts spaces between words."""
_BOUNDARIES = f"{WORD_START}{WORD_END} "


@dataclass(frozen=True)
class FoldedText:
    """A text without case, accents and punctuation.

    Attributes:
        text: words separated by one space, each between :data:`WORD_START` and :data:`WORD_END`;
            characters of scripts without spaces (Chinese, Japanese, Thai, Lao) have no marks, and
            no space beside them.
        positions: int64[len(text)], the position in the original of each character.
    """

    text: str
    positions: NDArray[np.int64]

    def original_span(self, start: int, end: int) -> tuple[int, int]:
        """The half-open span of ``text[start:end]`` in the original; (0, 0) for marks alone."""
        while start < end and self.text[start] in _BOUNDARIES:
            start += 1
        while end > start and self.text[end - 1] in _BOUNDARIES:
            end -= 1
        if start == end:
            return 0, 0
        return int(self.positions[start]), int(self.positions[end - 1]) + 1


class SearchableText:
    """A text in which values are searched by the normal form of names.

    Attributes:
        text: the original; every position counts its characters.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._folded = fold(text)

    def find(self, value: str) -> tuple[int, int] | None:
        """The half-open span of the first occurrence of ``value`` as whole words, if any."""
        needle = fold(value).text.strip()
        start = self._folded.text.find(needle) if needle else -1
        return None if start < 0 else self._folded.original_span(start, start + len(needle))


def fold(text: str) -> FoldedText:
    """Fold each character of ``text`` as :func:`~tastegraph.kg.names.normalize_name` does."""
    pieces = {ord(c): _fold_character(c) for c in set(text)}
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    distinct, inverse = np.unique(codes, return_inverse=True)
    lengths = np.array([len(pieces[int(code)]) for code in distinct], dtype=np.int64)
    positions = np.repeat(np.arange(len(codes)), lengths[inverse] if len(codes) else 0)
    return _with_word_marks(text.translate(pieces), positions)


def fold_names(names: Sequence[str]) -> list[str]:
    """``fold(name).text`` of each normalized name, computed for all at once."""
    lines = "\n".join(names)
    return _with_word_marks(lines, np.zeros(len(lines), dtype=np.int64)).text.split("\n")


@lru_cache(maxsize=1 << 16)
def _fold_character(character: str) -> str:
    """The folded form: empty for a character inside words, a space for one that ends a word."""
    folded = normalize_name(f"a{character}a")[1:-1]
    return folded.strip() or folded


def _with_word_marks(plain: str, positions: NDArray[np.int64]) -> FoldedText:
    codes = np.frombuffer(plain.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    is_space = codes == ord(" ")
    repeated = is_space & np.concatenate([[True], is_space[:-1]]) if len(codes) else is_space
    unspaced = are_unspaced(codes)
    beside = np.concatenate([[False], unspaced[:-1]]) | np.concatenate([unspaced[1:], [False]])
    dropped = repeated | (is_space & beside[: len(codes)])
    codes, positions, is_space = codes[~dropped], positions[~dropped], is_space[~dropped]
    in_word = ~is_space & (codes != ord("\n")) & ~are_unspaced(codes)
    before = np.concatenate([[False], in_word])
    after = np.concatenate([in_word, [False]])
    starts = np.flatnonzero(~before & after)
    ends = np.flatnonzero(before & ~after)
    places = np.concatenate([starts, ends])
    marks = np.repeat(
        np.array([ord(WORD_START), ord(WORD_END)], dtype=np.uint32), [len(starts), len(ends)]
    )
    marked = np.insert(codes, places, marks)
    padded = np.append(positions, positions[-1] if len(positions) else 0)
    text = marked.astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")
    return FoldedText(text, np.insert(positions, places, padded[places]))
