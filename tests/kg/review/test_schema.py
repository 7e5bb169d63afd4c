"""The schema in words: what is read from texts, and what a language model is asked for."""

from __future__ import annotations

import json

import pytest

from tastegraph.core.errors import ConfigError
from tastegraph.core.records import ITEM, Fact, Item
from tastegraph.store.schema import LANGUAGE_MODEL, PATTERNS, TOPICS
from tastegraph.workspace import Workspace
from tests.support.film_club import RELATIONS
from tests.support.stored import facts_of
from tests.support.stub_endpoint import Reply, serving

DIRECTOR = {"director": RELATIONS["director"]}
TEXTS = (
    "A drama set in Lisbon. It was directed by Ada Bell and stars Max Hay.",
    "Max Hay directs. Released in 1996, it shows two brothers in Lisbon.",
)
ITEMS = [Item(str(number), f"Film {number}", text) for number, text in enumerate(TEXTS)]


@pytest.fixture
def make_shop(tmp_path):
    shops = []

    def make(settings: dict[str, object], items: list[Item] = ITEMS) -> Workspace:
        shops.append(Workspace.init(tmp_path / f"shop{len(shops)}", settings))
        shops[-1].ingest(items=items)
        return shops[-1]

    yield make
    for shop in shops:
        shop.close()


def objects(shop: Workspace, source: str, relation: str) -> set[tuple[str, str]]:
    return {(s.removeprefix(ITEM), o) for s, r, o in facts_of(shop, source) if r == relation}


def test_a_language_model_is_asked_for_exactly_the_relations_of_the_schema(make_shop):
    schema = {**DIRECTOR, "genre": {"phrase": "genre"}}
    answer = json.dumps({"director": ["Ada Bell", "Max Hay", "Joel Coen", "Lisbon"]})
    with serving(lambda request: Reply(answer)) as stub:
        llm = {"endpoint": stub.url, "model": "stub"}
        shop = make_shop({"relations": schema, "llm": llm})
        shop.knowledge.derive(LANGUAGE_MODEL)
    question = json.dumps([request["messages"] for request in stub.requests], ensure_ascii=False)
    assert "names of every director of the film (person)" in question
    assert "directed by …" in question
    assert "Joel Coen" not in question
    assert "genre" not in question
    assert objects(shop, LANGUAGE_MODEL, "director") == {
        ("0", "name:ada bell"), ("0", "name:max hay"), ("1", "name:max hay"),
    }  # fmt: skip


def test_names_of_another_kind_in_an_answer_are_dropped_and_counted(make_shop, capsys):
    with serving(lambda request: Reply(json.dumps({"director": ["Lisbon", "Ada Bell"]}))) as stub:
        llm = {"endpoint": stub.url, "model": "stub"}
        make_shop({"relations": DIRECTOR, "llm": llm}).knowledge.derive(LANGUAGE_MODEL)
    assert "2 WRONG_KIND" in (report := capsys.readouterr().err)
    assert "such as Lisbon (a place, no person)" in report


def test_without_a_relation_nothing_is_sent_and_the_message_says_what_to_write(
    make_shop, tastegraph
):
    with serving(lambda request: Reply("{}")) as stub:
        shop = make_shop({"llm": {"endpoint": stub.url, "model": "stub"}})
        with pytest.raises(ConfigError, match=r"write into tastegraph\.toml .*examples = "):
            shop.knowledge.derive(LANGUAGE_MODEL)
        dry_run = tastegraph("kg", "derive", shop.directory, "--dry-run")
        assert dry_run.code == 1
        assert "nothing is sent to it: write into tastegraph.toml" in dry_run.err
    assert not stub.requests


def test_patterns_say_that_there_is_nothing_to_learn_from(make_shop, capsys):
    assert make_shop({}).knowledge.derive(PATTERNS) == 0
    assert "'tastegraph kg schema' proposes relations" in capsys.readouterr().err
    assert make_shop({}, [Item("1", "One")]).knowledge.derive(PATTERNS) == 0
    assert "no item has a text" in capsys.readouterr().err


def test_too_few_known_facts_and_examples_are_reported_with_what_to_do(make_shop, capsys):
    relations = {"director": {**DIRECTOR["director"], "examples": ["directed by Joel Coen"]}}
    shop = make_shop({"relations": relations})
    shop.ingest(facts={"few": [Fact("item:0", "studio", "Acme")]})
    shop.knowledge.derive(PATTERNS)
    report = capsys.readouterr().err
    assert "director: by 1 example: 2 facts" in report
    assert "more examples find more: add other words" in report
    assert "not learned, since fewer than 10 texts name an object" in report
    assert "studio (1)" in report


def test_a_relation_without_examples_and_facts_is_named_with_what_to_write(make_shop, capsys):
    make_shop({"relations": {"author": {"object": "person"}}}).knowledge.derive(PATTERNS)
    report = capsys.readouterr().err
    assert "no example and no fact is known: author; write into [relations.author]" in report


def test_values_are_read_as_literals(make_shop):
    relations = {"year": {"object": "year", "examples": ["released in 1942"]}}
    shop = make_shop({"relations": relations})
    shop.knowledge.derive(PATTERNS)
    assert objects(shop, PATTERNS, "year") == {("1", "1996")}


def test_the_word_of_a_cue_that_opens_a_sentence_is_no_part_of_the_name(make_shop):
    relations = {"actor": {"object": "person", "examples": ["stars Gong Li"]}}
    shop = make_shop({"relations": relations}, [Item("1", "One", "Starring Ada Bell.")])
    shop.knowledge.derive(PATTERNS)
    assert objects(shop, PATTERNS, "actor") == {("1", "name:ada bell")}


def test_a_known_name_keeps_its_entity(make_shop):
    shop = make_shop({"relations": DIRECTOR})
    shop.ingest(facts={"names": [Fact("p:1", "label", "Ada Bell", literal=True)]})
    shop.knowledge.derive(PATTERNS)
    assert objects(shop, PATTERNS, "director") == {("0", "p:1"), ("1", "name:max hay")}


def test_topics_are_no_names_that_stand_between_words_and_names(make_shop):
    texts = ("The painter Ada Bell made it.", "The painter Max Hay made it.")
    items = [Item(str(number), f"Film {number}", text) for number, text in enumerate(texts)]
    painter = {"painter": {"object": "person", "examples": ["the painter Joan Miro"]}}
    shop = make_shop({"relations": painter}, items)
    shop.knowledge.derive(TOPICS)
    assert any("painter" in end for _, _, end in facts_of(shop, TOPICS))
    shop.knowledge.derive(PATTERNS)
    assert objects(shop, PATTERNS, "painter") == {("0", "name:ada bell"), ("1", "name:max hay")}
