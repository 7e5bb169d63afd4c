"""A look at files: what they hold, what is wrong, its remedy, and commands that read them so."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tastegraph.core.config import ImportConfig
from tastegraph.data.inspection.guesses import guessed_columns, guessed_kind
from tastegraph.data.inspection.inspect_files import Inspection, as_json, in_words, inspect_files
from tastegraph.data.mapping.mapped_tables import MappedTable
from tastegraph.data.mapping.readings import ReadingOptions, reading_of
from tests.support.source_files import STRICT, write


def problems(inspection: Inspection) -> dict[str, str]:
    """Text of a finding → its remedy."""
    return {finding.text: finding.remedy for finding in inspection.findings}


def test_a_shop_with_names_of_its_own(tmp_path: Path) -> None:
    text = "sku;name;tags\n7;Café;x\n8;Tee;N/A\n8;Tee;y\n"
    items = write(tmp_path / "products.csv", text.encode("cp1252"))
    text = "customer_id,product_id,ts,event\nu1,7.0,1600000000,view_item\nu2,8.0,x,purchase\n"
    events = write(tmp_path / "events.csv", text)
    inspection = inspect_files([items, events], workspace="shop")
    products, clicks = inspection.files
    assert (products.encoding, products.separator, products.kind) == ("cp1252", ";", "items")
    assert (products.rows, clicks.rows, clicks.bad_rows) == (3, 1, 1)
    assert products.first_rows[0]["name"] == "Café"
    assert [(column.name, column.ours, column.type) for column in clicks.columns] == [
        ("customer_id", "user_id", "text"), ("product_id", "item_id", "numbers"),
        ("ts", "timestamp", "text"), ("event", "type", "text"),
    ]  # fmt: skip
    remedies = problems(inspection)
    assert "--encoding cp1252" in remedies["is no UTF-8"]
    assert "--type view=view_item" in remedies["event types by another name"]
    assert "missing values" in remedies
    assert "rows with an id that has occurred before" in remedies
    assert any("seconds since" in text for text in remedies)
    (comparison,) = inspection.comparisons
    assert comparison.mismatch is not None
    assert (comparison.mismatch.unknown, comparison.mismatch.difference) == (1, "decimals")
    assert inspection.commands == [
        f"tastegraph import shop --items {items} --map item_id=sku --map title=name "
        "--encoding cp1252",
        f"tastegraph import shop --events {events} --map user_id=customer_id "
        "--map item_id=product_id --map timestamp=ts --map type=event --type view=view_item",
    ]


def test_types_by_usual_names_become_options_and_others_are_for_the_user(tmp_path: Path) -> None:
    text = "user_id,item_id,type\nu,1,add_to_cart\nu,1,refund\nu,2,view\nu,2,frobnicate\n"
    inspection = inspect_files([write(tmp_path / "e.csv", text)], workspace="shop")
    remedies = problems(inspection)
    assert (
        "--type click=add_to_cart --type dislike=refund" in remedies["event types by another name"]
    )
    assert "which of ours frobnicate is" in remedies["event types without a meaning"]
    assert "--type click=add_to_cart --type dislike=refund" in inspection.commands[0]


def test_a_row_of_a_session_needs_no_user(tmp_path: Path) -> None:
    text = "user_id,session_id,item_id\nu,s1,1\n,s2,1\n,,1\n"
    inspection = inspect_files([write(tmp_path / "e.csv", text)])
    (finding,) = inspection.findings
    assert (finding.column, finding.count) == ("user_id", 1)
    assert "line 4" in finding.example


def test_files_that_the_same_options_read_are_imported_together(tmp_path: Path) -> None:
    items = write(tmp_path / "i.csv", "product_id,title\n1,A\n")
    events = write(tmp_path / "e.csv", "user_id,product_id,ts\nu,1,1600000000\n")
    links = write(tmp_path / "l.csv", "item_id,entity\n1,Q1\n")
    inspection = inspect_files([events, links, items])
    assert inspection.commands == [
        f"tastegraph import DIR --items {items} --links {links} --events {events} "
        "--map item_id=product_id --map timestamp=ts"
    ]
    assert [comparison.mismatch for comparison in inspection.comparisons] == [None, None]
    assert "events, column 'item_id': all 1 ids are among the items" in list(in_words(inspection))


def test_a_file_without_a_header_is_shown_with_guessed_columns(tmp_path: Path) -> None:
    path = write(tmp_path / "ratings.dat", "1::7::5::978300760\n2::8::3::978302109\n")
    inspection = inspect_files([path])
    (file,) = inspection.files
    assert (file.separator, file.has_header, file.rows, file.kind) == ("::", False, 2, "events")
    assert problems(inspection).keys() == {"has no header: its first row looks like data"}
    assert inspection.commands == [
        f"tastegraph import DIR --events {path} --columns user_id,item_id,rating,timestamp"
    ]


def test_what_cannot_be_read_is_a_problem_and_no_error(tmp_path: Path) -> None:
    paths = [
        tmp_path / "missing.csv",
        write(tmp_path / "t.doc", "x"),
        write(tmp_path / "empty.csv", ""),
        write(tmp_path / "t.parquet", "no parquet"),
        write(tmp_path / "t.zip", "no zip"),
        write(tmp_path / "colours.csv", "colour,size\nred,big\n"),
        write(tmp_path / "bad.csv", 'user_id,item_id\nu,"i\nu\nv,j\n' + "u,i,x\n" * 9),
    ]
    inspection = inspect_files(paths)
    assert [file.kind for file in inspection.files] == [None] * 6 + ["events"]
    assert {finding.file for finding in inspection.findings} == {str(path) for path in paths}
    assert (inspection.files[-1].rows, inspection.files[-1].bad_rows) == (1, 11)
    assert "map them with --map" in problems(inspection)[
        "has columns that do not say what it holds"
    ]  # fmt: skip
    assert json.loads(json.dumps(as_json(inspection)))["files"][0]["kind"] is None
    assert list(in_words(inspection))


def test_a_format_is_read_by_its_name(tmp_path: Path) -> None:
    ratings = write(
        tmp_path / "ratings.csv", "userId,movieId,rating,timestamp\n1,31,2.5,1260759144\n"
    )
    films = write(tmp_path / "movies.csv", "movieId,title,genres\n31,A,B|C\n")
    inspection = inspect_files([ratings, films], ReadingOptions(format="movielens"))
    assert [file.kind for file in inspection.files] == ["events", "items"]
    assert [comparison.mismatch for comparison in inspection.comparisons] == [None]
    assert inspection.commands == [
        f"tastegraph import DIR --items {films} --events {ratings} --format movielens"
    ]


def test_statements_are_counted_and_their_ids_compared_with_links(tmp_path: Path) -> None:
    text = '<http://x/Q1> <http://p> <http://x/Q2> .\nbad\n<http://x/Q1> <http://p> "1" .\n'
    facts = write(tmp_path / "kg.nt.gz", text)
    links = write(tmp_path / "links.csv", "item_id,entity\n1,Q1\n2,http://x/Q2\n")
    inspection = inspect_files([facts, links])
    file = inspection.files[0]
    assert (file.kind, file.format, file.rows, file.bad_rows) == ("facts", "nt", 2, 1)
    (comparison,) = inspection.comparisons
    assert comparison.mismatch is not None
    assert comparison.mismatch.example == ("Q1", "http://x/Q1")
    assert inspection.commands == [f"tastegraph import DIR --facts {facts} --links {links}"]
    dump = write(tmp_path / "wikidata.json", '[\n{"id": "Q1", "claims": {}, "labels": {}}\n]\n')
    assert inspect_files([dump]).files[0].kind == "facts"


def test_types_of_columns_of_parquet_and_json(tmp_path: Path) -> None:
    frame = pl.DataFrame({"item_id": [1], "title": ["A"], "tags": [["x"]], "price": [1.5]})
    frame.write_parquet(tmp_path / "i.parquet")
    path = write(tmp_path / "e.jsonl", '{"user_id":"u","item_id":1,"timestamp":1600000000}\n')
    items, events = inspect_files([tmp_path / "i.parquet", path]).files
    assert [column.type for column in items.columns] == [
        "whole numbers", "text", "lists", "numbers",
    ]  # fmt: skip
    assert (events.kind, events.columns[0].type) == ("events", "text")


@pytest.mark.parametrize(
    ("columns", "kind"),
    [
        (["userId", "movieId", "rating"], "events"),
        (["id", "name", "price"], "items"),
        (["subject", "predicate", "object"], "facts"),
        (["item_id", "entity_id"], "links"),
        (["item_id", "title", "wikidata"], "items"),
        (["colour", "size"], None),
    ],
)
def test_the_kind_is_guessed_from_the_columns(columns: list[str], kind: str | None) -> None:
    guess = guessed_kind(columns)
    assert (guess and guess[0]) == kind


def test_columns_without_a_header_are_guessed_from_their_cells() -> None:
    assert guessed_columns([["1", "7", "5", "978300760"], ["2", "8", "3", "978302109"]]) == [
        "user_id", "item_id", "rating", "timestamp",
    ]  # fmt: skip
    assert guessed_columns([["1", "Toy Story (1995)", "x"]]) == ["item_id", "title", "column_3"]
    assert guessed_columns([]) == []


quick = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
NAMES = {
    "user_id": ["user_id", "userId", "customer"],
    "item_id": ["item_id", "sku", "Product ID"],
    "timestamp": ["timestamp", "ts"],
}


@quick
@given(
    st.sampled_from(["utf-8", "utf-16", "gbk"]),
    st.sampled_from([",", ";", "\t", "::"]),
    st.tuples(*(st.sampled_from(names) for names in NAMES.values())),
    st.booleans(),
)
def test_what_was_inspected_can_be_read_so(
    tmp_path: Path, encoding: str, separator: str, names: tuple[str, ...], has_header: bool
) -> None:
    """The options that a look finds read the file that was looked at."""
    rows = [[f"用户{number}", f"商品{number}", str(1_600_000_000 + number)] for number in range(20)]
    lines = [list(names), *rows] if has_header else rows
    text = "\n".join(separator.join(line) for line in lines) + "\n"
    path = write(tmp_path / "t.csv", text.encode(encoding))
    inspection = inspect_files([path])
    (file,) = inspection.files
    assert (file.kind, file.rows, file.bad_rows) == ("events", 20, 0)
    reading = reading_of(path, "events", ImportConfig(), replace(file.options))
    frames = [batch.frame for batch in MappedTable(path, "events", STRICT, reading)]
    columns = ["user_id", "item_id", "timestamp"]
    assert pl.concat(frames).select(columns).rows() == [tuple(row) for row in rows]
