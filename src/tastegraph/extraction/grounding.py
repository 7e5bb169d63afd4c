"""Where a text says what it is claimed to say."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from tastegraph.linking.names import normalised


class Passage:
    """A text in which values are looked up as names are compared.

    Attributes:
        text: as it was given; every offset counts its characters.
        plain: as :func:`~tastegraph.linking.names.normalised` has it.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.plain, self._origin = _folded(text)

    def find(self, value: str) -> tuple[int, int] | None:
        """The half-open range of characters where ``value`` first stands as whole words."""
        needle, _ = _folded(value)
        start = self.plain.find(needle) if needle else -1
        while start >= 0:
            end = start + len(needle)
            if self._parted(start) and self._parted(end):
                return self._origin[start], self._with_accents(self._origin[end - 1] + 1)
            start = self.plain.find(needle, start + 1)
        return None

    def _with_accents(self, end: int) -> int:
        while end < len(self.text) and unicodedata.combining(self.text[end]):
            end += 1
        return end

    def _parted(self, at: int) -> bool:
        """Whether a word may begin or end before the character ``at`` of the plain text."""
        around = self.plain[max(at - 1, 0) : at + 1]
        return not 0 < at < len(self.plain) or " " in around or any(map(_unspaced, around))


def _folded(text: str) -> tuple[str, list[int]]:
    """The plain form of ``text``, and for each of its characters which one it comes from."""
    plain: list[str] = []
    origin: list[int] = []
    for index, character in enumerate(text):
        for folded in _fold(character):
            if folded != " " or (plain and plain[-1] != " "):
                plain.append(folded)
                origin.append(index)
    if plain and plain[-1] == " ":
        plain.pop()
        origin.pop()
    return "".join(plain), origin


@lru_cache(maxsize=4096)
def _fold(character: str) -> str:
    """What is left of one character inside a word: nothing, a space or letters."""
    return normalised(f"a{character}a")[1:-1]


@lru_cache(maxsize=4096)
def _unspaced(character: str) -> bool:
    """Whether it is of a script that does not part its words, such as Chinese."""
    return unicodedata.east_asian_width(character) in "WF"
