"""Where the names of entities stand in a sentence."""

from __future__ import annotations

import re
from collections.abc import Collection

UNSPACED = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff"
"""Scripts in which a name may touch the word beside it."""
_LETTER = rf"[^\W{UNSPACED}]"


def spans(sentence: str, names: Collection[str]) -> list[tuple[int, int]]:
    """Begin and end of every name in ``sentence``, from left to right, the longest where two begin
    at one place; letter case does not count, and a name inside a longer word is none."""
    pattern = "|".join(
        _whole_word(name) for name in sorted({n for n in names if n.strip()}, key=_longest_first)
    )
    return [m.span() for m in re.finditer(pattern, sentence, re.IGNORECASE)] if pattern else []


def _longest_first(name: str) -> tuple[int, str]:
    return -len(name), name


def _whole_word(name: str) -> str:
    before = rf"(?<!{_LETTER})" if re.match(_LETTER, name) else ""
    after = rf"(?!{_LETTER})" if re.match(_LETTER, name[-1]) else ""
    return before + re.escape(name) + after
