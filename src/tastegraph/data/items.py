"""Items from tables, and the facts that their columns state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from tastegraph.core.config import ColumnConfig
from tastegraph.core.records import ITEM, LABEL, Fact, Item
from tastegraph.data.availability import availability_from
from tastegraph.data.rejected_rows import RejectedRows
from tastegraph.data.tables import Row, read_rows, table_format
from tastegraph.data.typed_row import TypedRow

_ITEM_FIELDS = ("item_id", "title", "text")


def read_items(
    path: Path, rejects: RejectedRows, columns: Mapping[str, ColumnConfig] | None = None
) -> Iterator[Item]:
    """Yield the items of a table with the columns ``item_id`` and ``title``.

    ``text`` is optional; every further column becomes an attribute, of which ``hidden``,
    ``available_from`` and ``available_until`` say when the item may be listed. Lists stay lists; a
    cell of a CSV or TSV file is one value, unless ``columns`` has its column: then it is split at
    the separator that is configured there.

    Args:
        path: the file.
        rejects: what is done with a bad row.
        columns: configuration of the columns that state facts; a file with a header must have
            all of them.

    Raises:
        NotFoundError: the file cannot be opened.
        TastegraphError: its format is unknown.
        RowError: its header is at fault (always), or a row is and ``rejects`` raises.
    """
    file, kind = str(path), table_format(path)
    facts = columns or {}
    separators: dict[str, str] = {}
    if kind in ("csv", "tsv"):
        separators = {name: column.separator for name, column in facts.items()}
    required = {"item_id": None, "title": None} | ({} if kind == "jsonl" else dict.fromkeys(facts))

    def build(row: Row) -> Item:
        for name, separator in separators.items():
            cell = row.values[name]
            if separator and name not in _ITEM_FIELDS and isinstance(cell, str):
                row.values[name] = cell.split(separator)
        return item_from(row.values, file, row.line)

    return rejects.convert(read_rows(path, rejects, tuple(required)), build)


def item_from(values: Mapping[str, object], file: str, line: int) -> Item:
    """Check one row and return its item.

    Raises:
        RowError: a cell is missing or cannot be accepted; ``file`` and ``line`` are its place.
    """
    row = TypedRow(values, file, line)
    attributes = {name: row.texts(name) for name in values if name not in _ITEM_FIELDS}
    availability_from(attributes, file, line)
    return Item(
        item_id=row.id("item_id"),
        title=row.text("title"),
        text=row.optional_text("text"),
        attributes={name: texts for name, texts in attributes.items() if texts},
    )


def item_facts(item: Item, columns: Mapping[str, ColumnConfig]) -> Iterator[Fact]:
    """Yield the facts that columns of an item state: one for each value that is not blank.

    The name of an entity is stated by a further fact, its label; an item of the kind ``item`` has a
    title instead.
    """
    own = {"title": (item.title,), "text": (item.text,)}
    for name, column in columns.items():
        for value in own.get(name) or item.attributes.get(name, ()):
            if stripped := value.strip():
                if column.literal:
                    yield Fact(ITEM + item.item_id, column.relation, stripped, literal=True)
                    continue
                kind = f"{column.entity or column.relation}:"
                yield Fact(ITEM + item.item_id, column.relation, kind + stripped)
                if kind != ITEM:
                    yield Fact(kind + stripped, LABEL, stripped, literal=True)
