"""A film club: summaries of films in prose, with the directors and actors that each of them states.

The films, their people and their words are made up. Each entry of ``film_club.txt`` is a line with
the title and the people, then the summary.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

from tastegraph.core.records import Item

FOLDER = Path(__file__).parent
_HEAD = re.compile(r"= (?P<title>.+?) \| director: (?P<director>.+?) \| actor: (?P<actor>.+)")

RELATIONS = {
    "director": {
        "phrase": "director",
        "subject": "film",
        "object": "person",
        "examples": ["directed by Joel Coen", "Ang Lee directs", "from director Jane Campion"],
    },
    "actor": {
        "phrase": "actor",
        "subject": "film",
        "object": "person",
        "examples": ["starring [Brad Pitt]", "Frances McDormand plays", "played by Bruno Ganz"],
    },
}
"""The sections ``[relations.*]`` that the club writes: three examples for each relation."""
CHINESE_RELATIONS = {
    "director": {
        "phrase_zh": "导演",
        "subject": "电影",
        "object": "人物",
        "examples": ["由[李安]执导", "导演[王家卫]", "[张艺谋]导演的"],
    },
    "actor": {
        "phrase_zh": "主演",
        "subject": "电影",
        "object": "人物",
        "examples": ["由[梁朝伟]主演", "[周迅]饰演", "主演：[陈坤]"],
    },
}
"""The same of a Chinese club."""


class Summary(NamedTuple):
    """A film of the club, and what its summary states."""

    item: Item
    people: dict[str, set[str]]


def summaries(file: str = "film_club.txt") -> list[Summary]:
    """The films of a file, in order."""
    films = []
    for entry in (FOLDER / file).read_text(encoding="utf-8").strip().split("\n\n"):
        head, _, text = entry.partition("\n")
        match = _HEAD.fullmatch(head)
        assert match is not None, head
        people = {relation: set(match[relation].split("; ")) for relation in RELATIONS}
        item = Item(f"{len(films) + 1:02}", match["title"], text.replace("\n", " "))
        films.append(Summary(item, people))
    return films
