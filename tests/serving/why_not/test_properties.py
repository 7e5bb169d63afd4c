"""Why a list lacks an item, in random small worlds: what is said against the lists themselves."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from tastegraph.core.config import Config
from tastegraph.core.records import Event, Fact, Item
from tastegraph.filters.parser import parse
from tastegraph.serving.engine import Engine
from tastegraph.serving.lists.list_maker import ListOptions
from tastegraph.serving.policies.policy import PolicyOptions
from tastegraph.store.database import Database
from tastegraph.store.schema import metadata
from tastegraph.store.snapshots import Snapshots
from tests.support import serving_world

ALL = 1000
FILTERS = ["price < 3", "price >= 2", 'brand = "A"', 'not brand = "B"', "has director",
           'director = "p1" or price = 1', 'title contains "item"', "has price"]  # fmt: skip


@dataclass(frozen=True)
class World:
    """A small world: its items, and its users with random tastes."""

    items: Sequence[Item]
    facts: Sequence[Fact]
    events: Sequence[Event]

    def engine(self, directory: Path) -> Engine:
        serving_world.make(directory, self.items, self.facts, [], list(self.events), Config())
        database = Database(directory / "tastegraph.db", metadata)
        return Engine(Snapshots(directory / "snapshots"), database, Config())


@st.composite
def worlds(draw: st.DrawFn) -> World:
    n = draw(st.integers(5, 9))
    items, facts = [], []
    for k in range(n):
        attributes = {}
        if draw(st.booleans()):
            attributes["price"] = (str(draw(st.integers(0, 4))),)
        if draw(st.booleans()):
            attributes["brand"] = (draw(st.sampled_from("AB")),)
        items.append(Item(f"i{k}", f"Item {k}", "", attributes))
        if draw(st.booleans()):
            facts.append(Fact(f"item:i{k}", "director", draw(st.sampled_from(["p1", "p2"]))))
    facts.append(Fact("item:i0", "director", "p1"))
    rated = st.tuples(st.integers(0, n - 2), st.sampled_from([1.0, 5.0]))
    events = [
        Event(f"{u}-{k}", f"u{u}", f"i{item}", "rating", value, 1000.0 + k)
        for u in range(6)
        for k, (item, value) in enumerate(draw(st.lists(rated, min_size=1, max_size=5)))
    ]
    extra = Item("extra", "Item extra", "", {"price": ("1",), "brand": ("A",)})
    return World([*items, extra], facts, events)


@st.composite
def sessions(draw: st.DrawFn) -> list[Event]:
    rows = draw(st.lists(st.tuples(st.integers(0, 4), st.sampled_from(["like", "dislike"])),
                         max_size=4, unique_by=lambda row: row[0]))  # fmt: skip
    return [Event(f"s{k}", "", f"i{item}", kind, None, 2000.0 + k)
            for k, (item, kind) in enumerate(rows)]  # fmt: skip


def listed(engine, session, n=ALL, **options):
    policy = PolicyOptions(filter=options.pop("filter", None))
    answer = engine.recommend(session, n, reasons=0, policy=policy, **options)
    return [item.item_id for item in answer.items]


def changed(session, change):
    """The session after a change."""
    if change.kind == "without_events":
        return [e for e in session
                if e.item_id not in change.item_ids and e.entity_id != change.entity]  # fmt: skip
    targets = [{"item_id": name} for name in change.item_ids] or [{"entity_id": change.entity}]
    now = time.time()
    return [*session, *(Event(f"new{k}", "", type=change.type, timestamp=now + k, **target)
                        for k, target in enumerate(targets))]  # fmt: skip


@settings(max_examples=10, deadline=None)
@given(worlds(), sessions(), st.integers(1, 3))
def test_ranks_and_places_are_those_of_the_lists_and_changes_bring_the_item_in(world, session, n):
    with tempfile.TemporaryDirectory() as directory:
        engine = world.engine(Path(directory))
        everything = engine.recommend(session, ALL, reasons=0, exclude_seen=False).items
        scores = {item.item_id: item.score for item in everything}
        order, short = listed(engine, session), listed(engine, session, n)
        for item in world.items:
            name = item.item_id
            answer = engine.explain(session, name, n=n, search_changes=True)
            why_not = answer.why_not
            assert answer.rank == 1 + sum(s > scores[name] for s in scores.values())
            assert (why_not.total, why_not.listable) == (len(scores), len(order))
            assert why_not.place == (short.index(name) + 1 if name in short else None)
            assert why_not.last.item_id == short[-1]
            assert why_not.last.score == scores[short[-1]]
            if name in order:
                assert why_not.rank_listable == order.index(name) + 1
                assert (why_not.place is None) == (why_not.rank_listable > n)
                assert not why_not.rules
            elif name not in short:
                assert [rule.kind for rule in why_not.rules] == ["seen"]
                assert name in {event.item_id for event in session}
            for change in why_not.changes:
                assert listed(engine, changed(session, change), n)[change.place - 1] == name
                assert str(change.place) in change.text
            assert len(why_not.changes) <= why_not.lists_computed
        engine.close()


@settings(max_examples=10, deadline=None)
@given(worlds(), sessions(), st.lists(st.sampled_from(FILTERS), min_size=1, max_size=3))
def test_a_named_condition_is_false_and_those_that_are_not_named_hold(world, session, parts):
    with tempfile.TemporaryDirectory() as directory:
        engine = world.engine(Path(directory))
        text = " and ".join(f"({part})" for part in parts)
        options = ListOptions(exclude_seen=False, policy=PolicyOptions(filter=text))
        meets = {
            str(parse(part)): listed(engine, session, filter=part, exclude_seen=False)
            for part in parts
        }
        for item in world.items:
            why_not = engine.explain(session, item.item_id, n=ALL, options=options).why_not
            clauses = {rule.clause for rule in why_not.rules}
            assert clauses == {c for c, names in meets.items() if item.item_id not in names}
            assert (why_not.place is None) == bool(clauses)
            for rule in why_not.rules:
                assert rule.kind == "filter"
                for name, values in rule.values.items():
                    own = item.attributes.get(name, ())
                    if name == "director":
                        subject = f"item:{item.item_id}"
                        own = [f.object for f in world.facts if f.subject == subject]
                    if name != "title":
                        assert {v.casefold() for v in values} == {v.casefold() for v in own}
                        assert all(value in rule.text for value in values)
            if clauses:
                assert why_not.place_if_admitted is not None
        engine.close()
