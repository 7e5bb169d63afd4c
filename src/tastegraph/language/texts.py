"""What a language model reads of an item: its title, what kind of thing it is, its text."""

from __future__ import annotations

from tastegraph.records import Item


def item_text(item: Item) -> str:
    """One paragraph: title, attribute values, text, each a sentence of its own."""
    parts = [item.title, *(", ".join(values) for values in item.attributes.values()), item.text]
    return ". ".join(part.strip().rstrip(".") for part in parts if part.strip())
