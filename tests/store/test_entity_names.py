"""Spellings of one name in item columns are one entity, called as most items call it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from tastegraph.core.records import Item
from tastegraph.kg.from_store import graph_from_store
from tastegraph.serving.api.app import create_app
from tastegraph.serving.engine import Engine
from tastegraph.store.entity_names import spelling_key
from tastegraph.store.schema import FUSION, evidence, facts
from tastegraph.workspace import Workspace
from tests.support import serving_world
from tests.support.local_client import LocalClient

SPELLINGS = ("Ang Lee", "ang lee ", "ANG LEE", "Ang  Lee", "Ａｎｇ Ｌｅｅ", "Ang Lee")
SETTINGS = {"items": {"facts": {"director": {"relation": "director"}}}}


def films(names: tuple[str, ...] = SPELLINGS) -> list[Item]:
    return [Item(f"f{k}", f"Film {k}", "", {"director": (name,)}) for k, name in enumerate(names)]


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Workspace]:
    workspace = Workspace.init(tmp_path / "shop", SETTINGS)
    yield workspace
    workspace.close()


def directors(workspace: Workspace) -> list[str]:
    """Labels of the graph's nodes that are no items."""
    graph = graph_from_store(workspace.database, workspace.config)
    return sorted(graph.labels[graph.n_items :])


def stored(workspace: Workspace) -> list[tuple[object, ...]]:
    with workspace.database.reading() as connection:
        query = select(facts, evidence).join(evidence, evidence.c.fact_id == facts.c.fact_id)
        return sorted(map(tuple, connection.execute(query)), key=repr)


def test_spellings_of_a_column_are_one_entity_with_the_most_frequent_name(shop, capsys):
    shop.ingest(items=films())
    assert directors(shop) == ["Ang Lee"]
    assert "1 names in item columns have several spellings" in capsys.readouterr().err


def test_accents_initials_and_kinds_tell_entities_apart(tmp_path):
    columns = {name: {"relation": name} for name in ("director", "city")}
    shop = Workspace.init(tmp_path / "shop", {"items": {"facts": columns}})
    shop.ingest(items=films(("José Paz", "Jose Paz", "J. Paz")))
    shop.ingest(items=[Item("c", "C", "", {"city": ("JOSE PAZ",)})])
    assert directors(shop) == ["J. Paz", "JOSE PAZ", "Jose Paz", "José Paz"]
    shop.close()


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_the_order_of_imports_does_not_matter(tmp_path, order):
    names = ("Ang Lee", "ANG LEE", "Ang Lee")
    at_once, one_by_one = (Workspace.init(tmp_path / name, SETTINGS) for name in "ab")
    at_once.ingest(items=films(names))
    for place in order:
        one_by_one.ingest(items=[films(names)[place]])
    assert stored(at_once) == stored(one_by_one)
    assert directors(one_by_one) == ["Ang Lee"]
    at_once.close()
    one_by_one.close()


def test_records_over_http_are_the_same_as_a_file(tmp_path):
    at_once, over_http = (Workspace.init(tmp_path / name, SETTINGS) for name in "ab")
    at_once.ingest(items=films())
    world = serving_world.open_engine(tmp_path / "world")
    engine = Engine(world.snapshots, over_http.database, over_http.config)
    with LocalClient(create_app(engine)) as client:
        for item in films():
            cells = {name: list(values) for name, values in item.attributes.items()}
            answer = client.put(
                f"/v1/items/{item.item_id}", json={"title": item.title, "attributes": cells}
            )
            assert answer.status_code == 200
    assert stored(at_once) == stored(over_http)
    at_once.close()
    over_http.close()


def test_another_spelling_becomes_the_name_when_most_items_have_it(shop):
    shop.ingest(items=films(("ANG LEE",)))
    assert directors(shop) == ["ANG LEE"]
    shop.ingest(items=films(("ANG LEE", "Ang Lee", "Ang Lee")))
    assert directors(shop) == ["Ang Lee"]
    shop.ingest(items=films(("ANG LEE", "ANG LEE", "ANG LEE")))
    assert directors(shop) == ["ANG LEE"]
    assert not [row for row in stored(shop) if "sameAs" in row[2]]


def test_people_can_tell_two_spellings_apart(shop):
    shop.ingest(items=films(("Rose", "ROSE")))
    shop.knowledge.split("director:Rose", "director:ROSE", "ann")
    graph = graph_from_store(shop.database, shop.config)
    assert {"director:Rose", "director:ROSE"} <= set(graph.node_ids)


def test_a_name_that_is_probably_the_same_is_a_question(shop):
    others = ("Mara Velden", "Otto Brandt", "Ines Coral", "Hugo Fenn", "Lena Orlo", "Paul Unger")
    shop.ingest(items=films(("Ang Lee", "Ang Lee", "A. Lee", *others)))
    shop.knowledge.derive(FUSION)
    questions = {frozenset((q.fact.subject, q.fact.object)) for q in shop.knowledge.review_queue()}
    assert frozenset(("director:Ang Lee", "director:A. Lee")) in questions
    assert {"A. Lee", "Ang Lee"} <= set(directors(shop))


def test_spellings_are_compared_within_one_kind():
    assert spelling_key("director:ANG  LEE", "ANG  LEE") == "director:ang lee"
    assert spelling_key("star:Ang Lee", "Ang Lee") != spelling_key("director:Ang Lee", "Ang Lee")
