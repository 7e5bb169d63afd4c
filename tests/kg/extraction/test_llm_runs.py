"""Runs of LLM extraction: stored answers, failures, budget, estimates and settings."""

from __future__ import annotations

import sys
from collections import Counter

import pytest

from tastegraph.core.config import LLMConfig, load_config
from tastegraph.core.errors import ConfigError, EndpointError, TastegraphError
from tastegraph.kg.extraction.llm import estimate_requests
from tastegraph.kg.extraction.prompt import ExtractionPrompt, slots_by_key
from tastegraph.store import caches
from tastegraph.store.caches import LLMAnswer
from tastegraph.text.llm import LLMClient, estimated_tokens, object_in
from tastegraph.text.llm_batch import MAX_FAILURES, TokenBudget, cost
from tests.support.stub_endpoint import Reply, Request, serving, text_of
from tests.support.stub_extraction import (
    SLOTS,
    TEXT,
    always_answer,
    copy_names,
    item_document,
    numbered_documents,
)

# Stored answers


def test_a_second_run_uses_stored_answers(make_extractor):
    with serving(copy_names) as stub:
        first = list(make_extractor(stub.url).extract(numbered_documents(3)))
        again = make_extractor(stub.url)
        assert list(again.extract(numbered_documents(3))) == first
        assert len(stub.requests) == 3
    usage = again.report.usage
    assert (usage.cached, usage.answered, usage.prompt_tokens) == (3, 0, 0)


def test_only_new_texts_are_sent_and_none_twice(make_extractor):
    with serving(copy_names) as stub:
        list(make_extractor(stub.url).extract(numbered_documents(2)))
        facts = list(
            make_extractor(stub.url).extract(
                [*numbered_documents(3), item_document("copy", numbered_documents(3)[2].text)]
            )
        )
        assert len(stub.requests) == 3
        assert [fact.subject for fact in facts[::2]] == ["item:0", "item:1", "item:2", "item:copy"]
        list(make_extractor(stub.url, model="other").extract(numbered_documents(1)))
        assert len(stub.requests) == 4


def test_answers_are_deleted_with_their_item(make_extractor, cache):
    first, second = (document.id for document in numbered_documents(2))
    with serving(copy_names) as stub:
        list(make_extractor(stub.url).extract(numbered_documents(2)))
        with cache.writing() as connection:
            assert caches.delete_answers_about(connection, first) == 2
        list(make_extractor(stub.url).extract(numbered_documents(2)))
        assert len(stub.requests) == 3
    with cache.reading() as connection:
        rows = connection.exec_driver_sql("SELECT subject FROM subjects ORDER BY subject")
        assert [subject for (subject,) in rows] == [first, second]


def test_answers_about_an_erased_user_are_not_stored(cache):
    with cache.writing() as connection:
        caches.record_subjects(connection, [(b"1", "user:ann"), (b"2", "user:bob")])
        caches.delete_answers_about(connection, "user:ann")
        for key in (b"1", b"2"):
            caches.put_answer(connection, key, LLMAnswer("likes westerns", 1, 1))
    with cache.reading() as connection:
        assert set(caches.get_answers(connection, [b"1", b"2"])) == {b"2"}


def test_answers_without_a_subject_are_deleted_with_the_first_erasure(cache):
    with cache.writing() as connection:
        caches.record_subjects(connection, [(b"1", "item:1"), (b"2", "")])
        for key in (b"1", b"2", b"3"):
            caches.put_answer(connection, key, LLMAnswer("{}", 1, 1))
        connection.exec_driver_sql("INSERT INTO answers VALUES (x'33', 'of before', 1, 1)")
        assert caches.delete_answers_about(connection, "user:nobody") == 1
        assert set(caches.get_answers(connection, [b"1", b"2", b"3"])) == {b"1", b"2"}


