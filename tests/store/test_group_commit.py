"""Group commit: as if one after the other, and each either whole or not at all."""

from __future__ import annotations

import threading
import time
from collections import Counter
from concurrent.futures import Future, wait
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from tastegraph.core.errors import TastegraphError
from tastegraph.core.records import Event
from tastegraph.store import events as log
from tastegraph.store.database import Database
from tastegraph.store.group_commit import MAX_BATCH, GroupCommitter
from tastegraph.store.schema import metadata


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(tmp_path / "log.db", metadata)


def counted(database: Database) -> Counter[str]:
    with database.reading() as connection:
        return Counter(event.event_id for event in log.grouped_by_user(connection))


@pytest.mark.slow
def test_the_same_ids_from_many_threads_count_once(database: Database) -> None:
    committer, results = GroupCommitter(database), []
    batches = [[Event(f"e{k}", "u", "i") for k in range(j, j + 5)] for j in range(20)]

    def send() -> None:
        futures = [committer.submit(partial(log.append, new=batch)) for batch in batches]
        results.extend(future.result() for future in futures)

    threads = [threading.Thread(target=send) for _ in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    committer.close()
    assert counted(database) == Counter({f"e{k}": 1 for k in range(24)})
    assert sum(receipt.accepted for receipt in results) == 24
    assert sum(receipt.accepted + receipt.duplicates for receipt in results) == 64 * 100


def test_a_patient_write_waits_for_others_and_no_longer(database: Database) -> None:
    committer = GroupCommitter(database)
    transactions: list[int] = []
    commit = committer._commit

    def counting(writes: list[Any]) -> None:
        transactions.append(len(writes))
        commit(writes)

    committer._commit = counting  # type: ignore[method-assign]
    patient = [committer.submit(lambda _: None, 5.0) for _ in range(10)]
    assert committer.submit(lambda _: "urgent").result(4) == "urgent"
    assert all(write.done() for write in patient)
    assert transactions == [11]
    start = time.monotonic()
    committer.submit(lambda _: None, 0.2).result(10)
    assert time.monotonic() - start > 0.15
    last = committer.submit(lambda _: None, 60.0)
    committer.close()
    assert last.done()


def test_a_rolled_back_transaction_fails_every_write(database: Database) -> None:
    """A full disk ends the whole transaction, and with it what others wrote before."""
    committer, gate = GroupCommitter(database), threading.Event()

    def full(connection: Connection) -> None:
        connection.exec_driver_sql("ROLLBACK")
        raise OSError("the disk is full")

    held = committer.submit(lambda _: gate.wait(10))
    first = committer.submit(partial(log.append, new=[Event("first", "u", "i")]))
    failing = committer.submit(full)
    last = committer.submit(partial(log.append, new=[Event("last", "u", "i")]))
    gate.set()
    wait([held, first, failing, last])
    succeeded = {
        name for name, one in (("first", first), ("last", last)) if one.exception() is None
    }
    assert failing.exception() is not None
    assert first.exception() is not None
    after = committer.submit(partial(log.append, new=[Event("after", "u", "i")]))
    assert after.result().accepted == 1
    committer.close()
    assert set(counted(database)) == {*succeeded, "after"}


def test_a_failing_write_does_not_undo_the_others(database: Database) -> None:
    committer, gate = GroupCommitter(database), threading.Event()

    def held(_: Connection) -> None:
        gate.wait(10)

    def broken(connection: Connection) -> None:
        log.append(connection, [Event("half", "u", "i")])
        raise ValueError("broken")

    first = committer.submit(held)
    good = committer.submit(partial(log.append, new=[Event("a", "u", "i")]))
    bad = committer.submit(broken)
    last = committer.submit(partial(log.append, new=[Event("b", "u", "i")]))
    gate.set()
    wait([first, good, bad, last], 10)
    with pytest.raises(ValueError, match="broken"):
        bad.result()
    assert (good.result().accepted, last.result().accepted) == (1, 1)
    assert counted(database) == Counter({"a": 1, "b": 1})


def test_waiting_writes_share_a_transaction(database: Database, monkeypatch) -> None:
    transactions, gate = [], threading.Event()
    writing = Database.writing

    def counting(self: Database):
        transactions.append(1)
        return writing(self)

    monkeypatch.setattr(Database, "writing", counting)
    committer = GroupCommitter(database)
    first: Future[bool] = committer.submit(lambda _: gate.wait(10))
    futures = [
        committer.submit(partial(log.append, new=[Event(str(k), "u", "i")]))
        for k in range(MAX_BATCH)
    ]
    gate.set()
    wait([first, *futures], 10)
    assert len(transactions) == 2
    assert all(future.result().accepted == 1 for future in futures)


def test_a_database_that_cannot_be_written_fails_every_write(tmp_path: Path) -> None:
    file = tmp_path / "log.db"
    file.write_bytes(b"no database" * 1000)
    committer = GroupCommitter(Database(file, metadata))
    futures = [committer.submit(partial(log.append, new=[Event("a", "u", "i")])) for _ in range(3)]
    for future in futures:
        with pytest.raises(TastegraphError, match=r"log\.db"):
            future.result(10)
    committer.close()


def test_closing_finishes_queued_writes_and_refuses_new_ones(database: Database) -> None:
    committer = GroupCommitter(database)
    futures = [
        committer.submit(partial(log.append, new=[Event(str(k), "u", "i")])) for k in range(50)
    ]
    committer.close()
    committer.close()
    assert all(future.result(0).accepted == 1 for future in futures)
    with pytest.raises(TastegraphError, match="closed"):
        committer.submit(lambda _: None)
