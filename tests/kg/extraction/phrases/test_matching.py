"""Lists: which names beside a cue's name are objects too, and which are roles or something else."""

from __future__ import annotations

import pytest

from tastegraph.core.config.phrase_examples import read_example
from tastegraph.kg.extraction.gazetteer import Gazetteer
from tastegraph.kg.extraction.phrases.cues import cues_of_examples
from tastegraph.kg.extraction.phrases.matching import matches_by_relation
from tastegraph.kg.extraction.phrases.reader import NameReader

CUES = {
    "director": cues_of_examples([read_example("directed by Joel Coen")]),
    "actor": cues_of_examples([read_example("stars Gong Li"), read_example("played by Gong Li")]),
}


def names(text: str, relation: str) -> list[str]:
    candidates = NameReader([text], Gazetteer([])).candidates(text)
    return [
        match.candidate.name
        for name, match in matches_by_relation(text, candidates, CUES)
        if name == relation
    ]


@pytest.mark.parametrize(
    ("text", "actors"),
    [
        ("It stars Ada Bell, Max Orr and Kim Roe.", ["Ada Bell", "Max Orr", "Kim Roe"]),
        ("It stars Ada Bell as Vera, and Max Orr as Tom.", ["Ada Bell", "Max Orr"]),
        ("It stars Ada Bell as the cook, Max Orr as the thief.", ["Ada Bell", "Max Orr"]),
        ("It stars Ada Bell and Max Orr as Vera and Tom.", ["Ada Bell", "Max Orr"]),
        ("It stars Ada Bell (as Vera), Max Orr and newcomer Kim Roe.",
         ["Ada Bell", "Max Orr", "Kim Roe"]),
        ("It stars Ada Bell alongside Max Orr.", ["Ada Bell", "Max Orr"]),
        ("It co-stars Ada Bell as the cook, alongside Max Orr.", ["Ada Bell", "Max Orr"]),
        ("It stars Ada Bell (in her last role) and Max Orr.", ["Ada Bell", "Max Orr"]),
        ("It stars Ada Bell as a cook with Max Orr.", ["Ada Bell"]),
        ("Ada Bell, Max Orr and Kim Roe star.", ["Ada Bell", "Max Orr", "Kim Roe"]),
        ("In Ohio, Ada Bell and Max Orr star.", ["Ada Bell", "Max Orr"]),
        ("It stars Ada Bell, and was shot in Lisbon and Porto.", ["Ada Bell"]),
        ("It stars Ada Bell, a nurse from Oslo and Bergen.", ["Ada Bell"]),
        ("It stars Ada Bell, and Max Orr directs.", ["Ada Bell"]),
        ("It stars Ada Bell; music is by Max Orr.", ["Ada Bell"]),
        ("It stars French singer Ada Bell.", ["Ada Bell"]),
        ("It stars Oscar winning singer Ada Bell.", ["Ada Bell"]),
    ],
)  # fmt: skip
def test_a_list_goes_on_as_long_as_names_are_only_separated(text, actors):
    assert names(text, "actor") == actors


def test_one_sentence_states_two_relations():
    text = "A drama directed by Ada Bell and Max Orr, written by Kim Roe and starring Joe Hay."
    assert names(text, "director") == ["Ada Bell", "Max Orr"]
    assert names(text, "actor") == ["Joe Hay"]


def test_what_is_said_of_an_earlier_film_is_an_aside():
    text = "It is a remake of the film directed by Ada Bell. This one is directed by Max Orr."
    candidates = NameReader([text], Gazetteer([])).candidates(text)
    matches = [match for _, match in matches_by_relation(text, candidates, CUES)]
    assert [(m.candidate.name, m.is_aside) for m in matches] == [
        ("Ada Bell", True), ("Max Orr", False),
    ]  # fmt: skip


def test_an_adjective_is_no_part_of_the_name_after_it():
    texts = ["An American film. It stars American Ada Bell Orr.", "It stars Christian Bell."]
    reader = NameReader(texts, Gazetteer([]))
    assert [c.name for text in texts for c in reader.candidates(text)][1:] == [
        "Ada Bell Orr", "Christian Bell",
    ]  # fmt: skip
