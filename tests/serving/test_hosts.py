"""Requests to a foreign host name are refused; those to own and configured names are answered."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tastegraph.serving.api.app import create_app
from tastegraph.serving.api.hosts import AllowedHosts, is_local
from tests.support import serving_world
from tests.support.api_requests import assert_problem
from tests.support.local_client import LocalClient

LOCAL = [
    "localhost", "localhost:8000", "LOCALHOST:8000", "localhost.", "shop.localhost",
    "127.0.0.1", "127.0.0.1:8000", "127.3.4.5", "[::1]", "[::1]:8000", "[::ffff:127.0.0.1]",
]  # fmt: skip
FOREIGN = [
    "evil.example", "evil.example:8000", "localhost.evil.example", "127.0.0.1.evil.example",
    "evillocalhost", "2130706433", "0.0.0.0", "192.168.0.7", "[::2]", "", ":8000", "::1",
    "localhost:80:80", "localhost@evil.example", "127.0.0.1, evil.example", "测试.example",
]  # fmt: skip


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalClient]:
    engine = serving_world.open_engine(tmp_path_factory.mktemp("world"))
    config = engine.config
    serving = config.serving.model_copy(update={"hosts": ("Films.example",)})
    engine.config = config.model_copy(update={"serving": serving})
    with LocalClient(create_app(engine, host_names=["fd00::7"])) as client:
        yield client


@pytest.mark.parametrize("host", [*LOCAL, "films.example", "FILMS.example.:443", "[fd00::7]:80"])
def test_own_and_configured_names_are_answered(client: LocalClient, host: str) -> None:
    assert client.get("/healthz", headers={"host": host}).status_code == 200


@pytest.mark.parametrize("host", FOREIGN)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/"), ("GET", "/page/page.js"), ("GET", "/v1/users/western-1/profile"),
        ("DELETE", "/v1/users/western-1"), ("POST", "/v1/events"), ("GET", "/nowhere"),
    ],
)  # fmt: skip
def test_foreign_name_is_refused_on_every_route(
    client: LocalClient, method: str, path: str, host: str
) -> None:
    answer = client.request(method, path, headers={"host": host.encode()})
    refusal = assert_problem(answer, 421, "foreign_host")
    assert "[serving] hosts" in refusal["detail"]
    assert "--host-name" in refusal["detail"]
    assert "content-security-policy" in answer.headers


def test_refused_erasure_erases_nothing(client: LocalClient) -> None:
    client.delete("/v1/users/western-2", headers={"host": "evil.example"})
    assert client.get("/v1/users/western-2/profile").json()["events"]


def test_refusal_is_in_the_language_of_the_reader(client: LocalClient) -> None:
    answer = client.get("/", headers={"host": "evil.example", "accept-language": "zh"})
    assert "主机名" in assert_problem(answer, 421, "foreign_host")["detail"]


def test_of_two_host_headers_both_must_be_allowed() -> None:
    def scope(*hosts: str) -> dict[str, object]:
        return {"type": "http", "headers": [(b"host", host.encode()) for host in hosts]}

    allowed = AllowedHosts()
    assert allowed.foreign(scope("localhost", "evil.example")) == "evil.example"
    assert allowed.foreign(scope("evil.example", "localhost")) == "evil.example"
    assert allowed.foreign(scope()) is None


@given(st.ip_addresses(v=4), st.integers(0, 65535))
def test_of_all_ipv4_addresses_those_of_this_machine_are_local(address, port) -> None:
    assert is_local(str(address)) == address.is_loopback
    scope = {"type": "http", "headers": [(b"host", f"{address}:{port}".encode())]}
    assert (AllowedHosts().foreign(scope) is None) == address.is_loopback


def test_names_reach_the_service_from_the_file(tmp_path: Path) -> None:
    from tastegraph.workspace import Workspace

    workspace = Workspace.init(tmp_path, {"serving": {"hosts": ["films.example"]}})
    assert workspace.config.serving.hosts == ("films.example",)
