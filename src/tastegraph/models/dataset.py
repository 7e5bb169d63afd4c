"""Data sets: events and what is known about items, from frames or matrices in memory."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import polars as pl
from scipy import sparse

from tastegraph.core.arrays import CSR, Bools
from tastegraph.core.config import Config, checked_config
from tastegraph.core.errors import FrameError
from tastegraph.core.fact_columns import facts_of
from tastegraph.core.item_columns import frame_of_items
from tastegraph.core.records import ENTITY, Event, Fact, Item, Link, is_entity
from tastegraph.data.column_facts import ColumnFacts
from tastegraph.data.frames import (
    EVENT_COLUMNS,
    FrameReport,
    Library,
    OnError,
    identifiers,
    read_events,
    to_library,
)
from tastegraph.kg.graph import KnowledgeGraph, build_graph
from tastegraph.models.catalogue import (
    Catalogue,
    Encode,
    columns_of,
    item_features,
    read_catalogue,
    unknown_entities,
)
from tastegraph.models.frame_interactions import Ids, interactions_of, rating_counts
from tastegraph.models.item_features import ItemFeatures
from tastegraph.profiles.event_meaning import EventMeaning
from tastegraph.profiles.interactions import Interactions

if TYPE_CHECKING:
    from torch_geometric.data import HeteroData


@dataclass(frozen=True)
class Dataset:
    """Events, and what is known about the items: what every model is fitted on.

    Attributes:
        events: one for each user and item. Entities that events are on are items of ``events`` and
            of the graph, the last ones, and never of ``items``: no list has them.
        item_features: knowledge graph and texts.
        users, items: their ids.
        meaning: how events count.
        config: as in ``tastegraph.toml``.
        library: of the frames that came in; the same goes out.
        report: what was noticed while the frames were read.
    """

    events: Interactions
    item_features: ItemFeatures
    users: Ids
    items: Ids
    meaning: EventMeaning
    config: Config = field(default_factory=Config)
    library: Library = "polars"
    report: FrameReport = field(default_factory=FrameReport, repr=False)

    @classmethod
    def from_frames(
        cls,
        events: Any,
        items: Any = None,
        facts: Any = None,
        links: Any = None,
        *,
        columns: Mapping[str, str] | None = None,
        fact_columns: Mapping[str, str] | Sequence[str] = (),
        text_vectors: Any = None,
        encoder: str | Encode | Any | None = None,
        config: Config | Mapping[str, Any] | None = None,
        positive_rating: float | None = None,
        event_weights: Mapping[str, float] | None = None,
        on_error: OnError = "raise",
    ) -> Dataset:
        """A data set from polars, pandas or Arrow tables.

        Args:
            events: ``user_id``, ``item_id`` or, of an event on an entity of ``facts`` (a director,
                a genre), ``entity``; and where there are such ``event_type``, ``value`` (a rating,
                a count), ``timestamp`` (seconds since 1970, or a time) and ``split`` (train, valid,
                test).
            items: ``item_id``, ``title``, ``text``; further columns are part of the text, and facts
                where ``fact_columns`` names them.
            facts: ``head``, ``relation``, ``tail``, and what else
                :func:`tastegraph.data.facts.read_facts` reads. ``item:ID`` names an item.
            links: ``item_id`` and the ``entity`` that it is.
            columns: name in a frame → name of ours.
            fact_columns: columns of ``items`` that state facts, with the relation's name.
            text_vectors: a frame of ``item_id`` and ``vector``, or float[n, d] in the order of
                ``items``.
            encoder: reads the texts where no vectors are given: a function of a list of texts, an
                object with ``encode``, or the name of a language model as in ``[text] encoder``
                (needs ``tastegraph[train]``).
            config: settings as in ``tastegraph.toml``.
            positive_rating: a rating of at least this counts for its item; see
                :class:`tastegraph.core.config.EventsConfig`.
            event_weights: event type → weight in [-1, 1].
            on_error: whether a wrong event is an error, or left out and reported.

        Raises:
            FrameError: a column is missing or of the wrong type, or a row is wrong.
            RowError: a row of ``items``, ``facts`` or ``links`` is.
            ConfigError: a setting is.
        """
        if isinstance(events, Dataset):
            raise FrameError("events: this is a Dataset already: give it to fit() as it is")
        if sparse.issparse(events):
            raise FrameError("events: a matrix is read by Dataset.from_csr(matrix)")
        settings = _config(config, positive_rating, event_weights, fact_columns)
        report = FrameReport()
        frames = (events, items, facts, links)
        renamed = [columns_of(frame, columns) for frame in frames]
        if unknown := set(columns or {}) - {name for names in renamed for name in names}:
            raise FrameError(f"columns: {sorted(unknown)[0]!r} is a column of no frame")
        table = read_events(events, settings.events.weights, renamed[0], on_error, report)
        catalogue = read_catalogue(items, facts, links, renamed[1:], settings, report)
        integers = "item_id" in table.numeric, "user_id" in table.numeric
        return _assembled(
            table.frame, catalogue, text_vectors, encoder, settings, table.library, integers, report
        )

    @classmethod
    def from_csr(
        cls,
        user_items: Any,
        user_ids: Sequence[str] | Sequence[int] | None = None,
        item_ids: Sequence[str] | Sequence[int] | None = None,
        *,
        config: Config | Mapping[str, Any] | None = None,
        positive_rating: float | None = None,
    ) -> Dataset:
        """A data set from a sparse matrix, users × items.

        Args:
            user_items: a stored number is an event: 1 everywhere, ratings, or counts.
            user_ids, item_ids: of its rows and columns; by default their numbers.
            config: settings as in ``tastegraph.toml``.
            positive_rating: a rating of at least this counts for its item.

        Raises:
            FrameError: it is no sparse matrix, or ids are repeated or of another number.
        """
        if not sparse.issparse(user_items):
            raise FrameError(
                f"a sparse matrix of users × items is expected, {type(user_items).__name__} found"
            )
        cells: Any = sparse.coo_array(cast(Any, user_items))
        cells.eliminate_zeros()
        names = [
            _given_ids(ids, length, what)
            for ids, length, what in zip(
                (user_ids, item_ids), cells.shape, ("user_ids", "item_ids"), strict=True
            )
        ]
        values = cells.data.astype(np.float64)
        if not np.isfinite(values).all():
            raise FrameError("the matrix holds numbers that are not finite")
        alike = len(values) and (values == values[0]).all() and values[0] > 0
        table = pl.DataFrame({
            "user_id": names[0][0].gather(pl.Series(cells.row.astype(np.int64))),
            "item_id": names[1][0].gather(pl.Series(cells.col.astype(np.int64))),
            **({"event_type": ["like"] * len(values)} if alike else {"value": values}),
        })  # fmt: skip
        report = FrameReport({"events": len(table)})
        settings = _config(config, positive_rating, None, ())
        catalogue = Catalogue([], names[1][0].to_list(), [], [])
        integers = names[1][1], names[0][1]
        return _assembled(
            table, catalogue, None, None, settings, "polars", integers, report,
            names[0][0].to_list(),
        )  # fmt: skip

    @classmethod
    def from_records(
        cls,
        events: Iterable[Event],
        items: Iterable[Item] = (),
        facts: Iterable[Fact] = (),
        links: Iterable[Link] = (),
        *,
        encoder: str | Encode | Any | None = None,
        config: Config | Mapping[str, Any] | None = None,
    ) -> Dataset:
        """A data set from records, such as those of a public data set.

        Args:
            events, items, facts, links: as a workspace imports them.
            encoder, config: as in :meth:`from_frames`; columns of items that state facts are in
                ``[items.facts]`` of the configuration.
        """
        settings = _config(config, None, None, ())
        columns = ("user_id", "object_id", "type", "value", "timestamp", "split")
        schema = dict(zip(EVENT_COLUMNS, [pl.String] * 3 + [pl.Float64] * 2 + [pl.String],
                          strict=False))  # fmt: skip
        rows = [tuple(getattr(event, name) for name in columns) for event in events]
        table = pl.DataFrame(rows, schema=schema, orient="row")
        records = list(items)
        statements = facts_of(ColumnFacts(settings.items.facts).of(frame_of_items(records)))
        catalogue = Catalogue(
            records, [item.item_id for item in records], [*statements, *facts], list(links)
        )
        report = FrameReport({"events": len(table), "items": len(records)})
        return _assembled(
            table, catalogue, None, encoder, settings, "polars", (False, False), report
        )

    @classmethod
    def of(cls, events: Any) -> Dataset:
        """``events`` as a data set: a frame, a sparse matrix, or a data set as it is."""
        if isinstance(events, Dataset):
            return events
        return cls.from_csr(events) if sparse.issparse(events) else cls.from_frames(events)

    @property
    def user_ids(self) -> pl.Series:
        """The users' ids, in the order of their rows."""
        return self.users.column

    @property
    def item_ids(self) -> pl.Series:
        """The items' ids, in the order of the columns of scores."""
        return self.items.column

    @property
    def n_users(self) -> int:
        """Number of users."""
        return len(self.users)

    @property
    def n_items(self) -> int:
        """Number of items."""
        return len(self.items)

    @property
    def user_items(self) -> CSR:
        """bool CSR[users, items]: whether an event of the user counts for the item."""
        return self.events.listed_likes()[:, : self.n_items]

    @property
    def graph(self) -> KnowledgeGraph:
        """The knowledge graph."""
        return self.item_features.graph

    def select(self, events: Bools) -> Dataset:
        """The data set with the events where ``events`` (bool[E]) holds; all users and items."""
        return replace(self, events=self.events.select(events))

    def with_item_features(self, item_features: ItemFeatures) -> Dataset:
        """The data set with other knowledge about the same items."""
        return replace(self, item_features=item_features)

    def events_of(self, frame: Any, on_error: OnError = "raise") -> tuple[Ids, Interactions]:
        """Users of a frame of events, and their events on the items here; others are left out.

        Of entities, those that events of the data set are on; a warning says how many are not.
        """
        table = read_events(frame, self.config.events.weights, None, on_error, name="histories")
        names = table.frame["user_id"].unique().sort().to_list()
        rows = self.graph.rows
        known = table.frame.filter(pl.col("item_id").is_in(list(rows)))
        left_out = table.frame["item_id"].filter(~table.frame["item_id"].is_in(list(rows)))
        if unknown := [name for name in left_out.to_list() if is_entity(name)]:
            example = unknown[0].removeprefix(ENTITY)
            warnings.warn(
                f"histories: {len(unknown)} events are on entities that the model has no event on, "
                f"such as {example!r}: they are left out. Give the model events on them",
                stacklevel=4,
            )
        events = interactions_of(known, names, rows, self.meaning)
        return Ids(names, "user_id" in table.numeric), events

    def to_frame(self) -> Any:
        """The events as a frame: ``user_id``, ``item_id``, ``weight``, ``timestamp`` or null.

        With ``entity`` where events are on entities; of those ``item_id`` is null.
        """
        events = self.events
        places = pl.Series(events.items.astype(np.int64))
        of_items = places.zip_with(places < self.n_items, pl.Series([None], dtype=pl.Int64))
        entities = pl.Series([None] * self.n_items + self.graph.entities, dtype=pl.String)
        frame = pl.DataFrame([
            self.users.at(events.users).alias("user_id"),
            self.items.column.gather(of_items).alias("item_id"),
            *([entities.gather(places).alias("entity")] if events.n_entities else []),
            pl.Series("weight", events.weights),
            pl.Series("timestamp", events.times).fill_nan(None),
        ])  # fmt: skip
        return to_library(frame, self.library)

    def to_hetero_data(self) -> HeteroData:
        """The whole as a :class:`torch_geometric.data.HeteroData`, for a network of one's own.

        Raises:
            TastegraphError: torch-geometric is not installed.
        """
        from tastegraph.models.hetero import hetero_data

        return hetero_data(self)

    def __repr__(self) -> str:
        return (
            f"Dataset({self.n_users:,} users, {self.n_items:,} items, {len(self.events):,} events, "
            f"{len(self.graph.heads):,} edges of the knowledge graph)"
        )


