"""Records the examples of the OpenAPI document: requests to the small world, and their answers.

``python -m tests.support.api_examples`` (``make docs``) writes them into the package. An operation
that is new needs a line in :data:`REQUESTS`.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from tastegraph.core.fact_columns import fact_frames
from tastegraph.core.records import Fact
from tastegraph.serving.api.app import create_app
from tastegraph.serving.api.document import EXAMPLES_FILE
from tastegraph.serving.engine import Engine
from tastegraph.store import statements
from tests.support import serving_world
from tests.support.local_client import LocalClient

FACT = Fact("item:western-0", "composer", "person:ennio")
USER, ITEM = {"user_id": "western-1"}, {"item_id": "western-0"}
EVENT = {
    "event_id": "e-1", "user_id": "western-1", "item_id": "space-0", "type": "purchase",
    "ts": "2026-05-04T12:30:00Z", "value": 19.9, "position": 1,
}  # fmt: skip
LIST = {
    "user_id": "western-1", "n": 2, "explain": "paths",
    "filter": 'genre = "Western" and not title contains "No. 9"',
}  # fmt: skip
REQUESTS: dict[str, dict[str, Any]] = {
    "recommendations_recommend": {"body": LIST},
    "recommendations_stored_list": {"path": {"recommendation_id": "LIST"}},
    "recommendations_next_page": {
        "path": {"recommendation_id": "LIST"}, "query": {"n": 2, "explain": "none"}
    },
    "recommendations_replay": {"path": {"recommendation_id": "LIST"}},
    "explain_explain": {"body": {**USER, **ITEM}},
    "associations_associate": {"body": {"text": "a gunfight in a desert town", "n": 2}},
    "fields_fields": {},
    "events_record": {"body": {"events": [EVENT]}},
    "events_withdraw": {"path": {"event_id": "e-1"}},
    "rank_rank": {"body": {**USER, "item_ids": ["western-0", "space-1", "western-5"]}},
    "recommendations_batch": {"body": {"users": ["western-1", "space-2"], "n": 2}},
    "wishes_read_wish": {"body": {"steer": "less western, more space opera"}},
    "users_add_wish": {"path": USER, "body": {"steer": "always less western"}},
    "users_all_interests": {"path": USER},
    "users_one_interest": {"path": {**USER, "interest": "INTEREST"}},
    "users_edit": {"path": {**USER, "interest": "INTEREST"}, "body": {"pinned": True, "days": 30}},
    "users_undo": {"path": USER},
    "users_withdraw": {"path": {**USER, "interest": "INTEREST"}},
    "users_withdraw_all": {"path": USER},
    "items_similar_items": {"path": ITEM, "query": {"n": 2, "reasons": 1}},
    "items_bought_together": {"path": ITEM, "query": {"n": 2}},
    "items_audience": {"path": ITEM, "query": {"n": 2}},
    "users_recently_viewed": {"path": USER, "query": {"n": 2}},
    "users_buy_again": {"path": USER, "query": {"n": 2}},
    "users_similar_users": {"path": USER, "query": {"n": 2}},
    "lists_general_list": {"path": {"name": "popular"}, "query": {"n": 2}},
    "kg_entities": {"query": {"name": "western", "n": 2}},
    "kg_neighbours": {"query": {"id": "genre:western", "n": 2}},
    "users_put": {"path": {"user_id": "ann"}, "body": {"attributes": {"city": "Oslo"}}},
    "users_users": {"query": {"n": 2, "after": "a"}},
    "users_profile": {"path": USER},
    "users_put_users": {"line": {"user_id": "bob", "attributes": {"city": "Lyon"}}},
    "users_export": {"path": {"user_id": "bob"}},
    "users_user": {"path": {"user_id": "ann"}},
    "items_put": {
        "path": {"item_id": "western-9"},
        "body": {"title": "The last train", "text": "A stranger comes to town.",
                 "attributes": {"genre": ["Western"], "price": 12.5}},
    },
    "items_put_items": {"line": {"item_id": "space-9", "title": "The long way home"}},
    "items_items": {"query": {"n": 2, "after": "a", "q": "train"}},
    "items_content": {"path": ITEM},
    "items_erase": {"path": {"item_id": "western-9"}},
    "service_health": {}, "service_ready": {}, "service_prometheus": {},
    "kg_decide": {"body": {"kind": "reject", "author": "kim", "fact_id": "FACT"}},
    "kg_newest_decisions": {"query": {"n": 1}},
    "kg_review": {"query": {"n": 1}},
    "kg_undo": {"path": {"seq": 1}, "query": {"author": "kim"}},
    "kg_dispute": {"path": {"fact_id": "FACT"}, "body": USER},
    "kg_evidence": {"path": {"fact_id": "FACT"}},
    "kg_put_facts": {"body": {"source": "editors", "facts": [
        {"subject": "item:western-0", "relation": "composer", "object": "person:nino",
         "confidence": 0.9, "evidence": "A western with music by Nino."}]}},
    "kg_facts": {"query": {"subject": "item:western-0", "after": "0", "n": 1}},
    "kg_fact": {"path": {"fact_id": "FACT"}},
    "kg_withdraw_fact": {"path": {"fact_id": "FACT"}, "query": {"author": "kim"}},
    "kg_put_entity": {"body": {
        "id": "person:nino", "label": "Nino", "kind": "person", "source": "editors"}},
    "kg_entity": {"path": {"entity_id": "person:nino"}},
    "kg_withdraw_entity": {"path": {"entity_id": "person:nino"}, "query": {"author": "kim"}},
    "kg_paths": {"query": {"from": "item:western-0", "to": "item:western-2", "max_steps": 4,
                           "n": 2}},
    "kg_import_statements": {
        "query": {"source": "films", "kind": "facts", "replace": False, "on_error": "raise"},
        "line": {"subject": "item:western-1", "relation": "composer", "object": "person:ennio"},
    },
    "jobs_add_job": {"body": {"kind": "retrain"}},
    "jobs_all_jobs": {"query": {"n": 1}},
    "jobs_one_job": {"path": {"job_id": 1}},
    "models_models": {},
    "models_promote": {"path": {"version": "000002"}},
    "models_rollback": {"path": {"version": "000002"}},
    "experiments_experiments": {"query": {"days": 7, "type": "purchase"}},
    "users_erase": {"path": {"user_id": "ann"}},
}  # fmt: skip
"""Operation → path, query and body of its example, or one line of it, in the order in which they
are sent. LIST, INTEREST and FACT stand for ids that the small world gives."""
FIRST_REVIEW = "kg_decide"
MAX_TEXT = 2_000
"""An answer that is no JSON is cut off there."""


def recorded(directory: Path) -> dict[str, dict[str, Any]]:
    """Operation → path, query, body and answer, as a new world in ``directory`` gives it."""
    engine = serving_world.open_engine(directory)
    serving_world.publish_variant(directory, 2.0)
    examples: dict[str, dict[str, Any]] = {}
    with LocalClient(create_app(engine)) as client:
        ids = _ids(engine, client)
        operations = _operations(client.get("/openapi.json").json())
        for name, request in REQUESTS.items():
            if name == FIRST_REVIEW:  # no fact of the snapshot is in the store of this world
                with engine.database.writing() as connection:
                    statements.put_facts(connection, fact_frames([FACT]), "films")
            if name in operations:
                example = _with_ids(request, ids)
                examples[name] = {**example, "answer": _answer(client, *operations[name], example)}
    return examples


def _ids(engine: Engine, client: LocalClient) -> dict[str, str]:
    answer = client.post("/v1/recommendations", json=LIST).json()
    engine.submit(lambda _: None).result()
    interests = client.get("/v1/users/western-1/interests").json()["interests"]
    return {
        "LIST": answer["recommendation_id"], "INTEREST": interests[0]["interest"],
        "FACT": str(statements.fact_id(FACT)),
    }  # fmt: skip


def _with_ids(value: Any, ids: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {key: _with_ids(inner, ids) for key, inner in value.items()}
    return ids.get(value, value) if isinstance(value, str) else value


def _operations(document: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {
        operation["operationId"]: (method, path)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def _answer(client: LocalClient, method: str, path: str, example: dict[str, Any]) -> Any:
    url = path.format(**example.get("path", {}))
    content = {"json": example.get("body")}
    if "line" in example:
        content = {"content": json.dumps(example["line"]) + "\n"}
    headers = {"content-type": "application/x-ndjson"} if "line" in example else {}
    answer = client.request(method, url, params=example.get("query"), headers=headers, **content)
    if answer.status_code == 503:
        return None  # this world has no language model
    assert answer.status_code == 200, f"{method} {url}: {answer.text}"
    if answer.headers["content-type"].startswith("application/json"):
        return answer.json()
    if answer.headers["content-type"].startswith("application/x-ndjson"):
        return json.loads(answer.text.splitlines()[0])
    return answer.text[:MAX_TEXT]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        text = json.dumps(recorded(Path(folder)), ensure_ascii=False, indent=1)
    EXAMPLES_FILE.write_text(text + "\n", encoding="utf-8")
