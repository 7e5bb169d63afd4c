"""Erasure: no byte of a user remains, and later models never knew them."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from threading import Event as Flag

import numpy as np
import pytest
from sqlalchemy import Connection, insert

from tastegraph.core.config import CONFIG_FILE as CONFIG
from tastegraph.core.config import Pin
from tastegraph.core.errors import BusyError, NotFoundError
from tastegraph.core.records import USER, Event, Fact, Item
from tastegraph.pipeline import retrain
from tastegraph.serving.api.app import create_app
from tastegraph.serving.engine import ListOptions
from tastegraph.serving.policies.policy import PolicyOptions
from tastegraph.serving.wishes.chips import Chip
from tastegraph.store import caches, erasure, revision, statements
from tastegraph.store import events as log
from tastegraph.store.caches import LLMAnswer
from tastegraph.store.database import Database
from tastegraph.store.schema import metadata, votes
from tastegraph.text.descriptions import write_descriptions
from tastegraph.workspace import Workspace
from tests.support import serving_world
from tests.support.byte_search import files_with
from tests.support.cinema import SETTINGS, events, facts, films
from tests.support.limits import within
from tests.support.local_client import LocalClient

MARK = "m4rk3r-of-somebody"


def traced_statements(database: Database) -> list[str]:
    """The SQL that the writing connection executes from now on."""
    trace: list[str] = []
    database._open_writer().connection.driver_connection.set_trace_callback(trace.append)
    return trace


def database_with_events(users: list[str], directory: Path) -> Database:
    """A database of 12,000 events at random times, and 12,000 votes, of random ``users``."""
    rng = np.random.default_rng(3)
    database = Database(directory / "tastegraph.db", metadata)
    for batch in range(24):
        with database.writing() as connection:
            log.append(
                connection,
                (
                    Event(f"e{batch}-{k}", users[rng.integers(len(users))], f"i{k % 97}", "click",
                          None, 1e6 + float(rng.integers(10**6)))
                    for k in range(500)
                ),
            )  # fmt: skip
            connection.execute(
                insert(votes).prefix_with("OR IGNORE"),
                [
                    {"user_id": users[rng.integers(len(users))], "fact_id": k, "at": 1.0}
                    for k in range(500)
                ],
            )
    return database


@pytest.mark.slow
def test_no_byte_remains_after_page_splits(tmp_path: Path) -> None:
    """Rows move when pages split, and a page may keep a copy of a moved row."""
    users = [f"person-{number:06d}" for number in np.random.default_rng(3).permutation(400)]
    database = database_with_events(users, tmp_path)
    trace = traced_statements(database)
    for user in users[:200]:
        with database.writing() as connection:
            erasure.erase_user(connection, user)
        database.scrub(user)
    left = (tmp_path / "tastegraph.db").read_bytes() + Path(f"{database.path}-wal").read_bytes()
    assert [user for user in users[:200] if user.encode() in left] == []
    assert 0 < trace.count("VACUUM") < 200
    with database.reading() as connection:
        assert log.user_count(connection) == 200
    database.close()


def test_short_id_in_other_rows_does_not_rewrite_the_file(
    tmp_path: Path,
) -> None:
    database = database_with_events([str(number) for number in range(500)], tmp_path)
    with database.writing():
        pass
    database._open_writer().connection.execute("VACUUM")
    trace = traced_statements(database)
    with database.writing() as connection:
        erasure.erase_user(connection, "7")
    database.scrub("7")
    assert b"7" in database.path.read_bytes()
    assert "VACUUM" not in trace
    database.close()


@pytest.mark.slow
def test_file_is_rewritten_where_free_space_holds_the_id(tmp_path: Path) -> None:
    users = [f"person-{number:06d}" for number in range(400)]
    database = database_with_events(users, tmp_path)
    for user in users:
        with database.writing() as connection:
            erasure.erase_user(connection, user)
        database._empty_log()
        if user.encode() in database.path.read_bytes():
            break
    else:
        pytest.fail("no page was divided")
    trace = traced_statements(database)
    database.scrub(user)
    assert trace.count("VACUUM") == 1
    assert user.encode() not in database.path.read_bytes()
    database.close()


@pytest.mark.slow
def test_events_after_an_erasure_survive_another_process(tmp_path: Path) -> None:
    """Regression: closing a descriptor released the locks, and the other process took the log."""
    engine = serving_world.open_engine(tmp_path)
    engine.erase.user("western-1")
    engine.record([Event("before", MARK, "space-1", "like", None, 1.0)])
    writer = "import sys, pathlib; from tastegraph.store import database, schema\n"
    writer += "one = database.Database(pathlib.Path(sys.argv[1]), schema.metadata)\n"
    writer += "with one.writing(): pass\n"
    writer += "one.close()"
    subprocess.run([sys.executable, "-c", writer, engine.database.path], check=True)
    engine.record([Event("after", MARK, "space-2", "like", None, 1.0)])
    reader = "import sys, sqlite3; one = sqlite3.connect(f'file:{sys.argv[1]}?mode=ro', uri=True)\n"
    reader += "print(*one.execute('SELECT event_id FROM events WHERE user_id = ?', sys.argv[2:]))"
    stored = subprocess.run(
        [sys.executable, "-c", reader, engine.database.path, MARK],
        check=True, capture_output=True, text=True,
    ).stdout  # fmt: skip
    engine.close()
    assert "'before'" in stored
    assert "'after'" in stored


def test_erasure_fails_while_a_reader_holds_the_log(tmp_path: Path) -> None:
    engine = serving_world.open_engine(tmp_path)
    engine.database._patience = 0.2
    engine.record([Event("x", MARK, "space-1", "like", None, 1.0)])
    with engine.database.reading() as connection:
        connection.exec_driver_sql("SELECT count(*) FROM events").fetchall()
        engine.record([Event("y", MARK, "space-1", "like", None, 1.0)])
        with pytest.raises(BusyError, match="emptied"):
            engine.erase.user(MARK)
    assert engine.erase.user(MARK).events == 0
    assert files_with(MARK, tmp_path) == []


def test_events_are_written_while_an_erasure_waits(tmp_path: Path) -> None:
    """A checkpoint that waits for readers would block every writer for seconds."""
    engine = serving_world.open_engine(tmp_path)
    engine.database._patience = 30.0
    with engine.database.reading() as connection, ThreadPoolExecutor(1) as pool:
        connection.exec_driver_sql("SELECT count(*) FROM events").fetchall()
        erasing = pool.submit(engine.erase.user, "western-1")
        time.sleep(0.2)
        for k in range(5):
            engine.record([Event(f"meanwhile{k}", MARK, "space-1", "like", None, 1.0)])
        assert not erasing.done(), "an event waited until the erasure had given up"
        connection.rollback()
        assert erasing.result().events == 4
    assert engine.erase.user("western-1").events == 0
    engine.close()


def test_log_is_emptied_under_constant_load(tmp_path: Path) -> None:
    engine = serving_world.open_engine(tmp_path)
    engine.record([Event("marked", MARK, "space-1", "like", None, 1.0)])
    assert files_with(MARK, tmp_path) == ["tastegraph.db-wal"]
    ended = Flag()

    def reading() -> None:
        while not ended.is_set():
            engine.recommend("space-1", 5)

    def writing() -> None:
        for k in count():
            engine.record([Event(f"busy{k}", "space-2", "space-1", "view", None, 1.0)])
            if ended.is_set():
                return

    with ThreadPoolExecutor(4) as pool:
        busy = [pool.submit(work) for work in (reading, reading, reading, writing)]
        try:
            assert engine.erase.user(MARK).events == 1
        finally:
            ended.set()
        for work in busy:
            work.result()
    assert files_with(MARK, tmp_path) == []
    engine.close()


@pytest.mark.slow
def test_next_build_equals_one_without_the_user(tmp_path: Path) -> None:
    """All arrays of a complete build are equal to the byte."""
    digests = []
    for name, erased in (("never", False), ("erased", True)):
        workspace = Workspace.init(tmp_path / name, SETTINGS)
        workspace.ingest(items=films(), events=events(), facts={"films": facts()})
        if erased:
            liked = [f"western-{k:02}" for k in range(7)] + ["space-03"]
            workspace.record(
                Event(f"{MARK}{k}", MARK, item, "like", None, 5.0) for k, item in enumerate(liked)
            )
            stated = Fact(USER + MARK, "lives_in", "place:1")
            workspace.ingest(facts={"addresses": [stated]})
            workspace.build()
            with workspace.database.reading() as connection:
                known = revision.change_count(connection)
            receipt = workspace.erase.user(MARK)
            with workspace.database.reading() as connection:
                assert revision.change_count(connection) > known, (
                    "a running service makes a snapshot"
                )
            assert (receipt.events, receipt.facts) == (8, 1)
        version = workspace.build()
        digests.append(workspace.snapshots.manifest(version)["files"])
        workspace.close()
        if erased:
            assert files_with(MARK, tmp_path / name) == []
            assert workspace.snapshots.versions() == [version]
    assert digests[0] == digests[1]


@pytest.mark.slow
@pytest.mark.parametrize("what", ["a user", "an item"])
def test_retraining_after_an_erasure_starts_from_scratch(cinema, monkeypatch, what) -> None:
    fits = []
    tune_and_fit = retrain.tune_and_fit

    def recorded(*arguments):
        fits.append(tune_and_fit(*arguments))
        return fits[-1]

    monkeypatch.setattr(retrain, "tune_and_fit", recorded)
    monkeypatch.setattr(retrain, "partial_fit", None)
    if what == "a user":
        cinema.erase.user("western-fan-1")
    else:
        cinema.erase.item("western-03")
        cinema.build({"graph", "text"})
    done = cinema.retrain()
    assert done.events == 0
    assert len(fits) == 1
    if done.version is not None:
        assert cinema.retrain().verdict is None
    with cinema.database.reading() as connection:
        left = connection.exec_driver_sql(
            "SELECT count(*) FROM events WHERE user_id = 'western-fan-1'"
            if what == "a user"
            else "SELECT count(*) FROM events WHERE item_id = 'western-03'"
        ).scalar()
    assert left == 0


def test_command_erases_a_user(tmp_path: Path, tastegraph) -> None:
    engine = serving_world.open_engine(tmp_path)
    engine.recommend_and_store("western-1", 3, ListOptions())
    engine.close()
    (tmp_path / "tastegraph.toml").write_text('name = "world"\n')
    output = tastegraph("erase", tmp_path, "western-1").out
    assert "4 events, 1 lists, 0 facts" in output
    assert "western-1" not in output


@pytest.mark.slow
def test_erasure_is_fast(tmp_path: Path) -> None:
    engine = serving_world.open_engine(tmp_path)
    rng = np.random.default_rng(0)
    engine.record(
        Event(f"e{k}", f"u{rng.integers(500)}", f"space-{k % 6}", "view", None, float(k))
        for k in range(20_000)
    )
    with within(5):
        assert engine.erase.user("u7").events > 0
    engine.close()


@pytest.mark.slow
def test_no_byte_of_an_item_remains_after_the_next_build(cinema) -> None:
    """It leaves lists at once, and snapshots with the next graph."""
    mark = "An Unheard-of M4rk3r"
    item = Item("m4rk3r", mark, f"{mark} rides to a gunfight", {"genre": ("western",)})
    facts_of_item = [Fact("item:m4rk3r", "directed_by", "person:m4rk3r-director")]
    cinema.ingest(
        items=[item, Item("other", "Other", "a gunfight")],
        facts={"more": facts_of_item, "names": [Fact("person:1", "label", "One", literal=True)]},
        events=[Event(f"m{u}", f"western-fan-{u}", "m4rk3r", "like", None, 2e6) for u in range(9)],
    )
    fact = statements.fact_id(facts_of_item[0])
    cinema.knowledge.reject(fact, "somebody")
    with (cinema.directory / CONFIG).open("a", encoding="utf-8") as file:
        file.write('\n[text]\ndescriptions = "by-hand.json"\n')
    cinema = Workspace(cinema.directory)
    long = "kept " * 200
    descriptions = {"m4rk3r": mark, "other": long}
    for name in ("descriptions.json", "by-hand.json"):
        write_descriptions(cinema.directory / name, descriptions)
    kept_answer, naming, quoting = (b"%d" % n for n in range(3))
    with cinema._answers.writing() as connection:
        caches.record_subjects(
            connection,
            [(kept_answer, "item:other"), (naming, "item:other"), (quoting, "item:m4rk3r")],
        )
        caches.put_answer(connection, kept_answer, LLMAnswer("another film", 1, 1))
        caches.put_answer(connection, naming, LLMAnswer(f"{mark} is a film", 1, 1))
        caches.put_answer(connection, quoting, LLMAnswer("rides to a M4rk3r of its text", 1, 1))
    cinema.build()
    before = cinema.recommend("space-fan-1", 30).items
    assert "m4rk3r" in [item.item_id for item in before]
    list_with_item = cinema.engine.recommend_and_store("western-fan-20", 30, ListOptions())
    history = [Event("e", "session", "m4rk3r", "like", None, 1.0)]
    session = cinema.engine.recommend_and_store(history, 1, ListOptions())
    short_list = cinema.engine.recommend_and_store("western-fan-20", 1, ListOptions())
    cinema.engine.close()

    receipt = cinema.engine.erase.item("m4rk3r")
    assert (receipt.events, receipt.lists) == (9, 2)
    assert receipt.facts >= 1
    assert "m4rk3r" not in [item.item_id for item in cinema.recommend("space-fan-1", 30).items]
    with pytest.raises(NotFoundError):
        cinema.engine.explain("space-fan-1", "m4rk3r")
    for list_id in (list_with_item.recommendation_id, session.recommendation_id):
        with pytest.raises(NotFoundError):
            cinema.engine.stored_list(list_id)
    cinema.engine.stored_list(short_list.recommendation_id)
    for name in ("descriptions.json", "by-hand.json"):
        assert json.loads((cinema.directory / name).read_text()) == {"other": long}
    with cinema._answers.reading() as connection:
        assert set(caches.get_answers(connection, [kept_answer, naming, quoting])) == {kept_answer}

    model, _ = cinema.engine.versions()
    with vectors_of(cinema) as connection:
        n_vectors = connection.exec_driver_sql("SELECT count(*) FROM vectors").scalar()
    version = cinema.build({"graph", "text"})
    assert cinema.engine.versions() == (model, version)
    with vectors_of(cinema) as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM vectors").scalar() < n_vectors
    cinema.close()
    for written in ("m4rk3r", "M4rk3r", mark):
        assert files_with(written, cinema.directory) == []
    assert cinema.snapshots.versions() == [version]


@contextmanager
def vectors_of(workspace: Workspace) -> Iterator[Connection]:
    database = Database(workspace.directory / "vectors.db", caches.vector_metadata)
    with database.reading() as connection:
        yield connection
    database.close()


@pytest.mark.slow
def test_build_of_the_model_forgets_an_erased_item(cinema) -> None:
    """Even a build of the model alone removes the item from the graph."""
    cinema.erase.item("western-03")
    cinema.build({"model"})
    assert "western-03" not in cinema.snapshots.open().strings("graph.items")
    assert "western-03" not in [
        item.item_id for item in cinema.recommend("western-fan-1", 30).items
    ]


def test_lists_whose_request_names_an_erased_item_are_deleted(tmp_path: Path) -> None:
    engine = serving_world.open_engine(tmp_path)
    erased = "western-3"
    listed = ("space-0", "space-1", erased)
    pin = PolicyOptions(pins=(Pin(item_id=erased, place=5),))
    wish = Chip(direction="less", kind="similar", node=f"item:{erased}")
    naming = [
        ListOptions(candidates=listed), ListOptions(policy=pin), ListOptions(steer=[wish])
    ]  # fmt: skip
    answers = [engine.recommend_and_store("western-1", 1, options) for options in naming]
    other = engine.recommend_and_store("space-1", 1, ListOptions(candidates=listed[:2]))
    assert erased not in [item.item_id for answer in answers for item in answer.items]
    assert engine.erase.item(erased).lists == 3
    engine.stored_list(other.recommendation_id)
    for answer in answers:
        with pytest.raises(NotFoundError):
            engine.stored_list(answer.recommendation_id)
    engine.close()


def test_pending_list_is_not_stored_after_an_erasure(tmp_path: Path) -> None:
    engine = serving_world.open_engine(tmp_path)
    submit, waiting = engine._committer.submit, []
    engine._committer.submit = lambda work, patience=0.0: waiting.append(work) or Future()
    of_user = engine.recommend_and_store("western-1", 3, ListOptions())
    with_item = engine.recommend_and_store("western-2", 13, ListOptions(exclude_seen=False))
    unaffected = engine.recommend_and_store("space-1", 1, ListOptions())
    engine._committer.submit = submit
    engine.erase.user("western-1")
    engine.erase.item("western-3")
    for work in waiting:
        submit(work).result()
    engine.stored_list(unaffected.recommendation_id)
    for erased in (of_user, with_item):
        with pytest.raises(NotFoundError):
            engine.stored_list(erased.recommendation_id)


def test_http_adds_and_erases_items(tmp_path: Path, tastegraph) -> None:
    engine = serving_world.open_engine(tmp_path)
    with LocalClient(create_app(engine)) as client:
        new = {"title": "New", "attributes": {"genre": ["Western"]}}
        assert client.put("/v1/items/a/b", json=new).json() == {
            "item_id": "a/b",
            "facts": 0,
            "unused": ["genre"],
            "notes": [],
        }
        assert client.put("/v1/items/a", json={"title": 5}).status_code == 422
        assert client.delete("/v1/items/western-5").json()["events"] > 0
        listed = client.post("/v1/recommendations", json={"user_id": "western-1", "n": 13}).json()
        assert "western-5" not in [item["item_id"] for item in listed["items"]]
        assert client.get("/v1/items/western-5").status_code == 404
    engine.close()
    (tmp_path / "tastegraph.toml").write_text('name = "world"\n')
    assert "facts of sha256" in tastegraph("erase", tmp_path, "--item", "western-4").out
    assert tastegraph("erase", tmp_path).code == 1
