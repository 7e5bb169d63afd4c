"""Where the sentences of a text end, in English and in Chinese."""

from __future__ import annotations

import re
from bisect import bisect_right

_END = re.compile(r"[。！？]+[”’」』]?|\n\s*\n|[.!?]+[\"'”’)\]]{0,2}(?=\s+[\"'“‘(\[]?[^\W_a-z])")
_SHORT = re.compile(r"(?:^|[\W_])(?:[^\W\d_]\.)*[A-Z][^\W\d_]{0,2}$")


class Sentences:
    """The sentences of ``text``, in order; together they are all of it.

    A full stop ends one where white space and no lower-case letter follow, and no initial or short
    capitalised word stands before it (*F. Feist*, *Dr. No*).
    """

    def __init__(self, text: str) -> None:
        self.starts = [0]
        for found in _END.finditer(text):
            before = text[max(0, found.start() - 12) : found.start()]
            if found.group().startswith(".") and _SHORT.search(before):
                continue
            if found.end() < len(text):
                self.starts.append(found.end())
        self.ends = [*self.starts[1:], len(text)]

    def __len__(self) -> int:
        return len(self.starts)

    def at(self, place: int) -> int:
        """The number of the sentence in which the character ``place`` stands."""
        return bisect_right(self.starts, place) - 1
