"""Export and SPARQL: facts survive the round trip, and queries return tables."""

import tempfile
import xml.etree.ElementTree as ElementTree
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tastegraph.core.config import Config
from tastegraph.core.errors import RowError, TastegraphError
from tastegraph.core.fact_columns import facts_of, links_of
from tastegraph.core.records import Fact, Item, Link
from tastegraph.data.facts import fact_columns, link_columns, read_facts
from tastegraph.data.rdf.terms import identifier, iri, node
from tastegraph.data.rejected_rows import RejectedRows
from tastegraph.kg.export import write_csv, write_graphml, write_kg, write_links, write_rdf
from tastegraph.kg.graph import build_graph
from tastegraph.kg.sparql import ResultCell, query, rdf_store

INTEGER = "http://www.w3.org/2001/XMLSchema#integer"
STRING = "http://www.w3.org/2001/XMLSchema#string"


def read(name, content, reader=read_facts):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        return list(reader(path, RejectedRows("raise")))


def read_whole(path, rejects):
    """Facts of a file, where no id says that it is missing, such as ``null``."""
    return (fact for frame in fact_columns(path, rejects, markers=()) for fact in facts_of(frame))


def read_links_whole(path, rejects):
    return (link for frame in link_columns(path, rejects, markers=()) for link in links_of(frame))


# Ids and IRIs.


@pytest.mark.parametrize(
    ("identifier_", "iri_text"),
    [
        ("http://x/中", "http://x/中"),
        ("item:alien", "item:alien"),
        ("star", "urn:tastegraph:star"),
        ("genre:Science fiction", "urn:tastegraph:genre%3AScience%20fiction"),
        ("流派", "urn:tastegraph:%E6%B5%81%E6%B4%BE"),
        ("urn:tastegraph:x", "urn:tastegraph:urn%3Atastegraph%3Ax"),
        ("_:b", "urn:tastegraph:_%3Ab"),
    ],
)
def test_ids_and_iris_are_converted_both_ways(identifier_, iri_text):
    assert iri(identifier_).value == iri_text
    assert identifier(iri(identifier_)) == identifier_


def test_blank_nodes_stay_blank():
    assert node("_:b0") == ox.BlankNode("b0")
    assert identifier(node("_:b0")) == "_:b0"
    assert node("_:not a label") == ox.NamedNode("urn:tastegraph:_%3Anot%20a%20label")


@pytest.mark.parametrize("foreign", ["", "%0A", "%00", "%FF", "a%62", "a b".replace(" ", "%2b")])
def test_foreign_iris_are_not_decoded(foreign):
    term = ox.NamedNode("urn:tastegraph:" + foreign)
    assert identifier(term) == term.value
    assert identifier(iri(term.value)) == term.value


not_in_ids = st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"])
ids = st.one_of(
    st.text(not_in_ids, min_size=1, max_size=12).filter(str.strip),
    st.sampled_from(
        ["item:alien", "两杆 大烟枪", "_:b0", "_:0a", "_:x y", "http://x/../a?b#c",
         "urn:tastegraph:", "urn:tastegraph:a%20b", "a\u00a0b", "http://x/%41", "x:", '"', "a,b"]
    ),
)  # fmt: skip


@given(ids)
def test_every_id_survives_the_round_trip_to_a_term(identifier_):
    assert identifier(node(identifier_)) == identifier_
    assert identifier(iri(identifier_)) == identifier_


# import(export(g)) = g

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
values = st.one_of(
    texts, st.sampled_from(['say "hi"', "a\nb\r\nc\rd", "中文 值", "", "  ", "\\", "01"])
)
entity_facts = st.builds(Fact, subject=ids, relation=ids, object=ids)
literal_facts = st.builds(
    lambda subject, relation, value, kind: Fact(subject, relation, value, True, *kind),
    ids,
    ids,
    values,
    st.sampled_from(
        [("", ""), (INTEGER, ""), ("http://x/t", ""), ("year", ""), ("", "en"), ("", "zh-hans")]
    ),
)
some_facts = st.lists(entity_facts | literal_facts, max_size=6, unique=True)
TURTLE, N_TRIPLES = ox.RdfFormat.TURTLE, ox.RdfFormat.N_TRIPLES
NUMBERS = [Fact("a", "r", text, True, INTEGER) for text in ("1", "01", "+1", "one")]


@settings(max_examples=60, deadline=None)
@given(some_facts, st.sampled_from([(".nt", N_TRIPLES), (".ttl", TURTLE)]))
@example(NUMBERS, (".ttl", TURTLE))
def test_facts_survive_the_round_trip_through_rdf(facts, form):
    stream = BytesIO()
    assert write_rdf(facts, stream, form[1]) == len(facts)
    assert read("f" + form[0], stream.getvalue()) == facts


@settings(max_examples=60, deadline=None)
@given(some_facts, st.sampled_from([1.0, 0.5, 0.1, 1 / 3]))
def test_facts_survive_the_round_trip_through_csv_with_confidence(facts, confidence):
    stream = BytesIO()
    facts = [replace(fact, confidence=confidence) for fact in facts]
    assert write_csv(facts, stream) == len(facts)
    assert read("f.csv", stream.getvalue(), read_whole) == facts


@settings(max_examples=30, deadline=None)
@given(some_facts, st.lists(st.builds(Link, ids, ids), max_size=4))
def test_entity_facts_and_links_survive_the_round_trip_through_recbole_files(facts, links):
    stream = BytesIO()
    between = [fact for fact in facts if not fact.literal]
    assert write_kg(facts, stream) == len(between)
    assert read("f.kg", stream.getvalue(), read_whole) == between
    stream = BytesIO()
    assert write_links(links, stream) == len(links)
    assert read("f.link", stream.getvalue(), read_links_whole) == links


