"""Tables as columns: what a file says, on which line, and which row alone a mistake costs."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tastegraph.core.errors import RowError
from tastegraph.data.tables import delimited, line_blocks, text_files
from tastegraph.data.tables.delimited import DelimitedRows
from tastegraph.data.tables.reader import read_table
from tests.support.source_files import PACK, STRICT, write
from tests.support.tables import Rejects, table

quick = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.mark.parametrize("pack", ["", *PACK])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["", "bom"])
@pytest.mark.parametrize(
    ("name", "text", "lines"),
    [
        ("t.csv", 'a,b\r\n1,"x\r\ny"\r\n\r\n2,"é ""q"""\r\n', [2, 5]),
        ("t.tsv", 'a\tb\n1\t"x\r\ny"\n\n\n2\t"é ""q"""\n', [2, 6]),
        ("t.csv", '\n\n"a",b\n1,"x\r\ny"\n2,"é ""q"""', [4, 6]),
        ("t.jsonl", '{"a":"1","b":"x\\r\\ny"}\n \n\n\n{"a":"2","b":"é \\"q\\""}', [1, 5]),
    ],
)
def test_text_formats(
    tmp_path: Path, name: str, text: str, lines: list[int], mark: bytes, pack: str
) -> None:
    path = write(tmp_path / f"{name}{pack}", mark + text.encode())
    rows = [{"a": "1", "b": "x\r\ny"}, {"a": "2", "b": 'é "q"'}]
    assert table(path) == list(zip(lines, rows, strict=True))


def test_cells_of_text_are_text_and_empty_ones_are_empty(tmp_path: Path) -> None:
    path = write(tmp_path / "t.csv", "a,b,c\n01,,2.50\n null ,NA,\n")
    (batch,) = read_table(path, STRICT)
    assert batch.frame.schema == dict.fromkeys("abc", pl.String)
    assert batch.lines.dtype == pl.UInt64
    assert batch.frame.rows() == [("01", "", "2.50"), (" null ", "NA", "")]


