"""The facts as an RDF store in memory, and what SPARQL finds there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pyoxigraph as ox

from tastegraph.core.errors import TastegraphError
from tastegraph.core.records import Fact
from tastegraph.data.rdf import URN, datatype_of, identifier, triple

PREFIXES = {
    "tg": URN,
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
"""What a query may use without saying so; ``tg:star`` is the id ``star``."""


@dataclass(frozen=True, slots=True)
class Found:
    """One thing that a query found.

    Attributes:
        value: an id as it was imported, or the text of a literal.
        literal, datatype, language: as in :class:`~tastegraph.core.records.Fact`.
    """

    value: str
    literal: bool = False
    datatype: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """A table: one cell for each column, ``None`` where a row leaves it open."""

    columns: list[str]
    rows: list[list[Found | None]]


def store_of(facts: Iterable[Fact]) -> ox.Store:
    """An RDF store in memory that holds ``facts``.

    Raises:
        TastegraphError: a fact cannot be said in RDF.
    """
    store = ox.Store()
    store.bulk_extend(ox.Quad(*triple(fact)) for fact in facts)
    return store


def query(store: ox.Store, sparql: str) -> Answer:
    """Ask ``sparql``, of any form, with :data:`PREFIXES` known.

    ``ASK`` gives one column ``answer``, ``CONSTRUCT`` and ``DESCRIBE`` give ``subject``,
    ``relation`` and ``object``. Nothing can be changed, but a ``SERVICE`` clause asks another
    endpoint over the network: a query must come from somebody who may do that.

    Raises:
        TastegraphError: it is no SPARQL query, or it asks for what is not here.
    """
    try:
        result = store.query(sparql, prefixes=PREFIXES)
        if isinstance(result, ox.QueryBoolean):
            return Answer(["answer"], [[Found("true" if result else "false", literal=True)]])
        if isinstance(result, ox.QueryTriples):
            return Answer(["subject", "relation", "object"], list(_cells(result)))
        columns = [variable.value for variable in result.variables]
        return Answer(columns, list(_cells(result)))
    except SyntaxError as error:
        raise TastegraphError(f"this is no SPARQL query: {error.msg}") from None
    except (OSError, RuntimeError) as error:
        raise TastegraphError(f"the query cannot be answered: {error}") from None


def _cells(rows: Iterable[Iterable[object]]) -> Iterator[list[Found | None]]:
    return ([_found(term) for term in row] for row in rows)


def _found(term: object) -> Found | None:
    if isinstance(term, ox.Literal):
        return Found(term.value, True, datatype_of(term), term.language or "")
    if isinstance(term, ox.NamedNode | ox.BlankNode):
        return Found(identifier(term))
    return None if term is None else Found(str(term))
