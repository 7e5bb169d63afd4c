"""Promise 8: erasure; no byte of a user remains in database, log, newer snapshots or exports."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

import pytest

from tastegraph.serving.api.app import create_app
from tests.support import serving_world
from tests.support.byte_search import files_with
from tests.support.local_client import LocalClient
from tests.support.promises import SCALE

MARK = "m4rk3r-of-somebody"
EVENTS = 60 * SCALE


@pytest.mark.slow
def test_no_byte_of_a_user_remains(tmp_path: Path, count_cases) -> None:
    """Planted in every place that takes a text of a user, and searched for in every file."""
    engine = serving_world.open_engine(tmp_path)
    with LocalClient(create_app(engine)) as client:
        for n in range(EVENTS):
            row = {"event_id": f"{MARK}-{n}", "user_id": MARK, "item_id": f"space-{n % 6}"}
            client.post("/v1/events", json={"events": [row, row | {"item_id": f"no-{MARK}"}]})
            client.post("/v1/recommendations", json={"user_id": MARK, "n": 5})
        attributes = {"attributes": {"mail": f"{MARK}@shop.example"}, "comment": f"on {MARK}"}
        assert client.put(f"/v1/users/{MARK}", json=attributes).status_code == 200
        wish = {"user_id": MARK, "steer": "always less western"}
        assert client.post("/v1/recommendations", json=wish).status_code == 200
        assert MARK in client.get(f"/v1/users/{MARK}/export").text
        engine.close()
        assert files_with(MARK, tmp_path)
        receipt = client.delete(f"/v1/users/{MARK}").json()
        assert (receipt["events"], receipt["lists"]) == (EVENTS, EVENTS + 1)
        assert receipt["digest"] == sha256(MARK.encode()).hexdigest()
        assert files_with(MARK, tmp_path) == []
        serving_world.publish_variant(tmp_path, 2.0, serve=True)
        assert files_with(MARK, tmp_path) == []
        assert client.get(f"/v1/users/{MARK}/profile").status_code == 404
        assert MARK not in json.dumps(client.get("/v1/users").json())
        assert not client.post("/v1/recommendations", json={"user_id": MARK}).json()["personal"]
        again = client.delete(f"/v1/users/{MARK}").json()
        assert (again["events"], again["lists"], again["facts"]) == (0, 0, 0)
    engine.close()
    engine.database.close()
    assert files_with(MARK, tmp_path) == []
    count_cases("planted events, lists, wishes and attributes", 2 * EVENTS + 2)
