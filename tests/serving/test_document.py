"""The OpenAPI document: an example of everything, and a client that a generator makes of it."""

from __future__ import annotations

import importlib
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tastegraph.serving.api.app import create_app
from tastegraph.serving.api.document import EXAMPLES_FILE
from tests.support import serving_world
from tests.support.api_examples import recorded
from tests.support.local_client import LocalClient

WITHOUT_ANSWER = {"associations_associate"}
"""Operations of which the small world has no answer, since its language model is not exported."""


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    engine = serving_world.open_engine(tmp_path_factory.mktemp("world"))
    with LocalClient(create_app(engine)) as client:
        yield client.get("/openapi.json").json()


def operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for methods in document["paths"].values():
        yield from methods.values()


def test_everything_has_an_example(document: dict[str, Any]) -> None:
    missing = []
    for operation in operations(document):
        name = operation["operationId"]
        for parameter in operation.get("parameters", ()):
            missing += [f"{name}: {parameter['name']}"] * ("example" not in parameter)
        for content in operation.get("requestBody", {}).get("content", {}).values():
            missing += [f"{name}: body"] * ("example" not in content)
        for status, response in operation["responses"].items():
            for content in response.get("content", {}).values():
                if status == "200" and name in WITHOUT_ANSWER:
                    continue
                missing += [f"{name}: answer {status}"] * ("example" not in content)
    assert not missing, "add to tests/support/api_examples.py, then 'make docs': " + str(missing)


def test_operations_have_names_tags_and_words(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for operation in operations(document)]
    assert len(set(names)) == len(names)
    for operation in operations(document):
        assert operation["tags"] == [operation["operationId"].partition("_")[0]]
        assert operation["summary"]
        assert operation["description"]


def shape(value: Any) -> Any:
    """The names in a value, without what they hold; of a list those of its first entry."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [shape(value[0])] if value else []
    return None


@pytest.mark.slow
def test_examples_are_what_the_service_answers(tmp_path: Path) -> None:
    stored = json.loads(EXAMPLES_FILE.read_text(encoding="utf-8"))
    now = recorded(tmp_path)
    assert set(stored) == set(now)
    for name, example in now.items():
        assert shape(stored[name]) == shape(example), f"{name}: run 'make docs'"


@pytest.mark.slow
def test_a_generated_client_sends_events_gets_lists_and_reasons(
    document: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generator = os.environ.get("OPENAPI_PYTHON_CLIENT") or shutil.which("openapi-python-client")
    if generator is None:
        pytest.skip("openapi-python-client is not installed: 'make test-client' has it")
    (tmp_path / "openapi.json").write_text(json.dumps(document), encoding="utf-8")
    (tmp_path / "config.yml").write_text("post_hooks: []\n", encoding="utf-8")
    command = [
        generator, "generate", "--meta", "none",
        "--path", str(tmp_path / "openapi.json"), "--config", str(tmp_path / "config.yml"),
        "--output-path", str(tmp_path / "generated_shop_client"),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True)
    output = done.stdout + done.stderr
    assert done.returncode == 0, output
    # The generator knows no lines of JSON: these routes are left to plain HTTP.
    warnings = re.findall(r"(?:WARNING|ERROR) parsing \w+ (\S+)", output)
    assert {path.rpartition(":")[2] for path in warnings} <= {"bulk", "batch", "/v1/kg/imports"}, (
        output
    )
    monkeypatch.syspath_prepend(str(tmp_path))

    def module(name: str) -> Any:
        return importlib.import_module(f"generated_shop_client{name}")

    models = module(".models")
    with serving_world.served(tmp_path / "world") as (url, _):
        client = module("").Client(base_url=url, raise_on_unexpected_status=True)
        rows = [{"user_id": "new", "item_id": f"space-{k}", "type": "like"} for k in range(3)]
        batch = models.EventBatch.from_dict({"events": rows})
        receipt = module(".api.events.events_record").sync(client=client, body=batch)
        assert (receipt.accepted, receipt.duplicates) == (3, 0)
        request = models.RecommendationRequestType0.from_dict({"user_id": "new", "n": 3})
        answer = module(".api.recommendations.recommendations_recommend").sync(
            client=client, body=request
        )
        listed = [item.item_id for item in answer.items]
        assert set(listed) == {"space-3", "space-4", "space-5"}
        assert all(item.reasons[0].text for item in answer.items)
        question = models.ExplanationRequestType0.from_dict(
            {"user_id": "new", "item_id": listed[0]}
        )
        why = module(".api.explain.explain_explain").sync(client=client, body=question)
        assert sum(reason.share for reason in why.reasons) == pytest.approx(why.score, abs=1e-4)
        health = module(".api.service.service_health").sync(client=client)
        assert health.model == answer.model
        profile = module(".api.users.users_profile").sync("new", client=client)
        assert {event.item_id for event in profile.events} == {f"space-{k}" for k in range(3)}
        missing = module(".api.items.items_content").sync_detailed("nothing", client=client)
        assert isinstance(missing.parsed, models.Problem)
        assert missing.parsed.code == "not_found"