def test_stored_answers_never_change(cache):
    with cache.writing() as connection:
        caches.record_subjects(
            connection, [(b"%d" % k, "item:1") for k in range(caches.MAX_KEYS_PER_QUERY + 5)]
        )
        for k in range(caches.MAX_KEYS_PER_QUERY + 5):
            caches.put_answer(connection, b"%d" % k, LLMAnswer(f"{k}", k, 1))
        caches.put_answer(connection, b"0", LLMAnswer("other", 0, 0))
    with cache.reading() as connection:
        stored = caches.get_answers(
            connection, [b"%d" % k for k in range(caches.MAX_KEYS_PER_QUERY + 9)]
        )
    assert len(stored) == caches.MAX_KEYS_PER_QUERY + 5
    assert stored[b"0"] == LLMAnswer("0", 0, 1)


def test_concurrent_requests_give_the_same_facts(make_extractor, cache):
    with serving(lambda request: Reply(copy_names(request).content, delay=0.02)) as stub:
        facts = list(make_extractor(stub.url, concurrency=4).extract(numbered_documents(12)))
        assert len(stub.requests) == 12
    assert [fact.subject for fact in facts[::2]] == [f"item:{k}" for k in range(12)]


# Failures


def test_a_run_continues_after_the_server_went_away(make_extractor):
    def dies(request: Request) -> Reply:
        return copy_names(request) if len(stub.requests) <= 3 else Reply(None)

    with serving(dies) as stub:
        extractor = make_extractor(stub.url)
        with pytest.raises(EndpointError, match=r"cannot be reached.* 4 of 7 questions are left"):
            list(extractor.extract(numbered_documents(7)))
        assert (extractor.report.usage.answered, extractor.report.usage.left) == (3, 4)
        stub.behaviour = copy_names
        stub.requests.clear()
        extractor = make_extractor(stub.url)
        assert len(list(extractor.extract(numbered_documents(7)))) == 14
        assert len(stub.requests) == 4


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_server_is_retried(make_extractor, status):
    def busy(request: Request) -> Reply:
        return copy_names(request) if len(stub.requests) == 3 else Reply(status=status)

    with serving(busy) as stub:
        assert (
            len(list(make_extractor(stub.url, max_retries=2).extract(numbered_documents(1)))) == 2
        )
        assert len(stub.requests) == 3


def test_a_server_that_stays_busy_is_an_error(make_extractor):
    with (
        serving(lambda _: Reply(status=429, body='{"error": {"message": "slow down"}}')) as stub,
        pytest.raises(EndpointError, match=r"takes no more requests.*slow down"),
    ):
        list(make_extractor(stub.url).extract(numbered_documents(3)))
    assert len(stub.requests) == 2


@pytest.mark.parametrize(
    ("status", "message"),
    [(401, "does not accept the key in MY_KEY"), (404, "does not know the model 'stub'")],
)
def test_a_wrong_key_or_model_ends_the_run_at_once(make_extractor, monkeypatch, status, message):
    monkeypatch.setenv("MY_KEY", "sk-secret")
    with serving(lambda _: Reply(status=status, body='{"error": {"message": "no"}}')) as stub:
        with pytest.raises(EndpointError, match=message) as caught:
            list(make_extractor(stub.url, api_key_variable="MY_KEY").extract(numbered_documents(3)))
        assert len(stub.requests) == 1
    assert stub.keys == ["Bearer sk-secret"]
    assert "sk-secret" not in str(caught.value)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("reply", "reason", "message"),
    [
        (Reply('{"director": ["Joel'), "NOT_JSON", "is not JSON"),
        (Reply("[" * 5000), "NOT_JSON", "is not JSON"),
        (Reply(""), "NOT_JSON", "is not JSON"),
        (Reply("{}", finish_reason="length"), "TRUNCATED", "raise .llm. max_tokens"),
        (Reply(body='{"choices": []}'), "SERVER", "no OpenAI-compatible answer"),
        (Reply(body='{"choices": [{"message": null}]}'), "SERVER", "no OpenAI-compatible answer"),
        (Reply(body='"hello"'), "SERVER", "no OpenAI-compatible answer"),
        (Reply(body="<html>"), "SERVER", "no OpenAI-compatible answer"),
        (Reply(delay=2.5), "TIMEOUT", r"silent for 1(\.0)? s"),
        (Reply(status=500), "SERVER", "failed"),
        (Reply(status=400, body='{"error": {"message": "too long"}}'), "REFUSED", "too long"),
    ],
)
def test_failures_are_counted_and_repeated_in_the_next_run(make_extractor, reply, reason, message):
    def once(request: Request) -> Reply:
        return reply if text_of(request).startswith("Film number 1.") else copy_names(request)

    settings = {"max_retries": 0, "timeout": 1.0 if reason == "TIMEOUT" else 5}
    with serving(once) as stub:
        extractor = make_extractor(stub.url, **settings)
        assert {fact.subject for fact in extractor.extract(numbered_documents(3))} == {
            "item:0",
            "item:2",
        }
        assert extractor.report.usage.failed == Counter({reason: 1})
        assert extractor.report.usage.left == 1
        assert f"; failed: 1 {reason}" in extractor.report.usage.in_words()
        with pytest.raises(EndpointError, match=message):
            list(
                make_extractor(stub.url, **settings, model="other").extract(
                    numbered_documents(2)[1:]
                )
            )
        stub.behaviour = copy_names
        assert len(list(make_extractor(stub.url, **settings).extract(numbered_documents(3)))) == 6


