"""Best labels by relation and language, and scripts that put no space between words."""

import numpy as np
import pytest

from tastegraph.core.config import GraphConfig
from tastegraph.core.records import Fact
from tastegraph.text.languages import (
    BestLabels,
    are_unspaced,
    character_pairs,
    contains_han,
    touches_words,
)


def test_the_earlier_relation_wins_then_the_earlier_language_then_the_alphabet():
    labels = BestLabels.of_names(
        GraphConfig(label_relations=("label", "name"), label_languages=("zh",))
    )
    facts = [
        Fact("a", "name", "Name", literal=True, language="zh"),
        Fact("a", "label", "Zulu", literal=True, language="fr"),
        Fact("a", "label", "Alpha", literal=True, language="fr"),
        Fact("b", "label", "English", literal=True, language="en"),
        Fact("b", "label", "中文", literal=True, language="zh"),
    ]
    assert all(labels.add(fact) for fact in facts)
    assert labels.all() == {"a": "Alpha", "b": "中文"}
    assert labels.get("c") == ""


def test_other_facts_and_entities_as_objects_are_no_labels():
    labels = BestLabels(["label"], [])
    assert not labels.add(Fact("a", "director", "Joel Coen", literal=True))
    assert not labels.add(Fact("a", "label", "entity"))
    assert labels.add(Fact("a", "label", "A", literal=True), "same-as-a")
    assert labels.all() == {"same-as-a": "A"}


@pytest.mark.parametrize("character", "科カひไລ豈𠀀")
def test_scripts_without_spaces(character):
    assert touches_words(character)
    assert are_unspaced(np.array([ord(character)], dtype=np.uint32)).all()


@pytest.mark.parametrize("character", "aéЖع1 ")
def test_scripts_with_spaces(character):
    assert not touches_words(character)
    assert not are_unspaced(np.array([ord(character)], dtype=np.uint32)).any()


def test_korean_has_spaces_but_its_particles_touch_names():
    assert touches_words("한")
    assert not are_unspaced(np.array([ord("한")], dtype=np.uint32)).any()


def test_han_is_a_part_of_the_unspaced_scripts():
    assert contains_han("Alien 科幻")
    assert not contains_han("カひไ한 alien")


def test_pairs_of_characters_stand_for_words():
    assert character_pairs("科幻片") == ["科幻", "幻片"]
    assert character_pairs("科") == ["科"]
