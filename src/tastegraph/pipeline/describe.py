"""Descriptions of items, and of users' interests, by a large language model."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from itertools import islice

import numpy as np

from tastegraph.core.arrays import Bools
from tastegraph.core.config import Config
from tastegraph.core.errors import NotFoundError
from tastegraph.core.messages import Message
from tastegraph.kg.from_store import graph_from_store
from tastegraph.pipeline.training_events import interactions_from_store
from tastegraph.profiles.association import associate
from tastegraph.profiles.event_meaning import EventMeaning
from tastegraph.profiles.item_texts import event_entities, item_texts
from tastegraph.profiles.splits import TRAIN, assign_splits
from tastegraph.store import catalogue
from tastegraph.store.database import Database
from tastegraph.store.durable import file_lock
from tastegraph.text.descriptions import (
    FILE,
    cached_descriptions,
    change_descriptions,
    describe,
    interest_requests,
    item_requests,
    read_descriptions,
)
from tastegraph.text.llm import LLMClient, LLMRequest
from tastegraph.text.llm_batch import CachedLLM, LLMUsage


@dataclass(frozen=True)
class Descriptions:
    """Descriptions by id of the item or user, and the tokens and time that they took."""

    texts: dict[str, str]
    usage: LLMUsage


def describe_items(
    database: Database, config: Config, answers: Database, limit: int | None = None
) -> Descriptions:
    """Describe items, and write the descriptions into :data:`FILE` beside ``database``.

    Descriptions of other items stay in the file. If the language model fails half-way, the answers
    until then are written; those of items that were erased meanwhile are not.

    Args:
        database: of the workspace.
        config: its configuration.
        answers: cache of the language model's answers.
        limit: only the first so many items; by default all.

    Raises:
        ConfigError: ``[llm]`` names no language model.
        RowError: there is such a file, but it does not hold descriptions; nothing was asked.
        EndpointError: as :meth:`CachedLLM.complete` does.
        BusyError: another process is describing this workspace's items.
    """
    model = CachedLLM(LLMClient(config.llm), answers)
    directory = database.path.parent
    with file_lock(directory / "describe.lock", Message("busy.describe", directory=directory)):
        requests = description_requests(database, config, None, limit)
        file = directory / FILE
        if file.exists():
            read_descriptions(file)

        def updated(before: dict[str, str]) -> dict[str, str]:
            texts = cached_descriptions(requests, model)
            with database.reading() as connection:
                existing = {i for i in texts if catalogue.get_item(connection, i) is not None}
            return before | {i: text for i, text in texts.items() if i in existing}

        try:
            texts = describe(requests, model)
        finally:
            change_descriptions(file, updated)
    return Descriptions(texts, model.usage)


def describe_interests(
    database: Database,
    config: Config,
    answers: Database,
    users: Collection[str],
    limit: int | None = None,
) -> Descriptions:
    """Describe the interests of users; nothing is written but the cache of answers.

    Args:
        database, config, answers, limit: as of :func:`describe_items`.
        users: ids of users.

    Raises:
        ConfigError: ``[llm]`` names no language model.
        EndpointError: as :meth:`CachedLLM.complete` does.
        NotFoundError: nothing is known of what a user likes.
    """
    model = CachedLLM(LLMClient(config.llm), answers)
    requests = description_requests(database, config, users, limit)
    return Descriptions(describe(requests, model), model.usage)


def description_requests(
    database: Database, config: Config, users: Collection[str] | None, limit: int | None = None
) -> dict[str, LLMRequest]:
    """Id of every item, or of each of ``users`` if given, → request for its description.

    Raises:
        NotFoundError: nothing is known of what a user likes.
    """
    by_id = (
        requests_for_items(database, config)
        if users is None
        else requests_for_users(database, config, users)
    )
    return dict(islice(by_id.items(), limit))


def requests_for_items(database: Database, config: Config) -> dict[str, LLMRequest]:
    """Item id → request, made of the item's catalogue text and facts alone."""
    graph = graph_from_store(database, config)
    with database.reading() as connection:
        items = list(catalogue.all_items(connection))
    facts_in_text = item_texts(items, graph, associate(graph), config.relations)
    texts = dict(zip(graph.item_ids[: graph.n_listed], facts_in_text, strict=False))
    return item_requests(texts, config.llm.max_characters)


def requests_for_users(
    database: Database, config: Config, users: Collection[str]
) -> dict[str, LLMRequest]:
    """User id → request, made of the titles that the user liked in the train split.

    Raises:
        NotFoundError: one of them liked nothing there.
    """
    graph = graph_from_store(database, config)
    with database.reading() as connection:
        meaning = EventMeaning.stored(connection, config.events)
    events = interactions_from_store(database, graph.rows, meaning)
    splits = assign_splits(events, config.evaluation, config.model.seed)
    rows = [row for row, user in enumerate(events.user_ids) if user in users]
    of_users = np.isin(events.users, rows)

    def pairs(mask: Bools) -> list[tuple[str, str]]:
        selected = events.select(of_users & mask)
        return [
            (events.user_ids[user], graph.item_ids[item])
            for user, item in zip(selected.users.tolist(), selected.items.tolist(), strict=True)
        ]

    held_out = frozenset(pairs(splits != TRAIN))
    liked_items: dict[str, list[str]] = {user: [] for user in users}
    for user, item in pairs((splits == TRAIN) & (events.weights > 0)):
        if (user, item) not in held_out:
            liked_items[user].append(item)
    with database.reading() as connection:
        titles = {item.item_id: item.title for item in catalogue.all_items(connection)}
    titles |= {item.item_id: item.title for item in event_entities(graph)}
    requests = interest_requests(liked_items, titles, held_out, config.llm.max_characters)
    for user in liked_items:
        if user not in requests:
            raise NotFoundError(
                f"nothing is known of what user {user!r} likes: a description is made of the "
                "train split's likes of items with a title"
            )
    return requests
