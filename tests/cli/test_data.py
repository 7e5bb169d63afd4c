"""Commands on data: init, import, record, data sets."""

from __future__ import annotations

import json

import pytest

from tastegraph.store import catalogue, database, statements
from tastegraph.store import events as log
from tastegraph.workspace import Workspace
from tests.support.command_line import counts, file_options, is_one_line_error


def test_init_makes_a_workspace_once(tastegraph, tmp_path):
    done = tastegraph("init", tmp_path / "shop")
    assert "Next: tastegraph import" in done.out
    assert Workspace(tmp_path / "shop").config.name == "shop"
    assert is_one_line_error(tastegraph("init", tmp_path / "shop"), "is a workspace already")


def test_import_reads_items_events_facts_and_links(tastegraph, shop, write):
    done = tastegraph("import", shop, *file_options(write))
    assert done.code == 0
    assert done.out == (
        "imported 3 items, 3 events (0 known already), 2 facts, 1 links\n"
        "events.csv (events): 3 read, 3 new\n"
        "items.csv (items): 3 read, 3 new\n"
        "facts.csv (facts): 2 read, 2 new\n"
        "links.csv (links): 1 read, 1 new\n"
        "ratings 1 to 5: from 4 on they count for an item\n"
    )
    assert counts(shop) == {"items": 3, "facts": 2, "links": 1, "events": 3, "users": 2}
    with Workspace(shop).database.reading() as connection:
        items = {item.item_id: item for item in catalogue.all_items(connection)}
        assert items["alien"].attributes == {"genre": ("horror",)}
        first, second = log.user_events(connection, "ann", 9)
        assert (first.item_id, first.type, first.value, first.timestamp) == (
            "alien", "rating", 5.0, 100.0,
        )  # fmt: skip
        assert second.item_id == "heat"
        facts = {fact.relation: fact for _, fact in statements.all_facts(connection)}
        assert facts["star"].confidence == 0.5
        assert facts["label"].literal


def test_repeated_import_adds_nothing(tastegraph, shop, write):
    tastegraph("import", shop, *file_options(write))
    before = counts(shop)
    again = tastegraph("import", shop, *file_options(write))
    assert "0 events (3 known already)" in again.out
    assert counts(shop) == before


def test_configured_columns_become_facts(tastegraph, shop, write):
    config = '[items.facts.genre]\nrelation = "genre"\nseparator = "|"\n'
    (shop / "tastegraph.toml").write_text(config, encoding="utf-8")
    items = write("items.csv", "item_id,title,genre\nalien,Alien,horror|space\n")
    assert "4 facts" in tastegraph("import", shop, "--items", items).out
    with Workspace(shop).database.reading() as connection:
        facts = {(f.subject, f.relation, f.object) for _, f in statements.all_facts(connection)}
    assert facts == {
        ("item:alien", "genre", "genre:horror"),
        ("item:alien", "genre", "genre:space"),
        ("genre:horror", "label", "horror"),
        ("genre:space", "label", "space"),
    }


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        (
            "events.csv",
            "user_id,item_id,value\nann,alien,5\nbob,heat,five\n",
            ["events.csv, line 3, column 'value': 'five' found, a finite number expected"],
        ),
        (
            "events.csv",
            "user_id,item_id\nann,alien\n,heat\n",
            ["line 3, column 'user_id'", "an id that is not empty expected"],
        ),
        ("items.csv", "item_id,title\n,Alien\n", ["items.csv, line 2, column 'item_id'"]),
        (
            "facts.csv",
            "head,relation,tail,confidence\na,b,c,1.5\n",
            ["facts.csv, line 2, column 'confidence': '1.5' found, a number above 0"],
        ),
        ("links.csv", "item_id,entity\nalien,a\x01\n", ["links.csv, line 2, column 'entity'"]),
        ("items.csv", "id,title\nalien,Alien\n", ["items.csv, line 1", "item_id"]),
    ],
)
def test_bad_row_is_named_and_nothing_is_imported(tastegraph, shop, write, name, text, words):
    tastegraph("import", shop, *file_options(write))
    before = counts(shop)
    kind = name.removesuffix(".csv")
    good = write("more.csv", "item_id,title\nmore,More\n")
    done = tastegraph("import", shop, "--items", good, f"--{kind}", write(name, text))
    assert is_one_line_error(done, *words), done.err
    assert counts(shop) == before
    assert not (shop / "rejects.jsonl").exists()


def test_bad_rows_can_be_skipped(tastegraph, shop, write):
    bad = write("events.csv", "user_id,item_id,value\nann,alien,5\nbob,heat,five\n,heat,1\n")
    done = tastegraph("import", shop, "--events", bad, "--on-error", "skip")
    assert done.code == 0
    assert "1 events" in done.out
    assert f"2 bad rows were left out: see {shop / 'rejects.jsonl'}" in done.out
    rejects = [json.loads(line) for line in (shop / "rejects.jsonl").read_text().splitlines()]
    assert rejects == [
        {
            "file": str(bad),
            "line": 3,
            "column": "value",
            "value": "five",
            "expected": "a finite number",
        },
        {
            "file": str(bad),
            "line": 4,
            "column": "user_id",
            "value": "",
            "expected": "an id that is not empty",
        },
    ]
    assert counts(shop)["events"] == 1


