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

from tastegraph.core.records import SAME_AS, Fact, Item, Span
from tastegraph.serving.api.app import create_app
from tastegraph.store import catalogue, statements
from tastegraph.store.database import Database
from tastegraph.store.schema import metadata
from tests.support import serving_world
from tests.support.api_requests import assert_problem
from tests.support.local_client import LocalClient

DECISIONS = "/v1/kg/decisions"
CERTAIN = Fact("item:a", "genre", "western")
UNCERTAIN = Fact(
    "item:a", "directed_by", "ann", confidence=0.6, span=Span("item:a", 3, 6, "patterns/1")
)
YEAR = Fact("item:a", "year", "1979", literal=True, confidence=0.9,
            datatype="http://www.w3.org/2001/XMLSchema#gYear")  # fmt: skip


def id_text(fact: Fact) -> str:
    return str(statements.fact_id(fact))


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("world")
    engine = serving_world.open_engine(directory)
    with engine.database.writing() as connection:
        catalogue.put_items(connection, [Item("a", "A film", "by Ann Lee")])
        statements.put_facts(connection, [CERTAIN, UNCERTAIN, YEAR], "films")
    engine.database.close()
    return directory


@pytest.fixture
def world(template: Path, tmp_path: Path) -> Path:
    """A world of one's own."""
    shutil.copytree(template, tmp_path / "world")
    return tmp_path / "world"


@pytest.fixture
def client(world: Path) -> Iterator[LocalClient]:
    """The service."""
    engine = serving_world.open_engine(world)
    with LocalClient(create_app(engine), raise_server_exceptions=False) as client:
        yield client
    engine.database.close()


def decide(client: LocalClient, kind: str, **more: Any) -> int:
    answer = client.post(DECISIONS, json={"kind": kind, "author": "ann", **more})
    assert answer.status_code == 200, answer.text
    return int(answer.json()["seq"])


def review_queue(client: LocalClient, **more: Any) -> list[str]:
    answer = client.get("/v1/kg/review", params=more)
    assert answer.status_code == 200, answer.text
    return [question["fact"]["fact_id"] for question in answer.json()["questions"]]


def newest(client: LocalClient) -> dict[str, Any]:
    return dict(client.get(DECISIONS, params={"n": 1}).json()["decisions"][0])


def test_uncertain_facts_are_reviewed_with_their_excerpts(client: LocalClient) -> None:
    assert review_queue(client) == [id_text(UNCERTAIN), id_text(YEAR)]
    assert review_queue(client, n=1) == [id_text(UNCERTAIN)]
    question = client.get("/v1/kg/review").json()["questions"][0]
    assert question["subject_name"] == "A film"
    assert question["confidence"] == 0.6
    assert question["sources"] == {"films": 0.6}
    assert question["excerpts"] == [
        {"document": "item:a", "before": "by ", "words": "Ann", "after": " Lee"}
    ]


def test_fact_id_is_text_or_a_number(client: LocalClient) -> None:
    seq = decide(client, "accept", fact_id=id_text(UNCERTAIN))
    assert review_queue(client) == [id_text(YEAR)]
    decide(client, "reject", fact_id=int(id_text(YEAR)))
    assert review_queue(client) == []
    assert client.delete(f"{DECISIONS}/{seq}", params={"author": "bob"}).json() == {"seq": seq}
    assert review_queue(client) == [id_text(UNCERTAIN)]


def test_edit_has_a_value_or_a_fact(client: LocalClient) -> None:
    decide(client, "edit", fact_id=id_text(YEAR), value="1980")
    entry = newest(client)
    assert (entry["kind"], entry["author"], entry["undone"]) == ("edit", "ann", None)
    (right,), (wrong,) = entry["affirmed"], entry["denied"]
    assert (right["object"], right["datatype"]) == ("1980", YEAR.datatype)
    assert wrong["fact_id"] == id_text(YEAR)
    new = {"subject": "item:a", "relation": "year", "object": "a while ago", "literal": True}
    decide(client, "edit", fact_id=id_text(YEAR), fact=new)
    assert newest(client)["affirmed"][0]["datatype"] == ""


