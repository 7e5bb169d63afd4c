"""What is known about items apart from what users did with them: the graph, and texts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tastegraph.core.arrays import CSR, binary
from tastegraph.kg.graph import KnowledgeGraph
from tastegraph.models.decomposition import Compressed, affordable_dimensions, compressed
from tastegraph.models.knowledge import knowledge_features
from tastegraph.models.text import text_features
from tastegraph.profiles.association import Associations, associate
from tastegraph.profiles.semantics import Reliability, Semantics, learn_semantics

TIES_DIMENSIONS = 512
"""Of compressed facts, at most."""


@dataclass(frozen=True)
class ItemFeatures:
    """What is known about items apart from events on them.

    Items are ranked by what is stated alone: what a text lies near would compare texts once more.

    Attributes:
        graph: the knowledge graph.
        text: float32[n_nodes, t], unit rows, or zeros where a node has no text.
        words: float32 CSR[I, V], what the items' texts say word for word, unit rows.
        facts_in_text: whether the texts tell the facts, so that what they lie near is no news.
        finetuned: whether the language model was finetuned on behaviour, all but that on the items
            of :func:`~tastegraph.models.cold_start.cold_item_holdout`.
        stated: the associations of ``graph``, where they are known already.
        towers: vectors that were learned from these texts and from events, by a digest of these;
            other graphs over the same texts share them.
        vocabulary: the V words; empty where nothing needs them.
    """

    graph: KnowledgeGraph
    text: NDArray[np.float32]
    words: CSR
    facts_in_text: bool = False
    finetuned: bool = False
    stated: Associations | None = field(default=None, repr=False, compare=False)
    towers: dict[bytes, NDArray[np.float32]] = field(
        default_factory=dict, repr=False, compare=False
    )
    vocabulary: Sequence[str] = field(default=(), repr=False, compare=False)

    @cached_property
    def associations(self) -> Associations:
        """Items × features, as they are stated."""
        return associate(self.graph) if self.stated is None else self.stated

    def ties(self, kind_weights: NDArray[np.float32]) -> CSR:
        """Items × features weighted by their kinds (float32[2R]); of the newest weights kept."""
        weights = kind_weights.tobytes()
        if weights not in self._ties:
            self._ties.clear()
            self._ties[weights] = knowledge_features(self.associations, kind_weights)
        return self._ties[weights]

    def compressed_ties(self, kind_weights: NDArray[np.float32]) -> Compressed:
        """:meth:`ties` in few dimensions; those of the newest weights are kept."""
        weights = kind_weights.tobytes()
        if weights not in self._compressed_ties:
            self._compressed_ties.clear()
            dimensions = affordable_dimensions(self.graph.n_items, TIES_DIMENSIONS)
            self._compressed_ties[weights] = compressed(self.ties(kind_weights), dimensions)
        return self._compressed_ties[weights]

    @cached_property
    def _ties(self) -> dict[bytes, CSR]:
        return {}

    @cached_property
    def _compressed_ties(self) -> dict[bytes, Compressed]:
        return {}

    @cached_property
    def groups(self) -> CSR:
        """bool CSR[F, I]: items that share a feature, for each that several have."""
        by_feature = sparse.csc_array(self.associations.strength)
        sizes = np.diff(by_feature.indptr)
        shared = np.repeat(sizes > 1, sizes)
        feature = np.repeat(np.cumsum(sizes > 1) - 1, sizes)[shared]
        shape = (int((sizes > 1).sum()), by_feature.shape[0])
        return binary(feature, by_feature.indices[shared], shape)

    @cached_property
    def semantics(self) -> tuple[Semantics, Reliability] | None:
        """What texts lie near, learned from items with facts; ``None`` where it cannot be."""
        if self.facts_in_text:
            return None
        return learn_semantics(self.associations, self.text[: self.graph.n_items], self.text)

    @cached_property
    def likely(self) -> CSR:
        """float32 CSR[I, features]: how probable it is that items have what nobody states."""
        stated = self.associations.strength
        if self.semantics is None:
            return _empty(*stated.shape)
        items = self.text[: self.graph.n_items]
        return self.semantics[0].associate(items, besides=stated)

    @cached_property
    def text_features(self) -> NDArray[np.float32]:
        """float32[I, d]: what items' texts say, by vectors and word for word."""
        return text_features(self.text[: self.graph.n_items], self.words)

    def graph_off(self) -> ItemFeatures:
        """Control: no facts."""
        return replace(self, graph=self.graph.without_edges(), stated=None)

    def graph_shuffled(self, seed: int) -> ItemFeatures:
        """Control: as many facts of each relation, about the wrong things."""
        return replace(self, graph=self.graph.shuffled(seed), stated=None)

    def text_off(self) -> ItemFeatures:
        """Control: no text."""
        zeros = np.zeros_like(self.text)
        words = no_words(self.graph.n_items)
        return replace(self, text=zeros, words=words, stated=self.associations, towers={})

    def text_shuffled(self, seed: int) -> ItemFeatures:
        """Control: the same texts, of the wrong items; other nodes keep their names."""
        order = np.random.default_rng(seed).permutation(self.graph.n_items)
        text = self.text.copy()
        text[: len(order)] = text[order]
        words = self.words[order]
        return replace(self, text=text, words=words, stated=self.associations, towers={})


def no_words(n_items: int) -> CSR:
    """Texts without a word, float32 CSR[I, 0]."""
    return _empty(n_items, 0)


def _empty(rows: int, columns: int) -> CSR:
    empty = np.zeros(0, dtype=np.float32), np.zeros(0, np.int32), np.zeros(rows + 1, np.int32)
    return sparse.csr_array(empty, shape=(rows, columns))


def joining_labels(graph: KnowledgeGraph) -> list[str]:
    """The label of each node that is no item, empty where the node joins at most one edge."""
    labels, degrees = graph.labels[graph.n_items :], graph.degrees[graph.n_items :].tolist()
    return [label if n > 1 else "" for label, n in zip(labels, degrees, strict=True)]


def encode_nodes(
    graph: KnowledgeGraph,
    item_texts: Sequence[str],
    labels: Sequence[str],
    encode: Callable[[list[str]], NDArray[np.float32]],
) -> NDArray[np.float32]:
    """float32[n_nodes, d]: vectors of the texts of all nodes, of zeros where there is none.

    Args:
        graph: the graph.
        item_texts: of each item its text, or an empty one.
        labels: of each other node its label, or an empty one.
        encode: texts → float32[n, d].
    """
    texts = [*item_texts, *labels]
    rows = [row for row, text in enumerate(texts) if text]
    return scattered_rows(encode([texts[row] for row in rows]), rows, graph.n_nodes)


def scattered_rows(
    vectors: NDArray[np.float32], rows: list[int], n_nodes: int
) -> NDArray[np.float32]:
    """float32[n_nodes, d]: ``vectors`` in ``rows``, zeros elsewhere."""
    text = np.zeros((n_nodes, max(vectors.shape[1], 1)), dtype=np.float32)
    if rows:
        text[rows] = vectors
    return text
