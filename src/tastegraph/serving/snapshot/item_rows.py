"""Rows of items by id, looked up in the arrays of a snapshot; no id is a Python object."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace

from tastegraph.core.records import is_entity
from tastegraph.core.strings import MappedStrings


@dataclass(frozen=True, repr=False)
class ItemRows(Mapping[str, int]):
    """Item id → row, of the items of a snapshot that are not hidden.

    Attributes:
        ids: of all rows: items, then the entities that events are on.
        n_listed: how many of them are items.
        hidden: rows of items that were erased since the snapshot was made.
    """

    ids: MappedStrings
    n_listed: int
    hidden: frozenset[int] = frozenset()

    def __getitem__(self, item_id: str) -> int:
        row = self._row(item_id)
        if row is None:
            raise KeyError(item_id)
        return row

    def get(self, item_id: str, default: int | None = None) -> int | None:  # type: ignore[override]
        """The row of an item, or ``default``."""
        row = self._row(item_id)
        return default if row is None else row

    def __contains__(self, item_id: object) -> bool:
        return isinstance(item_id, str) and self._row(item_id) is not None

    def __iter__(self) -> Iterator[str]:
        for row, item_id in enumerate(self.ids):
            if row < self.n_listed and row not in self.hidden:
                yield item_id

    def __len__(self) -> int:
        return self.n_listed - len(self.hidden)

    def without(self, rows: Collection[int]) -> ItemRows:
        """The same with these items hidden."""
        return replace(self, hidden=self.hidden.union(rows))

    def _row(self, item_id: str) -> int | None:
        row = None if is_entity(item_id) else self.ids.row(item_id)
        return None if row in self.hidden else row
