"""``tastegraph kg``: sources, derivation, statistics, export, SPARQL and SHACL."""

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
    from tastegraph.kg.shacl import ValidationReport
    from tastegraph.kg.sparql import QueryResult
    from tastegraph.kg.stats import GraphStats, RelationStats

MAX_NAMES_SHOWN = 10
MAX_COLUMN_WIDTH = 60

kg_app = typer.Typer(
    help="The knowledge graph: sources, statistics, queries, review.", no_args_is_help=True
)


@kg_app.command()
def sources(directory: Directory) -> None:
    """Print every source with its number of facts and links, and which derived facts are old."""
    from tastegraph.kg.review.outdated import report_outdated

    workspace = _open(directory)
    for source in workspace.knowledge.sources():
        _print(f"{source.facts:>10,} facts  {source.links:>10,} links  {source.name}")
    if workspace.database.path.exists():
        with workspace.database.reading() as connection:
            report_outdated(connection, workspace.config)


@kg_app.command()
def forget(
    directory: Directory,
    source: Annotated[str, typer.Argument(help="see 'kg sources'")],
) -> None:
    """Remove a source, and the facts and links that only it states."""
    deleted = _open(directory).knowledge.forget(source)
    _print(f"{source} is forgotten: {deleted:,} facts and links that it alone stated are gone")


@kg_app.command()
def derive(
    directory: Directory,
    steps: Annotated[
        list[str] | None,
        typer.Argument(help="linking, mentions, topics, patterns, 'language model', fusion"),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="print what the language model would cost")
    ] = False,
) -> None:
    """Derive facts from facts and texts; without STEPS, all but those of the language model."""
    from tastegraph.store.schema import DERIVED, LANGUAGE_MODEL

    knowledge = _open(directory).knowledge
    if dry_run:
        _print(knowledge.plan().in_words())
        return
    for step in steps or [step for step in DERIVED if step != LANGUAGE_MODEL]:
        _print(f"{step}: {knowledge.derive(step):,} facts")


@kg_app.command()
def schema(directory: Directory, json: AsJson = False) -> None:
    """Propose relations that the texts state often, to paste into tastegraph.toml.

    Nothing is changed. What is pasted is read from the texts by 'kg derive patterns'.
    """
    proposals = _open(directory).knowledge.propose_relations()
    if json:
        _print(_to_json([{**asdict(entry), "toml": entry.toml()} for entry in proposals]))
        return
    for entry in proposals:
        kind = f", kind {entry.kind}" if entry.kind else ""
        _print(f"# {entry.texts:,} texts, {entry.names:,} names{kind}:")
        for excerpt in entry.excerpts:
            _print(f"#   … {_on_one_line(excerpt)} …")
        if entry.configured:
            _print(f"# these words are in the examples of [relations.{entry.configured}]\n")
        else:
            _print(f"{entry.toml()}\n")
    if not proposals:
        _print(
            "# no words stand beside names in enough texts: write relations of your own, such as "
            '[relations.director] object = "person", examples = ["directed by Joel Coen"]'
        )


@kg_app.command()
def stats(directory: Directory, json: AsJson = False) -> None:
    """Print statistics: relations, violations, orphans, entities without a name, hubs."""
    from tastegraph.kg.stats import stats_from_store

    workspace = _open(directory)
    graph_stats = stats_from_store(workspace.database, workspace.config)
    if json:
        _print(_to_json(asdict(graph_stats)))
    else:
        _print_stats(graph_stats)


@kg_app.command()
def export(
    directory: Directory,
    file: Annotated[Path, typer.Argument(help=".nt, .ttl, .csv, .graphml, RecBole .kg, .link")],
) -> None:
    """Write the facts, links or graph to a file, in the format of its suffix."""
    from tastegraph.kg.export import export as write
    from tastegraph.kg.export import formula_cells

    workspace = _open(directory)
    count = write(workspace.database, workspace.config, file)
    unit = {".link": "links", ".graphml": "edges"}.get(file.suffix.lower(), "facts")
    _print(f"{count:,} {unit} written to {file}")
    if file.suffix.lower() == ".csv" and (cells := formula_cells(file)):
        _print(
            f"{len(cells):,} cells begin like formulas, as {cells[0][:40]!r}: they are written as "
            "they are, so that the file can be imported again; a spreadsheet must read it as text"
        )


