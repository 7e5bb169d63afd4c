"""What is known, looked at and handed on: statistics, export, SPARQL, `tastegraph kg`."""

import json
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
from tastegraph.core.records import SAME_AS, Fact, Item, Link
from tastegraph.data.facts import read_facts, read_links
from tastegraph.data.rdf import identifier, iri, node
from tastegraph.data.rejected_rows import RejectedRows
from tastegraph.kg.export import export, write_csv, write_graphml, write_kg, write_links, write_rdf
from tastegraph.kg.graph import build_graph
from tastegraph.kg.sparql import ResultCell, query, rdf_store
from tastegraph.kg.stats import Hub, graph_stats
from tastegraph.workspace import Workspace

INTEGER = "http://www.w3.org/2001/XMLSchema#integer"
STRING = "http://www.w3.org/2001/XMLSchema#string"


def read(name, written, reader=read_facts):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(written)
        return list(reader(path, RejectedRows("raise")))


# Ids and IRIs.


@pytest.mark.parametrize(
    ("given", "written"),
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
def test_an_id_that_is_no_iri_is_written_as_one_and_read_back(given, written):
    assert iri(given).value == written
    assert identifier(iri(given)) == given


def test_blank_nodes_stay_blank():
    assert node("_:b0") == ox.BlankNode("b0")
    assert identifier(node("_:b0")) == "_:b0"
    assert node("_:not a label") == ox.NamedNode("urn:tastegraph:_%3Anot%20a%20label")


@pytest.mark.parametrize("foreign", ["", "%0A", "%00", "%FF", "a%62", "a b".replace(" ", "%2b")])
def test_an_iri_that_no_id_is_written_as_stays_as_it_is(foreign):
    there = ox.NamedNode("urn:tastegraph:" + foreign)
    assert identifier(there) == there.value
    assert identifier(iri(there.value)) == there.value


not_in_ids = st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"])
ids = st.one_of(
    st.text(not_in_ids, min_size=1, max_size=12).filter(str.strip),
    st.sampled_from(
        ["item:alien", "两杆 大烟枪", "_:b0", "_:0a", "_:x y", "http://x/../a?b#c",
         "urn:tastegraph:", "urn:tastegraph:a%20b", "a\u00a0b", "http://x/%41", "x:", '"', "a,b"]
    ),
)  # fmt: skip


@given(ids)
def test_every_id_comes_back_from_its_term(one):
    assert identifier(node(one)) == one
    assert identifier(iri(one)) == one


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
def test_facts_come_back_from_rdf(facts, form):
    stream = BytesIO()
    assert write_rdf(facts, stream, form[1]) == len(facts)
    assert read("f" + form[0], stream.getvalue()) == facts


@settings(max_examples=60, deadline=None)
@given(some_facts, st.sampled_from([1.0, 0.5, 0.1, 1 / 3]))
def test_facts_come_back_from_csv_with_how_sure_their_source_is(facts, confidence):
    stream = BytesIO()
    facts = [replace(fact, confidence=confidence) for fact in facts]
    assert write_csv(facts, stream) == len(facts)
    assert read("f.csv", stream.getvalue()) == facts


@settings(max_examples=30, deadline=None)
@given(some_facts, st.lists(st.builds(Link, ids, ids), max_size=4))
def test_entity_facts_and_links_come_back_from_recbole_files(facts, links):
    stream = BytesIO()
    between = [fact for fact in facts if not fact.literal]
    assert write_kg(facts, stream) == len(between)
    assert read("f.kg", stream.getvalue()) == between
    stream = BytesIO()
    assert write_links(links, stream) == len(links)
    assert read("f.link", stream.getvalue(), read_links) == links


def test_plain_text_is_the_same_fact_from_rdf_and_from_a_table():
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
        ("a,r,,true,,", "tail"),
    ],
)
def test_a_row_that_is_no_literal_is_named(row, column):
    table = f"head,relation,tail,literal,datatype,language\n{row}\n".encode()
    with pytest.raises(RowError) as error:
        read("f.csv", table)
    assert (error.value.line, error.value.column) == (2, column)


@pytest.mark.parametrize(
    "fact",
    [Fact("a", "r", "x", True, "", "not a tag"), Fact("a", "r", "x", True, "http://t", "en")],
)
def test_a_literal_that_rdf_does_not_know_is_named(fact):
    with pytest.raises(TastegraphError, match="the value of 'r' of 'a'"):
        write_rdf([fact], BytesIO(), N_TRIPLES)


def test_a_table_holds_no_nul():
    with pytest.raises(TastegraphError, match=r"NUL character.*export to \.nt"):
        write_csv([Fact("a", "r", "\0", literal=True)], BytesIO())


