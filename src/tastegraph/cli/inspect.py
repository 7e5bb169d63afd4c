"""The command that looks at files before they are imported."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from tastegraph.cli import reading
from tastegraph.cli.terminal import AsJson, print_line


def inspect(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="any files, together")],
    format_name: reading.Format = None,
    columns_mapping: reading.Map = None,
    types: reading.Type = None,
    encoding: reading.Encoding = None,
    separator: reading.Separator = None,
    quote: reading.Quote = None,
    header: reading.Header = None,
    columns: reading.Columns = None,
    sheet: reading.Sheet = None,
    as_json: AsJson = False,
) -> None:
    """Look at files before they are imported: how they are written, what they hold, what is wrong.

    Nothing is stored. What columns mean is a guess by their names; the command at the end imports
    the files as they were read here.
    """
    from tastegraph.data.inspection import inspect_files as inspection

    options = reading.reading_options(
        format_name, columns_mapping, types, encoding, separator, quote, header, columns, sheet
    )
    result = inspection.inspect_files(files, options)
    if as_json:
        print_line(json.dumps(inspection.as_json(result), ensure_ascii=False, indent=2))
        return
    for line in inspection.in_words(result):
        print_line(line)
