"""Promise 11: loopback without a key, any other address only with keys, each with its scopes."""

from __future__ import annotations

import json
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tastegraph.core.errors import ConfigError, TastegraphError
from tastegraph.serving.api.app import create_app
from tastegraph.serving.engine import Engine
from tastegraph.serving.process.service import Address, serve
from tastegraph.store.keys import KEYS_FILE, SCOPES, KeyFile
from tests.support import serving_world
from tests.support.api_requests import assert_problem
from tests.support.local_client import LocalClient

LIST = {"user_id": "western-1", "n": 1}
METHODS = ("get", "put", "post", "delete", "patch")


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = serving_world.open_engine(tmp_path)
    yield engine
    engine.close()


@pytest.fixture
def keys(engine: Engine) -> KeyFile:
    return KeyFile(engine.database.path.parent)


@pytest.fixture
def client(engine: Engine) -> Iterator[LocalClient]:
    with LocalClient(create_app(engine), raise_server_exceptions=False) as client:
        yield client


def bearer(secret: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {secret}"}


def operations(client: LocalClient) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, path with values, and description of every operation of the document."""
    for path, methods in client.get("/openapi.json").json()["paths"].items():
        for method in METHODS & methods.keys():
            operation = methods[method]
            for parameter in operation.get("parameters", ()):
                path = path.replace(f"{{{parameter['name']}}}", "1")
            yield method, path, operation


def needed_scope(operation: dict[str, Any]) -> str | None:
    """The scope that the document declares; ``None`` where the route is public."""
    security = operation["security"]
    return security[0]["bearer"][0] if security else None


def allowed(scope: str, needed: str | None) -> bool:
    return needed is None or scope in (needed, "admin")


# Where it may listen.


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.0.7", "shop.example"])
def test_other_addresses_are_refused_without_a_key(engine: Engine, host: str) -> None:
    with pytest.raises(TastegraphError, match="tastegraph keys add"):
        serve(engine, Address(host))


def test_no_key_that_is_left_is_no_key(engine: Engine, keys: KeyFile) -> None:
    keys.add("shop", ["read"])
    keys.remove("shop")
    with pytest.raises(TastegraphError, match="has no API key"):
        serve(engine, Address("0.0.0.0"))
    with pytest.raises(TastegraphError, match="one is required"):
        serve(engine, Address(needs_keys=True))
    with pytest.raises(TastegraphError, match="one is required"):
        serve(engine, Address(uds=keys.path.parent / "s.sock", needs_keys=True))


# Without a key on loopback.


def test_loopback_without_keys_needs_none(client: LocalClient) -> None:
    assert client.post("/v1/recommendations", json=LIST).status_code == 200
    assert client.post("/v1/recommendations", json=LIST, headers=bearer("any")).status_code == 200


# With keys.


def test_first_key_closes_a_running_service(client: LocalClient, keys: KeyFile) -> None:
    assert client.post("/v1/recommendations", json=LIST).status_code == 200
    secret = keys.add("shop", ["read"])
    refusal = client.post("/v1/recommendations", json=LIST)
    assert "tastegraph keys add" in assert_problem(refusal, 401, "unauthorized")["detail"]
    assert refusal.headers["www-authenticate"] == "Bearer"
    assert client.post("/v1/recommendations", json=LIST, headers=bearer(secret)).status_code == 200


def test_key_is_accepted_in_either_header(client: LocalClient, keys: KeyFile) -> None:
    secret = keys.add("shop", ["read"])
    for headers in (
        bearer(secret), {"authorization": f"bearer  {secret} "}, {"X-API-Key": secret},
    ):  # fmt: skip
        assert client.post("/v1/recommendations", json=LIST, headers=headers).status_code == 200


def test_removed_key_opens_nothing(client: LocalClient, keys: KeyFile) -> None:
    secret = keys.add("shop", ["read"])
    keys.add("other", ["read"])
    keys.remove("shop")
    answer = client.post("/v1/recommendations", json=LIST, headers=bearer(secret))
    assert "removed" in assert_problem(answer, 401, "unauthorized")["detail"]


def test_service_stays_closed_when_the_file_vanishes(client: LocalClient, keys: KeyFile) -> None:
    keys.add("shop", ["read"])
    assert_problem(client.post("/v1/recommendations", json=LIST), 401, "unauthorized")
    keys.path.unlink()
    assert_problem(client.post("/v1/recommendations", json=LIST), 401, "unauthorized")


def test_unreadable_file_opens_nothing(client: LocalClient, keys: KeyFile) -> None:
    secret = keys.add("shop", ["read"])
    keys.path.write_text('{"keys": [{"name": "shop"}]}')
    answer = client.post("/v1/recommendations", json=LIST, headers=bearer(secret))
    assert_problem(answer, 500, "internal")


@pytest.mark.parametrize(
    "headers",
    [
        {}, {"Authorization": "Bearer"}, {"Authorization": "Bearer "}, {"X-API-Key": ""},
        {"Authorization": "Basic dGc6dGc="}, {"Authorization": "Bearer tg_" + "A" * 43},
        {"Authorization": "Bearer " + "A" * 60_000}, {"X-API-Key": b"\xff\xfe"},
        {"Authorization": "Bearer ../keys.json"}, {"X-API-Key": "' OR 1=1 --"},
    ],
)  # fmt: skip
def test_anything_but_a_key_is_refused(client: LocalClient, keys: KeyFile, headers: Any) -> None:
    keys.add("shop", ["read", "write", "admin"])
    answer = client.post("/v1/recommendations", json=LIST, headers=headers)
    assert_problem(answer, 401, "unauthorized")


def test_hash_of_a_key_is_no_key(client: LocalClient, keys: KeyFile) -> None:
    keys.add("shop", ["admin"])
    (row,) = json.loads(keys.path.read_text())["keys"]
    answer = client.post("/v1/recommendations", json=LIST, headers=bearer(row["digest"]))
    assert_problem(answer, 401, "unauthorized")


def test_body_is_not_read_without_a_key(client: LocalClient, keys: KeyFile) -> None:
    keys.add("shop", ["read"])
    assert_problem(client.post("/v1/events", content=b"{" * 5000), 401, "unauthorized")


def test_refusals_are_in_the_language_of_the_reader(client: LocalClient, keys: KeyFile) -> None:
    secret = keys.add("shop", ["read"])
    answer = client.post("/v1/events", headers={"accept-language": "zh"})
    assert "密钥" in assert_problem(answer, 401, "unauthorized")["detail"]
    answer = client.post("/v1/events", headers={**bearer(secret), "accept-language": "zh"})
    assert "权限" in assert_problem(answer, 403, "forbidden")["detail"]


def test_with_keys_every_host_name_is_answered(client: LocalClient, keys: KeyFile) -> None:
    secret = keys.add("shop", ["read"])
    headers = {**bearer(secret), "host": "shop.example"}
    assert client.post("/v1/recommendations", json=LIST, headers=headers).status_code == 200


# Which route needs which scope: the whole document.


def test_every_route_declares_its_scope(client: LocalClient) -> None:
    document = client.get("/openapi.json").json()
    schemes = document["components"]["securitySchemes"]
    assert schemes["bearer"]["scheme"] == "bearer"
    assert schemes["apiKey"]["name"] == "X-API-Key"
    for method, path, operation in operations(client):
        scope = needed_scope(operation)
        assert scope in (None, *SCOPES), f"{method} {path}"
        if scope is None:
            assert path in ("/healthz", "/readyz"), f"{path} must need a scope"
        if scope == "read":
            assert method in ("get", "post"), f"{method} {path} changes data"


def test_every_route_enforces_what_it_declares(client: LocalClient, keys: KeyFile) -> None:
    secrets = {scope: keys.add(scope, [scope]) for scope in SCOPES}
    n_operations = 0
    for method, path, operation in operations(client):
        needed = needed_scope(operation)
        answer = client.request(method, path, content=b"not JSON")
        if needed is not None:
            assert_problem(answer, 401, "unauthorized")
        for scope in SCOPES:
            answer = client.request(
                method, path, content=b"not JSON", headers=bearer(secrets[scope])
            )
            if allowed(scope, needed):
                assert answer.status_code not in (401, 403), f"{scope}: {method} {path}"
            else:
                assert scope in assert_problem(answer, 403, "forbidden")["detail"]
        n_operations += 1
    assert n_operations >= 19


# The file.


def test_secrets_are_never_stored(keys: KeyFile, engine: Engine) -> None:
    secret = keys.add("shop", ["write", "read", "read"])
    assert len(secret) >= 43
    for file in keys.path.parent.rglob("*"):
        assert file.is_dir() or secret.encode() not in file.read_bytes()
    assert stat.S_IMODE(keys.path.stat().st_mode) == 0o600
    (key,) = keys.keys()
    assert (key.name, key.scopes) == ("shop", ("read", "write"))
    assert time.time() - 60 < key.created <= time.time()


def test_keys_differ(keys: KeyFile) -> None:
    assert len({keys.add(f"k{k}", ["read"]) for k in range(10)}) == 10


@pytest.mark.parametrize("name", ["", "a b", "x" * 65, "shop\n", "密钥", "../keys"])
def test_names_are_fit_for_logs(keys: KeyFile, name: str) -> None:
    with pytest.raises(ConfigError, match="cannot be the name of a key"):
        keys.add(name, ["read"])
    assert not keys.path.exists()


def test_a_name_is_of_one_key(keys: KeyFile) -> None:
    keys.add("shop", ["read"])
    with pytest.raises(ConfigError, match="already"):
        keys.add("shop", ["write"])
    with pytest.raises(ConfigError, match="there are: shop"):
        keys.remove("shup")


@pytest.mark.parametrize("scopes", [[], ["root"], ["read", "Write"]])
def test_scopes_are_three(keys: KeyFile, scopes: list[str]) -> None:
    with pytest.raises(ConfigError, match="read, write, admin"):
        keys.add("shop", scopes)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"keys": [{"name": "a"}]}', "\x00",
             '{"keys": [{"name": "a", "scopes": ["root"], "digest": "", "created": 0}]}'],
)  # fmt: skip
def test_broken_file_is_refused_by_name(tmp_path: Path, text: str) -> None:
    (tmp_path / KEYS_FILE).write_text(text)
    with pytest.raises(ConfigError, match=r"keys\.json"):
        KeyFile(tmp_path).keys()
