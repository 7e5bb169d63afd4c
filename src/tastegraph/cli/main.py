"""The command line. Every command opens a workspace and calls one method of it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from tastegraph.cli import agents, answers, data, experiments, models
from tastegraph.cli.batch import batch
from tastegraph.cli.events import events_app
from tastegraph.cli.inspect import inspect
from tastegraph.cli.keys import keys_app
from tastegraph.cli.review import kg_app
from tastegraph.core.errors import TastegraphError

app = typer.Typer(
    name="tastegraph",
    help="Personal recommendation from a knowledge graph, language models and a graph network.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)


def demo(
    directory: Annotated[Path, typer.Argument(metavar="DIR")] = Path("demo"),
    data: Annotated[Path | None, typer.Option(help="a folder that holds the data set")] = None,
) -> None:
    """Go the whole way on MovieLens-100K: import, link to Wikidata, build, evaluate, recommend."""
    from tastegraph.cli.demo import run

    run(directory, data)


app.command()(data.init)
app.command()(inspect)
app.command("import")(data.import_files)
app.command()(data.record)
app.command()(data.erase)
app.command()(data.describe)
app.command()(models.build)
app.command()(models.follow)
app.command()(models.retrain)
app.command()(models.evaluate)
app.command()(models.feedback)
app.command()(experiments.experiments)
app.command()(answers.recommend)
app.command()(batch)
app.command()(answers.explain)
app.command()(answers.info)
app.command()(answers.serve)
app.command()(agents.mcp)
app.command()(demo)
app.add_typer(data.datasets_app, name="datasets")
app.add_typer(events_app, name="events")
app.add_typer(keys_app, name="keys")
app.add_typer(kg_app, name="kg")
app.add_typer(models.models_app, name="models")


def main() -> None:
    """Run the command line; an error that a user can act on is one line, without a traceback."""
    try:
        app()
    except (TastegraphError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