def test_graphml_names_nodes_and_edges_in_well_formed_xml():
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
    found = ElementTree.fromstring(stream.getvalue()).find(space + "graph")
    told = [{data.get("key"): data.text for data in element} for element in found]
    assert told == [
        {"id": "heat", "kind": "item", "label": "Heat & <Fire>"},
        {"id": "pacino", "kind": "entity", "label": "Al\ufffd Pacino"},
        {"id": "year=1995", "kind": "value", "label": "1995"},
        {"relation": "star", "confidence": "0.5"},
        {"relation": "year", "confidence": "1"},
    ]
    ends = [(e.get("source"), e.get("target")) for e in found.findall(space + "edge")]
    assert ends == [("n0", "n1"), ("n0", "n2")]


# SPARQL.

FACTS = [
    Fact("item:heat", "star", "Al Pacino"),
    Fact("item:heat", "year", "1995", literal=True, datatype=INTEGER),
    Fact("Al Pacino", "label", "阿尔", literal=True, language="zh"),
]


@pytest.fixture(scope="module")
def store():
    return rdf_store(FACTS)


def test_a_query_gives_ids_as_they_were_imported(store):
    answer = query(store, "SELECT ?who ?name { <item:heat> tg:star ?who . ?who tg:label ?name }")
    assert answer.columns == ["who", "name"]
    assert answer.rows == [[ResultCell("Al Pacino"), ResultCell("阿尔", True, "", "zh")]]


def test_a_query_counts_and_leaves_open(store):
    answer = query(
        store, "SELECT ?x (COUNT(*) AS ?n) { ?s ?p ?o OPTIONAL { ?o tg:no ?x } } GROUP BY ?x"
    )
    assert answer.rows == [[None, ResultCell("3", True, INTEGER)]]


def test_every_form_of_query_gives_a_table(store):
    assert query(store, "ASK { ?s tg:star ?o }").rows == [[ResultCell("true", literal=True)]]
    made = query(store, "CONSTRUCT { ?o tg:in ?s } WHERE { ?s tg:star ?o }")
    assert made.columns == ["subject", "relation", "object"]
    assert made.rows == [[ResultCell("Al Pacino"), ResultCell("in"), ResultCell("item:heat")]]


def test_what_is_no_query_is_said_to_be_none(store):
    for wrong in ("SELECT", "DELETE WHERE { ?s ?p ?o }"):
        with pytest.raises(TastegraphError, match="this is no SPARQL query"):
            query(store, wrong)
    assert len(store) == 3


# Statistics.


def look(*facts, items=("alien", "heat"), links=()):
    return graph_stats(items, facts, links, Config())


def test_relations_are_described_as_found():
    found = look(
        Fact("m.a", "star", "weaver"),
        Fact("item:heat", "star", "pacino"),
        Fact("pacino", "knows", "item:alien"),
        Fact("weaver", "type", "person"),
        Fact("item:heat", "year", "1995", literal=True),
        Fact("weaver", "label", "S. Weaver", literal=True),
        links=[Link("alien", "m.a")],
    )
    assert (found.facts, found.items, found.entities, found.values) == (6, 2, 3, 1)
    assert found.types == {"person": 1}
    described = {r.relation: (r.facts, r.subjects, r.domain, r.range) for r in found.relations}
    assert described == {
        "star": (2, 2, {"item": 2}, {"entity": 2}),
        "knows": (1, 1, {"entity": 1}, {"item": 1}),
        "type": (1, 1, {"entity": 1}, {"entity": 1}),
        "year": (1, 1, {"item": 1}, {"value": 1}),
        "label": (1, 1, {"entity": 1}, {"value": 1}),
    }
    assert found.relations[0].relation == "star"


@pytest.mark.parametrize(("subjects", "functional"), [(100, True), (99, False)])
def test_a_relation_is_functional_where_99_of_100_subjects_have_one_object(subjects, functional):
    facts = [Fact(f"x{k}", "born", str(1900 + k), literal=True) for k in range(subjects)]
    (relation,) = look(*facts, Fact("x7", "born", "1800", literal=True)).relations
    assert (relation.subjects, relation.functional) == (subjects, functional)
    assert relation.violations == (["x7"] if functional else [])


def test_one_name_in_each_language_is_one_name():
    both = [Fact("x", "label", f"name {tag}", True, "", tag) for tag in ("en", "zh")]
    assert look(*both).relations[0].functional
    assert not look(*both, Fact("x", "label", "another", True, "", "en")).relations[0].functional


def test_orphans_are_entities_with_one_edge_and_no_name():
    found = look(
        Fact("item:heat", "star", "pacino"),
        Fact("item:heat", "star", "deniro"),
        Fact("item:heat", "star", "kilmer"),
        Fact("kilmer", "born_in", "la"),
        Fact("deniro", "label", "R. De Niro", literal=True),
        Fact("item:heat", "year", "1995", literal=True),
    )
    assert found.orphans == ["pacino", "la"]
    assert found.items_without_facts == ["alien"]


