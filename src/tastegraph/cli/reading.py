"""Options of the commands that read files: how these are written, and what their columns are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from tastegraph.data.mapping.readings import ReadingOptions

Format = Annotated[
    str | None,
    typer.Option(
        "--format",
        help="movielens, recbole, gorse, shopify, ga4, mind, lastfm or amazon-reviews: how these "
        "files are written",
    ),
]
Map = Annotated[
    list[str] | None,
    typer.Option("--map", metavar="OURS=THEIRS", help="a column: --map item_id=product_id"),
]
Type = Annotated[
    list[str] | None,
    typer.Option("--type", metavar="OURS=THEIRS", help="an event type: --type view=view_item"),
]
Encoding = Annotated[
    str | None, typer.Option(help="of text files: gbk, cp1252, …; by default UTF-8")
]
Separator = Annotated[
    str | None, typer.Option(help="between cells: ';', tab, '::', …; by default what lines show")
]
Quote = Annotated[str | None, typer.Option(help="around cells: one character, or none")]
Header = Annotated[
    bool | None,
    typer.Option("--header/--no-header", help="whether the first row names the columns"),
]
Columns = Annotated[
    str | None,
    typer.Option(metavar="NAME,…", help="names of the columns of files without a header"),
]
Sheet = Annotated[str | None, typer.Option(help="the sheet of a workbook")]


def reading_options(
    format_name: str | None,
    columns_mapping: list[str] | None,
    types: list[str] | None,
    encoding: str | None,
    separator: str | None,
    quote: str | None,
    header: bool | None,
    columns: str | None,
    sheet: str | None,
) -> ReadingOptions:
    """What the options say of the files.

    Raises:
        TastegraphError: a value cannot be used.
    """
    from tastegraph.data.mapping.names import parse_mapping
    from tastegraph.data.mapping.readings import ReadingOptions, parse_types, table_options

    names = columns.split(",") if columns is not None else None
    return ReadingOptions(
        table_options(encoding, separator, quote, header, names, sheet),
        parse_mapping(columns_mapping or []),
        parse_types(types or []),
        format_name,
    )
