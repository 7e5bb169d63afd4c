"""A small world with known answers: films of two genres, and users who like one of them.

Every user is a fan of one genre: eight of its films rated 5, two of the other genre rated 1. What
is right to recommend is a film of their own genre.
"""

from __future__ import annotations

import numpy as np

from tastegraph.core.records import Event, Fact, Item

GENRE_TEXTS = {
    "western": "cowboys ride through the desert to a gunfight in a dusty frontier town",
    "space": "astronauts fly a starship to a distant planet and meet alien robots",
}
"""Genre to the text that all its films share."""
FILMS_PER_GENRE = 12
FANS_PER_GENRE = 30
SETTINGS = {
    "name": "cinema",
    "model": {"epochs": 12, "dimensions": 16},
    "evaluation": {"bootstrap": 100},
    "items": {"facts": {"genre": {"relation": "genre"}}},
    "relations": {"directed_by": {"phrase": "director"}},
}
"""Configuration of the workspace."""


def films() -> list[Item]:
    """``western-00`` … ``western-11``, ``space-00`` … ``space-11``."""
    return [
        Item(f"{genre}-{k:02}", f"{genre.title()} {k}", text, {"genre": (genre,)})
        for genre, text in GENRE_TEXTS.items()
        for k in range(FILMS_PER_GENRE)
    ]


def facts() -> list[Fact]:
    """Four directors of each genre, three films each; the first ones have a name."""
    directors = [
        Fact(f"item:{genre}-{k:02}", "directed_by", f"person:{genre}-{k % 4}")
        for genre in GENRE_TEXTS
        for k in range(FILMS_PER_GENRE)
    ]
    names = [
        Fact(f"person:{genre}-0", "label", f"Old {genre} hand", literal=True)
        for genre in GENRE_TEXTS
    ]
    return directors + names


def events() -> list[Event]:
    """Ten ratings of each fan, ``western-fan-0`` … ``space-fan-29``, in a seeded order."""
    rng = np.random.default_rng(7)
    ratings = []
    for genre, other in (("western", "space"), ("space", "western")):
        for fan in range(FANS_PER_GENRE):
            likes = [(f"{genre}-{k:02}", 5.0) for k in rng.choice(FILMS_PER_GENRE, 8, False)]
            dislikes = [(f"{other}-{k:02}", 1.0) for k in rng.choice(FILMS_PER_GENRE, 2, False)]
            rated = [(likes + dislikes)[k] for k in rng.permutation(10)]
            ratings += [
                Event(f"{genre}{fan}-{n}", f"{genre}-fan-{fan}", item, "rating", value, 1e6 + n)
                for n, (item, value) in enumerate(rated)
            ]
    return ratings
