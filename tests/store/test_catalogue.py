"""Items, facts and links at rest."""

import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tastegraph.core.errors import TastegraphError
from tastegraph.core.records import Event, Fact, Item, Link
from tastegraph.store import catalogue, revision, schema, statements
from tastegraph.store import events as log
from tastegraph.store.database import Database
from tastegraph.store.revision import knowledge_digest
from tastegraph.store.statements import StatementCounts
from tastegraph.workspace import Workspace


def event(event_id, user="ann", timestamp=None, **more):
    return Event(event_id, user, f"item-{event_id}", timestamp=timestamp, **more)


def append(database, *new):
    with database.writing() as connection:
        return log.append(connection, new)


def count(database):
    with database.reading() as connection:
        return log.count(connection)


FACT = Fact("subject", "relation", "object", True, "datatype", "en", 0.5)


def test_a_fact_has_the_same_id_everywhere():
    assert statements.fact_id(FACT) == statements.fact_id(replace(FACT))
    assert statements.fact_id(Fact("a", "b", "c")) == 7208774412611073757


def test_the_id_of_a_fact_does_not_depend_on_its_confidence():
    assert statements.fact_id(replace(FACT, confidence=0.1)) == statements.fact_id(FACT)


names = st.text(st.characters(exclude_categories=["Cc"]), max_size=5)
stated = st.builds(
    Fact,
    subject=names,
    relation=names,
    object=names,
    literal=st.booleans(),
    datatype=names,
    language=names,
)


@given(one=stated, other=stated)
def test_facts_that_differ_in_any_field_have_different_ids(one, other):
    assert (statements.fact_id(one) == statements.fact_id(other)) == (one == other)
    assert 0 <= statements.fact_id(one) < 2**63
    for part in ("subject", "relation", "object", "datatype", "language"):
        changed = replace(one, **{part: getattr(one, part) + "x"})
        assert statements.fact_id(changed) != statements.fact_id(one)
    turned = replace(one, literal=not one.literal)
    assert statements.fact_id(turned) != statements.fact_id(one)


def test_moving_text_between_fields_gives_another_id():
    ids = {
        statements.fact_id(Fact("ab", "c", "d")),
        statements.fact_id(Fact("a", "bc", "d")),
        statements.fact_id(Fact("a", "b", "cd")),
        statements.fact_id(Fact("a", "b", "c", datatype="d")),
        statements.fact_id(Fact("a", "b", "c", language="d")),
    }
    assert len(ids) == 5


def put_facts(database, *facts, source="import"):
    with database.writing() as connection:
        return statements.put_facts(connection, facts, source)


def stored_facts(database):
    with database.reading() as connection:
        return [fact for _, fact in statements.all_facts(connection)]


def test_a_fact_has_the_confidence_of_its_most_confident_source(database):
    put_facts(database, replace(FACT, confidence=0.5), source="one")
    assert put_facts(database, replace(FACT, confidence=0.75), source="two").known == 1
    assert stored_facts(database) == [replace(FACT, confidence=0.75)]
    put_facts(database, replace(FACT, confidence=0.25), source="two")
    assert stored_facts(database) == [replace(FACT, confidence=0.5)]


def test_facts_come_back_with_their_ids(database):
    facts = [Fact("s", "r", str(k)) for k in range(20)]
    put_facts(database, *facts)
    with database.reading() as connection:
        stored = list(statements.all_facts(connection))
    assert [key for key, _ in stored] == sorted(statements.fact_id(fact) for fact in facts)
    assert dict(stored) == {statements.fact_id(fact): fact for fact in facts}


def test_an_item_that_is_there_is_replaced(database):
    with database.writing() as connection:
        catalogue.put_items(connection, [Item("a", "A", "old", {"genre": ("x", "y")})])
        catalogue.put_items(connection, [Item("b", "B"), Item("a", "A2"), Item("a", "A3", "new")])
    with database.reading() as connection:
        assert list(catalogue.all_items(connection)) == [Item("a", "A3", "new"), Item("b", "B")]


