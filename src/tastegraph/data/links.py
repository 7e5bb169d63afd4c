"""Links: which item is which entity of the knowledge graph."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from tastegraph.core.records import Link
from tastegraph.data.cells import LONGEST_ENTITY, Cells
from tastegraph.data.rejects import Rejects
from tastegraph.data.tables import Row, read_rows


def read_links(path: Path, rejects: Rejects) -> Iterator[Link]:
    """Yield the links of a table with the columns ``item_id`` and ``entity`` (or ``entity_id``).

    Raises:
        NotFoundError: the file cannot be opened.
        TastegraphError: its format is unknown.
        RowError: its header is at fault (always), or a row is and ``rejects`` raises.
    """

    def build(row: Row) -> Link:
        return link_from(row.values, str(path), row.line)

    rows = read_rows(path, rejects, ("item_id", "entity"), {"entity_id": "entity"})
    return rejects.keep(rows, build)


def link_from(values: Mapping[str, object], file: str, line: int) -> Link:
    """Check one row and return its link.

    Raises:
        RowError: a cell is missing or cannot be accepted; ``file`` and ``line`` are its place.
    """
    cells = Cells(values, file, line)
    return Link(cells.id("item_id"), cells.id("entity", LONGEST_ENTITY))
