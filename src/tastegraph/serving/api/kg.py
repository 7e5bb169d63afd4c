"""Routes by which users review the facts of the knowledge graph."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from tastegraph.core.records import Fact
from tastegraph.kg.review import decisions
from tastegraph.kg.review.queue import Excerpt, ReviewTask, excerpts, review_queue
from tastegraph.serving.api.access import READ, WRITE
from tastegraph.serving.api.decisions import Author, DecisionRequest, FactId
from tastegraph.serving.api.errors import PROBLEMS
from tastegraph.serving.api.guards import StrictRoute
from tastegraph.serving.api.languages import EVERY_ROUTE
from tastegraph.serving.api.requests import Id
from tastegraph.serving.engine import Engine
from tastegraph.store import decision_log, statements
from tastegraph.store.decision_log import Decision

MAX_ENTRIES = 1000
"""Entries of one answer."""


class StatedFact(BaseModel):
    """A fact, with its id as text: it has up to 63 bits."""

    fact_id: str
    subject: str
    relation: str
    object: str
    literal: bool
    datatype: str
    language: str


class ExcerptText(BaseModel):
    """The words that a fact was extracted from, and the text around them."""

    document: str
    before: str
    words: str
    after: str


class ReviewQuestion(BaseModel):
    """A fact to be reviewed."""

    fact: StatedFact
    confidence: float
    priority: float = Field(description="how much a decision would change")
    subject_name: str
    object_name: str
    sources: dict[str, float] = Field(description="the sources that state it, and their confidence")
    excerpts: list[ExcerptText]
    rivals: list[str] = Field(description="other values of a relation with one value per entity")
    votes: int = Field(description="number of users who dispute it")


class ReviewQueue(BaseModel):
    """Facts to be reviewed, first those on which an answer would change most."""

    questions: list[ReviewQuestion]


class DecisionEntry(BaseModel):
    """One decision of a reviewer."""

    seq: int = Field(description="the number to undo it by")
    kind: str
    author: str
    decided: float = Field(serialization_alias="made", description="seconds since 1970-01-01 UTC")
    undone: float | None
    undone_by: str | None
    affirmed: list[StatedFact]
    denied: list[StatedFact]


class DecisionLog(BaseModel):
    """Decisions of reviewers, the newest first."""

    decisions: list[DecisionEntry]


class DecisionReceipt(BaseModel):
    """The number of a decision that was stored or undone."""

    seq: int


class DisputeVote(BaseModel):
    """A user disputes a fact behind a reason."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    user_id: Id


class DisputeCount(BaseModel):
    """How many users dispute a fact."""

    votes: int


class FactSupport(BaseModel):
    """One piece of evidence of a fact; without a span where it was not extracted from a text."""

    source: str
    confidence: float
    document: str | None = None
    start: int | None = None
    end: int | None = None
    extractor: str | None = None


class FactEvidence(BaseModel):
    """A fact and its evidence."""

    fact: StatedFact
    denied: bool = Field(description="the last decision of a reviewer is against it")
    supports: list[FactSupport]
    excerpts: list[ExcerptText]


def kg_routes(engine: Engine, writer: Executor) -> APIRouter:
    """Review over the store of one engine; decisions count from the next build on.

    Reading looks at every fact, so it is done beside the event loop; decisions are written in
    ``writer``, the one thread that writes.
    """
    router = APIRouter(
        prefix="/v1/kg", route_class=StrictRoute, responses=PROBLEMS, dependencies=EVERY_ROUTE
    )

    async def write(change: Callable[[Connection], int]) -> int:
        def commit() -> int:
            with engine.database.writing() as connection:
                return change(connection)

        return await asyncio.get_running_loop().run_in_executor(writer, commit)

    @router.get("/review", openapi_extra=READ)
    def review(n: Annotated[int, Query(ge=1, le=MAX_ENTRIES)] = 20) -> ReviewQueue:
        """Return the facts on which a reviewer's answer would change most."""
        with engine.database.reading() as connection:
            queue = review_queue(connection, engine.config, n)
        return ReviewQueue(questions=[_review_question(question) for question in queue])

    @router.get("/decisions", openapi_extra=READ)
    def newest_decisions(n: Annotated[int, Query(ge=1, le=MAX_ENTRIES)] = 100) -> DecisionLog:
        """Return the newest decisions."""
        with engine.database.reading() as connection:
            newest = decision_log.log(connection)[:n]
        return DecisionLog(decisions=[_decision_entry(decision) for decision in newest])

    @router.post("/decisions", openapi_extra=WRITE)
    async def decide(decision: DecisionRequest) -> DecisionReceipt:
        """Store a decision; the answer comes when it is on disk."""
        return DecisionReceipt(seq=await write(decision.decide))

    @router.delete("/decisions/{seq}", openapi_extra=WRITE)
    async def undo(seq: int, author: Author) -> DecisionReceipt:
        """Undo a decision: the store is as if it had not been taken."""

        def change(connection: Connection) -> int:
            return decisions.undo(connection, seq, author).seq

        return DecisionReceipt(seq=await write(change))

    @router.post("/facts/{fact_id}/votes", openapi_extra=WRITE)
    async def dispute(fact_id: FactId, vote: DisputeVote) -> DisputeCount:
        """Dispute a fact behind a reason: it comes first in the review.

        A dispute counts until a reviewer decides; disputes of one user count once.
        """

        def change(connection: Connection) -> int:
            decisions.stored_fact(connection, fact_id)
            decision_log.vote_against(connection, vote.user_id, fact_id)
            return decision_log.vote_counts(connection)[fact_id]

        return DisputeCount(votes=await write(change))

    @router.get("/facts/{fact_id}/evidence", openapi_extra=READ)
    def evidence(fact_id: FactId) -> FactEvidence:
        """Return a fact with its evidence."""
        with engine.database.reading() as connection:
            supports = statements.supports(connection, fact_id)
            return FactEvidence(
                fact=stated_fact(decisions.stored_fact(connection, fact_id)),
                denied=fact_id in decision_log.denied(connection),
                supports=[
                    FactSupport(
                        source=source, confidence=confidence, **(asdict(span) if span else {})
                    )
                    for source, confidence, span in supports
                ],
                excerpts=_excerpt_texts(
                    excerpts(connection, [span for *_, span in supports if span])
                ),
            )

    return router


def stated_fact(fact: Fact, fact_id: int | None = None) -> StatedFact:
    """A fact for an answer; with the id of the stored fact where that names items otherwise."""
    fields = asdict(fact)
    del fields["confidence"], fields["span"]
    return StatedFact(fact_id=str(fact_id or statements.fact_id(fact)), **fields)


def _review_question(question: ReviewTask) -> ReviewQuestion:
    return ReviewQuestion(
        fact=stated_fact(question.fact, question.fact_id),
        confidence=question.fact.confidence,
        priority=question.priority,
        subject_name=question.subject_name,
        object_name=question.object_name,
        sources=dict(question.sources),
        excerpts=_excerpt_texts(question.excerpts),
        rivals=list(question.rivals),
        votes=question.votes,
    )


def _decision_entry(decision: Decision) -> DecisionEntry:
    fields: dict[str, Any] = decision._asdict()
    for side in ("affirmed", "denied"):
        fields[side] = [stated_fact(fact) for fact in fields[side]]
    return DecisionEntry(**fields)


def _excerpt_texts(passages: Iterable[Excerpt]) -> list[ExcerptText]:
    return [ExcerptText(**asdict(excerpt)) for excerpt in passages]
