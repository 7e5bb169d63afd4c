"""After an import: do item ids meet the catalogue, and can the encoder read the texts?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from sqlalchemy import Connection, func, select, union

from tastegraph.core.findings import UNKNOWN_ENTITIES, Finding
from tastegraph.core.import_report import ImportReport
from tastegraph.core.records import ENTITY, ITEM
from tastegraph.store.schema import facts, items

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


def _entities(connection: Connection, item_ids: pl.Series) -> pl.Series:
    """Ids that stored facts have at either end, and ids of items, as events may name both."""
    import polars as pl

    ends = union(select(facts.c.subject), select(facts.c.object).where(~facts.c.literal))
    ids = pl.Series(list(connection.scalars(ends)), dtype=pl.String)
    return pl.concat([ids, item_ids, ITEM + item_ids])


def _report_unknown(
    mentioned: pl.Series, entities: pl.Series, name: str, report: ImportReport
) -> None:
    from tastegraph.data.id_checks import unmatched_ids

    mismatch = unmatched_ids(mentioned, entities)
    if mismatch is not None:
        report.add(
            Finding(
                name, "entity",
                f"{mismatch.unknown:,} of {mismatch.ids:,} entities are in no fact",
                mismatch.rows,
                ", ".join(map(repr, mismatch.examples)),
                mismatch.cause or UNKNOWN_ENTITIES,
            )
        )  # fmt: skip


def check_event_items(
    connection: Connection, tables: Mapping[str, pl.DataFrame], report: ImportReport
) -> None:
    """Report items of events that the catalogue lacks, and entities that no fact names.

    With the likely cause. Without any item in the catalogue there is nothing to compare items with.

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
    entities: pl.Series | None = None
    for name, table in tables.items():
        objects = table["item_id"].cast(pl.String)
        on_entity = objects.str.starts_with(ENTITY)
        if on_entity.any():
            entities = _entities(connection, known) if entities is None else entities
            mentioned = objects.filter(on_entity).str.strip_prefix(ENTITY)
            _report_unknown(mentioned, entities, name, report)
        mismatch = unmatched_ids(objects.filter(~on_entity), known) if len(known) else None
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
