"""Gorse's items as records: labels are attributes, and come back as they were put.

Gorse's ``Labels`` are any JSON; an attribute is a list of texts. What does not come back from the
attributes as it was (numbers, nested objects, lists of one) is also kept as JSON, in the attribute
:data:`LABELS_JSON`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from tastegraph.core.records import Item
from tastegraph.data.availability import AVAILABILITY_COLUMNS, FROM, HIDDEN

CATEGORIES, LABELS, LABELS_JSON = "categories", "labels", "labels_json"
TITLES = ("title", "name")
"""Labels that name an item, the first one first."""
NO_TIME = "0001-01-01T00:00:00Z"
"""How Gorse writes that there is no time."""
MAX_VECTOR_ATTRIBUTE = 8
"""A longer list of numbers is an embedding rather than a list of values."""
_RESERVED = ("item_id", "title", "text", CATEGORIES, LABELS_JSON, *AVAILABILITY_COLUMNS)


def attributes_of(labels: Any) -> dict[str, tuple[str, ...]]:
    """The attributes that labels are: each key of an object is one; a list is one, ``labels``.

    Embeddings are kept in :data:`LABELS_JSON` alone.
    """
    if labels is None:
        return {}
    members = labels if isinstance(labels, dict) else {LABELS: labels}
    attributes = {
        _attribute_name(name): _texts(value)
        for name, value in members.items()
        if name not in TITLES and not is_embedding(value)
    }
    attributes = {name: texts for name, texts in attributes.items() if texts}
    if _labels_of(attributes) != labels:
        attributes[LABELS_JSON] = (json.dumps(labels, ensure_ascii=False),)
    return attributes


def changed_item(
    item: Item,
    *,
    is_hidden: bool | None = None,
    categories: Sequence[str] | None = None,
    timestamp: str | None = None,
    labels: Any = None,
    comment: str | None = None,
) -> Item:
    """An item with fields of Gorse in place of its own; what is ``None`` stays as it is.

    Labels and categories are attributes, the comment is the text, and the time is that from which
    lists may have the item. ``title`` or ``name`` among the labels is its title.
    """
    attributes, title = dict(item.attributes), item.title
    if labels is not None:
        stays = (CATEGORIES, *AVAILABILITY_COLUMNS)
        attributes = {name: cell for name, cell in attributes.items() if name in stays}
        attributes |= attributes_of(labels)
        title = title_in(labels) or title
    if categories is not None:
        attributes[CATEGORIES] = tuple(categories)
    if is_hidden is not None:
        attributes[HIDDEN] = ("true",) if is_hidden else ()
    if timestamp is not None:
        attributes[FROM] = (timestamp,) if timestamp and not is_no_time(timestamp) else ()
    text = item.text if comment is None else comment
    cells = {name: cell for name, cell in attributes.items() if cell}
    return Item(item.item_id, title, text, cells)


def is_no_time(timestamp: str) -> bool:
    """Whether a time is of the year 1, as Gorse writes that there is none."""
    return timestamp.startswith(NO_TIME[:10])


def labels_of(item: Item) -> Any:
    """The labels of an item as they were put; of one from elsewhere, its attributes."""
    stored = item.attributes.get(LABELS_JSON, ())
    if len(stored) == 1:
        try:
            return json.loads(stored[0])
        except ValueError:
            pass  # HTML in it was read as text
    return _labels_of(item.attributes)


def title_in(labels: Any) -> str:
    """The name that labels give their item; empty where they give none."""
    names = [labels.get(name) for name in TITLES] if isinstance(labels, dict) else []
    return next((name for name in names if isinstance(name, str) and name), "")


def is_embedding(value: Any) -> bool:
    """Whether a label is a vector, which says nothing by its numbers."""
    return (
        isinstance(value, list)
        and len(value) > MAX_VECTOR_ATTRIBUTE
        and all(isinstance(number, int | float) for number in value)
    )


def _labels_of(attributes: Mapping[str, tuple[str, ...]]) -> Any:
    labels = {
        name: texts[0] if len(texts) == 1 else list(texts)
        for name, texts in attributes.items()
        if name not in _RESERVED
    }
    is_list = set(labels) == {LABELS} and isinstance(labels[LABELS], list)
    return labels[LABELS] if is_list else labels or None


def _attribute_name(label: str) -> str:
    return f"label_{label}" if label in _RESERVED else label


def _texts(value: Any) -> tuple[str, ...]:
    """The texts of one label; an object is one, as JSON."""
    values = value if isinstance(value, list) else [value]
    return tuple(
        entry if isinstance(entry, str) else json.dumps(entry, ensure_ascii=False)
        for entry in values
        if entry is not None and entry != ""
    )
