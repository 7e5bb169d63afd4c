"""Films of Wikidata: facts of a small SQLite file; a wrong file, and hostile cells."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import pytest

from tastegraph.core.errors import AssetError, RowError
from tastegraph.core.records import LABEL, Fact
from tastegraph.data import downloads as assets
from tastegraph.data.wikidata_films import (
    COLUMNS,
    FILE,
    MAX_CELL_LENGTH,
    NAME,
    RELATIONS,
    WikidataFilms,
    names_in,
    read_films,
)

Q1 = "http://www.wikidata.org/entity/Q1"
FARGO = (
    1, "Fargo", 1996, "tt0116282", "Joel Coen, Ethan Coen", "Joel Coen",
    "Steve Buscemi, Larry Brandenburg, Jr., Joel Coen", "Crime, Drama", "English", "United States",
)  # fmt: skip
BARE = (2, "Nobody's Film", 1990, "tt2", "", None, "", "", None, None)


def database(path: Path, rows: Sequence[Sequence[object]], schema: str = "") -> Path:
    columns = ", ".join(f'"{column}"' for column in COLUMNS)
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(schema or f"CREATE TABLE omdb ({columns})")
        marks = ", ".join("?" * len(COLUMNS))
        if rows:
            connection.executemany(f"INSERT INTO omdb VALUES ({marks})", rows)
        connection.commit()
    return path


def facts_of(path: Path) -> list[Fact]:
    return list(read_films(path, []))


def with_cell(column: str, cell: object) -> tuple[object, ...]:
    return tuple(cell if name == column else old for name, old in zip(COLUMNS, FARGO, strict=True))


def test_names_are_entities_and_a_person_of_two_roles_is_one(tmp_path: Path) -> None:
    facts = facts_of(database(tmp_path / FILE, [FARGO]))
    assert facts[0] == Fact(Q1, LABEL, "Fargo", literal=True)
    labels = [(fact.subject, fact.object) for fact in facts if fact.relation == LABEL]
    assert labels == [
        (Q1, "Fargo"), ("person:Joel Coen", "Joel Coen"), ("person:Ethan Coen", "Ethan Coen"),
        ("person:Steve Buscemi", "Steve Buscemi"),
        ("person:Larry Brandenburg, Jr.", "Larry Brandenburg, Jr."),
        ("genre:Crime", "Crime"), ("genre:Drama", "Drama"), ("language:English", "English"),
        ("country:United States", "United States"),
    ]  # fmt: skip
    assert {fact.subject for fact in facts if fact.relation != LABEL} == {Q1}
    roles = {fact.relation for fact in facts if fact.object == "person:Joel Coen"}
    assert roles == {"director", "writer", "cast"}
    values = {fact.relation: fact.object for fact in facts if fact.literal and fact.subject == Q1}
    assert values == {LABEL: "Fargo", "release_year": "1996", "imdb_id": "tt0116282"}
    assert {fact.relation for fact in facts} == {LABEL, *RELATIONS}


def test_missing_cells_state_nothing(tmp_path: Path) -> None:
    facts = facts_of(database(tmp_path / FILE, [BARE]))
    assert [(fact.relation, fact.object) for fact in facts] == [
        (LABEL, "Nobody's Film"), ("release_year", "1990"), ("imdb_id", "tt2"),
    ]  # fmt: skip


def test_lists_in_place_of_a_cast_are_left_out_and_counted(tmp_path: Path) -> None:
    cell = "list of Harry Potter cast members, Emma Watson"
    not_names: list[str] = []
    facts = list(read_films(database(tmp_path / FILE, [with_cell("Cast", cell)]), not_names))
    assert [fact.object for fact in facts if fact.relation == "cast"] == ["person:Emma Watson"]
    assert not_names == ["list of Harry Potter cast members"]


def test_names_of_a_cell() -> None:
    assert names_in(" A  B, , C, A B, Jr., D") == ["A B", "C", "A B, Jr.", "D"]
    assert names_in("Jr., A") == ["Jr.", "A"]
    assert names_in("") == []


def test_hostile_text_stays_text(tmp_path: Path) -> None:
    hostile = "Robert'); DROP TABLE omdb;-- <script>"
    path = database(tmp_path / FILE, [with_cell("Director", hostile), BARE])
    before = path.read_bytes()
    assert Fact(Q1, "director", f"person:{hostile}") in facts_of(path)
    assert path.read_bytes() == before
    assert sorted(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("ID", "Q1"),
        ("ID", None),
        ("ID", -3),
        ("Title", ""),
        ("Title", "a\0b"),
        ("Director", "a\x07b"),
        ("Cast", "x" * 5000),
        ("Cast", b"\xff\xfe"),
    ],
)
def test_wrong_cell_is_named_by_row_and_column(tmp_path: Path, column: str, cell: object) -> None:
    path = database(tmp_path / FILE, [BARE, with_cell(column, cell)])
    with pytest.raises(RowError) as caught:
        facts_of(path)
    assert (caught.value.file, caught.value.line, caught.value.column) == (str(path), 2, column)


def test_huge_cell_is_an_error(tmp_path: Path) -> None:
    path = database(tmp_path / FILE, [with_cell("Cast", "x" * (MAX_CELL_LENGTH + 1))])
    with pytest.raises(AssetError, match="too big"):
        facts_of(path)


@pytest.mark.parametrize(
    ("schema", "problem"),
    [
        ("CREATE TABLE films (ID)", "has no table 'omdb'"),
        ("CREATE TABLE omdb (ID, Title)", "has no column Year, imdbID"),
        ("CREATE VIEW omdb AS SELECT load_extension('x') AS ID", "has no table 'omdb'"),
    ],
)
def test_wrong_schema_is_said(tmp_path: Path, schema: str, problem: str) -> None:
    with pytest.raises(AssetError, match=problem):
        facts_of(database(tmp_path / FILE, [], schema))


def test_what_is_no_database_is_said(tmp_path: Path) -> None:
    file = tmp_path / FILE
    with pytest.raises(AssetError, match="cannot be opened"):
        facts_of(file)
    file.write_bytes(b"no database at all" * 100)
    with pytest.raises(AssetError, match="not a database"):
        facts_of(file)


def test_real_file() -> None:
    """Only where it has been fetched before: a test downloads nothing."""
    folder = assets.cache_folder(NAME)
    if not (folder / FILE).is_file():
        pytest.skip(f"{NAME} has not been fetched")
    films = WikidataFilms(folder)
    facts = list(films.facts())
    counts = Counter(fact.relation for fact in facts)
    assert counts["release_year"] == 17_472
    assert counts["director"] > 18_000
    assert len(films.not_names) == 8
    assert (
        Fact("http://www.wikidata.org/entity/Q595", LABEL, "The Intouchables", literal=True)
        in facts
    )
