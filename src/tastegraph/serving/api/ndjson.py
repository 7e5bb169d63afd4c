"""Bodies and answers of a line of JSON for each record (NDJSON)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ValidationError
from pydantic_core import from_json

from tastegraph.core.errors import RowError
from tastegraph.core.languages import Language
from tastegraph.core.messages import Message
from tastegraph.serving.api.errors import (
    MAX_FAULTS,
    Fault,
    RefusedError,
    invalid_row,
    invalid_value,
)
from tastegraph.serving.api.events import RejectedRow
from tastegraph.serving.api.guards import json_fault

MEDIA_TYPE = "application/x-ndjson"
LINES = "a line of JSON for each; the schema is that of one line"
MAX_LINES = 10_000
"""Lines of one body."""
Record = TypeVar("Record")


class NdjsonResponse(StreamingResponse):
    """An answer of lines, sent as they are ready."""

    media_type = MEDIA_TYPE


class BulkReceipt(BaseModel):
    """The outcome of many records: the valid ones are stored together, the others are listed."""

    accepted: int
    rejected: list[RejectedRow]


def body_of(model: type[BaseModel]) -> dict[str, Any]:
    """``requestBody`` of a route whose body has a line of JSON for each record."""
    content = {MEDIA_TYPE: {"schema": model.model_json_schema()}}
    return {"requestBody": {"required": True, "description": LINES, "content": content}}


async def records_of(
    request: Request, read: Callable[[Any, int], Record], language: Language
) -> tuple[list[Record], list[RejectedRow]]:
    """The records of a body, and the lines that cannot be accepted, with what is wrong.

    Raises:
        RefusedError: 413, there are too many lines; 422, none can be accepted.
    """
    body = await request.body()
    return await run_in_threadpool(_read_lines, body, read, language)


def _read_lines(
    body: bytes, read: Callable[[Any, int], Record], language: Language
) -> tuple[list[Record], list[RejectedRow]]:
    lines = [
        (index, line) for index, line in enumerate(body.split(b"\n"))
        if line.strip()
    ]  # fmt: skip
    if len(lines) > MAX_LINES:
        message = Message("request.too_many_lines", limit=MAX_LINES, count=len(lines))
        raise RefusedError(413, message)
    records: list[Record] = []
    rejected: list[RejectedRow] = []
    for index, line in lines:
        try:
            records.append(read(from_json(line, allow_inf_nan=False), index))
        except ValidationError as error:
            code, message = first_fault(error)
            rejected.append(_rejected(index, code, message, language))
        except RowError as error:
            rejected.append(_rejected(index, *invalid_row(error), language))
        except ValueError as error:
            rejected.append(_rejected(index, "bad_request", json_fault(str(error)), language))
    if rejected and not records:
        raise none_accepted(rejected)
    return records, rejected


def first_fault(error: ValidationError) -> tuple[str, Message]:
    """Code of the first fault of a record, and what is wrong at which field."""
    first = error.errors(include_url=False, include_input=False)[0]
    place = ".".join(str(key) for key in first["loc"]) or "line"
    code, fault = invalid_value(first)
    return code, Message("request.at", place=place, fault=fault)


def none_accepted(rejected: Sequence[RejectedRow]) -> RefusedError:
    """The refusal of a body without any record that can be accepted."""
    faults = [
        Fault(pointer=f"/{row.index}", code=row.code, message=row.message) for row in rejected
    ]
    message = Message("request.no_row", count=len(faults), fault=faults[0].message)
    return RefusedError(422, message, faults=faults[:MAX_FAULTS])


def _rejected(index: int, code: str, message: Message, language: Language) -> RejectedRow:
    return RejectedRow(index=index, code=code, message=message.text(language))
