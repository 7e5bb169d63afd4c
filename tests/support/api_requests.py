"""Requests to the HTTP API in tests: random bodies, and what a refusal looks like."""

from __future__ import annotations

from typing import Any

import httpx
from hypothesis import strategies as st

POST_PATHS = ("/v1/recommendations", "/v1/events", "/v1/explain", "/v1/kg/decisions")

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)
KEYS = st.sampled_from(
    ["user_id", "session", "events", "n", "explain", "exclude", "item_id", "session_id", "ts",
     "value", "type", "event_id", "position", "recommendation_id"]
)  # fmt: skip
ROWS = st.dictionaries(KEYS, JSON, max_size=6)
ANY_VALUE = st.text() | JSON
NEW_FACTS = st.fixed_dictionaries(
    {"subject": ANY_VALUE, "relation": ANY_VALUE, "object": ANY_VALUE},
    optional={"literal": ANY_VALUE | st.booleans(), "datatype": ANY_VALUE, "language": ANY_VALUE},
)
DECISIONS = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["accept", "reject", "edit", "add", "merge", "split"]),
        "author": ANY_VALUE,
    },
    optional={"fact_id": ANY_VALUE | st.integers(0, 2**63).map(str), "value": ANY_VALUE,
              "fact": NEW_FACTS, "one": ANY_VALUE, "other": ANY_VALUE},
)  # fmt: skip
BODIES = (
    JSON
    | ROWS
    | DECISIONS
    | st.fixed_dictionaries({"events": st.lists(ROWS, max_size=3)})
    | st.fixed_dictionaries({"session": st.fixed_dictionaries({"events": st.lists(ROWS)})})
)
"""Bodies that are nearly right."""


def assert_problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Check that an answer is a problem of this status and code, and return it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["code"] == code
    assert {"type", "title", "detail"} <= problem.keys()
    return dict(problem)
