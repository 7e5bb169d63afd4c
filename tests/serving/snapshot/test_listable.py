"""What is hidden, delisted, erased or outside of its dates is in no list, at once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tastegraph.core.records import Item, Records
from tastegraph.data.column_facts import ColumnFacts
from tastegraph.serving import engine as engine_module
from tastegraph.serving.api.app import create_app
from tastegraph.serving.engine import Engine, ListOptions
from tastegraph.store.ingestion import ImportSummary, ingest
from tests.support import serving_world
from tests.support.api_requests import assert_problem
from tests.support.local_client import LocalClient

NOW = 1_700_000_000.0
ITEM_IDS = [item.item_id for item in serving_world.ITEMS]
NAMES = ("hidden", "available_from", "available_until")


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    monkeypatch.setattr(engine_module.time, "time", lambda: NOW)
    engine = serving_world.open_engine(tmp_path)
    imported(engine, {item_id: {} for item_id in ITEM_IDS})
    yield engine
    engine.close()


def imported(
    engine: Engine, attributes: dict[str, dict[str, str]], *, replace_catalogue: bool = False
) -> ImportSummary:
    """Import items with these attributes."""
    records = Records(
        items=[
            Item(item_id, item_id, "", {name: (value,) for name, value in cells.items()})
            for item_id, cells in attributes.items()
        ],
        replace_catalogue=replace_catalogue,
    )
    with engine.database.writing() as connection:
        return ingest(connection, records, ColumnFacts({}))


def listed(engine: Engine, n: int = 100) -> list[str]:
    return [item.item_id for item in engine.recommend("nobody", n, reasons=0).items]


CASES = st.dictionaries(
    st.sampled_from(ITEM_IDS),
    st.fixed_dictionaries(
        {},
        optional={
            "hidden": st.sampled_from(["true", "false", "1", "0", "Yes"]),
            "available_from": st.sampled_from([str(NOW - 1), str(NOW), str(NOW + 1)]),
            "available_until": st.sampled_from([str(NOW + 2), "2023-11-14T22:13:20", "2100-01-01"]),
        },
    ),
)


def may_be_listed(cells: dict[str, str]) -> bool:
    start, end = cells.get("available_from"), cells.get("available_until")
    return (
        cells.get("hidden", "no").lower() not in {"true", "1", "yes"}
        and (start is None or float(start) <= NOW)
        and end != "2023-11-14T22:13:20"
    )


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(cases=CASES, n=st.integers(1, 14))
def test_lists_have_n_items_if_n_may_be_listed(engine: Engine, cases, n: int) -> None:
    cases = {
        item_id: {k: v for k, v in cells.items() if not may_not_begin(cells, k)}
        for item_id, cells in cases.items()
    }
    imported(engine, {item_id: {} for item_id in ITEM_IDS} | cases)
    allowed = {item_id for item_id in ITEM_IDS if may_be_listed(cases.get(item_id, {}))}
    full = listed(engine)
    assert set(full) == allowed
    assert listed(engine, n) == full[:n]
    assert len(listed(engine, n)) == min(n, len(allowed))


def may_not_begin(cells: dict[str, str], name: str) -> bool:
    """Whether a value would be refused: an end that is not after the start."""
    end = cells.get("available_until") == "2023-11-14T22:13:20"
    return end and name == "available_from" and float(cells[name]) >= NOW


def test_item_comes_and_goes_with_its_dates(engine: Engine, monkeypatch) -> None:
    dates = {"available_from": str(NOW + 10), "available_until": str(NOW + 20)}
    imported(engine, {"space-0": dates})
    for seconds, is_listed in ((0, False), (9.9, False), (10, True), (19.9, True), (20, False)):
        monkeypatch.setattr(engine_module.time, "time", lambda at=NOW + seconds: at)
        assert ("space-0" in listed(engine)) == is_listed
        assert engine.explain("nobody", "space-0").listable == is_listed


def test_change_counts_in_the_next_list_of_a_watching_service(engine: Engine) -> None:
    engine.watch()
    assert "space-0" in listed(engine)
    imported(engine, {"space-0": {"hidden": "true"}})
    assert "space-0" not in listed(engine)
    imported(engine, {"space-0": {}})
    assert "space-0" in listed(engine)


def test_hidden_item_is_no_similar_item(engine: Engine, monkeypatch) -> None:
    vectors = engine._holder.current().texts.vectors
    monkeypatch.setattr(engine._encoder, "encode", lambda *_: vectors[:1])
    nearest = engine.associate("any", 3).items
    imported(engine, {nearest[0].item_id: {"hidden": "true"}})
    later = engine.associate("any", 3).items
    assert [item.item_id for item in later[:2]] == [item.item_id for item in nearest[1:]]
    assert len(later) == 3


def test_history_of_a_delisted_item_still_counts(engine: Engine) -> None:
    """The item is a reason, and in the profile; it is in no list."""
    before = engine.recommend("western-1", 3)
    seen = [event.item_id for event in engine.profile("western-1").events]
    rest = {item_id: {} for item_id in ITEM_IDS if item_id not in seen}
    assert imported(engine, rest, replace_catalogue=True).delisted == len(seen)
    assert engine.recommend("western-1", 3).items == before.items
    assert [event.item_id for event in engine.profile("western-1").events] == seen
    assert not set(seen) & set(listed(engine))


def test_what_the_new_catalogue_lacks_is_delisted_until_it_returns(engine: Engine) -> None:
    rest = {item_id: {} for item_id in ITEM_IDS if item_id != "space-0"}
    summary = imported(engine, rest, replace_catalogue=True)
    assert (summary.delisted, summary.relisted, summary.unlisted.delisted) == (1, 0, 1)
    assert set(listed(engine)) == {*rest}
    again = imported(engine, rest, replace_catalogue=True)
    assert (again.delisted, again.unlisted.delisted) == (0, 1)
    assert imported(engine, {"space-1": {}}).relisted == 0
    summary = imported(engine, {"space-0": {}})
    assert (summary.relisted, summary.unlisted.delisted) == (1, 0)
    assert set(listed(engine)) == set(ITEM_IDS)


def test_import_counts_items_by_why_they_are_in_no_list(engine: Engine) -> None:
    now = time.time()
    summary = imported(
        engine,
        {
            "space-0": {"hidden": "true", "available_from": str(now + 99)},
            "space-1": {"available_from": str(now + 99)},
            "space-2": {"available_until": str(now - 99)},
            "space-3": {"available_from": str(now - 99), "available_until": str(now + 99)},
        },
    )
    assert tuple(summary.unlisted) == (0, 1, 1, 1)


def test_list_is_replayed_with_the_dates_of_its_time(engine: Engine, monkeypatch) -> None:
    imported(engine, {"space-0": {"available_until": str(NOW + 5)}})
    answer = engine.recommend_and_store("nobody", 13, ListOptions())
    monkeypatch.setattr(engine_module.time, "time", lambda: NOW + 9)
    engine.close()
    assert "space-0" not in listed(engine)
    assert engine.replay(answer.recommendation_id) == answer


# Over HTTP.


def test_availability_over_http(engine: Engine) -> None:
    with LocalClient(create_app(engine)) as client:
        receipt = client.put(
            "/v1/items/space-0",
            json={"title": "S", "hidden": True, "attributes": {"studio": ["A"]}},
        )
        assert receipt.json() == {
            "item_id": "space-0", "facts": 0, "unused": ["studio"], "notes": [],
        }  # fmt: skip
        assert "space-0" not in listed(engine)
        client.put("/v1/items/space-0", json={"title": "S", "available_from": "2100-01-01"})
        assert "space-0" not in listed(engine)
        client.put("/v1/items/space-0", json={"title": "S", "available_until": NOW + 1})
        assert "space-0" in listed(engine)
        body = {"user_id": "nobody", "item_id": "space-0"}
        assert client.post("/v1/explain", json=body).json()["listable"]


@pytest.mark.parametrize(
    ("fields", "column", "words"),
    [
        ({"available_from": "soon"}, "available_from", "ISO 8601"),
        ({"available_from": 20, "available_until": 10}, "available_until", "after available_from"),
        ({"attributes": {"hidden": ["perhaps"]}}, "attributes/hidden", "true or false"),
    ],
)
def test_wrong_availability_is_refused(engine: Engine, fields, column: str, words: str) -> None:
    with LocalClient(create_app(engine)) as client:
        answer = client.put("/v1/items/space-0", json={"title": "S", **fields})
    refusal = assert_problem(answer, 422, "invalid_request")
    assert refusal["errors"][0]["pointer"] == f"/{column}"
    assert words in refusal["detail"]
