"""``tastegraph kg review`` and other decisions on the command line."""

import json

import pytest

from tastegraph.core.records import DIFFERENT_FROM, Fact, Item
from tastegraph.store import decision_log as store_log
from tastegraph.store import statements
from tastegraph.workspace import Workspace

ITEMS = [Item("1", "Alien"), Item("2", "Aliens"), Item("3", "Brazil")]
CERTAIN = Fact("item:1", "directed_by", "scott")
UNCERTAIN = Fact("item:2", "directed_by", "cameron", confidence=0.4)
LIKELY = Fact("item:3", "directed_by", "gilliam", confidence=0.9)
MARKED = [Fact("a", "mark", "m:a"), Fact("b", "mark", "m:b")]


@pytest.fixture
def directory(tmp_path):
    workspace = Workspace.init(tmp_path / "w", {"relations": {"born": {"single": True}}})
    workspace.ingest(items=ITEMS, facts={"films": [CERTAIN, UNCERTAIN, LIKELY, *MARKED]})
    workspace.close()
    return workspace.directory


@pytest.fixture
def answer(tastegraph, monkeypatch):
    """Run 'kg review' with lines typed at it."""

    def run(directory, *lines):
        typed = iter(lines)
        monkeypatch.setattr("typer.prompt", lambda text, **_: next(typed))
        done = tastegraph("kg", "review", directory, "--author", "ann")
        assert next(typed, None) is None
        return done

    return run


def decision_log(tastegraph, directory):
    return json.loads(tastegraph("kg", "decisions", directory, "--json").out)


def test_review_stores_decisions(tastegraph, directory, answer):
    done = answer(directory, "a", "what", "r")
    assert done.code == 0
    assert "1/2" in done.out
    assert "Aliens  —directed_by→  cameron" in done.out
    assert "40% by films" in done.out
    assert "2 decisions kept" in done.out
    log = decision_log(tastegraph, directory)
    assert [(entry["kind"], entry["author"]) for entry in log] == [
        ("reject", "ann"),
        ("accept", "ann"),
    ]
    assert "nothing to ask" in answer(directory).out


def test_review_edits_undoes_skips_and_quits(tastegraph, directory, answer):
    done = answer(directory, "e", "cameron", "e", " ", "e", "james", "u", "s")
    assert done.code == 0
    assert "is taken back" in done.out
    assert "0 decisions kept" in done.out
    (entry,) = decision_log(tastegraph, directory)
    assert list(entry) == [
        "seq", "kind", "author", "made", "undone", "undone_by", "affirmed", "denied",
    ]  # fmt: skip
    assert entry["undone_by"] == "ann"
    assert entry["affirmed"][0]["object"] == "james"
    assert "0 decisions kept" in answer(directory, "q").out


def test_review_reads_standard_input(tastegraph, directory, monkeypatch):
    import io

    monkeypatch.setattr("sys.stdin", io.StringIO("a\n\n"))
    assert "1 decisions kept" in tastegraph("kg", "review", directory, "--author", "ann").out


def test_review_lists_tasks_and_as_json(tastegraph, directory):
    output = tastegraph("kg", "review", directory, "--list")
    assert output.code == 0
    assert "2/2" in output.out
    assert "kept" not in output.out
    tasks = json.loads(tastegraph("kg", "review", directory, "--json", "-n", 1).out)
    assert [task["fact_id"] for task in tasks] == [statements.fact_id(UNCERTAIN)]


def test_review_tells_how_many_users_doubt_a_fact(tastegraph, directory):
    workspace = Workspace(directory)
    with workspace.database.writing() as connection:
        for user in ("u1", "u2"):
            store_log.vote_against(connection, user, statements.fact_id(CERTAIN))
    workspace.close()
    output = tastegraph("kg", "review", directory, "--list").out
    assert output.count("users who said that it is wrong: 2") == 1


def test_add_merge_split_and_undo(tastegraph, directory):
    by = ("--author", "ann")
    assert "decision 1" in tastegraph("kg", "add", directory, "scott", "born", "1937",
                                      "--literal", *by).out  # fmt: skip
    assert "decision 2" in tastegraph("kg", "merge", directory, "a", "b", *by).out
    assert "decision 3" in tastegraph("kg", "split", directory, "a", "item:1", *by).out
    assert "decision 2 (merge by ann)" in tastegraph("kg", "undo", directory, 2, *by).out
    log = tastegraph("kg", "decisions", directory).out
    assert "+ scott  born  '1937'" in log
    assert f"+ item:1  {DIFFERENT_FROM}  a" in log
    assert "(undone by ann)" in log
    again = tastegraph("kg", "undo", directory, 2, *by)
    assert again.code == 1
    assert "taken back by ann already" in again.err
    assert "no decision 9" in tastegraph("kg", "undo", directory, 9, *by).err
    assert "object" in tastegraph("kg", "add", directory, "a", "b", " ", *by).err


def test_an_unknown_user_must_name_an_author(tastegraph, directory, monkeypatch):
    def nobody():
        raise KeyError("uid")

    monkeypatch.setattr("getpass.getuser", nobody)
    assert "--author" in tastegraph("kg", "merge", directory, "a", "b").err
