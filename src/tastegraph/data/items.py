"""Items: rows of what can be recommended, and the facts that their columns state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from tastegraph.core.config import Column
from tastegraph.core.records import ITEM, LABEL, Fact, Item
from tastegraph.data.cells import Cells
from tastegraph.data.rejects import Rejects
from tastegraph.data.tables import Row, kind_of, read_rows

_OWN = ("item_id", "title", "text")


def read_items(
    path: Path, rejects: Rejects, columns: Mapping[str, Column] | None = None
) -> Iterator[Item]:
    """Yield the items of a table with the columns ``item_id`` and ``title``.

    ``text`` is optional; every further column becomes an attribute. Lists stay lists; a cell of
    CSV or TSV is one value, unless ``columns`` names its column: then it is cut at the separator
    given there.

    Args:
        columns: those that state facts; a file with a header must have them all.

    Raises:
        NotFoundError: the file cannot be opened.
        TastegraphError: its format is unknown.
        RowError: its header is at fault (always), or a row is and ``rejects`` raises.
    """
    file, kind = str(path), kind_of(path)
    facts = columns or {}
    separators: dict[str, str] = {}
    if kind in ("csv", "tsv"):
        separators = {name: column.separator for name, column in facts.items()}
    required = {"item_id": None, "title": None} | ({} if kind == "jsonl" else dict.fromkeys(facts))

    def build(row: Row) -> Item:
        for name, separator in separators.items():
            cell = row.values[name]
            if separator and name not in _OWN and isinstance(cell, str):
                row.values[name] = cell.split(separator)
        return item_from(row.values, file, row.line)

    return rejects.keep(read_rows(path, rejects, tuple(required)), build)


def item_from(values: Mapping[str, object], file: str, line: int) -> Item:
    """Check one row and return its item.

    Raises:
        RowError: a cell is missing or cannot be accepted; ``file`` and ``line`` are its place.
    """
    cells = Cells(values, file, line)
    attributes = {name: cells.texts(name) for name in values if name not in _OWN}
    return Item(
        item_id=cells.id("item_id"),
        title=cells.text("title"),
        text=cells.optional_text("text"),
        attributes={name: found for name, found in attributes.items() if found},
    )


def item_facts(item: Item, columns: Mapping[str, Column]) -> Iterator[Fact]:
    """Yield what the named columns of an item state: one fact for each value that is not blank.

    An entity that a column names is labelled by that name.
    """
    own = {"title": (item.title,), "text": (item.text,)}
    for name, column in columns.items():
        for value in own.get(name) or item.attributes.get(name, ()):
            if stripped := value.strip():
                if column.literal:
                    yield Fact(ITEM + item.item_id, column.relation, stripped, literal=True)
                    continue
                entity = f"{column.entity or column.relation}:{stripped}"
                yield Fact(ITEM + item.item_id, column.relation, entity)
                yield Fact(entity, LABEL, stripped, literal=True)
