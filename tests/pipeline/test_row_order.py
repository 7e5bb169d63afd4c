"""The order of rows does not matter: any permutation of any file gives the same model."""

from __future__ import annotations

import csv
import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tastegraph.core.config import EvaluationConfig, EventsConfig
from tastegraph.core.records import Event
from tastegraph.data.files import Files
from tastegraph.data.rejected_rows import RejectedRows
from tastegraph.profiles.attention import Recency, SequenceAttention
from tastegraph.profiles.event_meaning import EventMeaning
from tastegraph.profiles.interactions import History, Interactions, interactions
from tastegraph.profiles.splits import TEST, TRAIN, assign_splits, resolve_split
from tastegraph.store.event_columns import EventColumns
from tastegraph.store.snapshots import artefact_hash
from tastegraph.workspace import Workspace

SETTINGS = {
    "model": {"epochs": 3, "dimensions": 8},
    "items": {"facts": {"genre": {"relation": "genre"}}},
}
MEANING = EventMeaning.of(EventsConfig(), {})
MOMENTS = {
    "no times": lambda rng: "",
    "whole days": lambda rng: 86_400 * rng.randrange(3) + 86_400,
    "some times": lambda rng: rng.choice(["", 1_000 + rng.randrange(9_000)]),
}


def tables(times: str) -> dict[str, list[list[object]]]:
    """A small shop: items with a genre, a director and text; events, some of them repeated."""
    rng = random.Random(5)
    items = [["item_id", "title", "text", "genre"]]
    items += [[f"i{k:02}", f"Thing {k}", f"a {['red', 'blue'][k % 2]} thing", k % 3]
              for k in range(24)]  # fmt: skip
    facts = [["head", "relation", "tail", "confidence"]]
    facts += [[f"e{k:02}", "director", f"person{k % 5}", 1.0] for k in range(24)]
    facts += [["e01", "director", "person1", 0.7], ["e02", "director", "person9", 0.6]]
    links = [["item_id", "entity"], *([f"i{k:02}", f"e{k:02}"] for k in range(24))]
    events = [["user_id", "item_id", "type", "timestamp"]]
    for person in range(30):
        for item in rng.sample(range(person % 2, 24, 2), 7) + rng.sample(range(24), 2):
            for kind in rng.sample(["view", "purchase", "like", "dislike"], rng.choice([1, 1, 2])):
                events.append([f"p{person:02}", f"i{item:02}", kind, MOMENTS[times](rng)])
    return {"items": items, "facts": facts, "links": links, "events": events}


def built_from(folder: Path, rows: dict[str, list[list[object]]]) -> str:
    """The artefact hash of a model built from the files that ``rows`` make."""
    files: dict[str, list[Path]] = {}
    for name, table in rows.items():
        file = folder / f"{name}.csv"
        with file.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows(table)
        files[name] = [file]
    workspace = Workspace.init(folder / "shop", SETTINGS)
    records = Files(**files).records(workspace.config, RejectedRows())
    workspace.ingest(records)
    version = workspace.build()
    manifest = workspace.snapshots.manifest(version)
    workspace.close()
    return artefact_hash(manifest)


@pytest.fixture(scope="module")
def as_written(tmp_path_factory):
    return {times: built_from(tmp_path_factory.mktemp("rows"), tables(times)) for times in MOMENTS}


@pytest.mark.slow
@settings(max_examples=4, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(sorted(MOMENTS)), st.randoms(use_true_random=False))
def test_order_of_rows_does_not_change_the_artefact(tmp_path_factory, as_written, times, rng):
    rows = tables(times)
    for table in rows.values():
        header, body = table[:1], table[1:]
        rng.shuffle(body)
        table[:] = header + body
    assert built_from(tmp_path_factory.mktemp("rows"), rows) == as_written[times]


