"""SHACL: whether the facts are of the shapes that somebody asks of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pyoxigraph as ox

from tastegraph.errors import NotFoundError, TastegraphError
from tastegraph.records import Fact
from tastegraph.sources.terms import identifier, triple

if TYPE_CHECKING:
    from rdflib import Graph

SH = "http://www.w3.org/ns/shacl#"
CODE = frozenset(
    SH + name
    for name in (
        "sparql", "select", "ask", "construct", "update", "expression", "rule", "js", "jsLibrary",
        "jsFunctionName", "target", "validator", "nodeValidator", "propertyValidator",
    )
)  # fmt: skip
"""What SHACL-SPARQL, SHACL-AF and SHACL-JS say with; a query could reach the network."""
DEEPEST_PATH = 20


class Violation(NamedTuple):
    """One thing that is not of its shape.

    Attributes:
        focus: id of the thing.
        path: the relation whose value is at fault, ``^`` before it where it is followed
            backwards, or a path of several in SPARQL's notation; empty where it is the thing.
        value: the id or the value at fault; empty where one is missing.
        severity: ``Violation``, ``Warning``, ``Info``, or the id of one of the shapes' own.
    """

    focus: str
    path: str
    value: str
    message: str
    severity: str


@dataclass(frozen=True, slots=True)
class Report:
    """Whether the facts are of their shapes, and where not, in a fixed order."""

    conforms: bool
    violations: list[Violation]


def validate(facts: Iterable[Fact], shapes_file: Path) -> Report:
    """Check facts against SHACL Core shapes (W3C Recommendation, 2017) in a Turtle file.

    Nothing is fetched, no ``owl:imports`` is followed and no code is run: shapes that hold any
    are refused. Patterns are Python's, and a bad one can take long: the shapes must come from
    somebody who may let this process work.

    Raises:
        NotFoundError: there is no such file.
        TastegraphError: pyshacl is not installed, the file is not Turtle or holds no SHACL Core
            shapes, or a fact cannot be said in RDF.
    """
    try:
        import pyshacl
        import rdflib
    except ModuleNotFoundError:
        raise TastegraphError(
            "shapes are checked by pyshacl: pip install 'tastegraph[shacl]'"
        ) from None
    shapes = _read(shapes_file)
    graph = rdflib.Graph()
    for fact in facts:
        stated = triple(fact)
        graph.add((_term(stated.subject), _term(stated.predicate), _term(stated.object)))
    try:
        _, found, words = pyshacl.validate(
            graph, shacl_graph=shapes, advanced=False, js=False, inference="none",
            do_owl_imports=False, inplace=True,
        )  # fmt: skip
    except (RuntimeError, ValueError, TypeError, LookupError, re.error) as error:
        raise TastegraphError(f"{shapes_file} cannot be used: {_first_line(error)}") from None
    if not isinstance(found, rdflib.Graph):
        raise TastegraphError(f"{shapes_file} cannot be used: {_first_line(words)}")
    return _report(found)
