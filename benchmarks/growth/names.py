"""Names that no language has: words of syllables, and people who bear them."""

from __future__ import annotations

import numpy as np

ONSETS = (
    "",
    *"bcdfghjklmnprstvwz",
    "br",
    "ch",
    "dr",
    "fl",
    "gr",
    "kl",
    "pr",
    "sh",
    "st",
    "th",
    "tr",
)
VOWELS = ("a", "e", "i", "o", "u", "ai", "ea", "ie", "ou")
CODAS = ("", "", "", *"dklmnrst", "ck", "ld", "ng", "rd", "ss", "nd")


def words_of(number: int, syllables: int, rng: np.random.Generator) -> list[str]:
    """Distinct capitalised words of so many syllables, or one more."""
    words: dict[str, None] = {}
    while len(words) < number:
        length = syllables + int(rng.integers(2))
        parts = [
            letters[int(rng.integers(len(letters)))]
            for _ in range(length)
            for letters in (ONSETS, VOWELS, CODAS)
        ]
        words["".join(parts).capitalize()] = None
    return list(words)


def names_of_people(
    number: int, first_names: list[str], families: list[str], rng: np.random.Generator
) -> list[str]:
    """Names of people; a few of them are borne by several."""
    first = rng.integers(len(first_names), size=number).tolist()
    family = rng.integers(len(families), size=number).tolist()
    return [f"{first_names[a]} {families[b]}" for a, b in zip(first, family, strict=True)]
