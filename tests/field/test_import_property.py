"""Whatever a file of events looks like: the store equals the truth, or row and cause are named."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tastegraph.core.config.data import MISSING_MARKERS
from tastegraph.core.errors import RowError, TastegraphError
from tastegraph.core.records import Event
from tastegraph.data.files import Files, rejects_file
from tastegraph.data.mapping.readings import ReadingOptions, table_options
from tastegraph.store import events as log
from tastegraph.workspace import Workspace

COLUMNS = ("user_id", "item_id", "rating", "timestamp")
LETTERS = {
    "utf-8": "a7é上 .-", "utf-8-sig": "a7é上 .-", "utf-16": "a7é上 .-",
    "gbk": "a7上海 .-", "cp1252": "a7éü .-",
}  # fmt: skip
NEEDS_OPTION = ("gbk", "cp1252")
MARKERS = ("", *MISSING_MARKERS)
Truth = tuple[str, str, float | None, float | None]

few = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
numbers = count()


@dataclass
class EventFile:
    """A file as text, how it is written, and what it says.

    Attributes:
        options: what has to be said for it to be read.
        truth: its good rows.
        bad: line and column of its bad rows; ``None`` where the row as a whole is bad.
    """

    content: bytes
    options: ReadingOptions
    truth: list[Truth]
    bad: list[tuple[int, str | None]]


def ids(letters: str, separator: str) -> st.SearchStrategy[str]:
    """Ids that no reader may take for anything else."""
    letters += "\"'" + ("" if separator in ("\t", "::") else separator)
    return st.text(letters, max_size=5).map("x{}".format) | st.integers(0, 10**12).map(str)


ratings = st.none() | st.integers(2, 10).map(lambda number: number / 2)
times = st.none() | st.integers(10**9, 17 * 10**8).map(float)


@st.composite
def event_files(draw: st.DrawFn) -> EventFile:
    """Files in all ways of writing, with bad rows between the good ones."""
    encoding = draw(st.sampled_from(list(LETTERS)))
    separator = draw(st.sampled_from([",", ";", "\t", "|", "::"]))
    quoting = csv.QUOTE_NONE if len(separator) > 1 else draw(
        st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
    )  # fmt: skip
    has_header, marker = draw(st.booleans()), draw(st.sampled_from(MARKERS))
    letters = LETTERS[encoding].replace(separator, "")
    kinds = ["good", "good", "good", "user_id", "item_id", "rating", "timestamp", "width"]
    kinds += ["quote"] if quoting != csv.QUOTE_NONE else []
    truth: list[Truth] = []
    bad: list[tuple[int, str | None]] = []
    lines = [_line(COLUMNS, separator, quoting)] if has_header else []
    for kind in draw(st.lists(st.sampled_from(kinds), min_size=1, max_size=12)):
        rows = st.tuples(ids(letters, separator), ids(letters, separator), ratings, times)
        row: Truth = draw(rows)
        cells = [row[0], row[1], _number(row[2], marker), _time(draw, row[3], marker)]
        wrong = {"user_id": marker, "item_id": "a\x07", "rating": "five", "timestamp": "soon"}
        if kind == "good":
            truth.append(row)
        else:
            bad.append((len(lines) + 1, kind if kind in wrong else None))
        if kind in wrong:
            cells[COLUMNS.index(kind)] = wrong[kind]
        if kind == "width":
            cells.append("more")
        line = _line(cells, separator, quoting)
        lines.append(line if kind != "quote" else '"open' + separator.join(["", "1", "2", "3"]))
    content = "".join(f"{line}\n" for line in lines).encode(encoding)
    table = table_options(
        encoding=encoding if encoding in NEEDS_OPTION else None,
        separator=separator,
        columns=None if has_header else COLUMNS,
    )
    return EventFile(content, ReadingOptions(table), truth, bad)


def _line(cells: tuple[str, ...] | list[str], separator: str, quoting: int) -> str:
    if quoting == csv.QUOTE_NONE:
        return separator.join(cells)
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=separator, quoting=quoting, lineterminator="").writerow(cells)
    return buffer.getvalue()


def _number(value: float | None, marker: str) -> str:
    return marker if value is None else f"{value:g}"


def _time(draw: st.DrawFn, value: float | None, marker: str) -> str:
    if value is None:
        return marker
    iso = datetime.fromtimestamp(value, UTC).isoformat()
    return draw(st.sampled_from([f"{value:.0f}", f"{value:.1f}", iso, iso.replace("+00:00", "Z")]))


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    shop = Workspace.init(tmp_path_factory.mktemp("property") / "shop")
    yield shop
    shop.close()


def read(workspace: Workspace, file: EventFile, on_error: str) -> list[tuple[int, str | None]]:
    """Import a file, and return line and column of every row that was left out."""
    path = workspace.directory.parent / "events.txt"
    path.write_bytes(file.content)
    with rejects_file(workspace.directory, on_error) as rejects:
        files = Files([], [path], [], [], options=file.options)
        workspace.ingest(files.records(workspace.config, rejects))
    if not rejects.count:
        return []
    lines = (workspace.directory / "rejects.jsonl").read_text("utf-8").splitlines()
    return sorted(
        ((reject["line"], reject["column"]) for reject in map(json.loads, lines)),
        key=lambda place: place[0],
    )


def stored(workspace: Workspace) -> list[Event]:
    with workspace.database.reading() as connection:
        return list(log.grouped_by_user(connection))


def facts_of(events: list[Event]) -> Counter[Truth]:
    for event in events:
        assert event.type == ("click" if event.value is None else "rating")
    return Counter((e.user_id, e.item_id, e.value, e.timestamp) for e in events)


@given(event_files())
@few
def test_the_store_equals_the_truth_and_every_bad_row_is_named(workspace, file):
    left_out = read(workspace, file, "skip")
    assert facts_of(stored(workspace)) == Counter(file.truth)
    assert left_out == [(line, column) for line, column in file.bad]


@given(event_files())
@few
def test_without_skipping_a_bad_row_is_named_and_nothing_changes(workspace, file):
    before = facts_of(stored(workspace)) if workspace.database.path.exists() else Counter()
    if not file.bad:
        assert read(workspace, file, "raise") == []
        assert facts_of(stored(workspace)) == Counter(file.truth)
        return
    with pytest.raises(RowError) as caught:
        read(workspace, file, "raise")
    assert caught.value.line in [line for line, _ in file.bad]
    after = facts_of(stored(workspace)) if workspace.database.path.exists() else Counter()
    assert after == before


@given(event_files())
@few
def test_without_an_option_nothing_is_read_otherwise_than_meant(workspace, file):
    """Good rows are stored as they are, or named; or the file is refused with the cause."""
    unsaid = EventFile(file.content, ReadingOptions(), file.truth, file.bad)
    try:
        left_out = read(workspace, unsaid, "skip")
    except TastegraphError:
        return
    events = facts_of(stored(workspace))
    assert not events - Counter(file.truth)
    assert events.total() + len(left_out) == len(file.truth) + len(file.bad)


@given(
    st.lists(
        st.tuples(st.integers(1, 99), st.integers(1, 99), ratings, times), min_size=1, max_size=8
    ),
    st.sampled_from(["int", "float", "text", "categorical"]),
    st.sampled_from(["polars", "pandas", "arrow"]),
    st.booleans(),
    st.none() | st.integers(0, 7),
)
@few
def test_frames_say_the_same_in_every_form(workspace, rows, form, library, with_nan, gap):
    user = f"{next(numbers)}-"
    bad = gap if gap is not None and gap < len(rows) else None
    items: list[int | None] = [row[1] for row in rows]
    if bad is not None:
        items[bad] = None
    item_ids = {
        "int": lambda: pl.Series(items, dtype=pl.Int64),
        "float": lambda: pl.Series(items, dtype=pl.Float64),
        "text": lambda: pl.Series(items, dtype=pl.Int64).cast(pl.String),
        "categorical": lambda: pl.Series(items).cast(pl.String).cast(pl.Categorical),
    }[form]()
    frame = pl.DataFrame({
        "user_id": [f"{user}{row[0]}" for row in rows],
        "item_id": item_ids,
        "rating": pl.Series([row[2] for row in rows], dtype=pl.Float64),
        "timestamp": pl.Series([row[3] for row in rows], dtype=pl.Float64),
    })  # fmt: skip
    if with_nan:
        frame = frame.with_columns(pl.col(pl.Float64).fill_null(float("nan")))
    table = {"polars": lambda: frame, "pandas": frame.to_pandas, "arrow": frame.to_arrow}[library]()
    if bad is not None:
        with pytest.raises(RowError) as caught:
            workspace.ingest(events=table)
        assert (caught.value.line, caught.value.column) == (bad + 1, "item_id")
        return
    workspace.ingest(events=table)
    new = [event for event in stored(workspace) if event.user_id.startswith(user)]
    truth = [(f"{user}{row[0]}", str(row[1]), row[2], row[3]) for row in rows]
    assert facts_of(new) == Counter(truth)
