"""Imports of facts and links over HTTP: by the rules of files, all or none, with a report."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tastegraph.serving.api.app import create_app
from tastegraph.serving.engine import Engine
from tastegraph.store import provenance, statements
from tests.support import serving_world
from tests.support.api_requests import assert_problem
from tests.support.local_client import LocalClient

IMPORTS = "/v1/kg/imports"
CSV = "head,relation,tail\nitem:western-0,composer,person:a\nitem:western-1,composer,person:b\n"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = serving_world.open_engine(tmp_path)
    yield engine
    engine.close()


@pytest.fixture
def client(engine: Engine) -> LocalClient:
    return LocalClient(create_app(engine), raise_server_exceptions=False)


def send(client: LocalClient, body: str, media_type: str, **query: Any) -> Any:
    headers = {"content-type": media_type}
    return client.post(IMPORTS, params={"source": "films", **query}, content=body, headers=headers)


def report(client: LocalClient, body: str, media_type: str, **query: Any) -> dict[str, Any]:
    answer = send(client, body, media_type, **query)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def objects(engine: Engine) -> set[str]:
    with engine.database.reading() as connection:
        return {fact.object for _, fact in statements.all_facts(connection)}


LINES = "\n".join(
    json.dumps({"subject": f"item:western-{k}", "relation": "composer", "object": f"person:{name}"})
    for k, name in enumerate("ab")
)
TRIPLES = "".join(f"<http://x/{k}> <http://x/composer> <http://x/{o}> .\n" for k, o in [(0, "a")])


def test_every_format_is_read(client: LocalClient, engine: Engine) -> None:
    tabs = CSV.replace(",", "\t").replace("person:", "person:tab-")
    for body, media_type, n in [
        (LINES, "application/x-ndjson", 2), (CSV, "text/csv; charset=utf-8", 2),
        (tabs, "text/tab-separated-values", 2), (TRIPLES, "application/n-triples", 1),
        (TRIPLES.replace("/a>", "/t>"), "text/turtle", 1),
    ]:  # fmt: skip
        assert report(client, body, media_type)["read"] == n, media_type
    expected = {"person:a", "person:b", "person:tab-a", "person:tab-b", "http://x/a", "http://x/t"}
    assert objects(engine) == expected


def test_report_counts_new_known_and_repeated(client: LocalClient) -> None:
    first = report(client, CSV + "item:western-1,composer,person:b\n", "text/csv")
    counts = {name: first[name] for name in ("read", "new", "known", "repeated", "left_out")}
    assert counts == {"read": 3, "new": 2, "known": 0, "repeated": 1, "left_out": 0}
    again = report(client, CSV + "item:western-2,composer,\n", "text/csv")
    assert (again["new"], again["known"], again["left_out"]) == (0, 2, 1)
    assert any("these rows state nothing" in note for note in again["notes"])


def test_replace_withdraws_what_the_source_no_longer_states(
    client: LocalClient, engine: Engine
) -> None:
    report(client, CSV, "text/csv")
    added = report(client, CSV.replace("person:b", "person:c"), "text/csv")
    assert added["withdrawn"] == 0
    assert objects(engine) == {"person:a", "person:b", "person:c"}
    assert report(client, CSV, "text/csv", replace=True)["withdrawn"] == 1
    assert objects(engine) == {"person:a", "person:b"}


def test_wrong_row_imports_nothing_or_is_left_out(client: LocalClient, engine: Engine) -> None:
    wrong = CSV.replace("tail\n", "tail,confidence\n").replace("person:a", "person:a,7")
    wrong = wrong.replace("person:b", "person:b,1")
    problem = assert_problem(send(client, wrong, "text/csv"), 422, "invalid_request")
    assert [fault["pointer"] for fault in problem["errors"]] == ["/2/confidence"]
    with engine.database.reading() as connection:
        assert provenance.sources(connection) == []
    rest = report(client, wrong, "text/csv", on_error="skip")
    assert (rest["read"], rest["left_out"], rest["new"]) == (2, 1, 1)
    assert [(row["line"], row["column"]) for row in rest["rejected"]] == [(2, "confidence")]
    assert objects(engine) == {"person:b"}


def test_a_line_that_is_no_row_is_named_without_a_column(client: LocalClient) -> None:
    for body, media_type in [("{nope", "application/x-ndjson"), ("zz zz", "application/n-quads")]:
        problem = assert_problem(send(client, body, media_type), 422, "invalid_request")
        assert problem["detail"].startswith(("line 1: a JSON object", "line 1: one N-Quads"))
        assert problem["errors"][0]["pointer"] == "/1"
        assert "None" not in problem["detail"]


def test_links_are_imported(client: LocalClient, engine: Engine) -> None:
    body = "item_id,entity\nwestern-0,wd:Q1\n"
    assert report(client, body, "text/csv", kind="links")["new"] == 1
    with engine.database.reading() as connection:
        assert [link.entity_id for link in statements.all_links(connection)] == ["wd:Q1"]


@pytest.mark.parametrize(
    ("body", "media_type", "query", "status"),
    [
        ("", "text/csv", {}, 422),
        ("", "application/x-ndjson", {}, 422),
        ("{", "application/x-ndjson", {}, 422),
        ("[1]", "application/x-ndjson", {}, 422),
        ("5", "application/x-ndjson", {}, 422),
        ("a,b\n1,2\n", "text/csv", {}, 422),
        ("<a> <b>", "text/turtle", {}, 422),
        (CSV, "application/pdf", {}, 415),
        (CSV, "text/csv", {"source": "people"}, 422),
        (CSV, "text/csv", {"source": ""}, 422),
        (CSV, "text/csv", {"kind": "events"}, 422),
        ("x" * (1 << 20) + "y", "text/csv", {}, 413),
    ],
)
def test_body_that_cannot_be_read_is_refused(
    client: LocalClient, body: str, media_type: str, query: dict[str, str], status: int
) -> None:
    answer = send(client, body, media_type, **query)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
