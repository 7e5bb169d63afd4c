"""Wording: how far two names can be the same name."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from functools import lru_cache
from itertools import product
from typing import NamedTuple

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA, JaroWinkler

from tastegraph.kg.names import normalised, parted

LONGEST = 256
ALIKE = 88
TYPO = 93
_CARDINALS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
    "nineteen", "twenty",
)  # fmt: skip
_ORDINALS = (
    "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth",
)  # fmt: skip
_ROMAN = {"ii": "2", "iii": "3", "iv": "4", "vi": "6", "vii": "7", "viii": "8", "ix": "9"}
_ENDINGS = {1: "st", 2: "nd", 3: "rd"}
_FIGURES = {
    **{word: str(n) for n, word in enumerate(_CARDINALS)},
    **{word: f"{n}{_ENDINGS.get(n, 'th')}" for n, word in enumerate(_ORDINALS, 1)},
    **_ROMAN,
}


class Agreement(IntEnum):
    """How two names agree, from not at all to the same words."""

    OTHER = 0
    DISTINCT = 1
    """Alike, but for what tells apart: *Toy Story 2* and *3*, *Best Actor* and *Best Actress*."""
    ALIKE = 2
    TYPO = 3
    DROPPED = 4
    """One leaves out words inside the other: *Mary Louise Parker*, *Mary Parker*."""
    INITIALS = 5
    """Alike, but for initials: *Felix E. Feist*, *Felix Feist*, *F. Feist*."""
    VARIANT = 6
    """The same but for a qualifier, or one of two names in a credit: *Ann Hu as Anna Hu*."""
    SAME = 7


class Wording(NamedTuple):
    """What a comparison of two names found.

    Attributes:
        sort, overlap, prefix: token-sort and token-set ratio and Jaro–Winkler likeness, in [0, 1].
    """

    agreement: Agreement
    sort: float
    overlap: float
    prefix: float


@lru_cache(maxsize=1 << 17)
def variants(name: str, qualified: bool = False) -> tuple[str, ...]:
    """The normalised forms a name may stand for, itself first.

    ``"Dali, Salvador"`` is also *salvador dali*, ``"Bob Ray as Robert Ray"`` either of its parts,
    and ``"Crash (1996 film)"`` also *crash*, unless the name is to stay ``qualified``.
    """
    name = name[:LONGEST]
    plain = normalised(name)
    forms = [plain] if qualified else [plain, normalised(parted(name)[0])]
    last, comma, first = name.partition(",")
    if comma and "," not in first:
        forms.append(normalised(f"{first} {last}"))
    one, credited, other = plain.partition(" as ")
    if credited and " " in one and " " in other:
        forms += [one, other]
    return tuple(dict.fromkeys(form for form in forms if form))


def compared(left: Iterable[str], right: Iterable[str]) -> Wording:
    """The best agreement between any variants of any two names of two entities.

    Where both names have a qualifier it stays: *Crash (1996 film)* is not *Crash (2004 film)*.
    """
    best = Wording(Agreement.OTHER, 0.0, 0.0, 0.0)
    for one, other in product(left, right):
        qualified = bool(parted(one[:LONGEST])[1] and parted(other[:LONGEST])[1])
        ours, theirs = variants(one, qualified), variants(other, qualified)
        for (at, form), (to, like) in product(enumerate(ours), enumerate(theirs)):
            found = _compared(form, like)
            if found.agreement is Agreement.SAME and (at or to):
                found = found._replace(agreement=Agreement.VARIANT)
            best = max(best, found)
    return best


def _compared(one: str, other: str) -> Wording:
    if one == other:
        return Wording(Agreement.SAME, 1.0, 1.0, 1.0)
    sort = fuzz.token_sort_ratio(one, other)
    overlap = fuzz.token_set_ratio(one, other)
    prefix = JaroWinkler.similarity(one, other)
    return Wording(_agreement(one, other, sort), sort / 100, overlap / 100, prefix)


def _agreement(one: str, other: str, sort: float) -> Agreement:
    ours, theirs = _words(one), _words(other)
    if sorted(ours) == sorted(theirs):
        return Agreement.VARIANT
    if _numbers(ours) != _numbers(theirs):
        return Agreement.DISTINCT if sort >= ALIKE else Agreement.OTHER
    shorter, longer = sorted((ours, theirs), key=len)
    fitted = _fitted(shorter, longer)
    if fitted is not None:
        return fitted
    if sort >= TYPO or (len(one) > 3 and OSA.distance(one, other, score_cutoff=1) <= 1):
        return Agreement.TYPO
    return Agreement.ALIKE if sort >= ALIKE else Agreement.OTHER


def _fitted(shorter: list[str], longer: list[str]) -> Agreement | None:
    """Whether the shorter name is the longer with initials for words, or without inner ones."""
    if len(shorter) < 2 or shorter[-1] != longer[-1] or len(longer[-1]) < 2:
        return None
    if not _stands_for(shorter[0], longer[0]):
        return None
    at, dropped = 1, []
    for word in longer[1:-1]:
        if at < len(shorter) - 1 and _stands_for(shorter[at], word):
            at += 1
        else:
            dropped.append(word)
    if at < len(shorter) - 1:
        return None
    return Agreement.DROPPED if any(len(word) > 1 for word in dropped) else Agreement.INITIALS


def _stands_for(one: str, other: str) -> bool:
    return one == other or (min(len(one), len(other)) == 1 and one[0] == other[0])


def _words(name: str) -> list[str]:
    """The words, with numbers in figures: *World War II* and *World War Two* are the same."""
    return [_FIGURES.get(word, word) for word in name.split()]


def _numbers(words: list[str]) -> set[str]:
    return {word for word in words if word[0].isdecimal()}