def test_parquet_keeps_its_types(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tastegraph.data.tables.reader.ROWS_PER_BATCH", 2)
    frame = pl.DataFrame({"a": [1, 2, None], "b": [["x"], [], None], "c": [0.5, None, 1.0]})
    frame.write_parquet(tmp_path / "t[1].parquet")
    batches = list(read_table(tmp_path / "t[1].parquet", STRICT))
    assert pl.concat(batch.frame for batch in batches).equals(frame)
    assert [list(batch.lines) for batch in batches] == [[1, 2], [3]]


def test_json_lines_have_native_types_where_a_column_has_one(tmp_path: Path) -> None:
    objects = [
        {"id": 1, "n": 1, "big": 10**30, "flag": True, "list": [1, "x", None], "mixed": 7},
        {"id": 2, "n": 0.5, "object": {"é": [1]}, "list": [], "mixed": "x", "nested": [{"a": 1}]},
    ]
    path = write(tmp_path / "t.jsonl", "\n".join(map(json.dumps, objects)))
    (batch,) = read_table(path, STRICT)
    assert batch.frame.schema == {
        "id": pl.Int64, "n": pl.Float64, "big": pl.String, "flag": pl.Boolean,
        "list": pl.List(pl.String), "mixed": pl.String, "object": pl.String, "nested": pl.String,
    }  # fmt: skip
    assert batch.frame.row(0) == (
        1, 1.0, str(10**30), True, ["1", "x", None], "7", None, None,
    )  # fmt: skip
    assert batch.frame.row(1) == (2, 0.5, None, None, [], "x", '{"é": [1]}', '[{"a": 1}]')


@pytest.mark.parametrize(
    "text", ["[1]", "{", '{"a":1,"a":2}', "[" * 100_000, '{"a":"\\ud800"}', '{"\\uD800":1}']
)
def test_a_bad_json_line_loses_itself(tmp_path: Path, text: str) -> None:
    path = write(tmp_path / "t.jsonl", f'{{"a":1}}\n{text}\n{{"a":2}}\n')
    rejects = Rejects()
    assert table(path, rejects) == [(1, {"a": 1}), (3, {"a": 2})]
    assert rejects.lines == [2]


def test_recbole_files_name_types_and_split_sequences(tmp_path: Path) -> None:
    text = 'item_id:token\ttags:token_seq\ttitle:token_seq\n"1\ta  b\t\n2\t\tx "y"\n'
    assert table(write(tmp_path / "t.item", text)) == [
        (2, {"item_id": '"1', "tags": ["a", "b"], "title": []}),
        (3, {"item_id": "2", "tags": [], "title": ["x", '"y"']}),
    ]


# Bad rows


@pytest.mark.parametrize(
    ("text", "line", "value", "expected"),
    [
        (b"a,b\n1\n", 2, ["1"], "2 cells"),
        (b"a,b\n1,2,3\n", 2, ["1", "2", "3"], "2 cells"),
        (b"a,b\n1,\xff\n", 2, "1,\\xff", "UTF-8"),
        (b"a,b\n1,\x00\n", 2, "1,\x00", "NUL"),
        (b'a,b\n"1\n2",3\n4,"x" y\n', 4, '4,"x" y', "well-formed row"),
        (b'a,b\n1,2\n"3,4\n', 3, '"3,4', "ends within"),
        (b"a,b\n1,2\r3,4\n", 2, "1,2\r3,4", "well-formed row"),
        (b'a,b\n1,"2\n\xff"\n', 3, '\\xff"', "UTF-8"),
    ],
)
def test_a_bad_row_loses_itself(
    tmp_path: Path, text: bytes, line: int, value: object, expected: str
) -> None:
    path = write(tmp_path / "t.csv", text)
    with pytest.raises(RowError) as caught:
        table(path)
    assert (caught.value.file, caught.value.line, caught.value.value) == (str(path), line, value)
    assert expected in str(caught.value.expected)
    rejects = Rejects()
    rows = table(write(path, text + b"\n8,9\n"), rejects)
    assert rows[-1] == (text.count(b"\n") + 2, {"a": "8", "b": "9"})
    assert rejects.lines == [line]


@pytest.mark.parametrize(
    "stray",
    ['"500,x', '500,"x', '"500" inch,x', '500,"x" y', '"', '500,"', ',"x""', '500,"x\r'],
)
@pytest.mark.parametrize("quoted", [False, True])
@pytest.mark.parametrize("block", [16, 100, 2**24])
def test_one_stray_quote_loses_its_row_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stray: str, quoted: bool, block: int
) -> None:
    monkeypatch.setattr(line_blocks, "BLOCK_BYTES", block)
    rows = [[str(number), f"title {number}"] for number in range(1000)]
    lines = [",".join(f'"{cell}"' if quoted else cell for cell in row) for row in rows]
    lines[500] = stray
    rejects = Rejects()
    result = table(write(tmp_path / "t.csv", "\n".join(["a,b", *lines])), rejects)
    assert rejects.lines == [502]
    del rows[500]
    assert [list(row.values()) for _, row in result] == rows
    assert [line for line, _ in result] == [*range(2, 502), *range(503, 1002)]


def test_a_quote_that_another_row_closes_loses_its_row_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delimited, "MAX_ROW_LINES", 5)
    text = 'a,b\n1,"2\n3,4\n5,6"\n7,"8\n' + "9,9\n" * 5 + '10,11"\n12,13\n'
    rejects = Rejects()
    rows = table(write(tmp_path / "t.csv", text), rejects)
    assert rows[0] == (2, {"a": "1", "b": "2\n3,4\n5,6"})
    assert [line for line, _ in rows[1:]] == [6, 7, 8, 9, 10, 11, 12]
    assert rejects.lines == [5]
    rejects = Rejects()
    rows = table(write(tmp_path / "t.csv", 'a,b\n"1,2\n3,4\n5",6,7\n'), rejects)
    assert [line for line, _ in rows] == [3]
    assert rejects.lines == [2, 4]


def test_a_row_of_several_lines_has_a_limit_of_length(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delimited, "MAX_ROW_CHARACTERS", 50)
    text = 'a,b\n1,"' + "x" * 100 + '"\n2,"' + "x\n" * 30 + '"\n'
    rejects = Rejects()
    assert [line for line, _ in table(write(tmp_path / "t.csv", text), rejects)] == [2]
    assert rejects.lines[0] == 3


