"""A table under our names: what is mapped, what is not used, what a batch lacks."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from tastegraph.core.errors import RowError
from tastegraph.data.mapping.mapped_tables import LINE, MappedTable, Preparation, Reading
from tests.support.source_files import STRICT, write


def test_columns_come_under_our_names_and_the_others_are_listed(tmp_path: Path) -> None:
    path = write(tmp_path / "e.csv", "userId,item_id,ts,mood\nu,i,5,glad\n")
    table = MappedTable(path, "events", STRICT, Reading(columns={"user_id": "userId"}))
    (batch,) = table
    assert batch.frame.to_dicts() == [{"user_id": "u", "item_id": "i"}]
    assert list(batch.lines) == [2]
    assert table.unused == ["ts", "mood"]


def test_values_are_mapped_and_others_stay(tmp_path: Path) -> None:
    path = write(tmp_path / "e.csv", "user_id,item_id,type\nu,i,view_item\nu,i,click\n")
    reading = Reading(values={"type": {"view_item": "view"}})
    (batch,) = MappedTable(path, "events", STRICT, reading)
    assert list(batch.frame["type"]) == ["view", "click"]


def test_rows_can_be_prepared_and_keep_their_lines(tmp_path: Path) -> None:
    path = write(tmp_path / "e.csv", "user_id,items\nu,a b\nv,\nw,c\n")

    def split(frame: pl.DataFrame) -> pl.DataFrame:
        rows = frame.with_columns(pl.col("items").str.split(" ")).explode("items")
        return rows.filter(pl.col("items") != "").select("user_id", LINE, item_id="items")

    reading = Reading(preparation=Preparation(lambda: split, frozenset({"items"})))
    table = MappedTable(path, "events", STRICT, reading)
    (batch,) = table
    assert batch.frame.rows() == [("u", "a"), ("u", "b"), ("w", "c")]
    assert list(batch.lines) == [2, 2, 4]
    assert (table.rows, table.rows_without_record, table.unused) == (3, 1, [])


def test_a_column_that_all_objects_lack_is_an_error_and_one_that_some_lack_is_null(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tastegraph.data.tables.reader.BLOCK_BYTES", 1)
    path = write(tmp_path / "f.jsonl", '{"subject":1,"relation":"r","tail":"x"}\n{"tail":"y"}\n')
    first, second = MappedTable(path, "facts", STRICT)
    assert first.frame.to_dicts() == [{"head": 1, "relation": "r", "tail": "x"}]
    assert second.frame.to_dicts() == [{"head": None, "relation": None, "tail": "y"}]
    path = write(tmp_path / "f.jsonl", '{"relation":"r","tail":"x"}\n')
    with pytest.raises(RowError, match="'head'"):
        list(MappedTable(path, "facts", STRICT))
