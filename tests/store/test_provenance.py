"""Every fact and link stands on its sources, and goes with the last of them."""

import tempfile
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tastegraph.core.errors import ConfigError, NotFoundError, RowError, TastegraphError
from tastegraph.core.records import Fact, Item, Link
from tastegraph.data.files import Files
from tastegraph.data.rejected_rows import RejectedRows
from tastegraph.kg.from_store import graph_from_store
from tastegraph.kg.graph import KnowledgeGraph
from tastegraph.store.schema import evidence
from tastegraph.store.schema import facts as fact_table
from tastegraph.workspace import Workspace

SETTINGS = {"items": {"facts": {"genre": {"relation": "genre"}}}}
ALIEN = Item("alien", "Alien", "", {"genre": ("horror",)})
STAR, BORN = Fact("m.a", "star", "weaver"), Fact("weaver", "born", "1949", literal=True)
GENRE = Fact("item:alien", "genre", "genre:horror")


@contextmanager
def workspace():
    with tempfile.TemporaryDirectory() as folder:
        shop = Workspace.init(Path(folder) / "shop", SETTINGS)
        try:
            yield shop
        finally:
            shop.close()


@pytest.fixture
def shop():
    with workspace() as open_shop:
        yield open_shop


def rows(shop):
    """All that is at rest: facts and evidence, each row as it is."""
    with shop.database.reading() as connection:
        return [
            sorted(map(tuple, connection.execute(select(table))))
            for table in (fact_table, evidence)
        ]


def is_the_same_graph(one: KnowledgeGraph, other: KnowledgeGraph):
    for field in fields(KnowledgeGraph):
        a, b = getattr(one, field.name), getattr(other, field.name)
        assert isinstance(a, np.ndarray) == isinstance(b, np.ndarray)
        np.testing.assert_array_equal(a, b)


def test_sources_are_listed_with_what_they_state(shop):
    assert shop.knowledge.sources() == []
    shop.ingest(items=[ALIEN])
    shop.ingest(facts={"b": [STAR, BORN], "a": [STAR]}, links={"c": [Link("alien", "m.a")]})
    assert shop.knowledge.sources() == [("a", 1, 0), ("b", 2, 0), ("c", 0, 1), ("catalogue", 2, 0)]


def test_a_fact_is_deleted_with_its_last_source(shop):
    shop.ingest(items=[ALIEN], facts={"one": [STAR, BORN], "two": [STAR]})
    assert shop.counts()["facts"] == 4
    assert shop.knowledge.forget("one") == 1
    assert shop.counts()["facts"] == 3
    assert shop.knowledge.forget("two") == 1
    assert shop.knowledge.sources() == [("catalogue", 2, 0)]


def test_a_link_is_deleted_with_its_last_source(shop):
    shop.ingest(links={"one": [Link("alien", "m.a"), Link("alien", "m.b")]})
    shop.ingest(links={"two": [Link("alien", "m.a")]})
    assert shop.counts()["links"] == 2
    assert shop.knowledge.forget("one") == 1
    assert shop.counts()["links"] == 1
    assert shop.knowledge.forget("two") == 1


def test_importing_a_source_again_replaces_it(shop):
    shop.ingest(facts={"one": [STAR, BORN]}, links={"one": [Link("alien", "m.a")]})
    again = shop.ingest(facts={"one": [STAR]})
    assert (again.facts, again.withdrawn) == (1, 2)
    assert shop.knowledge.sources() == [("one", 1, 0)]
    assert shop.counts()["facts"] == 1
    assert shop.counts()["links"] == 0


def test_importing_a_source_again_lowers_its_confidence(shop):
    shop.ingest(facts={"one": [STAR]})
    shop.ingest(facts={"one": [Fact("m.a", "star", "weaver", confidence=0.5)]})
    assert [row[-1] for row in rows(shop)[1]] == [0.5]


def test_an_import_that_fails_leaves_its_source_as_it_was(shop):
    shop.ingest(facts={"one": [STAR, BORN]}, links={"one": [Link("alien", "m.a")]})
    before = rows(shop)

    def broken():
        yield GENRE
        raise RowError("facts.csv", 2, "head", "", "an id that is not empty")

    with pytest.raises(RowError):
        shop.ingest(facts={"one": broken()})
    assert rows(shop) == before


