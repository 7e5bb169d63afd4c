"""New items of a large catalogue, listed within seconds: rows beside those of the snapshot.

A build of graph and texts makes all anew, which takes minutes where there are a hundred thousand
items. Before it, :func:`add_new_items` publishes the snapshot in service with the items that came
since: they are compared by their texts and facts. It says of itself that it holds no more changes
than the snapshot that it grew from, so that the build that is due stays due.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from sqlalchemy import Connection

from tastegraph.core.arrays import CSR
from tastegraph.core.config import Config
from tastegraph.core.config.experiments import named_snapshots
from tastegraph.core.item_columns import items_of
from tastegraph.core.narrow import rows_of
from tastegraph.core.progress import say
from tastegraph.core.records import ITEM, Item
from tastegraph.core.stages import stage
from tastegraph.filters.current import CHANGES
from tastegraph.kg.from_store import accepted_rows
from tastegraph.kg.graph import KnowledgeGraph, graph_of_rows
from tastegraph.kg.identity import resolve_identity
from tastegraph.models import tables
from tastegraph.models.new_items import Growth, NewItems
from tastegraph.pipeline.retention import prune_snapshots
from tastegraph.pipeline.text_encoder import WorkspaceEncoder
from tastegraph.profiles.association import associate
from tastegraph.profiles.item_texts import item_texts
from tastegraph.store import caches, catalogue, erasure
from tastegraph.store.database import Database
from tastegraph.store.schema import facts
from tastegraph.store.snapshots import Snapshot, Snapshots
from tastegraph.text.encoder import VECTORS_FILE
from tastegraph.text.texts import item_text
from tastegraph.text.words import words_of_new

MIN_ITEMS = 5_000
"""A smaller catalogue is built anew in seconds."""
MAX_SHARE = 0.02
"""Of the catalogue, that new items may be; more are left to the build."""


def add_new_items(
    directory: Path,
    config: Config,
    database: Database,
    snapshots: Snapshots,
    min_items: int | None = None,
) -> str | None:
    """Put the snapshot in service, with the items that the catalogue has besides, into service.

    Args:
        directory, config, database, snapshots: of the workspace.
        min_items: a smaller catalogue is left to the build; by default :data:`MIN_ITEMS`.

    Returns:
        Its version; ``None`` where there are no new items, or the build has to make them: where
        entities have events, items were erased, texts are described by a file, or a dense table
        of behaviour would outgrow its limit.

    Raises:
        NotFoundError: nothing has been built yet.
    """
    previous, min_items = snapshots.open(), MIN_ITEMS if min_items is None else min_items
    with database.reading() as connection:
        if not _can_grow(previous, connection, config, min_items):
            return None
        items = _unknown_items(previous, connection)
        known = int(previous.manifest["counts"]["items"])
        if not items or len(items) > MAX_SHARE * known:
            return None
        if "behaviour.table" in previous.arrays and known + len(items) > tables.MAX_DENSE_ITEMS:
            # A dense table that outgrows its limit would be copied by each process that opens it.
            return None
        with stage("reading the facts of new items"):
            graph = _graph(items, connection, config)
    with stage("encoding the texts of new items"):
        text, words = _texts(items, graph, previous, config, directory)
    with stage("adding new items"):
        growth = Growth(previous, NewItems(graph, text, words))
        own = ("format", "version", "files")
        manifest = {k: value for k, value in previous.manifest.items() if k not in own}
        for origin in ("model", "graph"):
            manifest[origin] = manifest[origin] or previous.version
        manifest["counts"] = growth.counts
        version = snapshots.publish(manifest, growth.arrays, parent=previous)
        named = named_snapshots(config.experiments)
        prune_snapshots(snapshots, manifest["erasures"], manifest["items_erased"], named)
    say(f"{len(items)} new items are listed; graph and texts of all are built next")
    return version


def _can_grow(snapshot: Snapshot, connection: Connection, config: Config, min_items: int) -> bool:
    manifest = snapshot.manifest
    n_items = int(manifest["counts"]["items"])
    has_entities = len(snapshot.arrays["model.rows"]) > n_items
    has_erased = erasure.erased_item_count(connection) != manifest["items_erased"]
    return (
        n_items >= min_items
        and not has_entities
        and not has_erased
        and not manifest["first_lists"]
        and config.text.descriptions is None
        and CHANGES in manifest
    )


def _unknown_items(snapshot: Snapshot, connection: Connection) -> list[Item]:
    ids = snapshot.strings("graph.items")
    frames = catalogue.frames_since(connection, int(snapshot.manifest[CHANGES]))
    changed = (item for frame in frames for item in items_of(frame))
    return sorted(
        (item for item in changed if ids.row(item.item_id) is None), key=lambda item: item.item_id
    )


def _graph(items: list[Item], connection: Connection, config: Config) -> KnowledgeGraph:
    """What is stated of the new items, over them alone."""
    identity = resolve_identity(connection, config)
    subjects = [name for item in items for name in (ITEM + item.item_id, item.item_id)]
    rows = accepted_rows(connection, config, identity, only=facts.c.subject.in_(subjects))
    new = {item.item_id for item in items}
    return graph_of_rows(
        items=items,
        extra_item_ids=(),
        rows=rows,
        links=[link for link in identity.links if link.item_id in new],
        config=config,
        canonical=identity.canonical,
        references=identity.item_ids,
    )


def _texts(
    items: list[Item],
    graph: KnowledgeGraph,
    snapshot: Snapshot,
    config: Config,
    directory: Path,
) -> tuple[NDArray[np.float32], CSR]:
    """Vectors of the texts of new items, float32[m, t], and their words, CSR[m, V]."""
    learning: dict[str, Any] = snapshot.learning
    texts = [item_text(item) for item in items]
    if learning["text.flags"][0]:
        phrased = item_texts(items, graph, associate(graph), config.relations)
        texts = [text.text for text in phrased]
    model = WorkspaceEncoder.of_snapshot(snapshot, config, directory)
    cache = Database(directory / VECTORS_FILE, caches.vector_metadata)
    try:
        present = [row for row, text in enumerate(texts) if text]
        known_vectors = rows_of(snapshot.arrays["text.vectors"])
        width = max(known_vectors.shape[1], 1)
        vectors = np.zeros((len(texts), width), dtype=np.float32)
        if present and len(known_vectors):
            vectors[present] = model.encoder(cache).encode([texts[row] for row in present])
    finally:
        cache.close()
    parts = tuple(learning[f"words.{name}"] for name in ("values", "indices", "indptr"))
    shape = (len(parts[2]) - 1, int(learning["words.width"][0]))
    known = sparse.csr_array(parts, shape=shape)
    return vectors, words_of_new(texts, known, snapshot.strings("words.vocabulary"))
