"""What is derived follows from what is stated, and goes when that goes."""

from __future__ import annotations

import json
import tempfile
from contextlib import contextmanager
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tastegraph.core.errors import ConfigError, NotFoundError
from tastegraph.core.records import ITEM, MENTIONS, SAME_AS, Fact, Item
from tastegraph.kg.from_store import graph_from_store
from tastegraph.store import statements
from tastegraph.store.schema import DERIVED, FUSION, LANGUAGE_MODEL, LINKING, PATTERNS, evidence
from tastegraph.store.schema import facts as fact_table
from tastegraph.workspace import Workspace
from tests.support.stub_endpoint import Reply, serving, text_of

GIVEN = ("Ada", "Boris", "Clara", "Dmitri", "Edith", "Farid", "Greta", "Hugo")
FAMILY = ("Almond", "Birch", "Cedar", "Dogwood", "Elder", "Fir", "Gorse", "Hazel")
PEOPLE = [f"{given} {family}" for given, family in product(GIVEN, FAMILY)]
FIRST = ("Red", "Blue", "Silent", "Last", "Golden", "Lost")
SECOND = (
    "Harbour", "Winter", "Station", "Garden", "Letters", "Bridges", "Mirror", "Orchard", "Lantern",
    "River",
)  # fmt: skip
TITLES = [f"{first} {second}" for first, second in product(FIRST, SECOND)]
LABELLED = "http://www.w3.org/2000/01/rdf-schema#label"


def person(name: str) -> str:
    return "p:" + name.replace(" ", "_")


def films() -> tuple[list[Item], list[Fact], dict[str, tuple[str, str, str]]]:
    """Sixty films, each with a text that names director, star and, as no one's, a neighbour."""
    rng = np.random.default_rng(3)
    items, facts, told = [], [], {}
    for number, title in enumerate(TITLES):
        director, star, other = (PEOPLE[k] for k in rng.choice(len(PEOPLE), 3, replace=False))
        form = number % 3
        text = (
            f"{title} is a drama film directed by {director} and starring {star}. "
            f"{other} was in the audience.",
            f"{title} is a film by the director {director}. It stars {star}. "
            f"The poster was seen by {other}.",
            f"Directed by {director}, the film {title} was starring {star}. "
            f"A street is named after {other}.",
        )[form]
        items.append(Item(f"{number:02}", f"{title} ({1950 + number})", text))
        facts.append(Fact(f"f:{number:02}", LABELLED, title, literal=True))
        facts.append(Fact(f"f:{number:02}", "year", str(1950 + number), literal=True))
        if number < 45:
            facts.append(Fact(f"f:{number:02}", "director", person(director)))
            facts.append(Fact(f"f:{number:02}", "starring", person(star)))
        told[f"{number:02}"] = (director, star, other)
    facts += [Fact(person(name), LABELLED, name, literal=True) for name in PEOPLE]
    return items, facts, told


ITEMS, FACTS, TOLD = films()
LINKED = [Fact(ITEM + item.item_id, SAME_AS, f"f:{item.item_id}") for item in ITEMS]


@contextmanager
def workspace(settings_: dict[str, object] | None = None):
    with tempfile.TemporaryDirectory() as folder:
        made = Workspace.init(Path(folder) / "cinema", settings_)
        try:
            yield made
        finally:
            made.close()


@pytest.fixture
def cinema_of_texts():
    with workspace() as made:
        made.ingest(items=ITEMS, facts={"films": FACTS, "links": LINKED})
        yield made


def stated(shop: Workspace, source: str) -> dict[tuple[str, str, str], float]:
    with shop.database.reading() as connection:
        rows = connection.execute(
            select(fact_table, evidence.c.confidence)
            .join(evidence, evidence.c.fact_id == fact_table.c.fact_id)
            .where(evidence.c.source == source)
        )
        return {(row.subject, row.relation, row.object): row.confidence for row in rows}


def rows(shop: Workspace) -> list[list[tuple[object, ...]]]:
    with shop.database.reading() as connection:
        return [sorted(map(tuple, connection.execute(select(t)))) for t in (fact_table, evidence)]


def test_items_are_linked_to_the_entities_of_their_names():
    with workspace() as shop:
        shop.ingest(items=ITEMS, facts={"films": FACTS})
        assert shop.knowledge.derive(LINKING) >= 55
        found = stated(shop, LINKING)
        sure = {(s, o) for (s, _, o), p in found.items() if p >= shop.config.graph.least_sameness}
        assert len(sure) >= 55
        assert all(subject.removeprefix(ITEM) == end.removeprefix("f:") for subject, end in sure)
        graph = graph_from_store(shop.database, shop.config)
        assert not {f"f:{subject.removeprefix(ITEM)}" for subject, _ in sure} & set(graph.node_ids)


