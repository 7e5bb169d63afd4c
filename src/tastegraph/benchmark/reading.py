"""A set's texts as vectors, kept between runs by what they say and what reads them."""

from __future__ import annotations

from tastegraph.assets import cache_root
from tastegraph.benchmark.sets.set import Set
from tastegraph.language.encoder import Encoder
from tastegraph.language.folders import located
from tastegraph.language.texts import item_text
from tastegraph.learning.content import encoded
from tastegraph.learning.texts import Texts, joining_labels
from tastegraph.ranking.learned import Content
from tastegraph.storage import vectors
from tastegraph.storage.database import Database


def content_of(told: Set) -> Content:
    """What is known of the set's items, read by the language model that its configuration names."""
    folder = cache_root() / "benchmark"
    folder.mkdir(parents=True, exist_ok=True)
    texts = Texts(
        items=[item_text(item) for item in told.items],
        told=[],
        labels=joining_labels(told.graph),
        entities=[],
    )
    reads = told.config.text
    cache = Database(folder / "vectors.db", vectors.metadata)
    try:
        encoder = Encoder(located(reads.encoder, folder), reads.max_tokens, cache)
        return encoded(told.graph, texts, encoder)
    finally:
        cache.close()
