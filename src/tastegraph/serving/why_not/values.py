"""What an item has of the names that filters and limits look at, as a reader knows it."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from functools import cached_property

from sqlalchemy import Connection

from tastegraph.core.spelling import folded
from tastegraph.filters.current import CurrentFields
from tastegraph.filters.sources import TITLE
from tastegraph.filters.syntax import FieldName
from tastegraph.serving.snapshot.serving_snapshot import ServingSnapshot
from tastegraph.store import catalogue

MAX_VALUES = 20
"""Values of one name that an answer lists."""


class ItemValues:
    """The values of one item, by the store of now and the facts of the snapshot.

    Args:
        snapshot: has the names of entities.
        fields: what filters compare now.
        item: row of the item.
        connection: to the store, which has attributes as they were written.
    """

    def __init__(
        self, snapshot: ServingSnapshot, fields: CurrentFields, item: int, connection: Connection
    ) -> None:
        self._snapshot, self._fields, self._item = snapshot, fields, item
        self._connection = connection

    def of(self, field: FieldName) -> tuple[str, ...]:
        """The values of a name: names of entities rather than ids, where they have any."""
        texts = self._fields.texts_of(field, self._item)
        ids = [text for kind, text in texts if kind == "id"]
        others = [self._as_written(field.name, text) for kind, text in texts if kind != "id"]
        labels = {identifier: self._label(identifier) for identifier in ids}
        readable = {folded(label) for label in labels.values()}
        # Every entity has a name beside its id: one of the two is said.
        values = [text for text in others if folded(text) not in readable]
        if len(values) < len(ids):
            values = [*labels.values(), *values]
        return tuple(dict.fromkeys(values))[:MAX_VALUES]

    def label(self, name: str, value: Hashable) -> str:
        """A value by which a limit counts the item."""
        if isinstance(value, float):
            return f"{value:.15g}"
        text = self._as_written(name, str(value))
        return self._label(text) if text == value else text

    def _as_written(self, name: str, text: str) -> str:
        """A folded name as the item's attribute has it."""
        return self._written.get(name, {}).get(text, text)

    @cached_property
    def _written(self) -> Mapping[str, Mapping[str, str]]:
        """Attribute → folded value → the value."""
        names = self._snapshot.names
        item = catalogue.get_item(self._connection, names.item_ids[self._item])
        values: dict[str, tuple[str, ...]] = {TITLE: (names.title(self._item),)}
        if item is not None:
            values |= {TITLE: (item.title,), **item.attributes}
        return {name: {folded(text.strip()): text for text in v} for name, v in values.items()}

    def _label(self, identifier: str) -> str:
        """The name of an entity, or the title of an item; the id where there is none."""
        names, row = self._snapshot.names, self._snapshot.item_rows.get(identifier)
        if row is not None:
            return names.title(row)
        node = names.node_ids.row(identifier)
        name = "" if node is None else names.visible_name(node + len(names.item_ids))
        return name or identifier
