"""What an import says of ids in facts and links."""

from __future__ import annotations

from pathlib import Path

from tastegraph.core.records import Fact, Item, Link
from tastegraph.kg.import_checks import ItemReferences, item_references
from tastegraph.kg.item_ids import ItemIds
from tastegraph.workspace import Workspace

ITEMS = [Item("1", "One"), Item("2", "Two"), Item("3", "Three")]


def test_heads_that_are_items_are_counted_and_unknown_ids_named(tmp_path: Path) -> None:
    shop = Workspace.init(tmp_path / "w")
    stated = [Fact("1", "r", "x"), Fact("2", "r", "x"), Fact("item:3", "r", "x")]
    summary = shop.ingest(
        items=ITEMS,
        facts={"f": [*stated, Fact("item:9", "r", "x"), Fact("m.2", "r", "x")]},
        links={"l": [Link("2", "m.2"), Link("8", "m.8")]},
    )
    with shop.database.reading() as connection:
        references = item_references(connection, "f", ItemIds.of_store(connection))
    assert references == ItemReferences(heads=5, items=2, entities=1, unknown=["9"])
    texts = {(finding.file, finding.column): str(finding) for finding in summary.report.findings}
    assert "2 of 5 heads are items" in str([str(finding) for finding in summary.report.findings])
    assert "1 of 2 ids are not in the catalogue (1, such as '8')" in texts["l", "item_id"]
    assert "1 of 2 entities are the subject of no fact (1, such as 'm.8')" in texts["l", "entity"]
    shop.close()
