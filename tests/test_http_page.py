"""docs/http.md: its requests are answered as it says, and its table has all routes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tastegraph.serving.api.app import create_app
from tests.support import http_page, serving_world
from tests.support.local_client import LocalClient

TEXT = http_page.PAGE.read_text(encoding="utf-8")
EXAMPLES = list(http_page.examples(TEXT))
LIST_ID = "recommendation_id"
TOLERANCE = 1e-3


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalClient]:
    engine = serving_world.open_engine(tmp_path_factory.mktemp("world"))
    with LocalClient(create_app(engine)) as client:
        yield client


def differences(excerpt: Any, actual: Any, place: str = "") -> list[str]:
    """Where an answer differs from what the page shows of it; an id of a list is any id."""
    if isinstance(excerpt, dict) and isinstance(actual, dict):
        return [
            difference
            for name, value in excerpt.items()
            for difference in differences(value, actual.get(name, "missing"), f"{place}/{name}")
        ]
    if isinstance(excerpt, list) and isinstance(actual, list):
        pairs = zip(excerpt, actual, strict=False)
        inner = [d for k, pair in enumerate(pairs) for d in differences(*pair, f"{place}/{k}")]
        return inner + [f"{place}: only {len(actual)} entries"] * (len(excerpt) > len(actual))
    if isinstance(excerpt, float):
        return [] if actual == pytest.approx(excerpt, abs=TOLERANCE) else [f"{place}: {actual}"]
    same = isinstance(actual, str) if place.endswith(LIST_ID) else excerpt == actual
    return [] if same else [f"{place}: {actual!r}"]


def test_requests_are_answered_as_the_page_shows(client: LocalClient) -> None:
    assert len(EXAMPLES) >= 5
    list_ids: dict[str, str] = {}
    for example in EXAMPLES:
        body = example.body
        for page_id, actual in list_ids.items():
            body = body and body.replace(page_id, actual)
        url = "http://" + example.url
        answer = client.request(example.method, url, content=body, headers=example.headers)
        assert answer.status_code == example.answer.get("status", 200), answer.text
        assert not differences(example.answer, answer.json()), example.url
        if LIST_ID in example.answer:
            list_ids[example.answer[LIST_ID]] = answer.json()[LIST_ID]


def test_a_wrong_value_of_the_page_is_noticed() -> None:
    actual = {"score": 4.306004, "items": [{"rank": 1, "text": "a"}], "recommendation_id": "x"}
    right = {"score": 4.306, "items": [{"rank": 1}], "recommendation_id": "y"}
    assert not differences(right, actual)
    wrong: list[dict[str, Any]] = [
        {"score": 4.31}, {"items": [{"rank": 2}]}, {"items": [{}, {}]}, {"title": "b"},
    ]  # fmt: skip
    assert all(differences(excerpt, actual) for excerpt in wrong)


def test_a_click_on_the_page_names_the_list_of_the_page() -> None:
    (list_id,) = (example.answer[LIST_ID] for example in EXAMPLES if LIST_ID in example.answer)
    assert any(list_id in (example.body or "") for example in EXAMPLES)


def test_the_table_has_every_route(client: LocalClient) -> None:
    rows = http_page.table(client.get("/openapi.json").json())
    assert http_page.with_table(TEXT, rows) == TEXT, "run make docs"


def test_pages_to_read_on_exist_and_have_the_section() -> None:
    for page in {page for pages in http_page.PAGES.values() for page in pages}:
        file, _, section = page.partition("#")
        path = http_page.PAGE.parent / (file or http_page.PAGE.name)
        assert not section or section in anchors(path), page


def anchors(path: Path) -> set[str]:
    """What the headings of a page are linked by."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", text).lower().replace(" ", "-") for text in headings}
