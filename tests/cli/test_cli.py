"""The command line, as a person meets it."""

import json
import re
import resource
import subprocess
import sys

import pytest

from tastegraph.cli import main as cli
from tastegraph.store import catalogue, database, statements
from tastegraph.store import events as log
from tastegraph.workspace import Workspace
from tests.support.command_line import CommandResult

COMMAND = [sys.executable, "-c", "from tastegraph.cli.main import main; main()"]


@pytest.fixture
def shop(tastegraph, tmp_path):
    """An empty workspace."""
    assert tastegraph("init", tmp_path / "shop").code == 0
    return tmp_path / "shop"


ITEMS = (
    "item_id,title,text,genre\nalien,Alien,a ship,horror\nheat,Heat,,crime\nfargo,Fargo,,crime\n"
)
EVENTS = (
    "user_id,item_id,rating,timestamp\nann,alien,5,100\nann,heat,2,200\nbob,fargo,4,2020-01-01\n"
)
FACTS = (
    "head,relation,tail,literal,confidence\nm.a,star,weaver,,0.5\nweaver,label,S. Weaver,true,\n"
)
LINKS = "item_id,entity_id\nalien,m.a\n"


def four(write):
    return [
        ("--items", write("items.csv", ITEMS)),
        ("--events", write("events.csv", EVENTS)),
        ("--facts", write("facts.csv", FACTS)),
        ("--links", write("links.csv", LINKS)),
    ]


def flat(pairs):
    return [part for pair in pairs for part in pair]


def counts(directory):
    return Workspace(directory).counts()


def is_one_line_of_error(done, *said):
    """An error that a person can act on: exit code 1, one line, no traceback."""
    assert done.code == 1
    assert done.out == ""
    assert done.err.startswith("error: ")
    assert done.err.count("\n") == 1
    return all(word in done.err for word in said)


# Help.


def processor_seconds(command):
    """What a command takes of the processor: other work of the machine does not count."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


@pytest.mark.slow
def test_help_comes_at_once():
    """In less than half a second more than its parser alone, of the processor's time."""
    bare, whole = (
        min(processor_seconds(command) for _ in range(5))
        for command in ([sys.executable, "-c", "import typer"], [*COMMAND, "--help"])
    )
    assert whole < 0.5 + bare


