"""Files of any writing: read where it is certain, else an error names the option for them."""

from __future__ import annotations

import zipfile
from datetime import datetime
from pathlib import Path

import polars as pl
import pytest
import xlsxwriter

from tastegraph.core.errors import NotFoundError, RowError, TastegraphError
from tastegraph.data.mapping.mapped_tables import MappedTable
from tastegraph.data.tables.dialects import TableOptions, looks_like_data, separator_of
from tastegraph.data.tables.reader import UNKNOWN, read_table
from tests.support.source_files import PACK, STRICT, write
from tests.support.tables import Rejects, table

ROWS = [{"id": "1", "title": "Amélie"}, {"id": "2", "title": "霸王别姬"}]
TEXT = "id,title\n1,Amélie\n2,霸王别姬\n"


def values(path: Path, options: TableOptions = UNKNOWN) -> list[dict[str, object]]:
    return [row for _, row in table(path, STRICT, options)]


# Encodings


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-8-sig"])
@pytest.mark.parametrize("pack", ["", *PACK])
def test_a_file_with_a_mark_is_read_in_its_encoding(
    tmp_path: Path, encoding: str, pack: str
) -> None:
    assert values(write(tmp_path / f"t.csv{pack}", TEXT.encode(encoding))) == ROWS
    text = '{"id":"1","title":"Amélie"}\r\n{"id":"2","title":"霸王别姬"}'
    assert values(write(tmp_path / f"t.jsonl{pack}", text.encode(encoding))) == ROWS


@pytest.mark.parametrize("encoding", ["gbk", "cp1252", "shift_jis", "utf-16-le"])
def test_another_encoding_is_an_error_that_names_the_option(tmp_path: Path, encoding: str) -> None:
    titles = {"gbk": "霸王别姬", "shift_jis": "千と千尋の神隠し"}
    text = "id,title\n" + f"1,{titles.get(encoding, 'Amélie')}\n" * 5
    path = write(tmp_path / "t.csv", text.encode(encoding))
    with pytest.raises(RowError, match=f"perhaps --encoding {encoding}"):
        values(path)
    assert len(values(path, TableOptions(encoding=encoding))) == 5


def test_a_line_that_the_named_encoding_does_not_have_loses_itself(tmp_path: Path) -> None:
    data = "id,title\n1,霸\n".encode("gbk") + b"2,\xff\xff\n" + "3,王\n".encode("gbk")
    rejects = Rejects()
    rows = table(write(tmp_path / "t.csv", data), rejects, TableOptions(encoding="gbk"))
    assert rows == [(2, {"id": "1", "title": "霸"}), (4, {"id": "3", "title": "王"})]
    assert rejects.lines == [3]
    assert "GBK text" in str(rejects.errors[0].expected)


# Separators and headers


