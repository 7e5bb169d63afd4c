"""Descriptions of a workspace's items, and of people's interests, by a large language model."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from itertools import islice

import numpy as np

from tastegraph.core.arrays import Bools
from tastegraph.core.config import Config
from tastegraph.core.errors import NotFoundError
from tastegraph.kg.from_store import graph_from_store
from tastegraph.pipeline.content import interactions_from_store
from tastegraph.profiles.association import associate
from tastegraph.profiles.event_meaning import EventMeaning
from tastegraph.profiles.splits import TRAIN, assign_splits
from tastegraph.profiles.telling import item_texts
from tastegraph.store import catalogue
from tastegraph.store.database import Database
from tastegraph.text.descriptions import (
    FILE,
    cached_descriptions,
    change_descriptions,
    describe,
    interest_requests,
    item_requests,
    read_descriptions,
)
from tastegraph.text.llm import LLMRequest
from tastegraph.text.llm_batch import CachedLLM, LLMUsage


@dataclass(frozen=True)
class Described:
    """Descriptions by id of the item or person, and what they took."""

    texts: dict[str, str]
    usage: LLMUsage


def questions(
    database: Database, config: Config, users: Collection[str] | None, limit: int | None = None
) -> dict[str, LLMRequest]:
    """What to ask about items, or where ``users`` are given about people: the first ``limit``.

    Raises:
        NotFoundError: nothing is known of what a person likes.
    """
    if users is None:
        found = item_questions(database, config)
    else:
        found = interest_questions(database, config, users)
    return dict(islice(found.items(), limit))


def item_questions(database: Database, config: Config) -> dict[str, LLMRequest]:
    """What to ask about items, by id: of their catalogue texts and what is stated of them alone."""
    graph = graph_from_store(database, config)
    with database.reading() as connection:
        items = list(catalogue.all_items(connection))
    told = item_texts(items, graph, associate(graph), config.relations)
    texts = dict(zip(graph.item_ids, told, strict=True))
    return item_requests(texts, config.llm.max_characters)


def interest_questions(
    database: Database, config: Config, users: Collection[str]
) -> dict[str, LLMRequest]:
    """What to ask about people, by id: of the titles that they liked in the training part.

    Raises:
        NotFoundError: one of them liked nothing there.
    """
    graph = graph_from_store(database, config)
    with database.reading() as connection:
        meaning = EventMeaning.stored(connection, config.events)
    events = interactions_from_store(database, graph.item_ids, meaning)
    parts = assign_splits(events, config.evaluation, config.model.seed)
    numbers = [number for number, user in enumerate(events.user_ids) if user in users]
    theirs = np.isin(events.users, numbers)

    def pairs(mask: Bools) -> list[tuple[str, str]]:
        chosen = events.select(theirs & mask)
        return [
            (events.user_ids[user], graph.item_ids[item])
            for user, item in zip(chosen.users.tolist(), chosen.items.tolist(), strict=True)
        ]

    held_out = frozenset(pairs(parts != TRAIN))
    liked: dict[str, list[str]] = {user: [] for user in users}
    for user, item in pairs((parts == TRAIN) & (events.weights > 0)):
        if (user, item) not in held_out:
            liked[user].append(item)
    with database.reading() as connection:
        titles = {item.item_id: item.title for item in catalogue.all_items(connection)}
    questions = interest_requests(liked, titles, held_out, config.llm.max_characters)
    for user in liked:
        if user not in questions:
            raise NotFoundError(
                f"nothing is known of what user {user!r} likes: a description is made of the "
                "training part's likes of items with a title"
            )
    return questions


def describe_items(
    questions: dict[str, LLMRequest], model: CachedLLM, database: Database
) -> Described:
    """Ask, and write :data:`FILE` beside ``database``: what it says of other items stays.

    Whatever ends the asking, what was answered is written, but of items that were erased meanwhile.

    Raises:
        RowError: the file that is there is no file of descriptions; nothing was asked.
        EndpointError: as :meth:`CachedLLM.complete` does.
    """
    file = database.path.parent / FILE
    if file.exists():
        read_descriptions(file)

    def joined(before: dict[str, str]) -> dict[str, str]:
        found = cached_descriptions(questions, model)
        with database.reading() as connection:
            there = {name for name in found if catalogue.get_item(connection, name) is not None}
        return before | {name: text for name, text in found.items() if name in there}

    try:
        texts = describe(questions, model)
    finally:
        change_descriptions(file, joined)
    return Described(texts, model.usage)


def describe_interests(questions: dict[str, LLMRequest], model: CachedLLM) -> Described:
    """Ask about people; their descriptions are told and never kept with those of items.

    Raises:
        EndpointError: as :meth:`CachedLLM.complete` does.
    """
    return Described(describe(questions, model), model.usage)
