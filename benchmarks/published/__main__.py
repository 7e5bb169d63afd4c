"""``python -m benchmarks published``: the published data sets, the field's figures and ours."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from tastegraph.cli.terminal import duration
from tastegraph.core.errors import NotFoundError, TastegraphError


def benchmark(
    name: Annotated[str, typer.Argument(help="ml100k, lastfm-lightkg, …, or all")],
    data: Annotated[Path, typer.Option(help="the folder that holds the published files")],
    json: Annotated[
        Path | None, typer.Option(help="write the results here, after each set")
    ] = None,
    markdown: Annotated[
        Path | None, typer.Option(help="write all that FILE of --json holds as tables here")
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, help="how often each model is learned")] = 5,
    control_seeds: Annotated[
        int | None, typer.Option(min=1, help="how often the controls are; as often, by default")
    ] = None,
    budget: Annotated[
        float,
        typer.Option(parser=duration, metavar="10m", help="tune each network so much longer"),
    ] = "0",  # type: ignore[assignment]
    peers: Annotated[bool, typer.Option("--peers", help="run other libraries too")] = False,
    peer_limit: Annotated[
        float, typer.Option(parser=duration, metavar="10m", help="each of them trains so long")
    ] = "10m",  # type: ignore[assignment]
    fresh: Annotated[bool, typer.Option("--fresh", help="measure anew what is known")] = False,
) -> None:
    """Compare the system with the field on published data, under its own protocols.

    What was measured is kept: an interrupted run goes on where it stopped.
    """
    from rich.console import Console

    from benchmarks.published.benchmarks import ALL, named
    from benchmarks.published.suite import run, save
    from benchmarks.published.table import in_markdown, rendered

    if markdown is not None and json is None:
        raise TastegraphError("--markdown shows what --json keeps: give both")
    for file in filter(None, (json, markdown)):
        if not file.parent.is_dir():
            raise TastegraphError(f"{file.parent} is no folder: the results could not be written")
    missing: list[str] = []
    for name_of_set in named(name):
        try:
            results_of_set = run(
                name_of_set,
                data,
                seeds,
                control_seeds=control_seeds,
                budget=budget,
                peers=peers,
                peer_limit=peer_limit,
                fresh=fresh,
            )
        except NotFoundError as error:
            if name != ALL:
                raise
            missing.append(f"{name_of_set}: {error}")
            continue
        if json is not None:
            results = save(json, name_of_set, results_of_set)
            if markdown is not None:
                markdown.write_text(in_markdown(results), encoding="utf-8")
        console = Console(highlight=False)
        for table in rendered(name_of_set, results_of_set):
            console.print(table)
    if missing:
        raise TastegraphError("not measured: " + "; ".join(missing))


def main() -> None:
    """Run the command; an error a user can act on is one line."""
    try:
        typer.run(benchmark)
    except (TastegraphError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
