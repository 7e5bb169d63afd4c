"""The encoder, on the real model; and what it reads of an item."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tastegraph.core.config import Config, Graph, Relation
from tastegraph.core.records import Fact, Item
from tastegraph.data.downloads import find
from tastegraph.kg.graph import build_graph
from tastegraph.profiles.association import associate
from tastegraph.profiles.telling import item_texts
from tastegraph.store import vectors
from tastegraph.store.database import Database
from tastegraph.text.encoder import Encoder
from tastegraph.text.relations import inverse_phrase
from tastegraph.text.texts import ItemText, entity_texts, item_text, verbalise
from tastegraph.text.verbal import Told, readable


@pytest.fixture
def encoder(tmp_path):
    cache = Database(tmp_path / "vectors.db", vectors.metadata)
    return Encoder(find("all-MiniLM-L6-v2"), 64, cache)


def test_vectors_have_length_one_and_like_texts_are_near(encoder):
    texts = ["a western with cowboys", "cowboys in the wild west", "quarterly tax report"]
    found = encoder.encode(texts)
    assert found.shape == (3, 384)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    assert found[0] @ found[1] > found[0] @ found[2] + 0.2


def test_a_text_is_encoded_once(encoder, monkeypatch):
    first = encoder.encode(["one", "two", "one"])
    np.testing.assert_array_equal(first[0], first[2])
    monkeypatch.setattr(Encoder, "_vectors", lambda *_: pytest.fail("encoded again"))
    np.testing.assert_array_equal(encoder.encode(["two", "one"]), first[[1, 0]])


@pytest.mark.slow
def test_an_interrupted_run_keeps_what_it_had(encoder, monkeypatch):
    texts = [f"text {k:04}" for k in range(600)]
    whole, calls = Encoder._vectors, []

    def interrupted(self, chunk):
        calls.append(len(chunk))
        if len(calls) == 2:
            raise KeyboardInterrupt
        return whole(self, chunk)

    monkeypatch.setattr(Encoder, "_vectors", interrupted)
    with pytest.raises(KeyboardInterrupt):
        encoder.encode(texts)
    encoder.encode(texts)
    assert calls == [256, 256, 256, 88]


def test_a_language_the_model_cannot_read_is_told(encoder, capsys):
    encoder.encode(["苹果手机性价比高", "红楼梦是清代小说"])
    assert "unknown to the language model" in " ".join(capsys.readouterr().err.split())


def test_no_texts_no_vectors(encoder):
    assert encoder.encode([]).shape == (0, 0)


HEAT = Item("1", "Heat.", "A heist! It fails", {"genre": ("Crime", "Drama"), "year": ("1995",)})


def test_what_is_read_of_an_item():
    found = verbalise(HEAT)
    assert found.sentences == ("Heat.", "Crime, Drama.", "1995.", "A heist!", "It fails.")
    assert found.text == item_text(HEAT) == "Heat. Crime, Drama. 1995. A heist! It fails"
    assert found.names == ("Heat.",)


def test_facts_are_told_by_phrase_and_nothing_twice():
    told = [
        Told("writer", "Michael Mann", True),
        Told("genre", "drama", True),
        Told("star", "Al Pacino", True),
        Told("writer", "Ann Peacock", True),
        Told("director", "Michael Mann", True),
        Told("budget", "60000000.0000", False),
    ]
    found = verbalise(HEAT, told)
    assert found.sentences[3:6] == (
        "writer: Michael Mann, Ann Peacock.", "star: Al Pacino.", "budget: 60000000.",
    )  # fmt: skip
    assert found.names == ("Heat.", "Michael Mann", "Ann Peacock", "Al Pacino")
    assert all(name in found.text for name in found.names)


def test_no_relation_says_more_than_its_share():
    told = [Told(phrase, f"{phrase} {k}", True) for k in range(9) for phrase in ("star", "writer")]
    few = verbalise(Item("1", "Heat"), told, per_phrase=2, most=3)
    assert few.sentences == ("Heat.", "star: star 0, star 1.", "writer: writer 0.")


@pytest.mark.slow
@pytest.mark.parametrize(
    "label", ["", "m.06rf7", "/m/06rf7", "g.11b6", "Q42", "http://ex.org/x", "urn:x:y", "_:b0",
              "x" * 81, "\x00\u202e"],
)  # fmt: skip
def test_what_nobody_could_read_is_left_out(label):
    assert readable(label) == ""
    assert verbalise(Item("1", "Heat"), [Told("star", label, True)]).text == "Heat"


def test_a_label_that_is_an_id_is_none():
    assert readable("person:17", "person:17") == ""
    assert readable("person:17", "other") == "person:17"


@pytest.mark.parametrize(
    ("label", "said"),
    [
        ("1995", "1995"),
        ("7.25", "7.25"),
        ("142.000000", "142"),
        ("0.000123456", "0.00012"),
        ("1995-12-15T00:00:00Z", "1995-12-15"),
    ],
)
def test_values_are_said_short(label, said):
    assert readable(label) == said


@example(".", "", [])
@example("Monsters, Inc.", "", [])
@given(st.text(max_size=40), st.text(max_size=200), st.lists(st.text(max_size=20), max_size=3))
def test_no_catalogue_brings_control_characters_into_a_text(title, text, labels):
    item = Item("1", title, text, {"a": tuple(labels)})
    found = verbalise(item, [Told("star", label, True) for label in labels])
    for sentence in found.sentences:
        assert sentence == sentence.strip()
        assert all(c.isprintable() or c in "\u200c\u200d" for c in sentence)
    assert all(name in found.text for name in found.names)


def test_a_relation_is_told_of_its_object_too():
    assert inverse_phrase("sequel") == "sequel of"
    assert inverse_phrase("remade by") == "remade by this"


def test_descriptions_of_entities_are_documents_of_their_own():
    facts = [
        Fact("mann", "rdfs:label", "Michael Mann", literal=True, language="de"),
        Fact("mann", "rdfs:label", "Michael Kenneth Mann", literal=True, language="en"),
        Fact("mann", "abstract", "An American\x00 director. Born in 1943", literal=True),
        Fact("mann", "rdfs:comment", "A director", literal=True),
        Fact("heat", "rdfs:label", "Heat", literal=True),
        Fact("m.1", "abstract", " ", literal=True),
        Fact("m.2", "abstract", "Unnamed", literal=True),
    ]
    found = entity_texts(facts, Graph())
    assert found["mann"] == ItemText(
        ("Michael Kenneth Mann.", "A director."), ("Michael Kenneth Mann",)
    )
    assert found["m.2"] == ItemText(("Unnamed.",), ())
    assert found.keys() == {"mann", "m.2"}


def test_a_graph_tells_of_each_item_the_most_specific_first():
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
    told = {"prequel": Relation(phrase="sequel to")}
    found = [text.text for text in item_texts(items, graph, associate(graph), told)]
    assert found == [
        "Alien. sequel to this: Aliens. director: Ridley Scott. genre: Science fiction",
        "Aliens. year: 1986. sequel to: Alien. genre: Science fiction",
        "Blade Runner. director: Ridley Scott. genre: Science fiction",
        "",
    ]
