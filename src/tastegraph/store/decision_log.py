"""Decisions of reviewers on facts, in an append-only log, and users' votes against facts.

A decision affirms some facts and denies others; undoing it marks it as undone and deletes nothing
of the log. A vote only asks reviewers to look at a fact.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Literal, NamedTuple

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.dialects.sqlite import insert as insert_or_ignore

from tastegraph.core.errors import DecisionError, NotFoundError
from tastegraph.core.messages import Message
from tastegraph.core.records import Fact
from tastegraph.store import revision
from tastegraph.store.schema import REVIEW, decisions, evidence, verdicts, votes

DecisionKind = Literal["accept", "reject", "edit", "merge", "split", "add"]


class Decision(NamedTuple):
    """One decision of a reviewer.

    Attributes:
        seq: its number, by which it is undone.
        decided, undone: seconds since 1970-01-01 UTC; ``undone`` is ``None`` where it stands.
        affirmed, denied: the facts that it says are right, and those that it says are wrong.
    """

    seq: int
    kind: str
    author: str
    decided: float
    undone: float | None
    undone_by: str | None
    affirmed: tuple[Fact, ...]
    denied: tuple[Fact, ...]


def denied(connection: Connection) -> set[int]:
    """Ids of the facts that the latest standing decision on them denies."""
    return set(_last(connection, affirmed=False))


def affirmed(connection: Connection) -> dict[int, int]:
    """Ids of the facts that the latest standing decision on them affirms, with its number."""
    return _last(connection, affirmed=True)


def decided(connection: Connection) -> set[int]:
    """Ids of the facts that a standing decision affirms or denies."""
    standing = (
        select(verdicts.c.fact_id)
        .join(decisions, decisions.c.seq == verdicts.c.seq)
        .where(decisions.c.undone.is_(None))
    )
    return set(connection.scalars(standing))


def append(
    connection: Connection,
    kind: DecisionKind,
    author: str,
    affirmed: Sequence[tuple[int, Fact]],
    denied: Sequence[tuple[int, Fact]],
) -> int:
    """Add a decision on (fact id, fact) pairs. Returns its number.

    The caller must store the facts that it affirms, with :func:`support_of` as their document.
    """
    revision.record_change(connection)
    row = {"kind": kind, "author": author, "decided": time.time()}
    result = connection.execute(insert(decisions).values(row))
    assert result.inserted_primary_key is not None
    seq = int(result.inserted_primary_key[0])
    rows = [(key, fact, True) for key, fact in affirmed]
    rows += [(key, fact, False) for key, fact in denied]
    connection.execute(
        insert(verdicts),
        [
            {"fact_id": key, "seq": seq, "affirmed": affirms, "fact": _statement(fact)}
            for key, fact, affirms in rows
        ],
    )
    return seq


def support_of(seq: int) -> str:
    """Name of the document that a decision counts as in the evidence of the facts it affirms."""
    return f"decision:{seq}"


def undo(connection: Connection, seq: int, author: str) -> Decision:
    """Mark a decision as undone; the facts it affirmed lose its support. Returns the decision.

    Raises:
        NotFoundError: there is no such decision.
        DecisionError: it has been undone already.
    """
    decision = next((entry for entry in log(connection) if entry.seq == seq), None)
    if decision is None:
        raise NotFoundError(Message("missing.decision", seq=seq))
    if decision.undone is not None:
        raise DecisionError(Message("decision.undone", seq=seq, author=decision.undone_by))
    connection.execute(
        update(decisions).where(decisions.c.seq == seq).values(undone=time.time(), undone_by=author)
    )
    revision.record_change(connection)
    fact_ids = select(verdicts.c.fact_id).where(verdicts.c.seq == seq)
    connection.execute(
        delete(evidence).where(
            evidence.c.fact_id.in_(fact_ids),
            evidence.c.source == REVIEW,
            evidence.c.document == support_of(seq),
        )
    )
    return decision


def log(connection: Connection) -> list[Decision]:
    """Every decision, the newest first."""
    facts: dict[int, tuple[list[Fact], list[Fact]]] = {}
    for row in connection.execute(select(verdicts).order_by(verdicts.c.seq, verdicts.c.fact_id)):
        affirmed, denied = facts.setdefault(row.seq, ([], []))
        (affirmed if row.affirmed else denied).append(Fact(**row.fact))
    rows: Iterable[tuple[int, str, str, float, float | None, str | None]] = (
        tuple(row) for row in connection.execute(select(decisions).order_by(decisions.c.seq.desc()))
    )
    return [Decision(*row, *(tuple(side) for side in facts.get(row[0], ([], [])))) for row in rows]


def vote_against(connection: Connection, user_id: str, fact_id: int) -> bool:
    """Record that a user doubts a fact; ``False`` where the user has voted against it before."""
    row = {"user_id": user_id, "fact_id": fact_id, "at": time.time()}
    result = connection.execute(insert_or_ignore(votes).values(row).on_conflict_do_nothing())
    return result.rowcount > 0


def vote_counts(connection: Connection) -> dict[int, int]:
    """Fact id → how many users doubt it."""
    rows = connection.execute(select(votes.c.fact_id, func.count()).group_by(votes.c.fact_id))
    return {int(fact_id): int(number) for fact_id, number in rows}


def _last(connection: Connection, *, affirmed: bool) -> dict[int, int]:
    last = (
        select(verdicts.c.fact_id, func.max(verdicts.c.seq).label("seq"))
        .join(decisions, decisions.c.seq == verdicts.c.seq)
        .where(decisions.c.undone.is_(None))
        .group_by(verdicts.c.fact_id)
        .subquery()
    )
    query = (
        select(verdicts.c.fact_id, verdicts.c.seq)
        .join(last, (last.c.fact_id == verdicts.c.fact_id) & (last.c.seq == verdicts.c.seq))
        .where(verdicts.c.affirmed.is_(affirmed))
    )
    return {row.fact_id: row.seq for row in connection.execute(query)}


def _statement(fact: Fact) -> dict[str, object]:
    fields = asdict(fact)
    del fields["span"], fields["confidence"]
    return fields
