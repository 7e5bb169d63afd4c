"""Every answer that a test gets of an engine in its process has its claims checked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import wraps
from typing import Any

import pytest

from tastegraph.serving.engine import Engine
from tastegraph.store.snapshots import READING
from tests.support.claims import Claims

_last: dict[str, Any] = {}


def claims_of(engine: Engine, saw: Any) -> Claims:
    """What an answer is checked against, by what the request saw; that of before is remembered."""
    counts = engine.config.events
    erased = (saw.erased, saw.now.erased)
    key = (engine.database.path, saw.now.version, counts.model_dump_json(), erased)
    with READING:
        known = _last.get("claims")
        if known is None or known[0] != key:
            snapshot = engine.snapshots.directory / saw.now.version
            words = {kind: words.model_dump() for kind, words in counts.words.items()}
            known = _last["claims"] = key, Claims(engine.database.path, snapshot, words)
        return known[1]


@pytest.fixture(autouse=True)
def _claims(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    seen = threading.local()
    wrong: list[str] = []
    saw = Engine._saw

    def _saw(self: Engine, who: Any) -> Any:
        seen.last = saw(self, who)
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
                reasons = [reason.model_dump(mode="json") for reason in item.reasons]
                wrong.extend(claims.violations(events, item.item_id, reasons, language))
            return answer

        return run

    monkeypatch.setattr(Engine, "_saw", _saw)
    for name in ("recommend", "show", "explain"):
        monkeypatch.setattr(Engine, name, checked(getattr(Engine, name)))
    yield
    assert not wrong, "\n".join(wrong[:20])
