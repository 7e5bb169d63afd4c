"""Lists of many users: each as alone, from one snapshot and one state of the log, none lost."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq
import pytest

from tastegraph.core.errors import BusyError, TastegraphError
from tastegraph.core.records import Event, User
from tastegraph.serving.api.batch import _lines, _pages
from tastegraph.serving.engine import Engine, ListOptions
from tastegraph.serving.lists import batch, batch_file
from tastegraph.serving.lists.batch import BatchList, BatchLists, BatchRun, SkippedUser, seed_of
from tastegraph.serving.lists.batch_file import BatchOptions, write_lists
from tastegraph.serving.policies.policy import PolicyOptions
from tastegraph.serving.wishes.chips import Chip
from tastegraph.store import users, wishes
from tests.support import serving_world

FANS = [f"{genre}-{number}" for genre in serving_world.GENRES for number in range(10)]


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    engine = serving_world.open_engine(tmp_path / "world")
    yield engine
    engine.close()


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch_file, "USERS_OF_PART", 3)
    monkeypatch.setattr(batch, "block_size", lambda model: 2)


def opener(engine: Engine) -> partial[Engine]:
    return partial(serving_world.open_engine, engine.database.path.parent)


def lists_of(engine: Engine, names: list[str], n: int = 5, **options) -> list:
    lists = BatchLists(engine)
    reasons = options.pop("reasons", 0)
    run = lists.begin(n, ListOptions(**options), reasons)
    return list(lists.lists(run, names))


# Lists.


def test_every_list_is_the_one_that_the_user_gets_alone(engine: Engine) -> None:
    for answer in lists_of(engine, FANS, reasons=2):
        alone = engine.recommend(answer.user_id, 5, reasons=2)
        assert [item.item_id for item in answer.items] == [item.item_id for item in alone.items]
        for item, same in zip(answer.items, alone.items, strict=True):
            assert item.score == pytest.approx(same.score, abs=1e-5)
            assert [r.text for r in item.reasons] == [r.text for r in same.reasons]


@pytest.mark.parametrize(
    "policy",
    [
        PolicyOptions(filter='genre = "Western"'),
        PolicyOptions(max_per={"director": 1}),
        PolicyOptions(diversity=0.7),
    ],
)
def test_policies_hold_as_for_one_list(engine: Engine, policy: PolicyOptions) -> None:
    for answer in lists_of(engine, FANS[:4], policy=policy):
        alone = engine.recommend(answer.user_id, 5, policy=policy)
        assert [item.item_id for item in answer.items] == [item.item_id for item in alone.items]


def test_standing_wishes_hold_as_for_one_list(engine: Engine) -> None:
    chip = Chip(direction="only", kind="entity", node="genre:space", relation="genre")
    row = chip.as_json()
    with engine.database.writing() as connection:
        wishes.put(connection, "western-1", "target", row, 0.0)
    (answer,) = lists_of(engine, ["western-1"])
    alone = engine.recommend("western-1", 5)
    assert [item.item_id for item in answer.items] == [item.item_id for item in alone.items]
    assert {item.item_id[:5] for item in answer.items} == {"space"}


def test_a_user_without_events_gets_what_is_popular_and_an_unknown_id_is_skipped(
    engine: Engine,
) -> None:
    with engine.database.writing() as connection:
        users.put_users(connection, [User("new", {"age": 30})])
    known, unknown = lists_of(engine, ["new", "nobody"])
    assert isinstance(known, BatchList)
    assert not known.personal
    assert unknown == SkippedUser(user_id="nobody", skipped="unknown", message=unknown.message)
    assert "neither events nor attributes" in unknown.message


def test_erased_users_and_users_who_saw_everything_are_skipped(engine: Engine) -> None:
    engine.erase.user("space-1")
    everything = [f"{genre}-{k}" for genre in serving_world.GENRES for k in range(6)]
    engine.record(
        Event(f"all-{item}", "western-2", item, "view", timestamp=2000.0)
        for item in [*everything, "hostile"]
    )
    erased, full = lists_of(engine, ["space-1", "western-2"])
    assert (erased.skipped, full.skipped) == ("erased", "empty")


def test_events_after_the_beginning_do_not_count(engine: Engine) -> None:
    lists = BatchLists(engine)
    run = lists.begin(5, ListOptions(), 0)
    before = list(lists.lists(run, FANS))
    engine.record(Event(f"late-{k}", "western-0", f"space-{k}", "like") for k in range(5))
    assert list(lists.lists(run, FANS)) == before
    again = BatchRun.from_json(json.loads(json.dumps(run.as_json())))
    assert list(BatchLists(engine).lists(again, FANS)) == before


def test_a_user_who_was_erased_meanwhile_and_came_back_has_no_list(engine: Engine) -> None:
    """The parts of a file are made again until they name nobody who was erased."""
    lists = BatchLists(engine)
    run = lists.begin(5, ListOptions(), 0)
    engine.erase.user("western-0")
    engine.record([Event("again", "western-0", "space-1", "like")])
    erased, other = lists.lists(run, ["western-0", "western-1"])
    assert isinstance(erased, SkippedUser)
    assert erased.skipped == "erased"
    assert isinstance(other, BatchList)


def test_exploration_follows_the_seed_whoever_else_is_in_the_batch(engine: Engine) -> None:
    def items(names, seed):
        answers = lists_of(engine, names, explore=0.8, seed=seed)
        return {a.user_id: [item.item_id for item in a.items] for a in answers}

    everybody = items(FANS, 7)
    assert items(FANS[3:5][::-1], 7) == {name: everybody[name] for name in FANS[3:5]}
    assert items(FANS, 8) != everybody
    assert seed_of("a", 1) != seed_of("b", 1) != seed_of("b", 2)


def test_a_client_that_reads_no_further_holds_up_no_other(engine: Engine) -> None:
    async def first_lines() -> list[str]:
        turn, lines = asyncio.Semaphore(1), []
        for _ in range(2):
            lists = BatchLists(engine)
            run = lists.begin(5, ListOptions(), 0)
            stream = _lines(lists, run, _pages(FANS), turn, "en")
            lines.append((stream, await asyncio.wait_for(anext(stream), 20)))
        for stream, _ in lines:
            await stream.aclose()
        return [line for _, line in lines]

    one, other = asyncio.run(first_lines())
    assert one == other
    assert json.loads(one)["user_id"] == FANS[0]


# Files.


def test_parquet_has_the_lists_and_what_they_are_from(engine: Engine, small_parts, tmp_path):
    file = tmp_path / "lists.parquet"
    result = write_lists(opener(engine), file, BatchOptions(n=3, reasons=1))
    frame = pl.read_parquet(file)
    assert frame.columns[:5] == ["user_id", "rank", "item_id", "title", "score"]
    assert frame["user_id"].unique(maintain_order=True).to_list() == sorted(FANS)
    assert (result.lists, result.places, result.skipped) == (20, len(frame), {})
    rows = frame.filter(pl.col("user_id") == "space-3")
    assert rows["item_id"].to_list() == [i.item_id for i in engine.recommend("space-3", 3).items]
    assert rows["rank"].to_list() == list(range(1, len(rows) + 1))
    assert all(len(reasons) == 1 for reasons in frame["reasons"])
    metadata = json.loads(pq.read_metadata(file).metadata[b"tastegraph"])
    assert (metadata["snapshot"], metadata["lists"]) == ("000001", 20)
    assert metadata["request"]["n"] == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == ["lists.parquet", "world"]


def test_csv_and_json_lines_have_the_same_lists(engine: Engine, tmp_path: Path) -> None:
    for name in ("lists.parquet", "lists.csv", "lists.jsonl"):
        write_lists(opener(engine), tmp_path / name, BatchOptions(n=3, reasons=2))
    frame = pl.read_parquet(tmp_path / "lists.parquet")
    table = pl.read_csv(tmp_path / "lists.csv")
    assert table["item_id"].to_list() == frame["item_id"].to_list()
    assert table["reasons"][0] == " | ".join(frame["reasons"][0])
    lines = [json.loads(line) for line in (tmp_path / "lists.jsonl").read_text().splitlines()]
    assert [line["user_id"] for line in lines] == sorted(FANS)
    assert [i["item_id"] for line in lines for i in line["items"]] == frame["item_id"].to_list()
    about = json.loads((tmp_path / "lists.csv.meta.json").read_text())
    assert about["snapshot"] == "000001"


def test_an_interrupted_run_goes_on_without_loss_or_repetition(
    engine: Engine, small_parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, options = tmp_path / "lists.parquet", BatchOptions(n=4)
    write_lists(opener(engine), tmp_path / "whole.parquet", options)
    make, parts = batch_file._Run.make, []

    def interrupted(run, lists, number):
        if len(parts) == 3:
            raise KeyboardInterrupt
        parts.append(number)
        return make(run, lists, number)

    monkeypatch.setattr(batch_file._Run, "make", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_lists(opener(engine), file, options)
    assert not file.exists()
    # What came meanwhile does not count: the run goes on with its snapshot and its events.
    engine.record(Event(f"late-{k}", "western-9", f"space-{k}", "like") for k in range(5))
    monkeypatch.setattr(batch_file._Run, "make", make)
    result = write_lists(opener(engine), file, options)
    assert (result.resumed_parts, result.parts) == (3, 7)
    assert pl.read_parquet(file).equals(pl.read_parquet(tmp_path / "whole.parquet"))


def test_a_run_goes_on_with_its_own_options_alone(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "lists.parquet"
    stop = monkeypatch.context()
    with stop as patch:
        patch.setattr(batch_file._Run, "make", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            write_lists(opener(engine), file, BatchOptions(n=4))
    with pytest.raises(TastegraphError, match=r"other options \(n\).*--restart"):
        write_lists(opener(engine), file, BatchOptions(n=5))
    result = write_lists(opener(engine), file, BatchOptions(n=5), restart=True)
    assert (result.resumed_parts, result.lists) == (0, 20)


def test_a_run_does_not_go_on_for_other_users(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "lists.parquet"
    with monkeypatch.context() as patch:
        patch.setattr(batch_file._Run, "make", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            write_lists(opener(engine), file, BatchOptions(users=("space-0", "space-1")))
    with pytest.raises(TastegraphError, match=r"other options \(users\)"):
        write_lists(opener(engine), file, BatchOptions(users=("space-2", "space-3")))
    assert write_lists(opener(engine), file, BatchOptions(users=("space-0", "space-1"))).lists == 2


def test_who_is_erased_meanwhile_is_not_in_the_file(
    engine: Engine, small_parts, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, joined = tmp_path / "lists.parquet", batch_file._Run._naming_erased

    def erase_once(run, own_engine):
        if not erasures:
            erasures.append(engine.erase.user("space-1"))
            erasures.append(engine.erase.item("western-3"))
        return joined(run, own_engine)

    erasures: list[object] = []
    monkeypatch.setattr(
        batch_file._Run,
        "missing",
        lambda run: [number for number in range(run.n_parts) if not run.part(number).exists()],
    )
    real = batch_file._Run.finish

    def finish(run, *arguments):
        for number in run.missing():
            run.make(BatchLists(engine), number)
        return real(run, *arguments)

    monkeypatch.setattr(batch_file._Run, "finish", finish)
    monkeypatch.setattr(batch_file._Run, "_naming_erased", erase_once)
    result = write_lists(opener(engine), file, BatchOptions(n=6))
    frame = pl.read_parquet(file)
    assert "space-1" not in frame["user_id"].to_list()
    assert "western-3" not in frame["item_id"].to_list()
    assert result.skipped["erased"].count == 1


def test_users_without_a_list_are_counted_with_an_example(engine: Engine, tmp_path: Path) -> None:
    names = ("space-0", "nobody", "space-0", "session:1", "nowhere")
    result = write_lists(opener(engine), tmp_path / "lists.csv", BatchOptions(users=names))
    counts = {reason: (s.count, s.example) for reason, s in result.skipped.items()}
    assert counts == {
        "repeated": (1, "space-0"), "session": (1, "session:1"), "unknown": (2, "nobody"),
    }  # fmt: skip
    assert result.lists == 1


def test_no_users_give_an_empty_file(engine: Engine, tmp_path: Path) -> None:
    for name in ("lists.parquet", "lists.csv", "lists.jsonl"):
        assert write_lists(opener(engine), tmp_path / name, BatchOptions(users=())).lists == 0
    assert pl.read_parquet(tmp_path / "lists.parquet").is_empty()


def test_names_of_other_endings_are_refused(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(TastegraphError, match=r"must end in one of .*\.parquet"):
        write_lists(opener(engine), tmp_path / "lists.xls", BatchOptions())


def test_two_runs_of_one_file_are_refused(
    engine: Engine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "lists.csv"

    def second(*_):
        with pytest.raises(BusyError, match="another process is writing"):
            write_lists(opener(engine), file, BatchOptions())
        raise KeyboardInterrupt

    monkeypatch.setattr(batch_file._Run, "make", second)
    with pytest.raises(KeyboardInterrupt):
        write_lists(opener(engine), file, BatchOptions())


@pytest.mark.slow
def test_several_processes_write_the_same_lists(
    engine: Engine, small_parts, tmp_path: Path
) -> None:
    """Scores alone may differ, by the rounding of a sum whose order the machine chooses."""
    one, two = tmp_path / "one.csv", tmp_path / "two.csv"
    options = BatchOptions(n=4, options=ListOptions(explore=0.5, seed=3))
    write_lists(opener(engine), one, options)
    write_lists(opener(engine), two, options, workers=2)
    first, second = pl.read_csv(one), pl.read_csv(two)
    others = pl.exclude("score", "propensity")
    assert first.select(others).equals(second.select(others))
    assert first["score"].to_list() == pytest.approx(second["score"].to_list(), abs=1e-5)


def _ended(directory: Path, parent: int) -> Engine:
    """The engine of the process that waits; any other ends, as one that is killed does."""
    if os.getpid() != parent:
        os._exit(9)
    return serving_world.open_engine(directory)


@pytest.mark.slow
def test_a_process_that_is_killed_ends_the_batch_with_a_remedy(
    engine: Engine, small_parts, tmp_path: Path
) -> None:
    file = tmp_path / "lists.csv"
    killed = partial(_ended, engine.database.path.parent, os.getpid())
    with pytest.raises(TastegraphError, match="goes on where it stopped"):
        write_lists(killed, file, BatchOptions(), workers=2)
    assert write_lists(opener(engine), file, BatchOptions()).lists
