"""``tastegraph kg``: what is known, where it comes from, and whether it is sound."""

from __future__ import annotations

import json as json_text
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tastegraph.cli.terminal import AsJson, Directory
from tastegraph.cli.terminal import open_workspace as _open
from tastegraph.cli.terminal import print_line as _print

if TYPE_CHECKING:
    from tastegraph.kg.shacl import Report
    from tastegraph.kg.sparql import Answer
    from tastegraph.kg.stats import RelationStats, Stats

SHOWN = 10
WIDEST = 60

kg_app = typer.Typer(help="The knowledge graph: sources, health, queries.", no_args_is_help=True)


@kg_app.command()
def sources(directory: Directory) -> None:
    """Print every source and what it supports."""
    for source in _open(directory).knowledge.sources():
        _print(f"{source.facts:>10,} facts  {source.links:>10,} links  {source.name}")


@kg_app.command()
def forget(
    directory: Directory,
    source: Annotated[str, typer.Argument(help="see 'kg sources'")],
) -> None:
    """Remove a source, and what no other source supports."""
    gone = _open(directory).knowledge.forget(source)
    _print(f"{source} is forgotten: {gone:,} facts and links that it alone stated are gone")


@kg_app.command()
def derive(
    directory: Directory,
    steps: Annotated[
        list[str] | None,
        typer.Argument(help="linking, mentions, patterns, 'language model', fusion"),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="what the language model would be asked; asks nothing")
    ] = False,
) -> None:
    """State anew what follows from what is known; without STEPS, all but the language model."""
    from tastegraph.store.schema import DERIVED, LANGUAGE_MODEL

    knowledge = _open(directory).knowledge
    if dry_run:
        _print(knowledge.plan().in_words())
        return
    for step in steps or [step for step in DERIVED if step != LANGUAGE_MODEL]:
        _print(f"{step}: {knowledge.derive(step):,} facts")


@kg_app.command()
def stats(directory: Directory, json: AsJson = False) -> None:
    """Print what the facts are like: relations, violations, orphans, hubs."""
    from tastegraph.kg.stats import stats_from_store

    workspace = _open(directory)
    found = stats_from_store(workspace.database, workspace.config)
    if json:
        _print(_dumped(asdict(found)))
    else:
        _print_stats(found)


@kg_app.command()
def export(
    directory: Directory,
    file: Annotated[Path, typer.Argument(help=".nt, .ttl, .csv, .graphml, RecBole .kg, .link")],
) -> None:
    """Write what is known to a file, in the format that its name ends in."""
    from tastegraph.kg.export import export as write

    workspace = _open(directory)
    written = write(workspace.database, workspace.config, file)
    what = {".link": "links", ".graphml": "edges"}.get(file.suffix.lower(), "facts")
    _print(f"{written:,} {what} written to {file}")


@kg_app.command()
def query(
    directory: Directory,
    sparql: Annotated[str, typer.Argument(help="'SELECT ?film { ?film tg:genre ?genre }'")],
    json: AsJson = False,
) -> None:
    """Ask the facts in SPARQL.

    An id that is an IRI is written <so>; any other stands percent-encoded behind urn:tastegraph:,
    for which tg: is short: tg:star.
    """
    from tastegraph.kg.sparql import query as ask
    from tastegraph.kg.sparql import store_of
    from tastegraph.store.statements import all_facts

    with _open(directory).database.reading() as connection:
        store = store_of(fact for _, fact in all_facts(connection))
    answer = ask(store, sparql)
    if json:
        _print(_dumped(asdict(answer)))
    else:
        _print_table(answer)


@kg_app.command()
def validate(
    directory: Directory,
    shapes: Annotated[Path, typer.Argument(metavar="SHAPES.ttl", help="SHACL Core, in Turtle")],
    json: AsJson = False,
) -> None:
    """Check the facts against SHACL shapes; exit code 1 where they do not conform.

    Ids are written as for 'kg query': <so>, or percent-encoded behind urn:tastegraph:.
    """
    from tastegraph.kg.shacl import validate as check
    from tastegraph.store.statements import all_facts

    with _open(directory).database.reading() as connection:
        report = check((fact for _, fact in all_facts(connection)), shapes)
    if json:
        found = [violation._asdict() for violation in report.violations]
        _print(_dumped({"conforms": report.conforms, "violations": found}))
    else:
        _print_violations(report)
    if not report.conforms:
        raise typer.Exit(1)


def _print_violations(report: Report) -> None:
    for found in report.violations:
        value = f"  {_on_one_line(found.value)}" if found.value else ""
        _print(f"{found.severity}: {found.focus}  {found.path}{value}: {found.message}")
    _print("the facts conform" if report.conforms else f"{len(report.violations):,} results")


def _print_stats(found: Stats) -> None:
    _print(
        f"{found.facts:,} facts about {found.items:,} items, {found.entities:,} entities and "
        f"{found.values:,} values"
    )
    _print("relations:")
    for relation in found.relations:
        _print(f"  {relation.facts:>10,}  {relation.relation}  ({_described(relation)})")
    for name, count in found.types.items():
        _print(f"type {name}: {count:,}")
    for relation in found.relations:
        _print_some(f"more than one {relation.relation}", relation.violations)
    _print_some("entities with one edge and no label", found.orphans)
    _print_some("items without any fact", found.items_without_facts)
    _print_some("suspicious hubs", [f"{hub.node} ({hub.edges:,} edges)" for hub in found.hubs])


def _described(relation: RelationStats) -> str:
    ends = (
        ", ".join(f"{n:,} {kind}" for kind, n in end.items())
        for end in (relation.domain, relation.range)
    )
    return " → ".join(ends) + ("; functional" if relation.functional else "")


def _print_some(what: str, names: Sequence[str]) -> None:
    if names:
        more = f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else ""
        _print(f"{what}: {len(names):,}: {', '.join(names[:SHOWN])}{more}")


def _print_table(answer: Answer) -> None:
    rows = [answer.columns]
    for cells in answer.rows:
        rows.append(["" if cell is None else _on_one_line(cell.value) for cell in cells])
    widths = [min(max(map(len, column)), WIDEST) for column in zip(*rows, strict=True)]
    for row in rows:
        padded = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        _print("  ".join(padded).rstrip())


def _on_one_line(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")


def _dumped(value: object) -> str:
    return json_text.dumps(value, ensure_ascii=False, indent=1)
