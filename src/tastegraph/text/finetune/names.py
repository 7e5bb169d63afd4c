"""Where the names of entities stand in a sentence."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from tastegraph.text.languages import touches_words


def spans(sentence: str, names: Collection[str]) -> list[tuple[int, int]]:
    """Begin and end of every name in ``sentence``, from left to right, the longest where two begin
    at one place; letter case does not count, and a name inside a longer word is none."""
    told = _lower(sentence)
    found = {
        (start, start + len(name))
        for name in {_lower(name) for name in names if name.strip()}
        for start in _places(told, name)
    }
    kept: list[tuple[int, int]] = []
    for start, end in sorted(found, key=lambda span: (span[0], -span[1])):
        if not kept or start >= kept[-1][1]:
            kept.append((start, end))
    return kept


def _places(told: str, name: str) -> Iterator[int]:
    start = told.find(name)
    while start >= 0:
        end = start + len(name)
        begins = not (_letter(name[0]) and start > 0 and _letter(told[start - 1]))
        ends = not (_letter(name[-1]) and end < len(told) and _letter(told[end]))
        if begins and ends:
            yield start
        start = told.find(name, start + 1)


def _letter(character: str) -> bool:
    """Whether it makes one word with a letter beside it."""
    word = character.isalnum() or character == "_"
    return word and not touches_words(character)


def _lower(text: str) -> str:
    """In lower case where that keeps every character's place."""
    lower = text.lower()
    return lower if len(lower) == len(text) else text
