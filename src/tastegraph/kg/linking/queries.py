"""Linking queries: what is known of an item or a mention before it is linked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from tastegraph.core.records import Item
from tastegraph.kg.names import numbers_in, title_names, years_in


class MentionInContext(NamedTuple):
    """Words of a text that may name an entity, and the text around them."""

    surface: str
    context: str


@dataclass(frozen=True, slots=True)
class LinkingQuery:
    """An item or a mention that may be an entity.

    Attributes:
        query_id: id of the item, or position of the mention in its list.
        names: its names, the main one first.
        years: years stated of it.
        numbers: numbers in its main name.
        context: all other words about it.
    """

    query_id: str
    names: tuple[str, ...]
    years: frozenset[int]
    numbers: frozenset[str]
    context: str

    @property
    def text(self) -> str:
        """Names, years and context as one text, for a text encoder."""
        return ". ".join(
            (*self.names, *(str(year) for year in sorted(self.years)), self.context)
        ).strip(". ")


def item_query(item: Item) -> LinkingQuery:
    """The query of an item: years from its title's brackets and its attributes, text as context."""
    names, qualifiers = title_names(item.title)
    values = [value for values in item.attributes.values() for value in values]
    return LinkingQuery(
        item.item_id,
        names,
        years_in((*qualifiers, *values)),
        numbers_in(names[0]),
        " ".join((*qualifiers, *values, item.text)),
    )


def mention_query(query_id: str, mention: MentionInContext) -> LinkingQuery:
    """The query of a mention: years from brackets in its surface and from the text around it."""
    names, qualifiers = title_names(mention.surface)
    return LinkingQuery(
        query_id,
        names,
        years_in((*qualifiers, mention.context)),
        numbers_in(names[0]),
        " ".join((*qualifiers, mention.context)),
    )