def test_a_link_is_stored_once(database):
    with database.writing() as connection:
        new = [Link("b", "E"), Link("a", "E"), Link("a", "E"), Link("a", "D")]
        first = statements.put_links(connection, new, "one")
        assert first == StatementCounts(read=4, new=3, known=0, repeated=1)
        second = statements.put_links(connection, new[:1], "two")
        assert second == StatementCounts(read=1, new=0, known=1, repeated=0)
    with database.reading() as connection:
        assert list(statements.all_links(connection)) == [
            Link("a", "D"),
            Link("a", "E"),
            Link("b", "E"),
        ]
        assert catalogue.counts(connection) == {"items": 0, "facts": 0, "links": 3}


def test_the_revision_changes_with_every_kind_of_change(database):
    def revision_after(put, *arguments):
        with database.writing() as connection:
            put(connection, *arguments)
        with database.reading() as connection:
            return knowledge_digest(connection)

    changes = [
        revision_after(catalogue.put_items, []),
        revision_after(catalogue.put_items, [Item("a", "A")]),
        revision_after(catalogue.put_items, [Item("a", "B")]),
        revision_after(catalogue.put_items, [Item("a", "B", "", {"x": ("1",)})]),
        revision_after(statements.put_facts, [FACT], "one"),
        revision_after(statements.put_facts, [FACT], "two"),
        revision_after(statements.put_facts, [replace(FACT, confidence=0.1)], "two"),
        revision_after(statements.put_links, [Link("a", "E")], "one"),
        revision_after(statements.put_links, [Link("a", "E")], "two"),
    ]
    assert len(set(changes)) == len(changes)
    assert revision_after(statements.put_links, [Link("a", "E")], "two") == changes[-1]


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), min_size=1))
def test_any_unicode_comes_back_as_it_was(texts):
    with tempfile.TemporaryDirectory() as folder:
        database = Database(Path(folder) / "t.db", schema.metadata)
        items = {t: Item(t, t, t, {t: (t, t)}) for t in texts}
        facts = {Fact(t, t, t, True, t, t) for t in texts}
        with database.writing() as connection:
            catalogue.put_items(connection, items.values())
        put_facts(database, *facts)
        with database.reading() as connection:
            stored_items = {item.item_id: item for item in catalogue.all_items(connection)}
        assert stored_items == items
        assert set(stored_facts(database)) == facts
        database.close()


def test_a_lone_surrogate_is_refused_and_changes_nothing(database):
    append(database, event("a"))
    for new in (Event("\ud800", "u", "i"), Event("b", "\udfff", "i")):
        with pytest.raises((UnicodeEncodeError, TastegraphError)):
            append(database, event("c"), new)
    assert count(database) == 1
    assert statements.fact_id(Fact("\ud800", "r", "o")) != statements.fact_id(
        Fact("\ud801", "r", "o")
    )


def test_items_that_did_not_change_are_known_and_change_nothing(tmp_path: Path) -> None:
    settings = {"items": {"facts": {"genre": {"relation": "genre"}}}}
    workspace = Workspace.init(tmp_path / "shop", settings)
    first = [Item("a", "A", "x", {"genre": ("g", "h")}), Item("b", "B")]
    second = [first[0], Item("b", "Bee"), Item("c", "", "", {"genre": ("g",)})]
    workspace.ingest(items=first)
    with workspace.database.reading() as connection:
        before = revision.change_count(connection)
    again = workspace.ingest(items=first)
    assert again.report.counts("items", "items").known == 2
    with workspace.database.reading() as connection:
        assert revision.change_count(connection) == before
    counts = workspace.ingest(items=second).report.counts("items", "items")
    assert (counts.known, counts.replaced, counts.new) == (1, 1, 1)
    with workspace.database.reading() as connection:
        assert [item.title for item in catalogue.all_items(connection)] == ["A", "Bee", ""]
