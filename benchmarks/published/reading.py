"""A set's texts as vectors, kept between runs by what they say and what reads them."""

from __future__ import annotations

from benchmarks.published.sets.set import BenchmarkDataset
from tastegraph.data.downloads import cache_root
from tastegraph.models.item_features import ItemFeatures, joining_labels
from tastegraph.pipeline.item_features import NodeTexts, encode_item_features
from tastegraph.profiles.association import associate
from tastegraph.store import caches
from tastegraph.store.database import Database
from tastegraph.text.encoder import Encoder
from tastegraph.text.folders import find_model
from tastegraph.text.texts import item_text


def item_features_of(dataset: BenchmarkDataset) -> ItemFeatures:
    """What is known of the set's items, read by the language model that its configuration names."""
    folder = cache_root() / "benchmark"
    folder.mkdir(parents=True, exist_ok=True)
    texts = NodeTexts(
        associations=associate(dataset.graph),
        items=[item_text(item) for item in dataset.items],
        facts_in_text=[],
        labels=joining_labels(dataset.graph),
        entities=[],
    )
    reads = dataset.config.text
    cache = Database(folder / "vectors.db", caches.vector_metadata)
    try:
        encoder = Encoder(find_model(reads.encoder, folder), reads.max_tokens, cache)
        return encode_item_features(dataset.graph, texts, encoder)
    finally:
        cache.close()
