"""Spellings: names in item columns that differ in case, spaces or width are one entity.

Each spelling has an id of its own, as it was written, so that facts and decisions that use it stay
valid. The catalogue states that the ids are one thing, and gives all of them the name that most
items use. What it states follows from the items that there are, in whatever order they came.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, delete, insert, select

from tastegraph.core.records import ITEM, LABEL, SAME_AS, Fact
from tastegraph.core.spelling import folded
from tastegraph.store import statements
from tastegraph.store.schema import CATALOGUE, entity_names

_TOUCHED = "CREATE TEMP TABLE IF NOT EXISTS touched_names (key TEXT PRIMARY KEY) WITHOUT ROWID"


def spelling_key(entity: str, name: str) -> str:
    """What all spellings of a name have in common, with the kind of the entity before it."""
    return entity.removesuffix(name) + folded(name)


def note(connection: Connection, names: Sequence[tuple[str, str]]) -> None:
    """Record the entities that items name now.

    :func:`unify_spellings` must follow.

    Args:
        connection: of a writer.
        names: entity id and name.
    """
    if not names:
        return
    connection.exec_driver_sql(_TOUCHED)
    rows = [
        {"entity": entity, "name": name, "key": spelling_key(entity, name)}
        for entity, name in names
    ]
    connection.execute(insert(entity_names).prefix_with("OR IGNORE"), rows)
    keys = [(row["key"],) for row in rows]
    connection.exec_driver_sql("INSERT OR IGNORE INTO touched_names VALUES (?)", keys)


def note_released(connection: Connection) -> None:
    """Record that the entities of the table ``released`` have fewer items than before."""
    connection.exec_driver_sql(_TOUCHED)
    connection.exec_driver_sql(
        "INSERT OR IGNORE INTO touched_names "
        "SELECT key FROM entity_names JOIN released USING (entity)"
    )


def unify_spellings(connection: Connection) -> dict[str, list[str]]:
    """State anew which entities are one, for all names that changed since the last call.

    Returns:
        The most frequent spelling → the other ones, of each changed name with several.
    """
    connection.exec_driver_sql(_TOUCHED)
    joined = _withdraw_spellings(connection)
    groups = _groups(connection)
    counts = _item_counts(connection, [entity for group in groups for entity, _ in group])
    names = dict(_names(connection, joined))
    facts, spellings = [], {}
    for group in groups:
        names |= dict(group)
        first, label = min(group, key=lambda pair: (-counts[pair[0]], pair[1].isupper(), pair[1]))
        others = [entity for entity, _ in group if entity != first]
        names |= dict.fromkeys(others, label)
        facts += [Fact(entity, SAME_AS, first) for entity in others]
        spellings[label] = [name for entity, name in group if entity != first]
    _withdraw_names(connection, names)
    facts += [Fact(entity, LABEL, name, literal=True) for entity, name in names.items()]
    if facts:
        statements.put_facts(connection, facts, CATALOGUE)
    connection.exec_driver_sql("DELETE FROM touched_names")
    return spellings


def forget_unused(connection: Connection) -> None:
    """Delete the entities of the table ``released``."""
    connection.exec_driver_sql(
        "DELETE FROM entity_names WHERE entity IN (SELECT entity FROM released)"
    )


def forget_all(connection: Connection) -> None:
    """Delete all entities, before all items are stated anew."""
    connection.execute(delete(entity_names))


def _withdraw_spellings(connection: Connection) -> set[str]:
    """Withdraw what is stated of spellings of the changed names. Returns their entities."""
    rows = connection.exec_driver_sql(
        "SELECT fact_id, subject, object FROM facts JOIN evidence USING (fact_id) "
        "JOIN entity_names ON entity = subject JOIN touched_names USING (key) "
        "WHERE relation = ? AND source = ?",
        (SAME_AS, CATALOGUE),
    ).fetchall()
    _withdraw(connection, [fact_id for fact_id, _, _ in rows])
    return {entity for _, *ends in rows for entity in ends}


def _withdraw_names(connection: Connection, entities: Iterable[str]) -> None:
    """Withdraw the names of entities."""
    ids: list[int] = []
    for entity in entities:
        query = "SELECT fact_id FROM facts WHERE subject = ? AND relation = ? AND literal"
        ids += [row[0] for row in connection.exec_driver_sql(query, (entity, LABEL))]
    _withdraw(connection, ids)


def _withdraw(connection: Connection, fact_ids: Sequence[int]) -> None:
    """Withdraw facts from the catalogue; those that no other source states are deleted."""
    if not fact_ids:
        return
    run = connection.exec_driver_sql
    run(
        "DELETE FROM evidence WHERE fact_id = ? AND source = ?",
        [(fact_id, CATALOGUE) for fact_id in fact_ids],
    )
    run(
        "DELETE FROM facts WHERE fact_id = ? AND NOT EXISTS "
        "(SELECT 1 FROM evidence WHERE evidence.fact_id = facts.fact_id)",
        [(fact_id,) for fact_id in fact_ids],
    )


def _groups(connection: Connection) -> list[list[tuple[str, str]]]:
    """Entity and name of the changed names that have several spellings, by name."""
    rows = connection.exec_driver_sql(
        "SELECT key, entity, name FROM entity_names JOIN touched_names USING (key) WHERE key IN "
        "(SELECT key FROM entity_names GROUP BY key HAVING count(*) > 1) ORDER BY key, entity"
    )
    groups: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for key, entity, name in rows:
        groups[key].append((entity, name))
    return list(groups.values())


def _names(connection: Connection, entities: Iterable[str]) -> list[tuple[str, str]]:
    """Entity and its own name, of those that some item still has."""
    query = select(entity_names.c.entity, entity_names.c.name)
    return [
        (row.entity, row.name)
        for entity in sorted(entities)
        for row in connection.execute(query.where(entity_names.c.entity == entity))
    ]


def _item_counts(connection: Connection, entities: Sequence[str]) -> dict[str, int]:
    """Entity → how many facts of items have it as their object."""
    counts = dict.fromkeys(entities, 0)
    if not entities:
        return counts
    rows = connection.exec_driver_sql(
        "SELECT object, count(*) FROM facts JOIN evidence USING (fact_id) "
        "WHERE subject >= ? AND subject < ? AND source = ? AND NOT literal GROUP BY object",
        (ITEM, ITEM[:-1] + chr(ord(ITEM[-1]) + 1), CATALOGUE),
    )
    for entity, count in rows:
        if entity in counts:
            counts[entity] = count
    return counts
