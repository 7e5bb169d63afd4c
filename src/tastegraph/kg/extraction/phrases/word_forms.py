"""Word forms: which English words are forms of one word, such as *directed* and *director*."""

from __future__ import annotations

import re
from typing import Literal

WordForm = Literal["base", "present", "past", "ing", "agent", "action"]
"""*direct*, *directs*, *directed*, *directing*, *director*, *direction* or *directorial*."""

_IRREGULAR_WORDS = """
wrote written:write sang sung:sing led:lead made:make shot:shoot drew drawn:draw built:build
told:tell sold:sell won:win held:hold born:bear began begun:begin brought:bring bought:buy
gave given:give took taken:take did done:do went gone:go came:come ran:run met:meet sent:send
"""
_IRREGULAR = {
    form: pair.group(2)
    for pair in re.finditer(r"([a-z]+(?: [a-z]+)*):([a-z]+)", _IRREGULAR_WORDS)
    for form in pair.group(1).split()
}
_SUFFIXES: tuple[tuple[str, WordForm], ...] = (
    ("orial", "action"), ("ional", "action"), ("ations", "action"), ("ation", "action"),
    ("ions", "action"), ("ion", "action"),
    ("resses", "agent"), ("ress", "agent"), ("ors", "agent"), ("or", "agent"),
    ("ers", "agent"), ("er", "agent"), ("ing", "ing"), ("ed", "past"),
    ("es", "present"), ("s", "present"),
)  # fmt: skip
_DOUBLED = re.compile(r"([^aeioulsf\W])\1$")
_SHORT = re.compile(r"[^aeiou]*[aeiou][^aeiouwxy]$")
_SHORT_WITH_E = re.compile(r"[^aeiou]*[aeiou][^aeiou]e$")
MIN_STEM_LENGTH = 3


def stem_and_form(word: str) -> tuple[str, WordForm]:
    """The stem that the forms of a word share, and which form ``word`` is.

    ``"director"`` → ``("direct", "agent")``; ``"starring"`` → ``("star", "ing")``, but
    ``"staring"`` → ``("stare", "ing")``. Who *co-stars* stars.

    Args:
        word: in lower case.
    """
    word = word.removeprefix("co-")
    if word.removesuffix("s") == "author":
        return "author", "agent"
    if word in _IRREGULAR:
        return _without_e(_IRREGULAR[word]), "past"
    for suffix, form in _SUFFIXES:
        stem = word.removesuffix(suffix)
        if len(stem) == len(word) or len(stem) < MIN_STEM_LENGTH or not _has_vowel(stem):
            continue
        if suffix == "s" and stem.endswith(("s", "u", "i")):
            continue
        if suffix in ("ing", "ed", "er", "ers", "es"):
            if _DOUBLED.search(stem):
                stem = stem[:-1]
            elif _SHORT.fullmatch(stem):
                stem += "e"
        return _without_e(stem), form
    return _without_e(word), "base"


def _has_vowel(stem: str) -> bool:
    return re.search(r"[aeiouy]", stem) is not None


def _without_e(word: str) -> str:
    """The word without a silent final *e*, which its forms drop; short words keep theirs."""
    if word.endswith("e") and len(word) > MIN_STEM_LENGTH and not _SHORT_WITH_E.fullmatch(word):
        return word[:-1]
    return word