def test_help_imports_neither_torch_nor_numpy():
    code = (
        "import sys; from tastegraph.cli import main as cli\n"
        "sys.argv = ['tastegraph', '--help']\n"
        "try: cli.main()\n"
        "except SystemExit: pass\n"
        "print('imported', sorted({'torch', 'numpy', 'sqlalchemy', 'polars'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert "imported []" in done.stdout
    for verb in ("init", "import", "build", "evaluate", "recommend", "serve", "datasets"):
        assert verb in done.stdout


@pytest.mark.slow
def test_every_command_has_help(tastegraph):
    for command in cli.app.registered_commands:
        name = (command.name or command.callback.__name__).strip("_")
        done = tastegraph(name, "--help")
        assert done.code == 0, name
        assert "Usage" in done.out


def test_a_command_that_does_not_exist_is_an_error(tastegraph):
    assert tastegraph("recomend").code == 2


# Workspaces.


def test_init_says_what_comes_next_and_never_twice(tastegraph, tmp_path):
    done = tastegraph("init", tmp_path / "shop")
    assert "Next: tastegraph import" in done.out
    assert Workspace(tmp_path / "shop").config.name == "shop"
    assert is_one_line_of_error(tastegraph("init", tmp_path / "shop"), "is a workspace already")


@pytest.mark.parametrize(
    "command",
    [
        ["info", "DIR"],
        ["build", "DIR"],
        ["import", "DIR", "--events", "nothing.csv"],
        ["evaluate", "DIR"],
        ["recommend", "DIR", "ann"],
        ["explain", "DIR", "ann", "alien"],
        ["record", "DIR", "--events", "nothing.csv"],
        ["serve", "DIR"],
    ],
    ids=lambda command: command[0],
)
def test_where_there_is_no_workspace_every_command_says_so(tastegraph, tmp_path, command):
    nowhere = tmp_path / "nowhere"
    done = tastegraph(*(nowhere if part == "DIR" else part for part in command))
    assert is_one_line_of_error(done, "tastegraph init", str(nowhere))
    assert not nowhere.exists()


@pytest.mark.slow
def test_the_process_itself_ends_with_one_line_and_code_1(tmp_path):
    done = subprocess.run(
        [*COMMAND, "info", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert is_one_line_of_error(
        CommandResult(done.returncode, done.stdout, done.stderr), "tastegraph init"
    )


def test_a_misspelt_key_is_an_error_that_names_it(tastegraph, shop):
    (shop / "tastegraph.toml").write_text('name = "shop"\n[model]\nepocs = 3\n', encoding="utf-8")
    assert is_one_line_of_error(tastegraph("info", shop), "model.epocs", "tastegraph.toml")


def test_before_the_first_import_and_build_commands_say_what_to_do(tastegraph, shop, write):
    assert "none yet" in tastegraph("info", shop).out
    assert is_one_line_of_error(tastegraph("build", shop), "run 'tastegraph import' first")
    assert is_one_line_of_error(tastegraph("import", shop), "nothing to import")
    assert is_one_line_of_error(tastegraph("recommend", shop, "ann"), "run 'tastegraph build'")
    tastegraph("import", shop, *flat(four(write)))
    assert is_one_line_of_error(tastegraph("recommend", shop, "ann"), "run 'tastegraph build'")
    assert "none yet" in tastegraph("info", shop).out


# Imports.


def test_items_events_facts_and_links_are_imported(tastegraph, shop, write):
    done = tastegraph("import", shop, *flat(four(write)))
    assert done.code == 0
    assert done.out == (
        "imported 3 items, 3 events (0 known already), 2 facts, 1 links\n"
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
        found = {fact.relation: fact for _, fact in statements.all_facts(connection)}
        assert found["star"].confidence == 0.5
        assert found["label"].literal


def test_an_import_repeated_adds_nothing(tastegraph, shop, write):
    tastegraph("import", shop, *flat(four(write)))
    before = counts(shop)
    again = tastegraph("import", shop, *flat(four(write)))
    assert "0 events (3 known already)" in again.out
    assert counts(shop) == before


def test_columns_that_were_told_to_become_facts(tastegraph, shop, write):
    told = '[items.facts.genre]\nrelation = "genre"\nseparator = "|"\n'
    (shop / "tastegraph.toml").write_text(told, encoding="utf-8")
    items = write("items.csv", "item_id,title,genre\nalien,Alien,horror|space\n")
    assert "4 facts" in tastegraph("import", shop, "--items", items).out
    with Workspace(shop).database.reading() as connection:
        found = {(f.subject, f.relation, f.object) for _, f in statements.all_facts(connection)}
    assert found == {
        ("item:alien", "genre", "genre:horror"),
        ("item:alien", "genre", "genre:space"),
        ("genre:horror", "label", "horror"),
        ("genre:space", "label", "space"),
    }


@pytest.mark.parametrize(
    ("name", "text", "said"),
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
        ("items.csv", "item_id,title\nalien,\n", ["items.csv, line 2, column 'title'"]),
        (
            "facts.csv",
            "head,relation,tail,confidence\na,b,c,1.5\n",
            ["facts.csv, line 2, column 'confidence': '1.5' found, a number above 0"],
        ),
        ("links.csv", "item_id,entity\nalien,\n", ["links.csv, line 2, column 'entity'"]),
        ("items.csv", "id,title\nalien,Alien\n", ["items.csv, line 1", "item_id"]),
    ],
)
def test_a_bad_row_is_named_and_nothing_is_imported(tastegraph, shop, write, name, text, said):
    tastegraph("import", shop, *flat(four(write)))
    before = counts(shop)
    kind = name.removesuffix(".csv")
    good = write("more.csv", "item_id,title\nmore,More\n")
    done = tastegraph("import", shop, "--items", good, f"--{kind}", write(name, text))
    assert is_one_line_of_error(done, *said), done.err
    assert counts(shop) == before
    assert not (shop / "rejects.jsonl").exists()


def test_bad_rows_can_be_set_aside(tastegraph, shop, write):
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


@pytest.mark.parametrize("name", ["gone.csv", "events.xls"])
def test_a_file_that_cannot_be_read_is_named(tastegraph, shop, tmp_path, name):
    done = tastegraph("import", shop, "--events", tmp_path / name)
    assert is_one_line_of_error(done, name)


def test_one_import_takes_many_files(tastegraph, shop, write):
    one = write("one.csv", "item_id,title\na,A\n")
    two = write("two.jsonl", '{"item_id": "b", "title": "B"}\n')
    assert "2 items" in tastegraph("import", shop, "--items", one, "--items", two).out


def test_while_another_writes_the_command_waits_and_then_says_so(
    tastegraph, shop, write, monkeypatch
):
    monkeypatch.setattr(database, "WRITE_PATIENCE", 0.0)
    monkeypatch.setattr(database.Database.__init__, "__defaults__", (0.0,))
    holder = Workspace(shop)
    with holder.database.writing():
        done = tastegraph("import", shop, *flat(four(write)))
    assert is_one_line_of_error(done, "is being written by another process")
    assert tastegraph("import", shop, *flat(four(write))).code == 0


# Answers.


def test_an_import_that_was_interrupted_goes_on_where_it_stopped(tastegraph, tmp_path, write):
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


def test_recommend_takes_a_user_or_a_history(tastegraph, cinema):
    for arguments in ([], ["western-fan-0", "--history", "space-01"]):
        done = tastegraph("recommend", cinema.directory, *arguments)
        assert is_one_line_of_error(done, "either a USER or --history ITEM,ITEM")


def test_recommend_prints_a_ranked_list(tastegraph, cinema):
    done = tastegraph("recommend", cinema.directory, "western-fan-3", "-n", 4)
    lines = done.out.splitlines()
    assert [line[:4] for line in lines] == ["  1.", "  2.", "  3.", "  4."]
    assert all("[western-" in line for line in lines)


def test_recommend_for_a_history_that_is_given(tastegraph, cinema):
    done = tastegraph(
        "recommend", cinema.directory, "--history", "space-01, space-05,", "-n", 3, "--explain"
    )
    lists = [line for line in done.out.splitlines() if line[3] == "."]
    reasons = [line for line in done.out.splitlines() if line[3] != "."]
    assert len(lists) == 3
    assert all("[space-" in line and "space-05" not in line for line in lists)
    assert any("which you liked" in line for line in reasons)
    assert all(line.lstrip()[0] in "+-" for line in reasons)


def test_explained_lists_name_paths_and_shares(tastegraph, cinema):
    done = tastegraph("recommend", cinema.directory, "space-fan-1", "-n", 5, "--explain")
    assert "like *Space " in done.out
    assert "which you rated 5" in done.out
    plain = tastegraph("recommend", cinema.directory, "space-fan-1", "-n", 5)
    assert len(plain.out.splitlines()) == 5


def test_recommend_says_where_nothing_is_known(tastegraph, cinema):
    done = tastegraph("recommend", cinema.directory, "nobody", "-n", 1)
    first, second = done.out.splitlines()
    assert first == "Nothing is known of this person: what most people like."
    assert second.startswith("  1. ")


def test_commands_speak_the_language_that_they_are_told(tastegraph, cinema):
    """What readers of lists are told beside reasons; titles stay what they are."""
    where = cinema.directory
    first, second = tastegraph("recommend", where, "nobody", "-n", 1, "--lang", "zh").out.split(
        "\n", 1
    )
    assert first == "还不了解这位用户的喜好，以下为热门内容。"
    assert "得分" in second
    done = tastegraph("explain", where, "western-fan-3", "western-00", "--lang", "zh")
    assert re.match(r"Western 0  \[western-00\]：得分 -?\d\.\d{4}，排名第 \d+\n", done.out)
    person = tastegraph("info", where, "--user", "western-fan-0", "--lang", "zh").out
    assert person.startswith("western-fan-0：10 条事件，最新的在前\n")
    assert person.count("  打了 ") == 10
    assert "兴趣图谱：" in person
    assert "（据文本推断）" in tastegraph("info", where, "--item", "western-00", "--lang", "zh").out
    assert tastegraph("info", where, "--lang", "zh").out.startswith("      物品  24\n")
    done = tastegraph("recommend", where, "nobody", "--lang", "fr")
    assert done.code == 2
    assert "'fr' is none of en, zh" in done.err


def test_a_workspace_has_a_language_of_its_own(tastegraph, shop):
    with (shop / "tastegraph.toml").open("a") as file:
        file.write('\n[serving]\nlanguage = "zh"\n')
    assert tastegraph("info", shop).out.splitlines()[-1] == "      快照  尚未构建"
    assert "none yet" in tastegraph("info", shop, "--lang", "en").out
    text = (shop / "tastegraph.toml").read_text()
    (shop / "tastegraph.toml").write_text(text.replace('"zh"', '"fr"'))
    assert is_one_line_of_error(tastegraph("info", shop), "serving.language")


def test_lists_and_explanations_come_as_json(tastegraph, cinema):
    done = tastegraph("recommend", cinema.directory, "western-fan-3", "-n", 2, "--json")
    answer = json.loads(done.out)
    assert [item["rank"] for item in answer["items"]] == [1, 2]
    assert answer["personal"] is True
    assert answer["items"][0]["reasons"]
    first = answer["items"][0]
    done = tastegraph("explain", cinema.directory, "western-fan-3", first["item_id"], "--json")
    explained = json.loads(done.out)
    assert explained["score"] == pytest.approx(first["score"])
    assert sum(r["share"] for r in explained["reasons"]) == pytest.approx(first["score"], abs=1e-3)


def test_explain_prints_every_reason(tastegraph, cinema):
    done = tastegraph("explain", cinema.directory, "western-fan-3", "western-03")
    first, *reasons = done.out.splitlines()
    assert first.startswith("Western 3  [western-03]: score ")
    assert reasons
    assert all(line.split()[0][0] in "+-" for line in reasons)
    done = tastegraph("explain", cinema.directory, "western-fan-3", "nothing")
    assert is_one_line_of_error(done, "no item 'nothing'")


@pytest.mark.parametrize("n", ["0", "1001", "ten"])
def test_a_number_out_of_range_is_refused(tastegraph, cinema, n):
    assert tastegraph("recommend", cinema.directory, "western-fan-3", "-n", n).code == 2


def test_what_is_recorded_counts_at_once(tastegraph, cinema, write):
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


def test_a_bad_event_is_not_recorded(tastegraph, cinema, write):
    before = cinema.counts()
    bad = write("new.csv", "user_id,item_id,type\nann,space-01,like\nann,space-02,loves\n")
    done = tastegraph("record", cinema.directory, "--events", bad)
    assert is_one_line_of_error(done, "line 3, column 'type': 'loves' found, one of view, click")
    assert cinema.counts() == before
    done = tastegraph("record", cinema.directory, "--events", bad, "--on-error", "skip")
    assert "1 events recorded" in done.out
    assert len((cinema.directory / "rejects.jsonl").read_text().splitlines()) == 1


def test_a_user_id_that_is_no_unicode_is_an_error(tastegraph, cinema):
    done = tastegraph("recommend", cinema.directory, "\udcff")
    assert is_one_line_of_error(done)


# What there is.


def test_info_counts_what_there_is(tastegraph, cinema):
    lines = tastegraph("info", cinema.directory).out.splitlines()
    found = dict(line.split(maxsplit=1) for line in lines)
    assert found == {
        "items": "24", "facts": "52", "links": "0", "events": "600", "users": "60",
        "snapshot": "000001",
        "fitted": "events of weight > 0; ratings 1 to 5: from 4 on they count for an item",
    }  # fmt: skip


def test_info_shows_a_person_and_an_item(tastegraph, cinema):
    person = tastegraph("info", cinema.directory, "--user", "western-fan-0").out
    assert person.startswith("western-fan-0: 10 events, newest first\n")
    assert person.count("  rated ") == 10
    assert "interest graph:" in person
    assert "Old western hand" in person
    item = tastegraph("info", cinema.directory, "--item", "western-00").out
    title, *ties = item.splitlines()
    assert title == "content graph of Western 0:"
    told = {line.split(maxsplit=1)[1] for line in ties}
    stated = {"director: Old western hand", "genre: western"}
    assert {line for line in told if "(not stated)" not in line} == stated
    assert "director: person:western-1 (not stated)" in told


def test_info_of_what_is_not_there_is_an_error(tastegraph, cinema):
    done = tastegraph("info", cinema.directory, "--user", "nobody")
    assert is_one_line_of_error(done, "no event of user 'nobody'")
    done = tastegraph("info", cinema.directory, "--item", "nothing")
    assert is_one_line_of_error(done, "no item 'nothing'")


def test_a_stage_that_does_not_exist_is_an_error(tastegraph, cinema):
    done = tastegraph("build", cinema.directory, "--only", "grap")
    assert is_one_line_of_error(done, "no such stage: grap")


def test_nothing_is_built_where_nothing_changed(tastegraph, cinema):
    assert tastegraph("build", cinema.directory).out == "in service: snapshot 000001\n"


def test_a_damaged_snapshot_is_named(tastegraph, cinema):
    file = next((cinema.directory / "snapshots" / "000001").glob("graph.items*.npy"))
    file.write_bytes(file.read_bytes()[:-1])
    done = tastegraph("recommend", cinema.directory, "western-fan-0")
    assert is_one_line_of_error(done, file.name, "was altered")


def test_data_sets_are_listed(tastegraph):
    done = tastegraph("datasets", "list")
    assert done.out.startswith("ml-100k  MovieLens 100K")


def test_a_data_set_of_an_unknown_name_is_an_error(tastegraph):
    assert is_one_line_of_error(tastegraph("datasets", "fetch", "no-such-set"), "no-such-set")


def test_titles_a_terminal_cannot_show_are_replaced(cinema):
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from tastegraph.cli import terminal; terminal.print_line('日本 → ok')",
        ],
        env={"PYTHONIOENCODING": "ascii", "PATH": ""},
        capture_output=True,
        check=True,
    )
    assert done.stdout == b"?? ? ok\n"
