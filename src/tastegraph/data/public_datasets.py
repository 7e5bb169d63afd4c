"""Public data sets by name, read as the same records as a user's own files."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

from tastegraph.core.config import ColumnConfig, Config, ItemsConfig
from tastegraph.core.errors import NotFoundError, RowError
from tastegraph.core.item_columns import items_of
from tastegraph.core.records import ITEM, LABEL, Event, Fact, Item, Link
from tastegraph.data import downloads as assets
from tastegraph.data.cells.typed_row import TypedRow
from tastegraph.data.events import read_events
from tastegraph.data.facts import read_facts, read_links
from tastegraph.data.recbole import read_atomic_items
from tastegraph.data.rejected_rows import RejectedRows
from tastegraph.data.tables.reader import read_table
from tastegraph.data.tables.text_files import read_lines

PLOTS = Path("clayrs/items_info.json")
DBPEDIA = Path("frankgraphbench/enriched.csv")
FREEBASE_NAMES = Path("freebase_names/FB15k_mid2name.txt")

ML_100K = "ml-100k"
_SUMMARIES = {
    ML_100K: "MovieLens 100K: 943 people, 1,682 films, 100,000 ratings, a Freebase graph",
    "wikidata-films": "Wikidata: 17,472 films of 1940 to 2014, facts alone, every name in words",
}

_RELATIONS = {
    "film.film.actor": "actor",
    "film.film.award_nomination": "award nomination",
    "film.film.award_won": "award",
    "film.film.cinematography": "cinematographer",
    "film.film.country": "country",
    "film.film.directed_by": "director",
    "film.film.genre": "genre",
    "film.film.language": "language",
    "film.film.prequel": "prequel",
    "film.film.produced_by": "producer",
    "film.film.production_companies": "production company",
    "film.film.rating": "age rating",
    "film.film.sequel": "sequel",
    "film.film.subjects": "subject",
    "film.film.written_by": "writer",
    "film.actor.film": "film acted in",
    "film.cinematographer.film": "film shot",
    "film.content_rating.film": "film of this age rating",
    "film.director.film": "film directed",
    "film.film_genre.films_in_this_genre": "film of this genre",
    "film.film_subject.films": "film on this subject",
    "film.producer.film": "film produced",
    "film.production_company.films": "film of this company",
    "film.writer.film": "film written",
    "cast": "cast member",
    "director": "director",
    "genre": "genre",
    "release_year": "release year",
    "dbpedia:cinematography": "cinematographer",
    "dbpedia:director": "director",
    "dbpedia:distributor": "distributor",
    "dbpedia:producer": "producer",
    "dbpedia:starring": "star",
    "dbpedia:subject": "subject",
    "dbpedia:writer": "writer",
}


def list_datasets() -> dict[str, str]:
    """Return the names of the public data sets, each with a description."""
    return dict(_SUMMARIES)


class PublicDataset:
    """A public data set on this machine.

    MovieLens 100K has no plots and no names of its Freebase entities. If the folder also contains
    ``clayrs/items_info.json``, ``frankgraphbench/enriched.csv`` or
    ``freebase_names/FB15k_mid2name.txt``, plots, cast, directors, facts of DBpedia and names of
    entities are read from these files.

    Attributes:
        folder: the folder with its own files.
        licence: terms of use.
        columns: configuration of the item columns that state facts, as in ``tastegraph.toml``;
            these facts are not among :meth:`facts`, but read by
            :class:`~tastegraph.data.column_facts.ColumnFacts`.
        relations: relation → the noun for its object.
    """

    def __init__(
        self,
        name: str,
        folder: Path | None = None,
        announce: Callable[[str], None] | None = None,
    ) -> None:
        """Find the data set on this machine, or download it.

        Raises:
            NotFoundError: no data set has this name.
            AssetError: no source has it.
        """
        if name != ML_100K:
            raise NotFoundError(f"there is no data set {name!r} with events; there is {ML_100K}")
        self.name = name
        self.folder = assets.find(name, folder, announce)
        self.licence = assets.ASSETS[name].licence
        self.columns: Mapping[str, ColumnConfig] = {
            "class": ColumnConfig(relation="genre"),
            "release_year": ColumnConfig(relation="release_year", literal=True),
        }
        self.relations: Mapping[str, str] = _RELATIONS
        self._folder_of_extras = folder
        self._rejects = RejectedRows("raise")

    def events(self) -> Iterator[Event]:
        """Yield the ratings."""
        return read_events(self._own("inter"), self._rejects)

    def items(self) -> Iterator[Item]:
        """Yield the films; their text is the plot, or the genres where there is no plot.

        Raises:
            RowError: the file of plots is not as expected.
        """
        path = self._extra(PLOTS)
        plots = {row.id("movielens_id"): row.optional_text("plot") for row in _films(path)}
        config = Config(items=ItemsConfig(facts=dict(self.columns)))
        for frame in read_atomic_items(self._own("item"), self._rejects, config):
            for item in items_of(frame):
                genres = ", ".join(item.attributes.get("class", ()))
                yield replace(item, text=plots.get(item.item_id) or genres)

    def facts(self) -> Iterator[Fact]:
        """Yield the Freebase graph, then the facts of further files and their entities' labels.

        The subjects of facts of further files are items.

        Raises:
            RowError: a further file is not as expected.
        """
        entities: set[str] = set()
        for fact in read_facts(self._own("kg"), self._rejects):
            entities.update((fact.subject, fact.object))
            yield fact
        yield from _freebase_names(self._extra(FREEBASE_NAMES), entities, self._rejects)
        yield from _labelled(_credits(self._extra(PLOTS)), _person)
        yield from _labelled(_dbpedia(self._extra(DBPEDIA), self._rejects), _resource)

    def links(self) -> Iterator[Link]:
        """Yield the links of films to Freebase entities."""
        return read_links(self._own("link"), self._rejects)

    def _own(self, ending: str) -> Path:
        return self.folder / f"{self.name}.{ending}"

    def _extra(self, path: Path) -> Path | None:
        file = self._folder_of_extras / path if self._folder_of_extras else None
        return file if file and file.is_file() else None


def _films(path: Path | None) -> Iterator[TypedRow]:
    if path is None:
        return
    try:
        films = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise RowError(str(path), 1, None, str(error), "JSON") from None
    if not isinstance(films, list) or not all(isinstance(film, dict) for film in films):
        raise RowError(str(path), 1, None, type(films).__name__, "a list of JSON objects")
    for number, film in enumerate(films, 1):
        yield TypedRow(film, str(path), number)


def _credits(path: Path | None) -> Iterator[Fact]:
    for row in _films(path):
        item_id = row.id("movielens_id")
        for column, relation in (("directors", "director"), ("cast", "cast")):
            names = (" ".join(name.split()) for name in row.optional_text(column).split(","))
            for name in dict.fromkeys(filter(None, names)):
                yield Fact(ITEM + item_id, relation, f"person:{name}")


def _dbpedia(path: Path | None, rejects: RejectedRows) -> Iterator[Fact]:
    if path is None:
        return
    for batch in read_table(path, rejects):
        for line, values in zip(batch.lines, batch.frame.iter_rows(named=True), strict=True):
            row = TypedRow(values, batch.file, line)
            item_id = row.id("item_id::string")
            for column in values:
                name, _, kind = column.partition("::")
                if kind == "string_list":
                    for uri in filter(None, row.optional_text(column).split("::")):
                        yield Fact(ITEM + item_id, f"dbpedia:{name}", uri)


def _freebase_names(path: Path | None, entities: set[str], rejects: RejectedRows) -> Iterator[Fact]:
    if path is None:
        return
    for number, line in read_lines(path, rejects):
        mid, tab, name = line.partition("\t")
        if not tab or not mid.startswith("/m/"):
            raise RowError(str(path), number, None, line, "an id like /m/06rf7, a tab and a name")
        entity = mid[1:].replace("/", ".")
        if entity in entities:
            yield Fact(entity, LABEL, name.replace("_", " ").strip(), literal=True)


def _labelled(facts: Iterator[Fact], label: Callable[[str], str]) -> Iterator[Fact]:
    """Yield the facts, and before the first fact about an object the label of that object."""
    seen: set[str] = set()
    for fact in facts:
        if fact.object not in seen:
            seen.add(fact.object)
            yield Fact(fact.object, LABEL, label(fact.object), literal=True)
        yield fact


def _person(entity: str) -> str:
    return entity.removeprefix("person:")


def _resource(uri: str) -> str:
    _, separator, name = uri.partition("/resource/")
    name = name if separator else uri.rstrip("/").rpartition("/")[2]
    return unquote(name).removeprefix("Category:").replace("_", " ")
