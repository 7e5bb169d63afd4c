"""Examples of a relation: a few words as a text would write them, with the object among them."""

from __future__ import annotations

import re
from typing import NamedTuple

from tastegraph.core.kinds import VALUE_KINDS, standard_kind

_BRACKETS = re.compile(r"\[([^\[\]]*)\]")
_TITLE_MARKS = re.compile(r"《([^《》]+)》")
_NUMBER = re.compile(r"\d+(?:[.,/-]\d+)*")
_WORD = r"[^\W\d_]+(?:['’.-][^\W\d_]+)*\.?"
_RUN = re.compile(rf"{_WORD}(?: {_WORD})*")
_PARTICLE_WORDS = "de del della der di du la le van von den y bin al da dos of the"
_PARTICLES = frozenset(_PARTICLE_WORDS.split())
_POSSESSIVE = re.compile(r"['’]s?$")
_PARTICIPLE = re.compile(r"[A-Z][a-z]+ed(?= by )")


class PhraseExample(NamedTuple):
    """An example taken apart.

    Attributes:
        before: the words before the object, which may be empty.
        name: the object.
        after: the words after it, which may be empty.
    """

    before: str
    name: str
    after: str


def read_example(example: str, kind: str | None = None) -> PhraseExample:
    """Take an example apart: ``"directed by Joel Coen"`` → ``("directed by ", "Joel Coen", "")``.

    The object stands in square brackets (``"由[李安]执导"``). Without brackets it is the only
    capitalised name, the only ``《title》``, or the only number.

    Args:
        example: as the configuration has it.
        kind: of the object; a date or a number is taken before a name.

    Raises:
        ValueError: it cannot be seen which words are the object, or there are no others.
    """
    text = " ".join(example.split())
    marked = _BRACKETS.findall(text)
    if len(marked) > 1 or (not marked and re.search(r"[\[\]]", text)):
        raise ValueError(f"{example!r}: put exactly one name in square brackets: the object's")
    if marked:
        before, _, rest = text.partition("[")
        name, _, after = rest.partition("]")
        return _checked(example, PhraseExample(before, name.strip(), after))
    spans = _objects(text, kind)
    if not spans:
        raise ValueError(
            f"{example!r} has neither a name with a capital nor a number: put the object in square "
            'brackets, as in "由[李安]执导"'
        )
    if len(spans) > 1:
        names = " or ".join(repr(text[start:end]) for start, end in spans)
        start, end = spans[-1]
        marked_text = f"{text[:start]}[{text[start:end]}]{text[end:]}"
        raise ValueError(
            f"{example!r}: the object may be {names}: put it in square brackets, as in "
            f'"{marked_text}"'
        )
    start, end = spans[0]
    return _checked(example, PhraseExample(text[:start], text[start:end], text[end:]))


def _checked(example: str, parts: PhraseExample) -> PhraseExample:
    if not any(map(str.isalnum, parts.name)):
        raise ValueError(f"{example!r}: the square brackets hold no name")
    if not any(map(str.isalpha, parts.before + parts.after)):
        first, _, rest = parts.name.partition(" ")
        marked = f'"{first} [{rest}]"' if rest else f'"directed by [{parts.name}]"'
        raise ValueError(
            f"{example!r} has no words beside the object {parts.name!r}: add those that texts "
            f"write, and put the object alone in square brackets, as in {marked}"
        )
    if parts.name.islower():
        raise ValueError(
            f"{example!r}: the object {parts.name!r} has no capital, but what is found in texts "
            "are names, which begin with a capital, and numbers"
        )
    return parts


def _objects(text: str, kind: str | None) -> list[tuple[int, int]]:
    """Half-open spans of what may be the object."""
    numbers = [match.span() for match in _NUMBER.finditer(text)]
    if kind is not None and standard_kind(kind) in VALUE_KINDS:
        return numbers
    titles = [match.span(1) for match in _TITLE_MARKS.finditer(text)]
    return titles or list(_capitalised(text)) or numbers


def _capitalised(text: str) -> list[tuple[int, int]]:
    opening = _PARTICIPLE.match(text)
    spans = []
    for run in _RUN.finditer(text, opening.end() if opening else 0):
        words = list(re.finditer(r"\S+", run.group()))
        place = 0
        while place < len(words):
            end = _end_of_name(words, place)
            if end > place:
                first, last = words[place], words[end - 1]
                ending = _POSSESSIVE.search(last.group())
                reach = last.start() + ending.start() if ending else last.end()
                spans.append((run.start() + first.start(), run.start() + reach))
            place = max(end, place + 1)
    return spans


def _end_of_name(words: list[re.Match[str]], place: int) -> int:
    """Where the name that begins at ``place`` ends; ``place`` where none begins there."""
    end = place
    for position in range(place, len(words)):
        word = words[position].group()
        if word[0].isupper():
            end = position + 1
        elif position == place or word not in _PARTICLES:
            break
    return end
