"""The facts that the columns of items state under one configuration, ``[items.facts]``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b

import polars as pl

from tastegraph.core.config import ColumnConfig
from tastegraph.core.fact_columns import FACT_SCHEMA
from tastegraph.core.item_columns import ITEM_FIELDS
from tastegraph.core.records import ITEM, LABEL, Availability
from tastegraph.data.availability import availability_of
from tastegraph.data.cells.list_cells import split_lists

STATED_BY = "spellings/1"
"""How facts are stated, by name and version: in the digest, so that a new one states them anew."""


@dataclass(frozen=True)
class ColumnFacts:
    """What columns of items state.

    Attributes:
        columns: configuration of the columns that state facts.
    """

    columns: Mapping[str, ColumnConfig]

    @property
    def digest(self) -> str:
        """A hash of the configuration: facts of another one have to be stated anew.

        So have those of a version that did not join spellings.
        """
        columns = sorted((name, column.model_dump_json()) for name, column in self.columns.items())
        return blake2b(repr((STATED_BY, columns)).encode(), digest_size=16).hexdigest()

    def of(self, items: pl.DataFrame) -> pl.DataFrame:
        """A frame of the facts of items, as they were read under this configuration.

        Each value that is not blank is a fact, in the order of the items. The name of an entity is
        stated by a further fact, its label, once; an item of the kind ``item`` has a title instead.
        """
        facts = [
            fact
            for name, column in self.columns.items()
            if name in items.columns
            for fact in _facts(items, name, column)
        ]
        if not facts:
            return pl.DataFrame(schema=FACT_SCHEMA)
        in_order = pl.concat(facts).sort("row", maintain_order=True).drop("row")
        return in_order.unique(maintain_order=True)

    def availability(self, items: pl.DataFrame) -> Iterable[tuple[str, Availability]]:
        """Id of each item, and when it may be listed.

        Raises:
            TastegraphError: a value of it cannot be accepted.
        """
        return availability_of(items)

    def of_stored(self, items: pl.DataFrame) -> pl.DataFrame:
        """A frame of the facts of items that may have been read under another configuration.

        A column that was not configured then has each cell as one value, with its separators.
        """
        return self.of(
            items.with_columns(
                _split_again(items[name], column.separator)
                for name, column in self.columns.items()
                if name in items.columns and name not in ITEM_FIELDS
            )
        )


def _facts(items: pl.DataFrame, name: str, column: ColumnConfig) -> list[pl.DataFrame]:
    """Frames of facts and of labels, with the number of the item's row."""
    values = items.select(pl.concat_str(pl.lit(ITEM), "item_id").alias("subject"), value=name)
    values = values.with_row_index("row")
    if values["value"].dtype == pl.List:
        values = values.explode("value")
    values = values.with_columns(pl.col("value").str.strip_chars()).filter(pl.col("value") != "")
    if column.literal:
        return [_frame(values, "subject", column.relation, "value", literal=True)]
    kind = f"{column.entity or column.relation}:"
    values = values.with_columns(pl.concat_str(pl.lit(kind), "value").alias("entity"))
    facts = _frame(values, "subject", column.relation, "entity", literal=False)
    if kind == ITEM:
        return [facts]
    labels = values.unique("value", keep="first", maintain_order=True)
    return [facts, _frame(labels, "entity", LABEL, "value", literal=True)]


def _frame(
    values: pl.DataFrame, subject: str, relation: str, target: str, *, literal: bool
) -> pl.DataFrame:
    return values.select(
        pl.col(subject).alias("subject"),
        pl.lit(relation).alias("relation"),
        pl.col(target).alias("object"),
        pl.lit(literal).alias("literal"),
        pl.lit("").alias("datatype"),
        pl.lit("").alias("language"),
        pl.lit(1.0).alias("confidence"),
        "row",
    )


def _split_again(lists: pl.Series, separator: str) -> pl.Series:
    single = lists.list.len() == 1
    parts = split_lists(lists.list.first(), separator)
    return lists.zip_with(~single.fill_null(False), parts).alias(lists.name)