def test_facts_of_item_columns_are_replaced_with_the_items(shop):
    shop.ingest(items=[ALIEN], facts={"one": [GENRE]})
    shop.ingest(items=[Item("alien", "Alien", "", {"genre": ("space",)})])
    stated = {fact[3] for fact in rows(shop)[0]}
    assert stated == {"genre:horror", "genre:space", "space"}
    shop.knowledge.forget("one")
    assert GENRE.object not in {fact[3] for fact in rows(shop)[0]}


def test_reserved_names_of_sources_are_refused(shop):
    for name in ("catalogue", "", " "):
        with pytest.raises(ConfigError, match="source"):
            shop.ingest(facts={name: [STAR]})
    with pytest.raises(ConfigError, match="import the items again"):
        shop.knowledge.forget("catalogue")
    with pytest.raises(NotFoundError, match="no source 'tow'; it has none"):
        shop.knowledge.forget("tow")
    shop.ingest(facts={"two": [STAR]})
    with pytest.raises(NotFoundError, match="no source 'tow'; it has two"):
        shop.knowledge.forget("tow")


def test_every_file_is_a_source_of_its_own(shop, write):
    head = "head,relation,tail\n"
    files = Files(
        (), (), [write("a.csv", head + "x,r,y\n"), write("b.csv", head + "x,r,y\nx,r,z\n")],
        [write("links.csv", "item_id,entity\nalien,x\n")],
    )  # fmt: skip
    shop.ingest(files.records(shop.config, RejectedRows("raise")))
    assert shop.knowledge.sources() == [("a.csv", 1, 0), ("b.csv", 2, 0), ("links.csv", 0, 1)]


def test_two_files_of_one_name_are_refused(shop, tmp_path):
    twice = Files((), (), [tmp_path / "a" / "f.csv"], [tmp_path / "b" / "f.csv"])
    with pytest.raises(TastegraphError, match=r"b/f\.csv have the same name.*rename one"):
        twice.records(shop.config, RejectedRows("raise"))


ids = st.sampled_from(["item:alien", "alien", "E", "x", "genre:horror"])
some_facts = st.lists(
    st.builds(
        Fact,
        subject=ids,
        relation=st.sampled_from(["genre", "star", "label"]),
        object=ids,
        literal=st.booleans(),
        confidence=st.sampled_from([0.5, 1.0]),
    ),
    max_size=6,
)
some_links = st.lists(
    st.builds(Link, st.sampled_from(["alien", "heat"]), st.sampled_from(["E", "x"])), max_size=3
)
imports = st.lists(
    st.tuples(st.sampled_from(["one", "two", "three"]), some_facts, some_links),
    min_size=1,
    max_size=5,
)
FILMS = [ALIEN, Item("heat", "Heat", "", {"genre": ("crime",)})]


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(imports, st.integers(0, 5))
def test_forgetting_a_source_equals_never_importing_it(import_steps, when):
    """And of what was imported twice, only the last counts."""
    forgotten = import_steps[0][0]
    with workspace() as shop, workspace() as other:
        for position, (source, stated, linked) in enumerate(import_steps):
            if position == when:
                shop.ingest(items=FILMS)
            shop.ingest(facts={source: stated}, links={source: linked})
        shop.ingest(items=FILMS)
        if any(source == forgotten for source, _, _ in shop.knowledge.sources()):
            shop.knowledge.forget(forgotten)
        last = {source: (stated, linked) for source, stated, linked in import_steps}
        last.pop(forgotten)
        other.ingest(
            items=FILMS,
            facts={source: stated for source, (stated, _) in last.items()},
            links={source: linked for source, (_, linked) in last.items()},
        )
        assert rows(shop) == rows(other)
        assert shop.knowledge.sources() == other.knowledge.sources()
        is_the_same_graph(
            graph_from_store(shop.database, shop.config),
            graph_from_store(other.database, other.config),
        )
