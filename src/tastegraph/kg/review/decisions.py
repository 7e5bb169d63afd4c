"""Decisions of people on facts: each affirms some and denies others, and can be taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection

from tastegraph.core.errors import DecisionError, NotFoundError, RowError
from tastegraph.core.messages import Message
from tastegraph.core.records import DIFFERENT_FROM, ITEM, SAME_AS, Fact, Span
from tastegraph.data.facts import fact_from
from tastegraph.store import decision_log, provenance, statements
from tastegraph.store.decision_log import Decision, DecisionKind
from tastegraph.store.schema import REVIEW, facts

LONGEST_AUTHOR = 256


def accept(connection: Connection, fact_id: int, author: str) -> int:
    """A stated fact is right. Returns the decision's number.

    Raises:
        NotFoundError: no such fact is stated.
        DecisionError: the author is not named.
    """
    return decide(connection, "accept", author, affirmed=[stated(connection, fact_id)])


def reject(connection: Connection, fact_id: int, author: str) -> int:
    """A stated fact is wrong, whoever states it, now or later. Returns the decision's number.

    Raises:
        NotFoundError, DecisionError: as for :func:`accept`.
    """
    wrong = stated(connection, fact_id)
    return decide(connection, "reject", author, denied=[wrong, *_reversed(wrong)])


def edit(connection: Connection, fact_id: int, new: Fact, author: str) -> int:
    """Not a stated fact but ``new`` is right. Returns the decision's number.

    Raises:
        NotFoundError, DecisionError: as for :func:`accept`.
    """
    old = stated(connection, fact_id)
    if statements.fact_id(old) == statements.fact_id(new):
        raise DecisionError(Message("decision.same_fact", fact=fact_id))
    return decide(connection, "edit", author, affirmed=[new], denied=[old, *_reversed(old)])


def add(connection: Connection, new: Fact, author: str) -> int:
    """A fact that nobody stated is right. Returns the decision's number.

    Raises:
        DecisionError: the author is not named.
    """
    return decide(connection, "add", author, affirmed=[new])


def merge(connection: Connection, one: str, other: str, author: str) -> int:
    """Two ids are one thing. Returns the decision's number.

    Raises:
        DecisionError: they are one id, or one is none, or the author is not named.
    """
    same, different = _identity(one, other)
    return decide(connection, "merge", author, affirmed=same[:1], denied=different)


def split(connection: Connection, one: str, other: str, author: str) -> int:
    """Two ids are two things, whatever joins them. Returns the decision's number.

    Raises:
        DecisionError: they are one id, or one is none, or the author is not named.
    """
    same, different = _identity(one, other)
    return decide(connection, "split", author, affirmed=different[:1], denied=same)


def decide(
    connection: Connection,
    kind: DecisionKind,
    author: str,
    *,
    affirmed: Sequence[Fact] = (),
    denied: Sequence[Fact] = (),
) -> int:
    """Keep a decision and make it count. Returns its number.

    What it affirms it does not deny.

    Raises:
        DecisionError: the author is not named.
    """
    author = _checked(author)
    good = {statements.fact_id(fact): fact for fact in affirmed}
    bad = {statements.fact_id(fact): fact for fact in denied}
    against = [(key, fact) for key, fact in bad.items() if key not in good]
    seq = decision_log.append(connection, kind, author, list(good.items()), against)
    span = Span(decision_log.support_of(seq), 0, 0, author)
    statements.put_facts(
        connection, (replace(fact, confidence=1.0, span=span) for fact in affirmed), REVIEW
    )
    return seq


def undo(connection: Connection, seq: int, author: str) -> Decision:
    """Take a decision back: what remains is as if it had not been made.

    Raises:
        NotFoundError: there is no such decision.
        DecisionError: it has been taken back already, or the author is not named.
    """
    decision = decision_log.undo(connection, seq, _checked(author))
    provenance.drop_unsupported(connection)
    return decision


def stated(connection: Connection, fact_id: int) -> Fact:
    """The fact of an id, denied or not.

    Raises:
        NotFoundError: no such fact is stated.
    """
    row = connection.execute(facts.select().where(facts.c.fact_id == fact_id)).first()
    if row is None:
        raise NotFoundError(Message("missing.fact", fact=fact_id))
    return Fact(*tuple(row)[1:])


def checked(
    subject: str,
    relation: str,
    value: str,
    *,
    literal: bool = False,
    datatype: str = "",
    language: str = "",
) -> Fact:
    """The fact that a person states, held to what an import may state.

    Raises:
        DecisionError: a part of it is no id, no value, no language tag.
    """
    cells = {
        "head": subject, "relation": relation, "tail": value,
        "literal": literal, "datatype": datatype, "language": language,
    }  # fmt: skip
    try:
        return fact_from(cells, "decision", 1)
    except RowError as error:
        part = {"head": "subject", "tail": "object"}.get(error.column or "", error.column)
        raise DecisionError(
            Message("cell.expected", column=part, expected=error.expected)
        ) from None


def with_value(fact: Fact, value: str) -> Fact:
    """``fact`` with another object of the same kind.

    Raises:
        DecisionError: it cannot have this one.
    """
    return checked(
        fact.subject,
        fact.relation,
        value,
        literal=fact.literal,
        datatype=fact.datatype,
        language=fact.language,
    )


def _identity(one: str, other: str) -> tuple[list[Fact], list[Fact]]:
    if one == other:
        raise DecisionError(Message("decision.one_id", id=one))
    left, right = sorted((one, other), key=lambda end: (not end.startswith(ITEM), end))
    same, different = (checked(left, relation, right) for relation in (SAME_AS, DIFFERENT_FROM))
    return [same, *_reversed(same)], [different, *_reversed(different)]


def _reversed(fact: Fact) -> list[Fact]:
    """What says the same the other way round, where the relation is one that does."""
    if fact.relation not in (SAME_AS, DIFFERENT_FROM) or fact.literal:
        return []
    return [replace(fact, subject=fact.object, object=fact.subject)]


def _checked(author: str) -> str:
    author = author.strip()
    if not author or len(author) > LONGEST_AUTHOR or not author.isprintable():
        raise DecisionError(Message("decision.author", longest=LONGEST_AUTHOR))
    return author
