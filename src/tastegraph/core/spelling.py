"""When two texts are spellings of one name."""

from __future__ import annotations

import unicodedata


def folded(text: str) -> str:
    """What all spellings of a name have in common.

    Letter case, width of characters and repeated spaces differ between spellings; accents,
    hyphens and initials differ between names.
    """
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())
