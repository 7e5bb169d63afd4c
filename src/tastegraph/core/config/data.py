"""Sections of the configuration on what data mean: events, items, relations, graph, sources."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from tastegraph.core.config.phrase_examples import read_example
from tastegraph.core.records import IMPRESSION


class Section(BaseModel):
    """Base class of the sections: unknown keys are errors, and values cannot be changed.

    The string below a field describes it; the commented configuration and the documentation are
    generated from these strings (:mod:`tastegraph.core.config.documentation`).
    """

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


Weight = Annotated[float, Field(ge=-1, le=1)]
Fraction = Annotated[float, Field(gt=0, le=1)]
DEFAULT_WEIGHTS: dict[str, Weight] = {
    "view": 0.3, "click": 0.5, "purchase": 1.0, "like": 1.0, "rating": 1.0,
    "dislike": -1.0, "skip": -0.3, "impression": 0.0,
}  # fmt: skip


class EventPhrases(Section):
    """How a reason says what a user did with an item, for one event type."""

    en: str | None = Field(default=None, min_length=1)
    """In English, after the item's title: "which you added to the cart"."""
    zh: str | None = Field(default=None, min_length=1)
    """In Chinese, before the item's title: 「你加入过购物车的」."""


class EventsConfig(Section):
    """How much an event says for or against an item."""

    weights: dict[str, Weight] = DEFAULT_WEIGHTS
    """Event type → weight in [-1, 1]: positive if it speaks for the item, negative if against, 0 if
    neither. Types that are not named keep their default; new types may be named. An ``impression``
    always has weight 0: it says what a list showed, not what the user did."""
    positive_rating: float | None = None
    """Ratings of at least this value speak for an item, lower ones against it. By default the scale
    is derived from all ratings: on 1 to 5 those from 4 up, on 1 to 10 those from 7 up, on 0 and 1,
    or -1 and 1, those of 1. Counts are no ratings: each speaks for its item, the more the higher
    it is."""
    words: dict[str, EventPhrases] = {}
    """Event type → how a reason says it, for event types of your own."""

    @field_validator("weights", mode="after")
    @classmethod
    def _with_defaults(cls, weights: dict[str, float]) -> dict[str, float]:
        for name in weights:
            if not re.fullmatch(r"[a-z][a-z0-9_.-]{0,63}", name):
                raise ValueError(f"{name!r} is no event type: lower-case letters, digits, _ . -")
        if weights.get(IMPRESSION):
            raise ValueError(
                f"{IMPRESSION!r} can weigh nothing but 0: it is what a list showed, and not what "
                'the user did; name an event of your own, such as "dwell"'
            )
        return {**DEFAULT_WEIGHTS, **weights}


MISSING_MARKERS = ("nan", "NaN", "N/A", "n/a", "#N/A", "null", "NULL", "None", "\\N")
"""Texts that programs write where a value is missing."""


class FileConfig(Section):
    """How the files of one kind are read; options of ``tastegraph import`` go first."""

    format: str | None = None
    """Name of a published format: ``movielens``, ``recbole``, ``gorse``, ``shopify``, ``ga4``,
    ``mind``, ``lastfm`` or ``amazon-reviews``."""
    encoding: str | None = None
    """Encoding of text files; by default UTF-8, or what a byte-order mark says."""
    separator: str | None = None
    """What stands between the cells of a text file; by default what its first lines show."""
    quote: str | None = None
    """What stands around cells that contain a separator: one character, or ``none``."""
    header: bool | None = None
    """Whether the first row names the columns; by default it does, unless it looks like data."""
    columns: tuple[str, ...] | None = None
    """Names of the columns of files without a header, in their order."""
    sheet: str | None = None
    """Name of the sheet of a workbook."""
    map: dict[str, str] = {}
    """Column of Tastegraph → its name in the files: ``{ item_id = "product_id" }``."""


class EventFileConfig(FileConfig):
    """How files of events are read; options of ``tastegraph import`` go first."""

    types: dict[str, tuple[str, ...]] = {}
    """Event type → the types of the files that are read as it: ``{ view = ["view_item"] }``."""


class ImportConfig(Section):
    """How files and frames are read."""

    missing: tuple[str, ...] = MISSING_MARKERS
    """Cells of these texts are missing values: they are no id, title, text, attribute or fact."""
    events: EventFileConfig = EventFileConfig()
    items: FileConfig = FileConfig()
    facts: FileConfig = FileConfig()
    links: FileConfig = FileConfig()


class ColumnConfig(Section):
    """An item column whose values become facts about the item."""

    relation: str
    """Name of the relation."""
    entity: str | None = None
    """Kind of the entities that the values name. Columns of one kind, such as "person" for director
    and actor, share their entities. By default the relation's name."""
    separator: str = "|"
    """What separates several values in a cell of a text file."""
    literal: bool = False
    """Whether the values are plain values, such as a year, rather than names of entities."""