def test_add_merge_and_split(client: LocalClient) -> None:
    decide(client, "add", fact={"subject": "b", "relation": "genre", "object": "western"})
    decide(client, "merge", one="b", other="item:a")
    assert newest(client)["affirmed"][0]["relation"] == SAME_AS
    decide(client, "split", one="b", other="item:a")
    kinds = [d["kind"] for d in client.get(DECISIONS, params={"n": 3}).json()["decisions"]]
    assert kinds == ["split", "merge", "add"]


def test_evidence_names_sources_and_spans(client: LocalClient) -> None:
    where = f"/v1/kg/facts/{id_text(UNCERTAIN)}/evidence"
    seq = decide(client, "accept", fact_id=id_text(UNCERTAIN))
    evidence = client.get(where).json()
    assert evidence["fact"]["fact_id"] == id_text(UNCERTAIN)
    assert not evidence["denied"]
    read, people = evidence["supports"]
    assert (read["source"], read["document"], read["start"], read["end"]) == (
        "films", "item:a", 3, 6,
    )  # fmt: skip
    assert (people["source"], people["document"]) == ("people", f"decision:{seq}")
    assert [words["words"] for words in evidence["excerpts"]] == ["Ann"]
    decide(client, "reject", fact_id=id_text(UNCERTAIN))
    assert client.get(where).json()["denied"]
    plain = client.get(f"/v1/kg/facts/{id_text(CERTAIN)}/evidence").json()["supports"]
    assert plain == [
        {"source": "films", "confidence": 1.0, "document": None, "start": None, "end": None,
         "extractor": None}
    ]  # fmt: skip


@pytest.mark.slow
def test_unknown_fact_or_decision_is_not_found(client: LocalClient) -> None:
    accept = {"kind": "accept", "author": "ann", "fact_id": "7"}
    assert_problem(client.post(DECISIONS, json=accept), 404, "not_found")
    assert_problem(
        client.post(DECISIONS, json={**accept, "kind": "edit", "value": "x"}), 404, "not_found"
    )
    assert_problem(client.delete(f"{DECISIONS}/{10**30}?author=ann"), 404, "not_found")
    assert_problem(client.get("/v1/kg/facts/7/evidence"), 404, "not_found")


@pytest.mark.slow
@pytest.mark.parametrize(
    "body",
    [
        {},
        {"kind": "guess", "author": "ann"},
        {"kind": "accept", "author": "ann"},
        {"kind": "accept", "author": "", "fact_id": id_text(CERTAIN)},
        {"kind": "accept", "author": "a\nb", "fact_id": id_text(CERTAIN)},
        {"kind": "accept", "author": "ann", "fact_id": "x"},
        {"kind": "accept", "author": "ann", "fact_id": 1.5},
        {"kind": "accept", "author": "ann", "fact_id": True},
        {"kind": "accept", "author": "ann", "fact_id": -1},
        {"kind": "accept", "author": "ann", "fact_id": 2**63},
        {"kind": "accept", "author": "ann", "fact_id": str(2**63)},
        {"kind": "accept", "author": "ann", "fact_id": "٣"},
        {"kind": "accept", "author": "ann", "fact_id": id_text(CERTAIN), "sure": True},
        {"kind": "edit", "author": "ann", "fact_id": id_text(CERTAIN)},
        {"kind": "edit", "author": "ann", "fact_id": id_text(CERTAIN), "value": CERTAIN.object},
        {"kind": "edit", "author": "ann", "fact_id": id_text(CERTAIN), "value": " "},
        {"kind": "edit", "author": "ann", "fact_id": id_text(CERTAIN), "value": "x", "fact": None,
         "more": 1},
        {"kind": "add", "author": "ann", "fact": {"subject": "a", "relation": "b"}},
        {"kind": "add", "author": "ann", "fact": {"subject": "\0", "relation": "b", "object": "c"}},
        {"kind": "add", "author": "ann",
         "fact": {"subject": "a", "relation": "b", "object": "c", "language": "en"}},
        {"kind": "merge", "author": "ann", "one": "a", "other": "a"},
        {"kind": "split", "author": "ann", "one": "a", "other": "x" * 5000},
    ],
)  # fmt: skip
def test_invalid_decision_is_refused(client: LocalClient, body: dict[str, Any]) -> None:
    before = client.get(DECISIONS).json()
    assert_problem(client.post(DECISIONS, json=body), 422, "invalid_request")
    assert client.get(DECISIONS).json() == before


