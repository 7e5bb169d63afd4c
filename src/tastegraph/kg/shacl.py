"""SHACL: whether the facts are of the shapes that somebody asks of them."""

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
from tastegraph.data.rdf import triple
from tastegraph.data.text_files import READ_ERRORS, open_bytes

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
TARGETS = frozenset(
    SH + name for name in ("targetNode", "targetClass", "targetSubjectsOf", "targetObjectsOf")
)
CLASS = "http://www.w3.org/2000/01/rdf-schema#Class"


_WHERE_SHAPES_ARE_WRONG = (
    RuntimeError, ValueError, TypeError, LookupError, AttributeError, re.error,
)  # fmt: skip


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
        from pyshacl.errors import ShapeRecursionWarning
        from rdflib import Graph

        from tastegraph.kg.rdflib_terms import graph_of
    except ModuleNotFoundError:
        raise TastegraphError(
            "pyshacl checks shapes and is not here: pip install 'tastegraph[shacl]'"
        ) from None
    shapes = _read(shapes_file)
    with _quiet():
        stated = graph_of(map(triple, facts))
    try:
        with _quiet(), warnings.catch_warnings():
            warnings.simplefilter("error", ShapeRecursionWarning)
            conforms, found, words = pyshacl.validate(
                stated, shacl_graph=graph_of(shapes), advanced=False, js=False,
                inference="none", do_owl_imports=False, inplace=True,
            )  # fmt: skip
    except ShapeRecursionWarning:
        raise TastegraphError(f"{shapes_file}: a shape refers to itself") from None
    except _WHERE_SHAPES_ARE_WRONG as error:
        raise TastegraphError(f"{shapes_file}: {_on_one_line(str(error))}") from None
    if not isinstance(found, Graph):
        raise TastegraphError(f"{shapes_file}: {_on_one_line(words)}")
    return Report(conforms, sorted(_violations(found)))


def _read(file: Path) -> list[ox.Triple]:
    try:
        with open_bytes(file) as stream:
            stated = [quad.triple for quad in ox.parse(stream, ox.RdfFormat.TURTLE)]
    except SyntaxError as error:
        raise TastegraphError(
            f"{file}, line {error.lineno}: {error.msg}: Turtle expected"
        ) from None
    except READ_ERRORS as error:
        raise TastegraphError(f"{file} cannot be read: {error}") from None
    used = {one.predicate.value for one in stated}
    if code := sorted(used & CODE):
        raise TastegraphError(
            f"{file} holds code ({code[0]}), and none is run: say it in SHACL Core, or ask "
            "'tastegraph kg query'"
        )
    if not used & TARGETS and not any(one.object == ox.NamedNode(CLASS) for one in stated):
        raise TastegraphError(f"{file} holds no shape with a target: sh:targetClass, …")
    return stated


def _violations(found: Graph) -> Iterator[Violation]:
    from rdflib import SH as sh  # noqa: N811

    from tastegraph.kg.rdflib_terms import path_of, text_of

    for result in found.subjects(sh.focusNode):
        path = found.value(result, sh.resultPath)
        messages = sorted(map(str, found.objects(result, sh.resultMessage)))
        yield Violation(
            focus=text_of(found.value(result, sh.focusNode)),
            path="" if path is None else path_of(found, path),
            value=text_of(found.value(result, sh.value)),
            message=_on_one_line("; ".join(messages)),
            severity=text_of(found.value(result, sh.resultSeverity)).removeprefix(SH),
        )


def _on_one_line(text: str) -> str:
    return " ".join(text.split())


@contextmanager
def _quiet() -> Iterator[None]:
    """What these libraries log is in the report or in the error already."""
    loggers = [logging.getLogger(name) for name in ("rdflib.term", "pyshacl-validate")]
    before = [logger.disabled for logger in loggers]
    for logger in loggers:
        logger.disabled = True
    try:
        yield
    finally:
        for logger, was in zip(loggers, before, strict=True):
            logger.disabled = was
