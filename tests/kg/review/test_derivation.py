"""Derivation: derived facts follow from stored facts, and are deleted with them."""

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
from tests.support.stored import facts_of
from tests.support.stub_endpoint import Reply, serving, text_of

FIRST_NAMES = ("Ada", "Boris", "Clara", "Dmitri", "Edith", "Farid", "Greta", "Hugo")
FAMILY_NAMES = ("Almond", "Birch", "Cedar", "Dogwood", "Elder", "Fir", "Gorse", "Hazel")
NAMES = [f"{first} {family}" for first, family in product(FIRST_NAMES, FAMILY_NAMES)]
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
    items, facts, names = [], [], {}
    for number, title in enumerate(TITLES):
        director, star, other = (NAMES[k] for k in rng.choice(len(NAMES), 3, replace=False))
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
        names[f"{number:02}"] = (director, star, other)
    facts += [Fact(person(name), LABELLED, name, literal=True) for name in NAMES]
    return items, facts, names


ITEMS, FACTS, NAMES_IN_TEXT = films()
LINKED = [Fact(ITEM + item.item_id, SAME_AS, f"f:{item.item_id}") for item in ITEMS]


@contextmanager
def open_workspace(settings_: dict[str, object] | None = None):
    with tempfile.TemporaryDirectory() as folder:
        workspace = Workspace.init(Path(folder) / "cinema", settings_)
        try:
            yield workspace
        finally:
            workspace.close()


@pytest.fixture
def cinema_of_texts():
    with open_workspace() as workspace:
        workspace.ingest(items=ITEMS, facts={"films": FACTS, "links": LINKED})
        yield workspace


def all_rows(shop: Workspace) -> list[list[tuple[object, ...]]]:
    with shop.database.reading() as connection:
        return [sorted(map(tuple, connection.execute(select(t)))) for t in (fact_table, evidence)]


def test_items_are_linked_to_the_entities_of_their_names():
    with open_workspace() as shop:
        shop.ingest(items=ITEMS, facts={"films": FACTS})
        assert shop.knowledge.derive(LINKING) >= 55
        links = facts_of(shop, LINKING)
        accepted = {
            (s, o)
            for (s, _, o), p in links.items()
            if p >= shop.config.graph.min_identity_confidence
        }
        assert len(accepted) >= 55
        assert all(
            subject.removeprefix(ITEM) == end.removeprefix("f:") for subject, end in accepted
        )
        graph = graph_from_store(shop.database, shop.config)
        assert not {f"f:{subject.removeprefix(ITEM)}" for subject, _ in accepted} & set(
            graph.node_ids
        )


def test_patterns_extract_unknown_facts(cinema_of_texts):
    cinema_of_texts.knowledge.derive(PATTERNS)
    extracted = facts_of(cinema_of_texts, PATTERNS)
    for number in range(45, 60):
        director, star, other = NAMES_IN_TEXT[f"{number:02}"]
        subject = f"item:{number:02}"
        assert (subject, "director", person(director)) in extracted
        assert (subject, "starring", person(star)) in extracted
        assert (subject, "director", person(other)) not in extracted
    with cinema_of_texts.database.reading() as connection:
        text = {item.item_id: item.text for item in ITEMS}["50"]
        director = NAMES_IN_TEXT["50"][0]
        key = statements.fact_id(Fact("item:50", "director", person(director)))
        spans = [span for _, _, span in statements.supports(connection, key) if span]
    assert [text[span.start : span.end] for span in spans] == [director]


def test_mentions_are_all_names_of_a_text(cinema_of_texts):
    cinema_of_texts.knowledge.derive("mentions")
    mentions = facts_of(cinema_of_texts, "mentions")
    for item_id, names in NAMES_IN_TEXT.items():
        for name in names:
            assert mentions[ITEM + item_id, MENTIONS, person(name)] == 1


def test_a_fact_that_a_text_states_twice_is_counted_once(cinema_of_texts):
    name = NAMES_IN_TEXT["50"][0]
    before = cinema_of_texts.knowledge.derive("mentions")
    cinema_of_texts.ingest(items=[Item("new", "New", f"By {name}. With {name}.")])
    assert cinema_of_texts.knowledge.derive("mentions") == before + 1
    assert before + 1 == len(facts_of(cinema_of_texts, "mentions"))


