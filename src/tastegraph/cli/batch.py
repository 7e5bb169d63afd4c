"""The command that writes lists of many users to a file."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tastegraph.cli import terminal
from tastegraph.cli.terminal import Directory, LanguageOption, print_line
from tastegraph.core.errors import TastegraphError

if TYPE_CHECKING:
    from tastegraph.serving.engine import Engine

USER_COLUMN = "user_id"


def batch(
    directory: Directory,
    out: Annotated[
        Path,
        typer.Option(
            help="a file: .parquet or .csv, a row for each item; .jsonl, a line for each user"
        ),
    ],
    users: Annotated[
        Path | None,
        typer.Option(
            help="whom: an id on each line, or a .csv or .parquet file with the column user_id; "
            "by default all users"
        ),
    ] = None,
    n: Annotated[
        int | None,
        typer.Option(
            "-n",
            "--n",
            min=1,
            max=1000,
            help="items of each list; by default what the surface says, or 10",
        ),
    ] = None,
    filter_text: Annotated[
        str | None,
        typer.Option("--filter", help="which items, as: price < 30 and not genre in ['Horror']"),
    ] = None,
    surface: Annotated[
        str | None, typer.Option(help="of the configuration, whose policy holds")
    ] = None,
    diversity: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="how much a list avoids items like those above them"),
    ] = None,
    exclude: Annotated[
        str, typer.Option(help="seen leaves out what a user has seen, none leaves out nothing")
    ] = "seen",
    explore: Annotated[
        float | None,
        typer.Option(min=0, max=1, help="share of the places that explore; as configured"),
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, max=2**32 - 1, help="of the exploration: the same, the same file")
    ] = 0,
    reasons: Annotated[int, typer.Option(min=0, max=10, help="of each item, at most")] = 0,
    workers: Annotated[int, typer.Option(min=1, max=256, help="processes")] = 1,
    restart: Annotated[
        bool, typer.Option("--restart", help="begin anew, where a run was interrupted")
    ] = False,
    lang: LanguageOption = None,
) -> None:
    """Write lists of all users, or of those of a file, to Parquet, CSV or JSON Lines.

    All lists are by one snapshot and one state of the events. Interrupted, the same command goes
    on; the file appears when it is whole.
    """
    terminal.single_threaded_numpy()
    from tastegraph.serving.lists.batch_file import BatchOptions, write_lists
    from tastegraph.serving.lists.list_maker import ListOptions
    from tastegraph.serving.policies.policy import PolicyOptions

    if exclude not in ("seen", "none"):
        raise TastegraphError(f"--exclude is seen or none, not {exclude}")
    policy = PolicyOptions(surface=surface, filter=filter_text, diversity=diversity)
    list_options = ListOptions(exclude == "seen", explore, seed, policy=policy)
    names = None if users is None else _ids(users)
    options = BatchOptions(n, list_options, reasons, lang, names)
    try:
        result = write_lists(
            partial(_open_engine, directory), out, options, workers=workers, restart=restart
        )
    except KeyboardInterrupt:
        print("interrupted: the same command goes on with what is missing", file=sys.stderr)
        sys.exit(130)
    if result.resumed_parts:
        print_line(f"{result.resumed_parts} of {result.parts} parts were there already")
    print_line(
        f"{result.lists:,} lists with {result.places:,} items in {result.file}, "
        f"by snapshot {result.snapshot}"
    )
    for skipped in result.skipped.values():
        print_line(
            f"{skipped.count:,} users without a list, such as {skipped.example!r}: "
            f"{skipped.message}"
        )


def _open_engine(directory: Path) -> Engine:
    terminal.single_threaded_numpy()
    return terminal.open_workspace(directory).engine


def _ids(file: Path) -> list[str]:
    """The ids of a file, in their order; blank lines are none.

    Raises:
        TastegraphError: a table has no column of users.
    """
    import polars as pl

    if file.suffix.lower() == ".csv":
        table = pl.scan_csv(file, infer_schema=False)
    elif file.suffix.lower() == ".parquet":
        table = pl.scan_parquet(file)
    else:
        with file.open(encoding="utf-8-sig") as lines:
            return [line.strip() for line in lines if line.strip()]
    names = table.collect_schema().names()
    if USER_COLUMN not in names:
        raise TastegraphError(f"{file} has no column {USER_COLUMN}; it has {', '.join(names)}")
    ids = table.select(pl.col(USER_COLUMN).cast(pl.String)).collect()[USER_COLUMN]
    return [name for name in ids.to_list() if name]
