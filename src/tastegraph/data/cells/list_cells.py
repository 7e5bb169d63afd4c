"""Lists in cells of text: JSON, Python, NumPy, TMDB, or values between separators."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Callable, Sequence
from typing import Final

import polars as pl

MAX_LIST_LENGTH: Final = 1_000_000
"""Characters of a cell that is read as a list; a longer one is one text."""
MAX_LIST_DEPTH: Final = 50
"""Brackets within brackets of a cell that is read as a list."""
NAME_KEYS: Final = ("name", "title", "label")
"""Keys of an object that hold the name of what it stands for, the preferred ones first."""
SEPARATORS: Final = ("|", " > ", ";", "/", ",")
"""Separators that are proposed, the most telling ones first."""
MIN_SHARE: Final = 0.2
"""Share of cells with a separator from which it is proposed."""
_MAX_VALUE_LENGTH: Final = 30
"""Characters of a value on average, up to which cells look like lists of values."""
_MIN_REPETITION: Final = 2.0
"""Occurrences of a value on average, from which commas and slashes look like separators."""

_PLAIN: Final = r"(?:-?\d[-+\d.eE]*|None|null|[Tt]rue|[Ff]alse)\s*"
_LOOKS_LIKE_LIST: Final = (
    rf"""(?s)^\s*(?:\[\s*(?:{_PLAIN},\s*)*(?:["'\[{{(].*|{_PLAIN})?\]|[({{]\s*["'].*[)}}])\s*$"""
)
_QUOTED: Final = r"""(?:'(?:[^'\\]|\\.)*+'|"(?:[^"\\]|\\.)*+")"""
_NUMPY: Final = re.compile(rf"(?s)\s*\[\s*{_QUOTED}(?:\s+{_QUOTED})++\s*\]\s*")
_SPLIT_AT: Final = re.compile(r"(?s)" + _QUOTED)


def parse_list(cell: str) -> list[str] | None:
    """The values of a cell that is a list or an object; ``None`` where it is neither.

    ``["a", "b"]``, ``['a', 'b']`` and NumPy's ``['a' 'b']`` are lists; of objects, such as TMDB's
    ``[{"id": 16, "name": "Animation"}]``, the names count. Values that are blank are left out.
    """
    if len(cell) > MAX_LIST_LENGTH or not _shallow(cell):
        return None
    parsed = _parsed(cell)
    if isinstance(parsed, dict):
        parsed = [parsed]
    if isinstance(parsed, set):
        parsed = sorted(parsed, key=str)
    if not isinstance(parsed, list | tuple):
        return None
    values = [_value(entry) for entry in parsed if entry is not None]
    if any(value is None for value in values):
        return None
    return [value for value in values if value]


def split_lists(cells: pl.Series, separator: str = "", *, parse: bool = True) -> pl.Series:
    """List(String): the values of each cell, without blank ones; null where there are none.

    Args:
        cells: String; a cell that is no list is one value, or those between ``separator``.
        separator: may be empty.
        parse: whether lists such as JSON are read as such.
    """
    if separator:
        parts = cells.str.split(separator).list.eval(pl.element().str.strip_chars())
    else:
        parts = pl.select(pl.concat_list(pl.lit(cells))).to_series()
    if parse and (bracketed := look_like_lists(cells)).any():
        parts = _with_parsed(parts, cells, bracketed)
    parts = parts.list.eval(pl.element().filter(pl.element().str.contains(r"\S")))
    return parts.set((parts.list.len() == 0).fill_null(True), None).alias(cells.name)


def look_like_lists(cells: pl.Series) -> pl.Series:
    """Boolean: whether each text is written like a JSON or Python list, or an object."""
    return cells.str.contains(_LOOKS_LIKE_LIST).fill_null(False)


def proposed_separator(cells: pl.Series) -> str | None:
    """The separator that the cells of a column seem to have; ``None`` where they are values.

    The parts must be short; those at a comma or a slash must also repeat, as categories do.
    """
    present = cells.drop_nulls()
    if not len(present):
        return None
    for separator in SEPARATORS:
        has = present.str.contains(separator, literal=True)
        if has.mean() < MIN_SHARE:  # type: ignore[operator]
            continue
        parts = present.str.split(separator).explode().str.strip_chars()
        parts = parts.filter(parts != "")
        if not len(parts) or parts.str.len_chars().mean() > _MAX_VALUE_LENGTH:  # type: ignore[operator]
            continue
        if parts.str.contains(r"^(https?:)?$|^[\d\s.:%+-]+$").mean() > MIN_SHARE:  # type: ignore[operator]
            continue
        if separator in ",/" and len(parts) < _MIN_REPETITION * parts.n_unique():
            continue
        return separator
    return None


def _with_parsed(parts: pl.Series, cells: pl.Series, bracketed: pl.Series) -> pl.Series:
    rows = bracketed.arg_true()
    distinct = cells.gather(rows).unique()
    parsed = pl.Series([parse_list(cell) for cell in distinct], dtype=pl.List(pl.String))
    table = pl.DataFrame({"cell": distinct, "values": parsed}).drop_nulls()
    joined = pl.DataFrame({"cell": cells, "parts": parts}).join(
        table, on="cell", how="left", maintain_order="left"
    )
    return joined.select(pl.coalesce("values", "parts")).to_series()


def _shallow(cell: str) -> bool:
    """Whether brackets are nested so little that any parser can read the cell."""
    depth = 0
    for bracket in re.finditer(r"[\[\](){}]", cell):
        depth += 1 if bracket[0] in "[({" else -1
        if depth > MAX_LIST_DEPTH:
            return False
    return True


def _parsed(cell: str) -> object:
    if _NUMPY.fullmatch(cell):
        return [_literal(text) for text in _SPLIT_AT.findall(cell)]
    readers: Sequence[Callable[[str], object]] = (json.loads, _literal)
    for read in readers:
        try:
            return read(cell)
        except (ValueError, SyntaxError, RecursionError, MemoryError):
            continue
    return None


def _literal(cell: str) -> object:
    return ast.literal_eval(cell.strip())


def _value(entry: object) -> str | None:
    """One value of a list as text; ``None`` where it is nested and has no name."""
    if isinstance(entry, dict):
        entry = next((entry[key] for key in NAME_KEYS if isinstance(entry.get(key), str)), None)
    if isinstance(entry, bool):
        return "true" if entry else "false"
    if isinstance(entry, float) and entry.is_integer() and abs(entry) < 2**53:
        entry = int(entry)
    if isinstance(entry, int | float):
        return "" if entry != entry else str(entry)
    if not isinstance(entry, str) or re.search("[\0\ud800-\udfff]", entry):
        return None
    return entry if entry.strip() else ""
