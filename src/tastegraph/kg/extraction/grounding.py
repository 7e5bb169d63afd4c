"""Where a text says what it is claimed to say."""

from __future__ import annotations

from tastegraph.kg.extraction.folding import fold


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
