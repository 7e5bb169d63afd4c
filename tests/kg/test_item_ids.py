"""An item's id in a fact is that item, in whatever looks at facts, with or without a prefix."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tastegraph.core.config import Config
from tastegraph.core.records import ITEM, SAME_AS, Fact, Item, Link
from tastegraph.kg.export import export
from tastegraph.kg.from_store import graph_from_store
from tastegraph.kg.graph import KnowledgeGraph, build_graph
from tastegraph.kg.item_ids import ItemIds, stored_facts
from tastegraph.kg.review.inputs import DerivationInputs
from tastegraph.kg.review.queue import review_queue
from tastegraph.kg.sparql import query, rdf_store
from tastegraph.kg.stats import stats_from_store
from tastegraph.store import statements
from tastegraph.store.schema import LINKING, PATTERNS
from tastegraph.workspace import Workspace

ITEMS = [
    Item("alien", "Alien", "A film by Ridley Scott."),
    Item("blade", "Blade Runner", "Another one by Ridley Scott."),
    Item("7", "Seven"),
]
BARE = [
    Fact("alien", "director", "scott"),
    Fact("blade", "director", "scott", confidence=0.9),
    Fact("blade", "after", "alien"),
    Fact("7", "director", "fincher"),
    Fact("scott", "label", "Ridley Scott", literal=True),
    Fact("alien", "year", "1979", literal=True),
    Fact("scott", "born", "7", literal=True),
]
IDS = {item.item_id for item in ITEMS}


def prefixed(fact: Fact) -> Fact:
    value = ITEM + fact.object if fact.object in IDS and not fact.literal else fact.object
    return replace(
        fact, subject=ITEM + fact.subject if fact.subject in IDS else fact.subject, object=value
    )


def edges(graph: KnowledgeGraph) -> set[tuple[str, str, str]]:
    """Names of both ends and of the relation of every edge."""
    names = [f"item {item_id}" for item_id in graph.item_ids] + graph.node_ids
    ends = zip(graph.heads, graph.relation, graph.tails, strict=True)
    return {(names[head], graph.relations[r], names[tail]) for head, r, tail in ends}


@pytest.fixture
def worlds(tmp_path: Path) -> Iterator[list[Workspace]]:
    """Two workspaces with the same facts, about bare ids and about ``item:ID``."""
    shops = []
    for name, facts in (("bare", BARE), ("prefixed", [prefixed(fact) for fact in BARE])):
        shop = Workspace.init(tmp_path / name)
        shop.ingest(items=ITEMS, facts={"films": facts})
        shops.append(shop)
    yield shops
    for shop in shops:
        shop.close()


def test_the_graph_is_the_same(worlds: list[Workspace]) -> None:
    bare, other = (graph_from_store(shop.database, shop.config) for shop in worlds)
    assert "alien" not in bare.node_ids
    assert edges(bare) == edges(other)
    assert ("item blade", "after", "item alien") in edges(bare)


def test_statistics_are_the_same(worlds: list[Workspace]) -> None:
    bare, other = (stats_from_store(shop.database, shop.config) for shop in worlds)
    assert bare == other
    assert bare.items_without_facts == []


def test_queries_see_items(worlds: list[Workspace]) -> None:
    answers = []
    for shop in worlds:
        with shop.database.reading() as connection:
            store = rdf_store(fact for _, fact in stored_facts(connection))
        answers.append(query(store, "SELECT ?x { <item:blade> tg:after ?x }"))
    assert answers[0] == answers[1]
    assert [cell.value for row in answers[0].rows for cell in row if cell] == ["item:alien"]


@pytest.mark.parametrize("name", ["f.nt", "f.csv", "f.kg"])
def test_exports_are_the_same(worlds: list[Workspace], tmp_path: Path, name: str) -> None:
    texts = []
    for shop in worlds:
        export(shop.database, shop.config, tmp_path / name)
        texts.append(sorted((tmp_path / name).read_text(encoding="utf-8").splitlines()))
    assert texts[0] == texts[1]


def test_derivations_learn_from_the_same_facts(worlds: list[Workspace]) -> None:
    facts, names = [], []
    for shop in worlds:
        with shop.database.reading() as connection:
            inputs = DerivationInputs(connection, shop.config, PATTERNS)
            facts.append(sorted(inputs.item_facts(), key=repr))
            names.append(inputs.names())
    assert facts[0] == facts[1]
    assert Fact("item:alien", "director", "scott") in facts[0]
    assert names[0] == names[1] == {"scott": ["Ridley Scott"], "fincher": ["fincher"]}


def test_derived_facts_are_the_same(worlds: list[Workspace]) -> None:
    derived = []
    for shop in worlds:
        for step in ("linking", "mentions", "patterns", "fusion"):
            shop.knowledge.derive(step)
        with shop.database.reading() as connection:
            derived.append({fact for _, fact in stored_facts(connection)})
    assert derived[0] == derived[1]
    assert any(fact.relation == "mentions" for fact in derived[0])


def test_the_review_queue_is_the_same(worlds: list[Workspace]) -> None:
    tasks = []
    for shop in worlds:
        with shop.database.reading() as connection:
            tasks.append(review_queue(connection, shop.config))
    assert [replace(task, fact_id=0) for task in tasks[0]] == [
        replace(task, fact_id=0) for task in tasks[1]
    ]
    (task,) = tasks[0]
    assert task.subject_name == "Blade Runner"
    worlds[0].knowledge.accept(task.fact_id, "Ada")
    with worlds[0].database.reading() as connection:
        assert review_queue(connection, worlds[0].config) == []


def test_a_bare_id_that_is_the_same_as_an_entity_links_the_item(tmp_path: Path) -> None:
    shop = Workspace.init(tmp_path / "w")
    facts = [Fact("alien", SAME_AS, "Q1"), Fact("Q1", "director", "scott")]
    shop.ingest(items=ITEMS, facts={"films": [*facts, Fact("alien", "year", "1979", True)]})
    assert edges(graph_from_store(shop.database, shop.config)) == {
        ("item alien", "director", "scott"),
        ("item alien", "year", "year\x1f1979"),
    }
    shop.close()


def test_an_entity_with_the_text_of_a_linked_item_stays_an_entity(tmp_path: Path) -> None:
    """RecBole's files number items and entities apart: item 7 is entity m.7, entity 7 another."""
    shop = Workspace.init(tmp_path / "w")
    shop.ingest(
        items=ITEMS,
        links={"films.link": [Link("7", "m.7"), Link("blade", "alien")]},
        facts={"films": [Fact("7", "r", "x"), Fact("m.7", "r", "y"), Fact("alien", "r", "z")]},
    )
    graph = graph_from_store(shop.database, shop.config)
    assert edges(graph) == {
        ("item 7", "r", "y"),
        ("7", "r", "x"),
        ("item blade", "r", "z"),  # as the link says, the entity alien is not the item alien
    }
    with shop.database.reading() as connection:
        assert {fact.subject for _, fact in stored_facts(connection)} == {
            "7", "m.7", "alien", "item:7", "item:blade",
        }  # fmt: skip
    shop.close()


