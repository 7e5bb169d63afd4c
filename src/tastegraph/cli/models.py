"""Commands on the model: build, retrain, evaluate, feedback; the versions and which one answers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from tastegraph.cli import terminal
from tastegraph.cli.terminal import AsJson, Directory, duration, print_line, tuning
from tastegraph.core.errors import TastegraphError

if TYPE_CHECKING:
    from tastegraph.pipeline.stages import Published, Stage

models_app = typer.Typer(
    help="The models: which there are, and which answers.", no_args_is_help=True
)
Version = Annotated[str, typer.Argument(help="see 'models list'")]


def build(
    directory: Directory,
    only: Annotated[str, typer.Option(help="of graph,text,model")] = "graph,text,model",
    first: Annotated[
        bool, typer.Option("--first", help="end with the first lists, by closed forms")
    ] = False,
    wait: Annotated[
        bool, typer.Option("--wait", help="no first lists: put the full model into service alone")
    ] = False,
    tune: Annotated[
        str | None,
        typer.Option(
            parser=tuning, metavar="10m|off", help="choose settings anew, for about so long; or not"
        ),
    ] = None,
    profile: Annotated[
        bool, typer.Option("--profile", help="print which stage took how long")
    ] = False,
) -> None:
    """Build graph, text vectors and model, and put them into service.

    Where nothing is in service yet, first lists are within seconds, by closed forms over events and
    facts; the full model replaces them when it is ready. Interrupted, the next build goes on.

    Beside the blend it evaluates popularity, ItemKNN and EASE on validation data: the model in
    service is not worse than the best of them by more than chance.
    """
    from tastegraph.core.progress import announcing
    from tastegraph.core.stages import profiled
    from tastegraph.evaluation.tables import print_build_comparison

    workspace = terminal.open_workspace(directory)
    stages = {cast("Stage", stage.strip()) for stage in only.split(",") if stage.strip()}
    if first and wait:
        raise TastegraphError("--first ends with the first lists, --wait makes none: give one")
    before = workspace.snapshots.current()
    publish: Published = "first" if first else "full" if wait else "first and full"
    with announcing(), profiled() as times:
        version = workspace.build(stages, publish, tune)
    manifest = workspace.snapshots.manifest(version)
    chosen_here = (manifest.get("chosen") or {}).get("version") is None
    if "model" in stages and version != before and not first and chosen_here:
        print_build_comparison(manifest["choice"]["compared"])
    print_line(f"in service: snapshot {version}")
    if profile:
        print_line(times.in_words())


def follow(
    directory: Directory,
    idle: Annotated[
        float, typer.Option(parser=duration, metavar="10m", help="end after so long without one")
    ] = "10m",  # type: ignore[assignment]
) -> None:
    """Build graph and texts again whenever the data change; 'serve' starts it by itself."""
    terminal.open_workspace(directory).follow(idle)


def retrain(
    directory: Directory,
    wait: Annotated[
        float, typer.Option(parser=duration, metavar="10m", help="for another that is building")
    ] = "0",  # type: ignore[assignment]
) -> None:
    """Learn from the events since the model in service was fitted.

    The network is trained on from where it was. The new model is served only if it is no worse: on
    new events of some users, which are held out, and on earlier events.
    """
    from tastegraph.core.progress import announcing

    with announcing():
        outcome = terminal.open_workspace(directory).retrain(wait)
    if outcome.verdict is None and not outcome.events:
        print_line(f"nothing has happened since: snapshot {outcome.version} stays in service")
    elif outcome.verdict is not None and outcome.version is None:
        raise TastegraphError(
            f"the candidate that learned from {outcome.events:,} new events is not served:\n"
            + outcome.verdict.in_words()
        )
    else:
        print_line(
            f"learned from {outcome.events:,} new events; in service: snapshot {outcome.version}"
        )


def evaluate(
    directory: Directory,
    json: Annotated[Path | None, typer.Option(help="write the results here")] = None,
) -> None:
    """Compare the system with its controls and the baselines on held-out events."""
    from tastegraph.evaluation.tables import print_report

    if json is not None and not json.parent.is_dir():
        raise TastegraphError(f"{json.parent} is no folder: the results could not be written")
    print_report(terminal.open_workspace(directory).evaluate(json))


def feedback(
    directory: Directory,
    days: Annotated[float | None, typer.Option(min=0, help="the last days alone")] = None,
    json: AsJson = False,
) -> None:
    """Print the feedback on served lists, and an estimate of it without exploration."""
    import time
    from json import dumps

    since = 0.0 if days is None else time.time() - 86_400 * days
    by_model = terminal.open_workspace(directory).feedback(since)
    if json:
        print_line(dumps([model.as_dict() for model in by_model], indent=1))
        return
    if not by_model:
        print_line("no list was shown and kept")
    for model in by_model:
        print_line(
            f"model {model.model}: {model.lists:,} lists, {model.places:,} places, answered "
            f"{model.answered.value:.1%} ({model.answered.low:.1%} to {model.answered.high:.1%}); "
            f"coverage {model.coverage:.1%}, Gini {model.gini:.2f}"
        )
        for name, estimate in model.unexplored.items():
            print_line(
                f"  without exploration, {name}: {estimate.value:.1%}"
                f" ({estimate.low:.1%} to {estimate.high:.1%})"
            )


@models_app.command("list")
def list_versions(directory: Directory, json: AsJson = False) -> None:
    """Print every stored version, newest first; * is in service."""
    from datetime import datetime

    from tastegraph.serving.snapshot.in_service import model_versions

    versions = model_versions(terminal.open_workspace(directory).snapshots)
    if json:
        print_line("[" + ",\n ".join(version.model_dump_json() for version in versions) + "]")
        return
    for version in versions:
        published = datetime.fromtimestamp(version.published).isoformat(" ", "seconds")
        valid = "" if version.valid is None else f"  NDCG@10 {version.valid:.4f} when chosen"
        fault = "" if version.fault is None else f"  cannot be served: {version.fault}"
        star = "*" if version.in_service else " "
        print_line(
            f"{star} {version.version}  {published}  model {version.model}  graph {version.graph}"
            f"{valid}{fault}"
        )


@models_app.command()
def compare(
    directory: Directory,
    version: Version,
    other: Annotated[str | None, typer.Argument(help="by default the one in service")] = None,
    json: AsJson = False,
) -> None:
    """Compare one version with another, on the newest events and on earlier ones.

    The comparisons are those of 'retrain', except those of new items.
    """
    from json import dumps

    verdict = terminal.open_workspace(directory).compare(version, other)
    if json:
        print_line(dumps(verdict.as_dict(), indent=1))
        return
    print_line(verdict.in_words())


@models_app.command()
def promote(directory: Directory, version: Version) -> None:
    """Put a version into service; a running service takes it up within a second."""
    snapshots = terminal.open_workspace(directory).snapshots
    if version in snapshots.versions():
        snapshots.open(version)
    snapshots.point_to(version)
    print_line(f"in service: snapshot {version}")


@models_app.command()
def rollback(directory: Directory) -> None:
    """Put the version before into service again."""
    version = terminal.open_workspace(directory).snapshots.roll_back()
    print_line(f"in service: snapshot {version}")
