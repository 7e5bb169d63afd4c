"""What item columns state is at any time what a fresh workspace would hold."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tastegraph.core.config import ColumnConfig
from tastegraph.core.records import Fact, Item, Records
from tastegraph.data.column_facts import ColumnFacts
from tastegraph.store import catalogue, erasure
from tastegraph.store.database import Database
from tastegraph.store.ingestion import ingest
from tastegraph.store.schema import CATALOGUE, evidence, facts, items, metadata
from tastegraph.workspace import Workspace

COLUMNS = st.dictionaries(
    st.sampled_from(["genre", "tags", "title"]),
    st.builds(
        ColumnConfig,
        relation=st.sampled_from(["genre", "tag", "label"]),
        entity=st.sampled_from([None, "tag", "item"]),
        literal=st.booleans(),
    ),
)
VALUES = st.lists(st.sampled_from(["a", "A", "b", "c", " a ", "x", "É", "é"]), max_size=2).map(
    tuple
)
ITEMS = st.builds(
    Item,
    item_id=st.sampled_from(["a", "b", "x", "y"]),
    title=st.sampled_from(["a", "Title"]),
    attributes=st.dictionaries(st.sampled_from(["genre", "tags", "other"]), VALUES).map(
        lambda attributes: dict(sorted(attributes.items()))
    ),
)
STEPS = st.lists(
    st.tuples(COLUMNS, st.lists(ITEMS, min_size=1, max_size=4)), min_size=1, max_size=5
)
OTHER_SOURCE = [
    Fact("tag:a", "label", "a", literal=True), Fact("item:a", "genre", "genre:a"),
    Fact("genre:b", "label", "another name", literal=True),
]  # fmt: skip


def stored(database: Database) -> list[list[tuple[object, ...]]]:
    """Items, facts and evidence, row by row."""
    with database.reading() as connection:
        return [
            sorted(map(repr, map(tuple, connection.execute(select(table)))))
            for table in (items, facts, evidence)
        ]


def imported(database: Database, columns: dict[str, ColumnConfig], new: list[Item]) -> None:
    with database.writing() as connection:
        records = Records(items=new, facts={"other": OTHER_SOURCE})
        ingest(connection, records, ColumnFacts(columns))


@settings(max_examples=150, deadline=None)
@given(steps=STEPS, erased=st.sampled_from([None, "a", "x"]))
def test_any_imports_under_any_configurations_leave_what_a_fresh_workspace_has(
    steps, erased
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        database = Database(Path(folder) / "a.db", metadata)
        for columns, new in steps:
            imported(database, columns, new)
        if erased is not None:
            with database.writing() as connection:
                erasure.erase_item(connection, erased)
        with database.reading() as connection:
            present = list(catalogue.all_items(connection))
        fresh = Database(Path(folder) / "b.db", metadata)
        imported(fresh, steps[-1][0], present)
        if erased is not None:
            with fresh.writing() as connection:
                erasure.erase_item(connection, erased)
        assert stored(database) == stored(fresh)
        database.close()
        fresh.close()


def labels(workspace: Workspace) -> set[str]:
    with workspace.database.reading() as connection:
        query = (
            select(facts.c.object)
            .join(evidence, evidence.c.fact_id == facts.c.fact_id)
            .where(evidence.c.source == CATALOGUE, facts.c.relation == "label")
        )
        return set(connection.scalars(query))


def configured(shop: Path, text: str) -> Workspace:
    (shop / "tastegraph.toml").write_text(text)
    return Workspace(shop)


GENRE = '[items.facts.genre]\nrelation = "genre"\n'


def test_names_of_a_column_that_is_configured_no_more_go(tmp_path: Path) -> None:
    catalogue_items = [Item(f"i{k}", f"Item {k}", "", {"genre": (f"g{k}",)}) for k in range(320)]
    Workspace.init(tmp_path / "shop")
    shop = configured(tmp_path / "shop", GENRE)
    shop.ingest(items=catalogue_items)
    assert len(labels(shop)) == 320
    shop.close()
    shop = configured(tmp_path / "shop", "")
    shop.ingest(items=catalogue_items[:1])
    assert labels(shop) == set()
    assert shop.counts()["facts"] == 0
    shop.close()


def test_cells_that_were_read_without_a_separator_are_split_under_it(tmp_path: Path) -> None:
    """The items that the second file lacks are those of the first, under the new configuration."""
    Workspace.init(tmp_path / "shop")
    shop = configured(tmp_path / "shop", "")
    shop.ingest(items=[Item("i", "One", "", {"genre": ("horror|crime",)})])
    shop.close()
    shop = configured(tmp_path / "shop", GENRE)
    shop.ingest(items=[Item("j", "Other", "", {"genre": ("war",)})])
    assert labels(shop) == {"horror", "crime", "war"}
    shop.close()


@pytest.mark.parametrize("keeps", [True, False])
def test_name_goes_with_the_last_item_that_has_the_entity(tmp_path: Path, keeps: bool) -> None:
    Workspace.init(tmp_path / "shop")
    shop = configured(tmp_path / "shop", GENRE)
    shop.ingest(items=[Item(name, name, "", {"genre": ("war",)}) for name in ("i", "j")])
    changed = ["i"] if keeps else ["i", "j"]
    shop.ingest(items=[Item(name, name, "", {"genre": ("noir",)}) for name in changed])
    assert labels(shop) == ({"war", "noir"} if keeps else {"noir"})
    shop.close()


def test_events_alone_state_nothing_anew(tmp_path: Path) -> None:
    Workspace.init(tmp_path / "shop")
    shop = configured(tmp_path / "shop", GENRE)
    shop.ingest(items=[Item("i", "One", "", {"genre": ("war",)})])
    shop.close()
    shop = configured(tmp_path / "shop", "")
    shop.ingest(events=[])
    assert labels(shop) == {"war"}
    shop.close()
