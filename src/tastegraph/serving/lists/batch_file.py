"""Lists of many users as a file: in parts that survive an interruption, joined when all are there.

A run has a folder beside its file. It holds what the run goes by, the users, and one Parquet file
for each part that is done, put there by renaming. An interrupted run goes on with the parts that
are missing; which process made a part, and when, changes nothing of it. The finished file appears
at its place whole, and the folder goes.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
import signal
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from tastegraph.core.errors import TastegraphError
from tastegraph.core.languages import Language
from tastegraph.core.messages import Message
from tastegraph.core.progress import progress
from tastegraph.core.records import SESSION
from tastegraph.core.strings import digest
from tastegraph.serving.engine import Engine
from tastegraph.serving.lists.batch import (
    BatchLists,
    BatchRun,
    SkipReason,
    erasure_counts,
    skipped_user,
)
from tastegraph.serving.lists.batch_output import FORMATS, metadata_file, part_frame
from tastegraph.serving.lists.list_maker import ListOptions
from tastegraph.store import erasure
from tastegraph.store.durable import file_lock, flush, replace_text

ROWS_OF_PART, USERS_OF_PART = 200_000, 5_000
"""A part has so many places and users at most: so much is done again after an interruption."""
RUN_FILE, USERS_FILE = "run.json", "users.parquet"
OpenEngine = Callable[[], Engine]
"""Opens an engine of the workspace; every process has its own."""


@dataclass(frozen=True)
class BatchOptions:
    """What a run is for.

    Attributes:
        n: items of each list; by default what the surface says, or 10.
        options: of every list; ``seed`` is that of the run.
        reasons: of each item, at most.
        language: of the reasons; by default the configured one.
        users: ids, in the order of the file; by default all users, in the order of their ids.
    """

    n: int | None = None
    options: ListOptions = field(default_factory=ListOptions)
    reasons: int = 0
    language: Language | None = None
    users: Sequence[str] | None = None

    def as_json(self) -> dict[str, Any]:
        """What must be the same where a run goes on."""
        values = asdict(self.options)
        policy = values.pop("policy")
        users = None if self.users is None else digest("\n".join(self.users)).hex()
        rest = {"n": self.n, "reasons": self.reasons, "language": self.language, "users": users}
        return json.loads(json.dumps({**values, **policy, **rest}, default=str))  # type: ignore[no-any-return]


@dataclass(frozen=True)
class SkippedUsers:
    """How many users have no list for one reason, one of them, and the reason in words."""

    count: int
    example: str
    message: str


@dataclass(frozen=True)
class BatchResult:
    """What a finished run wrote.

    Attributes:
        file: the file.
        lists, places: how many lists, and items in all of them.
        skipped: reason → users without a list.
        snapshot: the version that all lists are from.
        resumed_parts, parts: how many of the parts an earlier, interrupted run had made.
    """

    file: Path
    lists: int
    places: int
    skipped: Mapping[SkipReason, SkippedUsers]
    snapshot: str
    resumed_parts: int
    parts: int


def write_lists(
    open_engine: OpenEngine,
    file: Path,
    options: BatchOptions,
    *,
    workers: int = 1,
    restart: bool = False,
) -> BatchResult:
    """Write the lists of many users to ``file``; a run that was interrupted goes on.

    Args:
        open_engine: importable where ``workers`` is above 1.
        file: ``.parquet``, ``.csv`` or ``.jsonl``; replaced as a whole at the end.
        options: of the run.
        workers: processes.
        restart: whether what an interrupted run has done is thrown away.

    Raises:
        TastegraphError: the ending of the file is none of these, or an interrupted run had other
            options.
        NotFoundError: the snapshot of an interrupted run is not stored any more.
        BusyError: another process is writing the same file.
    """
    if file.suffix.lower() not in FORMATS:
        endings = ", ".join(FORMATS)
        raise TastegraphError(f"{file}: its name must end in one of {endings}")
    folder = file.with_name(f"{file.name}.run")
    lock = file.with_name(f".{file.name}.lock")
    with file_lock(lock, Message("busy.batch_file", file=file)):
        if restart:
            shutil.rmtree(folder, ignore_errors=True)
        engine = open_engine()
        try:
            result = _Run.open(folder, engine, options).finish(open_engine, engine, file, workers)
        finally:
            engine.close()
        shutil.rmtree(folder)
    for name in (lock, lock.with_name(f"{lock.name}.turn")):
        name.unlink(missing_ok=True)
    return result


@dataclass(frozen=True)
class _Run:
    """A run in its folder.

    Attributes:
        folder: of the run.
        run: what all lists go by.
        n_users: how many users there are, those without a list among them.
        users_of_part: users of each part but the last.
    """

    folder: Path
    run: BatchRun
    n_users: int
    users_of_part: int

    @classmethod
    def open(cls, folder: Path, engine: Engine, options: BatchOptions) -> _Run:
        """The run of a folder, or a new one."""
        file = folder / RUN_FILE
        if file.exists():
            return cls._resumed(folder, json.loads(file.read_text(encoding="utf-8")), options)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        lists = BatchLists(engine)
        run = lists.begin(options.n, options.options, options.reasons, options.language)
        names = lists.all_users() if options.users is None else options.users
        frame = _users_frame(names)
        frame.write_parquet(folder / USERS_FILE)
        flush(folder / USERS_FILE)
        n = int(run.request["n"])
        size = max(1, min(USERS_OF_PART, ROWS_OF_PART // n))
        values = {
            "options": options.as_json(), "run": run.as_json(), "users": len(frame), "part": size,
        }  # fmt: skip
        replace_text(file, json.dumps(values))
        return cls(folder, run, len(frame), size)

    @classmethod
    def _resumed(cls, folder: Path, values: Mapping[str, Any], options: BatchOptions) -> _Run:
        earlier, now = values["options"], options.as_json()
        names = sorted(name for name in now if now[name] != earlier.get(name))
        if names:
            raise TastegraphError(Message("batch.other_run", folder=folder, names=names))
        run = BatchRun.from_json(values["run"])
        return cls(folder, run, values["users"], values["part"])

    @property
    def n_parts(self) -> int:
        """How many parts there are, done or not."""
        return -(-self.n_users // self.users_of_part)

    def part(self, number: int) -> Path:
        """The file of a part, where it is done."""
        return self.folder / f"part-{number:06}.parquet"

    def missing(self) -> list[int]:
        """Numbers of the parts that are not done."""
        return [number for number in range(self.n_parts) if not self.part(number).exists()]

    def make(self, lists: BatchLists, number: int) -> int:
        """Make one part. Returns how many users it has."""
        start = number * self.users_of_part
        rows = pl.scan_parquet(self.folder / USERS_FILE).slice(start, self.users_of_part).collect()
        names = rows.filter(pl.col("skipped").is_null())["user_id"].to_list()
        skipped = rows.filter(pl.col("skipped").is_not_null())
        frame = pl.concat(
            [
                part_frame(lists.lists(self.run, names)),
                part_frame(
                    skipped_user(name, reason, self.run.language)
                    for name, reason in skipped.iter_rows()
                ),
            ]
        )
        new = self.part(number).with_suffix(f".{os.getpid()}.new")
        frame.write_parquet(new)
        flush(new)
        new.replace(self.part(number))
        return len(rows)

    def finish(
        self, open_engine: OpenEngine, engine: Engine, file: Path, workers: int
    ) -> BatchResult:
        """Make the parts that are missing, and the file of all."""
        resumed = self.n_parts - len(self.missing())
        while numbers := [*self.missing(), *self._naming_erased(engine)]:
            done = (self.n_parts - len(numbers)) * self.users_of_part
            with progress("lists", self.n_users) as advance:
                advance(max(done, 0))
                with _part_sizes(self, open_engine, engine, numbers, workers) as sizes:
                    for size in sizes:
                        advance(size)
        return self._joined(file, resumed)

    def _naming_erased(self, engine: Engine) -> list[int]:
        """Parts that name a user or an item which was erased since; they are made once more."""
        with engine.database.reading() as connection:
            if erasure_counts(connection) == self.run.erased:
                return []
            n_users, n_items = self.run.erased
            erased = {
                "user_id": erasure.erased_users_since(connection, n_users),
                "item_id": erasure.erased_items_since(connection, n_items),
            }
        numbers = []
        for number in range(self.n_parts):
            if not self.part(number).exists():
                continue
            listed = pl.scan_parquet(self.part(number)).filter(pl.col("skipped").is_null())
            frame = listed.select(*erased).collect()
            if any(
                erasure.id_digest(name) in digests
                for column, digests in erased.items()
                for name in frame[column].unique()
            ):
                numbers.append(number)
        return numbers

    def _joined(self, file: Path, resumed: int) -> BatchResult:
        parts = [self.part(number) for number in range(self.n_parts)]
        everything = pl.scan_parquet(parts) if parts else part_frame(()).lazy()
        is_listed = pl.col("skipped").is_null()
        counts = everything.select(
            places=is_listed.sum(), lists=(is_listed & (pl.col("rank") == 1)).sum()
        ).collect(engine="streaming")
        by_reason = (
            everything.filter(~is_listed)
            .group_by("skipped")
            .agg(count=pl.len(), example=pl.col("user_id").min())
            .sort("skipped")
            .collect(engine="streaming")
        )
        skipped: dict[SkipReason, SkippedUsers] = {
            reason: SkippedUsers(
                count, example, skipped_user(example, reason, self.run.language).message
            )
            for reason, count, example in by_reason.iter_rows()
        }
        (places, lists) = counts.row(0)
        metadata = {
            **self.run.as_json(), "lists": lists,
            "skipped": {reason: users.count for reason, users in skipped.items()},
        }  # fmt: skip
        if not parts:
            parts = [self.part(0)]
            part_frame(()).write_parquet(parts[0])
        new = self.folder / f"joined{file.suffix}"
        FORMATS[file.suffix.lower()](parts, new, metadata)
        flush(new)
        if metadata_file(new).exists():
            metadata_file(new).replace(metadata_file(file))
        new.replace(file)
        flush(file.parent)
        return BatchResult(file, lists, places, skipped, self.run.snapshot, resumed, self.n_parts)


def _users_frame(names: Iterable[str]) -> pl.DataFrame:
    """The users of a run, and why some of them have no list."""
    reasons: dict[str, str | None] = {}
    repeated: list[str] = []
    for name in names:
        if name in reasons:
            repeated.append(name)
        else:
            reasons[name] = "session" if name.startswith(SESSION) else None
    return pl.DataFrame(
        {
            "user_id": [*reasons, *repeated],
            "skipped": [*reasons.values(), *["repeated"] * len(repeated)],
        },
        schema={"user_id": pl.String, "skipped": pl.String},
    )


@contextmanager
def _part_sizes(
    run: _Run, open_engine: OpenEngine, engine: Engine, numbers: Sequence[int], workers: int
) -> Iterator[Iterable[int]]:
    """Makes parts, here or in ``workers`` processes; yields the number of users of each.

    Raises:
        TastegraphError: a process ended by itself; parts that are complete are kept.
    """
    if workers == 1 or len(numbers) == 1:
        lists = BatchLists(engine)
        yield (run.make(lists, number) for number in numbers)
        return
    pool = ProcessPoolExecutor(
        min(workers, len(numbers)),
        multiprocessing.get_context("spawn"),
        initializer=_begin_worker,
        initargs=(open_engine, run),
    )
    try:
        parts = [pool.submit(_make_part, number) for number in numbers]
        yield (part.result() for part in as_completed(parts))
    except BrokenProcessPool:
        raise TastegraphError(
            "a process of the batch ended by itself, perhaps for want of memory: run the same "
            "command again, with fewer --workers; it goes on where it stopped"
        ) from None
    finally:
        # After Ctrl-C the parts that are being made are finished, and no other is begun.
        pool.shutdown(cancel_futures=True)


_worker: dict[str, Any] = {}


def _begin_worker(open_engine: OpenEngine, run: _Run) -> None:
    """Ctrl-C is for the process that waits for the parts; it ends this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _worker["lists"], _worker["run"] = BatchLists(open_engine()), run


def _make_part(number: int) -> int:
    run: _Run = _worker["run"]
    return run.make(_worker["lists"], number)