def test_failures_in_a_row_stop_the_run_and_retain_its_facts(make_extractor):
    with serving(copy_names) as stub:
        list(make_extractor(stub.url).extract(numbered_documents(1)))
        stub.behaviour = lambda _: Reply("no")
        extractor = make_extractor(stub.url)
        assert len(list(extractor.extract(numbered_documents(20)))) == 2
    assert extractor.report.usage.stopped.startswith(f"{MAX_FAILURES} failures in a row")
    assert extractor.report.usage.left == 19


def test_only_failures_are_an_error(make_extractor):
    with serving(lambda _: Reply("no")) as stub:
        extractor = make_extractor(stub.url)
        with pytest.raises(EndpointError, match=r"not JSON.*20 of 20 questions are left"):
            list(extractor.extract(numbered_documents(20)))
        assert len(stub.requests) == MAX_FAILURES


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (always_answer(director=["Nobody"], year=[]), "10 NOT_IN_TEXT"),
        (always_answer(), "all answers were empty"),
    ],
)
def test_many_answers_without_a_valid_value_are_an_error(make_extractor, answer, message):
    with serving(answer) as stub:
        assert list(make_extractor(stub.url).extract(numbered_documents(9))) == []
        with pytest.raises(EndpointError, match=message):
            list(make_extractor(stub.url).extract(numbered_documents(10)))


def test_an_endpoint_without_schemas_gets_simpler_formats(make_extractor, capsys):
    def plain(request: Request) -> Reply:
        if request["response_format"]["type"] != "text":
            return Reply(status=400, body='{"error": {"message": "response_format"}}')
        return Reply(f"Here you are:\n```json\n{copy_names(request).content}\n```")

    with serving(plain) as stub:
        assert len(list(make_extractor(stub.url).extract(numbered_documents(2)))) == 4
    formats = [request["response_format"]["type"] for request in stub.requests]
    assert formats == ["json_schema", "json_object", "text", "text"]
    assert capsys.readouterr().err.count("is not held to the schema") == 1


@pytest.mark.parametrize("usage", [None, {}, {"prompt_tokens": None}])
def test_tokens_are_estimated_if_the_endpoint_does_not_count(make_extractor, usage):
    with serving(lambda request: Reply(copy_names(request).content, usage=usage)) as stub:
        extractor = make_extractor(stub.url)
        list(extractor.extract([item_document("1", TEXT)]))
    request = ExtractionPrompt(slots_by_key(SLOTS)).request(TEXT)
    assert extractor.report.usage.prompt_tokens == request.estimated_tokens
    assert extractor.report.usage.completion_tokens > 0


# Budget, cost, dry run


