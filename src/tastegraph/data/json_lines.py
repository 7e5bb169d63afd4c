"""JSON Lines as columns: one object on each line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

import polars as pl

from tastegraph.core.errors import RowError

_INT64 = 2**63
_EXACT = 2**53


def json_object(text: str, file: str, line: int) -> dict[str, object]:
    """The object of one line.

    Raises:
        RowError: it is no JSON, no object, names something twice or has broken Unicode.
    """
    try:
        values = json.loads(text, object_pairs_hook=_unique)
        if "\\u" in text:
            json.dumps(values, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise RowError(file, line, None, text, "text without broken Unicode") from None
    except (ValueError, RecursionError) as error:
        expected = f"a JSON object ({str(error) or 'nested too deeply'})"
        raise RowError(file, line, None, text, expected) from None
    if not isinstance(values, dict):
        raise RowError(file, line, None, text, "a JSON object")
    return values


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    values = dict(pairs)
    if len(values) != len(pairs):
        raise ValueError("a name occurs twice")
    return values


def frame_of_objects(rows: list[dict[str, object]]) -> pl.DataFrame:
    """Columns of JSON objects: null where an object has none of that name.

    A column has a native type where all its values are of one: Boolean, Int64, Float64, String,
    or a list of text. Any other column is text: numbers as they are printed, objects as JSON.
    """
    names = dict.fromkeys(name for row in rows for name in row)
    return pl.DataFrame([_column(name, [row.get(name) for row in rows]) for name in names])


def _column(name: str, values: list[object]) -> pl.Series:
    types = {type(value) for value in values} - {type(None)}
    if not types:
        return pl.Series(name, values, dtype=pl.Null)
    if types == {bool}:
        return pl.Series(name, values, dtype=pl.Boolean)
    if types == {int} and _fit(values, _INT64):
        return pl.Series(name, values, dtype=pl.Int64)
    if types <= {int, float} and _fit(values, _EXACT):
        return pl.Series(name, values, dtype=pl.Float64, strict=False)
    if types == {list} and not any(isinstance(cell, dict | list) for cell in _cells(values)):
        lists = [value and [_text(cell) for cell in value] for value in _lists(values)]
        return pl.Series(name, lists, dtype=pl.List(pl.String))
    return pl.Series(name, [_text(value) for value in values], dtype=pl.String)


def _fit(values: Iterable[object], limit: int) -> bool:
    return all(-limit < value < limit for value in values if isinstance(value, int))


def _lists(values: Iterable[object]) -> Iterator[list[object] | None]:
    for value in values:
        yield value if isinstance(value, list) else None


def _cells(values: Iterable[object]) -> Iterator[object]:
    for value in values:
        yield from value if isinstance(value, list) else ()


def _text(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, dict | list | bool):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
