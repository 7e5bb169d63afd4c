"""The files of wishes: what each asks for, in a notation that a person can check."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tastegraph.serving.wishes.chips import Chip, Steering

FOLDER = Path(__file__).parent
HALVES = {"held out": "held_out.txt", "development": "development.txt"}
_CHIP = re.compile(
    r"(?P<direction>more|less|only|never) (?P<target>.+?)(?: \*(?P<strength>[\d.]+))?"
    r"(?: @(?P<duration>session|always|\d+d))?$"
)
_RANGE = re.compile(r"(?P<relation>\w+) (?P<low>\d*)-(?P<high>\d*)$")


@dataclass(frozen=True)
class Wish:
    """One wish, with what it asks for.

    Attributes:
        text: the words.
        chips: as :func:`chip_key` names them.
        unknown: words that must be listed as not understood.
    """

    text: str
    chips: frozenset[tuple[object, ...]]
    unknown: tuple[str, ...]

    def mistakes(self, steering: Steering, relations: Mapping[str, str]) -> list[str]:
        """What was read otherwise; empty where the wish was read right.

        Args:
            steering: what the parser says.
            relations: relation of the graph → its name in the notation.
        """
        read = frozenset(chip_key(chip, relations) for chip in steering.parsed)
        missing = [chip for chip in self.chips if not any(_fits(chip, other) for other in read)]
        extra = [chip for chip in read if not any(_fits(other, chip) for other in self.chips)]
        words = [entry.words.casefold() for entry in steering.ignored]
        unknown = [w for w in self.unknown if not any(w.casefold() in text for text in words)]
        surplus = [] if self.unknown else words
        return (
            [f"missing {chip}" for chip in missing]
            + [f"extra {chip}" for chip in extra]
            + [f"not listed: {word}" for word in unknown]
            + [f"not understood: {word}" for word in surplus]
        )


def wishes(file: str) -> dict[str, list[Wish]]:
    """The wishes of a file, by the graph that they are over."""
    sections: dict[str, list[Wish]] = {}
    current: list[Wish] = []
    for line in (FOLDER / file).read_text(encoding="utf-8").splitlines():
        if line.startswith("#") or not line.strip():
            continue
        if line.startswith("["):
            current = sections.setdefault(line.strip("[]"), [])
            continue
        text, _, expected = line.partition(" => ")
        parts = [part.strip() for part in expected.split(";")]
        current.append(
            Wish(
                text,
                frozenset(_expected(part) for part in parts if not part.startswith("unknown ")),
                tuple(p.removeprefix("unknown ") for p in parts if p.startswith("unknown ")),
            )
        )
    return sections


def _expected(part: str) -> tuple[object, ...]:
    match = _CHIP.fullmatch(part)
    assert match is not None, part
    duration = match["duration"] or "list"
    strength = float(match["strength"] or 1)
    return (match["direction"], _target(match["target"]), strength, duration)


def _target(text: str) -> tuple[object, ...]:
    if text == "novelty":
        return ("novelty",)
    if text.startswith("?"):
        words, _, candidates = text[1:].rstrip("}").partition("{")
        return ("question", words, frozenset(candidates.split("|")))
    if text.startswith("like:"):
        return ("similar", text.removeprefix("like:"))
    if match := _RANGE.fullmatch(text):
        low, high = (float(b) if b else None for b in (match["low"], match["high"]))
        return ("range", match["relation"], low, high)
    name, _, toward = text.rpartition(" ")
    if toward in ("up", "down"):
        return ("popularity", toward) if name == "popularity" else ("trend", name, toward)
    if text.startswith("@"):
        return ("entity", None, text[1:])
    relation, _, label = text.partition(":")
    return ("entity", relation, label)


def chip_key(chip: Chip, relations: Mapping[str, str]) -> tuple[object, ...]:
    """A chip in the notation."""
    duration = f"{chip.days:g}d" if chip.days is not None else chip.duration
    relation = relations.get(chip.relation or "", chip.relation)
    target: tuple[object, ...]
    match chip.kind:
        case "question":
            target = ("question", chip.words, frozenset(each.label for each in chip.alternatives))
        case "range":
            target = ("range", relation, chip.low, chip.high)
        case "trend":
            target = ("trend", relation, chip.toward)
        case "popularity":
            target = ("popularity", chip.toward)
        case "novelty":
            target = ("novelty",)
        case "similar":
            target = ("similar", chip.label)
        case _:
            target = ("entity", relation, chip.label)
    return (chip.direction, target, chip.strength, duration)


def _fits(expected: tuple[object, ...], read: tuple[object, ...]) -> bool:
    """Equal; an expected entity without a relation fits any, a question needs its candidates."""
    wanted_target, target = expected[1], read[1]
    assert isinstance(wanted_target, tuple)
    assert isinstance(target, tuple)
    if (expected[0], *expected[2:]) != (read[0], *read[2:]) or wanted_target[0] != target[0]:
        return False
    if target[0] == "entity":
        return wanted_target[1] in (None, target[1]) and wanted_target[2] == target[2]
    if target[0] == "question":
        return bool(wanted_target[2] <= target[2])
    return wanted_target == target
