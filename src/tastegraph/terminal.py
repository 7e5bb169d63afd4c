"""What every group of commands shares: its arguments, opening a workspace, printing."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from tastegraph.workspace import Workspace

Directory = Annotated[Path, typer.Argument(metavar="DIR", help="the workspace")]
AsJson = Annotated[bool, typer.Option("--json", help="print JSON")]


def open_workspace(directory: Path) -> Workspace:
    """The workspace in ``directory``; its packages are imported only now."""
    from tastegraph.workspace import Workspace

    return Workspace(directory)


def show(text: str) -> None:
    """Print a line; what the terminal cannot show is replaced."""
    encoding = sys.stdout.encoding or "utf-8"
    print(text.encode(encoding, "replace").decode(encoding))
