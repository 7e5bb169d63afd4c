"""Decisions of people: each affirms some facts and denies others, and can be undone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

from sqlalchemy import Connection

from tastegraph.core.errors import DecisionError, NotFoundError, RowError
from tastegraph.core.messages import Message
from tastegraph.core.records import DIFFERENT_FROM, ITEM, SAME_AS, Fact, Span
from tastegraph.data.single_statements import fact_from
from tastegraph.store import decision_log, provenance, statements
from tastegraph.store.decision_log import Decision, DecisionKind
from tastegraph.store.schema import REVIEW, facts

MAX_AUTHOR_LENGTH = 256
MAX_DENIED_FACTS = 10_000
"""Facts of one decision against an entity."""


def accept(connection: Connection, fact_id: int, author: str) -> int:
    """Decide that a stored fact is right. Returns the number of the decision.

    Raises:
        NotFoundError: there is no such fact.
        DecisionError: ``author`` is empty, too long or not printable.
    """
    return decide(connection, "accept", author, affirmed=[stored_fact(connection, fact_id)])


def reject(connection: Connection, fact_id: int, author: str) -> int:
    """Decide that a stored fact is wrong, whatever sources state it, now or later.

    Returns:
        The number of the decision.

    Raises:
        NotFoundError, DecisionError: as for :func:`accept`.
    """
    wrong = stored_fact(connection, fact_id)
    return decide(connection, "reject", author, denied=[wrong, *_reversed(wrong)])


def reject_entity(connection: Connection, entity_id: str, author: str) -> tuple[int, int]:
    """Decide that every stored fact that names an entity is wrong, as one decision.

    Facts about it that are stored later are not decided. Facts that are denied already are passed
    over.

    Returns:
        The number of the decision, and how many facts it denies.

    Raises:
        NotFoundError: no stored fact names it, or all that do are denied.
        DecisionError: as for :func:`accept`, or more than :data:`MAX_DENIED_FACTS` facts name it.
    """
    names_it = (facts.c.subject == entity_id) | ((facts.c.object == entity_id) & ~facts.c.literal)
    denied = decision_log.denied(connection)
    rows = connection.execution_options(yield_per=1000).execute(facts.select().where(names_it))
    standing = (Fact(*tuple(row)[1:]) for row in rows if row.fact_id not in denied)
    wrong = list(islice(standing, MAX_DENIED_FACTS + 1))
    if not wrong:
        raise NotFoundError(Message("missing.entity", entity=entity_id))
    if len(wrong) > MAX_DENIED_FACTS:
        raise DecisionError(
            Message("decision.many_facts", entity=entity_id, limit=MAX_DENIED_FACTS)
        )
    return decide(connection, "reject", author, denied=wrong), len(wrong)


def edit(connection: Connection, fact_id: int, new: Fact, author: str) -> int:
    """Decide that ``new`` is right instead of a stored fact. Returns the number of the decision.

    Raises:
        NotFoundError: there is no such fact.
        DecisionError: as for :func:`accept`, or both facts are the same.
    """
    old = stored_fact(connection, fact_id)
    if statements.fact_id(old) == statements.fact_id(new):
        raise DecisionError(Message("decision.same_fact", fact=fact_id))
    return decide(connection, "edit", author, affirmed=[new], denied=[old, *_reversed(old)])


def add(connection: Connection, new: Fact, author: str) -> int:
    """State a fact. Returns the number of the decision.

    Raises:
        DecisionError: as for :func:`accept`.
    """
    return decide(connection, "add", author, affirmed=[new])


def merge(connection: Connection, left_id: str, right_id: str, author: str) -> int:
    """Decide that two ids are one thing. Returns the number of the decision.

    Raises:
        DecisionError: the ids are equal or not valid, or as for :func:`accept`.
    """
    same, different = _identity_facts(left_id, right_id)
    return decide(connection, "merge", author, affirmed=same[:1], denied=different)


def split(connection: Connection, left_id: str, right_id: str, author: str) -> int:
    """Decide that two ids are two things, whatever sources join them.

    Returns:
        The number of the decision.

    Raises:
        DecisionError: the ids are equal or not valid, or as for :func:`accept`.
    """
    same, different = _identity_facts(left_id, right_id)
    return decide(connection, "split", author, affirmed=different[:1], denied=same)


def decide(
    connection: Connection,
    kind: DecisionKind,
    author: str,
    *,
    affirmed: Sequence[Fact] = (),
    denied: Sequence[Fact] = (),
) -> int:
    """Store a decision and its affirmed facts. Returns its number.

    A fact that is both affirmed and denied counts as affirmed.

    Raises:
        DecisionError: as for :func:`accept`.
    """
    author = _validated_author(author)
    affirmed_by_id = {statements.fact_id(fact): fact for fact in affirmed}
    denied_by_id = {statements.fact_id(fact): fact for fact in denied}
    only_denied = [
        (fact_id, fact) for fact_id, fact in denied_by_id.items() if fact_id not in affirmed_by_id
    ]
    seq = decision_log.append(connection, kind, author, list(affirmed_by_id.items()), only_denied)
    span = Span(decision_log.support_of(seq), 0, 0, author)
    statements.put_facts(
        connection, (replace(fact, confidence=1.0, span=span) for fact in affirmed), REVIEW
    )
    return seq


def undo(connection: Connection, seq: int, author: str) -> Decision:
    """Undo a decision: the stored facts are as if it had not been made.

    Raises:
        NotFoundError: there is no such decision.
        DecisionError: it was undone before, or as for :func:`accept`.
    """
    decision = decision_log.undo(connection, seq, _validated_author(author))
    provenance.drop_unsupported(connection)
    return decision


def stored_fact(connection: Connection, fact_id: int) -> Fact:
    """The stored fact with this id, denied or not.

    Raises:
        NotFoundError: there is no such fact.
    """
    row = connection.execute(facts.select().where(facts.c.fact_id == fact_id)).first()
    if row is None:
        raise NotFoundError(Message("missing.fact", fact=fact_id))
    return Fact(*tuple(row)[1:])


def validated_fact(
    subject: str,
    relation: str,
    value: str,
    *,
    literal: bool = False,
    datatype: str = "",
    language: str = "",
) -> Fact:
    """A fact from the input of a person, checked by the rules of an import.

    Raises:
        DecisionError: an id, the value or the language tag is not valid.
    """
    cells = {
        "head": subject, "relation": relation, "tail": value,
        "literal": literal, "datatype": datatype, "language": language,
    }  # fmt: skip
    try:
        return fact_from(cells, "decision", 1)
    except RowError as error:
        column = {"head": "subject", "tail": "object"}.get(error.column or "", error.column)
        raise DecisionError(
            Message("cell.expected", column=column, expected=error.expected)
        ) from None


def with_object(fact: Fact, value: str) -> Fact:
    """``fact`` with another object of the same kind: an entity, or a value of the same type.

    Raises:
        DecisionError: the object is not valid.
    """
    return validated_fact(
        fact.subject,
        fact.relation,
        value,
        literal=fact.literal,
        datatype=fact.datatype,
        language=fact.language,
    )


def _identity_facts(left_id: str, right_id: str) -> tuple[list[Fact], list[Fact]]:
    """``owl:sameAs`` and ``owl:differentFrom`` of two ids, each in both directions."""
    if left_id == right_id:
        raise DecisionError(Message("decision.one_id", id=left_id))
    left, right = sorted((left_id, right_id), key=lambda end: (not end.startswith(ITEM), end))
    same, different = (
        validated_fact(left, relation, right) for relation in (SAME_AS, DIFFERENT_FROM)
    )
    return [same, *_reversed(same)], [different, *_reversed(different)]


def _reversed(fact: Fact) -> list[Fact]:
    """The same statement in the other direction, if the relation is symmetric."""
    if fact.relation not in (SAME_AS, DIFFERENT_FROM) or fact.literal:
        return []
    return [replace(fact, subject=fact.object, object=fact.subject)]


def _validated_author(author: str) -> str:
    author = author.strip()
    if not author or len(author) > MAX_AUTHOR_LENGTH or not author.isprintable():
        raise DecisionError(Message("decision.author", longest=MAX_AUTHOR_LENGTH))
    return author
