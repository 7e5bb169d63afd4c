"""SPARQL queries: facts go into an in-memory RDF store, a table of ids and literals comes out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import pyoxigraph as ox

from tastegraph.core.errors import TastegraphError
from tastegraph.core.records import Fact
from tastegraph.data.rdf.terms import URN, datatype_of, identifier, triple

PREFIXES = {
    "tg": URN,
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
"""Prefixes that a query may use without declaring them; ``tg:star`` is the id ``star``."""


@dataclass(frozen=True, slots=True)
class ResultCell:
    """One term of a query result.

    Attributes:
        value: an id as it was imported, or the text of a literal.
        literal, datatype, language: as in :class:`~tastegraph.core.records.Fact`.
    """

    value: str
    literal: bool = False
    datatype: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class QueryResult:
    """A table: one cell per column, ``None`` where a variable is unbound."""

    columns: list[str]
    rows: list[list[ResultCell | None]]


def rdf_store(facts: Iterable[Fact]) -> ox.Store:
    """An RDF store in memory that holds ``facts``.

    Raises:
        TastegraphError: a fact cannot be written in RDF.
    """
    store = ox.Store()
    store.bulk_extend(ox.Quad(*triple(fact)) for fact in facts)
    return store


def query(store: ox.Store, sparql: str) -> QueryResult:
    """Evaluate a SPARQL query of any form; :data:`PREFIXES` are declared.

    ``ASK`` gives one column ``answer``, ``CONSTRUCT`` and ``DESCRIBE`` give ``subject``,
    ``relation`` and ``object``. Updates are not possible. A ``SERVICE`` clause queries another
    endpoint over the network, so queries must come from somebody who is allowed to do that.

    Raises:
        TastegraphError: it is not a SPARQL query, or it cannot be evaluated.
    """
    try:
        result = store.query(sparql, prefixes=PREFIXES)
        if isinstance(result, ox.QueryBoolean):
            return QueryResult(
                ["answer"], [[ResultCell("true" if result else "false", literal=True)]]
            )
        if isinstance(result, ox.QueryTriples):
            return QueryResult(["subject", "relation", "object"], list(_cells(result)))
        columns = [variable.value for variable in result.variables]
        return QueryResult(columns, list(_cells(result)))
    except SyntaxError as error:
        raise TastegraphError(f"this is no SPARQL query: {error.msg}") from None
    except (OSError, RuntimeError) as error:
        raise TastegraphError(f"the query cannot be answered: {error}") from None


def _cells(rows: Iterable[Iterable[object]]) -> Iterator[list[ResultCell | None]]:
    return ([_cell(term) for term in row] for row in rows)


def _cell(term: object) -> ResultCell | None:
    if isinstance(term, ox.Literal):
        return ResultCell(term.value, True, datatype_of(term), term.language or "")
    if isinstance(term, ox.NamedNode | ox.BlankNode):
        return ResultCell(identifier(term))
    return None if term is None else ResultCell(str(term))
