"""Export: facts, links or the graph go in; one file in a standard format comes out."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO, TextIO
from xml.sax.saxutils import escape

import pyoxigraph as ox

from tastegraph.core.config import Config
from tastegraph.core.errors import TastegraphError
from tastegraph.core.records import Fact, Link
from tastegraph.data.rdf.terms import LANGUAGE_STRING, STRING, triple
from tastegraph.kg.from_store import graph_from_store
from tastegraph.kg.graph import KnowledgeGraph
from tastegraph.kg.identity import IDENTITY_RELATIONS
from tastegraph.kg.item_ids import stored_facts
from tastegraph.store import statements
from tastegraph.store.database import Database

CSV_COLUMNS = ("head", "relation", "tail", "literal", "datatype", "language", "confidence")
REPLACEMENT = "\ufffd"
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_FORMULA = re.compile(r"(?![+-][\d.,]+(e[+-]?\d+)?$)[=+\-@\t\r]")
_GRAPHML_KEYS = (("id", "node"), ("kind", "node"), ("label", "node"), ("relation", "edge"))


def export(database: Database, config: Config, file: Path) -> int:
    """Write ``file`` atomically, in the format that its suffix names.

    ``.nt``, ``.ttl`` and ``.csv`` hold every fact and can be imported again; RDF has no place for
    the confidence. ``.kg`` holds the facts between entities and ``.link`` the links, both in
    RecBole's format. ``.graphml`` holds the graph as it is built, for graph viewers.

    Returns:
        Number of facts, links or edges written.

    Raises:
        TastegraphError: the suffix is unknown, or a fact cannot be written in this format.
        OSError: the file cannot be written.
    """
    write = _WRITERS.get(file.suffix.lower())
    if write is None:
        raise TastegraphError(f"{file} does not end in a format: {', '.join(_WRITERS)}")
    partial_file = file.with_name(f"{file.name}.part")
    try:
        with partial_file.open("wb") as stream:
            count = write(database, config, stream)
        partial_file.replace(file)
    finally:
        partial_file.unlink(missing_ok=True)
    return count


def write_rdf(facts: Iterable[Fact], stream: BinaryIO, syntax: ox.RdfFormat) -> int:
    """Write facts in an RDF syntax. Returns the number of facts."""
    count = 0

    def triples() -> Iterator[ox.Triple]:
        nonlocal count
        for fact in facts:
            count += 1
            yield triple(fact)

    ox.serialize(triples(), stream, syntax)
    return count


def write_csv(facts: Iterable[Fact], stream: BinaryIO) -> int:
    """Write facts as a table with :data:`CSV_COLUMNS`. Returns the number of facts.

    Raises:
        TastegraphError: a value holds a NUL character.
    """

    def row(fact: Fact) -> Sequence[object]:
        if "\0" in fact.object:
            raise TastegraphError(
                f"the value of {fact.relation!r} of {fact.subject!r} holds a NUL character, "
                "which a CSV file cannot hold: export to .nt"
            )
        # The type tells an empty value from a missing one.
        datatype = STRING if fact.literal and not fact.language else ""
        return (
            fact.subject,
            fact.relation,
            fact.object,
            "true" if fact.literal else "",
            fact.datatype.replace(LANGUAGE_STRING, "") or datatype,
            fact.language,
            repr(fact.confidence),
        )

    with _text(stream) as text:
        table = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
        table.writerow(CSV_COLUMNS)
        return sum(1 for _ in map(table.writerow, map(row, facts)))


def formula_cells(file: Path) -> list[str]:
    """The cells of a CSV file that a spreadsheet would carry out, as ``=HYPERLINK(…)``.

    Plain numbers with a sign are none.
    """
    with file.open(encoding="utf-8", newline="") as lines:
        return [cell for row in csv.reader(lines) for cell in row if _FORMULA.match(cell)]


def write_kg(facts: Iterable[Fact], stream: BinaryIO) -> int:
    """Write the facts between entities as a RecBole ``.kg`` file. Returns the number of facts."""
    header = ("head_id:token", "relation_id:token", "tail_id:token")
    rows = (
        (fact.subject, fact.relation, fact.object)
        for fact in facts
        if not fact.literal and fact.relation not in IDENTITY_RELATIONS
    )
    return _write_atomic_table(stream, header, rows)


def write_links(links: Iterable[Link], stream: BinaryIO) -> int:
    """Write links as a RecBole ``.link`` file. Returns the number of links."""
    rows = ((link.item_id, link.entity_id) for link in links)
    return _write_atomic_table(stream, ("item_id:token", "entity_id:token"), rows)


def write_graphml(graph: KnowledgeGraph, stream: BinaryIO) -> int:
    """Write a graph as GraphML. Returns the number of edges.

    Characters that XML does not allow are replaced by U+FFFD.
    """
    with _text(stream) as text:
        text.write("<?xml version='1.0' encoding='UTF-8'?>\n")
        text.write('<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n')
        for key, where in _GRAPHML_KEYS:
            text.write(f'<key id="{key}" for="{where}" attr.name="{key}" attr.type="string"/>\n')
        text.write('<key id="confidence" for="edge" attr.name="confidence" attr.type="double"/>\n')
        text.write('<graph edgedefault="directed">\n')
        names = [*graph.item_ids[: graph.n_listed], *graph.entities, *graph.node_ids]
        for number, name in enumerate(names):
            kind = "item" if number < graph.n_listed else "value" if "\x1f" in name else "entity"
            node_id = name.replace("\x1f", "=", 1) if kind == "value" else name
            data = _data_elements(id=node_id, kind=kind, label=graph.labels[number])
            text.write(f'<node id="n{number}">{data}</node>\n')
        edges = zip(graph.heads, graph.relation, graph.tails, graph.confidence, strict=True)
        for head, relation, tail, confidence in edges:
            data = _data_elements(relation=graph.relations[relation], confidence=f"{confidence:g}")
            text.write(f'<edge source="n{head}" target="n{tail}">{data}</edge>\n')
        text.write("</graph>\n</graphml>\n")
    return len(graph.heads)


def _data_elements(**attributes: str) -> str:
    return "".join(
        f'<data key="{key}">{escape(_NOT_IN_XML.sub(REPLACEMENT, value))}</data>'
        for key, value in attributes.items()
        if value
    )


def _write_atomic_table(
    stream: BinaryIO, header: Sequence[str], rows: Iterable[Sequence[str]]
) -> int:
    """Write a RecBole atomic file: tab-separated, unquoted, with a typed header."""
    with _text(stream) as text:
        text.write("\t".join(header) + "\n")
        return sum(1 for _ in map(text.write, ("\t".join(row) + "\n" for row in rows)))


@contextmanager
def _text(stream: BinaryIO) -> Iterator[TextIO]:
    text = TextIOWrapper(stream, encoding="utf-8", newline="")
    yield text
    text.flush()
    text.detach()


def _fact_writer(write: Callable[[Iterable[Fact], BinaryIO], int]) -> _Writer:
    def write_facts(database: Database, config: Config, stream: BinaryIO) -> int:
        with database.reading() as connection:
            return write((fact for _, fact in stored_facts(connection)), stream)

    return write_facts


def _write_all_links(database: Database, config: Config, stream: BinaryIO) -> int:
    with database.reading() as connection:
        return write_links(statements.all_links(connection), stream)


def _write_graph(database: Database, config: Config, stream: BinaryIO) -> int:
    return write_graphml(graph_from_store(database, config), stream)


_Writer = Callable[[Database, Config, BinaryIO], int]
_WRITERS: dict[str, _Writer] = {
    ".nt": _fact_writer(partial(write_rdf, syntax=ox.RdfFormat.N_TRIPLES)),
    ".ttl": _fact_writer(partial(write_rdf, syntax=ox.RdfFormat.TURTLE)),
    ".csv": _fact_writer(write_csv),
    ".kg": _fact_writer(write_kg),
    ".link": _write_all_links,
    ".graphml": _write_graph,
}
