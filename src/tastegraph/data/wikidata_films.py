"""Films of Wikidata: names of directors, writers, casts, genres, languages and countries.

The file is a table of SQLite that others made from Wikidata. It is opened read-only and nothing of
it is run; every cell is checked like a cell of any other file.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

from tastegraph.core.config import RelationConfig
from tastegraph.core.errors import AssetError, RowError
from tastegraph.core.messages import Message
from tastegraph.core.records import LABEL, Fact
from tastegraph.data import downloads as assets
from tastegraph.data.cells.typed_row import FORBIDDEN_IN_ID, MAX_ENTITY_LENGTH, TypedRow
from tastegraph.data.rdf.wikibase import ENTITY

NAME = "wikidata-films"
FILE, TABLE = "movies.db", "omdb"
IMDB_ID = "imdb_id"
MAX_CELL_LENGTH = 100_000
"""Bytes of a cell that are read; a longer one is an error."""
_VALUES = {"Year": "release_year", "imdbID": IMDB_ID}
"""Column → relation of its value."""
_NAMES = {
    "Director": ("director", "person"),
    "Writer": ("writer", "person"),
    "Cast": ("cast", "person"),
    "Genre": ("genre", "genre"),
    "Language": ("language", "language"),
    "Country": ("country", "country"),
}
"""Column of names → relation, and kind of the entities: a person who directs and acts is one."""
COLUMNS = ("ID", "Title", *_VALUES, *_NAMES)
SEPARATOR = ", "
_SUFFIXES = frozenset({"Jr.", "Jr", "Sr.", "Sr", "II", "III", "IV"})
_LISTS = "list of "
"""What Wikidata has in place of a cast here and there: *list of Harry Potter cast members*."""

RELATIONS = {
    "director": RelationConfig(phrase="director", phrase_zh="导演"),
    "writer": RelationConfig(phrase="writer", phrase_zh="编剧"),
    "cast": RelationConfig(phrase="cast member", phrase_zh="演员"),
    "genre": RelationConfig(phrase="genre", phrase_zh="类型"),
    "language": RelationConfig(phrase="language", phrase_zh="语言"),
    "country": RelationConfig(phrase="country", phrase_zh="国家/地区"),
    "release_year": RelationConfig(phrase="release year", phrase_zh="年份"),
    IMDB_ID: RelationConfig(phrase="IMDb id", phrase_zh="IMDb 编号", use=False),
}
"""How the relations read. An id joins no two films, so it is stored, but not used for ranking."""


class WikidataFilms:
    """17,472 films of 1940 to 2014, from Wikidata (CC0), as facts.

    A film is the entity of Wikidata, with its title as label. Persons, genres, languages and
    countries have no id in the file: their name is their id, so two persons of one name are one.
    The names of a cast are in the order of the alphabet, not of the credits.

    Attributes:
        folder: with the file.
        licence: terms of use.
        not_names: what :meth:`facts` has left out so far, since it is a list and no name.
    """

    def __init__(
        self, folder: Path | None = None, announce: Callable[[str], None] | None = None
    ) -> None:
        """Find the file on this machine, or download it.

        Raises:
            AssetError: no source has it.
        """
        self.folder = assets.find(NAME, folder, announce)
        self.licence = assets.ASSETS[NAME].licence
        self.not_names: list[str] = []

    def facts(self) -> Iterator[Fact]:
        """Yield the facts of every film, and before the first fact about an entity its label.

        Raises:
            AssetError: the file is no database, or its table lacks a column.
            RowError: a cell cannot be accepted.
        """
        self.not_names.clear()
        yield from read_films(self.folder / FILE, self.not_names)


def read_films(path: Path, not_names: list[str]) -> Iterator[Fact]:
    """The facts that the table of films in ``path`` states; see :class:`WikidataFilms`.

    Args:
        path: of the database.
        not_names: gets what is left out, since it is a list and no name.

    Raises:
        AssetError: the file is no database of SQLite, or its table lacks a column.
        RowError: a cell cannot be accepted.
    """
    labelled: set[str] = set()
    for number, cells in enumerate(_rows(path), 1):
        row = TypedRow(dict(zip(COLUMNS, cells, strict=True)), str(path), number)
        yield from _film(_decoded(row), labelled, not_names)


def _decoded(row: TypedRow) -> TypedRow:
    """The same row with text in place of bytes."""
    values: dict[str, object] = {}
    for column, cell in row.values.items():
        try:
            values[column] = cell.decode("utf-8") if isinstance(cell, bytes) else cell
        except UnicodeDecodeError:
            raise RowError(row.file, row.line, column, cell, "text in UTF-8") from None
    return TypedRow(values, row.file, row.line)


def _film(row: TypedRow, labelled: set[str], not_names: list[str]) -> Iterator[Fact]:
    number = row.whole("ID")
    if number is None:
        raise row.error("ID", Message("expected.whole"))
    film = f"{ENTITY}Q{number}"
    yield Fact(film, LABEL, row.text("Title").strip(), literal=True)
    for column, relation in _VALUES.items():
        if value := row.optional_text(column).strip():
            yield Fact(film, relation, value, literal=True)
    for column, (relation, kind) in _NAMES.items():
        for name in names_in(row.optional_text(column)):
            if name.startswith(_LISTS):
                not_names.append(name)
                continue
            entity = f"{kind}:{name}"
            if FORBIDDEN_IN_ID.search(entity) or len(entity) > MAX_ENTITY_LENGTH:
                raise row.error(column, Message("expected.id_printable"))
            if entity not in labelled:
                labelled.add(entity)
                yield Fact(entity, LABEL, name, literal=True)
            yield Fact(film, relation, entity)


def names_in(cell: str) -> list[str]:
    """The names that a cell lists, each once.

    A comma may be part of a name: *Jr.* belongs to the name before it.
    """
    names: list[str] = []
    for part in (" ".join(part.split()) for part in cell.split(SEPARATOR)):
        if part in _SUFFIXES and names:
            names[-1] += SEPARATOR + part
        elif part:
            names.append(part)
    return list(dict.fromkeys(names))


def _rows(path: Path) -> Iterator[tuple[object, ...]]:
    """The cells of every film, in the order of the file; text is bytes.

    The file is opened read-only, and views, triggers and functions in it are not run.
    """
    try:
        connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
    except sqlite3.Error as error:
        raise AssetError(f"{path} cannot be opened: {error}") from None
    with closing(connection):
        connection.text_factory = bytes
        connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_CELL_LENGTH)
        try:
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.execute("PRAGMA query_only = ON")
            if missing := _missing(connection):
                raise AssetError(f"{path} has no {missing}")
            selected = ", ".join(f'"{column}"' for column in COLUMNS)
            yield from connection.execute(f'SELECT {selected} FROM "{TABLE}" ORDER BY rowid')
        except sqlite3.Error as error:
            raise AssetError(f"{path} cannot be read as SQLite: {error}") from None


def _missing(connection: sqlite3.Connection) -> str:
    """What the database lacks, in words; empty where it has the table with all columns."""
    query = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = ?"
    if not connection.execute(query, (TABLE,)).fetchone()[0]:
        return f"table {TABLE!r}"
    rows = connection.execute(f'PRAGMA table_info("{TABLE}")').fetchall()
    columns = {bytes(row[1]).decode("utf-8", "replace") for row in rows}
    missing = [column for column in COLUMNS if column not in columns]
    return f"column {', '.join(missing)} in its table {TABLE!r}" if missing else ""