def test_a_budget_is_never_exceeded(make_extractor):
    tokens = (
        ExtractionPrompt(slots_by_key(SLOTS))
        .request(numbered_documents(1)[0].text)
        .estimated_tokens
        + 50
    )
    settings = {
        "max_tokens": 50,
        "budget": tokens + 2 * 110,
        "prices": {"prompt": 2, "completion": 5},
    }
    with serving(copy_names) as stub:
        extractor = make_extractor(stub.url, **settings)
        assert len(list(extractor.extract(numbered_documents(5)))) == 6
        usage = extractor.report.usage
        assert (usage.answered, usage.left, len(stub.requests)) == (3, 2, 3)
        assert f"the budget of {settings['budget']:,} tokens has no room" in usage.stopped
        assert usage.cost == pytest.approx((300 * 2 + 30 * 5) / 1e6)
        extractor = make_extractor(stub.url, **settings)
        assert len(list(extractor.extract(numbered_documents(5)))) == 10
        assert not extractor.report.usage.stopped


def test_an_estimate_sends_no_request(make_extractor, cache):
    config = LLMConfig(model="stub", max_tokens=50, prices={"prompt": 1, "completion": 2})
    with serving(copy_names) as stub:
        list(make_extractor(stub.url).extract(numbered_documents(2)))
        stub.requests.clear()
        estimate = estimate_requests(config, SLOTS, numbered_documents(5), cache)
        assert not stub.requests
    each = (
        ExtractionPrompt(slots_by_key(SLOTS))
        .request(numbered_documents(1)[0].text)
        .estimated_tokens
    )
    assert (estimate.requests, estimate.cached) == (5, 2)
    assert (estimate.prompt_tokens, estimate.completion_tokens) == (3 * each, 150)
    assert estimate.cost == pytest.approx((3 * each + 2 * 150) / 1e6)


def test_long_texts_are_cut_and_counted(make_extractor):
    with serving(copy_names) as stub:
        extractor = make_extractor(stub.url, max_characters=100)
        long = TEXT + " and so on" * 50
        assert len(list(extractor.extract([item_document("1", long)]))) == 2
        assert stub.texts() == [long[:100]]
    assert extractor.report.cut == 1


def test_tokens_and_costs_by_hand():
    assert [
        estimated_tokens(""),
        estimated_tokens("abcd"),
        estimated_tokens("abcde"),
        estimated_tokens("王家卫", "abc"),
    ] == [0, 1, 2, 3]
    assert cost(None, 5, 5) is None
    budget = TokenBudget(10)
    assert budget.reserve(6)
    assert not budget.reserve(5)
    budget.settle(6, 2)
    assert budget.reserve(8)
    assert not budget.reserve(1)
    assert TokenBudget(None).reserve(10**9)


# Set-up


def test_missing_settings_are_named(cache, monkeypatch):
    with pytest.raises(ConfigError, match=r"endpoint and model under \[llm\]"):
        LLMClient(LLMConfig(model="m"))
    monkeypatch.delenv("NO_KEY_HERE", raising=False)
    with pytest.raises(ConfigError, match="NO_KEY_HERE holds no key"):
        LLMClient(LLMConfig(endpoint="http://x", model="m", api_key_variable="NO_KEY_HERE"))
    monkeypatch.setitem(sys.modules, "openai", None)
    with pytest.raises(TastegraphError, match=r"pip install 'tastegraph\[llm\]'"):
        LLMClient(LLMConfig(endpoint="http://x", model="m"))


@pytest.mark.parametrize(
    "line",
    [
        'api_key_variable = "sk-abc123"',
        'endpoint = "ftp://x"',
        'endpoint = "http://user:secret@x"',
        'key = "x"',
        "concurrency = 0",
        "budget = -1",
    ],
)
def test_a_wrong_setting_is_refused_without_showing_a_key(write, line):
    with pytest.raises(ConfigError, match="llm") as caught:
        load_config(write("tastegraph.toml", f"[llm]\n{line}\n"))
    assert "sk-abc123" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_no_server_at_the_address_is_an_error(make_extractor):
    with serving(copy_names) as stub:
        pass
    with pytest.raises(EndpointError, match="cannot be reached: is it running"):
        list(make_extractor(stub.url, max_retries=0).extract(numbered_documents(2)))


def test_a_json_object_is_found_in_other_text():
    assert object_in('<think>so</think>```json\n{"a": [1]}\n```') == {"a": [1]}


def test_no_document_no_request(make_extractor):
    with serving(copy_names) as stub:
        assert list(make_extractor(stub.url).extract([])) == []
    assert not stub.requests
