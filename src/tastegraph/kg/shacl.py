"""SHACL validation: facts and a shapes file go in, a report of violations comes out."""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pyoxigraph as ox

from tastegraph.core.errors import TastegraphError
from tastegraph.core.records import Fact
from tastegraph.data.rdf.terms import triple
from tastegraph.data.tables.text_files import READ_ERRORS, open_bytes

if TYPE_CHECKING:
    from rdflib import Graph


SH = "http://www.w3.org/ns/shacl#"
CODE_PREDICATES = frozenset(
    SH + name
    for name in (
        "sparql", "select", "ask", "construct", "update", "expression", "rule", "js", "jsLibrary",
        "jsFunctionName", "target", "validator", "nodeValidator", "propertyValidator",
    )
)  # fmt: skip
"""Predicates of SHACL-SPARQL, SHACL-AF and SHACL-JS: embedded code could reach the network."""
TARGET_PREDICATES = frozenset(
    SH + name for name in ("targetNode", "targetClass", "targetSubjectsOf", "targetObjectsOf")
)
RDFS_CLASS = "http://www.w3.org/2000/01/rdf-schema#Class"

_ERRORS_OF_BAD_SHAPES = (
    RuntimeError, ValueError, TypeError, LookupError, AttributeError, re.error,
)  # fmt: skip


class Violation(NamedTuple):
    """One validation result: a node that does not have its shape.

    Attributes:
        focus: id of the node.
        path: the relation whose value is wrong, with ``^`` before it where it is inverted, or a
            longer path in SPARQL's notation; empty where the node itself is wrong.
        value: the wrong id or value; empty where a value is missing.
        message: of the shape, or of the validator.
        severity: ``Violation``, ``Warning``, ``Info``, or the id of a severity of the shapes file.
    """

    focus: str
    path: str
    value: str
    message: str
    severity: str


@dataclass(frozen=True, slots=True)
class ValidationReport:
    """Whether the facts conform to the shapes, and the violations in a fixed order."""

    conforms: bool
    violations: list[Violation]


def validate(facts: Iterable[Fact], shapes_file: Path) -> ValidationReport:
    """Check facts against the SHACL Core shapes (W3C Recommendation, 2017) of a Turtle file.

    Nothing is downloaded, ``owl:imports`` are not followed, and shapes that contain code are
    refused. Regular expressions are Python's, and a bad one can run for long, so the shapes must
    come from somebody whom you trust.

    Raises:
        NotFoundError: the file does not exist.
        TastegraphError: pyshacl is not installed, the file is not Turtle or holds no SHACL Core
            shapes, or a fact cannot be written in RDF.
    """
    try:
        import pyshacl
        from pyshacl.errors import ShapeRecursionWarning
        from rdflib import Graph

        from tastegraph.kg.rdflib_terms import rdflib_graph
    except ModuleNotFoundError:
        raise TastegraphError(
            "checking shapes needs pyshacl: pip install 'tastegraph[shacl]'"
        ) from None
    shapes = _read_shapes(shapes_file)
    with _quiet():
        data_graph = rdflib_graph(map(triple, facts))
    try:
        with _quiet(), warnings.catch_warnings():
            warnings.simplefilter("error", ShapeRecursionWarning)
            conforms, results, results_text = pyshacl.validate(
                data_graph, shacl_graph=rdflib_graph(shapes), advanced=False, js=False,
                inference="none", do_owl_imports=False, inplace=True,
            )  # fmt: skip
    except ShapeRecursionWarning:
        raise TastegraphError(f"{shapes_file}: a shape refers to itself") from None
    except _ERRORS_OF_BAD_SHAPES as error:
        raise TastegraphError(f"{shapes_file}: {_on_one_line(str(error))}") from None
    if not isinstance(results, Graph):
        raise TastegraphError(f"{shapes_file}: {_on_one_line(results_text)}")
    return ValidationReport(conforms, sorted(_violations(results)))


def _read_shapes(file: Path) -> list[ox.Triple]:
    try:
        with open_bytes(file) as stream:
            triples = [quad.triple for quad in ox.parse(stream, ox.RdfFormat.TURTLE)]
    except SyntaxError as error:
        raise TastegraphError(
            f"{file}, line {error.lineno}: {error.msg}: Turtle expected"
        ) from None
    except READ_ERRORS as error:
        raise TastegraphError(f"{file} cannot be read: {error}") from None
    used = {triple.predicate.value for triple in triples}
    if code := sorted(used & CODE_PREDICATES):
        raise TastegraphError(
            f"{file} holds code ({code[0]}), which is never run: write the shape in SHACL Core, "
            "or use 'tastegraph kg query'"
        )
    if not used & TARGET_PREDICATES and not any(
        triple.object == ox.NamedNode(RDFS_CLASS) for triple in triples
    ):
        raise TastegraphError(f"{file} holds no shape with a target: sh:targetClass, …")
    return triples


def _violations(results: Graph) -> Iterator[Violation]:
    from rdflib import SH as sh  # noqa: N811

    from tastegraph.kg.rdflib_terms import sparql_path, text_of

    for result in results.subjects(sh.focusNode):
        path = results.value(result, sh.resultPath)
        messages = sorted(map(str, results.objects(result, sh.resultMessage)))
        yield Violation(
            focus=text_of(results.value(result, sh.focusNode)),
            path="" if path is None else sparql_path(results, path),
            value=text_of(results.value(result, sh.value)),
            message=_on_one_line("; ".join(messages)),
            severity=text_of(results.value(result, sh.resultSeverity)).removeprefix(SH),
        )


def _on_one_line(text: str) -> str:
    return " ".join(text.split())


@contextmanager
def _quiet() -> Iterator[None]:
    """Silence loggers whose messages the report or the error repeats."""
    loggers = [logging.getLogger(name) for name in ("rdflib.term", "pyshacl-validate")]
    before = [logger.disabled for logger in loggers]
    for logger in loggers:
        logger.disabled = True
    try:
        yield
    finally:
        for logger, was in zip(loggers, before, strict=True):
            logger.disabled = was
