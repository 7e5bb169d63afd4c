"""Texts without facts, and the topics of texts."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from pathlib import Path

from tastegraph.core.records import Item
from tastegraph.kg.extraction.topics.reader import TopicReader
from tastegraph.kg.extraction.topics.selection import Selection, select
from tastegraph.kg.extraction.topics.variants import fuse_variants

TEXTS = Path(__file__).with_name("texts")


def items_of(name: str) -> list[Item]:
    """The items of ``tests/support/texts/NAME.jsonl``."""
    lines = (TEXTS / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [Item(row["item_id"], row["title"], row["text"]) for row in map(json.loads, lines)]


def selection_of(texts: Sequence[str], names: Collection[str] = ()) -> Selection:
    """What is selected of texts without titles, where sources have ``names``."""
    table = TopicReader().read(("", text) for text in texts)
    return select(fuse_variants(table), len(texts), names)


def topics_of(texts: Sequence[str], names: Collection[str] = ()) -> dict[str, set[int]]:
    """Topic → positions of the texts that have it."""
    table = selection_of(texts, names).table
    topics: dict[str, set[int]] = {}
    for key, document in zip(table.key.tolist(), table.document.tolist(), strict=True):
        topics.setdefault(table.keys[key], set()).add(document)
    return topics
