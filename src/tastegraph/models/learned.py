"""What goes into a fit and what comes out of it, as plain data."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tastegraph.core.arrays import CSR, binary
from tastegraph.kg.graph import KnowledgeGraph
from tastegraph.models.behaviour import Filter
from tastegraph.models.filters import DENSE_ITEMS, knowledge_features
from tastegraph.models.graph_network.parameters import NetworkSettings, TrainedNetwork
from tastegraph.models.kernels import Scores
from tastegraph.models.mapping import FEWEST, Compressed, Target, compressed, text_features
from tastegraph.profiles.association import Associations, associate
from tastegraph.profiles.attention import Recency
from tastegraph.profiles.semantics import Reliability, Semantics, learn_semantics


@dataclass(frozen=True)
class ItemFeatures:
    """What is known about items apart from what people did with them.

    Items are ranked by what is stated alone: what a text lies near would compare texts once more.

    Attributes:
        graph: the knowledge graph.
        text: float32[n_nodes, t], unit rows, or zeros where a node has no text.
        words: float32 CSR[I, V], what the items' texts say word for word, unit rows.
        facts_in_text: whether the texts tell the facts, so that what they lie near is no news.
        taught: whether behaviour taught the language model, all but that on items that play cold.
    """

    graph: KnowledgeGraph
    text: NDArray[np.float32]
    words: CSR
    facts_in_text: bool = False
    taught: bool = False

    @cached_property
    def associations(self) -> Associations:
        """Items × features, as they are stated."""
        return associate(self.graph)

    def ties(self, kind_weights: NDArray[np.float32]) -> tuple[CSR, Compressed]:
        """Items × features weighted by their kinds (float32[2R]), and the same in few dimensions.

        Those of the weights that were asked for last are kept.
        """
        weights = kind_weights.tobytes()
        if weights not in self._ties:
            self._ties.clear()
            ties = knowledge_features(self.associations, kind_weights)
            self._ties[weights] = ties, compressed(ties, FEWEST)
        return self._ties[weights]

    @cached_property
    def _ties(self) -> dict[bytes, tuple[CSR, Compressed]]:
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
            return _nothing(*stated.shape)
        items = self.text[: self.graph.n_items]
        return self.semantics[0].associate(items, besides=stated)

    @cached_property
    def text_features(self) -> NDArray[np.float32]:
        """float32[I, d]: what items' texts say, by vectors and word for word."""
        return text_features(self.text[: self.graph.n_items], self.words)

    def graph_off(self) -> ItemFeatures:
        """Control: no facts."""
        return replace(self, graph=self.graph.without_edges())

    def graph_shuffled(self, seed: int) -> ItemFeatures:
        """Control: as many facts of each relation, about the wrong things."""
        return replace(self, graph=self.graph.shuffled(seed))

    def text_off(self) -> ItemFeatures:
        """Control: no text."""
        nothing = np.zeros_like(self.text)
        return replace(self, text=nothing, words=no_words(self.graph.n_items))

    def text_shuffled(self, seed: int) -> ItemFeatures:
        """Control: the same texts, of the wrong items; other nodes keep their names."""
        order = np.random.default_rng(seed).permutation(self.graph.n_items)
        text = self.text.copy()
        text[: len(order)] = text[order]
        return replace(self, text=text, words=self.words[order])


@dataclass(frozen=True)
class Compared:
    """How one model stands beside the blend, on the same validation people.

    Attributes:
        model: its name.
        ndcg: mean NDCG@10.
        lead: mean over people of its NDCG@10 minus that of the blend.
        error: standard error of ``lead``.
        people: how many were compared.
        served: whether it is the one that is served.
    """

    model: str
    ndcg: float
    lead: float
    error: float
    people: int
    served: bool


