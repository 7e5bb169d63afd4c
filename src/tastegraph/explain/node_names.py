"""The names of nodes, as paths, lists and sentences call them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace

from tastegraph.core.records import ENTITY, ITEM, is_entity
from tastegraph.core.strings import MappedStrings
from tastegraph.kg.names import entity_name
from tastegraph.text.texts import readable_label

VALUE_SEPARATOR = "\x1f"
"""Stands in the id of a value's node, before the value."""
ERASED = "erased"
"""The name of an erased item, on paths of a snapshot that still has it."""
REMEMBERED = 20_000
"""So many names are held as they were made last."""


@dataclass(frozen=True)
class NodeNames:
    """The names of the nodes and relations of one graph.

    Attributes:
        item_ids: of the nodes that are items; they come first.
        node_ids: of the other nodes.
        labels: of every node, items first; empty where nothing names it.
        relations: names.
        hidden: items that were erased: :data:`ERASED` is their id and label.
    """

    item_ids: MappedStrings
    node_ids: MappedStrings
    labels: Sequence[str]
    relations: Sequence[str]
    hidden: frozenset[int] = frozenset()
    _names: dict[int, str] = field(default_factory=dict, init=False, repr=False)
    _public_ids: dict[int, str] = field(default_factory=dict, init=False, repr=False)

    def item_id(self, item: int) -> str:
        """The id of an item, or of an entity among the items."""
        return ERASED if item in self.hidden else self.item_ids[item]

    def title(self, item: int) -> str:
        """The title of an item, or its id where it has none."""
        if item in self.hidden:
            return ERASED
        return self.labels[item] or self.item_ids[item].removeprefix(ENTITY)

    def public_id(self, node: int) -> str:
        """``item:ID`` for an item, the entity's id, or a value itself."""
        return _remembered(self._public_ids, node, self._public_id)

    def _public_id(self, node: int) -> str:
        if node < len(self.item_ids):
            name = self.item_id(node)
            return name.removeprefix(ENTITY) if is_entity(name) else ITEM + name
        return self.node_ids[node - len(self.item_ids)].split(VALUE_SEPARATOR, 1)[-1]

    def without_items(self, rows: Collection[int]) -> NodeNames:
        """The same, with the items in ``rows`` hidden."""
        return replace(self, hidden=self.hidden.union(rows))

    def name(self, node: int) -> str:
        """The name of a node; empty where it has none, or none that a reader could read."""
        return _remembered(self._names, node, self._name)

    def _name(self, node: int) -> str:
        if node < len(self.item_ids):
            title, is_item = self.title(node), not is_entity(self.item_id(node))
            return title if is_item else entity_name(title, self.public_id(node))
        if self.is_value(node):
            return readable_label(self.labels[node])
        return entity_name(self.labels[node], self.public_id(node))

    def is_value(self, node: int) -> bool:
        """Whether a node is the value of a literal fact."""
        n_items = len(self.item_ids)
        return node >= n_items and VALUE_SEPARATOR in self.node_ids[node - n_items]

    def event_title(self, node: int) -> str:
        """How a sentence calls what an event is on: an entity without a name by its id."""
        return self.visible_name(node) or self.public_id(node).removeprefix(ITEM)

    def visible_name(self, node: int) -> str:
        """:meth:`name`, but of a hidden node empty."""
        return "" if node in self.hidden else self.name(node)


def _remembered(names: dict[int, str], node: int, make: Callable[[int], str]) -> str:
    """The name of a node among ``names``, where the last :data:`REMEMBERED` are."""
    name = names.get(node)
    if name is None:
        if len(names) >= REMEMBERED:
            names.clear()
        name = names[node] = make(node)
    return name