def likes(times: list[float | None]) -> Interactions:
    index = {f"i{k:02}": k for k in range(len(times))}
    events = [Event(f"e{k}", "ann", f"i{k:02}", "like", None, t) for k, t in enumerate(times)]
    return interactions(EventColumns.of(events), index, MEANING)


def test_file_sorted_by_item_is_split_at_random():
    index = {f"i{k:03}": k for k in range(100)}
    log = [
        Event(f"{user}-{k}", f"u{user:02}", f"i{k:03}", "like")
        for user in range(50)
        for k in sorted(random.Random(user).sample(range(100), 20))
    ]
    events = interactions(EventColumns.of(log), index, MEANING)
    assert resolve_split(events, EvaluationConfig()).split == "random"
    splits = assign_splits(events, EvaluationConfig(), 1)
    test_items, train_items = events.items[splits == TEST], events.items[splits == TRAIN]
    # The mean of 100 draws from 0 … 99 has a standard error of 2.9.
    assert abs(test_items.mean() - train_items.mean()) < 12


def test_split_is_temporal_where_half_of_the_events_have_a_time():
    assert resolve_split(likes([1.0, 2.0, None, None]), EvaluationConfig()).split == "user-temporal"
    assert resolve_split(likes([1.0, None, None, None]), EvaluationConfig()).split == "random"


def test_events_without_a_time_are_unordered():
    events = likes([None, 3.0, None, 1.0, 2.0])
    assert events.items.tolist()[2:] == [3, 4, 1]
    assert sorted(events.items.tolist()[:2]) == [0, 2]
    assert all(history.ordered for history in events.histories())
    assert not any(history.ordered for history in likes([None] * 4).histories())


def test_history_without_times_is_attended_to_evenly():
    rng = np.random.default_rng(0)
    n, d = 6, 4
    shapes = (n, d), (d, d), (d, d), d, n
    sequence = SequenceAttention(
        *(rng.standard_normal(shape).astype(np.float32) for shape in shapes)
    )
    items, ones = np.array([4, 1, 3], np.int32), np.ones(3, np.float32)
    for attention in (sequence, Recency(2.0)):
        weights = attention(History(items, ones, ordered=False))
        assert np.ptp(weights) < 1e-7
        assert np.ptp(attention(History(items, ones))) > 1e-3


def test_events_at_one_moment_have_one_order():
    index = {f"i{k}": k for k in range(9)}
    events = [Event(f"e{k}", "ann", f"i{k}", "like", None, 86_400.0) for k in range(9)]
    events.append(Event("again", "ann", "i3", "dislike", None, 86_400.0))
    forth, back = (
        interactions(EventColumns.of(rows), index, MEANING) for rows in (events, events[::-1])
    )
    assert forth.items.tolist() == back.items.tolist() != sorted(forth.items.tolist())
    assert forth.weights.tolist() == back.weights.tolist()


@pytest.mark.parametrize("moment", [None, 86_400.0])
def test_serving_orders_events_like_training(cinema, moment):
    """Events of one day, or without a time: the order of arrival does not matter."""
    items = [f"space-{k:02}" for k in range(6)]
    for name in ("forth", "back"):
        rows = items if name == "forth" else items[::-1]
        cinema.record(Event(f"{name}-{k}", "same", k, "like", None, moment) for k in rows)
        answer = cinema.engine.recommend("same", 5)
        cinema.erase.user("same")
        if name == "forth":
            forth = answer
    assert [(i.item_id, i.score) for i in forth.items] == [
        (i.item_id, i.score) for i in answer.items
    ]


def test_events_of_a_session_keep_their_order(cinema):
    items = ["space-00", "western-01", "space-02", "western-03"]
    forth, back = (
        [Event(f"s{k}", "", item, "like") for k, item in enumerate(session)]
        for session in (items, items[::-1])
    )
    scores = [
        {i.item_id: i.score for i in cinema.engine.recommend(session, 20).items}
        for session in (forth, back)
    ]
    assert scores[0].keys() == scores[1].keys()
    assert scores[0] != scores[1]
