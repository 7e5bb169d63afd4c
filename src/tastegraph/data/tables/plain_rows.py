"""Blocks of delimited text whose every line is one row of the right width, split at once by polars.

Whatever is unusual is left to ``csv``, row by row; both give the same.
"""

from __future__ import annotations

import re

import polars as pl

UNIT_SEPARATOR = b"\x1f"
"""Takes the place of a separator of several characters."""


def plain_rows(data: bytes, width: int, separator: str, quote: str) -> pl.DataFrame | None:
    r"""Split lines into columns of text named ``"0"``, ``"1"`` …, one row for each line.

    Args:
        data: UTF-8, every line of which ends in ``\n``.
        width: cells of a row, at least 2.
        separator: one or several characters.
        quote: one character, or ``""``.

    Returns:
        ``None`` where a line is blank, has other than ``width`` cells, or a quote that is not at
        both ends of a cell, or where bytes are NUL, lone carriage returns or no UTF-8.
    """
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n")
    if b"\r" in data or b"\0" in data:
        return None
    if len(separator) > 1:
        if UNIT_SEPARATOR in data:
            return None
        data = data.replace(separator.encode(), UNIT_SEPARATOR)
        separator = UNIT_SEPARATOR.decode()
    has_quotes = bool(quote) and quote.encode() in data
    lines = data.count(b"\n")
    try:
        data.decode()
        if has_quotes:
            if not _are_well_quoted(data, width, separator, quote):
                return None
        elif data.count(separator.encode()) != lines * (width - 1):
            return None  # polars refuses a row with too many cells, so one has too few
        frame = pl.read_csv(
            data,
            has_header=False,
            separator=separator,
            quote_char=quote if has_quotes else None,
            schema={str(place): pl.String for place in range(width)},
        )
    except (UnicodeDecodeError, pl.exceptions.PolarsError):
        return None
    return frame.fill_null("") if len(frame) == lines else None


def _are_well_quoted(data: bytes, width: int, separator: str, quote: str) -> bool:
    """Whether every line has ``width`` cells, each in quotes or without any."""
    lines = pl.read_csv(
        data, has_header=False, separator="\0", quote_char=None, schema={"line": pl.String}
    )["line"]
    q, s = re.escape(quote), separator if separator == "\t" else re.escape(separator)
    cell = f"(?:{q}(?:[^{q}]|{q}{q})*{q}|[^{q}{s}]*)"
    pattern = f"^{cell}(?:{s}{cell}){{{width - 1}}}$"
    return bool(lines.fill_null("").str.contains(pattern).all())