def test_forgetting_counts_what_the_source_alone_stated(cinema_of_texts):
    """Derived facts, which come and go with it, are not among them."""
    cinema_of_texts.knowledge.derive(PATTERNS)
    assert cinema_of_texts.knowledge.forget("links") == len(LINKED)
    assert not facts_of(cinema_of_texts, PATTERNS)


@pytest.mark.slow
@pytest.mark.parametrize("within", [False, True], ids=["across sources", "within one"])
def test_duplicates_become_one_node_until_split(cinema_of_texts, within):
    duplicate = [Fact("x:1", LABELLED, "Ada Almond", literal=True)]
    duplicate += [Fact("x:1", "born", "1901", literal=True)]
    original = [f for f in FACTS if f.object == person("Ada Almond")]
    duplicate += [Fact(f.subject, f.relation, "x:1") for f in original]
    shared_value = [Fact(person("Ada Almond"), "born", "1901", literal=True)]
    new_facts = (
        {"films": [*FACTS, *duplicate, *shared_value]}
        if within
        else {"twice": duplicate, "born": shared_value}
    )
    cinema_of_texts.ingest(facts=new_facts)
    cinema_of_texts.knowledge.derive(FUSION)
    pair = (person("Ada Almond"), SAME_AS, "x:1")
    assert (
        facts_of(cinema_of_texts, FUSION)[pair]
        >= cinema_of_texts.config.graph.min_identity_confidence
    )
    graph = graph_from_store(cinema_of_texts.database, cinema_of_texts.config)
    assert len({person("Ada Almond"), "x:1"} & set(graph.node_ids)) == 1
    cinema_of_texts.knowledge.split("x:1", person("Ada Almond"), "ann")
    graph = graph_from_store(cinema_of_texts.database, cinema_of_texts.config)
    assert {person("Ada Almond"), "x:1"} <= set(graph.node_ids)
    cinema_of_texts.knowledge.derive(FUSION)
    assert pair not in facts_of(cinema_of_texts, FUSION)


def test_renewal_repeats_former_derivations_only(cinema_of_texts):
    knowledge = cinema_of_texts.knowledge
    sources = {source.name for source in knowledge.sources()}
    knowledge.renew()
    assert {source.name for source in knowledge.sources()} == sources
    knowledge.derive("mentions")
    name = NAMES_IN_TEXT["50"][0]
    cinema_of_texts.ingest(items=[Item("new", "New", f"A film directed by {name}.")])
    assert ("item:new", MENTIONS, person(name)) not in facts_of(cinema_of_texts, "mentions")
    knowledge.renew()
    assert ("item:new", MENTIONS, person(name)) in facts_of(cinema_of_texts, "mentions")
    assert {source.name for source in knowledge.sources()} == {*sources, "mentions"}


@pytest.mark.slow
def test_deriving_again_changes_nothing(cinema_of_texts):
    steps = [step for step in DERIVED if step != LANGUAGE_MODEL]
    for step in steps:
        cinema_of_texts.knowledge.derive(step)
    before = all_rows(cinema_of_texts)
    for step in steps:
        cinema_of_texts.knowledge.derive(step)
    assert all_rows(cinema_of_texts) == before


def test_unknown_steps_and_a_missing_language_model_are_errors(cinema_of_texts):
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
    Fact("f:46", "director", person(NAMES_IN_TEXT["46"][0])),
]
steps_taken = st.lists(st.sampled_from([s for s in DERIVED if s != LANGUAGE_MODEL]), max_size=3)


@pytest.mark.slow
@settings(max_examples=6, deadline=None, derandomize=True)
@given(before=steps_taken, after=steps_taken)
def test_forgetting_a_source_equals_never_having_imported_it(before, after):
    with open_workspace() as shop, open_workspace() as expected:
        linked = LINKED[:40]
        shop.ingest(items=ITEMS, facts={"films": FACTS, "links": linked, "more": MORE})
        expected.ingest(items=ITEMS, facts={"films": FACTS, "links": linked})
        for step in [*before, *after]:
            shop.knowledge.derive(step)
        shop.knowledge.forget("more")
        for step in [step for step in DERIVED if step in {*before, *after}]:
            expected.knowledge.derive(step)
        assert all_rows(shop) == all_rows(expected)
        assert shop.knowledge.sources() == expected.knowledge.sources()


