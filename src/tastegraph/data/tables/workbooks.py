"""Sheets of Excel workbooks (.xlsx) as columns; needs the extra ``xlsx``."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from tastegraph.core.errors import NotFoundError, TastegraphError

if TYPE_CHECKING:
    from tastegraph.data.tables.dialects import TableOptions

_UNNAMED = "__UNNAMED__"
MAX_UNPACKED_BYTES = 2 * 1024**3
"""Size of all that a workbook contains: it is read into memory as a whole."""


def read_sheet(path: Path, options: TableOptions) -> pl.DataFrame:
    """Read one sheet: the one that is named, or the only one that is not empty.

    Raises:
        NotFoundError: there is no such file or sheet.
        TastegraphError: it is no workbook, too large, or has several sheets; or the package that
            reads it is missing.
    """
    try:
        from fastexcel import FastExcelError, read_excel
    except ImportError:
        raise TastegraphError(
            f"{path}: a workbook needs a package: pip install 'tastegraph[xlsx]', or save the "
            "sheet as CSV"
        ) from None
    _check_size(path)
    try:
        book = read_excel(path)
        sheets = {
            name: book.load_sheet(
                name,
                header_row=None if options.header is False or options.columns else 0,
                skip_rows=1 if options.columns and options.header else None,
                column_names=list(options.columns) if options.columns else None,
            ).to_polars()
            for name in book.sheet_names
            if options.sheet in (None, name)
        }
    except (FastExcelError, ValueError) as error:
        raise TastegraphError(f"{path} cannot be read as a workbook: {error}") from None
    if options.sheet is not None and options.sheet not in sheets:
        raise NotFoundError(
            f"{path} has no sheet {options.sheet!r}; there are {', '.join(book.sheet_names)}"
        )
    filled = [name for name, frame in sheets.items() if frame.width]
    if len(filled) > 1:
        raise TastegraphError(
            f"{path} has several sheets: name one, --sheet NAME; there are {', '.join(filled)}"
        )
    if not filled:
        raise TastegraphError(f"{path}: there is nothing in its sheets")
    return _with_whole_numbers(_named(sheets[filled[0]]))


def _named(frame: pl.DataFrame) -> pl.DataFrame:
    """Without columns that have neither a name nor a cell; others without a name have ""."""
    unnamed = [name for name in frame.columns if name.startswith(_UNNAMED)]
    frame = frame.drop(name for name in unnamed if frame[name].null_count() == len(frame))
    return frame.rename(lambda name: "" if name.startswith(_UNNAMED) else name)


def _with_whole_numbers(frame: pl.DataFrame) -> pl.DataFrame:
    """A workbook has no whole numbers: columns that hold no others become whole."""
    whole = [
        name
        for name, dtype in frame.schema.items()
        if dtype.is_float()
        and bool((frame[name].floor() == frame[name]).all())
        and bool((frame[name].abs() < 2**53).all())
    ]
    return frame.cast(dict.fromkeys(whole, pl.Int64))


def _check_size(path: Path) -> None:
    try:
        with zipfile.ZipFile(path) as members:
            size = sum(entry.file_size for entry in members.infolist())
    except OSError as error:
        raise NotFoundError(f"{path} cannot be read: {error.strerror or error}") from None
    except zipfile.BadZipFile as error:
        raise TastegraphError(f"{path} cannot be read as a workbook: {error}") from None
    if size > MAX_UNPACKED_BYTES:
        raise TastegraphError(
            f"{path}: unpacked it has {size:,} bytes, and at most {MAX_UNPACKED_BYTES:,} are read: "
            "save its sheets as CSV"
        )
