"""The events that models are fitted on: read from the store, and checked before fitting."""

from __future__ import annotations

from collections.abc import Mapping

from tastegraph.core.config import Config
from tastegraph.core.errors import TastegraphError
from tastegraph.core.progress import say
from tastegraph.core.records import IMPRESSION, RATING
from tastegraph.models.dataset import Dataset
from tastegraph.models.fitted_config import FittedConfig
from tastegraph.models.frame_interactions import Ids
from tastegraph.models.persistence import item_features_from
from tastegraph.profiles.event_meaning import EventMeaning
from tastegraph.profiles.interactions import Interactions, interactions
from tastegraph.store import served_lists
from tastegraph.store.database import Database
from tastegraph.store.event_columns import read_columns
from tastegraph.store.snapshots import Snapshot

MIN_LIKE_SHARE, MAX_LIKE_SHARE = 0.05, 0.95
"""Outside of this share of ratings that are likes, the rating scale was likely misread."""


def interactions_from_store(
    database: Database, rows: Mapping[str, int], meaning: EventMeaning, revision: int | None = None
) -> Interactions:
    """All events that count for or against what has one of ``rows``.

    Args:
        database: of the workspace.
        rows: what an event is on → its row, of :attr:`~tastegraph.kg.graph.KnowledgeGraph.rows`.
        meaning: how events count.
        revision: only the events that the log held at that revision; by default all.
    """
    with database.reading() as connection:
        return interactions(read_columns(connection, revision), rows, meaning)


def organic_interactions(
    database: Database, rows: Mapping[str, int], meaning: EventMeaning, revision: int
) -> Interactions:
    """:func:`interactions_from_store` without the events that answer a list of the model itself.

    Such an event partly happened because the item was listed, so it speaks for the model that made
    the list. Events on places that were given to exploration are included.
    """
    with database.reading() as connection:
        excluded = served_lists.responses(connection, revision)
        return interactions(read_columns(connection, revision, excluded), rows, meaning)


def check_events(
    events: Interactions, meaning: EventMeaning, type_counts: Mapping[str, int]
) -> None:
    """Report how ratings are read, and warn where that is likely wrong.

    Args:
        events: those that count for or against an item.
        meaning: how events count.
        type_counts: number of stored events by type.

    Raises:
        TastegraphError: there are events, but none counts for an item.
    """
    acts = {kind: n for kind, n in type_counts.items() if kind != IMPRESSION}
    if acts and not (events.weights > 0).any():
        raise TastegraphError(
            f"none of the {sum(acts.values()):,} events counts for an item, so there is nothing to "
            f"learn: {_counts_in_words(acts, meaning)}. In tastegraph.toml set [events] "
            "positive_rating to the lowest rating that counts for an item, or in [events.weights] "
            "the types of events that speak for an item to more than 0; or import events of "
            "such a type"
        )
    scale = meaning.scale
    if not scale.n:
        return
    say(scale.in_words())
    unary = scale.kind == "binary" and scale.share == 1
    plausible = MIN_LIKE_SHARE <= scale.share <= MAX_LIKE_SHARE
    if scale.kind != "counts" and not unary and not plausible:
        say(
            f"warning: {scale.share:.1%} of {scale.n:,} ratings count for their item; if that is "
            "not what they mean, set [events] positive_rating in tastegraph.toml to the lowest "
            "rating that does"
        )


def _counts_in_words(type_counts: Mapping[str, int], meaning: EventMeaning) -> str:
    """How many events of each type there are, and how they count."""
    phrases = []
    for kind, n in sorted(type_counts.items()):
        weight = meaning.weights.get(kind, 0.0)
        scale = f" ({meaning.scale.in_words()})" if kind == RATING and meaning.scale.n else ""
        phrases.append(f"{n:,} of type {kind!r} with the weight {weight:g}{scale}")
    return ", ".join(phrases)


def dataset_from_store(database: Database, snapshot: Snapshot, config: Config) -> Dataset:
    """All events, with the item features of ``snapshot``, as models of one's own take them."""
    features, meaning = item_features_from(snapshot), FittedConfig.of(snapshot.manifest).meaning
    graph = features.graph
    events = interactions_from_store(database, graph.rows, meaning)
    users, items = Ids(events.user_ids), Ids(graph.item_ids[: graph.n_listed])
    return Dataset(events, features, users, items, meaning, config)