def test_parameters_are_checked(client: LocalClient) -> None:
    for path in ("/v1/kg/review?n=0", "/v1/kg/review?n=1001", f"{DECISIONS}?n=x",
                 "/v1/kg/facts/x/evidence", f"/v1/kg/facts/{2**63}/evidence"):  # fmt: skip
        assert_problem(client.get(path), 422, "invalid_request")
    seq = decide(client, "accept", fact_id=id_text(CERTAIN))
    assert_problem(client.delete(f"{DECISIONS}/{seq}"), 422, "invalid_request")
    assert client.delete(f"{DECISIONS}/{seq}?author=ann").status_code == 200
    refusal = assert_problem(client.delete(f"{DECISIONS}/{seq}?author=ann"), 422, "invalid_request")
    assert "already" in refusal["detail"]


def test_decision_while_another_process_writes_is_busy(world: Path) -> None:
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
        with LocalClient(create_app(engine), raise_server_exceptions=False) as client:
            body = {"kind": "merge", "author": "ann", "one": "a", "other": "b"}
            assert_problem(client.post(DECISIONS, json=body), 409, "busy")
    finally:
        done.set()
        thread.join()
        engine.database.close()
        other.close()


def test_hostile_text_is_stored_as_it_is(client: LocalClient) -> None:
    hostile = "<img src=x onerror=alert(1)>'; DROP TABLE facts; -- 中"
    fact = {"subject": "b", "relation": "note", "object": hostile, "literal": True}
    decide(client, "add", fact=fact)
    assert newest(client)["affirmed"][0]["object"] == hostile
    assert json.loads(client.get("/openapi.json").text)["paths"]["/v1/kg/decisions"]["post"]


@pytest.mark.slow
def test_review_imports_nothing_that_learning_needs() -> None:
    code = (
        "import sys, tastegraph.serving.api.app;"
        "assert not {'torch', 'sklearn', 'tastegraph.kg.review.knowledge'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_disputed_fact_is_reviewed(client: LocalClient, world: Path) -> None:
    """A certain fact is in the queue once a user disputes it, and first where many do."""
    engine = serving_world.open_engine(world)
    fact = Fact("item:western-1", "genre", "genre:western")
    with engine.database.writing() as connection:
        statements.put_facts(connection, [fact], "films")
    engine.close()
    fact_id = str(statements.fact_id(fact))

    def queue() -> dict[str, int]:
        questions = client.get("/v1/kg/review?n=100").json()["questions"]
        return {question["fact"]["fact_id"]: question["votes"] for question in questions}

    assert fact_id not in queue()
    url = f"/v1/kg/facts/{fact_id}/votes"
    assert client.post(url, json={"user_id": "a"}).json() == {"votes": 1}
    assert client.post(url, json={"user_id": "a"}).json() == {"votes": 1}
    assert client.post(url, json={"user_id": "b"}).json() == {"votes": 2}
    assert queue()[fact_id] == 2
    assert client.delete("/v1/users/a").status_code == 200
    assert queue()[fact_id] == 1
    decide(client, "accept", fact_id=fact_id)
    assert fact_id not in queue()
    assert client.post("/v1/kg/facts/5/votes", json={"user_id": "a"}).status_code == 404
    assert client.post(url, json={}).status_code == 422
