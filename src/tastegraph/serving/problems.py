"""Errors as RFC 9457 problems: a stable code, and words for the person who reads them."""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from tastegraph.errors import (
    BusyError,
    DecisionError,
    NoEncoderError,
    NotFoundError,
    RowError,
    SnapshotError,
    TastegraphError,
)

log = logging.getLogger("tastegraph.serving")

MEDIA_TYPE = "application/problem+json"
LONGEST_DETAIL = 500
CODES = {
    400: "bad_request",
    404: "not_found",
    405: "method_not_allowed",
    409: "busy",
    413: "body_too_large",
    422: "invalid_request",
    500: "internal",
    503: "no_encoder",
}
_ROW_CODES = {"missing": "missing", "extra_forbidden": "unknown_field"}


class Fault(BaseModel):
    """One thing that is wrong with a request."""

    pointer: str
    code: str
    message: str


class Problem(BaseModel):
    """An error (RFC 9457)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    code: str
    errors: list[Fault] | None = None


PROBLEMS: dict[int | str, dict[str, Any]] = {
    "4XX": {
        "model": Problem,
        "description": "What was wrong, as application/problem+json with a stable `code`",
    }
}
"""What every route says it may answer besides."""

UNAVAILABLE: dict[int | str, dict[str, Any]] = {
    503: {"model": Problem, "description": "The language model is not exported: `no_encoder`"}
}
"""What a route that reads texts says it may answer besides."""


def problem(
    status: int, detail: str, code: str | None = None, errors: Sequence[Fault] = ()
) -> Response:
    """The answer that says what was wrong."""
    shown = detail if len(detail) <= LONGEST_DETAIL else detail[: LONGEST_DETAIL - 1] + "…"
    body = Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=shown,
        code=code or CODES.get(status, "error"),
        errors=list(errors) or None,
    )
    # Escaped to ASCII, since the detail may quote broken Unicode from the request.
    text = json.dumps(body.model_dump(exclude_none=True))
    return Response(text, status, media_type=MEDIA_TYPE)


def fault_code(kind: str) -> str:
    """The code of a pydantic error: missing, unknown_field or invalid_value."""
    return _ROW_CODES.get(kind, "invalid_value")


def row_fault(error: RowError) -> tuple[str, str]:
    """Code and message for one row of a request."""
    absent = error.value is None or error.value == ""
    found = "" if absent else f", {repr(error.value)[:80]} found"
    return "missing" if absent else "invalid_value", f"{error.column}: {error.expected}{found}"


def add_problems(app: FastAPI) -> None:
    """Let ``app`` answer every error with a problem."""
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(TastegraphError, _told)


def internal(error: Exception) -> Response:
    """The answer to an error nobody foresaw; what it was goes to the log alone."""
    log.error("unexpected error", exc_info=error)
    return problem(500, "something went wrong here; the log of the service says what")


async def _http(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    answer = problem(error.status_code, str(error.detail))
    answer.headers.update(error.headers or {})
    return answer


async def _invalid(_: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    faults = [
        Fault(
            pointer="/" + "/".join(str(part) for part in found["loc"][1:]),
            code=fault_code(found["type"]),
            message=found["msg"],
        )
        for found in error.errors()[:20]
    ]
    first = f"{faults[0].pointer}: {faults[0].message}" if faults else "the request is not valid"
    return problem(422, first, errors=faults)


async def _told(_: Request, error: Exception) -> Response:
    if isinstance(error, RowError):
        code, message = row_fault(error)
        pointer = f"/session/events/{error.line}/{error.column}"
        return problem(422, message, errors=[Fault(pointer=pointer, code=code, message=message)])
    if isinstance(error, NotFoundError):
        return problem(404, str(error))
    if isinstance(error, DecisionError):
        return problem(422, str(error))
    if isinstance(error, SnapshotError):
        return problem(422, str(error), "unfit_model")
    if isinstance(error, BusyError):
        return problem(409, str(error))
    if isinstance(error, NoEncoderError):
        return problem(503, str(error))
    return internal(error)