def _config(
    config: Config | Mapping[str, Any] | None,
    positive_rating: float | None,
    event_weights: Mapping[str, float] | None,
    fact_columns: Mapping[str, str] | Sequence[str],
) -> Config:
    settings = config.model_dump() if isinstance(config, Config) else dict(config or {})
    events, items = dict(settings.get("events", {})), dict(settings.get("items", {}))
    if positive_rating is not None:
        events["positive_rating"] = positive_rating
    if event_weights is not None:
        events["weights"] = {**events.get("weights", {}), **event_weights}
    relations = (
        fact_columns if isinstance(fact_columns, Mapping) else {name: name for name in fact_columns}
    )
    items["facts"] = {
        **items.get("facts", {}),
        **{name: {"relation": relation} for name, relation in relations.items()},
    }
    return checked_config({**settings, "events": events, "items": items}, "config")


def _assembled(
    table: pl.DataFrame,
    catalogue: Catalogue,
    text_vectors: Any,
    encoder: Any,
    config: Config,
    library: Library,
    integers: tuple[bool, bool],
    report: FrameReport,
    user_ids: list[str] | None = None,
) -> Dataset:
    objects = table["item_id"].unique().to_list()
    further = [*catalogue.item_ids, *(name for name in objects if not is_entity(name))]
    sure = (fact for fact in catalogue.facts if fact.confidence >= config.graph.min_confidence)
    user_names = {*(user_ids or []), *table["user_id"].unique().to_list()}
    item_numbers = integers[0] and all(map(_is_number, further))
    graph = build_graph(
        catalogue.items,
        further,
        enumerate(sure),
        catalogue.links,
        config,
        item_order=int if item_numbers else None,
        event_entities=[name.removeprefix(ENTITY) for name in objects if is_entity(name)],
    )
    if finding := unknown_entities(graph, table):
        report.add(finding)
    names = sorted(user_names, key=int if integers[1] else None)
    meaning = EventMeaning.of(config.events, rating_counts(table))
    return Dataset(
        events=interactions_of(table, names, graph.rows, meaning),
        item_features=item_features(graph, catalogue, text_vectors, encoder, config),
        users=Ids(names, integers[1]),
        items=Ids(graph.item_ids[: graph.n_listed], item_numbers),
        meaning=meaning,
        config=config,
        library=library,
        report=report,
    )


def _is_number(name: str) -> bool:
    return re.fullmatch(r"0|-?[1-9][0-9]{0,17}", name) is not None


def _given_ids(ids: Any, length: int, argument: str) -> tuple[pl.Series, bool]:
    """Ids of the rows or columns of a matrix, as text; whether they are whole numbers."""
    series = pl.Series(range(length)) if ids is None else pl.Series(list(ids))
    names = identifiers(series, argument, argument)
    if len(names) != length or names.n_unique() != length or names.null_count():
        raise FrameError(f"{argument}: {length} different ids are expected, {len(names)} found")
    return names, series.dtype.is_integer()
