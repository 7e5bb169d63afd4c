"""The command that lets agents use a workspace, by the Model Context Protocol."""

from __future__ import annotations

from typing import Annotated

import typer

from tastegraph.cli import terminal
from tastegraph.cli.terminal import Directory
from tastegraph.core.errors import TastegraphError


def mcp(
    directory: Directory,
    write: Annotated[
        bool, typer.Option("--write", help="also the tool that records events")
    ] = False,
    key: Annotated[
        str, typer.Option(envvar="TASTEGRAPH_KEY", help="an API key, where the workspace has any")
    ] = "",
) -> None:
    """Answer an agent on standard input and output, by the Model Context Protocol.

    It can only read: recommend, explain, similar_items, search_items, search_entities, neighbours
    and interests. With --write it can record events too. Where the workspace has API keys, one is
    needed: with the scope read, and for --write with the scope write.
    """
    from tastegraph.store.keys import KeyFile

    try:
        from tastegraph.serving.agents import serve_agents
    except ModuleNotFoundError as error:
        if error.name != "mcp":
            raise
        raise TastegraphError("the MCP server needs 'pip install tastegraph[mcp]'") from None

    workspace = terminal.open_workspace(directory)
    keys = KeyFile(workspace.directory)
    if keys.exists():
        known = keys.matching(key)
        for scope in ("read", "write") if write else ("read",):
            if known is None or not known.allows(scope):
                raise TastegraphError(
                    f"{directory} has API keys: give one with the scope {scope} in TASTEGRAPH_KEY"
                )
    serve_agents(workspace.engine, writable=write)
