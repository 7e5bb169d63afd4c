"""``tastegraph models``: the versions there are, and which of them answers."""

from __future__ import annotations

from typing import Annotated

import typer

from tastegraph.cli.terminal import AsJson, Directory
from tastegraph.cli.terminal import open_workspace as _open
from tastegraph.cli.terminal import show as _print

models_app = typer.Typer(
    help="The models: which there are, and which answers.", no_args_is_help=True
)
Version = Annotated[str, typer.Argument(help="see 'models list'")]


def feedback(
    directory: Directory,
    days: Annotated[float | None, typer.Option(min=0, help="the last ones alone")] = None,
    json: AsJson = False,
) -> None:
    """Print what came of the lists that were shown, and would have come without exploration."""
    import time
    from json import dumps

    since = 0.0 if days is None else time.time() - 86_400 * days
    found = _open(directory).feedback(since)
    if json:
        _print(dumps([one.as_dict() for one in found], indent=1))
        return
    if not found:
        _print("no list was shown and kept")
    for one in found:
        _print(
            f"model {one.model}: {one.lists:,} lists, {one.places:,} places, answered "
            f"{one.answered.value:.1%} ({one.answered.low:.1%} to {one.answered.high:.1%}); "
            f"coverage {one.coverage:.1%}, Gini {one.gini:.2f}"
        )
        for name, told in one.unexplored.items():
            _print(f"  without exploration, {name}: {told.value:.1%}"
                   f" ({told.low:.1%} to {told.high:.1%})")  # fmt: skip


@models_app.command("list")
def list_(directory: Directory, json: AsJson = False) -> None:
    """Print every version that is kept, newest first; * is in service."""
    from datetime import datetime

    from tastegraph.serving.in_service import model_versions

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
def compare(
    directory: Directory,
    version: Version,
    other: Annotated[str | None, typer.Argument(help="by default the one in service")] = None,
    json: AsJson = False,
) -> None:
    """Print how one version does against another, on the newest events and on earlier ones.

    The comparisons are those by which 'retrain' decides, but for those that ask what is new.
    """
    from json import dumps

    verdict = _open(directory).compare(version, other)
    if json:
        _print(dumps(verdict.as_dict(), indent=1))
        return
    _print(verdict.in_words())


@models_app.command()
def promote(directory: Directory, version: Version) -> None:
    """Put a version into service; a running service takes it up within a second."""
    snapshots = _open(directory).snapshots
    if version in snapshots.versions():
        snapshots.open(version)
    snapshots.point_to(version)
    _print(f"in service: snapshot {version}")


@models_app.command()
def rollback(directory: Directory) -> None:
    """Put what was in service before into service again."""
    _print(f"in service: snapshot {_open(directory).snapshots.roll_back()}")
