"""Reviewing what is known over HTTP."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tastegraph.core.records import SAME_AS, Fact, Item, Span
from tastegraph.serving.api.app import create_app
from tastegraph.store import catalogue, statements
from tastegraph.store.database import Database
from tastegraph.store.schema import metadata
from tests.serving.test_http import problem
from tests.support import serving_world

DECISIONS = "/v1/kg/decisions"
SURE = Fact("item:a", "genre", "western")
UNSURE = Fact(
    "item:a", "directed_by", "ann", confidence=0.6, span=Span("item:a", 3, 6, "patterns/1")
)
YEAR = Fact("item:a", "year", "1979", literal=True, confidence=0.9,
            datatype="http://www.w3.org/2001/XMLSchema#gYear")  # fmt: skip


def number(fact: Fact) -> str:
    return str(statements.fact_id(fact))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("world")
    engine = serving_world.open_engine(directory)
    with engine.database.writing() as connection:
        catalogue.put_items(connection, [Item("a", "A film", "by Ann Lee")])
        statements.put_facts(connection, [SURE, UNSURE, YEAR], "films")
    engine.database.close()
    return directory


@pytest.fixture
def world(made: Path, tmp_path: Path) -> Path:
    """A world of one's own."""
    shutil.copytree(made, tmp_path / "world")
    return tmp_path / "world"


@pytest.fixture
def client(world: Path) -> Iterator[TestClient]:
    """The service."""
    engine = serving_world.open_engine(world)
    with TestClient(create_app(engine), raise_server_exceptions=False) as client:
        yield client
    engine.database.close()


def decide(client: TestClient, kind: str, **more: Any) -> int:
    answer = client.post(DECISIONS, json={"kind": kind, "author": "ann", **more})
    assert answer.status_code == 200, answer.text
    return int(answer.json()["seq"])


def asked(client: TestClient, **more: Any) -> list[str]:
    answer = client.get("/v1/kg/review", params=more)
    assert answer.status_code == 200, answer.text
    return [question["fact"]["fact_id"] for question in answer.json()["questions"]]


def newest(client: TestClient) -> dict[str, Any]:
    return dict(client.get(DECISIONS, params={"n": 1}).json()["decisions"][0])


def test_what_is_unsure_is_asked_with_its_words(client: TestClient) -> None:
    assert asked(client) == [number(UNSURE), number(YEAR)]
    assert asked(client, n=1) == [number(UNSURE)]
    question = client.get("/v1/kg/review").json()["questions"][0]
    assert question["subject_name"] == "A film"
    assert question["confidence"] == 0.6
    assert question["sources"] == {"films": 0.6}
    assert question["excerpts"] == [
        {"document": "item:a", "before": "by ", "words": "Ann", "after": " Lee"}
    ]


def test_an_id_is_text_and_may_be_given_as_a_number(client: TestClient) -> None:
    seq = decide(client, "accept", fact_id=number(UNSURE))
    assert asked(client) == [number(YEAR)]
    decide(client, "reject", fact_id=int(number(YEAR)))
    assert asked(client) == []
    assert client.delete(f"{DECISIONS}/{seq}", params={"author": "bob"}).json() == {"seq": seq}
    assert asked(client) == [number(UNSURE)]


def test_an_edit_gives_a_value_or_a_fact(client: TestClient) -> None:
    decide(client, "edit", fact_id=number(YEAR), value="1980")
    entry = newest(client)
    assert (entry["kind"], entry["author"], entry["undone"]) == ("edit", "ann", None)
    (right,), (wrong,) = entry["affirmed"], entry["denied"]
    assert (right["object"], right["datatype"]) == ("1980", YEAR.datatype)
    assert wrong["fact_id"] == number(YEAR)
    new = {"subject": "item:a", "relation": "year", "object": "a while ago", "literal": True}
    decide(client, "edit", fact_id=number(YEAR), fact=new)
    assert newest(client)["affirmed"][0]["datatype"] == ""


def test_add_merge_and_split(client: TestClient) -> None:
    decide(client, "add", fact={"subject": "b", "relation": "genre", "object": "western"})
    decide(client, "merge", one="b", other="item:a")
    assert newest(client)["affirmed"][0]["relation"] == SAME_AS
    decide(client, "split", one="b", other="item:a")
    kinds = [d["kind"] for d in client.get(DECISIONS, params={"n": 3}).json()["decisions"]]
    assert kinds == ["split", "merge", "add"]


def test_evidence_says_who_states_a_fact_and_where(client: TestClient) -> None:
    where = f"/v1/kg/facts/{number(UNSURE)}/evidence"
    seq = decide(client, "accept", fact_id=number(UNSURE))
    told = client.get(where).json()
    assert told["fact"]["fact_id"] == number(UNSURE)
    assert not told["denied"]
    read, people = told["supports"]
    assert (read["source"], read["document"], read["start"], read["end"]) == (
        "films", "item:a", 3, 6,
    )  # fmt: skip
    assert (people["source"], people["document"]) == ("people", f"decision:{seq}")
    assert [words["words"] for words in told["excerpts"]] == ["Ann"]
    decide(client, "reject", fact_id=number(UNSURE))
    assert client.get(where).json()["denied"]
    plain = client.get(f"/v1/kg/facts/{number(SURE)}/evidence").json()["supports"]
    assert plain == [
        {"source": "films", "confidence": 1.0, "document": None, "start": None, "end": None,
         "extractor": None}
    ]  # fmt: skip


@pytest.mark.slow
def test_what_does_not_exist_is_not_found(client: TestClient) -> None:
    accept = {"kind": "accept", "author": "ann", "fact_id": "7"}
    problem(client.post(DECISIONS, json=accept), 404, "not_found")
    problem(client.post(DECISIONS, json={**accept, "kind": "edit", "value": "x"}), 404, "not_found")
    problem(client.delete(f"{DECISIONS}/{10**30}?author=ann"), 404, "not_found")
    problem(client.get("/v1/kg/facts/7/evidence"), 404, "not_found")


