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
from tastegraph.serving.api.decisions import DecisionRequest, FactId
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
    """The words that a fact was read from, and what is around them."""

    document: str
    before: str
    words: str
    after: str


class ReviewQuestion(BaseModel):
    """A fact to be judged."""

    fact: StatedFact
    confidence: float
    priority: float = Field(description="how much an answer would change")
    subject_name: str
    object_name: str
    sources: dict[str, float] = Field(description="who states it, and how sure each is")
    excerpts: list[ExcerptText]
    rivals: list[str] = Field(description="other values of a relation of which a thing has one")
    votes: int = Field(description="how many people said that it is wrong")


class ReviewQueue(BaseModel):
    """Facts to be judged, first those on which an answer would change most."""

    questions: list[ReviewQuestion]


class DecisionEntry(BaseModel):
    """One thing that a person decided."""

    seq: int = Field(description="by which it is taken back")
    kind: str
    author: str
    decided: float = Field(serialization_alias="made", description="seconds since 1970-01-01 UTC")
    undone: float | None
    undone_by: str | None
    affirmed: list[StatedFact]
    denied: list[StatedFact]


class DecisionLog(BaseModel):
    """What people decided, the newest first."""

    decisions: list[DecisionEntry]


class DecisionReceipt(BaseModel):
    """The number of a decision that was kept or taken back."""

    seq: int


class DisputeVote(BaseModel):
    """Somebody says that a reason they were given is wrong."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    user_id: Id


class DisputeCount(BaseModel):
    """How many people say so."""

    votes: int


class FactSupport(BaseModel):
    """One thing that a fact stands on; without words where it was not read in a text."""

    source: str
    confidence: float
    document: str | None = None
    start: int | None = None
    end: int | None = None
    extractor: str | None = None


class FactEvidence(BaseModel):
    """A fact and all that it stands on."""

    fact: StatedFact
    denied: bool = Field(description="a person's last word is against it")
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

    @router.get("/review")
    def review(n: Annotated[int, Query(ge=1, le=MAX_ENTRIES)] = 20) -> ReviewQueue:
        """Give the facts on which a person's answer would change most."""
        with engine.database.reading() as connection:
            queue = review_queue(connection, engine.config, n)
        return ReviewQueue(questions=[_review_question(question) for question in queue])

    @router.get("/decisions")
    def newest_decisions(n: Annotated[int, Query(ge=1, le=MAX_ENTRIES)] = 100) -> DecisionLog:
        """Give the newest decisions."""
        with engine.database.reading() as connection:
            newest = decision_log.log(connection)[:n]
        return DecisionLog(decisions=[_decision_entry(decision) for decision in newest])

    @router.post("/decisions")
    async def decide(decision: DecisionRequest) -> DecisionReceipt:
        """Keep a decision; the answer comes when it is on disk."""
        return DecisionReceipt(seq=await write(decision.decide))

    @router.delete("/decisions/{seq}")
    async def undo(seq: int, author: str) -> DecisionReceipt:
        """Take a decision back: what remains is as if it had not been made."""

        def change(connection: Connection) -> int:
            return decisions.undo(connection, seq, author).seq

        return DecisionReceipt(seq=await write(change))

    @router.post("/facts/{fact_id}/votes")
    async def dispute(fact_id: FactId, vote: DisputeVote) -> DisputeCount:
        """Say that a fact behind a reason is wrong: it comes first in the review.

        It counts on until somebody who reviews it decides; who says so twice counts once.
        """

        def change(connection: Connection) -> int:
            decisions.stored_fact(connection, fact_id)
            decision_log.vote_against(connection, vote.user_id, fact_id)
            return decision_log.vote_counts(connection)[fact_id]

        return DisputeCount(votes=await write(change))

    @router.get("/facts/{fact_id}/evidence")
    def evidence(fact_id: FactId) -> FactEvidence:
        """Give all that a fact stands on."""
        with engine.database.reading() as connection:
            supports = statements.supports(connection, fact_id)
            return FactEvidence(
                fact=_stated_fact(decisions.stored_fact(connection, fact_id)),
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


def _stated_fact(fact: Fact) -> StatedFact:
    fields = asdict(fact)
    del fields["confidence"], fields["span"]
    return StatedFact(fact_id=str(statements.fact_id(fact)), **fields)


def _review_question(question: ReviewTask) -> ReviewQuestion:
    return ReviewQuestion(
        fact=_stated_fact(question.fact),
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
        fields[side] = [_stated_fact(fact) for fact in fields[side]]
    return DecisionEntry(**fields)


def _excerpt_texts(passages: Iterable[Excerpt]) -> list[ExcerptText]:
    return [ExcerptText(**asdict(excerpt)) for excerpt in passages]