@pytest.mark.parametrize("separator", [",", "\t", ";", "|", "::"])
@pytest.mark.parametrize("ending", [".csv", ".txt", ".dat"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_separator_is_the_one_that_every_line_has(
    tmp_path: Path, separator: str, ending: str, end: str
) -> None:
    lines = [["user_id", "item_id", "value"], ["u", "Alien (1979)", "3.5"], ["v", "", "1"]]
    text = end.join(separator.join(line) for line in lines)
    assert values(write(tmp_path / f"t{ending}", text)) == [
        dict(zip(lines[0], line, strict=True)) for line in lines[1:]
    ]


def test_a_comma_in_the_header_of_a_csv_file_is_its_separator() -> None:
    assert separator_of(["a,b;c", "1;2"], ",") == ","
    assert separator_of(["a;b", "1,5;2"], ",") == ";"
    assert separator_of(['"a,x";b', '"1;1";2'], ",") == ";"
    assert separator_of(["title", "A; B"], ",") == ","
    assert separator_of(["1::Toy Story (1995)::Animation|Comedy"]) == "::"
    assert separator_of(["a|b", "1|2|3", "4|5"]) == "|"


def test_an_option_says_the_separator_and_the_quote(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "a;b,c\n1;'2;3'\n")
    assert values(path, TableOptions(separator=";", quote="'")) == [{"a": "1", "b,c": "2;3"}]


def test_cells_between_longer_separators_may_have_quotes(tmp_path: Path) -> None:
    path = write(tmp_path / "t.dat", 'id::title\n1::"Nine" to 5: a film\n2::\x1f\n3\n')
    rejects = Rejects()
    rows = [row["title"] for _, row in table(path, rejects)]
    assert rows == ['"Nine" to 5: a film', "\x1f"]
    assert rejects.lines == [4]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("1,31,2.5,1260759144\n1,1029,3.0,1260759179\n", "user_id,item_id,rating,timestamp"),
        ("u1,B00X,2020-01-01\nu2,B00Y,2020-01-02\n", "user_id,item_id,timestamp"),
        ("1,Toy Story (1995),Animation\n2,Jumanji (1995),Fun\n", "item_id,title,column_3"),
    ],
)
def test_a_file_without_a_header_is_an_error_that_proposes_its_columns(
    tmp_path: Path, text: str, names: str
) -> None:
    path = write(tmp_path / "t.csv", text)
    with pytest.raises(RowError, match=f"--columns {names}"):
        values(path)
    rows = table(path, STRICT, TableOptions(columns=tuple(names.split(","))))
    assert [line for line, _ in rows] == [1, 2]
    assert list(rows[0][1]) == names.split(",")
    assert list(values(path, TableOptions(header=False))[0]) == [
        f"column_{place}" for place in range(1, len(names.split(",")) + 1)
    ]
    assert len(values(path, TableOptions(header=True))) == 1


def test_what_looks_like_data() -> None:
    assert looks_like_data(["a", "1.5"])
    assert looks_like_data(["2020-01-01", "x"])
    assert not looks_like_data(["user_id", "2019", "2020"])
    assert not looks_like_data(["colour", "size"])


def test_names_can_take_the_place_of_a_header(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "x,y\n1,2\n")
    assert values(path, TableOptions(header=True, columns=("a", "b"))) == [{"a": "1", "b": "2"}]
    with pytest.raises(RowError, match="3 names"):
        values(path, TableOptions(header=True, columns=("a", "b", "c")))


def test_the_index_of_pandas_is_not_used(tmp_path: Path) -> None:
    path = write(tmp_path / "i.csv", ",item_id,title\n0,a,A\n1,b,B\n")
    items = MappedTable(path, "items", STRICT)
    (batch,) = items
    assert batch.frame.columns == ["item_id", "title"]
    assert items.unused == ["Unnamed: 0"]


def test_a_header_without_rows_is_a_table_without_rows(tmp_path: Path) -> None:
    (batch,) = read_table(write(tmp_path / "t.csv", "a,b\n"), STRICT)
    assert batch.frame.schema == {"a": pl.String, "b": pl.String}
    assert not len(batch.lines)


# Archives, parts, workbooks, arrays


def zipped(path: Path, **members: str) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(
                name.replace("in_ml_", "ml/").replace("_mac_", "__MACOSX/").replace("_csv", ".csv"),
                text,
            )
    return path


def test_the_only_table_of_a_zip_archive_is_read(tmp_path: Path) -> None:
    path = zipped(tmp_path / "t.zip", in_ml_t_csv=TEXT, README="read me", _mac_t_csv="")
    assert values(path) == ROWS


def test_a_table_of_several_is_named_after_the_archive(tmp_path: Path) -> None:
    path = zipped(tmp_path / "t.zip", in_ml_t_csv=TEXT, u_csv="a,b\n1,2\n")
    with pytest.raises(TastegraphError, match=r"t\.zip/ml/t\.csv, .*t\.zip/u\.csv"):
        values(path)
    assert values(path / "ml" / "t.csv") == ROWS
    with pytest.raises(NotFoundError, match=r"holds no v\.csv: .*u\.csv"):
        values(path / "v.csv")


@pytest.mark.parametrize("keep", [10, 60])
def test_a_damaged_archive_is_an_error(tmp_path: Path, keep: int) -> None:
    path = zipped(tmp_path / "t.zip", t_csv=TEXT)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(TastegraphError, match="zip"):
        values(path)


