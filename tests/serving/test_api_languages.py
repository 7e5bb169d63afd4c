"""The service in the language of who reads it: which one is chosen, and nothing in another."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings

from tastegraph.core.config import Config
from tastegraph.core.errors import BusyError, NoEncoderError, RowError, SnapshotError
from tastegraph.core.languages import Language
from tastegraph.core.messages import Message
from tastegraph.core.messages.description import CHINESE as CHINESE_DESCRIPTION
from tastegraph.serving.api.app import create_app
from tests.core.test_messages import CHINESE, english
from tests.support import serving_world
from tests.support.api_requests import BODIES, POST_PATHS
from tests.support.local_client import LocalClient

MINE = {"user_id": "western-1"}
LANGUAGES: list[Language] = ["en", "zh"]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("world")
    serving_world.open_engine(directory).close()
    return directory


@pytest.fixture(scope="module")
def client(world: Path) -> Iterator[LocalClient]:
    engine = serving_world.open_engine(world)
    with LocalClient(create_app(engine), raise_server_exceptions=False) as client:
        yield client


def language_of(answer: httpx.Response) -> str:
    assert "accept-language" in answer.headers["vary"].lower()
    return answer.headers["content-language"]


def speaks(text: str, language: Language) -> bool:
    return (
        not CHINESE.search(text)
        if language == "en"
        else bool(CHINESE.search(text) and not english(text))
    )


# Which language.


@pytest.mark.parametrize(
    ("header", "query", "body", "language"),
    [
        (None, "", {}, "en"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "", {}, "zh"),
        ("fr, zh;q=0.5", "", {}, "zh"),
        ("fr", "", {}, "en"),
        ("en", "?lang=zh", {}, "zh"),
        ("zh", "?lang=en", {}, "en"),
        ("en", "?lang=en", {"lang": "zh"}, "zh"),
        ("zh", "?lang=zh", {"lang": "en"}, "en"),
        ("zh", "", {"lang": None}, "zh"),
    ],
)
def test_body_takes_precedence_over_query_over_header(
    client: LocalClient, header: str | None, query: str, body: dict[str, Any], language: str
) -> None:
    headers = {"accept-language": header or ""}
    answer = client.post(f"/v1/recommendations{query}", json={**MINE, **body}, headers=headers)
    assert answer.status_code == 200, answer.text
    assert language_of(answer) == language


@pytest.mark.parametrize("path", POST_PATHS)
def test_unknown_language_is_refused(client: LocalClient, path: str) -> None:
    answer = client.post(f"{path}?lang=fr", json={}, headers={"accept-language": "zh"})
    assert answer.status_code == 422
    assert language_of(answer) == "zh"
    pointers = {fault["pointer"]: fault["message"] for fault in answer.json()["errors"]}
    assert pointers["/lang"] == "应为以下之一：'en'、'zh'"
    if path != "/v1/kg/decisions":
        answer = client.post(path, json={"lang": "fr"}, headers={"accept-language": "zh"})
        assert "/lang" in {fault["pointer"] for fault in answer.json()["errors"]}


def test_default_language_is_configured(world: Path) -> None:
    engine = serving_world.open_engine(world)
    engine.config = Config.model_validate({"serving": {"language": "zh"}})
    with LocalClient(create_app(engine)) as client:
        assert language_of(client.get("/v1/items/none", headers={"accept-language": ""})) == "zh"
        assert language_of(client.get("/v1/items/none", headers={"accept-language": "en"})) == "en"
    engine.close()


def test_several_language_headers_are_read_as_one(client: LocalClient) -> None:
    pieces = [("accept-language", "fr"), ("accept-language", "en;q=0.5"), ("accept-language", "zh")]
    assert language_of(client.get("/healthz", headers=pieces)) == "zh"  # type: ignore[arg-type]


def test_every_route_names_the_language_of_its_answer(client: LocalClient) -> None:
    list_id = client.post("/v1/recommendations", json=MINE).json()["recommendation_id"]
    paths = ["/healthz", "/v1/models", "/v1/kg/review", "/v1/kg/decisions", "/openapi.json",
             "/v1/users/western-1/profile", "/v1/items/western-0",
             f"/v1/recommendations/{list_id}", f"/v1/recommendations/{list_id}/replay"]  # fmt: skip
    for path in paths:
        for language in LANGUAGES:
            answer = client.get(path, params={"lang": language})
            assert (answer.status_code, language_of(answer)) == (200, language), path
    event = {**MINE, "item_id": "western-0"}
    for path, body in [("events", {"events": []}), ("explain", event)]:
        assert language_of(client.post(f"/v1/{path}", json={**body, "lang": "zh"})) == "zh"


def test_static_files_name_no_language(client: LocalClient) -> None:
    for path in ("/", "/docs", "/page/page.js"):
        assert "content-language" not in client.get(path).headers


def test_profile_has_events_in_words(client: LocalClient) -> None:
    event = {"user_id": "wei", "item_id": "space-0", "type": "purchase"}
    rated = {"user_id": "wei", "item_id": "space-1", "type": "rating", "value": 4.5}
    client.post("/v1/events", json={"events": [event, rated]})
    for language, words in {"en": ["rated 4.5", "bought"], "zh": ["打了 4.5 分", "买过"]}.items():
        profile = client.get("/v1/users/wei/profile", params={"lang": language}).json()
        assert [event["did"] for event in profile["events"]] == words


def texts_of(node: object) -> Iterator[str]:
    """Every text of an OpenAPI document that is written for readers."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("description", "summary") and isinstance(value, str):
                yield value
            else:
                yield from texts_of(value)
    elif isinstance(node, list):
        for element in node:
            yield from texts_of(element)


