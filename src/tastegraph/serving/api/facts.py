"""Routes to the facts and entities that the store holds: read, stated and withdrawn one by one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial
from typing import Annotated, TypeVar

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from tastegraph.core.errors import RowError
from tastegraph.core.languages import Language
from tastegraph.core.messages import Message
from tastegraph.core.records import Fact
from tastegraph.data.cells.typed_row import MAX_ENTITY_LENGTH
from tastegraph.data.single_statements import fact_from
from tastegraph.serving.api.access import READ, WRITE
from tastegraph.serving.api.decisions import Author, FactId
from tastegraph.serving.api.errors import MAX_FAULTS, PROBLEMS, Fault, RefusedError, invalid_row
from tastegraph.serving.api.guards import StrictRoute
from tastegraph.serving.api.kg import DecisionReceipt, StatedFact, stated_fact
from tastegraph.serving.api.languages import EVERY_ROUTE, AnswerLanguage
from tastegraph.serving.api.requests import PRINTABLE, WITHOUT_NUL
from tastegraph.serving.engine import Engine
from tastegraph.serving.knowledge import KIND, LABEL, FactState, PutFact, StoredKnowledge

MAX_FACTS = 1000
"""Facts of one request, and of one page."""
MAX_SOURCE_LENGTH, MAX_EVIDENCE_LENGTH = 200, 10_000
Answer = TypeVar("Answer")

Source = Annotated[
    str,
    StringConstraints(min_length=1, max_length=MAX_SOURCE_LENGTH, pattern=PRINTABLE),
    Field(description="who states it: the name of a source", examples=["editors"]),
]
EntityId = Annotated[
    str, StringConstraints(min_length=1, max_length=MAX_ENTITY_LENGTH, pattern=PRINTABLE)
]
_COLUMNS = {"head": "subject", "tail": "object"}


class FactRow(BaseModel):
    """A fact that a source states; ids and values are checked as those of a file."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {
                    "subject": "item:western-0",
                    "relation": "director",
                    "object": "person:ann",
                    "confidence": 0.9,
                    "evidence": "A western by Ann Lee.",
                }
            ]
        },
    )

    subject: str = Field(description="an entity's id, or item:ID of an item")
    relation: str
    object: str = Field(description="an entity's id, item:ID of an item, or a value")
    literal: bool = Field(default=False, description="the object is a value, not an entity")
    datatype: str = Field(default="", description="IRI of the value's type")
    language: str = Field(default="", description="BCP 47 tag of the value")
    confidence: float = Field(
        default=1.0, gt=0, le=1, description="how sure the source is of the fact"
    )
    evidence: Annotated[str, StringConstraints(max_length=MAX_EVIDENCE_LENGTH)] = Field(
        default="",
        description="words that the fact was read from; they are an excerpt of its evidence",
        json_schema_extra={"pattern": WITHOUT_NUL},
    )

    def fact(self, line: int) -> Fact:
        """The record; ``line`` is the row's place in the request.

        Raises:
            RowError: a value cannot be accepted.
        """
        cells = {
            "head": self.subject, "relation": self.relation, "tail": self.object,
            "literal": self.literal, "datatype": self.datatype, "language": self.language,
            "confidence": self.confidence,
        }  # fmt: skip
        return fact_from(cells, "facts", line)


class NewFacts(BaseModel):
    """Facts of one source: all of them are stored, or none."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    source: Source
    facts: list[FactRow] = Field(min_length=1, max_length=MAX_FACTS)


class FactReceipt(BaseModel):
    """What became of one fact."""

    fact_id: str
    is_new: bool = Field(description="whether no source stated it before")
    denied: bool = Field(
        description="a decision of a reviewer is against it: it does not count until that is undone"
    )


class FactReceipts(BaseModel):
    """What became of each fact, in the order of the request."""

    facts: list[FactReceipt]


class FactRecord(BaseModel):
    """A stored fact and who states it."""

    fact: StatedFact
    confidence: float = Field(description="the highest that a source gives it")
    sources: dict[str, float] = Field(description="the sources that state it, and their confidence")
    denied: bool = Field(description="the last decision of a reviewer is against it")
    votes: int = Field(description="number of users who dispute it")


class FactList(BaseModel):
    """A page of the stored facts, in the order of their ids."""

    facts: list[FactRecord]
    after: str | None = Field(description="give it for the next page; null on the last one")


class NewEntity(BaseModel):
    """An entity that a source describes, in place of what it said of its label and kind before."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "examples": [
                {"id": "person:ann", "label": "Ann Lee", "kind": "person", "source": "editors"}
            ]
        },
    )

    id: EntityId = Field(description="as facts have it; of an item, PUT /v1/items is the way")
    label: Annotated[str, StringConstraints(min_length=1, max_length=1000, pattern=PRINTABLE)] = (
        Field(description="its name, as reasons say it")
    )
    kind: EntityId | None = Field(default=None, description="what it is, such as person")
    source: Source

    def facts(self) -> list[Fact]:
        """The facts that say it."""
        label = Fact(self.id, LABEL, self.label, literal=True)
        return [label] if self.kind is None else [label, Fact(self.id, KIND, self.kind)]


class EntityReceipt(BaseModel):
    """The facts that an entity was stored as: its label, and its kind where there is one."""

    id: str
    facts: list[FactReceipt]


