"""How long facts take from files to a snapshot's graph, and how much memory, as they grow."""

from __future__ import annotations

import multiprocessing
import resource
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tastegraph.core.records import Fact, Item, Link
from tastegraph.data.facts import read_facts
from tastegraph.data.rejected_rows import RejectedRows
from tastegraph.kg.from_store import graph_from_store
from tastegraph.models.item_features import ItemFeatures, no_words
from tastegraph.models.persistence import item_features_arrays
from tastegraph.workspace import Workspace

NEWS = "http://nemig_en.org/resource/"
SIZES = (1_000_000, 3_000_000, 10_000_000)


def run(data: Path, sizes: tuple[int, ...] = SIZES) -> dict[str, Any]:
    """Measure nemig_en's graph, then generated ones; each in a process of its own."""
    grown = [_apart(_generated, size) for size in sizes]
    logs = [np.log([row[key] for row in grown]) for key in ("facts", "seconds", "peak_rss_mb")]
    slopes = {
        f"{key}_slope": round(float(np.polyfit(logs[0], log, 1)[0]), 3)
        for key, log in zip(("seconds", "peak_rss_mb"), logs[1:], strict=True)
    }
    return {"nemig_en": _apart(_nemig, data), "generated": {"rows": grown, **slopes}}


def _apart(measure: Any, argument: Any) -> dict[str, Any]:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(measure, (argument,))


def _nemig(data: Path) -> dict[str, Any]:
    files = sorted((data / "nemig_en").rglob("*.nt.bz2"))
    rejects = RejectedRows("skip")
    stated = {file.name: read_facts(file, rejects) for file in files}
    titles = data / "nemig_en" / "kg_base" / "nemig_en_base-instances_content_literals.nt.bz2"
    numbered = {
        fact.subject.removeprefix(f"{NEWS}news_title_"): fact.object
        for fact in read_facts(titles, RejectedRows("skip"))
        if fact.subject.startswith(f"{NEWS}news_title_")
    }
    items = [Item(f"news_{number}", title) for number, title in sorted(numbered.items())]
    return {**_measured(stated, items), "lines_refused": rejects.count}


def _generated(size: int) -> dict[str, Any]:
    return _measured({"generated": generated(size)}, [Item(f"{k}", f"{k}") for k in range(1000)])


def generated(size: int, seed: int = 1) -> Iterator[Fact]:
    """Facts between a fifth as many entities by 20 relations, some entities far more often."""
    rng = np.random.default_rng(seed)
    entities = max(size // 5, 1)
    block = 10_000
    for start in range(0, size, block):
        many = min(block, size - start)
        heads = rng.integers(0, entities, many).tolist()
        tails = (entities * rng.power(0.5, many)).astype(np.int64).tolist()
        relations = rng.integers(0, 20, many).tolist()
        for head, relation, tail in zip(heads, relations, tails, strict=True):
            yield Fact(f"http://example.org/e{head}", f"http://example.org/r{relation}",
                       f"http://example.org/e{tail}")  # fmt: skip


def _measured(stated: dict[str, Iterator[Fact]], items: list[Item]) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        workspace = Workspace.init(Path(folder) / "workspace")
        links = [Link(item.item_id, f"{NEWS}{item.item_id}") for item in items]
        done = workspace.ingest(items=items, facts=stated, links={"links": links})
        stored = time.perf_counter()
        graph = graph_from_store(workspace.database, workspace.config)
        item_features = ItemFeatures(
            graph, np.zeros((graph.n_nodes, 1), dtype=np.float32), no_words(graph.n_items)
        )
        workspace.snapshots.publish({}, item_features_arrays(item_features))
        published = time.perf_counter()
        facts = workspace.counts()["facts"]
        workspace.close()
    return {
        "statements": done.facts,
        "facts": facts,
        "edges": len(graph.heads),
        "seconds": round(published - began, 2),
        "import_seconds": round(stored - began, 2),
        "statements_per_second": round(done.facts / (published - began)),
        "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }
