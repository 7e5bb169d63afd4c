"""Describing a workspace's items and people's interests, against a stub endpoint on loopback."""

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
    with serving(lambda request: said(f"About {text_of(request)[:9]}")) as running:
        yield running


@pytest.fixture
def shop(stub, tmp_path):
    """A workspace of 24 films that asks the stub."""
    return made(tmp_path / "shop", stub.url)


def made(directory, url, **told):
    llm = {"endpoint": url, "model": "stub", "timeout": 5, "max_retries": 0, **told}
    workspace = Workspace.init(directory, {**SETTINGS, "llm": llm})
    workspace.ingest(items=films(), events=events(), facts={"films": facts()})
    return workspace


def reading_descriptions(workspace):
    """The same workspace, told to read what was described."""
    with (workspace.directory / CONFIG).open("a", encoding="utf-8") as file:
        file.write(f'\n[text]\ndescriptions = "{describe.FILE}"\n')
    return Workspace(workspace.directory)


def said(text):
    return Reply(json.dumps({"description": text}))


def file_of(workspace):
    return json.loads((workspace.directory / describe.FILE).read_text(encoding="utf-8"))


# Items.


@pytest.mark.slow
def test_items_are_described_from_texts_and_facts_and_never_from_events(shop, stub):
    found = shop.describe()
    assert found.texts == file_of(shop)
    assert found.texts["western-00"] == "About Western 0"
    assert len(found.texts) == len(stub.requests) == 24
    assert "Western 0. western. director: Old western hand. cowboys ride through the desert" in (
        " ".join(stub.texts())
    )
    told = json.dumps(stub.requests)
    assert not any(event.user_id in told for event in events())


def test_a_dry_run_asks_nothing_and_tells_what_is_left(shop, stub):
    plan = shop.plan_describe()
    assert (plan.requests, plan.cached, stub.requests) == (24, 0, [])
    assert plan.prompt_tokens > 24 * 100
    shop.describe(limit=4)
    assert shop.plan_describe().cached == len(stub.requests) == 4


def test_what_was_answered_is_not_asked_again_and_what_the_file_says_stays(shop, stub):
    (shop.directory / describe.FILE).write_text('{"other": "By hand.", "western-00": "Old."}')
    shop.describe(limit=2)
    assert shop.describe().usage.cached == 2
    assert len(stub.requests) == 24
    assert file_of(shop)["other"] == "By hand."
    assert file_of(shop)["western-00"].startswith("About")
    assert shop.describe().usage.answered == 0


def test_a_budget_stops_a_run_and_the_next_goes_on(stub, tmp_path):
    most = 500
    shop = made(tmp_path / "shop", stub.url, budget=most, max_tokens=16)
    first = shop.describe()
    assert "budget" in first.usage.stopped
    assert 0 < len(first.texts) < 24
    assert file_of(shop) == first.texts
    second = shop.describe()
    assert first.texts.items() < second.texts.items()
    assert second.usage.prompt_tokens + second.usage.completion_tokens <= most


def test_what_fails_half_way_loses_nothing(shop, stub):
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


def test_where_nobody_answers_there_is_no_file(shop, stub):
    stub.behaviour = lambda _: Reply(status=401)
    with pytest.raises(EndpointError):
        shop.describe()
    assert sorted(file.name for file in shop.directory.glob("descriptions.json*")) == []


def test_what_is_erased_meanwhile_is_not_written(shop, stub, monkeypatch):
    ask = describe.describe

    def erased_meanwhile(questions, asker):
        found = ask(questions, asker)
        shop.erase.item(next(iter(questions)))
        return found

    monkeypatch.setattr(describe, "describe", erased_meanwhile)
    found = shop.describe(limit=3)
    erased, *others = found.texts
    assert list(file_of(shop)) == others
    assert erased not in others


def test_hostile_answers_are_cleaned_bounded_or_left_out(shop, stub):
    hostile = ["\u0000\u001b[2J\u202eevil\nline", "x" * 100_000, "", "\ud800"]
    stub.behaviour = lambda _: said(hostile[len(stub.requests) - 1])
    shop.describe(limit=4)
    control, long = file_of(shop).values()
    assert control == "[2Jevil line"
    assert len(long) <= MAX_DESCRIPTION_LENGTH


def test_a_wrong_file_is_told_before_anything_is_asked(shop, stub):
    (shop.directory / describe.FILE).write_text("[1]")
    with pytest.raises(RowError, match="item id to text"):
        shop.describe()
    assert stub.requests == []
    assert (shop.directory / describe.FILE).read_text() == "[1]"


def test_a_build_takes_notice_of_descriptions(shop, stub):
    shop.describe(limit=1)
    again = reading_descriptions(shop)
    before = again.fingerprint()
    assert again.fingerprint() == before
    again.describe(limit=2)
    assert again.fingerprint() != before
    graph = graph_from_store(again.database, again.config)
    texts = node_texts(again.database, graph, again.config, again.directory)
    assert sum("About Space" in text for text in texts.items) == 2
    assert len(stub.requests) == 2


def test_descriptions_are_not_made_of_descriptions(shop, stub):
    first = shop.describe().texts
    assert reading_descriptions(shop).describe().texts == first
    assert len(stub.requests) == 24


def test_without_an_endpoint_it_is_told_what_to_write(tmp_path):
    shop = Workspace.init(tmp_path / "shop")
    with pytest.raises(ConfigError, match=r'\[llm\] in .*: endpoint = "http.*model ='):
        shop.describe()


# Interests.


def training_titles(workspace, user):
    graph = graph_from_store(workspace.database, workspace.config)
    found = interactions_from_store(workspace.database, graph.item_ids, MEANING)
    parts = assign_splits(found, workspace.config.evaluation, workspace.config.model.seed)
    theirs = found.users == found.user_ids.index(user)
    training = found.select(theirs & (parts == TRAIN) & (found.weights > 0))
    held_out = found.select(theirs & (parts != TRAIN))
    return tuple([graph.labels[item] for item in part.items] for part in (training, held_out))


@pytest.mark.slow
def test_interests_are_told_by_the_training_part_alone_and_kept_nowhere(shop, stub):
    training, held_out = training_titles(shop, FAN)
    assert training
    assert held_out
    found = shop.describe([FAN])
    (text,) = stub.texts()
    assert text.split("\n") == training[::-1]
    assert not set(text.split("\n")) & set(held_out)
    assert found.texts == {FAN: f"About {text[:9]}"}
    assert not (shop.directory / describe.FILE).exists()
    assert shop.describe([FAN]).usage.cached == len(stub.requests) == 1


def test_what_was_said_of_a_persons_interests_goes_with_the_person(stub, tmp_path):
    shop = made(tmp_path / "shop", stub.url)
    others = [f"space-fan-{k}" for k in range(12)]
    stub.behaviour = lambda request: said(
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
    asked = len(stub.requests)
    shop.describe(others)
    assert len(stub.requests) == asked


def test_what_is_in_a_published_train_and_test_part_is_held_out(stub, tmp_path):
    parts = [("00", "train"), ("01", "train"), ("02", "valid"), ("01", "test")]
    likes = [
        Event(f"e{n}", "ann", f"space-{k}", "like", None, 1e6 + n, part)
        for n, (k, part) in enumerate(parts)
    ]
    llm = {"endpoint": stub.url, "model": "stub"}
    shop = Workspace.init(tmp_path / "shop", {"evaluation": {"split": "given"}, "llm": llm})
    shop.ingest(items=films(), events=likes)
    shop.describe(["ann"])
    assert stub.texts() == ["Space 0"]


def test_an_event_that_is_held_out_is_refused(shop, stub, monkeypatch):
    about = describe.interest_requests

    def leaky(liked, titles, held_out, most):
        assert held_out
        return about({user: [item] for user, item in held_out}, titles, held_out, most)

    monkeypatch.setattr(describe, "interest_requests", leaky)
    with pytest.raises(TastegraphError, match="held out for evaluation"):
        shop.describe([FAN])
    assert stub.requests == []


@pytest.mark.parametrize("user", ["nobody", ""])
def test_of_a_stranger_nothing_can_be_told(user, shop, stub):
    with pytest.raises(NotFoundError, match="nothing is known of what user"):
        shop.describe([FAN, user])
    assert stub.requests == []


# The command line.


def test_the_command_plans_describes_and_prints(shop, stub, tastegraph):
    plan = tastegraph("describe", shop.directory, "--dry-run", "--limit", 3)
    assert plan.out.startswith("3 texts, 0 answered before; about ")
    assert stub.requests == []
    done = tastegraph("describe", shop.directory, "--limit", 3)
    assert done.out.startswith("3 described; 3 texts (0 answered before, 0 left), 300 + 30 tokens")
    assert 'descriptions = "descriptions.json"' in done.out
    plan = tastegraph("describe", shop.directory, "--interests", FAN, "--dry-run")
    assert plan.out.startswith("1 texts, 0 answered before")
    told = tastegraph("describe", shop.directory, "--interests", FAN)
    assert told.out.startswith(f"{FAN}: About Western")
    assert "descriptions.json" not in told.out


def test_the_command_says_what_is_missing(tastegraph, tmp_path):
    Workspace.init(tmp_path / "shop")
    done = tastegraph("describe", tmp_path / "shop")
    assert done.code == 1
    assert done.err.startswith("error: no language model to ask")
