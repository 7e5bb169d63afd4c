"""The routes by which people review what is known."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from concurrent.futures import Executor
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from tastegraph.core.records import Fact
from tastegraph.kg.review import decisions
from tastegraph.kg.review.queue import Excerpt, Question, excerpts, questions
from tastegraph.serving.api.judgements import FactId, Judgement
from tastegraph.serving.api.languages import EVERY_ROUTE
from tastegraph.serving.api.problems import PROBLEMS
from tastegraph.serving.api.requests import Id
from tastegraph.serving.api.strict import StrictRoute
from tastegraph.serving.engine import Engine
from tastegraph.store import statements, verdicts, votes
from tastegraph.store.verdicts import Decision

MOST = 1000


class StatedFact(BaseModel):
    """A fact, with its id as text: it has up to 63 bits."""

    fact_id: str
    subject: str
    relation: str
    object: str
    literal: bool
    datatype: str
    language: str


class Words(BaseModel):
    """The words that a fact was read from, and what is around them."""

    document: str
    before: str
    words: str
    after: str


class Asked(BaseModel):
    """A fact to be judged."""

    fact: StatedFact
    confidence: float
    priority: float = Field(description="how much an answer would change")
    subject_name: str
    object_name: str
    sources: dict[str, float] = Field(description="who states it, and how sure each is")
    excerpts: list[Words]
    rivals: list[str] = Field(description="other values of a relation of which a thing has one")
    votes: int = Field(description="how many people said that it is wrong")


class Review(BaseModel):
    """Facts to be judged, first those on which an answer would change most."""

    questions: list[Asked]


class Entry(BaseModel):
    """One thing that a person decided."""

    seq: int = Field(description="by which it is taken back")
    kind: str
    author: str
    made: float = Field(description="seconds since 1970-01-01 UTC")
    undone: float | None
    undone_by: str | None
    affirmed: list[StatedFact]
    denied: list[StatedFact]


class Log(BaseModel):
    """What people decided, the newest first."""

    decisions: list[Entry]


class Receipt(BaseModel):
    """The number of a decision that was kept or taken back."""

    seq: int


class Vote(BaseModel):
    """Somebody says that a reason they were given is wrong."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    user_id: Id


class Votes(BaseModel):
    """How many people say so."""

    votes: int


class Support(BaseModel):
    """One thing that a fact stands on; without words where it was not read in a text."""

    source: str
    confidence: float
    document: str | None = None
    start: int | None = None
    end: int | None = None
    extractor: str | None = None


class Evidence(BaseModel):
    """A fact and all that it stands on."""

    fact: StatedFact
    denied: bool = Field(description="a person's last word is against it")
    supports: list[Support]
    excerpts: list[Words]


def knowledge_routes(engine: Engine, writer: Executor) -> APIRouter:
    """Review over the store of one engine; what is decided counts from the next build on.

    Reading looks at every fact, so it is done beside the event loop; decisions are written in
    ``writer``, the one thread that writes.
    """
    router = APIRouter(
        prefix="/v1/kg", route_class=StrictRoute, responses=PROBLEMS, dependencies=EVERY_ROUTE
    )

    @router.get("/review")
    def review(n: Annotated[int, Query(ge=1, le=MOST)] = 20) -> Review:
        """Give the facts on which a person's answer would change most."""
        with engine.database.reading() as connection:
            asked = questions(connection, engine.config, n)
        return Review(questions=[_asked(question) for question in asked])

    @router.get("/decisions")
    def decided(n: Annotated[int, Query(ge=1, le=MOST)] = 100) -> Log:
        """Give the newest decisions."""
        with engine.database.reading() as connection:
            return Log(decisions=[_entry(found) for found in verdicts.log(connection)[:n]])

    @router.post("/decisions")
    async def decide(judgement: Judgement) -> Receipt:
        """Keep a decision; the answer comes when it is on disk."""

        def kept() -> int:
            with engine.database.writing() as connection:
                return judgement.decide(connection)

        return Receipt(seq=await asyncio.get_running_loop().run_in_executor(writer, kept))

    @router.delete("/decisions/{seq}")
    async def undo(seq: int, author: str) -> Receipt:
        """Take a decision back: what remains is as if it had not been made."""

        def undone() -> int:
            with engine.database.writing() as connection:
                return decisions.undo(connection, seq, author).seq

        return Receipt(seq=await asyncio.get_running_loop().run_in_executor(writer, undone))

    @router.post("/facts/{fact_id}/votes")
    async def doubt(fact_id: FactId, vote: Vote) -> Votes:
        """Say that a fact behind a reason is wrong: it comes first in the review.

        It counts on until somebody who reviews it decides; who says so twice counts once.
        """

        def kept() -> int:
            with engine.database.writing() as connection:
                decisions.stated(connection, fact_id)
                votes.against(connection, vote.user_id, fact_id)
                return votes.by_fact(connection)[fact_id]

        return Votes(votes=await asyncio.get_running_loop().run_in_executor(writer, kept))

    @router.get("/facts/{fact_id}/evidence")
    def evidence(fact_id: FactId) -> Evidence:
        """Give all that a fact stands on."""
        with engine.database.reading() as connection:
            found = statements.supports(connection, fact_id)
            return Evidence(
                fact=_stated(decisions.stated(connection, fact_id)),
                denied=fact_id in verdicts.denied(connection),
                supports=[
                    Support(source=source, confidence=sure, **(asdict(span) if span else {}))
                    for source, sure, span in found
                ],
                excerpts=_words(excerpts(connection, [span for *_, span in found if span])),
            )

    return router


def _stated(fact: Fact) -> StatedFact:
    told = asdict(fact)
    del told["confidence"], told["span"]
    return StatedFact(fact_id=str(statements.fact_id(fact)), **told)


def _asked(question: Question) -> Asked:
    return Asked(
        fact=_stated(question.fact),
        confidence=question.fact.confidence,
        priority=question.priority,
        subject_name=question.subject_name,
        object_name=question.object_name,
        sources=dict(question.sources),
        excerpts=_words(question.excerpts),
        rivals=list(question.rivals),
        votes=question.votes,
    )


def _entry(decision: Decision) -> Entry:
    told: dict[str, Any] = decision._asdict()
    for side in ("affirmed", "denied"):
        told[side] = [_stated(fact) for fact in told[side]]
    return Entry(**told)


def _words(found: Iterable[Excerpt]) -> list[Words]:
    return [Words(**asdict(excerpt)) for excerpt in found]
