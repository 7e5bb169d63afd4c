"""How often what is known has changed: a number that costs nothing to ask for."""

from __future__ import annotations

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert

from tastegraph.store.schema import changes

KNOWN = "what is known"


def touch(connection: Connection) -> None:
    """Note that an item, a fact, a support or a decision was written or has gone."""
    statement = insert(changes).values(what=KNOWN, number=1)
    added = statement.on_conflict_do_update(
        index_elements=["what"], set_={"number": changes.c.number + 1}
    )
    connection.execute(added)


def count(connection: Connection) -> int:
    """Grows with every :func:`touch`."""
    return connection.scalar(select(changes.c.number).where(changes.c.what == KNOWN)) or 0