def test_openapi_is_complete_in_both_languages(client: LocalClient) -> None:
    one, other = (
        client.get("/openapi.json", params={"lang": language}).json() for language in LANGUAGES
    )
    written = set(texts_of(one))
    assert not any(CHINESE.search(text) for text in written)
    assert [text for text in texts_of(other) if not CHINESE.search(text) or english(text)] == []
    assert CHINESE_DESCRIPTION.keys() <= written, "nobody writes these any more"
    assert one["paths"].keys() == other["paths"].keys()
    assert one["components"]["schemas"].keys() == other["components"]["schemas"].keys()


# What is wrong, said in either language.

HUGE = b'{"user_id": "' + b"x" * (1 << 20) + b'"}'
SESSION = {"events": [{"item_id": "a", "type": "hug"}]}
FACT = {"subject": "b", "relation": "genre", "object": "western"}
WRONG: list[tuple[str, str, Any, int]] = [
    ("GET", "/nowhere", None, 404),
    ("PUT", "/healthz", None, 405),
    ("POST", "/v1/recommendations", b"{", 400),
    ("POST", "/v1/recommendations", b"[1, 2", 400),
    ("POST", "/v1/recommendations", b'{"a" 1}', 400),
    ("POST", "/v1/recommendations", b'{"a": "\\ud800"}', 400),
    ("POST", "/v1/recommendations", b'{"n": NaN}', 400),
    ("POST", "/v1/recommendations", b"{} {}", 400),
    ("POST", "/v1/recommendations", b"[" * 100_000, 400),
    ("POST", "/v1/recommendations", HUGE, 413),
    ("POST", "/v1/recommendations", b"[]", 422),
    ("POST", "/v1/recommendations", {}, 422),
    ("POST", "/v1/recommendations", {**MINE, "session": SESSION}, 422),
    ("POST", "/v1/recommendations", {**MINE, "n": 1001}, 422),
    ("POST", "/v1/recommendations", {**MINE, "n": 0}, 422),
    ("POST", "/v1/recommendations", {**MINE, "n": "x"}, 422),
    ("POST", "/v1/recommendations", {**MINE, "n": 1.5}, 422),
    ("POST", "/v1/recommendations", {**MINE, "n": []}, 422),
    ("POST", "/v1/recommendations", {**MINE, "explain": "why"}, 422),
    ("POST", "/v1/recommendations", {**MINE, "surprise": 1}, 422),
    ("POST", "/v1/recommendations", {"user_id": ""}, 422),
    ("POST", "/v1/recommendations", {"user_id": "x" * 513}, 422),
    ("POST", "/v1/recommendations", {"user_id": True}, 422),
    ("POST", "/v1/recommendations", {"session": SESSION}, 422),
    ("POST", "/v1/recommendations", {"session": {"events": [{}]}}, 422),
    ("POST", "/v1/recommendations", {"session": {"events": [{"item_id": ""}]}}, 422),
    ("POST", "/v1/recommendations", {"session": {"events": [{"item_id": "a"}] * 1001}}, 422),
    ("POST", "/v1/explain", {**MINE, "item_id": "nothing"}, 404),
    ("POST", "/v1/events", {"events": 1}, 422),
    ("GET", "/v1/items/nothing", None, 404),
    ("GET", "/v1/users/nobody/profile", None, 404),
    ("GET", "/v1/recommendations/none", None, 404),
    ("GET", "/v1/recommendations/none/replay", None, 404),
    ("PUT", "/v1/items/a", {"title": 1}, 422),
    ("PUT", "/v1/items/a", {"title": "A", "attributes": {"x": {"y": 1}}}, 422),
    ("PUT", "/v1/items/a", {"title": "A", "attributes": []}, 422),
    ("POST", "/v1/associations", {"text": ""}, 422),
    ("POST", "/v1/associations", {"text": "a story"}, 503),
    ("POST", "/v1/models/000009:promote", None, 404),
    ("POST", "/v1/models/x:promote", None, 422),
    ("POST", "/v1/models/000009:rollback", None, 422),
    ("POST", "/v1/models/000001:rollback", None, 404),
    ("GET", "/v1/kg/review?n=0", None, 422),
    ("GET", "/v1/kg/facts/7/evidence", None, 404),
    ("GET", "/v1/kg/facts/x/evidence", None, 422),
    ("POST", "/v1/kg/facts/7/votes", {"user_id": "a"}, 404),
    ("DELETE", "/v1/kg/decisions/999?author=ann", None, 404),
    ("DELETE", "/v1/kg/decisions/999?author=", None, 422),
    ("POST", "/v1/kg/decisions", {"kind": "guess", "author": "ann"}, 422),
    ("POST", "/v1/kg/decisions", {"author": "ann"}, 422),
    ("POST", "/v1/events", {"events": [{"item_id": "a"}, 5]}, 422),
    ("POST", "/v1/kg/decisions", {"kind": "accept", "author": "", "fact_id": 7}, 404),
    ("POST", "/v1/kg/decisions", {"kind": "edit", "author": "ann", "fact_id": 7}, 422),
    ("POST", "/v1/kg/decisions", {"kind": "add", "author": " ", "fact": FACT}, 422),
    ("POST", "/v1/kg/decisions",
     {"kind": "add", "author": "ann", "fact": {**FACT, "language": "en"}}, 422),
    ("POST", "/v1/kg/decisions",
     {"kind": "add", "author": "ann", "fact": {**FACT, "literal": True, "language": "?"}}, 422),
    ("POST", "/v1/kg/decisions",
     {"kind": "add", "author": "ann", "fact": {**FACT, "literal": "x"}}, 422),
    ("POST", "/v1/kg/decisions",
     {"kind": "add", "author": "ann", "fact": {**FACT, "subject": "\0"}}, 422),
    ("POST", "/v1/kg/decisions", {"kind": "merge", "author": "ann", "one": "a", "other": "a"}, 422),
]  # fmt: skip


