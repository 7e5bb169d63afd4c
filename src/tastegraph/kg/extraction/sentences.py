"""Where the sentences of a text end, in English and in Chinese."""

from __future__ import annotations

import re
from bisect import bisect_right

_END = re.compile(
    r"[。！？]+[”’」』]?|\n[^\S\n]*+\n"
    r"|(?<![.!?])[.!?]++[\"'”’)\]]{0,2}(?=\s++[\"'“‘(\[]?[^\W_a-z])"
)
OPENING = 8
_SHORT = re.compile(r"(?:^|[\W_])(?:[^\W\d_]\.)*(?:[^\W\d_]|[A-Z][^\W\d_aeiouy]{1,3})$")


def shortened(before: str) -> bool:
    """Whether what stands ``before`` a full stop ends in an initial or consonants (*F*, *Jr*)."""
    return _SHORT.search(before) is not None


class Sentences:
    """The sentences of ``text``, in order; together they are all of it.

    A full stop ends one where white space and no lower-case letter follow, and no initial or
    abbreviation stands before it (*F. Feist*, *Dr. No*).
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self.starts = [0]
        for found in _END.finditer(text):
            before = text[max(0, found.start() - 12) : found.start()]
            if found.group().startswith(".") and shortened(before):
                continue
            if found.end() < len(text):
                self.starts.append(found.end())
        self.ends = [*self.starts[1:], len(text)]

    def __len__(self) -> int:
        return len(self.starts)

    def at(self, place: int) -> int:
        """The number of the sentence in which the character ``place`` stands."""
        return bisect_right(self.starts, place) - 1

    def opened_by(self, place: int) -> bool:
        """Whether no letter or digit stands before the character ``place`` in its sentence."""
        start = self.starts[self.at(place)]
        return place - start < OPENING and not any(map(str.isalnum, self._text[start:place]))
