"""MindReader: films, and things behind them, that users like or dislike (Brams et al., CIKM 2020).

The split is LTNrec's: of each user one film that they like is test and one validation, to be found
among a hundred films that they have not rated. What the split calls 894 is named in ``meta.json``
beside it; the column of numbers in ``entities.csv`` is another numbering. Its triples were not
published; the facts of the films are Wikidata's, joined by its ids, and persons by their names.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.published.sets.files import comma_separated, folder_of
from benchmarks.published.sets.set import GIVEN, BenchmarkDataset, assembled
from tastegraph.core.arrays import CSR, binary
from tastegraph.core.config import Config, RelationConfig
from tastegraph.core.errors import NotFoundError
from tastegraph.core.records import LABEL, Event, Fact, Item, Link, Split
from tastegraph.data.wikidata_films import RELATIONS, WikidataFilms

SPLIT, NAMES = "mr_ntp_all_entities/split.json", "mr_ntp_all_entities/entities.csv"
NUMBERS = "mr_ntp_all_movies/meta.json"
MIN_FILMS, KNOWN_ENTITIES = 5, 3
"""How many films a new user likes, at least, and how many entities are known of one."""
ONE_IN = 5
MOVIE, PERSON = "Movie", "Person"
DECADE, YEAR = "decade", "release_year"
GENRES = {
    "Action": "Action Film",
    "Adventure": "Adventure Film",
    "Animation": "Animated Film",
    "Biography": "Biographical Film",
    "Comedy": "Comedy Film",
    "Crime": "Crime Film",
    "Documentary": "Documentary Film",
    "Drama": "Drama Film",
    "Family": "Family Film",
    "Fantasy": "Fantasy Film",
    "History": "Historical Film",
    "Horror": "Horror Film",
    "Musical": "Musical Film",
    "Mystery": "Mystery Film",
    "Romance": "Romance Film",
    "Sci-Fi": "Science Fiction Film",
    "Sport": "Sports Film",
    "Thriller": "Thriller Film",
    "War": "War Film",
    "Western": "Western Film",
}
"""What the films' facts call a genre → what MindReader calls it."""


@dataclass(frozen=True)
class Thing:
    """What can be rated.

    Attributes:
        uri: its id in Wikidata, or ``Decade-1990``.
        kinds: ``Movie``, or of what else it is.
    """

    uri: str
    name: str
    kinds: frozenset[str]

    @property
    def is_film(self) -> bool:
        """Whether it is an item."""
        return MOVIE in self.kinds


@dataclass(frozen=True)
class Rating:
    """What a user says of a thing: 1 for a like, -1 for a dislike."""

    user: str
    thing: Thing
    value: int

    @property
    def film(self) -> bool:
        """Whether it is of a film."""
        return self.thing.is_film


@dataclass(frozen=True)
class HeldOut:
    """A film that a user likes, and the films among which it is to be found."""

    user: str
    film: Thing
    others: tuple[Thing, ...]

    @property
    def rating(self) -> Rating:
        """The like."""
        return Rating(self.user, self.film, 1)


@dataclass(frozen=True)
class PublishedSplit:
    """The published split: ratings, and what is held out of them."""

    ratings: list[Rating]
    valid: list[HeldOut]
    test: list[HeldOut]

    def things(self) -> list[Thing]:
        """Everything that occurs, by id."""
        rated = {rating.thing for rating in self.ratings}
        held_out = {t for h in (*self.valid, *self.test) for t in (h.film, *h.others)}
        return sorted(rated | held_out, key=lambda thing: thing.uri)


def mindreader_films(data: Path) -> BenchmarkDataset:
    """The films' ratings alone."""
    split = published_split(data)
    return _ranked("mindreader-films", split, (rating for rating in split.ratings if rating.film))


def mindreader(data: Path) -> BenchmarkDataset:
    """All ratings, those of entities too."""
    split = published_split(data)
    return _ranked("mindreader", split, split.ratings)