def send(
    client: LocalClient, method: str, path: str, body: Any, language: Language
) -> httpx.Response:
    headers = {"accept-language": language, "content-type": "application/json"}
    content = body if isinstance(body, bytes | None) else json.dumps(body).encode()
    return client.request(method, path, content=content, headers=headers)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("method", "path", "body", "status"), WRONG)
def test_problem_is_in_the_language_of_the_reader(
    client: LocalClient, method: str, path: str, body: Any, status: int, language: Language
) -> None:
    answer = send(client, method, path, body, language)
    assert answer.status_code == status, answer.text
    assert language_of(answer) == language
    problem = answer.json()
    faults = problem.get("errors", ())
    texts = [problem["title"], problem["detail"], *(fault["message"] for fault in faults)]
    for text in texts:
        assert speaks(text, language), text
        assert text not in {Message("unacceptable").text(language)}


@pytest.mark.parametrize(("method", "path", "body", "status"), WRONG)
def test_code_of_a_problem_is_the_same_in_every_language(
    client: LocalClient, method: str, path: str, body: Any, status: int
) -> None:
    english, chinese = (send(client, method, path, body, language).json() for language in LANGUAGES)
    assert english["code"] == chinese["code"]
    codes = [
        [(fault["pointer"], fault["code"]) for fault in problem.get("errors", ())]
        for problem in (english, chinese)
    ]
    assert codes[0] == codes[1]


