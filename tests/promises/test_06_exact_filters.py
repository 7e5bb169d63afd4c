"""Promise 6: filters are exact, n results if n exist; what is deleted is gone at once."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tastegraph.core.config import Config
from tastegraph.core.records import Item
from tastegraph.filters.checks import FilterCheck
from tastegraph.filters.parser import parse
from tastegraph.serving.api.app import create_app
from tests.support import serving_world
from tests.support.filter_worlds import DAYS, DIRECTORS, GENRES, PRICES, expected_rows, world_of
from tests.support.local_client import LocalClient
from tests.support.promises import SCALE

ROWS = [
    {
        "price": [PRICES[k % len(PRICES)]], "stock": [("yes", "no")[k % 2]],
        "released": [DAYS[k % len(DAYS)]], "genre": [GENRES[k % 7], GENRES[(k * 3 + 1) % 7]],
        "director": [sorted(DIRECTORS)[k % 4]], "year": ["1999"], "cites": [],
    }
    for k in range(60)
]  # fmt: skip
FILTERS = (
    "price < 10", "price >= 9.99 and stock", "not stock", 'genre in ["Horror", "drama"]',
    'director = "VARDA" or price between 20 and 40', "released >= 2020-01-01 and not price = 0",
    'title contains "film 1" and not genre = "R&B"', 'genre = "恐怖"', "price > 1000000",
    'not (genre = "Drama" or stock) and has director', 'director contains "coen"',
)  # fmt: skip


@pytest.mark.slow
def test_a_filtered_list_has_all_that_meet_it_and_no_other(tmp_path: Path, count_cases) -> None:
    """Against each item by itself; n items where n exist, however large n is."""
    world = world_of(ROWS)
    serving_world.make(tmp_path, world.items, world.facts, [], [], Config())
    engine = serving_world.open_engine(tmp_path)
    names, n_lists = world.table().names, 0
    with LocalClient(create_app(engine)) as client:
        for source in FILTERS:
            tree = FilterCheck(names).checked(parse(source), source)
            expected = {world.films[row].item_id for row in expected_rows(world, tree)}
            for n in (1, 5, 60, 1000):
                body = {"user_id": "nobody", "n": n, "filter": source, "explain": "none"}
                answer = client.post("/v1/recommendations", json=body).json()
                listed = [item["item_id"] for item in answer["items"]]
                assert set(listed) <= expected, source
                assert len(set(listed)) == len(listed) == min(n, len(expected)), source
                assert answer["filter"]["matching"] == len(expected)
                n_lists += 1
    count_cases("filtered lists against each item by itself", n_lists)


@pytest.mark.slow
def test_what_is_deleted_or_hidden_is_in_no_later_answer(tmp_path: Path, count_cases) -> None:
    """Lists are asked for while items are deleted: none that begins afterwards has them."""
    serving_world.open_engine(tmp_path).close()
    rounds = 5 * SCALE
    items = [Item(f"doomed-{k}", f"Doomed {k}") for k in range(2 * rounds)]
    world = [*serving_world.ITEMS, *items]
    directory = tmp_path / "more"
    serving_world.make(directory, world, serving_world.FACTS, [], serving_world.events(), Config())
    engine = serving_world.open_engine(directory)
    gone: list[str] = []
    faults: list[str] = []
    ended, n_lists = threading.Event(), [0]

    def request_lists() -> None:
        while not ended.is_set():
            deleted = set(gone)
            answer = engine.recommend("western-1", 1000, reasons=0)
            faults.extend(deleted & {item.item_id for item in answer.items})
            n_lists[0] += 1

    threads = [threading.Thread(target=request_lists) for _ in range(2)]
    with LocalClient(create_app(engine)) as client:
        for thread in threads:
            thread.start()
        for k in range(rounds):
            assert client.delete(f"/v1/items/doomed-{k}").status_code == 200
            gone.append(f"doomed-{k}")
            hidden = f"doomed-{rounds + k}"
            body = {"title": hidden, "hidden": True}
            assert client.put(f"/v1/items/{hidden}", json=body).status_code == 200
            gone.append(hidden)
        ended.set()
        for thread in threads:
            thread.join(60)
        answer = client.post("/v1/recommendations", json={"user_id": "western-1", "n": 1000})
        assert not {item["item_id"] for item in answer.json()["items"]} & set(gone)
    assert faults == []
    count_cases("items deleted or hidden under load", len(gone))
    count_cases("lists meanwhile", n_lists[0])