class EntityRecord(BaseModel):
    """What is stored of an entity."""

    id: str
    name: str = Field(description="empty where no fact names it")
    kinds: tuple[str, ...] = Field(description="what it is, by facts of the relation type")
    facts: int = Field(description="number of facts about it")
    denied: int = Field(description="how many of these a decision of a reviewer is against")


class EntityWithdrawal(BaseModel):
    """The decision by which an entity was withdrawn."""

    seq: int = Field(description="the number to undo it by")
    facts: int = Field(description="number of facts that it denies")


def fact_routes(engine: Engine, writer: Executor) -> APIRouter:
    """The API to the stored facts of one engine; changes are written in ``writer``."""
    router = APIRouter(
        prefix="/v1/kg", route_class=StrictRoute, responses=PROBLEMS, dependencies=EVERY_ROUTE
    )
    knowledge = StoredKnowledge(engine)

    async def write(change: Callable[[], Answer]) -> Answer:
        return await asyncio.get_running_loop().run_in_executor(writer, change)

    @router.get("/facts", openapi_extra=READ)
    def facts(
        subject: Annotated[
            str | None,
            Query(max_length=MAX_ENTITY_LENGTH, description="only facts about it, by its id"),
        ] = None,
        after: FactId | None = None,
        n: Annotated[int, Query(ge=1, le=MAX_FACTS)] = 100,
    ) -> FactList:
        """Return a page of the stored facts, or of those about one thing."""
        page = knowledge.facts_after(-1 if after is None else after, n, subject)
        return FactList(
            facts=[_fact_record(state) for state in page],
            after=None if len(page) < n else str(page[-1].fact_id),
        )

    @router.post("/facts", openapi_extra=WRITE)
    async def put_facts(new: NewFacts, language: AnswerLanguage) -> FactReceipts:
        """Add facts to what a source states; the answer comes when they are on disk.

        They are in the graph of the next snapshot, which a running service makes at once.
        """
        rows = _checked(new.facts, language)
        return FactReceipts(
            facts=_receipts(await write(partial(knowledge.put_facts, new.source, rows)))
        )

    @router.get("/facts/{fact_id}", openapi_extra=READ)
    def fact(fact_id: FactId) -> FactRecord:
        """Return a stored fact and who states it."""
        return _fact_record(knowledge.fact(fact_id))

    @router.delete("/facts/{fact_id}", openapi_extra=WRITE)
    async def withdraw_fact(fact_id: FactId, author: Author) -> DecisionReceipt:
        """Withdraw a fact, whatever sources state it, now or later.

        It stays stored, denied by a decision: to undo that, delete the decision.
        """
        return DecisionReceipt(seq=await write(partial(knowledge.withdraw_fact, fact_id, author)))

    @router.post("/entities", openapi_extra=WRITE)
    async def put_entity(new: NewEntity) -> EntityReceipt:
        """State label and kind of an entity; the answer comes when they are on disk."""
        change = partial(knowledge.put_entity, new.source, new.id, new.facts())
        return EntityReceipt(id=new.id, facts=_receipts(await write(change)))

    @router.get("/entities/{entity_id:path}", openapi_extra=READ)
    def entity(entity_id: EntityId) -> EntityRecord:
        """Return what is stored of an entity."""
        state = knowledge.entity(entity_id)
        return EntityRecord(
            id=entity_id,
            name=state.name,
            kinds=state.kinds,
            facts=state.facts,
            denied=state.denied,
        )

    @router.delete("/entities/{entity_id:path}", openapi_extra=WRITE)
    async def withdraw_entity(entity_id: EntityId, author: Author) -> EntityWithdrawal:
        """Withdraw all facts that name an entity, by one decision.

        They stay stored: to undo it, delete the decision. Facts that are stated later count.
        """
        seq, n_facts = await write(partial(knowledge.withdraw_entity, entity_id, author))
        return EntityWithdrawal(seq=seq, facts=n_facts)

    return router


def _checked(rows: list[FactRow], language: Language) -> list[tuple[Fact, str]]:
    """The facts and their evidence.

    Raises:
        RefusedError: a row cannot be accepted; it names each.
    """
    records, faults = list[tuple[Fact, str]](), list[Fault]()
    first: Message | None = None
    for line, row in enumerate(rows):
        try:
            records.append((row.fact(line), row.evidence.strip()))
        except RowError as error:
            error.column = _COLUMNS.get(error.column or "", error.column)
            code, message = invalid_row(error)
            first = first or message
            pointer = f"/facts/{line}/{error.column}"
            faults.append(Fault(pointer=pointer, code=code, message=message.text(language)))
    if first is not None:
        raise RefusedError(422, first, faults=faults[:MAX_FAULTS])
    return records


def _receipts(outcomes: list[PutFact]) -> list[FactReceipt]:
    return [
        FactReceipt(fact_id=str(one.fact_id), is_new=one.is_new, denied=one.denied)
        for one in outcomes
    ]


def _fact_record(state: FactState) -> FactRecord:
    return FactRecord(
        fact=stated_fact(state.fact, state.fact_id),
        confidence=state.fact.confidence,
        sources=dict(state.sources),
        denied=state.denied,
        votes=state.votes,
    )
