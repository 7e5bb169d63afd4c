"""The lists of a batch as rows of a part, and the parts as one file: Parquet, CSV or JSON Lines."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import polars as pl

from tastegraph.serving.lists.batch import BatchList, SkippedUser

ROWS_OF_GROUP = 100_000
"""Rows of one row group of a Parquet file."""
METADATA_KEY = "tastegraph"
"""Under this key, a Parquet file says in JSON what its lists were made from."""
REASONS_SEPARATOR = " | "
"""Between the reasons of an item in a CSV file."""
FORMULA: Final = r"^[=+\-@\t\r]"
"""How a cell begins that a spreadsheet carries out."""
_SCHEMA: Final[Mapping[str, Any]] = {
    "user_id": pl.String, "rank": pl.Int32, "item_id": pl.String, "title": pl.String,
    "score": pl.Float32, "personal": pl.Boolean, "propensity": pl.Float32,
    "reasons": pl.List(pl.String), "skipped": pl.String,
}  # fmt: skip
_COLUMNS = [name for name in _SCHEMA if name != "skipped"]


def part_frame(answers: Iterable[BatchList | SkippedUser]) -> pl.DataFrame:
    """One row for each place of each list, and one for each user without a list."""
    columns: dict[str, list[Any]] = {name: [] for name in _SCHEMA}
    for answer in answers:
        rows: list[tuple[Any, ...]]
        if isinstance(answer, BatchList):
            rows = [
                (
                    answer.user_id, item.rank, item.item_id, item.title, item.score,
                    answer.personal, item.propensity, [r.text for r in item.reasons], None,
                )
                for item in answer.items
            ]  # fmt: skip
        else:
            rows = [(answer.user_id, *[None] * 7, answer.skipped)]
        for row in rows:
            for values, value in zip(columns.values(), row, strict=True):
                values.append(value)
    return pl.DataFrame(columns, schema=_SCHEMA)


def _write_parquet(parts: Sequence[Path], file: Path, metadata: Mapping[str, Any]) -> None:
    _listed(parts).sink_parquet(
        file,
        row_group_size=ROWS_OF_GROUP,
        metadata={METADATA_KEY: json.dumps(metadata, ensure_ascii=False)},
        engine="streaming",
    )


def _write_csv(parts: Sequence[Path], file: Path, metadata: Mapping[str, Any]) -> None:
    """As CSV, of which a spreadsheet reads no cell as a formula: a quote stands before those."""
    rows = _listed(parts).with_columns(pl.col("reasons").list.join(REASONS_SEPARATOR))
    texts = [pl.col(name) for name in ("user_id", "item_id", "title", "reasons")]
    is_formula = [text.str.contains(FORMULA) for text in texts]
    quoted = [
        pl.when(formula).then(pl.lit("'") + text).otherwise(text).name.keep()
        for text, formula in zip(texts, is_formula, strict=True)
    ]
    rows.with_columns(quoted).sink_csv(file, engine="streaming")
    _write_beside(file, metadata)


def _write_lines(parts: Sequence[Path], file: Path, metadata: Mapping[str, Any]) -> None:
    with file.open("w", encoding="utf-8") as lines:
        for part in parts:
            frame = pl.read_parquet(part).filter(pl.col("skipped").is_null())
            for (user_id, personal), rows in frame.group_by(
                ["user_id", "personal"], maintain_order=True
            ):
                items = rows.select("rank", "item_id", "title", "score", "propensity", "reasons")
                answer = {"user_id": user_id, "personal": personal, "items": items.to_dicts()}
                lines.write(json.dumps(answer, ensure_ascii=False) + "\n")
    _write_beside(file, metadata)


def _listed(parts: Sequence[Path]) -> pl.LazyFrame:
    """The rows of all parts that have an item, in the order of the parts."""
    return pl.scan_parquet(list(parts)).filter(pl.col("skipped").is_null()).select(_COLUMNS)


def _write_beside(file: Path, metadata: Mapping[str, Any]) -> None:
    text = json.dumps(metadata, ensure_ascii=False, indent=1)
    metadata_file(file).write_text(text, encoding="utf-8")


def metadata_file(file: Path) -> Path:
    """Beside a file that has no place for it: what its lists were made from."""
    return file.with_name(f"{file.name}.meta.json")


FORMATS: Final[Mapping[str, Callable[[Sequence[Path], Path, Mapping[str, Any]], None]]] = {
    ".parquet": _write_parquet,
    ".csv": _write_csv,
    ".jsonl": _write_lines,
    ".ndjson": _write_lines,
}
"""Ending of a file's name → what writes it."""
