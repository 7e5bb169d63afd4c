"""Names that are nearly a given one: a typo apart, or with names shortened or left out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from rapidfuzz.distance import OSA

CROWD = 500
"""A block of more names than this is passed over: among so many, one letter tells nothing apart."""
LEAST = 6
SHORTENED = 0.8
LEFT_OUT = 0.9


class NearNames:
    """Names of two words or more, by their first or last word and a letter of the other.

    Args:
        keys: normalised names; what :meth:`of` tells are places in it.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = [key.split() for key in keys]
        self._blocks: dict[tuple[str, str], list[int]] = defaultdict(list)
        for place, words in enumerate(self._keys):
            for block in _blocks(words):
                self._blocks[block].append(place)

    def of(self, key: str) -> tuple[int, float] | None:
        """Place and score of the one name nearest to ``key``; ``None``: there is none, or a tie."""
        words = key.split()
        best: dict[int, float] = {}
        for block in _blocks(words):
            places = self._blocks.get(block, ())
            if len(places) <= CROWD:
                for place in places:
                    if score := _likeness(words, self._keys[place]):
                        best[place] = score
        if not best:
            return None
        top = max(best.values())
        nearest = [place for place, score in best.items() if score == top]
        return (nearest[0], top) if len(nearest) == 1 else None


def _blocks(words: list[str]) -> Iterator[tuple[str, str]]:
    if len(words) > 1:
        yield words[0][0], words[-1]
        yield words[0], f"{words[-1][0]}…"


def _likeness(one: list[str], other: list[str]) -> float:
    """How sure the two are one name, in [0, 1]; 0 where nothing speaks for it."""
    a, b = " ".join(one), " ".join(other)
    if min(len(a), len(b)) >= LEAST and OSA.distance(a, b, score_cutoff=1) <= 1:
        return 1 - 1 / len(b)
    if one[-1] != other[-1] or not _agree(one[0], other[0]):
        return 0.0
    shorter, longer = sorted((one[1:-1], other[1:-1]), key=len)
    if shorter and (len(shorter) != len(longer) or not all(map(_agree, shorter, longer))):
        return 0.0
    if not shorter and any(len(word) > 1 for word in longer):
        return 0.0
    return LEFT_OUT if one[0] == other[0] else SHORTENED


def _agree(one: str, other: str) -> bool:
    """Whether the words are equal, or one is the initial of the other."""
    return one == other or (min(len(one), len(other)) == 1 and one[0] == other[0])
