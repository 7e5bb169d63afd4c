"""Encodings, separators, headers, containers: read where certain, else the option is named."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import polars as pl
import pytest
import xlsxwriter

from tests.support.stored import report_of, stored_events

ROWS = [("Zoë", "7", 5.0, 1.6e9), ("李雷", "8", 3.0, 1.6e9 + 60)]
LATIN_ROWS = [("Zoë", "7", 5.0, 1.6e9), ("Renée", "8", 3.0, 1.6e9 + 60)]
CHINESE_ROWS = [("上海的用户", "7", 5.0, 1.6e9), ("这是一个读者", "8", 3.0, 1.6e9 + 60)]
NAMES = ("user_id", "item_id", "rating", "timestamp")
NO_HEADER = ("--columns", ",".join(NAMES))


def written(rows: list[tuple], separator: str = ",", header: tuple[str, ...] = NAMES) -> str:
    """Rows as text between separators; without a header where ``header`` is empty."""
    lines = [header, *rows] if header else rows
    cells = [[f"{c:g}" if c == 5.0 or c == 3.0 else str(c) for c in line] for line in lines]
    return "".join(separator.join(line) + "\n" for line in cells)


def stored(shop: Path) -> list[tuple]:
    rows = [(e.user_id, e.item_id, e.value, e.timestamp) for e in stored_events(shop)]
    return sorted(rows, key=lambda row: row[3])


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("e.csv", written(ROWS).encode()),
        ("e.csv", b"\xef\xbb\xbf" + written(ROWS).replace("\n", "\r\n").encode()),
        ("e.csv", written(ROWS, ";").encode()),
        ("e.csv", written(ROWS, "\t").encode()),
        ("e.txt", written(ROWS, "|").encode()),
        ("e.dat", written(ROWS, "::").encode()),
        ("e.csv", written(ROWS).encode("utf-16")),
        ("e.tsv", written(ROWS, "\t").encode("utf-16")),
    ],
    ids=["plain", "excel", "semicolon", "tab", "pipe", "colons", "utf-16", "utf-16-tab"],
)
def test_what_a_file_says_for_certain_is_read(tastegraph, shop, tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    result = tastegraph("import", shop, "--events", tmp_path / name)
    assert result.code == 0, result.err
    assert stored(shop) == ROWS


@pytest.mark.parametrize(
    ("name", "content", "rows", "named", "option"),
    [
        ("e.csv", written(ROWS, header=()).encode(), ROWS, "--columns", NO_HEADER),
        ("e.dat", written(ROWS, "::", ()).encode(), ROWS, "--columns", NO_HEADER),
        ("e.csv", written(CHINESE_ROWS).encode("gbk"), CHINESE_ROWS, "--encoding gb",
         ("--encoding", "gbk")),
        ("e.csv", written(LATIN_ROWS).encode("cp1252"), LATIN_ROWS, "--encoding cp1252",
         ("--encoding", "cp1252")),
        ("e.csv", written(ROWS).encode("utf-16-le"), ROWS, "--encoding utf-16",
         ("--encoding", "utf-16-le")),
    ],
    ids=["headerless", "movielens", "gbk", "cp1252", "utf-16-without-mark"],
)  # fmt: skip
def test_what_is_not_certain_is_named_with_the_option_that_reads_it(
    tastegraph, shop, tmp_path, name, content, rows, named, option
):
    (tmp_path / name).write_bytes(content)
    result = tastegraph("import", shop, "--events", tmp_path / name)
    assert result.code == 1
    assert named in result.err
    assert stored(shop) == []
    result = tastegraph("import", shop, "--events", tmp_path / name, *option)
    assert result.code == 0, result.err
    assert stored(shop) == rows


def test_the_index_column_of_pandas_is_not_read_and_named(tastegraph, shop, write):
    lines = written(ROWS).splitlines()
    text = "".join(f"{mark},{line}\n" for mark, line in zip(["", "0", "1"], lines, strict=True))
    report = report_of(tastegraph("import", shop, "--events", write("e.csv", text), "--json"))
    assert stored(shop) == ROWS
    assert [finding["text"] for finding in report["findings"]] == ["not used"]


def test_tables_in_an_archive_are_read_by_name(tastegraph, shop, tmp_path):
    with zipfile.ZipFile(tmp_path / "one.zip", "w") as archive:
        archive.writestr("data/e.csv", written(ROWS))
    assert tastegraph("import", shop, "--events", tmp_path / "one.zip").code == 0
    assert stored(shop) == ROWS
    with zipfile.ZipFile(tmp_path / "two.zip", "w") as archive:
        archive.writestr("e.csv", written(ROWS))
        archive.writestr("f.csv", written(ROWS))
    result = tastegraph("import", shop, "--events", tmp_path / "two.zip")
    assert result.code == 1
    assert "two.zip/e.csv" in result.err
    assert tastegraph("import", shop, "--events", tmp_path / "two.zip" / "f.csv").code == 0


def test_a_workbook_is_read_and_its_sheet_can_be_named(tastegraph, shop, tmp_path):
    with xlsxwriter.Workbook(tmp_path / "e.xlsx") as workbook:
        for name, rows in (("notes", [("see the other",)]), ("log", [NAMES, *ROWS])):
            sheet = workbook.add_worksheet(name)
            for number, row in enumerate(rows):
                sheet.write_row(number, 0, row)
    result = tastegraph("import", shop, "--events", tmp_path / "e.xlsx")
    assert result.code == 1
    assert "--sheet" in result.err
    result = tastegraph("import", shop, "--events", tmp_path / "e.xlsx", "--sheet", "log")
    assert result.code == 0, result.err
    assert stored(shop) == ROWS


@pytest.mark.parametrize("suffix", ["csv", "parquet", "jsonl"])
def test_a_folder_of_part_files_is_one_table(tastegraph, shop, tmp_path, suffix):
    folder = tmp_path / "events"
    folder.mkdir()
    (folder / "_SUCCESS").touch()
    for number, row in enumerate(ROWS):
        frame = pl.DataFrame([row], schema=NAMES, orient="row")
        part = folder / f"part-0000{number}.{suffix}"
        {"csv": frame.write_csv, "parquet": frame.write_parquet, "jsonl": frame.write_ndjson}[
            suffix
        ](part)
    result = tastegraph("import", shop, "--events", folder)
    assert result.code == 0, result.err
    assert stored(shop) == ROWS


def test_inspect_says_how_files_are_written_and_its_command_reads_them(tastegraph, shop, tmp_path):
    (tmp_path / "e.txt").write_bytes(
        written(CHINESE_ROWS, ";", ("uid", "sku", "stars", "ts")).encode("gbk")
    )
    seen = json.loads(tastegraph("inspect", tmp_path / "e.txt", "--json").out)
    (file,) = seen["files"]
    assert file["separator"] == ";"
    assert file["encoding"].startswith("gb")
    (command,) = seen["commands"]
    result = tastegraph(*(shop if word == "DIR" else word for word in command[1:]))
    assert result.code == 0, result.err
    assert stored(shop) == CHINESE_ROWS
