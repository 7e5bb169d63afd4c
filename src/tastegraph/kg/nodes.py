"""Which node an id stands for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from tastegraph.core.records import ITEM, Fact, Link


class Nodes:
    """Numbers for node ids; items and the entities linked to them share one.

    Args:
        item_ids: their numbers are 0 … n_items - 1, in this order.
        links: which entity an item is.
        same: id → the id that stands for it, for those that have several.

    Attributes:
        others: id → number of every further node that was asked for; a value's id is
            ``relation␟value``.
    """

    def __init__(
        self,
        item_ids: Sequence[str],
        links: Iterable[Link],
        same: Mapping[str, str] | None = None,
    ) -> None:
        self._items = {item_id: index for index, item_id in enumerate(item_ids)}
        self._same = same or {}
        self._linked: dict[str, list[int]] = {}
        linked_items = set()
        for link in links:
            if link.item_id in self._items:
                self._link(self._items[link.item_id], link.entity_id)
                linked_items.add(link.item_id)
        for identifier in self._same:
            item_id = identifier.removeprefix(ITEM)
            if item_id != identifier and item_id in self._items:
                self._link(self._items[item_id], identifier)
        self._own_name = self._items.keys() - linked_items
        self.others: dict[str, int] = {}

    def of(self, entity_id: str) -> Sequence[int]:
        """The nodes that ``entity_id`` stands for.

        ``item:ID`` always is the item; a bare id is the item of that id only where the item has
        no link, since two sources may number items and entities alike.
        """
        entity_id = self._same.get(entity_id, entity_id)
        if entity_id in self._linked:
            return self._linked[entity_id]
        item_id = entity_id.removeprefix(ITEM)
        if item_id in (self._own_name if item_id == entity_id else self._items):
            return (self._items[item_id],)
        return (self._other(entity_id),)

    def value(self, fact: Fact) -> Sequence[int]:
        """The node of a literal fact's value."""
        return (self._other(f"{fact.relation}\x1f{fact.object}"),)

    def _link(self, item: int, entity_id: str) -> None:
        items = self._linked.setdefault(self._same.get(entity_id, entity_id), [])
        if item not in items:
            items.append(item)

    def _other(self, node_id: str) -> int:
        return self.others.setdefault(node_id, len(self._items) + len(self.others))
