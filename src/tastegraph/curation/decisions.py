"""Decisions of people on facts: each affirms some and denies others, and can be taken back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import Connection

from tastegraph.errors import NotFoundError, TastegraphError
from tastegraph.records import DIFFERENT_FROM, SAME_AS, Fact, Span
from tastegraph.storage import provenance, statements, verdicts
from tastegraph.storage.schema import facts
from tastegraph.storage.verdicts import PEOPLE, Decision, Kind

LONGEST_AUTHOR = 256


def accept(connection: Connection, fact_id: int, author: str) -> int:
    """A stated fact is right. Returns the decision's number.

    Raises:
        NotFoundError: no such fact is stated.
        TastegraphError: the author is not named.
    """
    return decide(connection, "accept", author, affirmed=[stated(connection, fact_id)])


def reject(connection: Connection, fact_id: int, author: str) -> int:
    """A stated fact is wrong, whoever states it, now or later. Returns the decision's number.

    Raises:
        NotFoundError, TastegraphError: as for :func:`accept`.
    """
    return decide(connection, "reject", author, denied=[stated(connection, fact_id)])


def edit(connection: Connection, fact_id: int, new: Fact, author: str) -> int:
    """Not a stated fact but ``new`` is right. Returns the decision's number.

    Raises:
        NotFoundError, TastegraphError: as for :func:`accept`.
    """
    old = stated(connection, fact_id)
    if statements.fact_id(old) == statements.fact_id(new):
        raise TastegraphError(f"fact {fact_id} says this already")
    return decide(connection, "edit", author, affirmed=[new], denied=[old])


def add(connection: Connection, new: Fact, author: str) -> int:
    """A fact that nobody stated is right. Returns the decision's number.

    Raises:
        TastegraphError: the author is not named.
    """
    return decide(connection, "add", author, affirmed=[new])


def merge(connection: Connection, one: str, other: str, author: str) -> int:
    """Two ids are one thing. Returns the decision's number.

    Raises:
        TastegraphError: they are one id, or the author is not named.
    """
    same, different = _identity(one, other)
    return decide(connection, "merge", author, affirmed=same[:1], denied=different)


def split(connection: Connection, one: str, other: str, author: str) -> int:
    """Two ids are two things, whatever joins them. Returns the decision's number.

    Raises:
        TastegraphError: they are one id, or the author is not named.
    """
    same, different = _identity(one, other)
    return decide(connection, "split", author, affirmed=different[:1], denied=same)


def decide(
    connection: Connection,
    kind: Kind,
    author: str,
    *,
    affirmed: Sequence[Fact] = (),
    denied: Sequence[Fact] = (),
) -> int:
    """Keep a decision and make it count. Returns its number.

    Raises:
        TastegraphError: the author is not named.
    """
    author = _checked(author)
    seq = verdicts.append(
        connection,
        kind,
        author,
        [(statements.fact_id(fact), fact) for fact in affirmed],
        [(statements.fact_id(fact), fact) for fact in denied],
    )
    span = Span(verdicts.support_of(seq), 0, 0, author)
    statements.put_facts(
        connection, (replace(fact, confidence=1.0, span=span) for fact in affirmed), PEOPLE
    )
    return seq


def undo(connection: Connection, seq: int, author: str) -> Decision:
    """Take a decision back: what remains is as if it had not been made.

    Raises:
        NotFoundError: there is no such decision.
        TastegraphError: it has been taken back already, or the author is not named.
    """
    decision = verdicts.undo(connection, seq, _checked(author))
    provenance.drop_unsupported(connection)
    return decision


def stated(connection: Connection, fact_id: int) -> Fact:
    """The fact of an id, denied or not.

    Raises:
        NotFoundError: no such fact is stated.
    """
    row = connection.execute(facts.select().where(facts.c.fact_id == fact_id)).first()
    if row is None:
        raise NotFoundError(f"no fact {fact_id} is stated: see 'tastegraph kg review'")
    return Fact(*tuple(row)[1:])


def _identity(one: str, other: str) -> tuple[list[Fact], list[Fact]]:
    if one == other:
        raise TastegraphError(f"{one!r} is one id: give two")
    ends = sorted((one, other), key=lambda end: (not end.startswith("item:"), end))
    pairs = [(ends[0], ends[1]), (ends[1], ends[0])]
    same, different = (
        [Fact(left, relation, right) for left, right in pairs]
        for relation in (SAME_AS, DIFFERENT_FROM)
    )
    return same, different


def _checked(author: str) -> str:
    author = author.strip()
    if not author or len(author) > LONGEST_AUTHOR or not author.isprintable():
        raise TastegraphError(
            f"a decision needs its author: a name of 1 to {LONGEST_AUTHOR} characters"
        )
    return author
