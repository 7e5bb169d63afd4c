"""What is asked of a linker: a name, when it was, and what is said around it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from tastegraph.core.records import Item
from tastegraph.kg.names import numbers, readings, years


class Mention(NamedTuple):
    """Words of a text that may name an entity, and the text around them."""

    surface: str
    context: str


@dataclass(frozen=True, slots=True)
class Query:
    """One thing that may be an entity.

    Attributes:
        query_id: of the item; of a mention its place among those asked.
        names: what it is called, its own name first.
        years: that are stated of it.
        numbers: in its own name.
        context: what else is said of it.
    """

    query_id: str
    names: tuple[str, ...]
    years: frozenset[int]
    numbers: frozenset[str]
    context: str

    @property
    def text(self) -> str:
        """All of it, for a language model."""
        return ". ".join(
            (*self.names, *(str(year) for year in sorted(self.years)), self.context)
        ).strip(". ")


def item_query(item: Item) -> Query:
    """Years are taken from brackets in the title, and from attributes, whose values are context."""
    names, qualifiers = readings(item.title)
    values = [value for values in item.attributes.values() for value in values]
    return Query(
        item.item_id,
        names,
        years((*qualifiers, *values)),
        numbers(names[0]),
        " ".join((*qualifiers, *values, item.text)),
    )


def mention_query(query_id: str, mention: Mention) -> Query:
    """Years are taken from brackets in the surface form, and from the text around it."""
    names, qualifiers = readings(mention.surface)
    return Query(
        query_id,
        names,
        years((*qualifiers, mention.context)),
        numbers(names[0]),
        " ".join((*qualifiers, mention.context)),
    )
