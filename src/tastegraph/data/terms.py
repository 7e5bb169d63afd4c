"""Terms: facts as RDF and back, so that whatever is written comes back as it was.

An id that is an IRI, or a blank node's (``_:b``), is written as it is; any other is
percent-encoded behind ``urn:tastegraph:``.
"""

from __future__ import annotations

from urllib.parse import quote, unquote

import pyoxigraph as ox

from tastegraph.core.errors import TastegraphError
from tastegraph.core.records import Fact
from tastegraph.data.cells import NOT_IN_ID

URN = "urn:tastegraph:"
STRING = "http://www.w3.org/2001/XMLSchema#string"
LANGUAGE_STRING = "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"


def iri(identifier: str) -> ox.NamedNode:
    """The IRI of an id."""
    if not identifier.startswith(URN):
        try:
            return ox.NamedNode(identifier)
        except ValueError:
            pass
    return ox.NamedNode(URN + quote(identifier, safe=""))


def node(identifier: str) -> ox.NamedNode | ox.BlankNode:
    """The node of an id."""
    if identifier.startswith("_:"):
        try:
            return ox.BlankNode(identifier.removeprefix("_:"))
        except ValueError:
            pass
    return iri(identifier)


def identifier(term: ox.NamedNode | ox.BlankNode) -> str:
    """The id of a node: what :func:`node` and :func:`iri` were given."""
    if isinstance(term, ox.BlankNode):
        return f"_:{term.value}"
    if term.value.startswith(URN):
        encoded = term.value.removeprefix(URN)
        decoded = unquote(encoded, errors="replace")
        if decoded and quote(decoded, safe="") == encoded and not NOT_IN_ID.search(decoded):
            return decoded
    return term.value


def datatype_of(value: ox.Literal) -> str:
    """Id of a literal's type; empty for plain text and for text in a language."""
    plain = value.datatype.value in (STRING, LANGUAGE_STRING)
    return "" if plain else identifier(value.datatype)


def triple(fact: Fact) -> ox.Triple:
    """The statement that a fact makes; it cannot say how sure its source is.

    Raises:
        TastegraphError: its literal has no valid language tag, or has a language and a type.
    """
    return ox.Triple(
        node(fact.subject),
        iri(fact.relation),
        _literal(fact) if fact.literal else node(fact.object),
    )


def _literal(fact: Fact) -> ox.Literal:
    datatype = "" if fact.datatype in (STRING, LANGUAGE_STRING) else fact.datatype
    try:
        if fact.language:
            kind = iri(datatype) if datatype else None
            return ox.Literal(fact.object, language=fact.language, datatype=kind)
        return ox.Literal(fact.object, datatype=iri(datatype) if datatype else None)
    except ValueError as error:
        raise TastegraphError(
            f"the value of {fact.relation!r} of {fact.subject!r}, in language {fact.language!r} "
            f"and of type {fact.datatype!r}, cannot be written as RDF ({error}): import it anew"
        ) from None