def test_patterns_read_the_facts_that_are_not_known(cinema_of_texts):
    cinema_of_texts.knowledge.derive(PATTERNS)
    found = stated(cinema_of_texts, PATTERNS)
    for number in range(45, 60):
        director, star, other = TOLD[f"{number:02}"]
        subject = f"item:{number:02}"
        assert (subject, "director", person(director)) in found
        assert (subject, "starring", person(star)) in found
        assert (subject, "director", person(other)) not in found
    with cinema_of_texts.database.reading() as connection:
        text = {item.item_id: item.text for item in ITEMS}["50"]
        director = TOLD["50"][0]
        key = statements.fact_id(Fact("item:50", "director", person(director)))
        spans = [span for _, _, span in statements.supports(connection, key) if span]
    assert [text[span.start : span.end] for span in spans] == [director]


def test_texts_mention_whom_they_name(cinema_of_texts):
    cinema_of_texts.knowledge.derive("mentions")
    found = stated(cinema_of_texts, "mentions")
    for item_id, names in TOLD.items():
        for name in names:
            assert found[ITEM + item_id, MENTIONS, person(name)] == 1


@pytest.mark.slow
@pytest.mark.parametrize("within", [False, True], ids=["across sources", "within one"])
def test_duplicates_become_one_node_and_can_be_parted(cinema_of_texts, within):
    twice = [Fact("x:1", LABELLED, "Ada Almond", literal=True)]
    twice += [Fact("x:1", "born", "1901", literal=True)]
    whose = [f for f in FACTS if f.object == person("Ada Almond")]
    twice += [Fact(f.subject, f.relation, "x:1") for f in whose]
    one_more = [Fact(person("Ada Almond"), "born", "1901", literal=True)]
    given = {"films": [*FACTS, *twice, *one_more]} if within else {"twice": twice, "born": one_more}
    cinema_of_texts.ingest(facts=given)
    cinema_of_texts.knowledge.derive(FUSION)
    pair = (person("Ada Almond"), SAME_AS, "x:1")
    assert stated(cinema_of_texts, FUSION)[pair] >= cinema_of_texts.config.graph.least_sameness
    graph = graph_from_store(cinema_of_texts.database, cinema_of_texts.config)
    assert len({person("Ada Almond"), "x:1"} & set(graph.node_ids)) == 1
    cinema_of_texts.knowledge.split("x:1", person("Ada Almond"), "ann")
    graph = graph_from_store(cinema_of_texts.database, cinema_of_texts.config)
    assert {person("Ada Almond"), "x:1"} <= set(graph.node_ids)
    cinema_of_texts.knowledge.derive(FUSION)
    assert pair not in stated(cinema_of_texts, FUSION)


def test_what_was_derived_is_renewed_with_what_is_new_and_nothing_else_is(cinema_of_texts):
    knowledge = cinema_of_texts.knowledge
    sources = {source.name for source in knowledge.sources()}
    knowledge.renew()
    assert {source.name for source in knowledge.sources()} == sources
    knowledge.derive("mentions")
    name = TOLD["50"][0]
    cinema_of_texts.ingest(items=[Item("new", "New", f"A film directed by {name}.")])
    assert ("item:new", MENTIONS, person(name)) not in stated(cinema_of_texts, "mentions")
    knowledge.renew()
    assert ("item:new", MENTIONS, person(name)) in stated(cinema_of_texts, "mentions")
    assert {source.name for source in knowledge.sources()} == {*sources, "mentions"}


@pytest.mark.slow
def test_deriving_again_changes_nothing(cinema_of_texts):
    steps = [step for step in DERIVED if step != LANGUAGE_MODEL]
    for step in steps:
        cinema_of_texts.knowledge.derive(step)
    before = rows(cinema_of_texts)
    for step in steps:
        cinema_of_texts.knowledge.derive(step)
    assert rows(cinema_of_texts) == before


def test_there_are_no_other_steps_and_a_language_model_has_to_be_named(cinema_of_texts):
    with pytest.raises(NotFoundError, match="no such step: 'guess'; there are linking, "):
        cinema_of_texts.knowledge.derive("guess")
    with pytest.raises(ConfigError, match="under \\[llm\\]"):
        cinema_of_texts.knowledge.derive(LANGUAGE_MODEL)
    plan = cinema_of_texts.knowledge.plan()
    assert plan.requests == 60
    assert plan.cached == 0


