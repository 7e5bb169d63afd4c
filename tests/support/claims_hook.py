"""Checks the claims of every answer that a test gets from an engine in its own process."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import wraps
from typing import Any

import pytest

from tastegraph.serving.engine import Engine
from tastegraph.store.snapshots import HEADER_LOCK
from tests.support.claims import Claims

_cache: dict[str, Any] = {}


def claims_of(engine: Engine, view: Any) -> Claims:
    """The checker for the state that a request saw; the last one is cached."""
    config = engine.config.events
    erased = (view.erased_users, view.snapshot.erased_items)
    key = (engine.database.path, view.snapshot.version, config.model_dump_json(), erased)
    with HEADER_LOCK:
        entry = _cache.get("claims")
        if entry is None or entry[0] != key:
            snapshot = engine.snapshots.directory / view.snapshot.version
            words = {kind: words.model_dump() for kind, words in config.words.items()}
            entry = _cache["claims"] = key, Claims(engine.database.path, snapshot, words)
        return entry[1]


def _by_template(reason: Any) -> dict[str, Any]:
    """A reason as its template words it; what a language model says is checked elsewhere."""
    row: dict[str, Any] = reason.model_dump(mode="json")
    return {**row, "text": row.get("template") or row["text"]}


@pytest.fixture(autouse=True)
def _claims(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    seen = threading.local()
    wrong: list[str] = []
    original_view = Engine._view

    def _view(self: Engine, *arguments: Any) -> Any:
        seen.last = original_view(self, *arguments)
        return seen.last

    def checked(method: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(method)
        def run(self: Engine, *arguments: Any, **options: Any) -> Any:
            answer = method(self, *arguments, **options)
            try:
                claims = claims_of(self, seen.last)
            except FileNotFoundError:
                return answer  # another process has deleted the snapshot since
            language = options.get("language") or self.config.serving.language
            events = [asdict(event) for event in seen.last.events]
            for item in getattr(answer, "items", (answer,)):
                reasons = [_by_template(reason) for reason in item.reasons]
                wrong.extend(claims.violations(events, item.item_id, reasons, language))
            return answer

        return run

    monkeypatch.setattr(Engine, "_view", _view)
    for name in ("recommend", "recommend_and_store", "explain"):
        monkeypatch.setattr(Engine, name, checked(getattr(Engine, name)))
    yield
    assert not wrong, "\n".join(wrong[:20])
