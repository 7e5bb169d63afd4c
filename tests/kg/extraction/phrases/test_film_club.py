"""Three examples a relation read directors and actors from summaries in prose."""

from __future__ import annotations

import pytest

from tastegraph.core.records import ITEM, LABEL
from tastegraph.kg.extraction.phrases.name_kinds import places
from tastegraph.kg.names import normalize_name
from tastegraph.store.schema import PATTERNS
from tastegraph.workspace import Workspace
from tests.support.film_club import CHINESE_RELATIONS, RELATIONS, summaries
from tests.support.stored import facts_of

pytestmark = pytest.mark.slow
MIN_PRECISION, MIN_RECALL = 0.9, 0.6
CLUBS = {
    "English": (RELATIONS, summaries("film_club.txt")),
    "Chinese": (CHINESE_RELATIONS, summaries("film_club_zh.txt")),
}


@pytest.fixture(scope="module")
def clubs(tmp_path_factory):
    workspaces = {}
    for language, (relations, films) in CLUBS.items():
        folder = tmp_path_factory.mktemp("club") / language
        workspaces[language] = Workspace.init(folder, {"relations": relations})
        workspaces[language].ingest(items=[film.item for film in films])
        workspaces[language].knowledge.derive(PATTERNS)
    yield workspaces
    for workspace in workspaces.values():
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


def in_summaries(language: str, relation: str) -> set[tuple[str, str]]:
    return {
        (film.item.item_id, normalize_name(name))
        for film in CLUBS[language][1]
        for name in film.people[relation]
    }


@pytest.mark.parametrize("relation", RELATIONS)
@pytest.mark.parametrize("language", CLUBS)
def test_most_people_are_read_and_few_wrongly(clubs, language, relation):
    read = stated(clubs[language], relation).keys()
    truth = in_summaries(language, relation)
    hits = read & truth
    assert len(hits) / len(read) >= MIN_PRECISION, sorted(read - truth)
    assert len(hits) / len(truth) >= MIN_RECALL, sorted(truth - read)


@pytest.mark.parametrize("language", CLUBS)
def test_no_place_is_an_actor(clubs, language):
    assert not places().intersection(name for _, name in stated(clubs[language], "actor"))


def test_places_that_play_are_left_out_and_named(clubs, capsys):
    text = " ".join(film.item.text for film in CLUBS["English"][1])
    assert "Naples plays itself" in text
    assert "Seville plays along" in text
    clubs["English"].knowledge.derive(PATTERNS)
    report = capsys.readouterr().err
    assert "patterns: director: by 3 examples: " in report
    assert "left out: 2 a place, no person (Naples)" in report


@pytest.mark.parametrize("language", CLUBS)
def test_the_confidence_is_about_the_share_that_is_right(clubs, language):
    for relation in RELATIONS:
        read, truth = stated(clubs[language], relation), in_summaries(language, relation)
        mean = sum(read.values()) / len(read)
        assert abs(mean - len(read.keys() & truth) / len(read)) < 0.15
