"""How a file is read: the options go before the configuration, and that before the format."""

from __future__ import annotations

from pathlib import Path

import pytest

from tastegraph.core.config import checked_config
from tastegraph.core.errors import TastegraphError
from tastegraph.data.mapping.mapped_tables import PLAIN
from tastegraph.data.mapping.readings import ReadingOptions, parse_types, reading_of, table_options
from tastegraph.data.tables.dialects import TableOptions

CONFIG = checked_config(
    {
        "imports": {
            "events": {
                "format": "movielens",
                "separator": "tab",
                "map": {"item_id": "film"},
                "types": {"view": ["seen", "watched"]},
            },
            "items": {"encoding": "gbk", "columns": ["item_id", "title"], "quote": "none"},
        }
    },
    "test",
).imports


def test_without_anything_said_a_file_says_it_itself(tmp_path: Path) -> None:
    assert reading_of(tmp_path / "t.csv", "links", CONFIG) == PLAIN


def test_the_configuration_goes_before_the_format(tmp_path: Path) -> None:
    reading = reading_of(tmp_path / "ratings.dat", "events", CONFIG)
    assert reading.options == TableOptions(
        separator="\t", quote="", columns=("user_id", "item_id", "rating", "timestamp")
    )
    assert reading.columns == {"item_id": "film"}
    assert reading.values == {"type": {"seen": "view", "watched": "view"}}
    items = reading_of(tmp_path / "t.csv", "items", CONFIG)
    assert items.options == TableOptions("gbk", quote="", columns=("item_id", "title"))


def test_the_options_go_before_the_configuration(tmp_path: Path) -> None:
    options = ReadingOptions(
        TableOptions(separator=";"), {"item_id": "sku"}, {"seen": "click"}, "ga4"
    )
    reading = reading_of(tmp_path / "e.csv", "events", CONFIG, options)
    assert reading.options.separator == ";"
    assert reading.columns == {"item_id": "sku"}
    types = reading.values["type"]
    assert (types["seen"], types["watched"], types["view_item"]) == ("click", "view", "view")


def test_types_are_read_ours_first() -> None:
    assert parse_types(["view=view_item", "view=page"]) == {"view_item": "view", "page": "view"}
    for arguments, text in {
        ("view",): "write --type",
        ("view=a", "click=a"): "a is view already",
    }.items():
        with pytest.raises(TastegraphError, match=text):
            parse_types(arguments)


def test_options_of_a_table_are_checked() -> None:
    assert table_options(separator="\\t", quote="none") == TableOptions(separator="\t", quote="")
    for arguments, text in [
        ({"encoding": "utf-9"}, "no such encoding"),
        ({"separator": ""}, "at least one character"),
        ({"separator": "\n"}, "no line end"),
        ({"quote": "ab"}, "one character, or none"),
        ({"quote": ";", "separator": ";"}, "one character, or none"),
        ({"quote": '"', "separator": "::"}, "allows none"),
        ({"columns": ["a", "a"]}, "names that differ"),
        ({"columns": ["a", ""]}, "names that differ"),
    ]:
        with pytest.raises(TastegraphError, match=text):
            table_options(**arguments)  # type: ignore[arg-type]
