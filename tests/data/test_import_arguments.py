"""Arguments of an import: records and frames, and errors that name the argument."""

from __future__ import annotations

import pytest

from tastegraph.core.config import Config, EventsConfig
from tastegraph.core.errors import ArgumentError, RowError, TastegraphError
from tastegraph.core.fact_columns import facts_of, links_of
from tastegraph.core.item_columns import items_of
from tastegraph.core.records import Event, Fact, Item, Link
from tastegraph.data.event_tables import events_of
from tastegraph.data.import_arguments import check_count, check_user, checked_records

ROWS = {
    "events": {"user_id": ["ann", "ann"], "item_id": ["1", "1"], "type": ["like", "like"]},
    "items": {"item_id": ["1"], "title": ["Alien"], "text": ["In space"], "year": ["1979"]},
}


def single_events(records):
    """All events of an import; frames row by row."""
    for element in records.events:
        yield from [element] if isinstance(element, Event) else events_of(element)


def frames(library: str, rows: dict[str, list[str]]):
    module = pytest.importorskip({"arrow": "pyarrow"}.get(library, library))
    return module.table(rows) if library == "arrow" else module.DataFrame(rows)


@pytest.mark.parametrize("library", ["polars", "pandas", "arrow"])
def test_rows_of_frames_become_records(library):
    records = checked_records(
        items=frames(library, ROWS["items"]),
        events=frames(library, ROWS["events"]),
        facts={"a": frames(library, {"subject": ["x"], "predicate": ["r"], "object": ["y"]})},
        links={"b": frames(library, {"item_id": ["1"], "entity": ["x"]})},
    )
    (frame,) = records.items
    assert list(items_of(frame)) == [Item("1", "Alien", "In space", {"year": ("1979",)})]
    first, second = single_events(records)
    assert (first.user_id, first.item_id, first.type) == ("ann", "1", "like")
    assert first.event_id != second.event_id, "repeated rows are events of their own"
    (facts,), (links,) = records.facts["a"], records.links["b"]
    assert list(facts_of(facts)) == [Fact("x", "r", "y")]
    assert list(links_of(links)) == [Link("1", "x")]


def test_missing_values_of_a_frame_are_absent():
    frame = frames("pandas", {"user_id": ["u"], "item_id": ["i"], "value": [float("nan")]})
    (event,) = single_events(checked_records(events=frame))
    assert event.value is None


def test_a_frame_of_events_may_have_the_names_of_a_data_set():
    columns = {"user": [7.0, 8.0], "movieId": ["i", "i"], "event_type": ["dislike", "view"]}
    first, _ = single_events(checked_records(events=frames("pandas", columns)))
    assert (first.user_id, first.item_id, first.type) == ("7", "i", "dislike")


def test_of_two_columns_of_one_meaning_one_is_read_and_the_other_named():
    columns = {"head": ["a"], "subject": ["b"], "relation": ["r"], "tail": ["t"]}
    facts = checked_records(facts={"a": frames("polars", columns)}).facts["a"]
    with pytest.warns(UserWarning, match=r"facts\['a'\]: not used: column 'subject'"):
        (frame,) = facts
    assert list(facts_of(frame)) == [Fact("a", "r", "t")]


def test_a_bad_row_of_a_frame_is_named():
    frame = frames("polars", {"user_id": ["u", "u"], "item_id": ["i", None]})
    with pytest.raises(RowError, match="events, line 2, column 'item_id': None found, an id"):
        list(checked_records(events=frame).events)


def test_event_types_of_a_frame_are_those_of_the_configuration():
    frame = frames("polars", {"user_id": ["u"], "item_id": ["i"], "type": ["dwell"]})
    config = Config(events=EventsConfig(weights={"dwell": 0.5}))
    (event,) = single_events(checked_records(events=frame, config=config))
    assert event.type == "dwell"
    with pytest.raises(RowError, match="'dwell' found, one of view"):
        list(checked_records(events=frame).events)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"events": [1]}, r"^events, element 0: 1 \(int\) found, a tastegraph.Event expected"),
        ({"items": [Event("e", "u", "i")]}, "^items, element 0: .*a tastegraph.Item expected"),
        ({"events": 1}, r"^events: 1 \(int\) found, an iterable of tastegraph.Event, or a polars"),
        ({"events": "e.csv"}, r"^events: 'e.csv' \(str\) found, an iterable"),
        ({"facts": [Fact("a", "r", "b")]}, "^facts: .*a mapping of sources, such as facts={'my so"),
        ({"facts": {"a": 1}}, r"^facts\['a'\]: 1 \(int\) found, an iterable of tastegraph.Fact"),
        ({"links": {1: []}}, r"^links, source: 1 \(int\) found, text expected"),
    ],
)
def test_an_argument_of_the_wrong_type_is_named(arguments, message):
    with pytest.raises(ArgumentError, match=message):
        read_all(**arguments)


def read_all(**arguments):
    records = checked_records(**arguments)
    for stream in (records.items, records.events, *records.facts.values()):
        list(stream)


@pytest.mark.parametrize("value", ["x", 1.5, True, 0, -1, None])
def test_a_count_is_a_whole_number_from_one(value):
    with pytest.raises(TastegraphError, match=r"^n: .* found, a whole number of at least 1 expect"):
        check_count("n", value)


@pytest.mark.parametrize("value", [1, None, 1.5, [1], {"a"}])
def test_a_user_is_an_id_or_a_list_of_events(value):
    with pytest.raises(
        TastegraphError, match=r"^who: .*a user id as text, or a list of tastegraph"
    ):
        check_user("who", value)
