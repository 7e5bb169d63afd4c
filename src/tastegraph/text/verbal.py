"""Facts in words: how a relation is read aloud, and which labels a person could read."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple

LONGEST_LABEL = 80
_JOINERS = "\u200c\u200d"
_SPACING = {"Cc", "Zs", "Zl", "Zp"}
_OPAQUE = re.compile(r"/?[mg][./][0-9a-z_]+|[QPL]\d+|_:.*|[a-z][a-z0-9+.-]*://\S*|urn:\S*", re.I)
_MIDNIGHT = re.compile(r"(?<=\d)T00:00:00(\.0+)?(Z|[+-]\d\d:\d\d)?$")
_DECIMAL = re.compile(r"[+-]?\d+\.\d{3,}")


class Told(NamedTuple):
    """One fact about an item, in words.

    Attributes:
        phrase: of the relation: "director".
        label: of what is at its other end.
        entity: whether that is a thing with a name rather than a plain value.
    """

    phrase: str
    label: str
    entity: bool


def clean(text: str) -> str:
    """``text`` on one line, without control, direction and other invisible characters."""
    return " ".join("".join(map(_visible, text)).split())


def readable(label: str, node_id: str = "") -> str:
    """A label as a text may say it; empty where it is opaque: an id, an IRI, nothing at all.

    Long decimals are rounded, midnight is dropped from dates, and what is longer than
    :data:`LONGEST_LABEL` is no label.
    """
    label = clean(label)
    if label == node_id or len(label) > LONGEST_LABEL or _OPAQUE.fullmatch(label):
        return ""
    if _DECIMAL.fullmatch(label):
        value = float(label)
        return f"{value:.2f}".rstrip("0").rstrip(".") if abs(value) >= 1 else f"{value:.2g}"
    return _MIDNIGHT.sub("", label)


def sentences(told: Iterable[Told], per_phrase: int, most: int) -> list[list[Told]]:
    """What to say, one list for each sentence: its facts have one phrase and different labels.

    Args:
        told: the most telling first.
        per_phrase: labels in a sentence, at most.
        most: labels in all, at most.
    """
    found: dict[str, list[Told]] = {}
    said: set[str] = set()
    for fact in told:
        group = found.setdefault(fact.phrase, [])
        name = fact.label.casefold()
        if name and name not in said and len(group) < per_phrase and len(said) < most:
            said.add(name)
            group.append(fact)
    return [group for group in found.values() if group]


def _visible(character: str) -> str:
    if character.isprintable() or character in _JOINERS:
        return character
    return " " if unicodedata.category(character) in _SPACING else ""
