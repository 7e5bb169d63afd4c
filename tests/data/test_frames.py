"""Frames in and out: what is read, what is refused, and what comes back."""

import math

import polars as pl
import pytest

from tastegraph.core.errors import FrameError
from tastegraph.data.frames import FrameReport, library_of, read_events, to_library

TYPES = ("view", "like")
ROWS = {"user_id": ["u", "u", "v"], "item_id": [1, 2, 1], "timestamp": [1.0, 2.0, 3.5]}


def pandas_frame(columns):
    return pytest.importorskip("pandas").DataFrame(columns)


def arrow_table(columns):
    return pytest.importorskip("pyarrow").table(columns)


LIBRARIES = pytest.mark.parametrize(
    ("library", "frame"),
    [("polars", pl.DataFrame), ("pandas", pandas_frame), ("arrow", arrow_table)],
)


@LIBRARIES
def test_every_library_gives_the_same_columns_and_comes_back(library, frame):
    events = read_events(frame(ROWS), TYPES)
    assert events.frame.to_dict(as_series=False) == {
        "user_id": ["u", "u", "v"],
        "item_id": ["1", "2", "1"],
        "timestamp": [1.0, 2.0, 3.5],
    }
    assert events.numeric == {"item_id", "timestamp"}
    assert events.library == library
    assert library_of(to_library(events.frame, events.library)) == library


@LIBRARIES
def test_times_are_seconds_whatever_they_were(library, frame):
    moment = pl.Series(["2020-01-01T00:00:00"]).str.to_datetime()
    for column in (moment.to_list(), ["2020-01-01T00:00:00"], [1577836800], ["1577836800"]):
        events = read_events(frame({"user_id": [1], "item_id": [1], "datetime": column}), TYPES)
        assert events.frame["timestamp"].to_list() == [1577836800.0]


def test_milliseconds_are_read_and_reported():
    report = FrameReport()
    frame = pl.DataFrame({"user_id": [1], "item_id": [1], "timestamp": [1577836800000]})
    assert read_events(frame, TYPES, report=report).frame["timestamp"].to_list() == [1577836800.0]
    assert str(report.problems[0]) == "events, column 'timestamp': numbers read as milliseconds (1)"


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"user_id": [1]}, "no column 'item_id'; there are 'user_id'"),
        (
            {"user_id": [1, None], "item_id": [1, 2]},
            r"an id that is not empty is expected \(1, such as row 1: None\)",
        ),
        (
            {"user_id": ["", "u"], "item_id": [1, 2]},
            r"not empty is expected \(1, such as row 0: ''\)",
        ),
        ({"user_id": [1.5], "item_id": [1]}, "ids are text or whole numbers, Float64 found"),
        ({"user_id": [math.inf], "item_id": [1]}, "ids are text or whole numbers, Float64 found"),
        ({"user_id": [2.0**60], "item_id": [1]}, "ids are text or whole numbers, Float64 found"),
        ({"user_id": ["a\nb"], "item_id": [1]}, "control characters"),
        ({"user_id": [1], "item_id": [1], "value": [math.inf]}, "a finite number is expected"),
        ({"user_id": [1], "item_id": [1], "value": ["x"]}, "a finite number is expected"),
        ({"user_id": [1], "item_id": [1], "value": [[1]]}, "a finite number is expected"),
        ({"user_id": [1], "item_id": [1], "timestamp": [-1]}, "seconds since 1970"),
        (
            {"user_id": [1], "item_id": [1], "event_type": ["dwell"]},
            "one of view, like is expected",
        ),
        ({"user_id": [1], "item_id": [1], "event_type": [3]}, "one of view, like is expected"),
    ],
)
def test_errors_say_what_was_wrong_and_where(columns, message):
    with pytest.raises(FrameError, match=message):
        read_events(pl.DataFrame(columns), TYPES)


def test_what_is_no_frame_is_named():
    with pytest.raises(FrameError, match="polars, pandas or Arrow table is expected, list found"):
        read_events([("u", "i")], TYPES)


def test_wrong_rows_can_be_left_out_and_are_reported():
    frame = pl.DataFrame({"user_id": [1, None, 2, 2], "item_id": [1, 2, 3, 3]})
    report = FrameReport()
    assert len(read_events(frame, TYPES, on_error="skip", report=report).frame) == 3
    assert report.rows == {"events": 3}
    assert [(problem.text, problem.count) for problem in report.problems] == [
        ("an id that is not empty is expected", 1),
        ("the same event again, counted once", 1),
    ]
    assert "row 1: None" in str(report)


def test_unused_columns_are_not_dropped_silently():
    report = FrameReport()
    with pytest.warns(UserWarning, match="events: not used: column 'device'"):
        read_events(pl.DataFrame({**ROWS, "device": ["a", "b", "c"]}), TYPES, report=report)
    assert str(report.problems[0]) == "events, column 'device': not used (3)"


def test_columns_can_be_named_by_the_caller():
    frame = pl.DataFrame({"who": ["u"], "what": ["i"]})
    events = read_events(frame, TYPES, columns={"who": "user_id", "what": "item_id"})
    assert events.frame.row(0) == ("u", "i")
    with pytest.raises(FrameError, match="names no column; there are who, what"):
        read_events(frame, TYPES, columns={"whom": "user_id"})
    with pytest.raises(FrameError, match="there is no column 'user'"):
        read_events(frame, TYPES, columns={"who": "user"})
    with pytest.raises(FrameError, match="gives one name to two columns"):
        read_events(frame, TYPES, columns={"who": "user_id", "what": "user_id"})


def test_pandas_gaps_make_whole_numbers_floats_and_they_stay_ids():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame({"user_id": [1, None, 3], "item_id": pandas.array([1, None, 2])})
    events = read_events(frame, TYPES, on_error="skip")
    assert events.frame.rows() == [("1", "1"), ("3", "2")]


def test_pandas_times_with_a_zone_and_categories_are_read():
    pandas = pytest.importorskip("pandas")
    times = pandas.to_datetime(["2020-01-01T01:00"]).tz_localize("Europe/Berlin")
    frame = pandas.DataFrame(
        {"user_id": [1], "item_id": [1], "type": pandas.Categorical(["like"]), "time": times}
    )
    events = read_events(frame, TYPES).frame
    assert events["timestamp"].to_list() == [1577836800.0]
    assert events["event_type"].to_list() == ["like"]