@dataclass(frozen=True)
class Hyperparameters:
    """Every setting that validation data decides.

    Attributes:
        filter: what compares items by who liked both.
        targets: mapped part → what its features are mapped to.
        attention: part → recency weighting.
        network: how the graph network is trained.
        weights: person segment → part → weight on warm items.
        cold: person segment → part → weight on items without events, relative to one another;
            empty where too few events could decide.
        valid: NDCG@10 reached on validation data, where there was any.
        recent: seconds after which a like counts half in recent popularity; ``None`` where likes
            have no times.
        compared: what the blend and simple models reached on validation data.
    """

    filter: Filter
    targets: Mapping[str, Target]
    attention: Mapping[str, Recency]
    network: NetworkSettings
    weights: Mapping[str, Mapping[str, float]]
    cold: Mapping[str, Mapping[str, float]]
    valid: float | None
    recent: float | None = None
    compared: tuple[Compared, ...] = ()


@dataclass(frozen=True)
class FittedModel:
    """What was learned from events; it outlives changes of the graph.

    Attributes:
        hyperparameters: the settings.
        item_ids: rows and columns of ``table``; the items that had events are ``warm``.
        table: float32[I, I] dense or CSR, the behaviour kernel.
        kind_weights: (relation, reverse) → weight.
        network: the graph network.
        tower: float32[I, d], what texts say of engagement, from :mod:`tastegraph.models.tower`.
        cold: person segment → part → weight on items without events.
        recent: float32[I], people who like an item, an older like counting less; empty where likes
            have no times.
        touched: bool[I], items with any event that counts, for them or against.
    """

    hyperparameters: Hyperparameters
    item_ids: list[str]
    warm: NDArray[np.bool_]
    table: Scores | CSR
    kind_weights: Mapping[tuple[str, bool], float]
    network: TrainedNetwork
    tower: Scores
    cold: Mapping[str, Mapping[str, float]]
    recent: Scores = field(default_factory=lambda: np.zeros(0, dtype=np.float32))
    touched: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=np.bool_))

    def subset(self, item_ids: Collection[str]) -> FittedModel:
        """What was learned of the items in ``item_ids`` alone, and nothing of any other."""
        kept = set(item_ids)
        if kept.issuperset(self.item_ids):
            return self
        at = np.array([k for k, name in enumerate(self.item_ids) if name in kept], dtype=np.int64)
        return replace(
            self,
            item_ids=[self.item_ids[k] for k in at],
            warm=self.warm[at],
            table=aligned(self.table, at),
            network=self.network.subset(kept),
            tower=self.tower[at],
            recent=self.recent[at] if len(self.recent) else self.recent,
            touched=self.touched[at] if len(self.touched) else self.touched,
        )


def no_words(n_items: int) -> CSR:
    """Texts without a word, float32 CSR[I, 0]."""
    return _nothing(n_items, 0)


def aligned(table: Scores | CSR, rows: NDArray[np.int64]) -> Scores | CSR:
    """``table`` for the items now; those it does not know have empty rows and columns."""
    if len(rows) == table.shape[0] and np.array_equal(rows, np.arange(len(rows))):
        return table
    known = np.flatnonzero(rows >= 0)
    if isinstance(table, np.ndarray) and len(rows) > DENSE_ITEMS:
        table = sparse.csr_array(table)
    if isinstance(table, np.ndarray):
        aligned = np.zeros((len(rows), len(rows)), dtype=np.float32)
        aligned[np.ix_(known, known)] = table[np.ix_(rows[known], rows[known])]
        return aligned
    chosen = table[rows[known]][:, rows[known]].tocoo()
    shape = (len(rows), len(rows))
    return type(table)((chosen.data, (known[chosen.row], known[chosen.col])), shape=shape)


def _nothing(rows: int, columns: int) -> CSR:
    empty = np.zeros(0, dtype=np.float32), np.zeros(0, np.int32), np.zeros(rows + 1, np.int32)
    return sparse.csr_array(empty, shape=(rows, columns))