def test_a_hub_has_more_than_twenty_times_what_nearly_all_have():
    facts = [Fact(f"x{k}", "in", "world") for k in range(200)]
    assert look(*facts).hubs == [Hub("world", 200)]
    assert look(*facts[:20]).hubs == []


def test_there_are_statistics_of_nothing():
    found = look(items=())
    assert (found.facts, found.relations, found.hubs, found.orphans) == (0, [], [], [])


# The commands.


LINKED = Fact("item:alien", SAME_AS, "m.a")


@pytest.fixture
def shop(tmp_path):
    made = Workspace.init(tmp_path / "shop")
    made.ingest(
        items=[Item("heat", "Heat"), Item("alien", "Alien")],
        facts={"films.csv": FACTS, "more.csv": FACTS[:1]},
        links={"links.csv": [Link("alien", "m.a")]},
    )
    made.close()
    return made.directory


def test_sources_are_listed_and_forgotten(tastegraph, shop):
    lines = tastegraph("kg", "sources", shop).out.splitlines()
    assert [line.split() for line in lines] == [
        ["3", "facts", "0", "links", "films.csv"],
        ["0", "facts", "1", "links", "links.csv"],
        ["1", "facts", "0", "links", "more.csv"],
    ]
    done = tastegraph("kg", "forget", shop, "films.csv")
    assert done.out == ("films.csv is forgotten: 2 facts and links that it alone stated are gone\n")
    done = tastegraph("kg", "forget", shop, "films.csv")
    assert (done.code, done.out) == (1, "")
    assert "no source 'films.csv'; it has links.csv, more.csv" in done.err


def test_an_import_says_what_went(tastegraph, shop, write):
    film = write("films.csv", "head,relation,tail\nitem:heat,star,Al Pacino\n")
    done = tastegraph("import", shop, "--facts", film)
    assert "2 facts and links are gone: their source does not state them any more" in done.out


def test_statistics_are_printed_and_come_as_json(tastegraph, shop):
    out = tastegraph("kg", "stats", shop).out
    assert out.startswith("3 facts about 2 items, 1 entities and 1 values\n")
    assert "star  (1 item → 1 entity; functional)" in out
    assert "items without any fact: 1: alien" in out
    found = json.loads(tastegraph("kg", "stats", shop, "--json").out)
    assert found["items_without_facts"] == ["alien"]
    assert {relation["relation"] for relation in found["relations"]} == {"star", "year", "label"}


@pytest.mark.parametrize(
    ("name", "said"),
    [("f.nt", "4 facts"), ("f.ttl", "4 facts"), ("f.csv", "4 facts"), ("f.kg", "1 facts"),
     ("f.link", "1 links"), ("f.graphml", "2 edges")],
)  # fmt: skip
def test_exports_say_what_was_written(tastegraph, shop, tmp_path, name, said):
    done = tastegraph("kg", "export", shop, tmp_path / name)
    assert done.out == f"{said} written to {tmp_path / name}\n"
    if name in ("f.nt", "f.ttl", "f.csv"):
        again = list(read_facts(tmp_path / name, RejectedRows("raise")))
        assert sorted(map(repr, again)) == sorted(map(repr, [*FACTS, LINKED]))


def test_an_export_appears_whole_or_not_at_all(tastegraph, shop, tmp_path):
    done = tastegraph("kg", "export", shop, tmp_path / "f.xls")
    assert done.code == 1
    assert ".nt, .ttl, .csv, .kg, .link, .graphml" in done.err
    there = tmp_path / "f.csv"
    there.write_text("as it was")
    workspace = Workspace(shop)
    workspace.ingest(facts={"bad": [Fact("a", "r", "\0", literal=True)]})
    with pytest.raises(TastegraphError, match="NUL"):
        export(workspace.database, workspace.config, there)
    workspace.close()
    assert there.read_text() == "as it was"
    assert not list(tmp_path.glob("*.part"))


def test_a_query_is_printed_as_a_table_or_as_json(tastegraph, shop):
    asked = "SELECT ?who ?name { ?film tg:star ?who . ?who tg:label ?name }"
    done = tastegraph("kg", "query", shop, asked)
    assert done.out == "who        name\nAl Pacino  阿尔\n"
    found = json.loads(tastegraph("kg", "query", shop, asked, "--json").out)
    assert found["columns"] == ["who", "name"]
    assert found["rows"][0][1] == {
        "value": "阿尔",
        "literal": True,
        "datatype": "",
        "language": "zh",
    }
    wrong = tastegraph("kg", "query", shop, "SELECT")
    assert wrong.code == 1
    assert wrong.err.startswith("error: this is no SPARQL query")


def test_every_kg_command_has_help(tastegraph):
    for name in ("sources", "forget", "stats", "export", "query"):
        assert "Usage" in tastegraph("kg", name, "--help").out
