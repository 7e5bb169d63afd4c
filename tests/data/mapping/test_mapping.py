"""Columns are read as the caller says or by their own name; other names are only proposed."""

from __future__ import annotations

import pytest

from tastegraph.core.errors import RowError, TastegraphError
from tastegraph.data.mapping.names import column_names, parse_mapping, proposed_column


def test_columns_of_our_names_are_read_and_others_of_items_alone() -> None:
    columns = ["user_id", "item_id", "timestamp", "colour"]
    assert column_names(columns, "events", {}, "f") == {name: name for name in columns[:3]}
    columns = ["item_id", "title", "colour"]
    assert column_names(columns, "items", {}, "f") == {name: name for name in columns}


def test_a_mapping_goes_before_a_name_and_a_name_before_an_alias() -> None:
    mapping = {"item_id": "sku", "timestamp": "ts"}
    assert column_names(["user_id", "item_id", "sku", "ts"], "events", mapping, "f") == {
        "sku": "item_id", "ts": "timestamp", "user_id": "user_id",
    }  # fmt: skip
    columns = ["head", "subject", "predicate", "object"]
    assert column_names(columns, "facts", {}, "f") == {
        "head": "head", "predicate": "relation", "object": "tail",
    }  # fmt: skip
    assert column_names(["item_id", "name", "id"], "items", {"title": "name"}, "f") == {
        "name": "title", "item_id": "item_id", "id": "id",
    }  # fmt: skip


def test_a_mapping_of_another_kind_or_file_is_passed_over() -> None:
    mapping = {"timestamp": "ts", "item_id": "sku"}
    assert column_names(["item_id", "entity"], "links", mapping, "f") == {
        "item_id": "item_id", "entity": "entity",
    }  # fmt: skip


def test_a_mapping_of_events_says_nothing_of_items() -> None:
    mapping = {"item_id": "sku", "timestamp": "ts", "user_id": "uid", "colour": "c"}
    assert column_names(["sku", "title", "ts", "c"], "items", mapping, "f") == {
        "sku": "item_id", "c": "colour", "title": "title", "ts": "ts",
    }  # fmt: skip
    with pytest.raises(RowError, match="mapped to colour"):
        column_names(["sku", "title"], "items", mapping, "f")


@pytest.mark.parametrize(
    ("columns", "column", "proposal"),
    [
        (["userId", "item_id"], "user_id", "--map user_id=userId"),
        (["user_id", "Product ID"], "item_id", "--map 'item_id=Product ID'"),
        (["user_id", "x"], "item_id", "--map item_id=ITS_NAME"),
        (["usr_id", "item_id"], "user_id", "--map user_id=usr_id"),
    ],
)
def test_a_missing_column_is_an_error_that_proposes_one(
    columns: list[str], column: str, proposal: str
) -> None:
    with pytest.raises(RowError) as caught:
        column_names(columns, "events", {}, "f.csv")
    assert (caught.value.file, caught.value.line, caught.value.column) == ("f.csv", 1, column)
    assert proposal in str(caught.value)


def test_a_mapping_from_a_column_that_is_not_there_is_an_error() -> None:
    with pytest.raises(RowError, match=r"column 'tss'.*timestamp \(perhaps --map timestamp=ts\)"):
        column_names(["user_id", "item_id", "ts"], "events", {"timestamp": "tss"}, "f")
    with pytest.raises(TastegraphError, match="mapped to both user_id and item_id"):
        column_names(["id"], "events", {"user_id": "id", "item_id": "id"}, "f")


def test_arguments_become_a_mapping() -> None:
    assert parse_mapping(["item_id=product_id", "timestamp=a=b"]) == {
        "item_id": "product_id", "timestamp": "a=b",
    }  # fmt: skip
    for arguments, text in {
        ("item_id",): "write --map",
        ("item_id=a", "item_id=b"): "item_id is a already",
        ("product_id=item_id",): "Turn it round: --map item_id=product_id",
    }.items():
        with pytest.raises(TastegraphError, match=text):
            parse_mapping(arguments, ["events"])


def test_the_likeliest_name_is_proposed() -> None:
    assert proposed_column("user_id", ["session_id", "Customer-ID"]) == "Customer-ID"
    assert proposed_column("title", ["sku", "price"]) is None
