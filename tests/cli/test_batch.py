"""The command that writes lists of many users."""

from __future__ import annotations

import polars as pl

from tests.support.command_line import is_one_line_error


def test_batch_writes_the_lists_of_all_users(tastegraph, cinema, tmp_path):
    out = tmp_path / "lists.parquet"
    done = tastegraph("batch", cinema.directory, "--out", out, "--n", 3, "--reasons", 1)
    frame = pl.read_parquet(out)
    n_users = frame["user_id"].n_unique()
    assert done.code == 0
    assert done.out.startswith(f"{n_users:,} lists with {len(frame):,} items in {out}")
    alone = tastegraph("recommend", cinema.directory, "western-fan-3", "-n", 3)
    listed = frame.filter(pl.col("user_id") == "western-fan-3")["item_id"].to_list()
    assert [line.split("[")[1].split("]")[0] for line in alone.out.splitlines()] == listed


def test_batch_takes_users_of_a_file_and_says_who_has_no_list(tastegraph, cinema, tmp_path):
    (tmp_path / "users.txt").write_text("space-fan-1\n\nnobody\nspace-fan-1\n")
    (tmp_path / "users.csv").write_text("user_id,name\nspace-fan-1,Ann\nnobody,\nspace-fan-1,\n")
    for name in ("users.txt", "users.csv"):
        done = tastegraph(
            "batch", cinema.directory, "--out", tmp_path / "out.jsonl", "--users", tmp_path / name
        )
        first, repeated, unknown = done.out.splitlines()
        assert first.startswith("1 lists with 10 items")
        assert repeated.startswith("1 users without a list, such as 'space-fan-1': this user came")
        assert unknown.startswith("1 users without a list, such as 'nobody': nothing is stored")


def test_batch_refuses_what_it_cannot_use(tastegraph, cinema, tmp_path):
    done = tastegraph("batch", cinema.directory, "--out", tmp_path / "lists.xls")
    assert is_one_line_error(done, "must end in one of .parquet, .csv, .jsonl")
    done = tastegraph("batch", cinema.directory, "--out", tmp_path / "l.csv", "--exclude", "all")
    assert is_one_line_error(done, "--exclude is seen or none, not all")
    (tmp_path / "users.csv").write_text("id,name\n1,a\n")
    done = tastegraph(
        "batch", cinema.directory, "--out", tmp_path / "l.csv", "--users", tmp_path / "users.csv"
    )
    assert is_one_line_error(done, "has no column user_id; it has id, name")
    done = tastegraph(
        "batch", cinema.directory, "--out", tmp_path / "l.csv", "--filter", "nonsense >"
    )
    assert done.code == 1
    assert not (tmp_path / "l.csv").exists()