def test_quotes_that_never_close_are_an_error_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delimited, "MAX_REREAD_LINES", 2000)
    path = write(tmp_path / "t.csv", "a,b\n" + 'x","\n' * 200)
    with pytest.raises(RowError, match="--quote none"):
        table(path, Rejects())


def test_a_line_that_is_too_long_loses_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (text_files, line_blocks):
        monkeypatch.setattr(module, "MAX_LINE_BYTES", 100)
    for limit in ("BLOCK_BYTES", "_READ_BYTES"):
        monkeypatch.setattr(line_blocks, limit, 50)
    monkeypatch.setattr(delimited, "MAX_FIELD_LENGTH", 80)
    lines = ["x" * 79, "x" * 81, '"' + "x" * 1000, "z"]
    rejects = Rejects()
    path = write(tmp_path / "t.csv", "a\n" + "\n".join(lines))
    assert [line for line, _ in table(path, rejects)] == [2, 5]
    assert rejects.lines == [3, 4]
    assert "field larger" in str(rejects.errors[0].expected)
    assert "100 bytes" in str(rejects.errors[1].expected)


@pytest.mark.parametrize("pack", PACK)
def test_what_stands_before_the_damage_of_a_file_is_read(tmp_path: Path, pack: str) -> None:
    path = write(tmp_path / f"t.csv{pack}", "a,b\n" + "1,2\n" * 400_000)
    path.write_bytes(path.read_bytes()[:-5])
    rejects = Rejects()
    rows = table(path, rejects)
    assert all(row == {"a": "1", "b": "2"} for _, row in rows)
    assert rejects.lines == [len(rows) + 2]
    assert "undamaged" in str(rejects.errors[0].expected)


@pytest.mark.parametrize(
    "text", ["", "\n", "a,a\n", "a,\n1,2\n", "a,b\xff\n", '"a,b\n1,2\n'], ids=range(6)
)
def test_a_bad_header_is_an_error_whatever_happens_to_bad_rows(tmp_path: Path, text: str) -> None:
    path = write(tmp_path / "t.csv", text.encode("latin-1"))
    with pytest.raises(RowError) as caught:
        table(path, Rejects())
    assert caught.value.line == 1


# Fast and slow are one

scraps = st.sampled_from(
    ["1", "é", ",", '"', '""', "\n", "\r\n", "\r", " ", "x", "\0", '",', ',"', "1,2\n", '"a",b\n']
)


@quick
@given(st.lists(scraps, max_size=30).map("".join), st.sampled_from([8, 24, 2**24]))
def test_blocks_of_any_size_give_the_same_rows(tmp_path: Path, text: str, size: int) -> None:
    results = []
    path = write(tmp_path / "t.csv", f"a,b\n{text}\n")
    for block, plain in ((2**24, False), (size, True)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(line_blocks, "BLOCK_BYTES", block)
            if not plain:
                patch.setattr(DelimitedRows, "_plain_rows", lambda rows, block: None)
            rejects = Rejects()
            results.append((table(path, rejects), list(map(str, rejects.errors))))
    assert results[0] == results[1]


texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=6)
grids = st.lists(st.tuples(texts, texts), max_size=8)
quotings = st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL, csv.QUOTE_NONNUMERIC])


@quick
@given(grids, quotings, st.sampled_from(["\n", "\r\n"]), st.sampled_from([20, 2**24]))
def test_what_was_written_is_read(
    tmp_path: Path, rows: list[tuple[str, str]], quoting: int, end: str, block: int
) -> None:
    if quoting != csv.QUOTE_ALL:  # the writer does not quote a lone carriage return
        rows = [(first.replace("\r", ""), second.replace("\r", "")) for first, second in rows]
    buffer = io.StringIO(newline="")
    csv.writer(buffer, quoting=quoting, lineterminator=end).writerows([("a", "b"), *rows])  # type: ignore[arg-type]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(line_blocks, "BLOCK_BYTES", block)
        result = table(write(tmp_path / "t.csv", buffer.getvalue()))
    assert [tuple(row.values()) for _, row in result] == rows
    lines = buffer.getvalue().encode().split(b"\n")
    for number, row in result:
        first = str(row["a"]).partition("\n")[0]
        assert first.encode().replace(b'"', b"") in lines[number - 1].replace(b'"', b"")
