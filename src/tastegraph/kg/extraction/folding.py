"""A text as names are compared, and where each of its characters stood."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tastegraph.kg.names import normalised
from tastegraph.text.languages import are_unspaced

OPEN, CLOSE = "\x02", "\x03"
"""Stand around each word of a script that puts spaces between words."""


@dataclass(frozen=True)
class Folded:
    """A text without case, accents and punctuation.

    Attributes:
        text: its words apart by one space, each between ``OPEN`` and ``CLOSE``; Chinese, Japanese,
            Thai and Lao characters stand bare, since nothing parts their words.
        starts: int64[len(text)], the character of the original that each was made from.
    """

    text: str
    starts: NDArray[np.int64]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where ``text[start:end]`` stands in the original; (0, 0) where it is marks alone."""
        while start < end and self.text[start] in MARKS:
            start += 1
        while end > start and self.text[end - 1] in MARKS:
            end -= 1
        if start == end:
            return 0, 0
        return int(self.starts[start]), int(self.starts[end - 1]) + 1


MARKS = f"{OPEN}{CLOSE} "


def fold(text: str) -> Folded:
    """Fold each character of ``text`` as :func:`~tastegraph.kg.names.normalised` would."""
    pieces = {ord(c): _piece(c) for c in set(text)}
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    distinct, inverse = np.unique(codes, return_inverse=True)
    lengths = np.array([len(pieces[int(code)]) for code in distinct], dtype=np.int64)
    starts = np.repeat(np.arange(len(codes)), lengths[inverse] if len(codes) else 0)
    plain = text.translate(pieces)
    return _marked(plain, starts)


def fold_names(keys: Sequence[str]) -> list[str]:
    """Fold names that are normalised already: ``fold(key).text`` of each, in one go."""
    lines = "\n".join(keys)
    return _marked(lines, np.zeros(len(lines), dtype=np.int64)).text.split("\n")


def _piece(character: str) -> str:
    """What one character folds to: nothing where words go on across it, a space where they part."""
    return normalised(f"a{character}a")[1:-1]


def _marked(plain: str, starts: NDArray[np.int64]) -> Folded:
    codes = np.frombuffer(plain.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
    space = codes == ord(" ")
    kept = ~(space & np.concatenate([[True], space[:-1]])) if len(codes) else space
    codes, starts, space = codes[kept], starts[kept], space[kept]
    word = ~space & (codes != ord("\n")) & ~are_unspaced(codes)
    before = np.concatenate([[False], word])
    after = np.concatenate([word, [False]])
    opens = np.flatnonzero(~before & after)
    closes = np.flatnonzero(before & ~after)
    places = np.concatenate([opens, closes])
    marks = np.repeat(np.array([ord(OPEN), ord(CLOSE)], dtype=np.uint32), [len(opens), len(closes)])
    told = np.insert(codes, places, marks)
    padded = np.append(starts, starts[-1] if len(starts) else 0)
    stood = np.insert(starts, places, padded[places])
    return Folded(told.astype("<u4").tobytes().decode("utf-32-le", "surrogatepass"), stood)


class Passage:
    """A text in which values are looked up as names are compared.

    Attributes:
        text: as it was given; every offset counts its characters.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._folded = fold(text)

    def find(self, value: str) -> tuple[int, int] | None:
        """The half-open range of characters where ``value`` first stands as whole words."""
        needle = fold(value).text.strip()
        start = self._folded.text.find(needle) if needle else -1
        return None if start < 0 else self._folded.span(start, start + len(needle))
