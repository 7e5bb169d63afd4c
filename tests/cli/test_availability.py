"""When items may be listed, from files and records to the store."""

from __future__ import annotations

from pathlib import Path

import pytest

from tastegraph.core.errors import RowError, TastegraphError
from tastegraph.core.item_columns import frame_of_items
from tastegraph.core.records import ALWAYS, Availability, Item
from tastegraph.data.availability import availability_of
from tastegraph.data.items import read_items
from tastegraph.data.rejected_rows import RejectedRows
from tastegraph.store import availability
from tastegraph.store.availability import Restriction
from tastegraph.workspace import Workspace
from tests.support.command_line import is_one_line_error


def item(**attributes: str) -> Item:
    return Item("a", "A", "", {name: (value,) for name, value in attributes.items()})


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({}, ALWAYS),
        ({"hidden": "0", "genre": "x"}, ALWAYS),
        ({"hidden": " TRUE "}, Availability(hidden=True)),
        ({"hidden": "1"}, Availability(hidden=True)),
        ({"available_from": "1970-01-02"}, Availability(start=86_400.0)),
        ({"available_until": "100.5"}, Availability(end=100.5)),
        (
            {"available_from": "10", "available_until": "1970-01-01T00:00:20Z"},
            Availability(start=10.0, end=20.0),
        ),
    ],
)
def test_availability_is_read_from_columns(attributes, expected) -> None:
    frame = frame_of_items([item(**attributes)])
    assert list(availability_of(frame)) == [("a", expected)]


@pytest.mark.parametrize(
    "attributes",
    [
        {"hidden": "maybe"}, {"available_from": "never"}, {"available_until": "1e99"},
        {"available_from": "20", "available_until": "20"},
    ],
)  # fmt: skip
def test_wrong_value_is_an_error_that_names_the_item(tmp_path: Path, attributes) -> None:
    shop = Workspace.init(tmp_path / "shop")
    with pytest.raises(TastegraphError, match=f"items, line 1.*{list(attributes)[-1]}"):
        shop.ingest(items=[item(**attributes)])
    assert shop.counts()["items"] == 0
    shop.close()


FILE = (
    "item_id,title,hidden,available_from,available_until\n"
    "a,A,,,\nb,B,true,,\nc,C,no,2020-01-01,2100-01-01\nd,D,,2099-01-01,\ne,E,,,2001-01-01\n"
)


def test_columns_of_a_file_are_reported_and_stored(tastegraph, shop, tmp_path: Path) -> None:
    file = tmp_path / "items.csv"
    file.write_text(FILE)
    done = tastegraph("import", shop, "--items", file)
    assert done.code == 0, done.err
    line = "in no list now: 1 hidden, 1 available only later, 1 available no more"
    assert line in done.out
    workspace = Workspace(shop)
    with workspace.database.reading() as connection:
        stored = availability.restrictions(connection)
    assert stored[0] == Restriction("b", listed=False, start=None, end=None)
    assert [entry.item_id for entry in stored] == ["b", "c", "d", "e"]
    workspace.close()


def test_wrong_cell_of_a_file_is_named(tastegraph, shop, tmp_path: Path) -> None:
    file = tmp_path / "items.csv"
    file.write_text(FILE.replace("true", "perhaps"))
    done = tastegraph("import", shop, "--items", file)
    assert is_one_line_error(done, "items.csv", "line 3", "hidden", "true or false")


def test_replace_catalogue_says_what_is_delisted_and_what_is_back(
    tastegraph, shop, tmp_path: Path
) -> None:
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    first.write_text("item_id,title\na,A\nb,B\nc,C\n")
    second.write_text("item_id,title\na,A\nd,D\n")
    tastegraph("import", shop, "--items", first)
    done = tastegraph("import", shop, "--items", second, "--replace-catalogue")
    assert "delisted, because the new catalogue lacks them: 2 items" in done.out
    assert Workspace(shop).counts()["items"] == 4
    done = tastegraph("import", shop, "--items", first, "--replace-catalogue")
    assert "lacks them: 1 items" in done.out
    assert "listed again: 2 items" in done.out


def test_empty_catalogue_replaces_nothing(tastegraph, shop, tmp_path: Path) -> None:
    full, empty = tmp_path / "full.csv", tmp_path / "empty.csv"
    full.write_text("item_id,title\na,A\n")
    empty.write_text("item_id,title\n")
    tastegraph("import", shop, "--items", full)
    done = tastegraph("import", shop, "--items", empty, "--replace-catalogue")
    assert is_one_line_error(done, "no item in the new catalogue", "nothing was imported")
    done = tastegraph("import", shop, "--events", empty, "--replace-catalogue")
    assert is_one_line_error(done, "--items")
    with pytest.raises(TastegraphError, match="no item"):
        Workspace(shop).ingest(items=[], replace_catalogue=True)


def test_row_errors_name_file_and_line(tmp_path: Path) -> None:
    path = tmp_path / "shop.csv"
    path.write_text("item_id,title,hidden\na,A,no\nb,B,?\n")
    with pytest.raises(RowError, match=r"shop.csv, line 3, column 'hidden': '\?' found"):
        list(read_items(path, RejectedRows()))
