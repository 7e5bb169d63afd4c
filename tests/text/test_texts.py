"""Texts about items and entities, in the words of catalogue and graph."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tastegraph.core.config import Config, GraphConfig, RelationConfig
from tastegraph.core.records import Fact, Item
from tastegraph.kg.graph import build_graph
from tastegraph.profiles.association import associate
from tastegraph.profiles.item_texts import item_texts
from tastegraph.text.relations import inverse_phrase
from tastegraph.text.texts import (
    FactPhrase,
    ItemText,
    entity_texts,
    item_text,
    readable_label,
    verbalise,
)

HEAT = Item("1", "Heat.", "A heist! It fails", {"genre": ("Crime", "Drama"), "year": ("1995",)})


def test_an_item_text_has_title_attributes_and_text():
    text_of_item = verbalise(HEAT)
    assert text_of_item.sentences == ("Heat.", "Crime, Drama.", "1995.", "A heist!", "It fails.")
    assert text_of_item.text == item_text(HEAT) == "Heat. Crime, Drama. 1995. A heist! It fails"
    assert text_of_item.names == ("Heat.",)


def test_facts_are_grouped_by_phrase_and_no_label_occurs_twice():
    facts = [
        FactPhrase("writer", "Michael Mann", True),
        FactPhrase("genre", "drama", True),
        FactPhrase("star", "Al Pacino", True),
        FactPhrase("writer", "Ann Peacock", True),
        FactPhrase("director", "Michael Mann", True),
        FactPhrase("budget", "60000000.0000", False),
    ]
    text_of_item = verbalise(HEAT, facts)
    assert text_of_item.sentences[3:6] == (
        "writer: Michael Mann, Ann Peacock.", "star: Al Pacino.", "budget: 60000000.",
    )  # fmt: skip
    assert text_of_item.names == ("Heat.", "Michael Mann", "Ann Peacock", "Al Pacino")
    assert all(name in text_of_item.text for name in text_of_item.names)


def test_labels_are_limited_for_each_phrase_and_in_all():
    facts = [
        FactPhrase(phrase, f"{phrase} {k}", True) for k in range(9) for phrase in ("star", "writer")
    ]
    few = verbalise(Item("1", "Heat"), facts, max_labels_per_phrase=2, max_labels=3)
    assert few.sentences == ("Heat.", "star: star 0, star 1.", "writer: writer 0.")


@pytest.mark.slow
@pytest.mark.parametrize(
    "label", ["", "m.06rf7", "/m/06rf7", "g.11b6", "Q42", "http://ex.org/x", "urn:x:y", "_:b0",
              "x" * 81, "\x00\u202e"],
)  # fmt: skip
def test_opaque_labels_are_left_out(label):
    assert readable_label(label) == ""
    assert verbalise(Item("1", "Heat"), [FactPhrase("star", label, True)]).text == "Heat"


def test_a_label_that_repeats_the_id_is_left_out():
    assert readable_label("person:17", "person:17") == ""
    assert readable_label("person:17", "other") == "person:17"


@pytest.mark.parametrize(
    ("label", "short"),
    [
        ("1995", "1995"),
        ("7.25", "7.25"),
        ("142.000000", "142"),
        ("0.000123456", "0.00012"),
        ("1995-12-15T00:00:00Z", "1995-12-15"),
    ],
)
def test_values_are_shortened(label, short):
    assert readable_label(label) == short


@example(".", "", [])
@example("Monsters, Inc.", "", [])
@given(st.text(max_size=40), st.text(max_size=200), st.lists(st.text(max_size=20), max_size=3))
def test_a_text_has_no_control_characters(title, text, labels):
    item = Item("1", title, text, {"a": tuple(labels)})
    text_of_item = verbalise(item, [FactPhrase("star", label, True) for label in labels])
    for sentence in text_of_item.sentences:
        assert sentence == sentence.strip()
        assert all(c.isprintable() or c in "\u200c\u200d" for c in sentence)
    assert all(name in text_of_item.text for name in text_of_item.names)


def test_a_reversed_relation_has_a_phrase():
    assert inverse_phrase("sequel") == "sequel of"
    assert inverse_phrase("remade by") == "remade by this"


def test_entity_texts_have_the_best_name_and_description():
    facts = [
        Fact("mann", "rdfs:label", "Michael Mann", literal=True, language="de"),
        Fact("mann", "rdfs:label", "Michael Kenneth Mann", literal=True, language="en"),
        Fact("mann", "abstract", "An American\x00 director. Born in 1943", literal=True),
        Fact("mann", "rdfs:comment", "A director", literal=True),
        Fact("heat", "rdfs:label", "Heat", literal=True),
        Fact("m.1", "abstract", " ", literal=True),
        Fact("m.2", "abstract", "Unnamed", literal=True),
    ]
    texts = entity_texts(facts, GraphConfig())
    assert texts["mann"] == ItemText(
        ("Michael Kenneth Mann.", "A director."), ("Michael Kenneth Mann",)
    )
    assert texts["m.2"] == ItemText(("Unnamed.",), ())
    assert texts.keys() == {"mann", "m.2"}


def test_item_texts_name_the_most_specific_facts_first():
    items = [Item("a", "Alien"), Item("b", "Aliens"), Item("c", "Blade Runner")]
    facts = [
        Fact("item:a", "genre", "genre:sf"), Fact("item:b", "genre", "genre:sf"),
        Fact("item:c", "genre", "genre:sf"), Fact("genre:sf", "label", "Science fiction", True),
        Fact("item:a", "director", "m.1"), Fact("m.1", "label", "Ridley Scott", True),
        Fact("item:c", "director", "m.1"), Fact("item:b", "director", "m.2"),
        Fact("item:b", "prequel", "item:a"), Fact("item:b", "year", "1986", True),
        Fact("item:b", "mentions", "m.1"),
    ]  # fmt: skip
    graph = build_graph(items, ["d"], list(enumerate(facts)), [], Config())
    relations = {"prequel": RelationConfig(phrase="sequel to")}
    texts = [text.text for text in item_texts(items, graph, associate(graph), relations)]
    assert texts == [
        "Alien. sequel to this: Aliens. director: Ridley Scott. genre: Science fiction",
        "Aliens. year: 1986. sequel to: Alien. genre: Science fiction",
        "Blade Runner. director: Ridley Scott. genre: Science fiction",
        "",
    ]
