"""Describing a workspace's items and users' interests, against a stub endpoint on loopback."""

from __future__ import annotations

import json

import pytest

from tastegraph.core.config import CONFIG_FILE as CONFIG
from tastegraph.core.config import EventsConfig
from tastegraph.core.errors import (
    ConfigError,
    EndpointError,
    NotFoundError,
    RowError,
    TastegraphError,
)
from tastegraph.core.records import Event
from tastegraph.kg.from_store import graph_from_store
from tastegraph.pipeline import describe
from tastegraph.pipeline.item_features import node_texts
from tastegraph.pipeline.training_events import interactions_from_store
from tastegraph.profiles.association import associate
from tastegraph.profiles.event_meaning import EventMeaning
from tastegraph.profiles.splits import TRAIN, assign_splits
from tastegraph.text.descriptions import MAX_DESCRIPTION_LENGTH
from tastegraph.workspace import Workspace
from tests.support.cinema import SETTINGS, events, facts, films
from tests.support.stub_endpoint import Reply, serving, text_of

FAN = "western-fan-3"
MEANING = EventMeaning.of(EventsConfig(positive_rating=4), {})


@pytest.fixture
def stub():
    with serving(lambda request: description_reply(f"About {text_of(request)[:9]}")) as running:
        yield running


@pytest.fixture
def shop(stub, tmp_path):
    """A workspace of 24 films whose language model is the stub."""
    return workspace_with_llm(tmp_path / "shop", stub.url)


def workspace_with_llm(directory, url, **options):
    llm = {"endpoint": url, "model": "stub", "timeout": 5, "max_retries": 0, **options}
    workspace = Workspace.init(directory, {**SETTINGS, "llm": llm})
    workspace.ingest(items=films(), events=events(), facts={"films": facts()})
    return workspace


def reading_descriptions(workspace):
    """The same workspace, configured to use the descriptions."""
    with (workspace.directory / CONFIG).open("a", encoding="utf-8") as file:
        file.write(f'\n[text]\ndescriptions = "{describe.FILE}"\n')
    return Workspace(workspace.directory)


def description_reply(text):
    return Reply(json.dumps({"description": text}))


def file_of(workspace):
    return json.loads((workspace.directory / describe.FILE).read_text(encoding="utf-8"))


# Items.


@pytest.mark.slow
def test_items_are_described_from_texts_and_facts_not_events(shop, stub):
    descriptions = shop.describe()
    assert descriptions.texts == file_of(shop)
    assert descriptions.texts["western-00"] == "About Western 0"
    assert len(descriptions.texts) == len(stub.requests) == 24
    assert "Western 0. western. director: Old western hand. cowboys ride through the desert" in (
        " ".join(stub.texts())
    )
    requests = json.dumps(stub.requests)
    assert not any(event.user_id in requests for event in events())


def test_plan_sends_no_request(shop, stub):
    plan = shop.plan_describe()
    assert (plan.requests, plan.cached, stub.requests) == (24, 0, [])
    assert plan.prompt_tokens > 24 * 100
    shop.describe(limit=4)
    assert shop.plan_describe().cached == len(stub.requests) == 4


def test_answers_are_cached_and_other_descriptions_stay(shop, stub):
    (shop.directory / describe.FILE).write_text('{"other": "By hand.", "western-00": "Old."}')
    shop.describe(limit=2)
    assert shop.describe().usage.cached == 2
    assert len(stub.requests) == 24
    assert file_of(shop)["other"] == "By hand."
    assert file_of(shop)["western-00"].startswith("About")
    assert shop.describe().usage.answered == 0


def test_budget_stops_a_run_and_the_next_continues(stub, tmp_path):
    most = 500
    shop = workspace_with_llm(tmp_path / "shop", stub.url, budget=most, max_tokens=16)
    first = shop.describe()
    assert "budget" in first.usage.stopped
    assert 0 < len(first.texts) < 24
    assert file_of(shop) == first.texts
    second = shop.describe()
    assert first.texts.items() < second.texts.items()
    assert second.usage.prompt_tokens + second.usage.completion_tokens <= most


def test_failed_run_keeps_its_answers(shop, stub):
    answer = stub.behaviour
    stub.behaviour = lambda request: (
        answer(request) if len(stub.requests) <= 3 else Reply(status=401)
    )
    with pytest.raises(EndpointError, match="21 of 24 questions are left"):
        shop.describe()
    assert len(file_of(shop)) == 3
    stub.behaviour = answer
    assert shop.describe().usage.cached == 3
    assert len(file_of(shop)) == 24


def test_no_answers_write_no_file(shop, stub):
    stub.behaviour = lambda _: Reply(status=401)
    with pytest.raises(EndpointError):
        shop.describe()
    assert sorted(file.name for file in shop.directory.glob("descriptions.json*")) == []


def test_items_erased_meanwhile_are_not_written(shop, stub, monkeypatch):
    describe_all = describe.describe

    def erased_meanwhile(questions, model):
        descriptions = describe_all(questions, model)
        shop.erase.item(next(iter(questions)))
        return descriptions

    monkeypatch.setattr(describe, "describe", erased_meanwhile)
    descriptions = shop.describe(limit=3)
    erased, *others = descriptions.texts
    assert list(file_of(shop)) == others
    assert erased not in others


def test_hostile_answers_are_cleaned_or_dropped(shop, stub):
    hostile = ["\u0000\u001b[2J\u202eevil\nline", "x" * 100_000, "", "\ud800"]
    stub.behaviour = lambda _: description_reply(hostile[len(stub.requests) - 1])
    shop.describe(limit=4)
    control, long = file_of(shop).values()
    assert control == "[2Jevil line"
    assert len(long) <= MAX_DESCRIPTION_LENGTH


