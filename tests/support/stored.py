"""What a workspace holds after an import, and what the import says it did."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sqlalchemy import select

from tastegraph.core.records import Event, Item
from tastegraph.store import catalogue, statements
from tastegraph.store import events as log
from tastegraph.store.schema import evidence, facts
from tastegraph.workspace import Workspace
from tests.support.command_line import CommandResult


def stored_events(directory: Path) -> list[Event]:
    """All events, grouped by user, each user's oldest first."""
    database = Workspace(directory).database
    if not database.path.exists():
        return []
    with database.reading() as connection:
        return list(log.grouped_by_user(connection))


def stored_items(directory: Path) -> dict[str, Item]:
    """Item id → item."""
    with Workspace(directory).database.reading() as connection:
        return {item.item_id: item for item in catalogue.all_items(connection)}


def stored_facts(directory: Path) -> set[tuple[str, str, str]]:
    """Subject, relation and object of every fact."""
    with Workspace(directory).database.reading() as connection:
        return {
            (fact.subject, fact.relation, fact.object)
            for _, fact in statements.all_facts(connection)
        }


def facts_of(workspace: Workspace, source: str) -> dict[tuple[str, str, str], float]:
    """Subject, relation and object of every fact that a source states → its confidence."""
    with workspace.database.reading() as connection:
        rows = connection.execute(
            select(facts, evidence.c.confidence)
            .join(evidence, evidence.c.fact_id == facts.c.fact_id)
            .where(evidence.c.source == source)
        )
        return {(row.subject, row.relation, row.object): row.confidence for row in rows}


def report_of(result: CommandResult) -> dict[str, Any]:
    """What 'import --json' printed; fails where the command did."""
    assert result.code == 0, result.err
    report: dict[str, Any] = json.loads(result.out)
    return report


def finding(report: dict[str, Any], column: str, words: str) -> dict[str, Any]:
    """The one finding about a column whose text has ``words``."""
    match: dict[str, Any]
    (match,) = (
        entry
        for entry in report["findings"]
        if entry["column"] == column and words in entry["text"]
    )
    return match
