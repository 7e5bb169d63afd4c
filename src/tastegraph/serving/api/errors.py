"""Errors as RFC 9457 problems: a stable code, and words in the language of who reads them."""

from __future__ import annotations

import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
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
    FilterError,
    NoEncoderError,
    NotFoundError,
    RowError,
    SnapshotError,
    TastegraphError,
)
from tastegraph.core.languages import Language
from tastegraph.core.messages import TEMPLATES, Message
from tastegraph.serving.api.languages import language_of

log = logging.getLogger("tastegraph.serving")

MEDIA_TYPE = "application/problem+json"
MAX_DETAIL_LENGTH = 500
MAX_VALUE_LENGTH = 80
MAX_FAULTS = 20
"""Faults of one request that an answer lists."""
REQUEST_ROWS = "events"
"""``RowError.file`` of a row of a request; any other is a file of the service's own."""
CODES = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    408: "timeout",
    409: "busy",
    413: "body_too_large",
    421: "foreign_host",
    422: "invalid_request",
    429: "too_many_requests",
    500: "internal",
    503: "no_encoder",
}
_ROW_CODES = {"missing": "missing", "extra_forbidden": "unknown_field"}
_STATUS: dict[type[TastegraphError], tuple[int, str | None]] = {
    NotFoundError: (404, None),
    DecisionError: (422, None),
    FilterError: (422, "invalid_filter"),
    SnapshotError: (422, "unfit_model"),
    BusyError: (409, None),
    NoEncoderError: (503, None),
}


class Fault(BaseModel):
    """One fault of a request."""

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
    """A request that the service refuses; its ``message`` says why, its ``faults`` where."""

    def __init__(
        self,
        status: int,
        message: Message,
        headers: Mapping[str, str] | None = None,
        faults: Sequence[Fault] = (),
        code: str | None = None,
    ) -> None:
        super().__init__(status, str(message), headers)
        self.message, self.faults, self.code = message, faults, code


PROBLEMS: dict[int | str, dict[str, Any]] = {
    "4XX": {
        "model": Problem,
        "description": "What was wrong, as application/problem+json with a stable `code`",
    },
    "5XX": {
        "model": Problem,
        "description": "Why there is no answer now; `Retry-After` says when to try again",
    },
}
"""OpenAPI responses of every route, beside its own."""

UNAVAILABLE: dict[int | str, dict[str, Any]] = {
    503: {"model": Problem, "description": "The language model is not exported: `no_encoder`"}
}
"""OpenAPI responses of a route that encodes texts, beside the others."""


def problem(
    status: int,
    detail: str,
    language: Language,
    code: str | None = None,
    errors: Sequence[Fault] = (),
) -> Response:
    """The answer to a wrong request; ``detail`` and ``errors`` are in ``language``."""
    short = detail if len(detail) <= MAX_DETAIL_LENGTH else detail[: MAX_DETAIL_LENGTH - 1] + "…"
    key = f"title.{status}"
    title = Message(key) if key in TEMPLATES else Message("title.other", status=status)
    body = Problem(
        title=title.text(language),
        status=status,
        detail=short,
        code=code or CODES.get(status, "error"),
        errors=list(errors) or None,
    )
    # Escaped to ASCII, since the detail may quote broken Unicode from the request.
    text = json.dumps(body.model_dump(exclude_none=True))
    return Response(text, status, media_type=MEDIA_TYPE)


def invalid_value(error: Mapping[str, Any]) -> tuple[str, Message]:
    """Code and message of one of pydantic's errors, as ``errors()`` lists them."""
    kind, context = error["type"], dict(error.get("ctx", {}))
    if "expected" in context or "expected_tags" in context:
        choices = context.pop("expected", None) or context.pop("expected_tags")
        context["choices"] = choices.replace(" or ", ", ").split(", ")
    if context.get("actual_length", 0) is None:
        # Pydantic counted no further than it had to.
        context["actual_length"] = f"> {context['max_length']}"
    key = kind if kind in TEMPLATES else "unacceptable"
    return _ROW_CODES.get(kind, "invalid_value"), Message(key, **context)


def invalid_row(error: RowError) -> tuple[str, Message]:
    """Code and message for one row of a request; it names the column where one is at fault."""
    absent, wrong = "row.absent", "row.wrong"
    place = {"expected": error.expected}
    if error.column is not None:
        absent, wrong = "cell.absent", "cell.wrong"
        place = {"column": error.column, "expected": error.expected}
    if error.value is None or error.value == "":
        return "missing", Message(absent, **place)
    return "invalid_value", Message(wrong, value=repr(error.value)[:MAX_VALUE_LENGTH], **place)


def refused_field(error: RowError, language: Language) -> RefusedError:
    """The refusal of a body one of whose fields cannot be accepted."""
    code, message = invalid_row(error)
    fault = Fault(pointer=f"/{error.column}", code=code, message=message.text(language))
    return RefusedError(422, message, faults=[fault])


def add_error_handlers(app: FastAPI) -> None:
    """Let ``app`` answer every error with a problem."""
    for kind, handle in HANDLERS.items():
        app.add_exception_handler(kind, handle)


def internal_error(error: Exception, language: Language) -> Response:
    """The answer to an unforeseen error; its details go to the log alone."""
    log.error("unexpected error", exc_info=error)
    return problem(500, Message("request.internal").text(language), language)


def refusal(error: RefusedError, language: Language) -> Response:
    """The answer to a request that is refused."""
    text = error.message.text(language)
    answer = problem(error.status_code, text, language, error.code, error.faults)
    answer.headers.update(error.headers or {})
    return answer


async def _on_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    language = language_of(request.scope)
    if isinstance(error, RefusedError):
        return refusal(error, language)
    if error.status_code == 404:
        message = Message("request.not_found", path=request.url.path)
    elif error.status_code == 405:
        message = Message("request.method", method=request.method, path=request.url.path)
    else:
        message = Message("request.status", status=HTTPStatus(error.status_code).phrase)
    return refusal(RefusedError(error.status_code, message, error.headers), language)


async def _on_validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    language, faults = language_of(request.scope), []
    for fault in error.errors()[:MAX_FAULTS]:
        code, message = invalid_value(fault)
        pointer = "/" + "/".join(str(key) for key in fault["loc"][1:])
        faults.append(Fault(pointer=pointer, code=code, message=message.text(language)))
    first = Message("request.invalid")
    if faults:
        first = Message("request.at", place=faults[0].pointer, fault=faults[0].message)
    return problem(422, first.text(language), language, errors=faults)


async def _on_own_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, TastegraphError)
    language = language_of(request.scope)
    if isinstance(error, RowError) and error.file == REQUEST_ROWS:
        code, message = invalid_row(error)
        text = message.text(language)
        pointer = f"/session/events/{error.line}/{error.column}"
        return problem(
            422, text, language, errors=[Fault(pointer=pointer, code=code, message=text)]
        )
    for kind, (status, code_of_kind) in _STATUS.items():
        if isinstance(error, kind):
            return problem(status, error.text(language), language, code_of_kind)
    return internal_error(error, language)


HANDLERS: Mapping[type[Exception], Callable[[Request, Exception], Awaitable[Response]]] = {
    HTTPException: _on_http_error,
    RequestValidationError: _on_validation_error,
    TastegraphError: _on_own_error,
}
"""Kind of error → the function that answers it with a problem."""
