"""A seeded catalogue with names, aliases, slips and texts: what derivations have to do with.

In one shape at every size: of n items nine in ten are entities of the graph, whose titles are
written with a slip or under an alias here and there; each has a director, two stars, a genre, two
keywords and a year; a second source describes a fifth of the entities under ids of its own. The
gold says which item is which entity, which ids are one thing, and who is named in a text.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from benchmarks.growth.names import names_of_people, words_of
from tastegraph.core.records import LABEL, Fact, Item, Link

GENRES = ("drama", "comedy", "western", "thriller", "romance", "horror", "musical", "war")
ITEMS_PER_PERSON, ITEMS_PER_FAMILY = 2, 8
N_FIRST_NAMES, N_TITLE_WORDS = 400, 6_000
ITEMS_PER_KEYWORD = 20
KNOWN_LINKS, WITHOUT_ENTITY, SECOND_SOURCE = 0.1, 0.1, 0.2
SLIP, ALIAS = 0.05, 0.1
TYPE = "type"
ALIAS_RELATION = "alias"


@dataclass
class Catalogue:
    """Items, facts and links, and what is true of them.

    Attributes:
        items, links: the catalogue, and the links that are known.
        facts: source → its facts.
        entity_of: item → its entity, of all items that have one.
        same: ids of the second source → those of the first.
        named: item → the people whom its text names.
    """

    items: list[Item] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    facts: dict[str, list[Fact]] = field(default_factory=dict)
    entity_of: dict[str, str] = field(default_factory=dict)
    same: dict[str, str] = field(default_factory=dict)
    named: dict[str, set[str]] = field(default_factory=dict)


def catalogue(n_items: int, seed: int = 1) -> Catalogue:
    """The catalogue of ``n_items`` that ``seed`` makes; about ten facts for each item."""
    rng = np.random.default_rng([seed, n_items])
    world = Catalogue()
    first_names = words_of(N_FIRST_NAMES, 1, rng)
    families = words_of(max(n_items // ITEMS_PER_FAMILY, 20), 2, rng)
    words = words_of(N_TITLE_WORDS, 1, rng)
    people = names_of_people(max(n_items // ITEMS_PER_PERSON, 10), first_names, families, rng)
    films, others = world.facts.setdefault("films", []), world.facts.setdefault("others", [])
    for person, name in enumerate(people):
        _describe(films, f"p:{person}", name, "person")
    in_second = rng.random(len(people)) < SECOND_SOURCE
    for person in np.flatnonzero(in_second).tolist():
        world.same[f"q:{person}"] = f"p:{person}"
        _describe(others, f"q:{person}", _slipped(people[person], rng, SLIP), "person")
    for number in range(n_items):
        _add_film(world, number, words, people, in_second, rng)
    return world


def _add_film(
    world: Catalogue,
    number: int,
    words: list[str],
    people: list[str],
    in_second: np.ndarray,
    rng: np.random.Generator,
) -> None:
    films, others = world.facts["films"], world.facts["others"]
    title = _title(words, rng)
    director, star, support, guest = (int(k) for k in rng.integers(len(people), size=4))
    year, genre = 1920 + int(rng.integers(100)), GENRES[int(rng.integers(len(GENRES)))]
    item_id, film = f"i{number}", f"f:{number}"
    item_title = title
    if rng.random() >= WITHOUT_ENTITY:
        world.entity_of[item_id] = film
        if rng.random() < KNOWN_LINKS:
            world.links.append(Link(item_id, film))
        _describe(films, film, title, "film")
        if rng.random() < ALIAS:
            item_title = _title(words, rng)
            films.append(Fact(film, ALIAS_RELATION, item_title, literal=True))
        films.append(Fact(film, "year", str(year), literal=True))
        films.append(Fact(film, "genre", f"g:{genre}"))
        films.append(Fact(film, "directed_by", f"p:{director}"))
        films += [Fact(film, "starring", f"p:{person}") for person in (star, support)]
        keywords = rng.integers(len(people) * ITEMS_PER_PERSON // ITEMS_PER_KEYWORD + 1, size=2)
        films += [Fact(film, "keyword", f"w:{k}") for k in sorted(set(keywords.tolist()))]
        if rng.random() < SECOND_SOURCE:
            world.same[f"o:{number}"] = film
            _describe(others, f"o:{number}", _slipped(title, rng, SLIP), "film")
            others.append(Fact(f"o:{number}", "released", str(year), literal=True))
            others += [
                Fact(f"o:{number}", relation, f"q:{person}")
                for relation, person in (("made_by", director), ("cast", star))
                if in_second[person]
            ]
    world.named[item_id] = {f"p:{person}" for person in (director, star, guest)}
    text = _text(number, title, genre, people[director], people[star], people[guest])
    world.items.append(Item(item_id, f"{_slipped(item_title, rng, SLIP)} ({year})", text))


def _text(number: int, title: str, genre: str, director: str, star: str, guest: str) -> str:
    """A few sentences in one of three forms; nobody states what the last one says of a guest."""
    return (
        f"{title} is a {genre} film directed by {director} and starring {star}. "
        f"The audience of the first night was greeted by {guest}, as the papers wrote.",
        f"{title} is a {genre} by the director {director}. It stars {star}. "
        f"A street that the film shows is named after {guest}.",
        f"Directed by {director}, the {genre} {title} has an ending that nobody expects. In it "
        f"{star} plays the lead. The poster was bought by {guest}.",
    )[number % 3]


def _describe(facts: list[Fact], entity: str, name: str, kind: str) -> None:
    facts.append(Fact(entity, LABEL, name, literal=True))
    facts.append(Fact(entity, TYPE, f"k:{kind}"))


def _title(words: list[str], rng: np.random.Generator) -> str:
    """Two to four words, frequent ones more often (a power law over the words)."""
    n_words = 1 + int(rng.integers(1, 4))
    ranks = (len(words) ** rng.random(n_words)).astype(int) - 1
    return " ".join(words[k] for k in ranks.tolist())


def _slipped(name: str, rng: np.random.Generator, share: float) -> str:
    """The name; in a ``share`` of cases without one of its inner letters."""
    if rng.random() >= share:
        return name
    k = 1 + int(rng.integers(len(name) - 1))
    return name[:k] + name[k + 1 :]
