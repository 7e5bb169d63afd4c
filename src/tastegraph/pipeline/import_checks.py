"""After an import: do the ids of events, links and facts meet those of the catalogue?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from tastegraph.core.findings import Finding
from tastegraph.core.import_report import ImportReport
from tastegraph.store.schema import items

if TYPE_CHECKING:
    import polars as pl


def check_event_items(
    connection: Connection, tables: Mapping[str, pl.DataFrame], report: ImportReport
) -> None:
    """Report the items of events that the catalogue does not have, with the likely cause.

    Without any item in the catalogue there is nothing to compare with.

    Args:
        connection: to the store, after the import.
        tables: name of a file or frame → its events.
        report: gets the findings.
    """
    if not any(len(table) for table in tables.values()):
        return
    import polars as pl

    from tastegraph.data.id_checks import unmatched_ids

    known = pl.Series(list(connection.scalars(select(items.c.item_id))), dtype=pl.String)
    if not len(known):
        return
    for name, table in tables.items():
        mismatch = unmatched_ids(table["item_id"], known)
        if mismatch is not None:
            report.add(
                Finding(
                    name, "item_id",
                    f"{mismatch.unknown:,} of {mismatch.ids:,} ids are not in the catalogue",
                    mismatch.rows,
                    ", ".join(map(repr, mismatch.examples)),
                    mismatch.cause or "these items get no text and no facts: import them too, or "
                    "keep them out of lists by --items with --replace-catalogue",
                )
            )  # fmt: skip
