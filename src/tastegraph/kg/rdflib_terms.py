"""The same terms in rdflib, which pyshacl reads; imported only where shapes are checked."""

from __future__ import annotations

from collections.abc import Iterable

import pyoxigraph as ox
from rdflib import RDF, BNode, Graph, Literal, URIRef
from rdflib import SH as sh  # noqa: N811
from rdflib.term import Node

from tastegraph.core.errors import TastegraphError
from tastegraph.data.rdf import identifier

MODIFIERS: dict[Node, str] = {sh.zeroOrMorePath: "*", sh.oneOrMorePath: "+", sh.zeroOrOnePath: "?"}
DEEPEST = 20
"""Paths within paths that are written out."""


def graph_of(triples: Iterable[ox.Triple]) -> Graph:
    """A graph that holds ``triples``; literals keep the form they have."""
    graph = Graph()
    for one in triples:
        graph.add((_term(one.subject), _term(one.predicate), _term(one.object)))
    return graph


def text_of(term: Node | None) -> str:
    """The id of a node or the text of a literal; empty where there is none."""
    if isinstance(term, BNode):
        return identifier(ox.BlankNode(str(term)))
    if isinstance(term, URIRef):
        return identifier(ox.NamedNode(str(term)))
    return "" if term is None else str(term)


def path_of(graph: Graph, path: Node, depth: int = 0) -> str:
    """A SHACL property path in SPARQL's notation, with ids as they are here."""
    if not isinstance(path, BNode) or depth > DEEPEST:
        return text_of(path)

    def parts(nodes: Iterable[Node], between: str = "") -> str:
        return between.join(path_of(graph, node, depth + 1) for node in nodes)

    if (path, RDF.first, None) in graph:
        return parts(graph.items(path), "/")
    for predicate, inner in graph.predicate_objects(path):
        if predicate == sh.inversePath:
            return f"^{parts([inner])}"
        if predicate == sh.alternativePath:
            return f"({parts(graph.items(inner), '|')})"
        if predicate in MODIFIERS:
            return f"({parts([inner])}){MODIFIERS[predicate]}"
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
