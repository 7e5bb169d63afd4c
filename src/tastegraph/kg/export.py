"""What is known, written to one file in a format that others read."""

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
from tastegraph.data.rdf import LANGUAGE_STRING, STRING, triple
from tastegraph.kg.from_store import graph_from_store
from tastegraph.kg.graph import KnowledgeGraph
from tastegraph.kg.identity import IDENTITY
from tastegraph.store import statements
from tastegraph.store.database import Database

COLUMNS = ("head", "relation", "tail", "literal", "datatype", "language", "confidence")
REPLACEMENT = "\ufffd"
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_KEYS = (("id", "node"), ("kind", "node"), ("label", "node"), ("relation", "edge"))


def export(database: Database, config: Config, file: Path) -> int:
    """Write ``file``, in the format that its name ends in; it appears whole or not at all.

    ``.nt``, ``.ttl`` and ``.csv`` hold every fact and can be imported again; RDF does not say how
    sure a source is. ``.kg`` holds the facts between entities, ``.link`` the links, both as
    RecBole reads them. ``.graphml`` is the graph as it is built, to look at.

    Returns:
        How many facts, links or edges were written.

    Raises:
        TastegraphError: the ending is another, or a fact cannot be said in this format.
        OSError: the file cannot be written.
    """
    write = _WRITERS.get(file.suffix.lower())
    if write is None:
        raise TastegraphError(f"{file} does not end in a format: {', '.join(_WRITERS)}")
    part = file.with_name(f"{file.name}.part")
    try:
        with part.open("wb") as stream:
            written = write(database, config, stream)
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
    return written


def write_rdf(facts: Iterable[Fact], stream: BinaryIO, syntax: ox.RdfFormat) -> int:
    """Write facts as ``syntax``. Returns how many."""
    written = 0

    def triples() -> Iterator[ox.Triple]:
        nonlocal written
        for fact in facts:
            written += 1
            yield triple(fact)

    ox.serialize(triples(), stream, syntax)
    return written


def write_csv(facts: Iterable[Fact], stream: BinaryIO) -> int:
    """Write facts as a table of :data:`COLUMNS`. Returns how many."""

    def row(fact: Fact) -> Sequence[object]:
        if "\0" in fact.object:
            raise TastegraphError(
                f"the value of {fact.relation!r} of {fact.subject!r} holds a NUL character, "
                "which no table can: export to .nt"
            )
        # A value that is blank is a value, and no empty cell, because it has a type.
        plain = STRING if fact.literal and not fact.language else ""
        return (
            fact.subject,
            fact.relation,
            fact.object,
            "true" if fact.literal else "",
            fact.datatype.replace(LANGUAGE_STRING, "") or plain,
            fact.language,
            repr(fact.confidence),
        )

    with _text(stream) as text:
        table = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n")
        table.writerow(COLUMNS)
        return sum(1 for _ in map(table.writerow, map(row, facts)))


def write_kg(facts: Iterable[Fact], stream: BinaryIO) -> int:
    """Write the facts between entities as a RecBole ``.kg`` file. Returns how many."""
    header = ("head_id:token", "relation_id:token", "tail_id:token")
    ends = (
        (fact.subject, fact.relation, fact.object)
        for fact in facts
        if not fact.literal and fact.relation not in IDENTITY
    )
    return _atomic(stream, header, ends)


def write_links(links: Iterable[Link], stream: BinaryIO) -> int:
    """Write links as a RecBole ``.link`` file. Returns how many."""
    ends = ((link.item_id, link.entity_id) for link in links)
    return _atomic(stream, ("item_id:token", "entity_id:token"), ends)


def write_graphml(graph: KnowledgeGraph, stream: BinaryIO) -> int:
    """Write a graph as GraphML, in which no control character can be. Returns its edges."""
    with _text(stream) as text:
        text.write("<?xml version='1.0' encoding='UTF-8'?>\n")
        text.write('<graphml xmlns="http://graphml.graphdrawing.org/xmlns">\n')
        for key, where in _KEYS:
            text.write(f'<key id="{key}" for="{where}" attr.name="{key}" attr.type="string"/>\n')
        text.write('<key id="confidence" for="edge" attr.name="confidence" attr.type="double"/>\n')
        text.write('<graph edgedefault="directed">\n')
        for number, name in enumerate(graph.item_ids + graph.node_ids):
            kind = "item" if number < graph.n_items else "value" if "\x1f" in name else "entity"
            node_id = name.replace("\x1f", "=", 1) if kind == "value" else name
            told = _data(id=node_id, kind=kind, label=graph.labels[number])
            text.write(f'<node id="n{number}">{told}</node>\n')
        ends = zip(graph.heads, graph.relation, graph.tails, graph.confidence, strict=True)
        for head, relation, tail, confidence in ends:
            told = _data(relation=graph.relations[relation], confidence=f"{confidence:g}")
            text.write(f'<edge source="n{head}" target="n{tail}">{told}</edge>\n')
        text.write("</graph>\n</graphml>\n")
    return len(graph.heads)


def _data(**told: str) -> str:
    return "".join(
        f'<data key="{key}">{escape(_NOT_IN_XML.sub(REPLACEMENT, value))}</data>'
        for key, value in told.items()
        if value
    )


def _atomic(stream: BinaryIO, header: Sequence[str], rows: Iterable[Sequence[str]]) -> int:
    with _text(stream) as text:
        text.write("\t".join(header) + "\n")
        return sum(1 for _ in map(text.write, ("\t".join(row) + "\n" for row in rows)))


@contextmanager
def _text(stream: BinaryIO) -> Iterator[TextIO]:
    text = TextIOWrapper(stream, encoding="utf-8", newline="")
    yield text
    text.flush()
    text.detach()


def _of_facts(write: Callable[[Iterable[Fact], BinaryIO], int]) -> _Writer:
    def write_all(database: Database, config: Config, stream: BinaryIO) -> int:
        with database.reading() as connection:
            return write((fact for _, fact in statements.all_facts(connection)), stream)

    return write_all


def _all_links(database: Database, config: Config, stream: BinaryIO) -> int:
    with database.reading() as connection:
        return write_links(statements.all_links(connection), stream)


def _whole_graph(database: Database, config: Config, stream: BinaryIO) -> int:
    return write_graphml(graph_from_store(database, config), stream)


_Writer = Callable[[Database, Config, BinaryIO], int]
_WRITERS: dict[str, _Writer] = {
    ".nt": _of_facts(partial(write_rdf, syntax=ox.RdfFormat.N_TRIPLES)),
    ".ttl": _of_facts(partial(write_rdf, syntax=ox.RdfFormat.TURTLE)),
    ".csv": _of_facts(write_csv),
    ".kg": _of_facts(write_kg),
    ".link": _all_links,
    ".graphml": _whole_graph,
}
