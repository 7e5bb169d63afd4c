"""Events against an item fall into the part where they belong in time."""

import numpy as np

from tastegraph.core.config import EvaluationConfig, EventsConfig
from tastegraph.core.records import Event
from tastegraph.profiles.event_meaning import EventMeaning
from tastegraph.profiles.interactions import interactions, settled
from tastegraph.profiles.splits import assign_splits, resolve_split

MEANING = EventMeaning.of(EventsConfig(), {})
ITEMS = {f"i{k}": k for k in range(30)}


def person(likes, dislikes, split=lambda k: None):
    events = [
        Event(f"l{k}", "ann", f"i{k}", "like", None, float(t), split(k))
        for k, t in enumerate(likes)
    ]
    events += [
        Event(f"d{k}", "ann", f"i{20 + k}", "dislike", None, float(t), part)
        for k, (t, part) in enumerate(dislikes)
    ]
    return interactions(sorted(events, key=lambda e: e.timestamp), ITEMS, MEANING)


def against(events, split):
    parts = assign_splits(events, EvaluationConfig(split=split), 1)
    return parts[events.weights < 0].tolist()


def test_user_temporal_lets_nothing_in_from_after_the_first_held_out_like():
    events = person(range(10), [(2.5, None), (8.5, None), (9.5, None), (-1.0, None)])
    assert against(events, "user-temporal") == [0, 0, 1, 2]


def test_global_cuts_cut_dislikes_as_well():
    events = person(range(10), [(-5.0, None), (7.5, None), (99.0, None)])
    parts = assign_splits(events, EvaluationConfig(split="global-temporal"), 1)
    valid, test = (events.times[(events.weights > 0) & (parts == p)].min() for p in (1, 2))
    expected = [0 if t < valid else 1 if t < test else 2 for t in (-5.0, 7.5, 99.0)]
    assert against(events, "global-temporal") == expected


def test_published_parts_are_kept():
    names = ["train"] * 6 + ["valid"] * 2 + ["test"] * 2
    events = person(range(10), [(0.5, "test"), (9.5, "train"), (4.5, None)], lambda k: names[k])
    assert against(events, "given") == [2, 0, 0]
    assert resolve_split(events, EvaluationConfig()).split == "given"
    assert resolve_split(person(range(3), []), EvaluationConfig()).split == "user-temporal"


def test_several_events_of_one_item_are_one():
    """Viewed, bought, clicked: bought, at the time of the click."""
    events = [
        Event("a", "ann", "i0", "view", None, 1.0),
        Event("b", "ann", "i0", "purchase", None, 2.0),
        Event("c", "ann", "i1", "click", None, 3.0),
        Event("d", "ann", "i0", "click", None, 4.0),
    ]
    found = interactions(events, ITEMS, MEANING)
    assert found.items.tolist() == [1, 0]
    assert found.times.tolist() == [3.0, 4.0]
    np.testing.assert_allclose(found.weights, [0.5, 1.0])


def test_of_equally_strong_events_the_newest_counts():
    newest, strongest = settled(np.array([7, 7, 5]), np.array([1.0, -1.0, 0.3], np.float32))
    assert newest.tolist() == strongest.tolist() == [1, 2]
    assert [part.tolist() for part in settled(np.zeros(0, np.int64), np.zeros(0, np.float32))] == [
        [],
        [],
    ]
