"""RDF terms as ids and facts, and back, so that what is exported can be imported unchanged.

An id that is an IRI, or that of a blank node (``_:b``), is written as it is; any other id is
percent-encoded after ``urn:tastegraph:``.
"""

from __future__ import annotations

from urllib.parse import quote, unquote

import pyoxigraph as ox

from tastegraph.core.errors import RowError, TastegraphError
from tastegraph.core.records import Fact
from tastegraph.data.cells.typed_row import FORBIDDEN_IN_ID

URN = "urn:tastegraph:"
STRING = "http://www.w3.org/2001/XMLSchema#string"
LANGUAGE_STRING = "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString"
DIRECTED_LANGUAGE_STRING = "http://www.w3.org/1999/02/22-rdf-syntax-ns#dirLangString"

_NO_TRIPLE_TERM = "an IRI, a blank node or a literal (no triple term)"


def fact_of_quad(quad: ox.Quad, file: str, line: int) -> Fact:
    """The fact that a parsed statement of ``file`` states; its graph is left out.

    Raises:
        RowError: its subject or object is itself a statement (RDF 1.2).
    """
    subject, predicate, value, _ = quad
    head = _entity(subject)
    if head is None:
        raise RowError(file, line, "subject", str(subject), _NO_TRIPLE_TERM)
    relation = identifier(predicate)
    if isinstance(value, ox.Literal):
        language = value.language
        if language:
            return Fact(head, relation, value.value, literal=True, language=language)
        return Fact(head, relation, value.value, literal=True, datatype=datatype_of(value))
    tail = _entity(value)
    if tail is None:
        raise RowError(file, line, "object", str(value), _NO_TRIPLE_TERM)
    return Fact(head, relation, tail)


def _entity(term: object) -> str | None:
    return identifier(term) if isinstance(term, ox.NamedNode | ox.BlankNode) else None


def iri(identifier: str) -> ox.NamedNode:
    """The IRI of an id."""
    if not identifier.startswith(URN):
        try:
            return ox.NamedNode(identifier)
        except ValueError:
            pass
    return ox.NamedNode(URN + quote(identifier, safe=""))


def node(identifier: str) -> ox.NamedNode | ox.BlankNode:
    """The IRI or blank node of an id."""
    if identifier.startswith("_:"):
        try:
            return ox.BlankNode(identifier.removeprefix("_:"))
        except ValueError:
            pass
    return iri(identifier)


def identifier(term: ox.NamedNode | ox.BlankNode) -> str:
    """The id of a node: the inverse of :func:`node` and :func:`iri`."""
    return f"_:{term.value}" if isinstance(term, ox.BlankNode) else id_of_iri(term.value)


def id_of_iri(iri: str) -> str:
    """The id of an IRI: the IRI itself, unless :func:`iri` made it of another id."""
    if iri.startswith(URN):
        encoded = iri.removeprefix(URN)
        decoded = unquote(encoded, errors="replace")
        if decoded and quote(decoded, safe="") == encoded and not FORBIDDEN_IN_ID.search(decoded):
            return decoded
    return iri


def datatype_of(value: ox.Literal) -> str:
    """Id of a literal's datatype; empty for plain text and for text in a language."""
    plain = value.datatype.value in (STRING, LANGUAGE_STRING)
    return "" if plain else identifier(value.datatype)


def stored_tag(tag: str) -> str | None:
    """A language tag as facts have it, in lower case; ``None`` where it is no such tag."""
    try:
        return ox.Literal("", language=tag).language
    except ValueError:
        return None


def triple(fact: Fact) -> ox.Triple:
    """The RDF triple of a fact, without its confidence.

    Raises:
        TastegraphError: the literal has an invalid language tag, or both a language and a datatype.
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
