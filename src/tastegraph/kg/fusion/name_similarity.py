"""Name similarity: whether two names can be names of one entity."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from functools import lru_cache
from itertools import product
from typing import NamedTuple

from rapidfuzz import fuzz
from rapidfuzz.distance import OSA, JaroWinkler

from tastegraph.kg.names import normalize_name, same_or_initial, split_qualifier

MAX_NAME_LENGTH = 256
"""Characters of a name that are compared, at most."""
SIMILAR_RATIO, TYPO_RATIO = 88, 93
"""Token-sort ratios, in percent, from which on names are similar, and differ by typos only."""
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


class NameAgreement(IntEnum):
    """How two names agree, from not at all to the same words."""

    OTHER = 0
    DISTINCT = 1
    """Similar, but for a distinguishing word: *Toy Story 2* and *3*, *Best Actor* and *Actress*."""
    ALIKE = 2
    TYPO = 3
    DROPPED = 4
    """One leaves out inner words: *Mary Louise Parker*, *Mary Parker*."""
    INITIALS = 5
    """Equal except for initials: *Felix E. Feist*, *Felix Feist*, *F. Feist*."""
    VARIANT = 6
    """Equal except for a qualifier, or one of two names in a credit: *Ann Hu as Anna Hu*."""
    SAME = 7


class NameComparison(NamedTuple):
    """The result of a comparison of two names.

    Attributes:
        agreement: the kind of agreement.
        sort, overlap, prefix: token-sort ratio, token-set ratio and Jaro–Winkler similarity, in
            [0, 1].
    """

    agreement: NameAgreement
    sort: float
    overlap: float
    prefix: float


@lru_cache(maxsize=1 << 17)
def name_variants(name: str, keep_qualifier: bool = False) -> tuple[str, ...]:
    """The normalized forms that a name may stand for, its own form first.

    ``"Dali, Salvador"`` is also *salvador dali*, ``"Bob Ray as Robert Ray"`` also either of its
    two names, and ``"Crash (1996 film)"`` also *crash*, unless ``keep_qualifier``.
    """
    name = name[:MAX_NAME_LENGTH]
    plain = normalize_name(name)
    forms = [plain] if keep_qualifier else [plain, normalize_name(split_qualifier(name)[0])]
    last, comma, first = name.partition(",")
    if comma and "," not in first:
        forms.append(normalize_name(f"{first} {last}"))
    actual, as_, credited = plain.partition(" as ")
    if as_ and " " in actual and " " in credited:
        forms += [actual, credited]
    return tuple(dict.fromkeys(form for form in forms if form))


def compare_names(left: Iterable[str], right: Iterable[str]) -> NameComparison:
    """The best comparison between variants of any two names of two entities.

    Where both names have a qualifier it is compared: *Crash (1996 film)* is not *Crash (2004
    film)*.
    """
    best = NameComparison(NameAgreement.OTHER, 0.0, 0.0, 0.0)
    for a, b in product(left, right):
        keep_qualifier = all(split_qualifier(name[:MAX_NAME_LENGTH])[1] for name in (a, b))
        variants_a, variants_b = name_variants(a, keep_qualifier), name_variants(b, keep_qualifier)
        for (i, form_a), (j, form_b) in product(enumerate(variants_a), enumerate(variants_b)):
            comparison = _compare_forms(form_a, form_b)
            if comparison.agreement is NameAgreement.SAME and (i or j):
                comparison = comparison._replace(agreement=NameAgreement.VARIANT)
            best = max(best, comparison)
    return best


def _compare_forms(left: str, right: str) -> NameComparison:
    if left == right:
        return NameComparison(NameAgreement.SAME, 1.0, 1.0, 1.0)
    sort = fuzz.token_sort_ratio(left, right)
    overlap = fuzz.token_set_ratio(left, right)
    prefix = JaroWinkler.similarity(left, right)
    return NameComparison(_agreement(left, right, sort), sort / 100, overlap / 100, prefix)


def _agreement(left: str, right: str, sort: float) -> NameAgreement:
    left_words, right_words = _words(left), _words(right)
    if sorted(left_words) == sorted(right_words):
        return NameAgreement.VARIANT
    if _numbers(left_words) != _numbers(right_words):
        return NameAgreement.DISTINCT if sort >= SIMILAR_RATIO else NameAgreement.OTHER
    shorter, longer = sorted((left_words, right_words), key=len)
    shortened = _shortened_agreement(shorter, longer)
    if shortened is not None:
        return shortened
    if sort >= TYPO_RATIO or (len(left) > 3 and OSA.distance(left, right, score_cutoff=1) <= 1):
        return NameAgreement.TYPO
    return NameAgreement.ALIKE if sort >= SIMILAR_RATIO else NameAgreement.OTHER


def _shortened_agreement(shorter: list[str], longer: list[str]) -> NameAgreement | None:
    """Whether the shorter name is the longer one with initials, or without inner words."""
    if len(shorter) < 2 or shorter[-1] != longer[-1] or len(longer[-1]) < 2:
        return None
    if not same_or_initial(shorter[0], longer[0]):
        return None
    place, dropped = 1, []
    for word in longer[1:-1]:
        if place < len(shorter) - 1 and same_or_initial(shorter[place], word):
            place += 1
        else:
            dropped.append(word)
    if place < len(shorter) - 1:
        return None
    drops_words = any(len(word) > 1 for word in dropped)
    return NameAgreement.DROPPED if drops_words else NameAgreement.INITIALS


def _words(name: str) -> list[str]:
    """The words, with numbers in figures: *World War II* equals *World War Two*."""
    return [_FIGURES.get(word, word) for word in name.split()]


def _numbers(words: list[str]) -> set[str]:
    return {word for word in words if word[0].isdecimal()}
