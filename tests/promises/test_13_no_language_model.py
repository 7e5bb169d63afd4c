"""Promise 13: no language model on the hot path; without one the result is plain, and flagged."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tastegraph.core.config import Config, LLMConfig
from tastegraph.serving.api.app import create_app
from tests.support import serving_world
from tests.support.local_client import LocalClient
from tests.support.serving_world import free_port
from tests.support.stub_endpoint import Reply, Stub, serving

TIMEOUT = 1.0
WISH = "more western, zorp"


def client_of(directory: Path, endpoint: str) -> LocalClient:
    engine = serving_world.open_engine(directory)
    llm = LLMConfig(endpoint=endpoint, model="none", timeout=TIMEOUT, max_retries=0)
    engine.config = Config(llm=llm)
    engine.steerer._config = engine.config
    return LocalClient(create_app(engine))


@pytest.fixture
def silent() -> Iterator[Stub]:
    """An endpoint that answers long after anybody waits."""
    with serving(lambda _: Reply("{}", delay=4 * TIMEOUT)) as stub:
        yield stub


def test_lists_and_reasons_ask_no_model(tmp_path: Path, silent: Stub, count_cases) -> None:
    client = client_of(tmp_path, silent.url)
    bodies = [
        {"user_id": "western-1"}, {"user_id": "nobody"}, {"user_id": "western-1", "steer": WISH},
        {"user_id": "western-1", "filter": 'genre = "Western"', "explain": "paths"},
        {"session": {"events": [{"item_id": "space-0"}]}},
    ]  # fmt: skip
    for body in bodies:
        assert client.post("/v1/recommendations", json=body).json()["items"]
    pair = {"user_id": "western-1", "item_id": "space-1"}
    assert client.post("/v1/explain", json=pair).json()["reasons"]
    assert client.get("/v1/items/western-1/similar").json()["items"]
    assert client.get("/v1/users/western-1/profile").json()["interests"]
    assert silent.requests == []
    count_cases("answers without a model", len(bodies) + 3)


@pytest.mark.parametrize("kind", ["dead", "late"])
def test_a_wish_is_read_plainly_in_time_and_that_is_said(
    tmp_path: Path, silent: Stub, kind: str
) -> None:
    endpoint = silent.url if kind == "late" else f"http://127.0.0.1:{free_port()}/v1"
    client = client_of(tmp_path, endpoint)
    start = time.monotonic()
    answer = client.post("/v1/wishes", json={"steer": WISH, "propose": True})
    seconds = time.monotonic() - start
    assert answer.status_code == 200, answer.text
    steering = answer.json()
    assert [chip["label"] for chip in steering["parsed"]] == ["Western"]
    assert [ignored["words"] for ignored in steering["ignored"]] == ["zorp"]
    assert "without it" in steering["notes"][0]
    assert len(silent.requests) == (kind == "late")
    assert seconds < 4 * TIMEOUT + 20  # the first use loads the client of the model