@kg_app.command()
def query(
    directory: Directory,
    sparql: Annotated[str, typer.Argument(help="'SELECT ?film { ?film tg:genre ?genre }'")],
    json: AsJson = False,
) -> None:
    """Query the facts in SPARQL.

    An id that is an IRI is written <IRI>; any other id is percent-encoded behind the prefix tg:
    (urn:tastegraph:), such as tg:star.
    """
    from tastegraph.kg.item_ids import stored_facts
    from tastegraph.kg.sparql import query as evaluate
    from tastegraph.kg.sparql import rdf_store

    with _open(directory).database.reading() as connection:
        store = rdf_store(fact for _, fact in stored_facts(connection))
    result = evaluate(store, sparql)
    if json:
        _print(_to_json(asdict(result)))
    else:
        _print_table(result)


@kg_app.command()
def validate(
    directory: Directory,
    shapes: Annotated[Path, typer.Argument(metavar="SHAPES.ttl", help="SHACL Core, in Turtle")],
    json: AsJson = False,
) -> None:
    """Check the facts against SHACL shapes; exit with 1 if they do not conform.

    Ids are written as for 'kg query': <IRI>, or percent-encoded behind urn:tastegraph:.
    """
    from tastegraph.kg.item_ids import stored_facts
    from tastegraph.kg.shacl import validate as check

    with _open(directory).database.reading() as connection:
        report = check((fact for _, fact in stored_facts(connection)), shapes)
    if json:
        violations = [violation._asdict() for violation in report.violations]
        _print(_to_json({"conforms": report.conforms, "violations": violations}))
    else:
        _print_violations(report)
    if not report.conforms:
        raise typer.Exit(1)


def _print_violations(report: ValidationReport) -> None:
    for violation in report.violations:
        value = f"  {_on_one_line(violation.value)}" if violation.value else ""
        where = f"{violation.focus}  {violation.path}{value}"
        _print(f"{violation.severity}: {where}: {violation.message}")
    _print("the facts conform" if report.conforms else f"{len(report.violations):,} results")


def _print_stats(graph_stats: GraphStats) -> None:
    _print(
        f"{graph_stats.facts:,} facts, {graph_stats.items:,} items, "
        f"{graph_stats.entities:,} entities, {graph_stats.values:,} values"
    )
    _print("relations:")
    for relation in graph_stats.relations:
        _print(f"  {relation.facts:>10,}  {relation.relation}  ({_domain_and_range(relation)})")
    for name, count in graph_stats.types.items():
        _print(f"type {name}: {count:,}")
    for relation in graph_stats.relations:
        _print_names(f"more than one {relation.relation}", relation.violations)
    _print_names("entities with one edge and no label", graph_stats.orphans)
    _print_names("entities without a name, left out of interests and reasons", graph_stats.nameless)
    _print_names("items without an edge", graph_stats.items_without_facts)
    _print_names(
        "suspicious hubs", [f"{hub.node} ({hub.edges:,} edges)" for hub in graph_stats.hubs]
    )


def _domain_and_range(relation: RelationStats) -> str:
    ends = (
        ", ".join(f"{n:,} {kind}" for kind, n in end.items())
        for end in (relation.domain, relation.range)
    )
    return " → ".join(ends) + ("; functional" if relation.functional else "")


def _print_names(title: str, names: Sequence[str]) -> None:
    if names:
        more = f" and {len(names) - MAX_NAMES_SHOWN:,} more" if len(names) > MAX_NAMES_SHOWN else ""
        _print(f"{title}: {len(names):,}: {', '.join(names[:MAX_NAMES_SHOWN])}{more}")


def _print_table(result: QueryResult) -> None:
    rows = [result.columns]
    for cells in result.rows:
        rows.append(["" if cell is None else _on_one_line(cell.value) for cell in cells])
    widths = [min(max(map(len, column)), MAX_COLUMN_WIDTH) for column in zip(*rows, strict=True)]
    for row in rows:
        padded = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        _print("  ".join(padded).rstrip())


def _on_one_line(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")


def _to_json(value: object) -> str:
    return json_text.dumps(value, ensure_ascii=False, indent=1)
