"""The facts that the columns of items state under one configuration, ``[items.facts]``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b

from tastegraph.core.config import ColumnConfig
from tastegraph.core.records import Availability, Fact, Item
from tastegraph.data.availability import availability_of
from tastegraph.data.items import item_facts


@dataclass(frozen=True)
class ColumnFacts:
    """What columns of items state.

    Attributes:
        columns: configuration of the columns that state facts.
    """

    columns: Mapping[str, ColumnConfig]

    @property
    def digest(self) -> str:
        """A hash of the configuration: facts of another one have to be stated anew."""
        columns = sorted((name, column.model_dump_json()) for name, column in self.columns.items())
        return blake2b(repr(columns).encode(), digest_size=16).hexdigest()

    def of(self, item: Item) -> Iterator[Fact]:
        """Yield the facts of an item as it was read under this configuration."""
        return item_facts(item, self.columns)

    def availability(self, item: Item) -> Availability:
        """When an item may be listed.

        Raises:
            TastegraphError: a value of it cannot be accepted.
        """
        return availability_of(item)

    def of_stored(self, item: Item) -> Iterator[Fact]:
        """Yield the facts of an item that may have been read under another configuration.

        A column that was not configured then has each cell as one value, with its separators.
        """
        attributes = dict(item.attributes)
        for name, column in self.columns.items():
            values = attributes.get(name, ())
            if column.separator and len(values) == 1:
                attributes[name] = tuple(values[0].split(column.separator))
        return item_facts(replace(item, attributes=attributes), self.columns)