class ItemsConfig(Section):
    """Which columns of items become facts; the other columns are stored as attributes."""

    facts: dict[str, ColumnConfig] = {}
    """Column → the facts that its values become."""


class RelationConfig(Section):
    """How one relation of the graph is worded, whether it is used, and how texts state it."""

    phrase: str | None = None
    """Noun for its object, as "director" in "same director as *Fargo*"; or words before its object,
    as "directed by"."""
    phrase_zh: str | None = None
    """The same in Chinese: 「导演」, 「提到」."""
    use: bool = True
    """With ``false`` its facts are stored, but not used for profiles and ranking."""
    single: bool = False
    """Whether a subject has only one value: of several, the best supported one counts."""
    subject: str | None = Field(default=None, min_length=1)
    """Kind of the things that it is about, which are items: ``film``."""
    object: str | None = Field(default=None, min_length=1)
    """Kind of its objects: ``person``, ``place``, ``organisation``, ``work``, ``date``, ``number``,
    or a word of your own. What a text names as something else is no object: a place is no
    person."""
    examples: tuple[str, ...] = ()
    """A few words as texts would write them, each with one object: ``"directed by Joel Coen"``,
    ``"Ang Lee directs"``. Where it is not the only capitalised name, it stands in square brackets:
    ``"由[李安]执导"``. ``kg derive patterns`` reads the relation from texts by them."""

    @model_validator(mode="after")
    def _examples_are_clear(self) -> RelationConfig:
        for example in self.examples:
            try:
                read_example(example, self.object)
            except ValueError as error:
                raise ValueError(f"examples: {error}") from None
        return self


class GraphConfig(Section):
    """What the knowledge graph contains.

    Facts that name or describe an entity are stored, but become neither nodes nor edges.
    """

    label_relations: tuple[str, ...] = (
        "http://www.w3.org/2000/01/rdf-schema#label",
        "http://www.w3.org/2004/02/skos/core#prefLabel",
        "http://schema.org/name",
        "https://schema.org/name",
        "http://xmlns.com/foaf/0.1/name",
        "http://purl.org/dc/terms/title",
        "http://purl.org/dc/elements/1.1/title",
        "http://dbpedia.org/property/name",
        "http://rdf.freebase.com/ns/type.object.name",
        "rdfs:label",
        "skos:prefLabel",
        "type.object.name",
        "label",
        "name",
    )
    """Relations whose literal object is the name of the subject, the preferred ones first."""
    label_languages: tuple[str, ...] = ("", "en")
    """Languages of names, the preferred ones first; "" is a name without a language."""
    alias_relations: tuple[str, ...] = (
        "http://www.w3.org/2004/02/skos/core#altLabel",
        "http://www.w3.org/2004/02/skos/core#hiddenLabel",
        "http://schema.org/alternateName",
        "https://schema.org/alternateName",
        "http://xmlns.com/foaf/0.1/nick",
        "http://purl.org/dc/terms/alternative",
        "http://dbpedia.org/ontology/alias",
        "http://dbpedia.org/property/alias",
        "http://rdf.freebase.com/ns/common.topic.alias",
        "skos:altLabel",
        "common.topic.alias",
        "alias",
    )
    """Relations whose literal object is a further name of the subject."""
    description_relations: tuple[str, ...] = (
        "http://schema.org/description",
        "https://schema.org/description",
        "http://schema.org/abstract",
        "https://schema.org/abstract",
        "http://www.w3.org/2000/01/rdf-schema#comment",
        "http://www.w3.org/2004/02/skos/core#definition",
        "http://purl.org/dc/terms/description",
        "http://purl.org/dc/elements/1.1/description",
        "http://dbpedia.org/ontology/abstract",
        "http://rdf.freebase.com/ns/common.topic.description",
        "rdfs:comment",
        "common.topic.description",
        "description",
        "abstract",
    )
    """Relations whose literal object describes the subject in words."""
    min_confidence: Fraction = 0.5
    """Facts of lower confidence are not used, but offered for review."""
    min_identity_confidence: Fraction = 0.8
    """The same for facts that two ids are the same thing."""
    max_steps: int | None = Field(default=None, ge=1)
    """Facts that are more than so many steps from every item are stored, but not in the graph: with
    1, only facts about items. By default all facts are in it. Of a large knowledge base that a
    small catalogue is linked to, most facts are far from any item and make a build slow."""

    @property
    def naming_relations(self) -> tuple[str, ...]:
        """All relations whose literals are names of their subject, the preferred ones first."""
        return (*self.label_relations, *self.alias_relations)

    @property
    def verbal_relations(self) -> frozenset[str]:
        """All relations whose literals name or describe their subject."""
        return frozenset((*self.naming_relations, *self.description_relations))


class SourcesConfig(Section):
    """How far the sources of facts are trusted."""

    trust: dict[str, Fraction] = {}
    """Source → factor in (0, 1] of the confidence of its facts; 1 for sources that are not
    named."""
