"""A hundred Chinese texts with their mentions, and titles and names in other forms, as gold.

Traditional and simplified characters, full and half width, foreign names with and without a dot
between their parts, titles in 《》, aliases, ambiguous names, and substrings that mention nothing.
The texts were written for the tests; ``chinese_gold.txt`` holds them, a line each.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from tastegraph.core.records import LABEL, Fact, Item

FILE = Path(__file__).parent / "chinese_gold.txt"
ALIAS, TYPE = "alias", "type"
_MENTION = re.compile(r"〔([^|〕]+)\|([^〕]+)〕")
RELATIONS = (
    ("f:mood", "directed_by", "p:wkw"), ("f:2046", "directed_by", "p:wkw"),
    ("f:hero", "directed_by", "p:zym"), ("f:tolive", "directed_by", "p:zym"),
    ("f:crouching", "directed_by", "p:lian"), ("f:city", "directed_by", "p:hxx"),
    ("f:kaili", "directed_by", "p:bigan"), ("f:earth", "directed_by", "p:guofan"),
    ("f:earth2", "directed_by", "p:guofan"), ("f:inception", "directed_by", "p:nolan"),
    ("f:spirited", "directed_by", "p:miyazaki"), ("f:schindler", "directed_by", "p:spielberg"),
    ("f:pickpocket", "directed_by", "p:jiazhangke"), ("f:mood", "starring", "p:tony"),
    ("f:mood", "starring", "p:maggie"), ("f:tolive", "starring", "p:gongli"),
    ("f:city", "starring", "p:tony"), ("b:tolive", "author", "p:yuhua"),
    ("b:three", "author", "p:lcx"), ("b:trueq", "author", "p:luxun"),
    ("b:solitude", "author", "p:marquez"), ("b:sorghum", "author", "p:moyan"),
    ("b:beijinger", "author", "p:caoyu"), ("d:mate60", "maker", "o:huawei"),
    ("d:mi14", "maker", "o:xiaomi"), ("d:iphone", "maker", "o:apple"),
    ("d:modely", "maker", "o:tesla"),
)  # fmt: skip
VALUES = (
    ("p:linaT", "won", "网坛大满贯"), ("p:linaS", "sang", "青藏高原"), ("p:linaS", "kind", "歌手"),
)  # fmt: skip


class GoldText(NamedTuple):
    """A text, and its mentions as (start, end, entity)."""

    item: Item
    mentions: frozenset[tuple[int, int, str]]


@dataclass
class ChineseGold:
    """Entities, texts, titles and names, with what is true of them.

    Attributes:
        facts: of the entities, by the first source.
        other_facts: of the second source, whose ids are ``q:0``, ``q:1`` …
        texts: with their mentions.
        items: the texts' items and those of further titles.
        entity_of: item → its entity; ``None`` where the graph does not have it.
        same: id of the second source → id of the first.
    """

    facts: list[Fact] = field(default_factory=list)
    other_facts: list[Fact] = field(default_factory=list)
    texts: list[GoldText] = field(default_factory=list)
    items: list[Item] = field(default_factory=list)
    entity_of: dict[str, str | None] = field(default_factory=dict)
    same: dict[str, str] = field(default_factory=dict)


def chinese_gold() -> ChineseGold:
    """All of the file."""
    gold = ChineseGold()
    for line in FILE.read_text(encoding="utf-8").splitlines():
        mark, rest = line[:1], line[1:].strip()
        if mark == "@":
            _add_entity(gold, rest)
        elif mark == "&":
            title, entity = _split(rest)
            _add_item(gold, Item(f"t{len(gold.items)}", title), entity)
        elif mark == "%":
            _add_name(gold, rest)
        elif mark not in "#":
            _add_text(gold, line)
    gold.facts += [Fact(*triple) for triple in RELATIONS]
    gold.facts += [Fact(*triple, literal=True) for triple in VALUES]
    first = {entity: other for other, entity in gold.same.items()}
    gold.other_facts += [
        Fact(first[subject], relation, first[object_])
        for subject, relation, object_ in RELATIONS
        if subject in first and object_ in first
    ]
    return gold


def _split(text: str) -> tuple[str, str | None]:
    name, equals, entity = text.partition(" = ")
    return name.strip(), entity.strip() if equals else None


def _add_entity(gold: ChineseGold, line: str) -> None:
    entity, kind, label, *aliases = (part.strip() for part in line.split("|"))
    gold.facts.append(Fact(entity, LABEL, label, literal=True, language="zh"))
    gold.facts.append(Fact(entity, TYPE, f"k:{kind}"))
    gold.facts += [Fact(entity, ALIAS, name, literal=True) for name in aliases]


def _add_name(gold: ChineseGold, line: str) -> None:
    kind, _, rest = line.partition("|")
    name, entity = _split(rest)
    other = f"q:{sum(fact.relation == TYPE for fact in gold.other_facts)}"
    gold.other_facts.append(Fact(other, LABEL, name, literal=True))
    gold.other_facts.append(Fact(other, TYPE, f"k:{kind.strip()}"))
    if entity is not None:
        gold.same[other] = entity


def _add_text(gold: ChineseGold, line: str) -> None:
    head, _, marked = line.partition(" | ")
    title, entity = _split(head)
    text, mentions = "", set()
    end = 0
    for match in _MENTION.finditer(marked):
        text += marked[end : match.start()]
        mentions.add((len(text), len(text) + len(match[1]), match[2]))
        text += match[1]
        end = match.end()
    item = Item(f"t{len(gold.items)}", title, text + marked[end:])
    gold.texts.append(GoldText(item, frozenset(mentions)))
    _add_item(gold, item, entity)


def _add_item(gold: ChineseGold, item: Item, entity: str | None) -> None:
    gold.items.append(item)
    gold.entity_of[item.item_id] = entity
