"""What sources state, one by one: facts and entities are read, stated and withdrawn.

A fact that is withdrawn is denied by a decision, which can be undone; what sources state stays
stored. The graph in service has neither until the next snapshot, which a running service makes at
once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, select

from tastegraph.core.errors import DecisionError, NotFoundError
from tastegraph.core.messages import Message
from tastegraph.core.records import ITEM, Fact
from tastegraph.kg.review import decisions
from tastegraph.serving.engine import Engine
from tastegraph.store import decision_log, provenance, quotes, statements
from tastegraph.store.schema import facts
from tastegraph.text.languages import BestLabels

EXTRACTOR = "api"
"""Extractor of evidence whose words a client gave."""
LABEL, KIND = "label", "type"
"""Relations by which an entity is described."""
KINDS = ("http://www.w3.org/1999/02/22-rdf-syntax-ns#type", "rdf:type", KIND)
MAX_KINDS = 100


@dataclass(frozen=True)
class FactState:
    """A stored fact.

    Attributes:
        fact_id: its id.
        fact: the fact, with the highest confidence that a source gives it.
        sources: source → the highest confidence that it gives the fact.
        denied: whether the last decision of a reviewer is against it.
        votes: number of users who dispute it.
    """

    fact_id: int
    fact: Fact
    sources: Mapping[str, float]
    denied: bool
    votes: int


@dataclass(frozen=True)
class PutFact:
    """What became of one fact that a client stated.

    Attributes:
        is_new: whether the store did not hold it before.
        denied: whether a decision of a reviewer is against it, so that it does not count.
    """

    fact_id: int
    is_new: bool
    denied: bool


@dataclass(frozen=True)
class EntityState:
    """What is stored of an entity.

    Attributes:
        name: its best label; empty where there is none.
        kinds: what it is, by its ``type`` facts.
        facts: number of facts about it.
        denied: how many of these a decision is against.
    """

    entity_id: str
    name: str
    kinds: tuple[str, ...]
    facts: int
    denied: int


class StoredKnowledge:
    """Reads and changes the facts of one engine's store.

    What changes them waits for the disk, so it is called beside the event loop.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def fact(self, fact_id: int) -> FactState:
        """One fact.

        Raises:
            NotFoundError: it is not stored.
        """
        with self._engine.database.reading() as connection:
            fact = decisions.stored_fact(connection, fact_id)
            return _states(connection, [(fact_id, fact)])[0]

    def facts_after(self, fact_id: int, n: int, subject: str | None = None) -> list[FactState]:
        """The ``n`` facts that come next after an id, in the order of ids; of one subject."""
        query = facts.select().where(facts.c.fact_id > fact_id)
        if subject is not None:
            query = query.where(facts.c.subject == subject)
        with self._engine.database.reading() as connection:
            rows = connection.execute(query.order_by(facts.c.fact_id).limit(n))
            return _states(connection, [(row.fact_id, Fact(*tuple(row)[1:])) for row in rows])

    def put_facts(self, source: str, new: Sequence[tuple[Fact, str]]) -> list[PutFact]:
        """Add facts to what a source states, each with the words that are its evidence, or "".

        Raises:
            DecisionError: the name of the source is reserved.
            BusyError: another process is writing to the workspace.
        """
        if provenance.is_reserved(source):
            raise DecisionError(Message("decision.source", source=source))
        with self._engine.database.writing() as connection:
            return _put(connection, source, new)

    def put_entity(self, source: str, entity_id: str, new: Sequence[Fact]) -> list[PutFact]:
        """State name and kind of an entity, in place of those that the source stated before.

        Raises:
            DecisionError: the name of the source is reserved, or the entity is an item.
            BusyError: another process is writing to the workspace.
        """
        _check_entity(entity_id)
        if provenance.is_reserved(source):
            raise DecisionError(Message("decision.source", source=source))
        with self._engine.database.writing() as connection:
            before = _stored_ids(connection, [statements.fact_id(fact) for fact in new])
            statements.withdraw(connection, [entity_id], source, (LABEL, KIND))
            return _put(connection, source, [(fact, "") for fact in new], before)

    def withdraw_fact(self, fact_id: int, author: str) -> int:
        """Decide that a fact is wrong; returns the number of the decision, to undo it by.

        Raises:
            NotFoundError: there is no such fact.
            DecisionError: the author is empty, too long or not printable.
        """
        with self._engine.database.writing() as connection:
            return decisions.reject(connection, fact_id, author)

    def withdraw_entity(self, entity_id: str, author: str) -> tuple[int, int]:
        """Decide that all facts that name an entity are wrong.

        Returns:
            The number of the decision, to undo it by, and how many facts it denies.

        Raises:
            NotFoundError: no fact names it.
            DecisionError: it is an item, too many facts name it, or as for :meth:`withdraw_fact`.
        """
        _check_entity(entity_id)
        with self._engine.database.writing() as connection:
            return decisions.reject_entity(connection, entity_id, author)

    def entity(self, entity_id: str) -> EntityState:
        """What is stored of an entity.

        Raises:
            NotFoundError: no fact is about it.
        """
        labels = BestLabels.of_names(self._engine.config.graph)
        kinds, n_facts, n_denied = dict[str, None](), 0, 0
        with self._engine.database.reading() as connection:
            denied = decision_log.denied(connection)
            for row in connection.execute(facts.select().where(facts.c.subject == entity_id)):
                n_facts += 1
                if row.fact_id in denied:
                    n_denied += 1
                    continue
                labels.add(Fact(*tuple(row)[1:]))
                if row.relation in KINDS and len(kinds) < MAX_KINDS:
                    kinds[row.object] = None
        if not n_facts:
            raise NotFoundError(Message("missing.entity", entity=entity_id))
        name = labels.all().get(entity_id, "")
        return EntityState(entity_id, name, tuple(sorted(kinds)), n_facts, n_denied)