@pytest.mark.slow
@pytest.mark.parametrize(
    "body",
    [
        {},
        {"kind": "guess", "author": "ann"},
        {"kind": "accept", "author": "ann"},
        {"kind": "accept", "author": "", "fact_id": number(SURE)},
        {"kind": "accept", "author": "a\nb", "fact_id": number(SURE)},
        {"kind": "accept", "author": "ann", "fact_id": "x"},
        {"kind": "accept", "author": "ann", "fact_id": 1.5},
        {"kind": "accept", "author": "ann", "fact_id": True},
        {"kind": "accept", "author": "ann", "fact_id": -1},
        {"kind": "accept", "author": "ann", "fact_id": 2**63},
        {"kind": "accept", "author": "ann", "fact_id": str(2**63)},
        {"kind": "accept", "author": "ann", "fact_id": "٣"},
        {"kind": "accept", "author": "ann", "fact_id": number(SURE), "sure": True},
        {"kind": "edit", "author": "ann", "fact_id": number(SURE)},
        {"kind": "edit", "author": "ann", "fact_id": number(SURE), "value": SURE.object},
        {"kind": "edit", "author": "ann", "fact_id": number(SURE), "value": " "},
        {"kind": "edit", "author": "ann", "fact_id": number(SURE), "value": "x", "fact": None,
         "more": 1},
        {"kind": "add", "author": "ann", "fact": {"subject": "a", "relation": "b"}},
        {"kind": "add", "author": "ann", "fact": {"subject": "\0", "relation": "b", "object": "c"}},
        {"kind": "add", "author": "ann",
         "fact": {"subject": "a", "relation": "b", "object": "c", "language": "en"}},
        {"kind": "merge", "author": "ann", "one": "a", "other": "a"},
        {"kind": "split", "author": "ann", "one": "a", "other": "x" * 5000},
    ],
)  # fmt: skip
def test_what_cannot_be_decided_is_refused(client: TestClient, body: dict[str, Any]) -> None:
    before = client.get(DECISIONS).json()
    problem(client.post(DECISIONS, json=body), 422, "invalid_request")
    assert client.get(DECISIONS).json() == before


def test_parameters_are_checked(client: TestClient) -> None:
    for path in ("/v1/kg/review?n=0", "/v1/kg/review?n=1001", f"{DECISIONS}?n=x",
                 "/v1/kg/facts/x/evidence", f"/v1/kg/facts/{2**63}/evidence"):  # fmt: skip
        problem(client.get(path), 422, "invalid_request")
    seq = decide(client, "accept", fact_id=number(SURE))
    problem(client.delete(f"{DECISIONS}/{seq}"), 422, "invalid_request")
    assert client.delete(f"{DECISIONS}/{seq}?author=ann").status_code == 200
    told = problem(client.delete(f"{DECISIONS}/{seq}?author=ann"), 422, "invalid_request")
    assert "already" in told["detail"]


def test_who_writes_meanwhile_makes_it_busy(world: Path) -> None:
    engine = serving_world.open_engine(world)
    engine.database = Database(world / "tastegraph.db", metadata, patience=0.05)
    other = Database(world / "tastegraph.db", metadata)
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with other.writing():
            held.set()
            done.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait(10)
    try:
        with TestClient(create_app(engine), raise_server_exceptions=False) as client:
            body = {"kind": "merge", "author": "ann", "one": "a", "other": "b"}
            problem(client.post(DECISIONS, json=body), 409, "busy")
    finally:
        done.set()
        thread.join()
        engine.database.close()
        other.close()


def test_text_comes_back_as_it_was_told(client: TestClient) -> None:
    hostile = "<img src=x onerror=alert(1)>'; DROP TABLE facts; -- 中"
    fact = {"subject": "b", "relation": "note", "object": hostile, "literal": True}
    decide(client, "add", fact=fact)
    assert newest(client)["affirmed"][0]["object"] == hostile
    assert json.loads(client.get("/openapi.json").text)["paths"]["/v1/kg/decisions"]["post"]


@pytest.mark.slow
def test_reviewing_needs_nothing_that_learning_needs() -> None:
    code = (
        "import sys, tastegraph.serving.api.app;"
        "assert not {'torch', 'sklearn', 'tastegraph.kg.review.knowledge'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_who_doubts_a_reason_has_it_reviewed(client: TestClient, world: Path) -> None:
    """A fact that is sure is asked for once somebody doubts it, and first where many do."""
    engine = serving_world.open_engine(world)
    sure = Fact("item:western-1", "genre", "genre:western")
    with engine.database.writing() as connection:
        statements.put_facts(connection, [sure], "films")
    engine.close()
    number = str(statements.fact_id(sure))

    def queue() -> dict[str, int]:
        found = client.get("/v1/kg/review?n=100").json()["questions"]
        return {question["fact"]["fact_id"]: question["votes"] for question in found}

    assert number not in queue()
    url = f"/v1/kg/facts/{number}/votes"
    assert client.post(url, json={"user_id": "a"}).json() == {"votes": 1}
    assert client.post(url, json={"user_id": "a"}).json() == {"votes": 1}
    assert client.post(url, json={"user_id": "b"}).json() == {"votes": 2}
    assert queue()[number] == 2
    assert client.delete("/v1/users/a").status_code == 200
    assert queue()[number] == 1
    decide(client, "accept", fact_id=number)
    assert number not in queue()
    assert client.post("/v1/kg/facts/5/votes", json={"user_id": "a"}).status_code == 404
    assert client.post(url, json={}).status_code == 422
