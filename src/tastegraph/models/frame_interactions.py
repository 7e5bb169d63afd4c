"""Events of a frame as interactions, the same that the event log of a workspace gives; and ids."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tastegraph.core.records import RATING, Event
from tastegraph.profiles.event_meaning import EventMeaning
from tastegraph.profiles.interactions import (
    SPLIT_CODES,
    Interactions,
    interactions_from_columns,
    row_counts,
)


@dataclass(frozen=True)
class Ids:
    """Names of users or items in the order of their rows.

    Attributes:
        names: as text.
        integers: whether they came as whole numbers, and are given back as such.
    """

    names: list[str]
    integers: bool = False

    def __len__(self) -> int:
        return len(self.names)

    @cached_property
    def column(self) -> pl.Series:
        """All ids as they came."""
        names = pl.Series(self.names, dtype=pl.String)
        return names.cast(pl.Int64) if self.integers else names

    def at(self, rows: NDArray[Any]) -> pl.Series:
        """The ids of ``rows`` (int[n]) as they came."""
        return self.column.gather(pl.Series(np.asarray(rows, dtype=np.int64)))

    def rows(self, names: pl.Series) -> NDArray[np.int64]:
        """int64[n], the rows of ids (String); -1 for unknown ones."""
        return np.array([self._index.get(name, -1) for name in names.to_list()], dtype=np.int64)

    @cached_property
    def _index(self) -> dict[str, int]:
        return {name: row for row, name in enumerate(self.names)}


def _typed(table: pl.DataFrame) -> pl.DataFrame:
    """``event_type`` and ``value`` of every event; a value without a type is a rating."""
    value = pl.col("value") if "value" in table.columns else pl.lit(None, dtype=pl.Float64)
    kind = pl.when(value.is_null()).then(pl.lit("click")).otherwise(pl.lit(RATING))
    if "event_type" in table.columns:
        kind = pl.col("event_type").fill_null(kind)
    typed = table.with_columns(kind.alias("event_type"), value.alias("value"))
    return typed.select("event_type", "value")


def rating_counts(table: pl.DataFrame) -> Counter[float]:
    """How often each value of a rating occurs: what their scale is read from."""
    typed = _typed(table).filter((pl.col("event_type") == RATING) & pl.col("value").is_not_null())
    counts = typed["value"].value_counts()
    return Counter(dict(counts.iter_rows()))


def interactions_of(
    table: pl.DataFrame, user_ids: list[str], item_index: Mapping[str, int], meaning: EventMeaning
) -> Interactions:
    """Events as :class:`~tastegraph.profiles.interactions.Interactions`.

    Args:
        table: columns of :func:`tastegraph.data.frames.read_events`, all of known users and items.
        user_ids: ids by row.
        item_index: as of :func:`~tastegraph.profiles.interactions.interactions`.
        meaning: how events count.
    """
    typed = _typed(table)
    pairs = typed.unique()
    weights = [
        meaning.weight_of(Event("", "", "item", kind, value)) for kind, value in pairs.iter_rows()
    ]
    # Nulls join nothing, so that they are made NaN, which equals itself here.
    typed, pairs = (
        frame.with_columns(pl.col("value").fill_null(np.nan)) for frame in (typed, pairs)
    )
    joined = typed.with_row_index().join(
        pairs.with_columns(pl.Series("weight", weights, dtype=pl.Float64)),
        on=["event_type", "value"],
    )
    weight = joined.sort("index")["weight"].to_numpy()
    n, counts = len(table), weight != 0
    times = np.full(n, np.nan)
    if "timestamp" in table.columns:
        times = table["timestamp"].fill_null(np.nan).to_numpy()
    parts = np.full(n, -1, dtype=np.int64)
    if "split" in table.columns:
        numbers = table["split"].replace_strict(SPLIT_CODES, default=-1, return_dtype=pl.Int64)
        parts = numbers.to_numpy()
    rows = Ids(user_ids).rows(table["user_id"])
    columns = np.array([item_index[name] for name in table["item_id"].to_list()], dtype=np.int64)
    n_items, n_entities = row_counts(item_index)
    return interactions_from_columns(
        user_ids, n_items,
        *(column[counts] for column in (rows, columns, times, weight, parts)),
        n_entities=n_entities,
    )  # fmt: skip