def test_an_import_can_be_reported_as_json(tastegraph, shop, write):
    bad = write("events.csv", "user_id,item_id,value,page\nann,alien,5,1\nbob,heat,five,2\n")
    done = tastegraph("import", shop, "--events", bad, "--on-error", "skip", "--json")
    report = json.loads(done.out)
    assert (report["events"], report["bad_rows"]) == (1, 1)
    assert report["rejects"] == str(shop / "rejects.jsonl")
    assert report["unlisted"] == {"delisted": 0, "hidden": 0, "not_yet": 0, "no_more": 0}
    (file,) = report["files"]
    assert (file["kind"], file["name"], file["read"], file["new"]) == (
        "events", "events.csv", 2, 1,
    )  # fmt: skip
    (finding,) = report["findings"]
    assert (finding["column"], finding["text"]) == ("page", "not used")


@pytest.mark.parametrize("name", ["gone.csv", "events.xls"])
def test_unreadable_file_is_named(tastegraph, shop, tmp_path, name):
    done = tastegraph("import", shop, "--events", tmp_path / name)
    assert is_one_line_error(done, name)


def test_import_takes_many_files(tastegraph, shop, write):
    one = write("one.csv", "item_id,title\na,A\n")
    two = write("two.jsonl", '{"item_id": "b", "title": "B"}\n')
    assert "2 items" in tastegraph("import", shop, "--items", one, "--items", two).out


def test_import_waits_while_another_process_writes(tastegraph, shop, write, monkeypatch):
    monkeypatch.setattr(database, "WRITE_PATIENCE", 0.0)
    monkeypatch.setattr(database.Database.__init__, "__defaults__", (0.0,))
    holder = Workspace(shop)
    with holder.database.writing():
        done = tastegraph("import", shop, *file_options(write))
    assert is_one_line_error(done, "is being written by another process")
    assert tastegraph("import", shop, *file_options(write)).code == 0


def test_interrupted_import_resumes(tastegraph, tmp_path, write):
    Workspace.init(tmp_path / "shop")
    head = "head,relation,tail\n"
    good, bad = write("good.csv", head + "a,r,b\n"), write("bad.csv", head + "a,r\n")
    command = ("import", tmp_path / "shop", "--resume", "--facts", good, "--facts", bad)
    done = tastegraph(*command)
    assert (done.code, done.out) == (1, "good.csv: 1 facts, 0 links\n")
    write("bad.csv", head + "a,r,c\n")
    lines = tastegraph(*command).out.splitlines()
    assert lines[:2] == ["good.csv: imported before and unchanged", "bad.csv: 1 facts, 0 links"]
    assert "bad.csv: imported before and unchanged" in tastegraph(*command).out


def test_recorded_events_count_at_once(tastegraph, cinema, write):
    new = write(
        "new.jsonl",
        "".join(
            json.dumps({"user_id": "newcomer", "item_id": f"space-0{k}", "type": "like"}) + "\n"
            for k in (1, 5, 7)
        ),
    )
    done = tastegraph("record", cinema.directory, "--events", new)
    assert done.out == "3 events recorded, 0 known already\n"
    done = tastegraph("record", cinema.directory, "--events", new)
    assert done.out == "0 events recorded, 3 known already\n"
    listed = tastegraph("recommend", cinema.directory, "newcomer", "-n", 4).out.splitlines()
    assert len(listed) == 4
    assert all("[space-" in line for line in listed)


def test_bad_event_is_not_recorded(tastegraph, cinema, write):
    before = cinema.counts()
    bad = write("new.csv", "user_id,item_id,type\nann,space-01,like\nann,space-02,loves\n")
    done = tastegraph("record", cinema.directory, "--events", bad)
    assert is_one_line_error(done, "line 3, column 'type': 'loves' found, one of view, click")
    assert cinema.counts() == before
    done = tastegraph("record", cinema.directory, "--events", bad, "--on-error", "skip")
    assert "1 events recorded" in done.out
    assert len((cinema.directory / "rejects.jsonl").read_text().splitlines()) == 1


def test_data_sets_are_listed(tastegraph):
    done = tastegraph("datasets", "list")
    assert done.out.startswith("ml-100k  MovieLens 100K")


def test_unknown_data_set_is_an_error(tastegraph):
    assert is_one_line_error(tastegraph("datasets", "fetch", "no-such-set"), "no-such-set")


def test_record_reports_what_it_guesses_and_does_not_use(tastegraph, shop, write):
    file = write("e.csv", "user_id,item_id,timestamp,device\nu,i,1600000000000,phone\n")
    finished = tastegraph("record", shop, "--events", file)
    assert "1 events recorded" in finished.out
    assert "e.csv, column 'timestamp': numbers read as milliseconds (1" in finished.out
    assert "e.csv, column 'device': not used (1)" in finished.out
