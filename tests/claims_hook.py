"""Every answer that a test gets of an engine in its process has its claims checked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import wraps
from typing import Any

import pytest

from claims import Claims
from tastegraph.serving.engine import Engine

_known: dict[tuple[Any, ...], Claims] = {}


def claims_of(engine: Engine, version: str) -> Claims:
    """What the answers of one snapshot are checked against."""
    counts = engine.config.events
    with engine.database.reading() as connection:
        erased = connection.exec_driver_sql(
            "select (select count(*) from erasures) + (select count(*) from erased_items)"
        ).scalar()
    key = (engine.database.path, version, counts.model_dump_json(), erased)
    if key not in _known:
        words = {kind: told.model_dump() for kind, told in counts.words.items()}
        _known.clear()
        _known[key] = Claims(
            engine.database.path,
            engine.snapshots.directory / version,
            words,
        )
    return _known[key]


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
        def run(self: Engine, who: Any, *arguments: Any, **options: Any) -> Any:
            answer = method(self, who, *arguments, **options)
            version = seen.last.now.version
            try:
                claims = claims_of(self, version)
            except FileNotFoundError:
                return answer  # another process has deleted the snapshot since
            language = options.get("language") or self.config.serving.language
            events = who if isinstance(who, str) else [asdict(event) for event in who]
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
