"""``tastegraph inspect``: prints what files hold and how to import them, and stores nothing."""

from __future__ import annotations

import json


def test_inspect_prints_what_files_hold_and_the_command_that_imports_them(tastegraph, tmp_path):
    (tmp_path / "events.csv").write_text("uid;sku;ts\nu;7.0;1600000000\n", encoding="utf-8")
    (tmp_path / "items.csv").write_text("sku;name\n7;Tee\n", encoding="utf-8")
    files = [tmp_path / "events.csv", tmp_path / "items.csv"]
    result = tastegraph("inspect", *files)
    assert result.code == 0
    assert "holds events (a guess)" in result.out
    assert "'7.0' is probably '7' (1 such)" in result.out
    assert "tastegraph import DIR --items" in result.out
    result = tastegraph("inspect", *files, "--json")
    assert [file["kind"] for file in json.loads(result.out)["files"]] == ["events", "items"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["events.csv", "items.csv"]


def test_an_option_that_cannot_be_used_is_one_line(tastegraph, tmp_path):
    result = tastegraph("inspect", tmp_path / "t.csv", "--encoding", "utf-9")
    assert result.code == 1
    assert "no such encoding" in result.err
