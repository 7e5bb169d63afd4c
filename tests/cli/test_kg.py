"""``tastegraph kg``: sources, statistics, exports and queries on the command line."""

import json

import pytest

from tastegraph.core.errors import TastegraphError
from tastegraph.core.records import SAME_AS, Fact, Item, Link
from tastegraph.data.facts import read_facts
from tastegraph.data.rejected_rows import RejectedRows
from tastegraph.kg.export import export
from tastegraph.workspace import Workspace

INTEGER = "http://www.w3.org/2001/XMLSchema#integer"
FACTS = [
    Fact("item:heat", "star", "Al Pacino"),
    Fact("item:heat", "year", "1995", literal=True, datatype=INTEGER),
    Fact("Al Pacino", "label", "阿尔", literal=True, language="zh"),
]
LINKED = Fact("item:alien", SAME_AS, "m.a")


@pytest.fixture
def shop(tmp_path):
    workspace = Workspace.init(tmp_path / "shop")
    workspace.ingest(
        items=[Item("heat", "Heat"), Item("alien", "Alien")],
        facts={"films.csv": FACTS, "more.csv": FACTS[:1]},
        links={"links.csv": [Link("alien", "m.a")]},
    )
    workspace.close()
    return workspace.directory


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


def test_an_import_reports_deleted_facts(tastegraph, shop, write):
    film = write("films.csv", "head,relation,tail\nitem:heat,star,Al Pacino\n")
    done = tastegraph("import", shop, "--facts", film)
    assert "2 facts and links are gone: their source does not state them any more" in done.out


def test_statistics_are_printed_and_as_json(tastegraph, shop):
    out = tastegraph("kg", "stats", shop).out
    assert out.startswith("3 facts, 2 items, 1 entities, 1 values\n")
    assert "star  (1 item → 1 entity; functional)" in out
    assert "items without an edge: 1: alien" in out
    statistics = json.loads(tastegraph("kg", "stats", shop, "--json").out)
    assert statistics["items_without_facts"] == ["alien"]
    assert {relation["relation"] for relation in statistics["relations"]} == {
        "star",
        "year",
        "label",
    }


@pytest.mark.parametrize(
    ("name", "count"),
    [("f.nt", "4 facts"), ("f.ttl", "4 facts"), ("f.csv", "4 facts"), ("f.kg", "1 facts"),
     ("f.link", "1 links"), ("f.graphml", "2 edges")],
)  # fmt: skip
def test_exports_print_what_was_written(tastegraph, shop, tmp_path, name, count):
    done = tastegraph("kg", "export", shop, tmp_path / name)
    assert done.out == f"{count} written to {tmp_path / name}\n"
    if name in ("f.nt", "f.ttl", "f.csv"):
        again = list(read_facts(tmp_path / name, RejectedRows("raise")))
        assert sorted(map(repr, again)) == sorted(map(repr, [*FACTS, LINKED]))


def test_an_export_is_atomic(tastegraph, shop, tmp_path):
    done = tastegraph("kg", "export", shop, tmp_path / "f.xls")
    assert done.code == 1
    assert ".nt, .ttl, .csv, .kg, .link, .graphml" in done.err
    file = tmp_path / "f.csv"
    file.write_text("as it was")
    workspace = Workspace(shop)
    workspace.ingest(facts={"bad": [Fact("a", "r", "\0", literal=True)]})
    with pytest.raises(TastegraphError, match="NUL"):
        export(workspace.database, workspace.config, file)
    workspace.close()
    assert file.read_text() == "as it was"
    assert not list(tmp_path.glob("*.part"))


def test_a_query_is_printed_as_a_table_or_as_json(tastegraph, shop):
    sparql = "SELECT ?who ?name { ?film tg:star ?who . ?who tg:label ?name }"
    done = tastegraph("kg", "query", shop, sparql)
    assert done.out == "who        name\nAl Pacino  阿尔\n"
    result = json.loads(tastegraph("kg", "query", shop, sparql, "--json").out)
    assert result["columns"] == ["who", "name"]
    assert result["rows"][0][1] == {
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
