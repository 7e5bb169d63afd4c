"""Promise 2: an event id never counts twice, whoever sends it, and however often."""

from __future__ import annotations

import tempfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from tastegraph.data.events import event_from
from tastegraph.store import erasure
from tastegraph.store import events as log
from tastegraph.store.database import Database
from tastegraph.store.group_commit import GroupCommitter
from tastegraph.store.schema import metadata
from tests.support import serving_world
from tests.support.promises import SCALE

EXAMPLES, STEPS = 10 * SCALE, 30
THREADS = 64
Row = dict[str, Any]
ROWS = st.fixed_dictionaries(
    {
        "event_id": st.sampled_from(["a", "b", "c", "A", "a ", "é", "1", "01"]) | st.none(),
        "item_id": st.sampled_from(["space-0", "western-1", "no such item"]),
        "type": st.sampled_from(["view", "like", "purchase"]),
    },
    optional={"value": st.sampled_from([1.0, 4.5])},
)
USERS = st.sampled_from(["ann", "bob", "western-1"])


def _without_nulls(row: Row) -> Row:
    return {name: value for name, value in row.items() if value is not None}


@pytest.mark.slow
def test_log_is_a_dictionary_by_event_id(count_cases) -> None:
    """Batches, repeats, restarts and erasures in any order: the log is as a dictionary says."""
    n_steps = 0

    class Machine(RuleBasedStateMachine):
        """The log beside a dictionary: event id → user, item, type."""

        def __init__(self) -> None:
            super().__init__()
            self.folder = tempfile.TemporaryDirectory()
            self.by_id: dict[str, tuple[str, str, str]] = {}
            self.n_without_id = 0
            self.batches: list[list[Row]] = []
            self.open()

        def open(self) -> None:
            self.database = Database(Path(self.folder.name) / "tastegraph.db", metadata)
            with self.database.writing():
                pass  # the file is there from the first step on
            self.committer = GroupCommitter(self.database)

        @rule(rows=st.lists(st.tuples(USERS, ROWS), min_size=1, max_size=4))
        def send(self, rows: list[tuple[str, Row]]) -> None:
            self.batches.append([{**row, "user_id": user} for user, row in rows])
            self._send(self.batches[-1])

        @rule(data=st.data())
        def send_again(self, data: st.DataObject) -> None:
            if self.batches:
                self._send(data.draw(st.sampled_from(self.batches)))

        def _send(self, rows: list[Row]) -> None:
            n_new = 0
            for row in rows:
                key, content = row["event_id"], (row["user_id"], row["item_id"], row["type"])
                if key is None:
                    self.n_without_id += 1
                    key = f"without an id: {self.n_without_id}"
                if key not in self.by_id:
                    self.by_id[key] = content
                    n_new += 1
            new = [
                event_from({"event_id": uuid4().hex, **_without_nulls(row)}, "events", line)
                for line, row in enumerate(rows)
            ]
            receipt = self.committer.submit(partial(log.append, new=new)).result()
            assert (receipt.accepted, receipt.duplicates) == (n_new, len(rows) - n_new)

        @rule()
        def restart(self) -> None:
            self.close()
            self.open()

        @rule(user=USERS)
        def erase(self, user: str) -> None:
            of_user = [key for key, (owner, *_) in self.by_id.items() if owner == user]
            erased = self.committer.submit(partial(erasure.erase_user, user_id=user)).result()
            assert erased.events == len(of_user)
            for key in of_user:
                del self.by_id[key]

        @invariant()
        def log_is_the_dictionary(self) -> None:
            nonlocal n_steps
            n_steps += 1
            with self.database.reading() as connection:
                stored = [
                    (event.user_id, event.item_id, event.type)
                    for event in log.grouped_by_user(connection)
                ]
            assert sorted(stored) == sorted(self.by_id.values())

        def close(self) -> None:
            self.committer.close()
            self.database.close()

        def teardown(self) -> None:
            self.close()
            self.folder.cleanup()

    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=EXAMPLES, stateful_step_count=STEPS, deadline=None, database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )  # fmt: skip
    count_cases("steps beside a dictionary", n_steps)


@pytest.mark.slow
def test_same_ids_from_64_threads_count_once(tmp_path: Path, count_cases) -> None:
    """Every thread sends every batch, each from another place on."""
    serving_world.open_engine(tmp_path).close()
    row = {"user_id": "dan", "item_id": "space-0"}
    batches = [
        [{**row, "event_id": f"t{batch}-{k}"} for k in range(20)] for batch in range(2 * SCALE)
    ]

    def send_all(url: str, first: int) -> tuple[int, int]:
        accepted = duplicates = 0
        with httpx.Client(base_url=url, timeout=120) as http:
            for step in range(len(batches)):
                body = {"events": batches[(first + step) % len(batches)]}
                receipt = http.post("/v1/events", json=body).raise_for_status().json()
                accepted, duplicates = (
                    accepted + receipt["accepted"], duplicates + receipt["duplicates"],
                )  # fmt: skip
        return accepted, duplicates

    n_ids = sum(map(len, batches))
    with serving_world.served(tmp_path) as (url, _), ThreadPoolExecutor(THREADS) as threads:
        receipts = list(threads.map(lambda first: send_all(url, first), range(THREADS)))
        profile = httpx.get(f"{url}/v1/users/dan/profile").json()
    assert sum(accepted for accepted, _ in receipts) == n_ids
    assert sum(duplicates for _, duplicates in receipts) == (THREADS - 1) * n_ids
    assert len(profile["events"]) == n_ids
    count_cases("events sent by 64 threads", THREADS * n_ids)