def test_derived_and_affirmed_links_leave_bare_ids_to_items(tmp_path: Path) -> None:
    shop = Workspace.init(tmp_path / "w")
    shop.ingest(items=ITEMS, facts={"films": BARE})
    with shop.database.writing() as connection:
        statements.put_facts(connection, [Fact("item:alien", SAME_AS, "Q1")], LINKING)
    shop.knowledge.merge("item:blade", "Q2", "Ada")
    graph = graph_from_store(shop.database, shop.config)
    assert not IDS & set(graph.node_ids)
    shop.close()


ids = st.sampled_from(["1", "2", "a", "b", "item:1"])
some_facts = st.lists(st.builds(Fact, ids, st.sampled_from(["r", "q"]), ids, st.booleans()))


@given(some_facts, st.lists(st.builds(Link, st.sampled_from(["1", "2"]), st.sampled_from("ab12"))))
def test_naming_items_by_their_prefix_changes_no_graph(
    facts: list[Fact], links: list[Link]
) -> None:
    items = [Item("1", "One"), Item("2", "Two")]
    item_ids = ItemIds.of(["1", "2"], links)
    graphs = [
        build_graph(items, (), enumerate(stated), links, Config())
        for stated in (facts, [item_ids.fact(fact) for fact in facts])
    ]
    assert graphs[0].node_ids == graphs[1].node_ids
    assert graphs[0].heads.tolist() == graphs[1].heads.tolist()
    assert graphs[0].tails.tolist() == graphs[1].tails.tolist()
