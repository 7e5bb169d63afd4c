"""Commands on the API keys of a workspace: add, list, remove."""

from __future__ import annotations

from typing import Annotated

import typer

from tastegraph.cli import terminal
from tastegraph.cli.terminal import AsJson, Directory, print_line

keys_app = typer.Typer(
    help="API keys: who may call the service, and what for.", no_args_is_help=True
)
KeyName = Annotated[str, typer.Argument(metavar="NAME", help="by which the key is listed")]


@keys_app.command()
def add(
    directory: Directory,
    name: KeyName,
    scope: Annotated[
        list[str],
        typer.Option(
            help="read: lists, profiles, facts; write: events, items, users, decisions; admin: "
            "both, and which model is in service"
        ),
    ] = ["read"],  # noqa: B006
) -> None:
    """Make a key and print it, once: only its hash is stored.

    A running service accepts it from the next request on, and from then on refuses requests
    without a key.
    """
    from tastegraph.store.keys import KeyFile

    print_line(KeyFile(terminal.open_workspace(directory).directory).add(name, scope))


@keys_app.command("list")
def list_keys(directory: Directory, json: AsJson = False) -> None:
    """Print the keys, without what is secret."""
    from datetime import UTC, datetime
    from json import dumps

    from tastegraph.store.keys import KeyFile

    keys = KeyFile(terminal.open_workspace(directory).directory).keys()
    if json:
        rows = [{"name": k.name, "scopes": list(k.scopes), "created": k.created} for k in keys]
        print_line(dumps(rows, indent=1))
        return
    for key in keys:
        created = datetime.fromtimestamp(key.created, UTC).strftime("%Y-%m-%d %H:%M")
        print_line(f"{key.name}: {', '.join(key.scopes)}, since {created}")
    if not keys:
        print_line("there is no key: 'tastegraph keys add' makes one")


@keys_app.command()
def remove(directory: Directory, name: KeyName) -> None:
    """Remove a key: it opens nothing from the next request on."""
    from tastegraph.store.keys import KeyFile

    keys = KeyFile(terminal.open_workspace(directory).directory)
    keys.remove(name)
    print_line(f"{name} is removed")
    if not keys.keys():
        print_line(
            "no key is left: the service refuses all requests; to let this machine in without a "
            f"key again, delete {keys.path} and start it anew"
        )
