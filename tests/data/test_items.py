"""Items: what their cells mean, and that they mean it in every format."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tastegraph.core.config import ColumnConfig, Config, ImportConfig, ItemsConfig
from tastegraph.core.errors import RowError
from tastegraph.core.fact_columns import facts_of
from tastegraph.core.import_report import ImportReport
from tastegraph.core.item_columns import frame_of_items, items_of
from tastegraph.core.records import Fact, Item
from tastegraph.data.column_facts import ColumnFacts
from tastegraph.data.items import checked_items, read_item_frame, read_items
from tastegraph.data.rejected_rows import RejectedRows
from tastegraph.serving.api.items import NewItem
from tests.support.source_files import STRICT, fault, write


def configured(missing: tuple[str, ...] | None = None, **columns: ColumnConfig) -> Config:
    imports = ImportConfig() if missing is None else ImportConfig(missing=missing)
    return Config(items=ItemsConfig(facts=columns), imports=imports)


GENRE = ColumnConfig(relation="genre")
GENRES = configured(genre=GENRE)


def items_in(
    path: Path, config: Config | None = None, rejects: RejectedRows = STRICT
) -> list[Item]:
    return [item for frame in read_items(path, rejects, config) for item in items_of(frame)]


def items_of_table(
    config: Config | None = None, **columns: object
) -> tuple[dict[str, Item], list[str]]:
    """The items of a frame by id, and all findings as text."""
    report = ImportReport()
    frame = read_item_frame(pl.DataFrame(columns, strict=False), "f", config or Config(), report)
    return {item.item_id: item for item in items_of(frame)}, [
        str(finding) for finding in report.findings
    ]


# Reading and facts


def test_items_and_their_facts(tmp_path: Path) -> None:
    columns = {
        "genre": GENRE,
        "year": ColumnConfig(relation="year", literal=True),
        "title": ColumnConfig(relation="label", literal=True),
    }
    path = write(
        tmp_path / "i.csv",
        "item_id,title,text,genre,year,country\n"
        "1,Heat,A heist.,Crime| Drama|,1995,US|GB\n"
        "2,Big,,,,\n",
    )
    (frame,) = read_items(path, STRICT, configured(**columns))
    first, second = items_of(frame)
    assert first == Item(
        "1", "Heat", "A heist.",
        {"genre": ("Crime", "Drama"), "year": ("1995",), "country": ("US|GB",)},
    )  # fmt: skip
    assert second == Item("2", "Big")
    assert set(facts_of(ColumnFacts(columns).of(frame))) == {
        Fact("item:1", "genre", "genre:Crime"),
        Fact("genre:Crime", "label", "Crime", literal=True),
        Fact("item:1", "genre", "genre:Drama"),
        Fact("genre:Drama", "label", "Drama", literal=True),
        Fact("item:1", "year", "1995", literal=True),
        Fact("item:1", "label", "Heat", literal=True),
        Fact("item:2", "label", "Big", literal=True),
    }
    assert items_in(path)[0].attributes["genre"] == ("Crime| Drama|",)


def test_the_name_of_an_entity_is_stated_once() -> None:
    frame = frame_of_items([Item(name, "T", "", {"genre": ("a", " a ")}) for name in "xyz"])
    stated = list(facts_of(ColumnFacts({"genre": GENRE}).of(frame)))
    assert stated == [
        Fact("item:x", "genre", "genre:a"), Fact("genre:a", "label", "a", literal=True),
        Fact("item:y", "genre", "genre:a"), Fact("item:z", "genre", "genre:a"),
    ]  # fmt: skip


def test_lists_stay_lists(tmp_path: Path) -> None:
    record = {"item_id": 1, "title": 1984, "genre": ["a|b", None, "", "c"], "n": 2.5, "f": True}
    [item] = items_in(write(tmp_path / "i.jsonl", json.dumps(record)), GENRES)
    assert item == Item("1", "1984", "", {"genre": ("a|b", "c"), "n": ("2.5",), "f": ("true",)})
    frame = pl.DataFrame({"item_id": [1], "title": ["x"], "genre": [["a|b", "c"]]})
    frame.write_parquet(tmp_path / "i.parquet")
    [item] = items_in(tmp_path / "i.parquet", GENRES)
    assert item.attributes == {"genre": ("a|b", "c")}


@pytest.mark.parametrize(
    ("record", "column"),
    [
        ({"item_id": "", "title": "x"}, "item_id"),
        ({"item_id": "nan", "title": "x"}, "item_id"),
        ({"item_id": None, "title": "x"}, "item_id"),
        ({"item_id": "x" * 513, "title": "x"}, "item_id"),
        ({"item_id": "1", "title": "x\0"}, "title"),
        ({"item_id": "1", "title": "x", "genre": ["a\0"]}, "genre"),
    ],
)
def test_bad_items(tmp_path: Path, record: dict[str, object], column: str) -> None:
    good = '{"item_id":"0","title":"x"}\n'
    path = write(tmp_path / "i.jsonl", good + json.dumps(record) + "\n" + good)
    error = fault(read_items, path)
    assert (error.file, error.line, error.column) == (str(path), 2, column)
    rejects = RejectedRows("skip")
    assert [item.item_id for item in items_in(path, rejects=rejects)] == ["0"]
    assert rejects.count == 1


def test_bad_items_of_a_frame() -> None:
    with pytest.raises(RowError, match="line 2, column 'item_id'"):
        items_of_table(item_id=["1", None], title=["x", "y"])


def test_a_configured_column_must_be_in_the_header(tmp_path: Path) -> None:
    path = write(tmp_path / "i.csv", "item_id,title,genres\n1,x,y\n")
    with pytest.raises(RowError, match=r"'genres'.* a column named 'genre'"):
        items_in(path, GENRES)
    _, findings = items_of_table(GENRES, item_id=["1"], title=["x"])
    assert findings == [
        "f, column 'genre': no item has this column, which [items.facts] names (1): map one to it, "
        "or remove [items.facts.genre]"
    ]


def test_the_last_of_several_rows_with_one_id_counts() -> None:
    items, findings = items_of_table(
        GENRES, item_id=["1", "2", "1", "1"], title=["a", "b", "c", "d"], genre=["p", "q", "r", "s"]
    )
    assert items == {
        "2": Item("2", "b", "", {"genre": ("q",)}), "1": Item("1", "d", "", {"genre": ("s",)}),
    }  # fmt: skip
    assert findings == ["f, column 'item_id': an id that was there before: the last row counts "
                        "(2, such as 1)"]  # fmt: skip


def test_ids_repeated_in_later_batches_are_counted_too() -> None:
    report = ImportReport()
    frames = checked_items([Item(str(n % 15_000), "x") for n in range(20_000)], Config(), report)
    assert sum(map(len, frames)) == 20_000
    assert [finding.count for finding in report.findings] == [5_000]


# Values


def test_missing_markers_are_nothing() -> None:
    marked = ["nan", "N/A", "null", "None", " NULL ", "", None]
    items, findings = items_of_table(
        GENRES,
        item_id=[str(n) for n in range(7)],
        title=marked,
        text=marked,
        genre=["nan", *marked[1:]],
        year=[float("nan"), 1995.0, None, 2.5, 1.0, 1.0, 1.0],
        tags=[["nan"], ["a", "N/A", None], [], None, [""], ["b"], ["c"]],
    )
    assert items["0"] == Item("0", "")
    assert items["1"] == Item("1", "", "", {"year": ("1995",), "tags": ("a",)})
    assert items["3"].attributes == {"year": ("2.5",)}
    counts = {line.split(":")[0]: line for line in findings if "missing values" in line}
    assert "(5, such as 'nan')" in counts["f, column 'title'"]
    assert "(2, such as 'nan')" in counts["f, column 'tags'"]


def test_missing_markers_can_be_configured() -> None:
    config = configured(missing=("-",), genre=GENRE)
    items, _ = items_of_table(config, item_id=["1"], title=["None"], genre=["-|a"], text=["-"])
    assert items["1"] == Item("1", "None", "", {"genre": ("a",)})


@pytest.mark.parametrize(
    "cell",
    [
        "Animation|Comedy", '["Animation", "Comedy"]', "['Animation', 'Comedy']",
        "[{'id': 16, 'name': 'Animation'}, {'id': 35, 'name': 'Comedy'}]",
        '[{"id": 16, "name": "Animation"}, {"id": 35, "name": "Comedy"}]',
        "['Animation' 'nan' 'Comedy']",
    ],
)  # fmt: skip
def test_lists_in_columns_of_facts_are_split(cell: str) -> None:
    items, _ = items_of_table(GENRES, item_id=["1"], title=["x"], genre=[cell])
    assert items["1"].attributes["genre"] == ("Animation", "Comedy")


def test_objects_with_names_are_their_names() -> None:
    nested = [[{"id": 16, "name": "Animation"}, {"id": 35, "name": "Comedy"}]]
    items, _ = items_of_table(GENRES, item_id=["1"], title=["x"], genre=nested)
    assert items["1"].attributes["genre"] == ("Animation", "Comedy")


def test_category_paths_are_split_at_their_separator() -> None:
    config = configured(path=ColumnConfig(relation="category", separator=" > "))
    cells = ["Clothing > Men > Shirts", "Clothing > Women"]
    items, _ = items_of_table(config, item_id=["1", "2"], title=["x", "y"], path=cells)
    assert items["1"].attributes["path"] == ("Clothing", "Men", "Shirts")


@pytest.mark.parametrize(
    ("cells", "setting"),
    [
        (["['a', 'b']", "x"], 'tags = { relation = "tags" }'),
        (["a|b", "c"], 'tags = { relation = "tags", separator = "|" }'),
        (["A > B > C", "A > D"], 'tags = { relation = "tags", separator = " > " }'),
    ],
)
def test_cells_that_look_like_lists_are_reported_with_the_setting(
    cells: list[str], setting: str
) -> None:
    items, findings = items_of_table(item_id=["1", "2"], title=["x", "y"], tags=cells)
    assert items["1"].attributes["tags"] == (cells[0],)
    (line,) = findings
    assert line.startswith("f, column 'tags': cells that ")
    assert line.endswith(f"[items.facts] {setting}")


def test_another_separator_than_the_configured_one_is_reported() -> None:
    _, findings = items_of_table(GENRES, item_id=["1", "2"], title=["x", "y"], genre=["a;b", "c;d"])
    (line,) = findings
    assert line.endswith('[items.facts] genre = { relation = "genre", separator = ";" }')
    _, findings = items_of_table(GENRES, item_id=["1"], title=["x"], genre=["a|b;c"])
    assert not findings


def test_html_is_read_as_text() -> None:
    items, findings = items_of_table(
        GENRES,
        item_id=["1", "2"],
        title=["Salt &amp; Pepper<br>Set", "a < b"],
        text=["<p>One</p><p>two</p>", "<p></p>"],
        genre=["Home &amp; Garden|Toys", None],
        tags=[["A&amp;B", "c"], ["d"]],
    )
    assert items["1"] == Item(
        "1", "Salt & Pepper Set", "One\ntwo",
        {"genre": ("Home & Garden", "Toys"), "tags": ("A&B", "c")},
    )  # fmt: skip
    assert items["2"] == Item("2", "a < b", "", {"tags": ("d",)})
    counts = [line.split("(")[1].split(",")[0] for line in findings if "HTML" in line]
    assert counts == ["1", "2", "1", "1"]


def test_an_item_without_a_title_is_called_by_its_text_or_id() -> None:
    long = "A long description that goes on and on, well beyond what a title holds, and further."
    chinese = "很长的描述" * 20
    items, findings = items_of_table(
        item_id=["1", "2", "3", "4"],
        title=["", None, "nan", "T"],
        text=[long, "First line\nsecond", chinese, ""],
    )
    assert items["1"].title == "A long description that goes on and on, well beyond what a…"
    assert items["2"].title == "First line"
    assert items["3"].title == chinese[:59] + "…"
    assert findings[-1] == (
        "f, column 'title': no title: called by the first words of their text, else by their id "
        "(3, such as 1)"
    )


def test_a_derived_title_states_nothing() -> None:
    config = configured(title=ColumnConfig(relation="label", literal=True))
    frame = read_item_frame(
        pl.DataFrame({"item_id": ["1"], "title": [""], "text": ["words"]}), "f", config
    )
    assert list(facts_of(ColumnFacts(config.items.facts).of(frame))) == []


def test_separators_of_the_alphabet_of_attributes() -> None:
    """The order of attributes is the one that items have in common, whatever their order."""
    rows = [Item("1", "x", "", {"b": ("1",)}), Item("2", "x", "", {"a": ("1",), "b": ("2",)})]
    for ordered in (rows, rows[::-1]):
        assert frame_of_items(ordered).columns[3:] == ["a", "b"]


# The same in every format

TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=9
)
CELL_VALUES = st.one_of(
    TEXT,
    st.none(),
    st.sampled_from(
        ["nan", "None", " N/A ", "<p>a</p><p>b</p>", "x &amp; y", "a < b", "a|b", "|", "[REC]",
         '["p", "q"]', "['p', 'nan']", "[{'id': 1, 'name': 'N'}]", "A > B", "<i>x</i>|y"]
    ),
)  # fmt: skip
NUMBERS = st.one_of(
    st.lists(st.integers(-(10**6), 10**6) | st.none(), min_size=4, max_size=4),
    st.lists(st.sampled_from([0.5, 2.25, 7.0, -3.0, None]), min_size=4, max_size=4),
)
COLUMN = st.lists(CELL_VALUES, min_size=4, max_size=4)
IDS = st.one_of(
    st.lists(st.integers(0, 10**9), min_size=4, max_size=4, unique=True),
    st.lists(st.integers(0, 10**9).map(float), min_size=4, max_size=4, unique=True),
    st.lists(
        TEXT.filter(lambda text: text.strip() and text.strip() not in ImportConfig().missing),
        min_size=4, max_size=4, unique=True,
    ),
)  # fmt: skip
TABLES = st.fixed_dictionaries(
    {
        "item_id": IDS,
        "title": COLUMN,
        "text": COLUMN,
        "genre": COLUMN,
        "year": NUMBERS,
        "tag": COLUMN,
    }
)
SETTINGS = configured(genre=GENRE, tag=ColumnConfig(relation="tag", separator=" > "))


def as_cell(value: object) -> str:
    """What a CSV file has for a value."""
    if value is None:
        return ""
    return f"{value:.0f}" if isinstance(value, float) and value.is_integer() else str(value)


@settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(table=TABLES)
def test_every_format_gives_the_same_items(tmp_path: Path, table: dict[str, list[object]]) -> None:
    rows = [dict(zip(table, values, strict=True)) for values in zip(*table.values(), strict=True)]
    with (tmp_path / "i.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow(table)
        writer.writerows([as_cell(value) for value in row.values()] for row in rows)
    (tmp_path / "i.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    frame = pl.DataFrame(table)
    frame.write_parquet(tmp_path / "i.parquet")
    by_frame = list(items_of(read_item_frame(frame, "f", SETTINGS)))
    assert [item.item_id for item in by_frame] == [as_cell(row["item_id"]) for row in rows]
    for name in ("i.csv", "i.jsonl", "i.parquet"):
        assert items_in(tmp_path / name, SETTINGS) == by_frame, name
    for row, item in zip(rows, by_frame, strict=True):
        attributes = {name: row[name] for name in ("genre", "year", "tag") if row[name] is not None}
        body = NewItem(title=row["title"] or "", text=row["text"] or "", attributes=attributes)
        over_http = read_item_frame(body.frame(as_cell(row["item_id"])), "item", SETTINGS)
        assert list(items_of(over_http)) == [item]


@pytest.mark.parametrize("name", ["*", "^t.*$"])
def test_a_column_named_like_a_pattern_is_refused(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / "items.csv", f"item_id,title,{name}\n1,A,x\n")
    error = fault(read_items, path)
    assert (error.line, error.column) == (1, name)
