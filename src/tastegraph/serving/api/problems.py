"""Errors as RFC 9457 problems: a stable code, and words in the language of who reads them."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from tastegraph.core.errors import (
    BusyError,
    DecisionError,
    NoEncoderError,
    NotFoundError,
    RowError,
    SnapshotError,
    TastegraphError,
)
from tastegraph.core.languages import Language
from tastegraph.core.messages import TEMPLATES, Message
from tastegraph.serving.api.languages import chosen

log = logging.getLogger("tastegraph.serving")

MEDIA_TYPE = "application/problem+json"
LONGEST_DETAIL = 500
LONGEST_VALUE = 80
EVENTS = "events"
"""What a row of a request is called; any other is of a file of the service's own."""
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
_STATUS: dict[type[TastegraphError], tuple[int, str | None]] = {
    NotFoundError: (404, None),
    DecisionError: (422, None),
    SnapshotError: (422, "unfit_model"),
    BusyError: (409, None),
    NoEncoderError: (503, None),
}


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


class RefusedError(HTTPException):
    """A request that the service does not take; its ``message`` says why."""

    def __init__(
        self, status: int, message: Message, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status, str(message), headers)
        self.message = message


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
    status: int,
    detail: str,
    language: Language,
    code: str | None = None,
    errors: Sequence[Fault] = (),
) -> Response:
    """The answer that says what was wrong; ``detail`` and ``errors`` are in ``language``."""
    shown = detail if len(detail) <= LONGEST_DETAIL else detail[: LONGEST_DETAIL - 1] + "…"
    key = f"title.{status}"
    title = Message(key) if key in TEMPLATES else Message("title.other", status=status)
    body = Problem(
        title=title.text(language),
        status=status,
        detail=shown,
        code=code or CODES.get(status, "error"),
        errors=list(errors) or None,
    )
    # Escaped to ASCII, since the detail may quote broken Unicode from the request.
    text = json.dumps(body.model_dump(exclude_none=True))
    return Response(text, status, media_type=MEDIA_TYPE)


def invalid(error: Mapping[str, Any]) -> tuple[str, Message]:
    """Code and message of one of pydantic's errors, as ``errors()`` lists them."""
    kind, context = error["type"], dict(error.get("ctx", {}))
    if "expected" in context or "expected_tags" in context:
        listed = context.pop("expected", None) or context.pop("expected_tags")
        context["choices"] = listed.replace(" or ", ", ").split(", ")
    if context.get("actual_length", 0) is None:
        # Pydantic counted no further than it had to.
        context["actual_length"] = f"> {context['max_length']}"
    key = kind if kind in TEMPLATES else "unacceptable"
    return _ROW_CODES.get(kind, "invalid_value"), Message(key, **context)


def wrong_row(error: RowError) -> tuple[str, Message]:
    """Code and message for one row of a request."""
    said = {"column": error.column, "expected": error.expected}
    if error.value is None or error.value == "":
        return "missing", Message("cell.absent", **said)
    return "invalid_value", Message("cell.wrong", value=repr(error.value)[:LONGEST_VALUE], **said)


def add_problems(app: FastAPI) -> None:
    """Let ``app`` answer every error with a problem."""
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(TastegraphError, _raised)


def internal(error: Exception, language: Language) -> Response:
    """The answer to an error nobody foresaw; what it was goes to the log alone."""
    log.error("unexpected error", exc_info=error)
    return problem(500, Message("request.internal").text(language), language)


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if isinstance(error, RefusedError):
        message = error.message
    elif error.status_code == 404:
        message = Message("request.not_found", path=request.url.path)
    elif error.status_code == 405:
        message = Message("request.method", method=request.method, path=request.url.path)
    else:
        message = Message("request.status", status=HTTPStatus(error.status_code).phrase)
    language = chosen(request.scope)
    answer = problem(error.status_code, message.text(language), language)
    answer.headers.update(error.headers or {})
    return answer


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    language, faults = chosen(request.scope), []
    for found in error.errors()[:20]:
        code, message = invalid(found)
        pointer = "/" + "/".join(str(part) for part in found["loc"][1:])
        faults.append(Fault(pointer=pointer, code=code, message=message.text(language)))
    first = Message("request.invalid")
    if faults:
        first = Message("request.at", place=faults[0].pointer, fault=faults[0].message)
    return problem(422, first.text(language), language, errors=faults)


async def _raised(request: Request, error: Exception) -> Response:
    assert isinstance(error, TastegraphError)
    language = chosen(request.scope)
    if isinstance(error, RowError) and error.file == EVENTS:
        code, message = wrong_row(error)
        text = message.text(language)
        pointer = f"/session/events/{error.line}/{error.column}"
        return problem(
            422, text, language, errors=[Fault(pointer=pointer, code=code, message=text)]
        )
    for kind, (status, code_of_kind) in _STATUS.items():
        if isinstance(error, kind):
            return problem(status, error.text(language), language, code_of_kind)
    return internal(error, language)
