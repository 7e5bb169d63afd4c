"""SHACL validation: violations name the ids of facts, and shapes cannot run code."""

import json
import logging
import socket
import sys

import pytest

from tastegraph.core.errors import NotFoundError, TastegraphError
from tastegraph.core.records import Fact
from tastegraph.kg.shacl import Violation, validate
from tastegraph.workspace import Workspace

pytest.importorskip("pyshacl")

XSD = "http://www.w3.org/2001/XMLSchema#"
PREFIXES = """@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix tg: <urn:tastegraph:> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdf: <http://www.w3.org/1999/02/22-rdf-syntax-ns#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
@prefix x: <http://x/> .
"""
FACTS = [
    Fact("item:alien", "directed by", "Ridley Scott"),
    Fact("item:alien", "year", "01979", literal=True, datatype=XSD + "integer"),
    Fact("item:aliens", "year", "late", literal=True, datatype=XSD + "integer"),
    Fact("_:b", "year", "1990", literal=True),
    Fact("Ridley Scott", "knows", "James Cameron"),
    Fact("Ridley Scott", "label", "Ridley", literal=True, language="en"),
]
YEAR = "x:S a sh:NodeShape ; sh:targetSubjectsOf tg:year ; sh:property [ sh:path tg:year ; "


@pytest.fixture
def check(write):
    def run(shapes, facts=FACTS):
        return validate(facts, write("shapes.ttl", PREFIXES + shapes))

    return run


def test_facts_that_conform(check):
    report = check(YEAR + "sh:minCount 1 ; sh:maxCount 1 ] .")
    assert report.conforms
    assert report.violations == []


def test_violations_name_the_ids_as_they_were_imported(check):
    report = check(YEAR + "sh:datatype xsd:integer ; sh:message 'a year' ] .")
    assert not report.conforms
    assert report.violations == [
        Violation("_:b", "year", "1990", "a year", "Violation"),
        Violation("item:aliens", "year", "late", "a year", "Violation"),
    ]


def test_a_literal_keeps_its_lexical_form(check):
    report = check(YEAR + "sh:maxInclusive 1978 ; sh:message 'too late' ] .")
    assert ("item:alien", "01979") in [
        (violation.focus, violation.value) for violation in report.violations
    ]


def test_a_missing_value_is_empty(check):
    report = check(
        "x:S a sh:NodeShape ; sh:targetNode tg:Ridley%20Scott ; sh:property [ "
        "sh:path tg:directed%20by ; sh:minCount 1 ; sh:severity sh:Warning ; sh:message 'm' ] ."
    )
    assert report.violations == [Violation("Ridley Scott", "directed by", "", "m", "Warning")]


@pytest.mark.parametrize(
    ("path", "sparql"),
    [
        ("[ sh:inversePath tg:directed%20by ]", "^directed by"),
        ("( tg:a [ sh:inversePath tg:b ] x:c )", "a/^b/http://x/c"),
        ("[ sh:alternativePath ( tg:a tg:b ) ]", "(a|b)"),
        ("[ sh:oneOrMorePath tg:a ]", "(a)+"),
        ("[ sh:zeroOrOnePath ( tg:a tg:b ) ]", "(a/b)?"),
        ("[ sh:zeroOrMorePath tg:a ]", "(a)*"),
    ],
)
def test_paths_are_written_as_in_sparql(check, path, sparql):
    report = check(
        f"x:S a sh:NodeShape ; sh:targetNode tg:none ; sh:property [ sh:path {path} ; "
        "sh:minCount 2 ] ."
    )
    assert [violation.path for violation in report.violations] == [sparql]


def test_a_violation_of_the_node_itself_has_no_path(check):
    report = check(
        "x:S a sh:NodeShape ; sh:targetObjectsOf tg:knows ; sh:in ( x:a ) ; sh:message 'm' ."
    )
    assert report.violations == [Violation("James Cameron", "", "James Cameron", "m", "Violation")]