BAD_ROWS: list[object] = [
    {"user_id": "eva"},
    {"user_id": "eva", "item_id": "x" * 513},
    {"user_id": "eva", "item_id": "a\nb"},
    {"user_id": "eva", "item_id": ["a"]},
    {"item_id": "a"},
    {"user_id": "eva", "item_id": "a", "type": "hug"},
    {"user_id": "eva", "item_id": "a", "stars": 5},
    {"user_id": "eva", "item_id": "a", "value": 5, "rating": 5},
    {"user_id": "eva", "item_id": "a", "ts": 5, "timestamp": 5},
    {"user_id": "eva", "item_id": "a", "ts": "yesterday"},
    {"user_id": "eva", "item_id": "a", "ts": 9e10},
    {"user_id": "eva", "item_id": "a", "value": "much"},
    {"user_id": "eva", "item_id": "a", "position": 0},
    {"user_id": "eva", "item_id": "a", "position": "first"},
    "hello",
]


@pytest.mark.parametrize("language", LANGUAGES)
def test_rejected_event_is_in_the_language_of_the_reader(
    client: LocalClient, language: Language
) -> None:
    good_row = {"user_id": "eva", "item_id": "a"}
    answer = client.post("/v1/events", json={"events": [*BAD_ROWS, good_row], "lang": language})
    rejected = answer.json()["rejected"]
    assert [row["index"] for row in rejected] == list(range(len(BAD_ROWS)))
    for row in rejected:
        assert speaks(row["message"], language), row


@pytest.mark.slow
@pytest.mark.parametrize("path", POST_PATHS)
@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(body=BODIES)
def test_no_body_is_answered_in_english_to_a_chinese_reader(
    client: LocalClient, path: str, body: object
) -> None:
    answer = send(client, "POST", path, body, "zh").json()
    faults = [*answer.get("errors", ()), *answer.get("rejected", ())]
    for text in (fault["message"] for fault in faults):
        assert text != Message("unacceptable").text("zh")
        assert CHINESE.search(text), text


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (RowError("said.json", 1, None, "x", "JSON"), 500, "internal"),
        (BusyError(Message("busy.database", file="a.db")), 409, "busy"),
        (SnapshotError(Message("snapshot.altered", file="x.npy")), 422, "unfit_model"),
        (NoEncoderError(Message("encoder.none", cause=Message("encoder.package", package="x"))),
         503, "no_encoder"),
        (RuntimeError("secret"), 500, "internal"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("language", LANGUAGES)
def test_internal_error_is_in_the_language_of_the_reader(
    error: Exception, status: int, code: str, language: Language
) -> None:
    class Broken:
        config, database = Config(), SimpleNamespace(path=Path("nowhere/tastegraph.db"))

        def versions(self) -> tuple[str, str]:
            raise error

        def watch(self) -> None:
            """Nothing is published."""

        def close(self) -> None:
            """Nothing waits."""

    with LocalClient(create_app(Broken()), raise_server_exceptions=False) as client:  # type: ignore[arg-type]
        answer = client.get("/healthz", params={"lang": language})
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (status, code)
    assert language_of(answer) == language
    assert speaks(problem["detail"], language)
    assert "secret" not in answer.text
    assert "said.json" not in answer.text
