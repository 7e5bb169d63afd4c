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
class HeldOut:
    """A film that a user likes, and the films among which it is to be found."""

    user: str
    film: Thing
    others: tuple[Thing, ...]


@dataclass(frozen=True)
class PublishedSplit:
    """The published split: ratings (user, thing, 1 or -1), and what is held out of them."""

    ratings: list[tuple[str, Thing, int]]
    valid: list[HeldOut]
    test: list[HeldOut]

    def things(self) -> list[Thing]:
        """Everything that occurs, by id."""
        rated = {thing for _, thing, _ in self.ratings}
        held_out = {t for h in (*self.valid, *self.test) for t in (h.film, *h.others)}
        return sorted(rated | held_out, key=lambda thing: thing.uri)


def mindreader_films(data: Path) -> BenchmarkDataset:
    """The films' ratings alone."""
    split = published_split(data)
    dataset = dataset_of("mindreader-films", split, events_of(split))
    return replace(dataset, candidates=candidates_of(dataset, split.test))


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
        (str(user), things[rating["e_idx"]], int(rating["rating"]))
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


def events_of(split: PublishedSplit) -> Iterator[Event]:
    """Ratings of films; the films held out are likes of their parts."""
    for user, thing, value in split.ratings:
        if thing.is_film:
            yield _rating(user, thing, value, "train")
    parts: tuple[tuple[Split, list[HeldOut]], ...] = (("valid", split.valid), ("test", split.test))
    for part, held_out in parts:
        for entry in held_out:
            yield _rating(entry.user, entry.film, 1, part)


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


def _rating(user: str, thing: Thing, value: int, part: Split) -> Event:
    name = f"{user}-{thing.uri}"
    return Event(name, user, thing.uri, "rating", float(value), None, part)
