"""Paths in the words of a language model: a good, a lying, a hostile, a slow and a dead one."""

from __future__ import annotations

import json
import time

import pytest
from starlette.testclient import TestClient

from tastegraph.core.config import LLMConfig
from tastegraph.serving.api.app import create_app
from tastegraph.serving.why_not.path_writer import PathWriter
from tests.support import serving_world
from tests.support.stub_endpoint import Reply, Request, serving, text_of

USER, ITEM = "western-1", "western-5"


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    engine = serving_world.open_engine(tmp_path_factory.mktemp("world"))
    yield engine
    engine.close()


def good(request: Request) -> Reply:
    """Words each entry by its names and its relation."""
    rows = []
    for entry in json.loads(text_of(request)):
        event, *names = entry["must"]
        is_english = event.isascii()
        glue = " and " if is_english else "和"
        sentence = glue.join([event, *names]) + (" share the " if is_english else "有共同的")
        rows.append({"number": entry["number"], "sentence": sentence + entry["relation"][0]})
    return Reply(json.dumps({"sentences": rows}, ensure_ascii=False))


def explained(engine, behaviour, language="en", **options):
    with serving(behaviour) as stub:
        config = LLMConfig(endpoint=stub.url, model="m", **options)
        engine._explanations._writer = PathWriter(config)
        answer = engine.explain(USER, ITEM, wording="llm", language=language)
    return [reason for reason in answer.reasons if reason.path], stub


def notes(reasons):
    """What is said of the paths that could be worded."""
    written = {reason.wording_note for reason in reasons if reason.kind == "knowledge"}
    return {note for note in written if note and not note.startswith("only a path")}


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_good_model_words_the_paths_and_the_template_stands_beside(engine, language):
    reasons, stub = explained(engine, good, language)
    plain = engine.explain(USER, ITEM, language=language).reasons
    worded = [reason for reason in reasons if reason.wording == "llm"]
    assert worded
    assert all(reason.template in {r.text for r in plain} for reason in worded)
    assert all(reason.wording_note is None for reason in worded)
    for reason in worded:
        assert all(step.o_label in reason.text for step in reason.path)
    assert USER not in json.dumps(stub.requests)
    assert len(stub.requests) == 1
    assert all(r.wording_note for r in reasons if r.wording == "template")


def lying(request: Request) -> Reply:
    reply = good(request)
    return Reply(reply.content.replace("share", "hate"))


def hostile(request: Request) -> Reply:
    reply = good(request)
    return Reply(reply.content.replace("share", "<script>share</script>"))


def test_a_lying_and_a_hostile_model_leave_the_template_and_that_is_said(engine):
    for behaviour, words in ((lying, "does not"), (hostile, "signs")):
        reasons, _ = explained(engine, behaviour)
        assert all(reason.wording == "template" for reason in reasons)
        (note,) = notes(reasons)
        assert words in note


@pytest.mark.parametrize(
    "reply",
    [Reply("no JSON"), Reply("{}" * 9), Reply('{"sentences": []}'), Reply(status=500),
     Reply(status=401), Reply(None), Reply(body="\0"), Reply(finish_reason="length"),
     Reply(json.dumps({"sentences": [{"number": 0, "sentence": "x" * 100_000}]}))],
)  # fmt: skip
def test_a_broken_model_leaves_the_template(engine, reply):
    reasons, _ = explained(engine, lambda request: reply)
    assert all(reason.wording == "template" and reason.wording_note for reason in reasons)
    assert notes(reasons)


def test_a_slow_model_is_not_waited_for(engine):
    start = time.monotonic()
    with serving(lambda request: Reply("{}", delay=3)) as stub:
        config = LLMConfig(endpoint=stub.url, model="m", wording_seconds=0.2)
        writer = engine._explanations._writer = PathWriter(config)
        writer._ready_client()
        start = time.monotonic()
        answer = engine.explain(USER, ITEM, wording="llm")
        assert time.monotonic() - start < 2.5
    note = notes(answer.reasons)
    assert note & {"the language model did not answer within 0.2 s",
                   "the language model gave no usable answer"}  # fmt: skip


def test_a_dead_model_and_none_leave_the_template(engine):
    for config, words in (
        (LLMConfig(endpoint=f"http://127.0.0.1:{serving_world.free_port()}/v1", model="m"), "gave"),
        (LLMConfig(), "configured"),
    ):
        engine._explanations._writer = PathWriter(config)
        answer = engine.explain(USER, ITEM, wording="llm")
        (note,) = notes(answer.reasons)
        assert words in note


def test_no_more_requests_wait_than_there_are_slots(engine):
    writer = engine._explanations._writer = PathWriter(LLMConfig(endpoint="http://x/v1", model="m"))
    while writer._slots.acquire(blocking=False):
        pass
    (note,) = notes(engine.explain(USER, ITEM, wording="llm").reasons)
    assert "too many" in note


def test_the_route_words_paths_on_demand_alone(engine):
    with serving(good) as stub:
        config = LLMConfig(endpoint=stub.url, model="m")
        engine._explanations._writer = PathWriter(config)
        client = TestClient(create_app(engine), base_url="http://localhost")
        body = {"user_id": USER, "item_id": ITEM}
        plain = client.post("/v1/explain", json=body).json()
        client.post("/v1/recommendations", json={"user_id": USER})
        assert not stub.requests
        assert {reason["wording"] for reason in plain["reasons"]} == {"template"}
        worded = client.post("/v1/explain", json={**body, "wording": "llm"}).json()
        assert "llm" in {reason["wording"] for reason in worded["reasons"]}
        assert client.post("/v1/explain", json={**body, "wording": "poem"}).status_code == 422
