"""Facts on their way into the database: the same ids as single facts, each statement once."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tastegraph.core.fact_columns import fact_frames, facts_of, frame_of_facts, frame_of_links
from tastegraph.core.records import Fact, Link, Span
from tastegraph.store import schema, staged_facts, statements
from tastegraph.store.database import Database
from tastegraph.store.staged_facts import FactSorter, fact_ids
from tastegraph.store.statements import StatementCounts

words = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
spans = st.none() | st.builds(
    Span, st.sampled_from(["item:1", "item:2"]), st.integers(0, 2), st.integers(3, 5),
    st.sampled_from(["p/1", "p/2"]),
)  # fmt: skip
few_facts = st.builds(
    Fact,
    st.sampled_from(["a", "é"]), st.sampled_from(["r", "q"]), st.sampled_from(["b", "10"]),
    st.booleans(), st.sampled_from(["", "t"]), st.sampled_from(["", "en"]),
    st.sampled_from([0.25, 0.5, 1.0]), spans,
)  # fmt: skip
any_facts = st.builds(Fact, words, words, words, st.booleans(), words, words)


@pytest.fixture
def database(tmp_path: Path):
    database = Database(tmp_path / "t.db", schema.metadata)
    yield database
    database.close()


@given(st.lists(any_facts, max_size=5))
def test_ids_of_columns_are_those_of_single_facts(facts: list[Fact]) -> None:
    assert fact_ids(frame_of_facts(facts)).to_list() == [statements.fact_id(f) for f in facts]


@given(st.lists(few_facts, max_size=5))
def test_facts_come_back_from_columns(facts: list[Fact]) -> None:
    assert list(facts_of(frame_of_facts(facts))) == facts


def put(database: Database, facts: Sequence[Fact], source: str = "s") -> StatementCounts:
    with database.writing() as connection:
        return statements.put_facts(connection, facts, source)


def stored(database: Database) -> tuple[list[tuple[int, Fact]], set[tuple[object, ...]]]:
    with database.reading() as connection:
        facts = list(statements.all_facts(connection))
        supports = {
            (key, *support) for key, _ in facts for support in statements.supports(connection, key)
        }
    return facts, supports


@settings(max_examples=40, deadline=None)
@given(
    first=st.lists(few_facts, max_size=12), second=st.lists(few_facts, max_size=12),
    size=st.integers(1, 20),
)  # fmt: skip
def test_evidence_is_the_most_confident_of_each_place(
    first: list[Fact], second: list[Fact], size: int
) -> None:
    """Whether facts fit into memory or are sorted on disk; a second import replaces the first."""
    expected: dict[tuple[object, ...], tuple[float, Span | None]] = {}
    for facts in (first, second):
        best: dict[tuple[object, ...], tuple[float, str, int, Span | None]] = {}
        for fact in facts:
            span = fact.span or Span("", 0, 0, "")
            key = (statements.fact_id(fact), span.document, span.start)
            order = (fact.confidence, span.extractor, span.end, fact.span)
            best[key] = max(best.get(key, order), order, key=lambda one: one[:3])
        expected |= {key: (order[0], order[3]) for key, order in best.items()}
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        patch.setattr(staged_facts, "ROWS_IN_MEMORY", size)
        patch.setattr(staged_facts, "ROWS_PER_STATEMENT", 3)
        patch.setattr("tastegraph.core.fact_columns.RECORDS_PER_FRAME", 5)
        database = Database(Path(folder) / "t.db", schema.metadata)
        counts = put(database, first), put(database, second)
        facts, supports = stored(database)
        database.close()
    assert supports == {(key[0], "s", *value) for key, value in expected.items()}
    ids = [{statements.fact_id(fact) for fact in facts} for facts in (first, second)]
    assert [key for key, _ in facts] == sorted(ids[0] | ids[1])
    assert counts[0] == StatementCounts(len(first), len(ids[0]), 0, len(first) - len(ids[0]))
    assert counts[1] == StatementCounts(
        len(second), len(ids[1] - ids[0]), len(ids[1] & ids[0]), len(second) - len(ids[1])
    )


def test_facts_sorted_on_disk_come_back_in_the_order_of_ids(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(staged_facts, "ROWS_IN_MEMORY", 100)
    facts = [Fact(f"s{k % 700}", "r", "o") for k in range(1000)]
    sorter = FactSorter(tmp_path)
    for frame in fact_frames(facts):
        for part in frame.iter_slices(30):
            sorter.add(part)
    assert len(list(tmp_path.iterdir())) == 8
    ids = [key for batch in sorter.batches() for key in batch["fact_id"]]
    assert ids == sorted({statements.fact_id(fact) for fact in facts})


def test_frames_and_single_facts_mix(database: Database) -> None:
    facts = [Fact("a", "r", str(k)) for k in range(5)]
    span = replace(facts[3], span=Span("item:1", 0, 1, "p/1"))
    counts = put(database, [facts[0], frame_of_facts(facts[:2]), span])  # type: ignore[list-item]
    assert counts == StatementCounts(read=4, new=3, known=0, repeated=1)
    assert {fact for _, fact in stored(database)[0]} == {*facts[:2], facts[3]}


def test_links_in_frames_are_those_of_single_links(database: Database) -> None:
    links = [Link("b", "E"), Link("a", "E")]
    with database.writing() as connection:
        statements.put_links(connection, [frame_of_links(links[:1]), links[1]], "l")
        assert list(statements.all_links(connection)) == [Link("a", "E"), Link("b", "E")]


def test_many_facts_make_the_index_anew(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statements, "MIN_FACTS_TO_REINDEX", 3)
    for source in ("one", "two"):
        put(database, [Fact(source, "r", str(k)) for k in range(5)], source)
        with database.reading() as connection:
            plan = connection.exec_driver_sql(
                "EXPLAIN QUERY PLAN SELECT * FROM facts WHERE subject = 'one'"
            ).all()
        assert "facts_by_subject" in str(plan)
