"""The demo's films: imported and linked once, by name; its settings."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from tastegraph.cli import demo
from tastegraph.core.records import Item, Link
from tastegraph.data import downloads as assets
from tastegraph.data.wikidata_films import FILE, NAME, RELATIONS
from tastegraph.explain.wording import sentence_templates
from tastegraph.kg.from_store import graph_from_store
from tastegraph.kg.identity import resolve_identity
from tastegraph.workspace import Workspace
from tests.data.test_wikidata_films import BARE, FARGO, database, with_cell

FILMS = ("Fargo", "Raising Arizona", "Blood Simple", "The Hudsucker Proxy")


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a small film file that has the right checksum."""
    folder = tmp_path / NAME
    folder.mkdir()
    rows = [
        (number, title, 1990 + number, f"tt{number}", *FARGO[4:])
        for number, title in enumerate(FILMS, 1)
    ]
    lists = with_cell("Cast", "list of Harry Potter cast members")
    path = database(folder / FILE, [*rows, (9, "Unseen", *BARE[2:]), (8, *lists[1:])])
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    asset = replace(assets.ASSETS[NAME], files={FILE: digest})
    monkeypatch.setitem(assets.ASSETS, NAME, asset)
    return tmp_path


@pytest.fixture
def workspace(tmp_path: Path, data: Path) -> Workspace:
    settings = demo.settings({}, {"film.film.directed_by": "director"})
    workspace = Workspace.init(tmp_path / "demo", settings)
    titles = (
        "Fargo (1991)",
        "Raising Arizona (1992)",
        "Blood Simple (1993)",
        "Hudsucker Proxy, The (1994)",
    )
    workspace.ingest(
        items=[Item(str(n), title) for n, title in enumerate(titles)],
        links={"ml-100k": [Link(str(n), f"m.0{n}") for n in range(4)]},
        facts={"ml-100k": []},
    )
    return workspace


def test_films_are_imported_and_linked_once(
    workspace: Workspace, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    demo.add_films(workspace, data)
    first = capsys.readouterr()
    assert f"facts about films of Wikidata from {data / NAME}" in first.out
    assert "'list of Harry Potter cast members'" in first.out
    assert f"linking to {NAME}: 4 items; linked: 4" in first.err
    demo.add_films(workspace, data)
    assert capsys.readouterr() == ("", "")
    with workspace.database.reading() as connection:
        links = resolve_identity(connection, workspace.config).links
    assert {link.entity_id.rpartition("/")[2] for link in links} == {
        "m.00", "m.01", "m.02", "m.03", "Q1", "Q2", "Q3", "Q4",
    }  # fmt: skip


def test_graph_holds_what_is_said_of_items_alone(workspace: Workspace, data: Path) -> None:
    demo.add_films(workspace, data)
    graph = graph_from_store(workspace.database, workspace.config)
    assert "Unseen" not in graph.labels
    assert {"Joel Coen", "Drama", "United States"} <= set(graph.labels)
    assert "imdb_id" not in graph.relations
    assert {"director", "writer", "cast", "genre", "country", "language"} <= set(graph.relations)
    joel = graph.labels.index("Joel Coen")
    roles = {
        graph.relations[r] for r, t in zip(graph.relation, graph.tails, strict=True) if t == joel
    }
    assert roles == {"director", "writer", "cast"}


def test_relations_read_in_both_languages(workspace: Workspace) -> None:
    templates = sentence_templates(workspace.config)
    phrases = {name: templates["en"].relation_phrase(name) for name in RELATIONS}
    assert phrases["cast"] == "cast member"
    chinese = {name: templates["zh"].relation_phrase(name) for name in RELATIONS}
    assert chinese["director"] == "导演"
    assert chinese["country"] == "国家/地区"
    assert workspace.config.relations["film.film.directed_by"].phrase == "director"
