"""The route that imports a body of facts or links, as a file of its format is imported."""

from __future__ import annotations

import asyncio
from concurrent.futures import Executor
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from tastegraph.core.errors import BusyError, DecisionError, RowError, TastegraphError
from tastegraph.core.languages import Language
from tastegraph.core.messages import Message
from tastegraph.serving.api.access import WRITE
from tastegraph.serving.api.errors import PROBLEMS, Fault, RefusedError, invalid_row
from tastegraph.serving.api.facts import Source
from tastegraph.serving.api.guards import StrictRoute
from tastegraph.serving.api.languages import EVERY_ROUTE, AnswerLanguage
from tastegraph.serving.api.ndjson import LINES, MEDIA_TYPE
from tastegraph.serving.engine import Engine
from tastegraph.serving.imports import ENDINGS, Import, ImportOutcome, run_import

BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": LINES,
        "content": {MEDIA_TYPE: {"schema": {"type": "object"}}},
    }
}


class RejectedLine(BaseModel):
    """One row that could not be read."""

    line: int
    column: str | None
    code: str
    message: str


class StatementReport(BaseModel):
    """What an import of facts or links did."""

    read: int = Field(description="rows or statements that were read")
    left_out: int = Field(
        description="those of them that were not imported, because they are wrong or say nothing"
    )
    new: int = Field(description="that the store had not")
    known: int = Field(description="that the store had already")
    repeated: int = Field(description="that stand in the body more than once")
    withdrawn: int = Field(description="facts and links that no source states any more")
    rejected: list[RejectedLine] = Field(description="the first rows that could not be read")
    notes: list[str] = Field(description="what was noticed, and what to do about it")


def import_routes(engine: Engine, writer: Executor) -> APIRouter:
    """The API by which a source is imported; it is written in ``writer``."""
    router = APIRouter(
        prefix="/v1/kg", route_class=StrictRoute, responses=PROBLEMS, dependencies=EVERY_ROUTE
    )

    @router.post("/imports", openapi_extra={**WRITE, **BODY})
    async def import_statements(
        request: Request,
        source: Annotated[Source, Query()],
        language: AnswerLanguage,
        kind: Annotated[
            Literal["facts", "links"], Query(description="what the body holds")
        ] = "facts",
        replace: Annotated[
            bool,
            Query(
                description="whether what the source stated before, and the body does not, is "
                "withdrawn"
            ),
        ] = False,
        on_error: Annotated[
            Literal["raise", "skip"],
            Query(description="skip: import the rest, and list the rows that are wrong"),
        ] = "raise",
    ) -> StatementReport:
        """Import facts or links of a source: all of them, or on any error none.

        The body is of a format that files may have: CSV, TSV, N-Triples, N-Quads or Turtle by its
        media type, else a line of JSON for each.
        """
        header = request.headers.get("content-type", MEDIA_TYPE)
        media_type = header.partition(";")[0].strip().lower()
        if media_type not in ENDINGS:
            message = Message("import.media_type", choices=", ".join(ENDINGS))
            raise RefusedError(415, message, code="media_type")
        task = Import(
            await request.body(), media_type, source, kind, replace, skip=on_error == "skip"
        )
        try:
            outcome = await asyncio.get_running_loop().run_in_executor(
                writer, run_import, engine, task
            )
        except RowError as error:
            raise _refused_row(error, language) from None
        except (BusyError, DecisionError):
            raise
        except TastegraphError as error:
            raise RefusedError(422, Message("import.unreadable", error=str(error))) from None
        return _report(outcome, language)

    return router


def _refused_row(error: RowError, language: Language) -> RefusedError:
    row = _rejected_line(error, language)
    place = f"/{row.line}" + (f"/{row.column}" if row.column else "")
    message = Message("import.line", line=row.line, fault=invalid_row(error)[1])
    return RefusedError(
        422, message, faults=[Fault(pointer=place, code=row.code, message=row.message)]
    )


def _rejected_line(error: RowError, language: Language) -> RejectedLine:
    code, message = invalid_row(error)
    return RejectedLine(
        line=error.line, column=error.column, code=code, message=message.text(language)
    )


def _report(outcome: ImportOutcome, language: Language) -> StatementReport:
    counts = outcome.counts
    return StatementReport(
        read=counts.read,
        left_out=counts.left_out,
        new=counts.new,
        known=counts.known,
        repeated=counts.repeated,
        withdrawn=outcome.withdrawn,
        rejected=[_rejected_line(error, language) for error in outcome.rejected],
        notes=[str(finding) for finding in outcome.report.findings],
    )