@pytest.mark.slow
def test_a_language_model_reads_each_text_once(tastegraph):
    names = {item.text: NAMES_IN_TEXT[item.item_id] for item in ITEMS}

    def answer(request):
        director, star, _ = names[text_of(request)]
        return Reply(json.dumps({"director": [director], "starring": [star, "Nobody Atall"]}))

    with serving(answer) as stub:
        llm = {"endpoint": stub.url, "model": "stub"}
        with open_workspace({"llm": llm}) as shop:
            shop.ingest(items=ITEMS, facts={"films": FACTS, "links": LINKED})
            shop.knowledge.derive(LANGUAGE_MODEL)
            extracted = facts_of(shop, LANGUAGE_MODEL)
            assert ("item:50", "director", person(NAMES_IN_TEXT["50"][0])) in extracted
            assert not any("nobody" in end.lower() for _, _, end in extracted)
            assert shop.knowledge.plan().cached == 60
            n_requests = len(stub.requests)
            shop.knowledge.derive(LANGUAGE_MODEL)
            assert len(stub.requests) == n_requests
            output = tastegraph("kg", "derive", shop.directory, "--dry-run").out
            assert output.startswith("60 texts, 60 answered before; about 0 tokens to read")


def test_texts_that_are_cut_for_a_language_model_are_counted(capsys):
    def answer(request):
        return Reply(json.dumps({"director": [n for n in NAMES if n in text_of(request)][:1]}))

    with serving(answer) as stub:
        llm = {"endpoint": stub.url, "model": "stub", "max_characters": 110}
        with open_workspace({"llm": llm}) as shop:
            shop.ingest(items=ITEMS, facts={"films": FACTS, "links": LINKED})
            shop.knowledge.derive(LANGUAGE_MODEL)
    n_cut = sum(len(item.text) > 110 for item in ITEMS)
    assert 0 < n_cut < len(ITEMS)
    assert f"texts cut to [llm] max_characters: {n_cut};" in capsys.readouterr().err


def test_derived_sources_can_be_forgotten_but_not_imported(cinema_of_texts):
    with pytest.raises(ConfigError, match="'patterns' is a reserved source, of derived facts"):
        cinema_of_texts.ingest(facts={PATTERNS: []})
    before = all_rows(cinema_of_texts)
    cinema_of_texts.knowledge.derive(PATTERNS)
    assert cinema_of_texts.knowledge.forget(PATTERNS) > 0
    assert all_rows(cinema_of_texts) == before


@pytest.mark.slow
def test_a_recogniser_finds_unknown_names(tmp_path):
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
    with open_workspace({"extraction": {"spacy": str(tmp_path / "ner")}}) as shop:
        shop.ingest(items=[Item("1", "One", text)], facts={"films": FACTS})
        shop.knowledge.derive("mentions")
        mentions = facts_of(shop, "mentions")
        assert mentions["item:1", MENTIONS, "name:zoe zelkova"] == 0.4
        assert mentions["item:1", MENTIONS, person("Ada Almond")] == 1
        assert not any("monday" in end.lower() for _, _, end in mentions)
        assert "name:zoe zelkova" in {q.fact.object for q in shop.knowledge.review_queue()}


@pytest.mark.slow
def test_an_invalid_recogniser_is_refused(tmp_path):
    spacy = pytest.importorskip("spacy")
    spacy.blank("en").to_disk(tmp_path / "blank")
    for model, message in (("no_such_model", "is no spaCy pipeline"),
                        (str(tmp_path / "blank"), "finds no named entities")):  # fmt: skip
        with open_workspace({"extraction": {"spacy": model}}) as shop:
            shop.ingest(items=[Item("1", "One", "A text.")], facts={"films": FACTS})
            with pytest.raises(ConfigError, match=message):
                shop.knowledge.derive("mentions")
