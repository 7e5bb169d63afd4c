"""Columns of any type as text: single texts, or lists of them."""

from __future__ import annotations

from typing import Any, Final

import polars as pl

from tastegraph.core.messages import Message
from tastegraph.data.cells.columns import TypedColumn, WrongCells
from tastegraph.data.cells.typed_row import MAX_EXACT_FLOAT

_NUL: Final = "\0"


def as_text(cells: pl.Series) -> TypedColumn:
    """Cells as String, or List(String) where they are lists of plain values.

    Whole numbers are written without decimals, whatever their type: libraries make floats of
    numbers with a gap. Truth values are ``true`` and ``false``, times are ISO 8601. Objects, and
    lists of objects or of lists, are JSON. NaN is null.
    """
    dtype = cells.dtype
    if isinstance(dtype, pl.Array):
        cells = cells.arr.to_list()
        dtype = cells.dtype
    inner = dtype.inner if isinstance(dtype, pl.List) else None
    if inner is not None and not inner.is_nested():
        texts = cells.list.eval(_text(pl.element(), inner))
    elif dtype.is_nested():
        texts = _json(cells)
    elif dtype == pl.Object:
        texts = pl.Series(cells.name, [None] * len(cells), dtype=pl.String)
    else:
        texts = cells.to_frame("c").select(_text(pl.col("c"), dtype)).to_series().alias(cells.name)
    return _checked(texts, cells)


def one_text(cells: pl.Series) -> pl.Series:
    """String: the texts of :func:`as_text`, a list as its texts with a blank between them."""
    return cells.list.join(" ", ignore_nulls=True) if cells.dtype == pl.List else cells


def _text(cell: pl.Expr, dtype: Any) -> pl.Expr:
    if dtype.is_float():
        value = cell.fill_nan(None)
        whole = (value.round() == value) & (value.abs() < MAX_EXACT_FLOAT)
        number = pl.when(whole).then(value).cast(pl.Int64).cast(pl.String)
        return pl.coalesce(number, value.cast(pl.String))
    if dtype == pl.Datetime:
        return cell.dt.to_string("iso:strict").str.replace(r"\.0+([+-].*|Z)?$", "${1}")
    if dtype in (pl.Binary, pl.Duration):
        return pl.when(cell.is_null()).then(pl.lit(None, dtype=pl.String))
    return cell.cast(pl.String)


def _json(cells: pl.Series) -> pl.Series:
    """JSON of each cell."""
    name = cells.name
    encoded = cells.to_frame("c").select(pl.struct("c").struct.json_encode()).to_series()
    length = encoded.str.len_chars()
    texts = pl.DataFrame({"t": encoded, "n": length}).select(
        pl.col("t").str.slice(len('{"c":'), pl.col("n") - len('{"c":}'))
    )
    return texts.to_series().set(cells.is_null(), None).alias(name)


def _checked(texts: pl.Series, cells: pl.Series) -> TypedColumn:
    """``texts`` without those that no text may be, which are reported as wrong."""
    unread = texts.is_null() & cells.is_not_null()
    if cells.dtype.is_float():
        unread &= cells.is_not_nan()
    wrong = [WrongCells(unread, Message("expected.text"))] if unread.any() else []
    if texts.dtype == pl.List:
        has_nul = texts.list.join("", ignore_nulls=True).str.contains(_NUL, literal=True)
    else:
        has_nul = texts.str.contains(_NUL, literal=True)
    if has_nul.any():
        has_nul = has_nul.fill_null(False)
        texts = texts.set(has_nul, None) if texts.dtype == pl.String else texts
        wrong.append(WrongCells(has_nul, Message("expected.text_printable")))
    return TypedColumn(texts, tuple(wrong))
