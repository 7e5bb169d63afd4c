"""What people decided: an append-only log of facts affirmed and denied, each undoable."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Literal, NamedTuple

from sqlalchemy import Connection, delete, func, insert, select, update

from tastegraph.core.errors import DecisionError, NotFoundError
from tastegraph.core.messages import Message
from tastegraph.core.records import Fact
from tastegraph.store import changes
from tastegraph.store.schema import decisions, evidence, verdicts

PEOPLE = "people"
"""Source of what people affirm; no import may have its name."""

Kind = Literal["accept", "reject", "edit", "merge", "split", "add"]


class Decision(NamedTuple):
    """One thing that a person decided.

    Attributes:
        seq: its number, by which it is undone.
        made, undone: seconds since 1970-01-01 UTC; ``undone`` is ``None`` where it stands.
    """

    seq: int
    kind: str
    author: str
    made: float
    undone: float | None
    undone_by: str | None
    affirmed: tuple[Fact, ...]
    denied: tuple[Fact, ...]


def denied(connection: Connection) -> set[int]:
    """Ids of the facts whose last standing verdict is against them."""
    return set(_last(connection, affirmed=False))


def affirmed(connection: Connection) -> dict[int, int]:
    """Ids of the facts whose last standing verdict is for them, with that decision's number."""
    return _last(connection, affirmed=True)


def judged(connection: Connection) -> set[int]:
    """Ids of the facts that a standing decision speaks of."""
    standing = (
        select(verdicts.c.fact_id)
        .join(decisions, decisions.c.seq == verdicts.c.seq)
        .where(decisions.c.undone.is_(None))
    )
    return set(connection.scalars(standing))


def append(
    connection: Connection,
    kind: Kind,
    author: str,
    affirmed: Sequence[tuple[int, Fact]],
    against: Sequence[tuple[int, Fact]],
) -> int:
    """Keep a decision on (fact id, fact) pairs. Returns its number.

    What it affirms has to be stored with :func:`support_of` it as its support.
    """
    changes.touch(connection)
    done = connection.execute(insert(decisions).values(kind=kind, author=author, made=time.time()))
    assert done.inserted_primary_key is not None
    seq = int(done.inserted_primary_key[0])
    rows = [(key, fact, True) for key, fact in affirmed]
    rows += [(key, fact, False) for key, fact in against]
    connection.execute(
        insert(verdicts),
        [
            {"fact_id": key, "seq": seq, "affirmed": good, "fact": _told(fact)}
            for key, fact, good in rows
        ],
    )
    return seq


def support_of(seq: int) -> str:
    """The document that stands for a decision in the evidence of what it affirms."""
    return f"decision:{seq}"


def undo(connection: Connection, seq: int, author: str) -> Decision:
    """Take a decision back; what it affirmed loses its support.

    Raises:
        NotFoundError: there is no such decision.
        DecisionError: it has been taken back already.
    """
    found = [decision for decision in log(connection) if decision.seq == seq]
    if not found:
        raise NotFoundError(Message("missing.decision", seq=seq))
    if found[0].undone is not None:
        by = found[0].undone_by
        raise DecisionError(Message("decision.undone", seq=seq, author=by))
    connection.execute(
        update(decisions).where(decisions.c.seq == seq).values(undone=time.time(), undone_by=author)
    )
    changes.touch(connection)
    spoken = select(verdicts.c.fact_id).where(verdicts.c.seq == seq)
    connection.execute(
        delete(evidence).where(
            evidence.c.fact_id.in_(spoken),
            evidence.c.source == PEOPLE,
            evidence.c.document == support_of(seq),
        )
    )
    return found[0]


def log(connection: Connection) -> list[Decision]:
    """Every decision, the newest first."""
    spoken: dict[int, tuple[list[Fact], list[Fact]]] = {}
    for row in connection.execute(select(verdicts).order_by(verdicts.c.seq, verdicts.c.fact_id)):
        good, bad = spoken.setdefault(row.seq, ([], []))
        (good if row.affirmed else bad).append(Fact(**row.fact))
    rows: Iterable[tuple[int, str, str, float, float | None, str | None]] = (
        tuple(row) for row in connection.execute(select(decisions).order_by(decisions.c.seq.desc()))
    )
    return [Decision(*row, *(tuple(side) for side in spoken.get(row[0], ([], [])))) for row in rows]


def _last(connection: Connection, *, affirmed: bool) -> dict[int, int]:
    last = (
        select(verdicts.c.fact_id, func.max(verdicts.c.seq).label("seq"))
        .join(decisions, decisions.c.seq == verdicts.c.seq)
        .where(decisions.c.undone.is_(None))
        .group_by(verdicts.c.fact_id)
        .subquery()
    )
    found = (
        select(verdicts.c.fact_id, verdicts.c.seq)
        .join(last, (last.c.fact_id == verdicts.c.fact_id) & (last.c.seq == verdicts.c.seq))
        .where(verdicts.c.affirmed.is_(affirmed))
    )
    return {row.fact_id: row.seq for row in connection.execute(found)}


def _told(fact: Fact) -> dict[str, object]:
    told = asdict(fact)
    del told["span"], told["confidence"]
    return told