def mindreader_new_users(data: Path, seed: int = 1) -> BenchmarkDataset:
    """A fifth of the users who like enough, of whom nothing is known but entities that they like.

    All other ratings are training data; the films that the new users like are test.
    """
    split = published_split(data)
    likes = [rating for rating in split.ratings if rating.value > 0]
    films = Counter(rating.user for rating in likes if rating.film)
    entities = Counter(rating.user for rating in likes if not rating.film)
    enough = [
        user
        for user in sorted(films.keys() & entities.keys())
        if films[user] >= MIN_FILMS and entities[user] >= KNOWN_ENTITIES
    ]
    rng = np.random.default_rng(seed)
    new = set(rng.permutation(enough)[: len(enough) // ONE_IN].tolist())
    events = [_event(rating, "train") for rating in split.ratings if rating.user not in new]
    events += [_event(entry.rating, "valid") for entry in split.valid if entry.user not in new]
    for user in sorted(new):
        liked = [rating for rating in likes if rating.user == user]
        known = [rating for rating in liked if not rating.film]
        drawn = rng.choice(len(known), KNOWN_ENTITIES, replace=False).tolist()
        events += [_event(known[row], "train") for row in drawn]
        events += [_event(rating, "test") for rating in liked if rating.film]
    return dataset_of("mindreader-new-users", split, events)


def _ranked(name: str, split: PublishedSplit, ratings: Iterable[Rating]) -> BenchmarkDataset:
    """``ratings`` to learn from; the films held out are to be found among their candidates."""
    events = [_event(rating, "train") for rating in ratings]
    parts: tuple[tuple[Split, list[HeldOut]], ...] = (("valid", split.valid), ("test", split.test))
    events += [_event(entry.rating, part) for part, entries in parts for entry in entries]
    dataset = dataset_of(name, split, events)
    return replace(
        dataset,
        candidates=candidates_of(dataset, split.test),
        offered=candidates_of(dataset, split.valid),
    )


def published_split(data: Path) -> PublishedSplit:
    """LTNrec's split of all ratings, with the things by name.

    Raises:
        NotFoundError: a file is missing.
    """
    folder = folder_of(data, "mindreader")
    for name in (SPLIT, NAMES, NUMBERS):
        if not (folder / name).is_file():
            raise NotFoundError(
                f"{folder} has no {name}: take it from the data set's folder in the repository "
                "tommasocarraro/LTNrec"
            )
    named = {row["uri"]: row for row in comma_separated(folder / NAMES)}
    numbers: Mapping[str, int] = json.loads((folder / NUMBERS).read_text("utf-8"))["e_idx_map"]
    things = {
        number: Thing(uri, named[uri]["name"], frozenset(named[uri]["labels"].split("|")))
        for uri, number in numbers.items()
    }
    split = json.loads((folder / SPLIT).read_text("utf-8"))
    ratings = [
        Rating(str(user), things[rating["e_idx"]], int(rating["rating"]))
        for user, of_user in split["training"]
        for rating in of_user
    ]
    valid, test = (
        [
            HeldOut(str(user), things[film], tuple(things[other] for other in others))
            for user, (film, others) in split[part]
        ]
        for part in ("validation", "testing")
    )
    return PublishedSplit(ratings, valid, test)


def dataset_of(name: str, split: PublishedSplit, events: Iterable[Event]) -> BenchmarkDataset:
    """The films of the split with their facts, and ``events``."""
    things = split.things()
    films = [Item(thing.uri, thing.name) for thing in things if thing.is_film]
    links = [Link(film.item_id, film.item_id) for film in films]
    relations = {**RELATIONS, DECADE: RelationConfig(phrase="decade", phrase_zh="年代")}
    config = Config(evaluation=GIVEN).model_copy(update={"relations": relations})
    return assembled(name, films, facts_of(things), links, events, config, "director")


def facts_of(things: Collection[Thing]) -> Iterator[Fact]:
    """Wikidata's facts of the films, its persons, genres and decades under MindReader's ids."""
    uri_of = names_of_entities(things)
    films = {thing.uri for thing in things if thing.is_film}
    for thing in things:
        if not thing.is_film:
            yield Fact(thing.uri, LABEL, thing.name, literal=True)
    for fact in WikidataFilms().facts():
        if fact.subject in films and fact.relation == YEAR:
            yield Fact(fact.subject, DECADE, decade_of(fact.object))
        if fact.subject in films and not fact.literal:
            yield replace(fact, object=uri_of.get(fact.object, fact.object))
        elif fact.relation == LABEL and fact.subject not in uri_of:
            yield fact


def names_of_entities(things: Iterable[Thing]) -> dict[str, str]:
    """What the films' facts call a person or a genre → its id; not a name of two persons."""
    things = list(things)
    persons = [thing for thing in things if PERSON in thing.kinds]
    counts = Counter(person.name for person in persons)
    genres = {thing.name: thing.uri for thing in things if not thing.is_film}
    return {
        **{f"person:{p.name}": p.uri for p in persons if counts[p.name] == 1},
        **{f"genre:{theirs}": genres[ours] for theirs, ours in GENRES.items() if ours in genres},
    }


def decade_of(year: str) -> str:
    """The id of the decade of a year."""
    return f"Decade-{int(year) // 10 * 10}"


def candidates_of(dataset: BenchmarkDataset, held_out: Iterable[HeldOut]) -> CSR:
    """bool CSR[U, I]: the films among which each user's own is to be found, and itself."""
    users = {name: row for row, name in enumerate(dataset.events.user_ids)}
    items = {name: row for row, name in enumerate(dataset.graph.item_ids)}
    pairs = [
        (users[entry.user], items[film.uri])
        for entry in held_out
        for film in (entry.film, *entry.others)
    ]
    rows, columns = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    return binary(rows, columns, (dataset.events.n_users, dataset.events.n_items))


def _event(rating: Rating, part: Split) -> Event:
    uri = rating.thing.uri
    item, entity = (uri, "") if rating.film else ("", uri)
    return Event(
        f"{rating.user}-{uri}", rating.user, item, "rating", float(rating.value), None, part,
        entity_id=entity,
    )  # fmt: skip
