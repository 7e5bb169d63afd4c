"""``tastegraph models``: the versions there are, and which of them answers."""

from __future__ import annotations

from typing import Annotated

import typer

from tastegraph.terminal import AsJson, Directory
from tastegraph.terminal import open_workspace as _open
from tastegraph.terminal import show as _print

models_app = typer.Typer(
    help="The models: which there are, and which answers.", no_args_is_help=True
)
Version = Annotated[str, typer.Argument(help="see 'models list'")]


@models_app.command("list")
def list_(directory: Directory, json: AsJson = False) -> None:
    """Print every version that is kept, newest first; * is in service."""
    from datetime import datetime

    from tastegraph.serving.models import model_versions

    found = model_versions(_open(directory).snapshots)
    if json:
        _print("[" + ",\n ".join(one.model_dump_json() for one in found) + "]")
        return
    for one in found:
        made = datetime.fromtimestamp(one.published).isoformat(" ", "seconds")
        valid = "" if one.valid is None else f"  NDCG@10 {one.valid:.4f} when chosen"
        fault = "" if one.fault is None else f"  cannot be served: {one.fault}"
        star = "*" if one.in_service else " "
        _print(f"{star} {one.version}  {made}  model {one.model}  graph {one.graph}{valid}{fault}")


@models_app.command()
def promote(directory: Directory, version: Version) -> None:
    """Put a version into service; a running service takes it up with its next answer."""
    snapshots = _open(directory).snapshots
    if version in snapshots.versions():
        snapshots.open(version)
    snapshots.point_to(version)
    _print(f"in service: snapshot {version}")


@models_app.command()
def rollback(directory: Directory) -> None:
    """Put what was in service before into service again."""
    _print(f"in service: snapshot {_open(directory).snapshots.roll_back()}")