def test_a_plain_literal_is_the_same_fact_from_rdf_and_csv():
    fact = Fact("http://a", "http://r", "x", literal=True)
    assert read("f.nt", b'<http://a> <http://r> "x" .\n') == [fact]
    assert read("f.nt", f'<http://a> <http://r> "x"^^<{STRING}> .\n'.encode()) == [fact]
    head = b"head,relation,tail,literal,datatype,language\n"
    assert read("f.csv", head + b"http://a,http://r,x,true,,\n") == [fact]
    assert read("f.csv", head + f"http://a,http://r,x,true,{STRING},\n".encode()) == [fact]
    tagged = read("f.csv", head + b"http://a,http://r,x,true,,en-GB\n")
    assert tagged == [replace(fact, language="en-gb")]
    assert tagged == read("f.nt", b'<http://a> <http://r> "x"@en-GB .\n')


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("a,r,b,,http://t,", "datatype"),
        ("a,r,b,,,en", "language"),
        ("a,r,b,true,,not a tag", "language"),
        ("a,r,b,true,http://t,en", "datatype"),
    ],
)
def test_an_invalid_literal_row_is_named(row, column):
    table = f"head,relation,tail,literal,datatype,language\n{row}\n".encode()
    with pytest.raises(RowError) as error:
        read("f.csv", table)
    assert (error.value.line, error.value.column) == (2, column)


@pytest.mark.parametrize(
    "fact",
    [Fact("a", "r", "x", True, "", "not a tag"), Fact("a", "r", "x", True, "http://t", "en")],
)
def test_a_literal_without_an_rdf_form_is_named(fact):
    with pytest.raises(TastegraphError, match="the value of 'r' of 'a'"):
        write_rdf([fact], BytesIO(), N_TRIPLES)


def test_csv_export_refuses_nul():
    with pytest.raises(TastegraphError, match=r"NUL character.*export to \.nt"):
        write_csv([Fact("a", "r", "\0", literal=True)], BytesIO())


def test_graphml_is_well_formed():
    graph = build_graph(
        [Item("heat", "Heat & <Fire>")],
        [],
        enumerate(
            [
                Fact("m.h", "star", "pacino", confidence=0.5),
                Fact("pacino", "label", "Al\x0b Pacino", literal=True),
                Fact("item:heat", "year", "1995", literal=True),
            ]
        ),
        [Link("heat", "m.h")],
        Config(),
    )
    stream = BytesIO()
    assert write_graphml(graph, stream) == 2
    space = "{http://graphml.graphdrawing.org/xmlns}"
    root = ElementTree.fromstring(stream.getvalue()).find(space + "graph")
    elements = [{data.get("key"): data.text for data in element} for element in root]
    assert elements == [
        {"id": "heat", "kind": "item", "label": "Heat & <Fire>"},
        {"id": "pacino", "kind": "entity", "label": "Al\ufffd Pacino"},
        {"id": "year=1995", "kind": "value", "label": "1995"},
        {"relation": "star", "confidence": "0.5"},
        {"relation": "year", "confidence": "1"},
    ]
    ends = [(e.get("source"), e.get("target")) for e in root.findall(space + "edge")]
    assert ends == [("n0", "n1"), ("n0", "n2")]


def test_an_entity_with_events_is_no_item_in_graphml():
    facts = [(1, Fact("item:a", "director", "coen"))]
    graph = build_graph([Item("a", "A")], [], facts, [], Config(), event_entities=["coen"])
    stream = BytesIO()
    assert write_graphml(graph, stream) == 1
    space = "{http://graphml.graphdrawing.org/xmlns}"
    nodes = [
        {data.get("key"): data.text for data in node}
        for node in ElementTree.fromstring(stream.getvalue()).iter(f"{space}node")
    ]
    assert [(node["id"], node["kind"]) for node in nodes] == [("a", "item"), ("coen", "entity")]


# SPARQL.

FACTS = [
    Fact("item:heat", "star", "Al Pacino"),
    Fact("item:heat", "year", "1995", literal=True, datatype=INTEGER),
    Fact("Al Pacino", "label", "阿尔", literal=True, language="zh"),
]


@pytest.fixture(scope="module")
def store():
    return rdf_store(FACTS)


def test_a_query_returns_the_imported_ids(store):
    result = query(store, "SELECT ?who ?name { <item:heat> tg:star ?who . ?who tg:label ?name }")
    assert result.columns == ["who", "name"]
    assert result.rows == [[ResultCell("Al Pacino"), ResultCell("阿尔", True, "", "zh")]]


def test_a_query_counts_and_has_unbound_variables(store):
    result = query(
        store, "SELECT ?x (COUNT(*) AS ?n) { ?s ?p ?o OPTIONAL { ?o tg:no ?x } } GROUP BY ?x"
    )
    assert result.rows == [[None, ResultCell("3", True, INTEGER)]]


def test_every_query_form_returns_a_table(store):
    assert query(store, "ASK { ?s tg:star ?o }").rows == [[ResultCell("true", literal=True)]]
    triples = query(store, "CONSTRUCT { ?o tg:in ?s } WHERE { ?s tg:star ?o }")
    assert triples.columns == ["subject", "relation", "object"]
    assert triples.rows == [[ResultCell("Al Pacino"), ResultCell("in"), ResultCell("item:heat")]]


def test_an_invalid_query_is_an_error(store):
    for wrong in ("SELECT", "DELETE WHERE { ?s ?p ?o }"):
        with pytest.raises(TastegraphError, match="this is no SPARQL query"):
            query(store, wrong)
    assert len(store) == 3