def _check_entity(entity_id: str) -> None:
    if entity_id.startswith(ITEM):
        raise DecisionError(Message("decision.item", entity=entity_id))


def _put(
    connection: Connection,
    source: str,
    new: Sequence[tuple[Fact, str]],
    before: set[int] | None = None,
) -> list[PutFact]:
    """State facts; ``before`` has the ids of those that were stored, where that has changed."""
    ids = [statements.fact_id(fact) for fact, _ in new]
    present = _stored_ids(connection, ids) if before is None else set(before)
    rows, texts = list[Fact](), []
    for fact_id, (fact, text) in zip(ids, new, strict=True):
        if text:
            span = quotes.span_of(text, EXTRACTOR)
            texts.append((fact_id, span, text))
            fact = replace(fact, span=span)
        rows.append(fact)
    statements.put_facts(connection, rows, source)
    quotes.put(connection, source, texts)
    provenance.stamp(connection, source)
    denied = decision_log.denied(connection)
    outcomes = []
    for fact_id in ids:
        outcomes.append(PutFact(fact_id, fact_id not in present, fact_id in denied))
        present.add(fact_id)
    return outcomes


def _stored_ids(connection: Connection, ids: Sequence[int]) -> set[int]:
    return set(connection.scalars(select(facts.c.fact_id).where(facts.c.fact_id.in_(ids))))


def _states(connection: Connection, stored: Sequence[tuple[int, Fact]]) -> list[FactState]:
    denied, votes = decision_log.denied(connection), decision_log.vote_counts(connection)
    states = []
    for fact_id, fact in stored:
        sources: dict[str, float] = {}
        for source, confidence, _ in statements.supports(connection, fact_id):
            sources[source] = max(confidence, sources.get(source, 0.0))
        states.append(
            FactState(
                fact_id=fact_id,
                fact=replace(fact, confidence=max(sources.values(), default=fact.confidence)),
                sources=sources,
                denied=fact_id in denied,
                votes=votes.get(fact_id, 0),
            )
        )
    return states
