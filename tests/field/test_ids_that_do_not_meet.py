"""Ids of events that the catalogue lacks: how many of how many, examples, the likely cause."""

from __future__ import annotations

import pytest

from tests.support.stored import finding, report_of, stored_events


@pytest.mark.parametrize(
    ("written", "known", "cause"),
    [
        ("7.0", "7", "decimals"),
        ("0042", "42", "leading zeros"),
        ("p7 ", "p7", "blanks"),
        ("P7", "p7", "upper and lower case"),
        ("cafe\u0301", "caf\u00e9", "Unicode"),
        ("https://shop.example/p/p7?ref=1", "p7", "URLs"),
    ],
)
def test_the_likely_cause_is_named(tastegraph, shop, write, written, known, cause):
    items = write("items.csv", f"item_id,title\n{known},Known\nq,Other\n")
    events = write("e.csv", f"user_id,item_id\nann,{written}\nbob,{written}\nbob,q\n")
    report = report_of(tastegraph("import", shop, "--items", items, "--events", events, "--json"))
    mismatch = finding(report, "item_id", "1 of 2 ids are not in the catalogue")
    assert mismatch["count"] == 2
    assert repr(written) in mismatch["example"]
    assert f"{written!r} is probably {known!r}" in mismatch["remedy"]
    assert cause in mismatch["remedy"]
    # Nothing is put right by guesses.
    assert {event.item_id for event in stored_events(shop)} == {written, "q"}


def test_three_unknown_ids_are_shown(tastegraph, shop, write):
    items = write("items.csv", "item_id,title\na,A\n")
    ids = ["gone-1", "gone-2", "gone-3", "gone-4", "a"]
    events = write("e.csv", "user_id,item_id\n" + "".join(f"ann,{name}\n" for name in ids))
    result = tastegraph("import", shop, "--items", items, "--events", events)
    line = "4 of 5 ids are not in the catalogue (4, such as 'gone-1', 'gone-2', 'gone-3')"
    assert line in result.out


def test_inspect_says_so_before_anything_is_imported(tastegraph, tmp_path, write):
    files = [
        write("items.csv", "item_id,title\n7,Tee\n8,Cap\n"),
        write("e.csv", "user_id,item_id\nann,7.0\nann,8\n"),
    ]
    result = tastegraph("inspect", *files)
    assert "not among the items are 1 of 2 ids, such as '7.0'" in result.out
    assert "'7.0' is probably '7' (1 such)" in result.out


def test_whole_numbers_of_typed_files_meet_those_of_text(tastegraph, shop, tmp_path, write):
    import polars as pl

    frame = pl.DataFrame({"user_id": [1.0, 2.0], "item_id": [7.0, None]})
    frame.write_parquet(tmp_path / "e.parquet")
    items = write("items.csv", "item_id,title\n7,Tee\n")
    report = report_of(
        tastegraph(
            "import", shop, "--items", items, "--events", tmp_path / "e.parquet",
            "--on-error", "skip", "--json",
        )
    )  # fmt: skip
    assert [(e.user_id, e.item_id) for e in stored_events(shop)] == [("1", "7")]
    assert not [entry for entry in report["findings"] if "catalogue" in entry["text"]]
