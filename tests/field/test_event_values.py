"""Cells of events: missing values, times, types, ratings."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import polars as pl
import pytest

from tests.support.stored import finding, report_of, stored_events

MARKERS = ("nan", "NaN", "N/A", "n/a", "#N/A", "null", "NULL", "None", "\\N", "", "  ")
SEPTEMBER_13 = datetime(2020, 9, 13, tzinfo=UTC).timestamp()


@pytest.mark.parametrize("marker", MARKERS)
def test_a_missing_id_is_no_id(tastegraph, shop, write, marker):
    file = write("e.csv", f"user_id,item_id\nann,7\nbob,{marker}\n{marker},8\n")
    result = tastegraph("import", shop, "--events", file)
    assert result.code == 1
    assert "line 3, column 'item_id'" in result.err
    report = report_of(tastegraph("import", shop, "--events", file, "--on-error", "skip", "--json"))
    assert report["bad_rows"] == 2
    assert [(e.user_id, e.item_id) for e in stored_events(shop)] == [("ann", "7")]


@pytest.mark.parametrize("marker", MARKERS)
def test_a_missing_rating_type_or_time_is_none(tastegraph, shop, write, marker):
    file = write(
        "e.csv", f"user_id,item_id,rating,type,timestamp\nann,7,{marker},{marker},{marker}\n"
    )
    report = report_of(tastegraph("import", shop, "--events", file, "--json"))
    (event,) = stored_events(shop)
    assert (event.type, event.value, event.timestamp) == ("click", None, None)
    if marker.strip():
        assert finding(report, "rating", "missing")["count"] == 1


def test_which_texts_are_missing_values_is_configured(tastegraph, shop, write):
    (shop / "tastegraph.toml").write_text('[imports]\nmissing = ["-"]\n', encoding="utf-8")
    file = write("e.csv", "user_id,item_id,rating\nann,null,-\n")
    assert tastegraph("import", shop, "--events", file).code == 0
    (event,) = stored_events(shop)
    assert (event.item_id, event.value) == ("null", None)


@pytest.mark.parametrize("suffix", ["parquet", "jsonl"])
def test_nan_in_typed_files_is_no_value(tastegraph, shop, tmp_path, suffix):
    rows = [("ann", 7.0, 4.0, 1.6e9), ("bob", 8.0, None, None), ("cid", None, 5.0, 1.6e9)]
    path = tmp_path / f"e.{suffix}"
    names = ("user_id", "item_id", "rating", "timestamp")
    if suffix == "parquet":
        frame = pl.DataFrame(rows, schema=names, orient="row")
        frame.with_columns(pl.col(pl.Float64).fill_null(float("nan"))).write_parquet(path)
    else:
        lines = (dict(zip(names, row, strict=True)) for row in rows)
        text = "\n".join(json.dumps(line).replace("null", "NaN") for line in lines)
        path.write_text(text, encoding="utf-8")
    report = report_of(tastegraph("import", shop, "--events", path, "--on-error", "skip", "--json"))
    assert [(e.user_id, e.item_id, e.type, e.value) for e in stored_events(shop)] == [
        ("ann", "7", "rating", 4.0), ("bob", "8", "click", None),
    ]  # fmt: skip
    assert report["bad_rows"] == 1


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("1600000000", 1.6e9),
        ("1600000000.5", 1.6e9 + 0.5),
        ("1600000000500", 1.6e9 + 0.5),
        ("1600000000500000", 1.6e9 + 0.5),
        ("20200913", SEPTEMBER_13),
        ("2020-09-13", SEPTEMBER_13),
        ("2020-09-13T12:00:00Z", SEPTEMBER_13 + 43_200),
        ("2020-09-13 12:00:00", SEPTEMBER_13 + 43_200),
        ("2020-09-13T20:00:00+08:00", SEPTEMBER_13 + 43_200),
        ("2020", datetime(2020, 1, 1, tzinfo=UTC).timestamp()),
    ],
)
def test_times_are_read_as_they_are_meant(tastegraph, shop, write, cell, expected):
    file = write("e.csv", f"user_id,item_id,timestamp\nann,7,{cell}\n")
    result = tastegraph("import", shop, "--events", file)
    assert result.code == 0, result.err
    assert stored_events(shop)[0].timestamp == expected


@pytest.mark.parametrize("cell", ["20201345", "13/09/2020", "yesterday", "-5", "4102444800"])
def test_what_is_no_time_is_refused(tastegraph, shop, write, cell):
    file = write("e.csv", f"user_id,item_id,timestamp\nann,7,{cell}\n")
    result = tastegraph("import", shop, "--events", file)
    assert result.code == 1, stored_events(shop)
    assert "line 2, column 'timestamp'" in result.err


@pytest.mark.parametrize("cell", ["20201345", "0", "99999999"])
def test_one_wrong_date_does_not_make_seconds_of_the_others(tastegraph, shop, write, cell):
    rows = f"ann,7,20200913\nbob,7,{cell}\ncid,7,20200913\n"
    file = write("e.csv", f"user_id,item_id,timestamp\n{rows}")
    result = tastegraph("import", shop, "--events", file, "--on-error", "skip")
    assert "1 bad rows were left out" in result.out
    assert [event.timestamp for event in stored_events(shop)] == [SEPTEMBER_13] * 2


def test_times_of_typed_files_are_moments(tastegraph, shop, tmp_path):
    moment = datetime(2020, 9, 13, 12)
    frame = pl.DataFrame({"user_id": ["ann"], "item_id": [7], "timestamp": [moment]})
    frame.write_parquet(tmp_path / "e.parquet")
    assert tastegraph("import", shop, "--events", tmp_path / "e.parquet").code == 0
    assert stored_events(shop)[0].timestamp == SEPTEMBER_13 + 43_200


def test_event_types_of_a_shop_are_used_by_option_or_by_configuration(tastegraph, shop, write):
    file = write("e.csv", "user_id,item_id,type\nann,7,add_to_cart\nann,8,refund\n")
    result = tastegraph("import", shop, "--events", file)
    assert "'add_to_cart' found" in result.err
    types = ("--type", "click=add_to_cart", "--type", "dislike=refund")
    assert tastegraph("import", shop, "--events", file, *types).code == 0
    assert [event.type for event in stored_events(shop)] == ["click", "dislike"]
    settings = "[events.weights]\nadd_to_cart = 0.7\nrefund = -1.0\n"
    (shop / "tastegraph.toml").write_text(settings, encoding="utf-8")
    assert tastegraph("import", shop, "--events", file).code == 0
    assert sorted(event.type for event in stored_events(shop)) == ["add_to_cart", "refund"]


def test_columns_that_are_not_used_are_named(tastegraph, shop, write):
    file = write("e.csv", "user_id,item_id,page,device\nann,7,home,phone\n")
    report = report_of(tastegraph("import", shop, "--events", file, "--json"))
    assert [finding["column"] for finding in report["findings"]] == ["page", "device"]
    result = tastegraph("import", shop, "--events", file)
    assert "e.csv, column 'page': not used (1)" in result.out
