"""Phrases and names of English texts."""

from __future__ import annotations

import pytest

from tastegraph.kg.extraction.topics.english import EnglishReader
from tastegraph.kg.extraction.topics.occurrences import Kind, TopicReading

READER = EnglishReader()


def phrases(text: str, kind: Kind | None = None) -> set[str]:
    return {
        occurrence.key
        for occurrence in READER.read(text)
        if occurrence.reading == TopicReading.YES and kind in (None, occurrence.kind)
    }


def test_spans_are_the_words_in_the_text():
    text = "The lighthouse keepers of Cornwall."
    for occurrence in READER.read(text):
        assert occurrence.start < occurrence.end
    assert {text[o.start : o.end] for o in READER.read(text) if o.reading} == {
        "lighthouse", "keepers", "lighthouse keepers", "Cornwall",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("In 1920 Otto Brandt met Mara von Velden in Trieste.", {"otto brandt", "mara von velden"}),
        ("She works at the Museum of Modern Art.", {"museum of modern art"}),
        ("Otto Brandt's dog met Dr. Ines Coral.", {"otto brandt", "dr ines coral"}),
        ("When Mara Velden sings, I listen.", {"mara velden"}),
    ],
)
def test_names_are_runs_of_capitals(text, names):
    assert names <= phrases(text, Kind.NAME)


@pytest.mark.parametrize("text", ["Anna waits.", "On Monday he met French cooks in May.", "I go."])
def test_first_names_calendar_words_and_adjectives_are_no_names(text):
    assert not phrases(text, Kind.NAME)


@pytest.mark.parametrize(
    ("text", "nouns", "others"),
    [
        ("They plan a robbery.", {"robbery"}, {"plan"}),
        ("The plan fails.", set(), {"fail"}),
        ("The detective returns to the harbour.", {"detective", "harbour"}, {"return"}),
        ("Bank robbers plan an escape.", {"bank robber", "escape"}, {"plan"}),
        ("The dog barks.", {"dog"}, {"bark"}),
        ("A haunted house on a hill.", {"haunted house", "hill"}, {"haunted"}),
        ("An orphan at a boarding school.", {"orphan", "boarding school"}, set()),
    ],
)
def test_parts_of_speech_come_from_the_neighbours(text, nouns, others):
    assert nouns <= phrases(text)
    assert not others & phrases(text)


def test_general_words_are_no_topics_alone():
    assert phrases("The new life of a young man in the world.") == set()
    assert "double life" in phrases("He leads a double life.")


def test_titles_in_capitals_have_no_names():
    assert phrases("Stainless Steel Water Bottle", Kind.NAME) == set()
    assert "water bottle" in phrases("Stainless Steel Water Bottle")


def test_possessives_end_a_phrase():
    assert "keeper dog" not in phrases("The keeper's dog sleeps.")


def test_other_languages_are_recognised():
    assert READER.is_english("A lighthouse keeper on the coast of Cornwall finds a diary.")
    assert not READER.is_english("Ein Leuchtturmwärter findet an der Küste ein altes Tagebuch.")