MORE = [
    Fact("x:1", LABELLED, "Ada Almond", literal=True),
    Fact("x:2", LABELLED, "Hugo Hazell", literal=True),
    *(Fact(f.subject, f.relation, "x:1") for f in FACTS if f.object == person("Ada Almond")),
    Fact("f:99", LABELLED, "Red Harbour", literal=True),
    Fact("f:46", "director", person(TOLD["46"][0])),
]
steps_taken = st.lists(st.sampled_from([s for s in DERIVED if s != LANGUAGE_MODEL]), max_size=3)


@pytest.mark.slow
@settings(max_examples=6, deadline=None, derandomize=True)
@given(before=steps_taken, after=steps_taken)
def test_forgetting_a_source_leaves_what_would_have_been_derived_without_it(before, after):
    with workspace() as shop, workspace() as other:
        linked = LINKED[:40]
        shop.ingest(items=ITEMS, facts={"films": FACTS, "links": linked, "more": MORE})
        other.ingest(items=ITEMS, facts={"films": FACTS, "links": linked})
        for step in [*before, *after]:
            shop.knowledge.derive(step)
        shop.knowledge.forget("more")
        for step in [step for step in DERIVED if step in {*before, *after}]:
            other.knowledge.derive(step)
        assert rows(shop) == rows(other)
        assert shop.knowledge.sources() == other.knowledge.sources()


@pytest.mark.slow
def test_a_language_model_reads_once_and_its_plan_says_what_it_would_take(tastegraph):
    names = {item.text: TOLD[item.item_id] for item in ITEMS}

    def answer(request):
        director, star, _ = names[text_of(request)]
        return Reply(json.dumps({"director": [director], "starring": [star, "Nobody Atall"]}))

    with serving(answer) as stub:
        llm = {"endpoint": stub.url, "model": "stub"}
        with workspace({"llm": llm}) as shop:
            shop.ingest(items=ITEMS, facts={"films": FACTS, "links": LINKED})
            shop.knowledge.derive(LANGUAGE_MODEL)
            found = stated(shop, LANGUAGE_MODEL)
            assert ("item:50", "director", person(TOLD["50"][0])) in found
            assert not any("nobody" in end.lower() for _, _, end in found)
            assert shop.knowledge.plan().cached == 60
            asked = len(stub.requests)
            shop.knowledge.derive(LANGUAGE_MODEL)
            assert len(stub.requests) == asked
            said = tastegraph("kg", "derive", shop.directory, "--dry-run").out
            assert said.startswith("60 texts, 60 answered before; about 0 tokens to read")


def test_what_is_derived_can_be_forgotten_but_not_imported(cinema_of_texts):
    with pytest.raises(ConfigError, match="'patterns' is a reserved source, of derived facts"):
        cinema_of_texts.ingest(facts={PATTERNS: []})
    before = rows(cinema_of_texts)
    cinema_of_texts.knowledge.derive(PATTERNS)
    assert cinema_of_texts.knowledge.forget(PATTERNS) > 0
    assert rows(cinema_of_texts) == before


@pytest.mark.slow
def test_a_recogniser_finds_names_that_the_graph_does_not_know(tmp_path):
    spacy = pytest.importorskip("spacy")
    pipeline = spacy.blank("en")
    ruler = pipeline.add_pipe("entity_ruler")
    ruler.add_patterns([
        {"label": "PERSON", "pattern": "Zoe Zelkova"},
        {"label": "PERSON", "pattern": "Ada Almond"},
        {"label": "DATE", "pattern": "Monday"},
    ])  # fmt: skip
    pipeline.to_disk(tmp_path / "ner")
    text = "On Monday Zoe Zelkova met Ada Almond."
    with workspace({"extraction": {"spacy": str(tmp_path / "ner")}}) as shop:
        shop.ingest(items=[Item("1", "One", text)], facts={"films": FACTS})
        shop.knowledge.derive("mentions")
        found = stated(shop, "mentions")
        assert found["item:1", MENTIONS, "name:zoe zelkova"] == 0.4
        assert found["item:1", MENTIONS, person("Ada Almond")] == 1
        assert not any("monday" in end.lower() for _, _, end in found)
        assert "name:zoe zelkova" in {q.fact.object for q in shop.knowledge.review_queue()}


@pytest.mark.slow
def test_a_recogniser_that_is_none_is_refused(tmp_path):
    spacy = pytest.importorskip("spacy")
    spacy.blank("en").to_disk(tmp_path / "blank")
    for model, said in (("no_such_model", "is no spaCy pipeline"),
                        (str(tmp_path / "blank"), "finds no named entities")):  # fmt: skip
        with workspace({"extraction": {"spacy": model}}) as shop:
            shop.ingest(items=[Item("1", "One", "A text.")], facts={"films": FACTS})
            with pytest.raises(ConfigError, match=said):
                shop.knowledge.derive("mentions")
