"""After an import: do item ids meet the catalogue, and can the encoder read the texts?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sqlalchemy import Connection, func, select

from tastegraph.core.findings import Finding
from tastegraph.core.import_report import ImportReport
from tastegraph.store.schema import items

if TYPE_CHECKING:
    import polars as pl


ENGLISH_ENCODERS = ("all-MiniLM-L6-v2",)
"""Encoders that were trained on English texts alone."""
MAX_TEXTS = 10_000
"""Texts whose script is looked at."""
MIN_SHARE = 0.05
"""Share of texts in another script from which on it is reported."""
_SCRIPTS = {
    "Chinese characters": r"\p{Han}",
    "Japanese kana": r"[\p{Hiragana}\p{Katakana}]",
    "Korean letters": r"\p{Hangul}",
    "Cyrillic letters": r"\p{Cyrillic}",
    "Arabic letters": r"\p{Arabic}",
    "Hebrew letters": r"\p{Hebrew}",
    "Greek letters": r"\p{Greek}",
    "Thai letters": r"\p{Thai}",
    "Devanagari letters": r"\p{Devanagari}",
}
"""A script in words → a pattern of its characters."""


def check_scripts(connection: Connection, encoder: str, report: ImportReport) -> None:
    """Report texts of items in a script that the language model was not trained on.

    A text is of the script that most of its letters are of. Languages that share the Latin script
    are not told apart.

    Args:
        connection: to the store, after the import.
        encoder: ``[text] encoder``.
        report: gets the findings.
    """
    if encoder not in ENGLISH_ENCODERS:
        return
    import polars as pl

    rows = connection.execute(
        select(items.c.item_id, items.c.title + " " + func.substr(items.c.text, 1, 500)).limit(
            MAX_TEXTS
        )
    )
    texts = pl.DataFrame(rows.all(), schema={"item": pl.String, "text": pl.String}, orient="row")
    letters = pl.col("text").str.count_matches(r"\p{L}")
    for script, pattern in _SCRIPTS.items():
        of_script = texts.filter(pl.col("text").str.count_matches(pattern) * 2 > letters)
        if len(of_script) > MIN_SHARE * len(texts):
            report.add(
                Finding(
                    "items", "text",
                    f"of {len(texts):,} texts are mostly {script}, and {encoder} reads English",
                    len(of_script),
                    repr(of_script["text"][0].strip()[:60]),
                    '[text] encoder = "multilingual-e5-small" reads a hundred languages',
                )
            )  # fmt: skip


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
