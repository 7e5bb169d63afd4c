"""The tokens of a wish: words, numbers, single Chinese characters and punctuation, with places."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from tastegraph.kg.names import normalize_name
from tastegraph.text.languages import UNSPACED, character_class, contains_han

_UNSPACED = character_class(UNSPACED)
_TOKEN = re.compile(
    rf"[{_UNSPACED}]|(?:(?![{_UNSPACED}])[^\W_])+(?:['’.](?:(?![{_UNSPACED}])[^\W_])+)*|[^\w\s]|_|\n"
)
_QUOTED = re.compile(
    r"《([^《》]+)》|「([^「」]+)」|“([^“”]+)”|\"([^\"]+)\"|‘([^‘’]+)’|\*([^*]+)\*"
)
_WITHIN_PHRASES = frozenset("-–‐‑:'’&/·•・")


class WishToken(NamedTuple):
    """A word, a number, a Chinese character or a punctuation mark.

    Attributes:
        text: in the normal form of names; of punctuation the mark itself.
        start, end: half-open span of characters in the wish.
        capital: whether it begins with a capital letter.
    """

    text: str
    start: int
    end: int
    capital: bool

    @property
    def is_word(self) -> bool:
        """Whether it has a letter or a digit."""
        return any(map(str.isalnum, self.text))


def tokenize(wish: str) -> list[WishToken]:
    """The tokens of a wish, in order."""
    return [
        WishToken(
            normalize_name(m.group()) or m.group(), m.start(), m.end(), m.group()[0].isupper()
        )
        for m in _TOKEN.finditer(wish)
    ]


def joined(tokens: Sequence[WishToken], *, is_name: bool = False) -> str:
    """The normal form of several tokens: a space between words, none between Chinese ones.

    Hyphens and the like are passed over; words with a comma or a full stop between them are no
    phrase, and give an empty text, unless they may be a name (*Dr. No*).
    """
    if len(tokens) == 1:
        return tokens[0].text
    text = ""
    for token in tokens:
        if not token.is_word:
            if not is_name and token.text not in _WITHIN_PHRASES:
                return ""
            continue
        gap = text and not (contains_han(text[-1]) and contains_han(token.text[:1]))
        text += f" {token.text}" if gap else token.text
    return text


def quoted_spans(wish: str) -> list[tuple[int, int]]:
    """Half-open spans of what stands in quotation marks, without the marks."""
    return [m.span(m.lastindex) for m in _QUOTED.finditer(wish) if m.lastindex is not None]
