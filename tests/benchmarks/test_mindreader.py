"""MindReader: what the split's numbers name, facts under its ids, candidates of each user."""

import numpy as np
import pytest
from benchmarks.published.field import ENTITY_EVENTS_OFF, ModelGrid
from benchmarks.published.lists import ListEvaluator
from benchmarks.published.sets import mindreader
from benchmarks.published.sets.mindreader import (
    decade_of,
    mindreader_films,
    mindreader_new_users,
    names_of_entities,
    published_split,
)

from tastegraph.core.config import ModelConfig
from tastegraph.core.errors import NotFoundError
from tastegraph.core.records import LABEL, Fact
from tastegraph.models.item_features import ItemFeatures, no_words
from tests.support import benchmark_folders as folders

WIKIDATA = "http://www.wikidata.org/entity/"


@pytest.fixture
def data(tmp_path, monkeypatch):
    folders.mindreader(tmp_path)

    class Films:
        def facts(self):
            yield Fact("person:Al Pacino", LABEL, "Al Pacino", literal=True)
            yield Fact("person:Al Pacino Jr.", LABEL, "Al Pacino Jr.", literal=True)
            for number, year in ((1, "1995"), (9, "1985")):
                film = f"{WIKIDATA}Q{number}"
                yield Fact(film, LABEL, "title", literal=True)
                yield Fact(film, "release_year", year, literal=True)
                yield Fact(film, "cast", "person:Al Pacino")
                yield Fact(film, "cast", "person:Al Pacino Jr.")
                yield Fact(film, "genre", "genre:Crime")

    monkeypatch.setattr(mindreader, "WikidataFilms", Films)
    return tmp_path


def test_numbers_are_those_of_the_split_and_not_of_the_table(data):
    split = published_split(data)
    assert [(rating.user, rating.thing.name, rating.value) for rating in split.ratings] == [
        ("7", "Heat", 1),
        ("7", "Al Pacino", 1),
        ("7", "Crime Film", -1),
        ("8", "Alien", 1),
        ("8", "Heat", -1),
        ("8", "Crime Film", 1),
    ]
    assert [(h.user, h.film.name, [o.name for o in h.others]) for h in split.test] == [
        ("7", "Alien", ["Ran"]),
        ("8", "Ran", ["Heat", "Alien"]),
    ]


def test_films_are_items_and_their_ratings_events(data):
    dataset = mindreader_films(data)
    assert [item.title for item in dataset.items] == ["Heat", "Ran", "Alien"]
    events = dataset.events
    rows = zip(events.users.tolist(), events.items.tolist(), events.weights.tolist(), strict=True)
    by_part = sorted(zip(dataset.parts.tolist(), rows, strict=True))
    assert by_part == [
        (0, (0, 0, 1.0)),
        (0, (1, 0, -1.0)),
        (0, (1, 2, 1.0)),
        (1, (0, 1, 1.0)),
        (1, (1, 1, 1.0)),
        (2, (0, 2, 1.0)),
        (2, (1, 1, 1.0)),
    ]
    assert dataset.candidates.toarray().tolist() == [[False, True, True], [True, True, True]]


def test_facts_of_the_films_name_what_users_can_rate(data):
    graph = mindreader_films(data).graph
    ids = [*(f"item {k}" for k in range(graph.n_items)), *graph.node_ids]
    stated = {
        (graph.relations[relation], ids[tail])
        for head, relation, tail in zip(graph.heads, graph.relation, graph.tails, strict=True)
        if head == 0
    }
    assert stated == {
        ("cast", f"{WIKIDATA}Q2"),
        ("cast", "person:Al Pacino Jr."),
        ("genre", f"{WIKIDATA}Q4"),
        ("decade", "Decade-1990"),
    }
    assert not np.isin(graph.heads, (1, 2)).any(), "Wikidata's films have no facts of these"
    assert graph.labels[graph.n_items + graph.node_ids.index(f"{WIKIDATA}Q2")] == "Al Pacino"


def test_a_name_of_two_persons_names_neither():
    twins = [
        mindreader.Thing(uri, "Chris Miller", frozenset({"Person", "Actor"}))
        for uri in ("Q1", "Q2")
    ]
    assert names_of_entities(twins) == {}


def test_a_decade_is_that_of_the_year():
    assert [decade_of(year) for year in ("1990", "1999", "2000")] == [
        "Decade-1990", "Decade-1990", "Decade-2000",
    ]  # fmt: skip


def test_a_missing_file_is_named(data):
    (data / "mindreader/mr_ntp_all_movies/meta.json").unlink()
    with pytest.raises(NotFoundError, match=r"meta\.json"):
        published_split(data)


def test_what_users_say_of_entities_is_events_on_them(data):
    dataset = mindreader.mindreader(data)
    events = dataset.events
    assert (events.n_listed, events.n_entities) == (3, 2)
    assert [item.title for item in dataset.items] == ["Heat", "Ran", "Alien", "Al Pacino",
                                                      "Crime Film"]  # fmt: skip
    on_entity = events.items >= events.n_listed
    assert (dataset.parts[on_entity] == 0).all()
    ratings = zip(events.users[on_entity], events.items[on_entity], events.weights[on_entity],
               strict=True)  # fmt: skip
    assert sorted(tuple(map(float, row)) for row in ratings) == [(0, 3, 1), (0, 4, -1), (1, 4, 1)]
    films = mindreader_films(data)
    assert (films.events.n_listed, films.events.n_entities) == (3, 0)
    assert len(films.events) == len(events) - 3


def test_events_on_entities_have_a_control_where_there_are_any(data, monkeypatch):
    dataset = mindreader.mindreader(data)
    rows = ModelGrid(dataset, without_features(dataset), ModelConfig()).rows()
    assert ENTITY_EVENTS_OFF in rows
    films = mindreader_films(data)
    assert ENTITY_EVENTS_OFF not in ModelGrid(films, without_features(films), ModelConfig()).rows()
    seen, measured = [], ModelGrid.measured

    def watched(self, row, histories, choice=None):
        if row == ENTITY_EVENTS_OFF:
            return measured(self, row, histories, choice)
        seen.append((row, len(self.dataset.events)))
        return iter(())

    monkeypatch.setattr(ModelGrid, "measured", watched)
    grid = ModelGrid(dataset, without_features(dataset), ModelConfig())
    list(grid.measured(ENTITY_EVENTS_OFF, ("train",)))
    assert seen == [("tastegraph", len(films.events))]


def without_features(dataset):
    """No text at all."""
    text = np.zeros((dataset.graph.n_nodes, 1), dtype=np.float32)
    return ItemFeatures(dataset.graph, text, no_words(dataset.graph.n_items))


def test_of_a_new_user_nothing_is_known_but_entities(data, monkeypatch):
    monkeypatch.setattr(mindreader, "MIN_FILMS", 1)
    monkeypatch.setattr(mindreader, "KNOWN_ENTITIES", 1)
    monkeypatch.setattr(mindreader, "ONE_IN", 2)
    seen = set()
    for seed in (1, 2, 3, 4, 5):
        dataset = mindreader_new_users(data, seed)
        events, parts = dataset.events, dataset.parts
        (new,) = np.unique(events.users[parts == 2])
        seen.add(int(new))
        own = events.users == new
        known = own & (parts != 2)
        assert (events.items[known] >= events.n_listed).all()
        assert (events.weights[own] > 0).all()
        assert known.sum() == 1
        assert (events.items[own & (parts == 2)] < events.n_listed).all()
        judge = ListEvaluator.of(dataset, None, ModelConfig())
        assert judge.judge.user_rows.tolist() == [new]
    assert seen == {0, 1}
