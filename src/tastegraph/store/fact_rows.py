"""Facts as rows: what is read by the million, without an object for each."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, case, func, literal, select

from tastegraph.core.records import Fact
from tastegraph.store.decision_log import denied
from tastegraph.store.schema import evidence, facts

ROWS_PER_FETCH = 10_000
FactRow = tuple[int, str, str, str, int, str, str, float]
"""Fact id, subject, relation, object, whether the object is a literal (0 or 1), its datatype, its
language, and the confidence."""


def row_of_fact(fact_id: int, fact: Fact) -> FactRow:
    """The row of a fact."""
    return (
        fact_id, fact.subject, fact.relation, fact.object, int(fact.literal), fact.datatype,
        fact.language, fact.confidence,
    )  # fmt: skip


def raw_rows(connection: Connection, query: Select[Any]) -> sqlite3.Cursor:
    """The rows of a query as SQLite has them: plain tuples, a Boolean as 0 or 1."""
    compiled = query.compile(
        dialect=connection.dialect, compile_kwargs={"render_postcompile": True}
    )
    values = compiled.params
    names = compiled.positiontup or ()
    cursor: sqlite3.Cursor = connection.connection.driver_connection.cursor()  # type: ignore[union-attr]
    cursor.arraysize = ROWS_PER_FETCH
    return cursor.execute(str(compiled), [values[name] for name in names])


def trusted_confidence(trust: Mapping[str, float] | None) -> ColumnElement[float]:
    """The SQL of a support's confidence, times the trust in its source; 1 for other sources."""
    if not trust:
        return literal(1.0) * evidence.c.confidence
    return evidence.c.confidence * case(dict(trust), value=evidence.c.source, else_=1.0)


def fact_rows(
    connection: Connection,
    *,
    trust: Mapping[str, float] | None = None,
    without: Collection[str] = (),
    only: ColumnElement[bool] | None = None,
) -> Iterator[FactRow]:
    """Yield every fact that no reviewer has denied, in the order of ids.

    The confidence of a fact is the highest that any of its sources gives it.

    Args:
        connection: to the store.
        trust: source → factor in (0, 1] by which its confidences are multiplied; 1 for others.
        without: sources that are ignored; a fact that only they state is left out.
        only: a condition on the facts.
    """
    support = select(func.max(trusted_confidence(trust))).where(
        evidence.c.fact_id == facts.c.fact_id
    )
    if without:
        support = support.where(evidence.c.source.not_in(list(without)))
    query = select(*facts.c, support.scalar_subquery()).order_by(facts.c.fact_id)
    if only is not None:
        query = query.where(only)
    rejected = denied(connection)
    rows = raw_rows(connection, query)
    if rejected:
        return (row for row in rows if row[7] is not None and row[0] not in rejected)
    return (row for row in rows if row[7] is not None)