def test_wrong_file_is_an_error_before_any_request(shop, stub):
    (shop.directory / describe.FILE).write_text("[1]")
    with pytest.raises(RowError, match="item id to text"):
        shop.describe()
    assert stub.requests == []
    assert (shop.directory / describe.FILE).read_text() == "[1]"


def test_descriptions_change_the_fingerprint(shop, stub):
    shop.describe(limit=1)
    again = reading_descriptions(shop)
    before = again.fingerprint()
    assert again.fingerprint() == before
    again.describe(limit=2)
    assert again.fingerprint() != before
    graph = graph_from_store(again.database, again.config)
    texts = node_texts(again.database, graph, associate(graph), again.config, again.directory)
    assert sum("About Space" in text for text in texts.items) == 2
    assert len(stub.requests) == 2


def test_descriptions_are_not_described_again(shop, stub):
    first = shop.describe().texts
    assert reading_descriptions(shop).describe().texts == first
    assert len(stub.requests) == 24


def test_missing_endpoint_is_an_error_with_advice(tmp_path):
    shop = Workspace.init(tmp_path / "shop")
    with pytest.raises(ConfigError, match=r'\[llm\] in .*: endpoint = "http.*model ='):
        shop.describe()


# Interests.


def training_titles(workspace, user):
    graph = graph_from_store(workspace.database, workspace.config)
    events = interactions_from_store(workspace.database, graph.rows, MEANING)
    splits = assign_splits(events, workspace.config.evaluation, workspace.config.model.seed)
    of_user = events.users == events.user_ids.index(user)
    training = events.select(of_user & (splits == TRAIN) & (events.weights > 0))
    held_out = events.select(of_user & (splits != TRAIN))
    return tuple([graph.labels[item] for item in likes.items] for likes in (training, held_out))


@pytest.mark.slow
def test_interests_use_the_train_split_and_are_not_written(shop, stub):
    training, held_out = training_titles(shop, FAN)
    assert training
    assert held_out
    descriptions = shop.describe([FAN])
    (text,) = stub.texts()
    assert text.split("\n") == training[::-1]
    assert not set(text.split("\n")) & set(held_out)
    assert descriptions.texts == {FAN: f"About {text[:9]}"}
    assert not (shop.directory / describe.FILE).exists()
    assert shop.describe([FAN]).usage.cached == len(stub.requests) == 1


def test_erasing_a_user_erases_descriptions_of_interests(stub, tmp_path):
    shop = workspace_with_llm(tmp_path / "shop", stub.url)
    others = [f"space-fan-{k}" for k in range(12)]
    stub.behaviour = lambda request: description_reply(
        f"likes {'m4rk3r' if 'Western' in text_of(request) else 'space'}"
    )
    shop.describe([FAN, *others])
    shop.erase.user(FAN)
    shop.close()
    shop._answers.close()
    left = [file for file in shop.directory.rglob("*") if file.is_file()]
    for mark in (b"m4rk3r", FAN.encode()):
        assert [file.name for file in left if mark in file.read_bytes()] == []
    with pytest.raises(NotFoundError):
        shop.describe([FAN])
    n_requests = len(stub.requests)
    shop.describe(others)
    assert len(stub.requests) == n_requests


def test_items_in_train_and_test_are_held_out(stub, tmp_path):
    splits = [("00", "train"), ("01", "train"), ("02", "valid"), ("01", "test")]
    likes = [
        Event(f"e{n}", "ann", f"space-{k}", "like", None, 1e6 + n, split)
        for n, (k, split) in enumerate(splits)
    ]
    llm = {"endpoint": stub.url, "model": "stub"}
    shop = Workspace.init(tmp_path / "shop", {"evaluation": {"split": "given"}, "llm": llm})
    shop.ingest(items=films(), events=likes)
    shop.describe(["ann"])
    assert stub.texts() == ["Space 0"]


def test_held_out_events_are_refused(shop, stub, monkeypatch):
    interest_requests = describe.interest_requests

    def leaky(liked, titles, held_out, most):
        assert held_out
        return interest_requests({user: [item] for user, item in held_out}, titles, held_out, most)

    monkeypatch.setattr(describe, "interest_requests", leaky)
    with pytest.raises(TastegraphError, match="held out for evaluation"):
        shop.describe([FAN])
    assert stub.requests == []


@pytest.mark.parametrize("user", ["nobody", ""])
def test_unknown_user_is_an_error(user, shop, stub):
    with pytest.raises(NotFoundError, match="nothing is known of what user"):
        shop.describe([FAN, user])
    assert stub.requests == []


# The command line.


def test_command_plans_describes_and_prints(shop, stub, tastegraph):
    plan = tastegraph("describe", shop.directory, "--dry-run", "--limit", 3)
    assert plan.out.startswith("3 texts, 0 answered before; about ")
    assert stub.requests == []
    done = tastegraph("describe", shop.directory, "--limit", 3)
    assert done.out.startswith("3 described; 3 texts (0 answered before, 0 left), 300 + 30 tokens")
    assert 'descriptions = "descriptions.json"' in done.out
    plan = tastegraph("describe", shop.directory, "--interests", FAN, "--dry-run")
    assert plan.out.startswith("1 texts, 0 answered before")
    interests = tastegraph("describe", shop.directory, "--interests", FAN)
    assert interests.out.startswith(f"{FAN}: About Western")
    assert "descriptions.json" not in interests.out


def test_command_names_the_missing_endpoint(tastegraph, tmp_path):
    Workspace.init(tmp_path / "shop")
    done = tastegraph("describe", tmp_path / "shop")
    assert done.code == 1
    assert done.err.startswith("error: no language model to ask")
