"""How alike the items of a pool are: by what is known of them, and by their texts."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tastegraph.core.arrays import Bools
from tastegraph.profiles.association import Associations
from tastegraph.serving.snapshot.texts import SnapshotTexts


def similarity_in_pool(
    items: NDArray[np.int64], associations: Associations, texts: SnapshotTexts
) -> Callable[[int], NDArray[np.floating]]:
    """A function of a place in ``items`` (int64[C], ascending) to float[C] in [0, 1].

    It is the mean of the cosines of two items' associations, and of their texts' vectors after the
    pool's mean is taken away; where one of the two says nothing of an item, the other alone.
    """
    facts = sparse.csr_array(associations.strength[items], copy=True)
    lengths = np.sqrt(np.asarray(facts.multiply(facts).sum(axis=1)).ravel())
    facts.data = facts.data / np.repeat(np.maximum(lengths, 1e-12), np.diff(facts.indptr))
    vectors = np.zeros((len(items), texts.vectors.shape[1]), dtype=np.float32)
    if len(texts.items):
        places = np.minimum(np.searchsorted(texts.items, items), len(texts.items) - 1)
        has_text = np.asarray(texts.items)[places] == items
        rows = texts.vectors[places[has_text]].astype(np.float32)
        vectors[has_text] = rows - (rows.mean(axis=0) if len(rows) else 0)
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    has_facts: Bools = np.asarray(lengths > 0)
    has_words: Bools = np.asarray(vectors.any(axis=1))

    def similarity(place: int) -> NDArray[np.floating]:
        by_facts = facts @ facts[[place]].toarray().ravel()
        by_texts = np.maximum(vectors @ vectors[place], 0)
        known = has_facts & has_facts[place], has_words & has_words[place]
        total = by_facts * known[0] + by_texts * known[1]
        return np.asarray(total / np.maximum(known[0].astype(float) + known[1], 1.0))

    return similarity
