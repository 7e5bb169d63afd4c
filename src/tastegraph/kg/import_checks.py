"""After an import: ids of facts and links that are items, and those the catalogue lacks."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import Connection, select

from tastegraph.core.findings import Finding
from tastegraph.core.import_report import ImportReport
from tastegraph.core.records import ITEM
from tastegraph.kg.item_ids import ItemIds
from tastegraph.store.schema import evidence, facts
from tastegraph.store.schema import items as catalogue
from tastegraph.store.statements import is_link

MAX_EXAMPLES = 3


class ItemReferences(NamedTuple):
    """How the facts of one source name items.

    Attributes:
        heads: different subjects of facts that are no links.
        items: those of them that are an item, with or without ``item:`` before its id.
        entities: those that have the text of an item's id and stay entities, since links say so.
        unknown: those that name an item which neither the catalogue nor an event has.
    """

    heads: int
    items: int
    entities: int
    unknown: list[str]


def item_references(connection: Connection, source: str, item_ids: ItemIds) -> ItemReferences:
    """Count the subjects of a source's facts that are items.

    Args:
        connection: to the store, after the import.
        source: of the facts.
        item_ids: of the store.
    """
    subjects = set(
        connection.scalars(
            select(facts.c.subject)
            .join(evidence, evidence.c.fact_id == facts.c.fact_id)
            .where(evidence.c.source == source, ~is_link())
            .distinct()
        )
    )
    known = {*item_ids.bare, *item_ids.linked}
    named = {subject.removeprefix(ITEM) for subject in subjects if subject.startswith(ITEM)}
    bare = subjects.intersection(item_ids.bare)
    return ItemReferences(
        len(subjects),
        len((named & known) | bare),
        len(subjects.intersection(item_ids.linked)),
        sorted(named - known),
    )


def check_statements(
    connection: Connection, fact_sources: Collection[str], link_sources: Collection[str],
    report: ImportReport,
) -> None:  # fmt: skip
    """Report what the facts and links of an import name that the catalogue does not know.

    Without any item there is nothing to compare with.

    Args:
        connection: to the store, after the import.
        fact_sources, link_sources: that were imported.
        report: gets the findings.
    """
    if not fact_sources and not link_sources:
        return
    item_ids = ItemIds.of_store(connection)
    if not item_ids.bare and not item_ids.linked:
        return
    for source in fact_sources:
        _report_heads(source, item_references(connection, source, item_ids), report)
    items = set(connection.scalars(select(catalogue.c.item_id)))
    for source in link_sources:
        _report_links(connection, source, items, report)


def _report_heads(source: str, references: ItemReferences, report: ImportReport) -> None:
    if references.items:
        text = f"{references.items:,} of {references.heads:,} heads are items"
        report.add(Finding(source, "head", text, references.items))
    if references.entities:
        text = "heads with the id of an item are entities, since links say which items are entities"
        remedy = f"write {ITEM}ID where the item is meant"
        report.add(Finding(source, "head", text, references.entities, remedy=remedy))
    if references.unknown:
        text = f"heads name items that neither the catalogue nor an event has ({ITEM}ID)"
        examples = ", ".join(map(repr, references.unknown[:MAX_EXAMPLES]))
        report.add(Finding(source, "head", text, len(references.unknown), examples))


def _report_links(
    connection: Connection, source: str, items: Collection[str], report: ImportReport
) -> None:
    pairs = connection.execute(
        select(facts.c.subject, facts.c.object)
        .join(evidence, evidence.c.fact_id == facts.c.fact_id)
        .where(evidence.c.source == source, is_link())
        .order_by(facts.c.subject)
    ).all()
    linked = {subject.removeprefix(ITEM): None for subject, _ in pairs}
    unknown = [item_id for item_id in linked if item_id not in items]
    if unknown and items:
        text = f"{len(unknown):,} of {len(linked):,} ids are not in the catalogue"
        report.add(_unknown(source, "item_id", text, unknown))
    entities = {entity: None for _, entity in pairs}
    stated = set(connection.scalars(select(facts.c.subject).where(~is_link()).distinct()))
    without = [entity for entity in entities if entity not in stated]
    if without:
        text = f"{len(without):,} of {len(entities):,} entities are the subject of no fact"
        report.add(_unknown(source, "entity", text, without))


def _unknown(source: str, column: str, text: str, ids: list[str]) -> Finding:
    return Finding(source, column, text, len(ids), ", ".join(map(repr, ids[:MAX_EXAMPLES])))
