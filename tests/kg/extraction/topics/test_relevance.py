"""Relevance by an encoder: hand-computed vectors, and what is left out."""

from __future__ import annotations

import numpy as np
import pytest

from tastegraph.kg.extraction.topics import selection
from tastegraph.kg.extraction.topics.reader import TopicReader
from tastegraph.kg.extraction.topics.relevance import TextRelevance
from tastegraph.kg.extraction.topics.selection import select
from tastegraph.kg.extraction.topics.variants import fuse_variants

VECTORS = {
    "A garden.": (1, 0), "The garden.": (1, 0), "A desert.": (0, 1), "The desert.": (-1, 0),
    "garden": (1, 0), "desert": (0, 1),
}  # fmt: skip
TEXTS = list(VECTORS)[:4]


def encode(texts):
    return np.array([VECTORS[text] for text in texts], dtype=np.float32)


def test_relevance_is_in_standard_deviations_above_the_mean():
    """Cosines of *garden*: 1, 1, 0, −1; mean 1/4, variance 3/4 − 1/16. *desert*: 0, 0, 1, 0."""
    table = fuse_variants(TopicReader().read(("", text) for text in TEXTS))
    relevance = TextRelevance(encode, TEXTS)(table)
    of = {
        (table.keys[key], document): value
        for key, document, value in zip(table.key, table.document, relevance, strict=True)
    }
    assert of["garden", 0] == pytest.approx(0.75 / np.sqrt(0.75 - 0.0625))
    assert of["desert", 2] == pytest.approx(0.75 / np.sqrt(0.25 - 0.0625))
    assert of["desert", 3] == pytest.approx(-0.25 / np.sqrt(0.25 - 0.0625))


def test_topics_far_from_their_texts_are_left_out():
    table = fuse_variants(TopicReader().read(("", text) for text in TEXTS))
    chosen = select(table, 4, (), TextRelevance(encode, TEXTS))
    assert {table.keys[key] for key in chosen.table.key} == {"garden"}
    assert chosen.examples[selection.IRRELEVANT] == ["desert"]