def test_a_member_with_a_wrong_checksum_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "t.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("t.csv", "a,b\n1,2\n")
    path.write_bytes(path.read_bytes().replace(b"1,2\n", b"1,3\n"))
    with pytest.raises(RowError, match="undamaged"):
        values(path)


@pytest.mark.parametrize("ending", [".csv", ".parquet", ".csv.gz"])
def test_the_parts_of_a_folder_are_one_table(tmp_path: Path, ending: str) -> None:
    folder = tmp_path / "events.parquet"
    folder.mkdir()
    (folder / "_SUCCESS").touch()
    for number in (1, 0):
        name = folder / f"part-0000{number}-ab12{ending}"
        if ending == ".parquet":
            pl.DataFrame({"a": [str(number)], "b": ["x"]}).write_parquet(name)
        else:
            write(name, f"a,b\n{number},x\n")
    assert values(folder) == [{"a": "0", "b": "x"}, {"a": "1", "b": "x"}]
    assert [batch.file[-len("0-ab12" + ending) :] for batch in read_table(folder, STRICT)] == [
        f"0-ab12{ending}", f"1-ab12{ending}",
    ]  # fmt: skip


def test_a_folder_that_is_no_table_is_an_error(tmp_path: Path) -> None:
    write(tmp_path / "part-0.csv", "a,b\n1,2\n")
    write(tmp_path / "part-1.csv", "a,c\n1,2\n")
    with pytest.raises(RowError, match="columns of the parts before it"):
        values(tmp_path)
    write(tmp_path / "part-2.jsonl", "{}")
    with pytest.raises(TastegraphError, match="several formats"):
        values(tmp_path)


def workbook(path: Path, **sheets: list[list[object]]) -> Path:
    book = xlsxwriter.Workbook(path, {"default_date_format": "yyyy-mm-dd"})
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    book.close()
    return path


def test_the_only_sheet_with_cells_is_read_with_its_types(tmp_path: Path) -> None:
    rows = [["id", "title", "price", "day"], [7, "A", 1.5, datetime(2020, 1, 2)], [8, "B", 2, None]]
    path = workbook(tmp_path / "t.xlsx", first=rows, second=[])
    assert table(path) == [
        (2, {"id": 7, "title": "A", "price": 1.5, "day": datetime(2020, 1, 2)}),
        (3, {"id": 8, "title": "B", "price": 2.0, "day": None}),
    ]


def test_a_sheet_of_several_is_named(tmp_path: Path) -> None:
    path = workbook(tmp_path / "t.xlsx", one=[["a"], [1]], two=[["a"], [2]])
    with pytest.raises(TastegraphError, match="--sheet NAME; there are one, two"):
        values(path)
    assert values(path, TableOptions(sheet="two")) == [{"a": 2}]
    with pytest.raises(NotFoundError, match="'three'; there are one, two"):
        values(path, TableOptions(sheet="three"))
    with pytest.raises(TastegraphError, match="workbook"):
        values(write(tmp_path / "u.xlsx", "no workbook"))


def test_a_workbook_that_unpacks_to_too_much_is_not_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tastegraph.data.tables.workbooks.MAX_UNPACKED_BYTES", 1000)
    with pytest.raises(TastegraphError, match="save its sheets as CSV"):
        values(workbook(tmp_path / "t.xlsx", a=[["a"], [1]]))


@pytest.mark.parametrize("chunk", [1, 7, 2**20])
def test_an_array_of_objects_is_read_like_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chunk: int
) -> None:
    monkeypatch.setattr("tastegraph.data.tables.json_lines._CHUNK_BYTES", chunk)
    text = '\n[\n {"id": "1", "title":\n "Amélie"},\n\n{"id": "2", "title": "霸王别姬"} ]\n'
    assert table(write(tmp_path / "t.json", text)) == [(3, ROWS[0]), (6, ROWS[1])]
    rejects = Rejects()
    text = '[{"a":1},{"a":1,"a":2},7,{"a":3},{"a":4} {]'
    rows = table(write(tmp_path / "t.json", text), rejects)
    assert [row["a"] for _, row in rows] == [1, 3, 4]
    assert rejects.count == 3
    assert values(write(tmp_path / "t.json", '{"a":1}\n{"a":2}')) == [{"a": 1}, {"a": 2}]
