"""Linking, mentions and fusion in Chinese, on texts and names that were written for it.

python -m benchmarks.knowledge.chinese
"""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import select
from tests.support.chinese_gold import ChineseGold, chinese_gold

from tastegraph.core.records import ITEM
from tastegraph.store.schema import FUSION, LINKING, MENTIONED, evidence
from tastegraph.store.schema import facts as fact_table
from tastegraph.workspace import Workspace


def run(_data: Path | None = None) -> dict[str, Any]:
    """Precision, recall and F1 of each step, and what was wrong."""
    gold = chinese_gold()
    with TemporaryDirectory() as folder:
        workspace = Workspace.init(Path(folder) / "chinese")
        workspace.ingest(items=gold.items, facts={"one": gold.facts, "other": gold.other_facts})
        for step in (LINKING, MENTIONED, FUSION):
            workspace.knowledge.derive(step)
        rows = {
            "titles linked": _linking(workspace, gold),
            "mentions": _mentions(workspace, gold),
            "names fused": _fusion(workspace, gold),
        }
        workspace.close()
    return rows


def _linking(workspace: Workspace, gold: ChineseGold) -> dict[str, Any]:
    sure = workspace.config.graph.min_identity_confidence
    links = {
        (row.subject.removeprefix(ITEM), row.object)
        for row in _derived(workspace, LINKING)
        if row.confidence >= sure and not row.object.startswith("q:")
    }
    titles = {item.item_id: item.title for item in gold.items}
    true = {(item, entity) for item, entity in gold.entity_of.items() if entity}
    return _scores(links, true, lambda link: f"{titles[link[0]]} = {link[1]}")


def _mentions(workspace: Workspace, gold: ChineseGold) -> dict[str, Any]:
    """Mentions in the hundred texts, each with its span; one of the item itself is not counted."""
    texts = {ITEM + text.item.item_id: text.item.text for text in gold.texts}
    counted = workspace.config.graph.min_confidence
    mentions = {
        (row.document, row.start, row.end, row.object)
        for row in _derived(workspace, MENTIONED)
        if row.confidence > counted and not row.object.startswith("q:")
    }
    true = {
        (ITEM + text.item.item_id, start, end, entity)
        for text in gold.texts
        for start, end, entity in text.mentions
    }
    return _scores(
        mentions, true, lambda m: f"{texts[m[0]][:40]}: {texts[m[0]][m[1] : m[2]]} = {m[3]}"
    )


def _fusion(workspace: Workspace, gold: ChineseGold) -> dict[str, Any]:
    sure = workspace.config.graph.min_identity_confidence
    names = {fact.subject: fact.object for fact in gold.other_facts if fact.relation == "label"}
    merged = {
        tuple(sorted((row.subject, row.object), reverse=True))
        for row in _derived(workspace, FUSION)
        if row.confidence >= sure
    }
    return _scores(merged, set(gold.same.items()), lambda pair: f"{names.get(pair[0])} = {pair[1]}")


def _scores(derived: Collection[Any], gold: Collection[Any], show: Any) -> dict[str, Any]:
    right = len(set(derived) & set(gold))
    precision, recall = right / max(len(derived), 1), right / max(len(gold), 1)
    return {
        "precision": round(precision, 4),
        "recall": round(recall, 4),
        "f1": round(2 * precision * recall / max(precision + recall, 1e-9), 4),
        "n": len(gold),
        "wrong": sorted(map(show, set(derived) - set(gold))),
        "missed": sorted(map(show, set(gold) - set(derived))),
    }


def _derived(workspace: Workspace, source: str) -> list[Any]:
    query = (
        select(fact_table, evidence)
        .join(evidence, evidence.c.fact_id == fact_table.c.fact_id)
        .where(evidence.c.source == source, ~fact_table.c.literal)
    )
    with workspace.database.reading() as connection:
        return list(connection.execute(query))


if __name__ == "__main__":
    print(json.dumps(run(), indent=1, ensure_ascii=False))
