"""Promise 9: bad input is a 4xx that says what to change, never a 5xx.

schemathesis makes requests from the OpenAPI document of a service that needs keys: such as the
document allows, and such as it forbids. All its checks hold for each answer: status, media type and
body are those that the document says, a request that it allows is accepted, one that it forbids is
refused, no answer comes without a key.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import load_all_checks, not_a_server_error
from schemathesis.core.failures import Failure
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from tastegraph.serving.api.app import create_app
from tastegraph.store.keys import KeyFile
from tests.support import serving_world

load_all_checks()


@schemathesis.serializer("application/x-ndjson")
def one_line(context: Any, value: Any) -> bytes:
    """A body of one line."""
    return json.dumps(value).encode()


MODES = {mode.value: mode for mode in schemathesis.GenerationMode}
EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "5"))
"""Of each operation and mode; `make test-api` takes more."""
ROWS = ("/session/events", "/events", "/available_", "/facts")
"""Rows are checked by the rules of files, some of which JSON Schema has no words for: types of
events that the workspace knows, times that are not in the future, one time after another."""
DECISIONS = "/v1/kg/decisions"
"""What is decided must be possible: a fact that can be stated, a decision that is not undone."""

ROW_BY_ROW = ("/v1/events", "/v1/kg/imports")
"""Of many rows those that are right are stored, and the others named."""
IMPORTS = "/v1/kg/imports"
"""Rows of imports are those of files too."""


def accepts_what_is_allowed(context: Any, response: Any, case: Any) -> None:
    """As ``positive_data_acceptance``, except for rules of rows, decisions and filters.

    JSON Schema has no words for the grammar of filters and for what the catalogue has.
    """
    if response.status_code == 422:
        problem = response.json()
        faults = [fault["pointer"] for fault in problem.get("errors", ())]
        if case.operation.path.startswith(DECISIONS) and not faults:
            return
        if problem["code"] == "invalid_filter" and not faults:
            return
        if case.operation.path.endswith(":rollback") and not faults:
            return
        if faults and all(pointer.startswith(ROWS) for pointer in faults):
            return
        if case.operation.path == IMPORTS:
            return
        if case.operation.path.endswith(":bulk"):
            messages = [fault["message"] for fault in problem["errors"]]
            if all("available_" in message for message in messages):
                return
    positive_data_acceptance(context, response, case)


def refuses_what_is_forbidden(context: Any, response: Any, case: Any) -> None:
    """As ``negative_data_rejection``; a row of many may be refused in the answer, by its place."""
    if response.status_code == 200 and case.operation.path.startswith(ROW_BY_ROW):
        answer = response.json()
        if answer.get("rejected") or answer.get("rejected_rows"):
            return
    negative_data_rejection(context, response, case)


def fails_only_as_documented(context: Any, response: Any, case: Any) -> None:
    """As ``not_a_server_error``; the language model of this world is not exported."""
    if response.status_code == 503 and response.json()["code"] == "no_encoder":
        return
    not_a_server_error(context, response, case)


@pytest.fixture(autouse=True)
def _claims() -> None:
    """No check of reasons: requests here take back facts that the snapshot still speaks of."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, dict[str, str]]]:
    directory = tmp_path_factory.mktemp("world")
    engine = serving_world.open_engine(directory)
    secret = KeyFile(directory).add("tester", ["admin"])
    schema = schemathesis.openapi.from_asgi("/openapi.json", create_app(engine))
    yield schema, {"Authorization": f"Bearer {secret}"}
    engine.close()


@pytest.mark.slow
@pytest.mark.parametrize("mode", MODES)
def test_document_holds_for_requests_made_from_it(
    world: tuple[Any, dict[str, str]], mode: str
) -> None:
    schema, headers = world
    failures: list[str] = []
    n_operations = 0
    for result in schema.get_all_operations():
        operation = result.ok()
        n_operations += 1

        @settings(
            max_examples=EXAMPLES, database=None, deadline=None, derandomize=True,
            suppress_health_check=list(HealthCheck), phases=[Phase.explicit, Phase.generate],
        )  # fmt: skip
        @given(case=operation.as_strategy(generation_mode=MODES[mode]))
        def holds(case: Any) -> None:
            case.call_and_validate(
                headers=headers,
                excluded_checks=[
                    positive_data_acceptance,
                    negative_data_rejection,
                    not_a_server_error,
                ],
                additional_checks=[
                    accepts_what_is_allowed,
                    refuses_what_is_forbidden,
                    fails_only_as_documented,
                ],
            )

        try:
            holds()
        except* Failure as group:
            failures += [f"{operation.label}: {failure}" for failure in group.exceptions]
    assert not failures, "\n\n".join(failures)
    assert n_operations >= 19
