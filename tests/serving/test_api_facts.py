"""Facts and entities over HTTP: stated with evidence, withdrawn so that it can be undone, and
paths between nodes of the graph in service."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tastegraph.core.records import Fact
from tastegraph.kg.from_store import accepted_facts
from tastegraph.kg.identity import resolve_identity
from tastegraph.serving.api.app import create_app
from tastegraph.serving.engine import Engine
from tastegraph.store import quotes
from tests.support import serving_world
from tests.support.api_requests import assert_problem
from tests.support.local_client import LocalClient

FACTS = "/v1/kg/facts"
ENTITIES = "/v1/kg/entities"
PATHS = "/v1/kg/paths"
DIRECTOR = {"subject": "item:western-0", "relation": "director", "object": "person:ann"}
WORDS = "A western that Ann Lee directed."


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = serving_world.open_engine(tmp_path)
    yield engine
    engine.close()


@pytest.fixture
def client(engine: Engine) -> LocalClient:
    return LocalClient(create_app(engine), raise_server_exceptions=False)


def put(client: LocalClient, *facts: dict[str, Any], source: str = "editors") -> list[Any]:
    answer = client.post(FACTS, json={"source": source, "facts": list(facts)})
    assert answer.status_code == 200, answer.text
    return list(answer.json()["facts"])


def counting_facts(engine: Engine) -> set[Fact]:
    """The facts that the next graph is made of."""
    with engine.database.reading() as connection:
        identity = resolve_identity(connection, engine.config)
        return {fact for _, fact in accepted_facts(connection, engine.config, identity)}


def test_facts_are_stored_with_source_confidence_and_words(client: LocalClient) -> None:
    (receipt,) = put(client, {**DIRECTOR, "confidence": 0.9, "evidence": WORDS})
    assert receipt["is_new"]
    assert not receipt["denied"]
    fact_id = receipt["fact_id"]
    record = client.get(f"{FACTS}/{fact_id}").json()
    assert record["confidence"] == 0.9
    assert record["sources"] == {"editors": 0.9}
    assert {k: record["fact"][k] for k in DIRECTOR} == DIRECTOR
    (excerpt,) = client.get(f"{FACTS}/{fact_id}/evidence").json()["excerpts"]
    assert excerpt["words"] == WORDS


def test_same_fact_again_is_known(client: LocalClient) -> None:
    first, second = put(client, DIRECTOR, DIRECTOR)
    assert (first["is_new"], second["is_new"]) == (True, False)
    (other,) = put(client, {**DIRECTOR, "confidence": 0.5}, source="press")
    assert not other["is_new"]
    record = client.get(f"{FACTS}/{first['fact_id']}").json()
    assert record["sources"] == {"editors": 1.0, "press": 0.5}
    assert record["confidence"] == 1.0


def test_wrong_fact_stores_none(client: LocalClient, engine: Engine) -> None:
    before = counting_facts(engine)
    wrong = [DIRECTOR, {**DIRECTOR, "subject": ""}, {**DIRECTOR, "language": "en"}]
    answer = client.post(FACTS, json={"source": "editors", "facts": wrong})
    problem = assert_problem(answer, 422, "invalid_request")
    pointers = [fault["pointer"] for fault in problem["errors"]]
    assert pointers == ["/facts/1/subject", "/facts/2/language"]
    assert counting_facts(engine) == before


@pytest.mark.parametrize(
    "body",
    [
        {"source": "editors", "facts": []},
        {"source": "editors", "facts": [DIRECTOR] * 1001},
        {"source": " ", "facts": [DIRECTOR]},
        {"source": "people", "facts": [DIRECTOR]},
        {"source": "catalogue", "facts": [DIRECTOR]},
        {"source": "editors", "facts": [{**DIRECTOR, "confidence": 0}]},
        {"source": "editors", "facts": [{**DIRECTOR, "sure": True}]},
        {"source": "editors", "facts": [{**DIRECTOR, "evidence": "x" * 10_001}]},
    ],
)
def test_invalid_request_is_refused(client: LocalClient, body: dict[str, Any]) -> None:
    assert_problem(client.post(FACTS, json=body), 422, "invalid_request")


def test_withdrawn_fact_is_denied_until_the_decision_is_undone(
    client: LocalClient, engine: Engine
) -> None:
    before = counting_facts(engine)
    (receipt,) = put(client, DIRECTOR)
    fact = Fact(**DIRECTOR)
    assert fact in counting_facts(engine)
    url = f"{FACTS}/{receipt['fact_id']}"
    seq = client.delete(url, params={"author": "ann"}).json()["seq"]
    assert counting_facts(engine) == before
    assert client.get(url).json()["denied"]
    assert put(client, DIRECTOR)[0]["denied"], "stated again it does not count"
    client.delete(f"/v1/kg/decisions/{seq}", params={"author": "ann"})
    assert fact in counting_facts(engine)
    assert not client.get(url).json()["denied"]


def test_unknown_fact_or_entity_is_not_found(client: LocalClient) -> None:
    for method, url in [("GET", f"{FACTS}/7"), ("DELETE", f"{FACTS}/7?author=ann"),
                        ("GET", f"{ENTITIES}/nobody"),
                        ("DELETE", f"{ENTITIES}/nobody?author=ann")]:  # fmt: skip
        assert_problem(client.request(method, url), 404, "not_found")


def test_facts_come_in_pages(client: LocalClient) -> None:
    rows = [{**DIRECTOR, "object": f"person:{k}"} for k in range(7)]
    ids = sorted(int(one["fact_id"]) for one in put(client, *rows))
    pages, after = list[int](), None
    while True:
        query = {"n": 3, "subject": "item:western-0", **({"after": after} if after else {})}
        page = client.get(FACTS, params=query).json()
        pages += [int(record["fact"]["fact_id"]) for record in page["facts"]]
        if (after := page["after"]) is None:
            break
    assert pages == ids
    assert client.get(FACTS, params={"subject": "item:space-0"}).json()["facts"] == []


def test_entity_has_the_newest_label_and_kind_of_a_source(
    client: LocalClient, engine: Engine
) -> None:
    new = {"id": "person:ann/1", "label": "Ann", "kind": "person", "source": "editors"}
    answer = client.post(ENTITIES, json=new)
    assert [one["is_new"] for one in answer.json()["facts"]] == [True, True]
    client.post(ENTITIES, json={**new, "label": "Ann Lee"})
    entity = client.get(f"{ENTITIES}/person:ann%2F1").json()
    assert entity == {
        "id": "person:ann/1", "name": "Ann Lee", "kinds": ["person"], "facts": 2, "denied": 0,
    }  # fmt: skip
    labels = {fact.object for fact in counting_facts(engine) if fact.relation == "label"}
    assert labels == {"Ann Lee"}


def test_withdrawn_entity_is_in_no_fact_until_that_is_undone(
    client: LocalClient, engine: Engine
) -> None:
    client.post(ENTITIES, json={"id": "person:ann", "label": "Ann", "source": "editors"})
    put(client, DIRECTOR, {**DIRECTOR, "object": "person:bob"})
    put(client, {**DIRECTOR, "relation": "note", "object": "person:ann", "literal": True})
    all_facts = counting_facts(engine)
    answer = client.delete(f"{ENTITIES}/person:ann", params={"author": "ann"}).json()
    assert answer["facts"] == 2
    gone = all_facts - counting_facts(engine)
    assert {(fact.subject, fact.relation) for fact in gone} == {
        ("person:ann", "label"), ("item:western-0", "director"),
    }  # fmt: skip
    assert client.get(f"{ENTITIES}/person:ann").json()["denied"] == 1
    again = client.delete(f"{ENTITIES}/person:ann", params={"author": "ann"})
    assert_problem(again, 404, "not_found")
    client.delete(f"/v1/kg/decisions/{answer['seq']}", params={"author": "ann"})
    assert counting_facts(engine) == all_facts


def test_item_is_no_entity_to_withdraw(client: LocalClient) -> None:
    put(client, DIRECTOR)
    answer = client.delete(f"{ENTITIES}/item:western-0", params={"author": "ann"})
    assert "/v1/items" in assert_problem(answer, 422, "invalid_request")["detail"]


def test_words_of_evidence_go_with_it(client: LocalClient, engine: Engine) -> None:
    (receipt,) = put(client, {**DIRECTOR, "evidence": WORDS})
    put(client, {**DIRECTOR, "subject": "item:western-1", "evidence": WORDS})
    document = quotes.span_of(WORDS, "").document

    def text() -> str | None:
        with engine.database.reading() as connection:
            return quotes.text_of(connection, document)

    engine.erase.item("western-0")
    assert_problem(client.get(f"{FACTS}/{receipt['fact_id']}"), 404, "not_found")
    assert text() == WORDS
    engine.erase.item("western-1")
    assert text() is None


# Paths


def paths(client: LocalClient, start: str, end: str, **more: int) -> dict[str, Any]:
    answer = client.get(PATHS, params={"from": start, "to": end, **more})
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def expected_lengths(start: str) -> dict[str, int]:
    """Steps from a node to all others, by the facts of the world alone."""
    edges = [(f.subject, f.object) for f in serving_world.FACTS if not f.literal]
    lengths, frontier, step = {start: 0}, {start}, 0
    while frontier:
        step += 1
        beside = {b for a, b in edges if a in frontier} | {a for a, b in edges if b in frontier}
        frontier = beside - lengths.keys()
        lengths |= dict.fromkeys(frontier, step)
    return lengths


@pytest.mark.parametrize("start", ["item:western-1", "person:western-1", "genre:space"])
def test_paths_are_as_short_as_in_the_facts(client: LocalClient, start: str) -> None:
    lengths = expected_lengths(start)
    for end in ("item:western-5", "item:space-3", "person:western-0", "genre:western"):
        answer = paths(client, start, end, max_steps=8, n=100)
        assert answer["length"] == lengths.get(end), end
        for path in answer["paths"]:
            node = start
            for step in path["steps"]:
                fact = (step["s"], step["p"], step["o"])
                assert fact in {(f.subject, f.relation, f.object) for f in serving_world.FACTS}
                assert node in (step["s"], step["o"])
                node = step["o"] if node == step["s"] else step["s"]
            assert node == end
            assert len(path["steps"]) == lengths[end]


def test_every_shortest_path_is_listed_with_its_facts(client: LocalClient) -> None:
    """Two films of one director and one genre: two ways, and as many as are asked for."""
    answer = paths(client, "item:western-0", "item:western-2")
    ways = [[step["p"] for step in path["steps"]] for path in answer["paths"]]
    assert sorted(ways) == [["director", "director"], ["genre", "genre"]]
    assert not answer["more"]
    names = {step["o_label"] for path in answer["paths"] for step in path["steps"]}
    assert "Western" in names
    numbers = {step["fact_id"] for path in answer["paths"] for step in path["steps"]}
    facts = serving_world.FACTS
    by_number = {str(k): (f.subject, f.relation, f.object) for k, f in enumerate(facts)}
    for path in answer["paths"]:
        for step in path["steps"]:
            assert by_number[step["fact_id"]] == (step["s"], step["p"], step["o"])
    assert len(numbers) == 4
    few = paths(client, "item:western-0", "item:western-2", n=1)
    assert len(few["paths"]) == 1
    assert few["more"]


def test_path_that_is_too_long_is_none(client: LocalClient) -> None:
    assert paths(client, "item:western-0", "item:western-1", max_steps=1)["length"] == 1
    assert paths(client, "item:western-0", "item:western-5", max_steps=1) == {
        "length": None, "paths": [], "more": False,
    }  # fmt: skip
    assert paths(client, "item:western-0", "item:space-0", max_steps=8)["length"] is None
    assert paths(client, "item:western-0", "item:western-0") == {
        "length": 0, "paths": [{"steps": []}], "more": False,
    }  # fmt: skip


def test_erased_item_is_on_no_path(client: LocalClient, engine: Engine) -> None:
    start, end = "person:western-0", "person:western-1"
    assert paths(client, start, end)["length"] == 3, "by the prequel"
    engine.erase.item("western-1")
    assert paths(client, start, end)["length"] == 4, "by the genre"


def test_node_that_is_not_in_the_graph_is_not_found(client: LocalClient) -> None:
    for start, end in [("item:none", "genre:space"), ("genre:space", "nobody")]:
        answer = client.get(PATHS, params={"from": start, "to": end})
        assert_problem(answer, 404, "not_found")
    for query in ({"from": "a"}, {"from": "a", "to": "b", "max_steps": 9}):
        assert_problem(client.get(PATHS, params=query), 422, "invalid_request")
