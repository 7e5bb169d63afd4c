"""Tables of facts and links in columns: the same as single rows, and what is left out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tastegraph.core.errors import RowError
from tastegraph.core.fact_columns import facts_of, links_of
from tastegraph.core.import_report import ImportReport
from tastegraph.core.records import Fact, Link
from tastegraph.data.facts import fact_columns, link_columns, read_facts
from tastegraph.data.rejected_rows import RejectedRows
from tastegraph.data.single_statements import fact_from, link_from
from tastegraph.data.statement_tables import StatementsRead, facts_of_table, links_of_table
from tastegraph.data.tables.reader import TableBatch
from tests.support.source_files import STRICT, write

MARKERS = ("nan", "N/A")

texts = st.sampled_from(
    ["a", "item:1", "é", " ", "", "nan", "N/A", "x\x01", "y\x00", "\u2028", "b" * 513, "c" * 4097]
)
cells: Mapping[str, st.SearchStrategy[Any]] = {
    "head": texts | st.none(),
    "relation": texts | st.none(),
    "tail": texts | st.none(),
    "literal": st.sampled_from(["true", "false", "", "yes", "nan", None]),
    "datatype": st.sampled_from(["", None, "http://t", "http://www.w3.org/2001/XMLSchema#string",
                                 "http://www.w3.org/1999/02/22-rdf-syntax-ns#langString", "t\x01"]),
    "language": st.sampled_from(["", None, "en", "EN-us", "not a tag"]),
    "confidence": st.sampled_from(["", None, "1", "0.5", "0", "1.5", "x", "nan"]),
}  # fmt: skip
rows = st.fixed_dictionaries(dict(cells))
links = st.fixed_dictionaries({"item_id": texts | st.none(), "entity": texts | st.none()})


def batch(table: list[dict[str, Any]], names: tuple[str, ...]) -> TableBatch:
    frame = pl.DataFrame(table, schema=dict.fromkeys(names, pl.String))
    return TableBatch(frame, pl.Series("line", range(2, len(table) + 2), pl.UInt64), "f")


def is_missing(cell: object) -> bool:
    return cell is None or not str(cell).strip() or cell in MARKERS


def single(row: dict[str, Any], line: int) -> Fact | None:
    """By the rules for one row: ``None`` where something is missing."""
    typed = not (is_missing(row["datatype"]) and is_missing(row["language"]))
    plain = {name: None if is_missing(cell) else cell for name, cell in row.items()}
    if typed:
        plain["tail"] = row["tail"]
    absent = [name for name in ("head", "relation", "tail") if plain[name] is None]
    return None if absent else fact_from(plain, "f", line)


@settings(max_examples=300, deadline=None)
@given(st.lists(rows, max_size=6))
def test_columns_of_facts_hold_what_single_rows_do(table: list[dict[str, Any]]) -> None:
    expected, n_missing, n_bad = [], 0, 0
    for line, row in enumerate(table, start=2):
        try:
            fact = single(row, line)
        except RowError:
            n_bad += 1
            continue
        n_missing += fact is None
        expected += [fact] if fact else []
    rejects, counts = RejectedRows("skip"), StatementsRead()
    frame = facts_of_table(batch(table, tuple(cells)), rejects, MARKERS, counts)
    assert sorted(map(repr, facts_of(frame))) == sorted(map(repr, expected))
    assert (rejects.count, counts.missing, counts.rows) == (n_bad, n_missing, len(table) - n_bad)


@settings(max_examples=100, deadline=None)
@given(st.lists(links, max_size=6))
def test_columns_of_links_hold_what_single_rows_do(table: list[dict[str, Any]]) -> None:
    expected, n_missing, n_bad = [], 0, 0
    for line, row in enumerate(table, start=2):
        if any(map(is_missing, row.values())):
            n_missing += 1
            continue
        try:
            expected.append(link_from(row, "f", line))
        except RowError:
            n_bad += 1
    rejects, counts = RejectedRows("skip"), StatementsRead()
    frame = links_of_table(batch(table, ("item_id", "entity")), rejects, MARKERS, counts)
    assert list(links_of(frame)) == expected
    assert (rejects.count, counts.missing, counts.rows) == (n_bad, n_missing, len(table) - n_bad)


@pytest.mark.parametrize("cell", ["nan", "N/A", "null", "None", "", " "])
@pytest.mark.parametrize("column", ["head", "relation", "tail"])
def test_a_missing_cell_states_nothing_and_is_counted(
    tmp_path: Path, column: str, cell: str
) -> None:
    row = {"head": "a", "relation": "r", "tail": "b", column: cell}
    path = write(tmp_path / "f.csv", f"head,relation,tail\n{','.join(row.values())}\nc,r,d\n")
    report = ImportReport()
    facts = [f for frame in fact_columns(path, STRICT, report=report) for f in facts_of(frame)]
    assert facts == [Fact("c", "r", "d")]
    counts = report.counts("facts", "f.csv")
    assert (counts.read, counts.left_out) == (2, 1)
    (finding,) = report.findings
    assert (finding.column, finding.count) == (column, 1)
    assert finding.example == f"{cell!r} in line 2"


def test_markers_can_be_configured(tmp_path: Path) -> None:
    path = write(tmp_path / "f.csv", "head,relation,tail\na,r,nan\na,r,-\n")
    (frame,) = fact_columns(path, STRICT, markers=["-"])
    assert list(facts_of(frame)) == [Fact("a", "r", "nan")]


def test_a_typed_value_is_a_value_whatever_it_is(tmp_path: Path) -> None:
    """NaN is a number of its type, and a text of a language may be empty."""
    double = "http://www.w3.org/2001/XMLSchema#double"
    table = f"head,relation,tail,literal,datatype,language\na,r,nan,true,{double},\na,r,,true,,en\n"
    assert list(read_facts(write(tmp_path / "f.csv", table), STRICT)) == [
        Fact("a", "r", "nan", literal=True, datatype=double),
        Fact("a", "r", "", literal=True, language="en"),
    ]


@pytest.mark.parametrize("name", ["f.parquet", "f.jsonl"])
def test_native_values(tmp_path: Path, name: str) -> None:
    frame = pl.DataFrame(
        {
            "head": ["a", "b", "c", "d"],
            "relation": ["r"] * 4,
            "tail": [1.5, 2.0, float("nan"), None],
            "literal": [True] * 4,
        }
    )
    path = tmp_path / name
    frame.write_parquet(path) if name.endswith("parquet") else frame.write_ndjson(path)
    report = ImportReport()
    frames = fact_columns(path, STRICT, report=report)
    assert [fact.object for frame in frames for fact in facts_of(frame)] == ["1.5", "2.0"]
    assert report.counts("facts", name).left_out == 2


@pytest.mark.parametrize(
    ("cells_of_tail", "expected"),
    [([1, 2], ["1", "2"]), ([True, False], ["true", "false"]),
     ([date(2020, 1, 2), date(1999, 12, 31)], ["2020-01-02", "1999-12-31"])],
)  # fmt: skip
def test_values_of_parquet_columns(
    tmp_path: Path, cells_of_tail: list[object], expected: list[str]
) -> None:
    path = tmp_path / "f.parquet"
    columns = {"head": ["a", "a"], "relation": ["r", "r"], "literal": [True, True]}
    pl.DataFrame({**columns, "tail": cells_of_tail}).write_parquet(path)
    assert [fact.object for fact in read_facts(path, STRICT)] == expected


def test_links_without_an_entity_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "l.parquet"
    ids = {"item_id": [1, 2, None], "entity": ["a", None, "c"]}
    pl.DataFrame(ids).write_parquet(path)
    report = ImportReport()
    (frame,) = link_columns(path, STRICT, report=report)
    assert list(links_of(frame)) == [Link("1", "a")]
    assert report.counts("links", "l.parquet").left_out == 2


def test_unused_columns_are_named(tmp_path: Path) -> None:
    path = write(tmp_path / "f.csv", "head,relation,tail,weight\na,r,b,1\n")
    report = ImportReport()
    list(fact_columns(path, STRICT, report=report))
    assert [(finding.column, finding.text) for finding in report.findings] == [
        ("weight", "not used")
    ]


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(bad=st.sets(st.integers(0, 9)))
def test_the_first_bad_row_is_named(tmp_path: Path, bad: set[int]) -> None:
    rows_of_file = ["a,r,b,2" if k in bad else "a,r,b,1" for k in range(10)]
    path = write(tmp_path / "f.csv", "\n".join(["head,relation,tail,confidence", *rows_of_file]))
    if bad:
        with pytest.raises(RowError) as caught:
            list(read_facts(path, STRICT))
        assert (caught.value.line, caught.value.column) == (min(bad) + 2, "confidence")
    rejects = RejectedRows("skip")
    assert len(list(read_facts(path, rejects))) == 10 - len(bad)
    assert rejects.count == len(bad)
