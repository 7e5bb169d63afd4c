"""Commands on the files that events came from: which there are, and taking one back."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from tastegraph.cli import terminal
from tastegraph.cli.terminal import AsJson, Directory, print_line

events_app = typer.Typer(
    help="Events: the files that they came from, and taking one back.", no_args_is_help=True
)


@events_app.command()
def sources(directory: Directory, json: AsJson = False) -> None:
    """Print the files that events came from.

    Events that were recorded, or came over HTTP, are of no file: no import replaces them.
    """
    from json import dumps

    from tastegraph.store.event_sources import event_sources

    with terminal.open_workspace(directory).database.reading() as connection:
        rows = event_sources(connection)
    if json:
        print_line(dumps([row._asdict() for row in rows], indent=1))
        return
    for row in rows:
        imported = "one by one" if row.imported is None else f"imported {_moment(row.imported)}"
        times = ""
        if row.first is not None and row.last is not None:
            times = f", {_moment(row.first)} to {_moment(row.last)}"
        print_line(f"{row.name or '(of no file)'}: {row.events:,} events{times}, {imported}")


@events_app.command()
def forget(
    directory: Directory, source: Annotated[str, typer.Argument(help="see 'events sources'")]
) -> None:
    """Delete the events of a file, as if it had never been imported.

    The next list does not know them; the model in service has learned from them until the next
    'build' or 'retrain'.
    """
    from tastegraph.store.event_sources import forget_events

    with terminal.open_workspace(directory).database.writing() as connection:
        n_events = forget_events(connection, source)
    print_line(f"{n_events:,} events of {source} are deleted: 'tastegraph build' forgets them")


def _moment(seconds: float) -> str:
    """A time in UTC, to the minute."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M")