@pytest.mark.parametrize(
    "code",
    [
        "sh:sparql [ sh:select 'SELECT $this { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }' ]",
        "sh:js [ sh:jsFunctionName 'f' ; sh:jsLibrary [ sh:jsLibraryURL 'http://127.0.0.1/' ] ]",
        "sh:rule [ a sh:SPARQLRule ; sh:construct 'CONSTRUCT { $this a $this } {}' ]",
        "sh:target [ a sh:SPARQLTarget ; sh:select 'SELECT ?this { ?this ?p ?o }' ]",
    ],
)
def test_shapes_with_code_are_refused(check, code):
    with pytest.raises(TastegraphError, match="holds code"):
        check(f"x:S a sh:NodeShape ; sh:targetSubjectsOf tg:year ; {code} .")


def test_nothing_is_downloaded(check, monkeypatch):
    def no(*_, **__):
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket, "create_connection", no)
    monkeypatch.setattr(socket.socket, "connect", no)
    imports = "<> a owl:Ontology ; owl:imports <http://127.0.0.1:9/more.ttl> ."
    imports = imports.replace("<>", "<http://x/>")
    fact = Fact("http://x/", "http://www.w3.org/2002/07/owl#imports", "http://127.0.0.1:9/d.ttl")
    assert check(imports + YEAR + "sh:minCount 1 ] .", [*FACTS, fact]).conforms


@pytest.mark.parametrize(
    ("shapes", "words"),
    [
        ("x:S a sh:NodeShape ; ;; [", "line 7.*Turtle expected"),
        ("x:a x:b x:c .", "holds no shape"),
        (YEAR + "sh:or 3 ] .", "list"),
        (YEAR + "sh:pattern '(' ] .", "unterminated"),
        (YEAR + "sh:minCount 'x' ] .", "minCount must be"),
        (YEAR + "sh:in _:l ] . _:l rdf:first x:a ; rdf:rest _:l .", "recursive"),
        ("x:S a sh:NodeShape ; sh:targetSubjectsOf tg:year ; sh:node x:S .", "refers to itself"),
        ("x:S a sh:NodeShape ; sh:targetNode x:f ; sh:property [ sh:minCount 1 ] .", "well-formed"),
    ],
)  # fmt: skip
def test_errors_in_a_shapes_file_are_named(check, capfd, shapes, words):
    with pytest.raises(TastegraphError, match=r"shapes\.ttl.*" + words) as raised:
        check(shapes)
    assert "\n" not in str(raised.value)
    assert capfd.readouterr().err == ""
    assert not logging.getLogger("rdflib.term").disabled


def test_a_triple_term_is_refused(check):
    with pytest.raises(TastegraphError, match="triple term"):
        check(YEAR + "sh:in <<( x:a x:b x:c )>> ] .")


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(NotFoundError, match=r"none\.ttl"):
        validate(FACTS, tmp_path / "none.ttl")


def test_without_pyshacl_the_error_names_the_extra(check, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyshacl", None)
    with pytest.raises(TastegraphError, match=r"pip install 'tastegraph\[shacl\]'"):
        check(YEAR + "sh:minCount 1 ] .")


def test_the_command_exits_with_1_if_facts_do_not_conform(tmp_path, write, tastegraph):
    workspace = Workspace.init(tmp_path / "w")
    workspace.ingest(facts={"films": FACTS})
    workspace.close()
    good = write("good.ttl", PREFIXES + YEAR + "sh:minCount 1 ] .")
    bad = write("bad.ttl", PREFIXES + YEAR + "sh:datatype xsd:integer ; sh:message 'a year' ] .")
    done = tastegraph("kg", "validate", workspace.directory, good)
    assert (done.code, done.out) == (0, "the facts conform\n")
    done = tastegraph("kg", "validate", workspace.directory, bad)
    assert done.code == 1
    assert "Violation: item:aliens  year  late: a year" in done.out
    done = tastegraph("kg", "validate", workspace.directory, bad, "--json")
    assert done.code == 1
    report = json.loads(done.out)
    assert not report["conforms"]
    assert report["violations"][0] == {
        "focus": "_:b", "path": "year", "value": "1990", "message": "a year",
        "severity": "Violation",
    }  # fmt: skip
    done = tastegraph("kg", "validate", workspace.directory, tmp_path / "none.ttl")
    assert done.code == 1
    assert "none.ttl" in done.err
