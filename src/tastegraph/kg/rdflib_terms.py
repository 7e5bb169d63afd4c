"""RDF terms of pyoxigraph to and from rdflib, which pyshacl needs; imported by SHACL only."""

from __future__ import annotations

from collections.abc import Iterable

import pyoxigraph as ox
from rdflib import RDF, BNode, Graph, Literal, URIRef
from rdflib import SH as sh  # noqa: N811
from rdflib.term import Node

from tastegraph.core.errors import TastegraphError
from tastegraph.data.rdf.terms import identifier

MODIFIERS: dict[Node, str] = {sh.zeroOrMorePath: "*", sh.oneOrMorePath: "+", sh.zeroOrOnePath: "?"}
MAX_PATH_DEPTH = 20
"""Nesting of property paths that is written out, at most."""


def rdflib_graph(triples: Iterable[ox.Triple]) -> Graph:
    """An rdflib graph of ``triples``; literals keep their lexical form."""
    graph = Graph()
    for triple in triples:
        graph.add((_term(triple.subject), _term(triple.predicate), _term(triple.object)))
    return graph


def text_of(term: Node | None) -> str:
    """The id of a node or the text of a literal; empty for ``None``."""
    if isinstance(term, BNode):
        return identifier(ox.BlankNode(str(term)))
    if isinstance(term, URIRef):
        return identifier(ox.NamedNode(str(term)))
    return "" if term is None else str(term)


def sparql_path(graph: Graph, path: Node, depth: int = 0) -> str:
    """A SHACL property path in SPARQL's notation, with the ids of facts."""
    if not isinstance(path, BNode) or depth > MAX_PATH_DEPTH:
        return text_of(path)

    def joined(nodes: Iterable[Node], separator: str = "") -> str:
        return separator.join(sparql_path(graph, node, depth + 1) for node in nodes)

    if (path, RDF.first, None) in graph:
        return joined(graph.items(path), "/")
    for predicate, inner in graph.predicate_objects(path):
        if predicate == sh.inversePath:
            return f"^{joined([inner])}"
        if predicate == sh.alternativePath:
            return f"({joined(graph.items(inner), '|')})"
        if predicate in MODIFIERS:
            return f"({joined([inner])}){MODIFIERS[predicate]}"
    return text_of(path)


def _term(term: object) -> Node:
    if isinstance(term, ox.NamedNode):
        return URIRef(term.value)
    if isinstance(term, ox.BlankNode):
        return BNode(term.value)
    if not isinstance(term, ox.Literal):
        raise TastegraphError(f"{term} is a triple term, which SHACL does not know")
    if term.language:
        return Literal(term.value, lang=term.language)
    return Literal(term.value, datatype=URIRef(term.datatype.value), normalize=False)
