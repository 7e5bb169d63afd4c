"""Three examples a relation read directors and actors from summaries in prose."""

from __future__ import annotations

import pytest

from tastegraph.core.records import ITEM, LABEL
from tastegraph.kg.extraction.phrases.name_kinds import places
from tastegraph.kg.names import normalize_name
from tastegraph.store.schema import PATTERNS
from tastegraph.workspace import Workspace
from tests.support.film_club import RELATIONS, summaries
from tests.support.stored import facts_of

MIN_PRECISION, MIN_RECALL = 0.9, 0.6
FILMS = summaries()


@pytest.fixture(scope="module")
def club(tmp_path_factory):
    workspace = Workspace.init(tmp_path_factory.mktemp("club") / "shop", {"relations": RELATIONS})
    workspace.ingest(items=[film.item for film in FILMS])
    workspace.knowledge.derive(PATTERNS)
    yield workspace
    workspace.close()


def stated(club: Workspace, relation: str) -> dict[tuple[str, str], float]:
    """Item id and normalized name of every object that was read, with its confidence."""
    facts = facts_of(club, PATTERNS)
    labels = {subject: end for subject, name, end in facts if name == LABEL}
    return {
        (subject.removeprefix(ITEM), normalize_name(labels[end])): confidence
        for (subject, name, end), confidence in facts.items()
        if name == relation
    }


def in_summaries(relation: str) -> set[tuple[str, str]]:
    return {
        (film.item.item_id, normalize_name(name))
        for film in FILMS
        for name in film.people[relation]
    }


@pytest.mark.parametrize("relation", RELATIONS)
def test_most_people_are_read_and_few_wrongly(club, relation):
    read, truth = stated(club, relation).keys(), in_summaries(relation)
    hits = read & truth
    assert len(hits) / len(read) >= MIN_PRECISION, sorted(read - truth)
    assert len(hits) / len(truth) >= MIN_RECALL, sorted(truth - read)


def test_no_place_is_an_actor(club):
    text = " ".join(film.item.text for film in FILMS)
    assert "Naples plays itself" in text
    assert "Seville plays along" in text
    assert not places().intersection(name for _, name in stated(club, "actor"))


def test_the_confidence_is_about_the_share_that_is_right(club):
    for relation in RELATIONS:
        read = stated(club, relation)
        right = [pair in in_summaries(relation) for pair in read]
        mean = sum(read.values()) / len(read)
        assert abs(mean - sum(right) / len(read)) < 0.15


def test_deriving_says_what_was_learned_from_what_and_left_out(club, capsys):
    club.knowledge.derive(PATTERNS)
    report = capsys.readouterr().err
    assert "patterns: director: by 3 examples: " in report
    assert "left out: 2 a place, no person (Naples)" in report
