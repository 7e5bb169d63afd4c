"""Promise 7 in service: the reasons of some answers are checked afterwards, and none is wrong."""

from __future__ import annotations

import random
import re
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tastegraph.serving.answers import Explanation
from tastegraph.serving.api.app import create_app
from tastegraph.serving.engine import Engine
from tastegraph.serving.lists.claim_checks import violations
from tastegraph.serving.lists.list_maker import ListOptions
from tastegraph.workspace import Workspace
from tests.support.local_client import LocalClient
from tests.support.promises import SCALE

pytestmark = pytest.mark.slow
REQUESTS = 60 * SCALE
SESSION = {"events": [{"item_id": "space-01", "type": "like"}, {"item_id": "space-02"}]}


@pytest.fixture
def engine(built: Path, tmp_path: Path) -> Iterator[Engine]:
    """Of the cinema, with every answer checked."""
    shutil.copytree(built, tmp_path / "cinema")
    with (tmp_path / "cinema" / "tastegraph.toml").open("a") as file:
        file.write("\n[serving]\ncheck_claims = 1.0\n")
    engine = Workspace(tmp_path / "cinema").engine
    yield engine
    engine.close()
    engine.database.close()


def counted(client: LocalClient, name: str) -> int:
    """A counter of the service."""
    match = re.search(rf"^tastegraph_{name}_total (\S+)", client.get("/metrics").text, re.M)
    assert match is not None
    return int(float(match[1]))


def some_request(rng: random.Random) -> dict[str, Any]:
    """Of a list: of users, sessions and strangers, with wishes, filters, boosts and without."""
    who: dict[str, Any] = rng.choice(
        [{"user_id": f"{rng.choice(['western', 'space'])}-fan-{rng.randrange(30)}"},
         {"user_id": "nobody"}, {"session": SESSION}]
    )  # fmt: skip
    body = {**who, "n": rng.choice([1, 5, 24]), "explain": rng.choice(["paths", "reasons"])}
    body |= rng.choice([
        {}, {"steer": "more western"}, {"filter": "genre = 'space'"}, {"exclude": "none"},
        {"boosts": [{"filter": "genre = 'western'", "factor": 2.0}]}, {"diversity": 0.5},
        {"explore": 0.5, "seed": 1},
    ])  # fmt: skip
    return body


def test_checked_answers_have_no_violation(engine: Engine, count_cases) -> None:
    rng = random.Random(1)
    with LocalClient(create_app(engine)) as client:
        checks, wrong = counted(client, "claim_checks"), counted(client, "claim_violations")
        for request in range(REQUESTS):
            answer = client.post("/v1/recommendations", json=some_request(rng))
            assert answer.status_code == 200, answer.text
            if request % 3 == 0:
                pair = {"user_id": f"western-fan-{rng.randrange(30)}",
                        "item_id": f"space-{rng.randrange(12):02}"}  # fmt: skip
                assert client.post("/v1/explain", json=pair).status_code == 200
            if request % 10 == 0:
                event = {"user_id": "western-fan-1", "item_id": "space-03", "type": "like"}
                client.post("/v1/events", json={"events": [event]})
        engine._claims.close()
        n_checks = counted(client, "claim_checks") - checks
        assert counted(client, "claim_violations") == wrong
    assert n_checks > REQUESTS / 4
    count_cases("answers checked in service", n_checks)


def faults_of(engine: Engine, answer: Explanation) -> list[str]:
    with engine.database.reading() as connection:
        return list(violations(connection, engine._view("western-fan-1"), answer))


def test_what_is_false_is_counted(engine: Engine) -> None:
    """Facts that nobody stored, paths to elsewhere, shares that do not sum."""
    answer = engine.explain("western-fan-1", "western-03")
    assert faults_of(engine, answer) == []
    place, known = next(
        (place, reason) for place, reason in enumerate(answer.reasons)
        if reason.kind == "knowledge" and reason.item_id != "western-03"
    )  # fmt: skip
    *first, last = known.path

    def faults(**changes: object) -> str:
        reasons = list(answer.reasons)
        reasons[place] = known.model_copy(update=changes)
        return "; ".join(faults_of(engine, answer.model_copy(update={"reasons": tuple(reasons)})))

    other = "genre" if last.p != "genre" else "directed_by"
    assert "is not stored" in faults(path=(*first, last.model_copy(update={"fact_id": 12345})))
    assert "is stored as" in faults(path=(*first, last.model_copy(update={"p": other})))
    assert "no fact joins" in faults(path=())
    assert "does not end at it" in faults(path=tuple(first))
    assert "does not begin at the event" in faults(path=(last,))
    assert "has no event on" in faults(item_id="nowhere")
    assert "shares sum to" in faults(share=known.share + 0.1)
    wrong_score = answer.model_copy(update={"score": answer.score + 0.1})
    assert "shares sum to" in faults_of(engine, wrong_score)[0]


def test_a_violation_is_in_the_metrics(engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    """A fact that vanished behind the service's back; the log names no user."""
    with LocalClient(create_app(engine)) as client:
        wrong = counted(client, "claim_violations")
        with sqlite3.connect(engine.database.path) as connection:
            connection.execute("update facts set relation = 'composer' where relation = 'genre'")
        unchecked = Engine.recommend_and_store.__wrapped__  # type: ignore[attr-defined]
        unchecked(engine, "western-fan-1", 3, ListOptions())
        engine._claims.close()
        assert counted(client, "claim_violations") > wrong
    assert "a reason does not hold" in caplog.text
    assert "western-fan" not in caplog.text
