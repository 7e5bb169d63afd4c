"""Facts on their way into the database: their ids, each statement once, in the order of ids.

Ids are hashes: written in the order of arrival, every fact would change another page of the
database. What does not fit into memory is sorted on disk, and read back one range of ids after
another.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from hashlib import blake2b
from itertools import chain, islice, pairwise
from pathlib import Path

import numpy as np
import polars as pl
from sqlalchemy import Connection

from tastegraph.core.fact_columns import SPAN_SCHEMA

ROWS_IN_MEMORY = 500_000
BYTES_IN_MEMORY = 256 * 1024 * 1024
"""More facts than either are sorted on disk."""
ROWS_PER_GROUP = 25_000
"""Rows of a file on disk that are read together: a range of ids is read without the others."""
ROWS_PER_STATEMENT = 100
"""Rows that one SQL statement inserts: for Python's driver a statement is more work than a row."""
STATEMENTS_PER_CALL = 500

_HASHED = ("subject", "relation", "object", "datatype", "language")
_KIND = ("relation", "literal", "datatype", "language")
_ORDER = ("fact_id", "document", "start", "confidence", "extractor", "end")
_PLACE = ("fact_id", "document", "start")


def fact_ids(facts: pl.DataFrame) -> pl.Series:
    """Int64, the ids of a frame of facts, as :func:`~tastegraph.store.statements.fact_id` gives."""
    fields = [
        part
        for name in _HASHED
        for part in (pl.col(name).str.len_chars().cast(pl.String), pl.lit(":"), pl.col(name))
    ]
    literal = pl.col("literal").cast(pl.UInt8).cast(pl.String)
    texts = facts.select(pl.concat_str(*fields, pl.lit("1:"), literal).cast(pl.Binary)).to_series()
    hashed = partial(blake2b, digest_size=8)
    digests = b"".join([hashed(text).digest() for text in texts.to_list()])
    return pl.Series("fact_id", (np.frombuffer(digests, ">u8") >> 1).astype(np.int64))


class FactSorter:
    """Takes frames of facts and gives them back sorted by id, each piece of evidence once.

    Args:
        folder: an empty folder for what does not fit into memory.

    Attributes:
        n_rows: number of facts that were added.
    """

    def __init__(self, folder: Path) -> None:
        self.n_rows = 0
        self._folder = folder
        self._frames: list[pl.DataFrame] = []
        self._n_files = 0

    def add(self, facts: pl.DataFrame) -> None:
        """Add facts, with or without the columns of spans."""
        self.n_rows += len(facts)
        self._frames.append(facts.with_columns(fact_ids(facts)))
        n_rows = sum(len(frame) for frame in self._frames)
        n_bytes = sum(frame.estimated_size() for frame in self._frames)
        if n_rows >= ROWS_IN_MEMORY or n_bytes >= BYTES_IN_MEMORY:
            _sorted(self._frames).write_parquet(
                self._file(self._n_files), compression="lz4", row_group_size=ROWS_PER_GROUP
            )
            self._frames, self._n_files = [], self._n_files + 1

    def batches(self) -> Iterator[pl.DataFrame]:
        """Yield the facts, in frames that follow one another by id; no id is in two frames.

        Of evidence from one place the most confident is given. The last row of an id has the
        highest place.
        """
        n_ranges = self._n_files + bool(self._frames)
        bounds = [2**63 * k // n_ranges for k in range(n_ranges + 1)]
        for low, high in pairwise(bounds):
            in_range = pl.col("fact_id").is_between(low, high - 1)
            frames = [frame.filter(in_range) for frame in self._frames]
            for number in range(self._n_files):
                frames.append(pl.scan_parquet(self._file(number)).filter(in_range).collect())
            if any(map(len, frames)):
                yield _sorted(frames)

    def _file(self, number: int) -> Path:
        return self._folder / f"{number}.parquet"


def _sorted(frames: Sequence[pl.DataFrame]) -> pl.DataFrame:
    facts = pl.concat(frames, how="diagonal")
    if "extractor" in facts.columns:
        facts = facts.with_columns(
            pl.col("document", "extractor").fill_null(""), pl.col("start", "end").fill_null(0)
        )
    # To sort by the id alone is several times faster; most often all else is the same.
    columns = [name for name in _ORDER[1:] if name in facts.columns]
    varying = [name for name in columns if facts[name].min() != facts[name].max()]
    facts = facts.sort("fact_id", *varying, maintain_order=True)
    place = [pl.col(name) for name in _PLACE if name in facts.columns]
    last = pl.any_horizontal(column != column.shift(-1) for column in place)
    return facts.filter(last.fill_null(True))


def write_facts(connection: Connection, facts: pl.DataFrame, source: str) -> tuple[int, int]:
    """Write a frame of :meth:`FactSorter.batches` into the tables of facts and evidence.

    Returns:
        Number of statements in it, and how many of these the database did not hold before.
    """
    first = pl.col("fact_id") != pl.col("fact_id").shift(1)
    statements = facts.filter(first.fill_null(True))
    kinds = statements.select(_KIND).unique(maintain_order=True).with_row_index("kind")
    rows = statements.join(kinds, on=_KIND, how="left", maintain_order="left")
    columns = ", ".join(_KIND)
    run = connection.exec_driver_sql
    run(f"CREATE TEMP TABLE IF NOT EXISTS kinds (kind INTEGER PRIMARY KEY, {columns})")
    run("DELETE FROM kinds")
    run("INSERT INTO kinds VALUES (?, ?, ?, ?, ?)", kinds.rows())
    n_new = _insert(
        connection,
        f"INSERT OR IGNORE INTO facts (fact_id, subject, object, {columns})"
        f" SELECT column1, column2, column3, {columns}"
        " FROM ({rows}) CROSS JOIN kinds ON kind = column4",
        rows.select("fact_id", "subject", "object", "kind"),
    )
    in_texts = "extractor" in facts.columns
    span = "column3, column4, column5, column6" if in_texts else "'', 0, 0, ''"
    _insert(
        connection,
        "INSERT OR REPLACE INTO evidence"
        ' (fact_id, source, confidence, document, start, "end", extractor)'
        f" SELECT column1, ?1, column2, {span} FROM ({{rows}})",
        facts.select("fact_id", "confidence", *(SPAN_SCHEMA if in_texts else ())),
        source,
    )
    return len(statements), n_new


def _insert(connection: Connection, statement: str, rows: pl.DataFrame, *constants: object) -> int:
    """Insert rows by a statement in which ``{rows}`` stands for their values.

    Args:
        connection: of a writer.
        statement: of which ``?1``, ``?2`` … are ``constants``.
        rows: one column for each value of a row, without nulls.
        constants: the same for all rows.

    Returns:
        Number of rows that were inserted.
    """
    values = chain.from_iterable(zip(*(column.to_list() for column in rows), strict=True))
    n_inserted, n_left = 0, len(rows)
    while n_left:
        size = min(ROWS_PER_STATEMENT, n_left)
        n_statements = min(n_left // size, STATEMENTS_PER_CALL)
        parameters = [(*constants, *islice(values, size * rows.width)) for _ in range(n_statements)]
        placeholders = iter(range(len(constants) + 1, len(parameters[0]) + 1))
        groups = (
            ", ".join(f"?{next(placeholders)}" for _ in range(rows.width)) for _ in range(size)
        )
        sql = statement.format(rows="VALUES " + ", ".join(f"({group})" for group in groups))
        n_inserted += connection.exec_driver_sql(sql, parameters).rowcount
        n_left -= size * n_statements
    return n_inserted
