"""TokenizedText of a sentence with their places, and runs of them whose letters equal a name's."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from tastegraph.text.languages import UNSPACED, character_class

_UNSPACED = character_class(UNSPACED)
_TOKEN = re.compile(
    r"(?:[A-Za-z]\.){2,}"  # U.S.
    r"|['’]s\b"
    r"|[-−–+]?\d+(?:[.,:/-]\d+)*[^\W\d_]*(?:/\d+[^\W\d_]*)*"  # 1,777,539  10R/28L  07-28-1944
    rf"|[{_UNSPACED}]"
    rf"|[^\W_{_UNSPACED}]+(?:[-'’–](?!s\b)[^\W_{_UNSPACED}]+)*"
    r"|[^\w\s]|_"
)


@dataclass(frozen=True, slots=True)
class TokenizedText:
    """The tokens of a text.

    Attributes:
        text: the text.
        starts, ends: half-open span of characters of each token.
        words: the tokens as they are written.
        lower: the tokens in lower case, each run of digits as one ``0``.
        shapes: what each looks like: ``Xx``, ``X``, ``x``, ``0``, ``0X`` or punctuation itself.
    """

    text: str
    starts: list[int]
    ends: list[int]
    words: list[str]
    lower: list[str]
    shapes: list[str]

    @classmethod
    def of(cls, text: str) -> TokenizedText:
        """Split ``text`` into words, numbers with letters in them, and punctuation."""
        matches = list(_TOKEN.finditer(text))
        words = [match.group() for match in matches]
        return cls(
            text,
            [match.start() for match in matches],
            [match.end() for match in matches],
            words,
            [re.sub(r"\d+", "0", word.lower()) for word in words],
            [_shape(word) for word in words],
        )

    def __len__(self) -> int:
        """Number of tokens."""
        return len(self.words)

    def written(self, first: int, last: int) -> str:
        """The characters of the tokens from ``first`` to before ``last``."""
        return self.text[self.starts[first] : self.ends[last - 1]]

    def covering(self, start: int, end: int) -> tuple[int, int]:
        """The tokens that hold the characters of a span: half-open, empty if there are none."""
        return bisect_right(self.ends, start), bisect_left(self.starts, end)

    def _closes(self, first: int, last: int) -> bool:
        """Whether the token behind a run closes a bracket that the run opens."""
        run = self.words[first:last]
        return last < len(self) and self.words[last] == ")" and run.count("(") > run.count(")")

    def equal_to(self, name: str) -> Iterator[tuple[int, int]]:
        """Half-open runs of tokens whose letters and digits are those of ``name``, in order."""
        key = letters(name)
        if not key:
            return
        keys = [letters(word) for word in self.words]
        for first in range(len(keys)):
            if keys[first] and key.startswith(keys[first]):
                joined = ""
                for last in range(first, len(keys)):
                    joined += keys[last]
                    if not key.startswith(joined):
                        break
                    if joined == key:
                        yield first, last + 1 + self._closes(first, last + 1)
                        break


def letters(name: str) -> str:
    """The letters and digits of ``name`` alone, in lower case and without accents."""
    plain = unicodedata.normalize("NFKD", name).casefold()
    return "".join(c for c in plain if c.isalnum())


def _shape(word: str) -> str:
    if any(c.isdigit() for c in word):
        return "0X" if any(c.isalpha() for c in word) else "0"
    if not word[0].isalnum():
        return word
    if word[0].isupper():
        return "X" if len(word) == 1 or word.upper() == word else "Xx"
    return "x"
