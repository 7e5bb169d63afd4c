"""Filters on the catalogue as it is now: a snapshot's columns, and items put since it was made.

Attributes are those of the store at this moment. Facts are those of the snapshot's graph; but a
relation that columns of items state is, of a changed item, what its columns say now.
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection

from tastegraph.core.arrays import Bools
from tastegraph.core.config import ColumnConfig
from tastegraph.core.strings import Arrays
from tastegraph.filters.checks import Columns, FilterCheck
from tastegraph.filters.columns import NUMERIC, Column, ColumnKind
from tastegraph.filters.evaluation import matching
from tastegraph.filters.fields import FieldTable, NumberColumn
from tastegraph.filters.parser import parse
from tastegraph.filters.sources import (
    attribute_columns,
    attribute_values,
    filter_arrays,
    stated_columns,
    title_columns,
)
from tastegraph.filters.syntax import FieldName, Filter, Presence
from tastegraph.kg.graph import KnowledgeGraph
from tastegraph.store import catalogue, revision
from tastegraph.store.database import Database
from tastegraph.store.snapshots import Snapshot

CHANGES = "item_changes"
"""Entry of a manifest: how often the catalogue had changed when its columns were read."""


def columns_of_store(database: Database, graph: KnowledgeGraph) -> tuple[dict[str, Any], Arrays]:
    """The manifest entries and arrays that :meth:`CurrentFields.open` reads."""
    with database.reading() as connection:
        number = revision.item_change_count(connection)
        return {CHANGES: number}, filter_arrays(catalogue.stored_frames(connection), graph)


@dataclass(frozen=True)
class FieldSummary:
    """A name that filters may use.

    Attributes:
        inverse: whether it is written after ``inverse``.
        kinds: of its values.
        sources: ``items`` where it is an attribute, ``facts`` where facts state it.
        items: how many items have a value.
        unread: how many values could not be read, and are missing; ``example`` is one of them.
    """

    name: str
    inverse: bool
    kinds: Sequence[ColumnKind]
    sources: Sequence[str]
    items: int
    unread: int
    example: str


@dataclass(frozen=True)
class CurrentFields:
    """What filters compare; never changes.

    Attributes:
        table: the columns of the snapshot.
        snapshot_changes: how often the catalogue had changed when they were read.
        revision: how often it has changed by now.
        changed_rows: int64[m], items that were put in between, and
        changed: their columns, of row k those of item ``changed_rows[k]``.
    """

    table: FieldTable
    snapshot_changes: int
    revision: int
    changed_rows: NDArray[np.int64]
    changed: FieldTable

    @classmethod
    def open(cls, snapshot: Snapshot) -> CurrentFields | None:
        """The columns of a snapshot; ``None`` where it has none."""
        if "filters.names" not in snapshot.arrays:
            return None
        number = int(snapshot.manifest[CHANGES])
        table = FieldTable.open(snapshot.arrays, int(snapshot.manifest["counts"]["items"]))
        none = np.zeros(0, dtype=np.int64)
        return cls(table, number, number, none, FieldTable.of([], 0))

    def current(
        self,
        connection: Connection,
        item_rows: Mapping[str, int],
        configured: Mapping[str, ColumnConfig],
    ) -> CurrentFields:
        """The same as ``connection`` sees the store.

        Args:
            connection: to the store.
            item_rows: item id → row in the snapshot.
            configured: ``[items.facts]``, which columns of items state facts.
        """
        number = revision.item_change_count(connection)
        if number == self.revision:
            return self
        frames = list(catalogue.frames_since(connection, self.snapshot_changes))
        ids = (item_id for frame in frames for item_id in frame["item_id"])
        known = {item_id: row for item_id in ids if (row := item_rows.get(item_id)) is not None}
        places = {item_id: place for place, item_id in enumerate(known)}
        changed_rows = np.array(list(known.values()), dtype=np.int64)
        numeric = [column for column in self.table.columns if column.kind in NUMERIC]
        names = [column for column in self.table.columns if column.kind == "name"]
        kinds = {column.key: column.kind for column in (*names, *numeric)}
        values = attribute_values(frames, places)
        relations = {column.relation for column in configured.values()}
        columns = [
            *title_columns(frames, places),
            *attribute_columns(values, kinds),
            *stated_columns(values, configured, kinds),
            *self._facts_that_stay(changed_rows, relations),
        ]
        changed = FieldTable.of(columns, len(known))
        return replace(self, revision=number, changed_rows=changed_rows, changed=changed)

    @cached_property
    def check(self) -> FilterCheck:
        """Checks filters against the names that there are now."""
        names = {*self.table.names, *self.changed.names}
        columns: dict[tuple[str, bool], Columns] = {
            name: [*self.table.of_name(*name), *self.changed.of_name(*name)] for name in names
        }
        return FilterCheck(columns)

    def read(self, text: str) -> Filter:
        """The tree of a filter, with names as the catalogue has them.

        Raises:
            FilterError: it is no filter, or does not fit the catalogue.
        """
        return self.check.checked(parse(text), text)

    def matching(self, tree: Filter, n_rows: int) -> Bools:
        """bool[n_rows], the items that meet a filter of :meth:`read`.

        Args:
            tree: the filter.
            n_rows: of the model, which may have further rows behind the items: none of them does.
        """
        mask = np.zeros(n_rows, dtype=np.bool_)
        mask[: self.table.n_items] = matching(tree, self.table)
        if len(self.changed_rows):
            mask[self.changed_rows] = matching(tree, self.changed)
        return mask

    def summaries(self) -> list[FieldSummary]:
        """What filters may name, in the order of names."""
        summaries = []
        for (name, inverse), columns in sorted(self.check.columns.items()):
            mask = self.matching(Presence(FieldName(name, inverse)), self.n_rows)
            summaries.append(
                FieldSummary(
                    name=name,
                    inverse=inverse,
                    kinds=sorted({column.kind for column in columns}),
                    sources=sorted({"facts" if c.key.is_fact else "items" for c in columns}),
                    items=int(mask.sum()),
                    unread=sum(column.unread for column in columns),
                    example=next((c.example for c in columns if c.unread), ""),
                )
            )
        return summaries

    @property
    def n_rows(self) -> int:
        """Number of rows that items have."""
        return max(self.table.n_items, int(self.changed_rows.max(initial=-1)) + 1)

    def values_of(self, name: str, items: NDArray[np.int64]) -> list[tuple[Hashable, ...]]:
        """The values that each of some items (int64[k]) has of an attribute or relation.

        Names are folded; of a relation they are the ids of entities. Where an attribute and a
        relation have one name, they are the attribute's.
        """
        place_of = {row: place for place, row in enumerate(self.changed_rows.tolist())}
        return [
            self.changed.values_of(name, place_of[row])
            if row in place_of
            else self.table.values_of(name, row)
            for row in items.tolist()
        ]

    def texts_of(self, field: FieldName, item: int) -> list[tuple[ColumnKind, str]]:
        """Each value that an item has of a name, with its kind: names folded, dates as ISO 8601."""
        places = np.flatnonzero(self.changed_rows == item)
        table, row = (self.changed, int(places[0])) if len(places) else (self.table, item)
        texts = [
            (column.kind, text)
            for column in table.of_name(field.name, field.inverse)
            for text in column.texts_of(row)
        ]
        return list(dict.fromkeys(texts))

    def _facts_that_stay(
        self, rows: NDArray[np.int64], stated: Collection[str]
    ) -> Iterator[Column]:
        """The facts of changed items but those of relations that the columns of items state."""
        place_of = np.full(self.table.n_items, -1, dtype=np.int32)
        inside = np.flatnonzero(rows < self.table.n_items)
        place_of[rows[inside]] = inside
        for column in self.table.columns:
            if not column.key.is_fact or (column.key.name in stated and not column.key.inverse):
                continue
            entries = np.flatnonzero(place_of[column.rows] >= 0)
            places = place_of[column.rows[entries]]
            if isinstance(column, NumberColumn):
                yield Column(column.key, column.kind, places, column.numbers[entries], ())
            else:
                texts = column.texts_at(entries)
                yield Column(column.key, column.kind, places, np.zeros(0), texts)
