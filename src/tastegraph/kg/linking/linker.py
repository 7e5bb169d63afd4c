"""The linker: which entity an item or a mention is, or none, with a calibrated confidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.arrays import Bools
from tastegraph.core.progress import progress
from tastegraph.core.records import Item, Link
from tastegraph.kg.linking.calibration import threshold_for
from tastegraph.kg.linking.candidates import CandidateGenerator, CandidatePairs, Encode
from tastegraph.kg.linking.entities import EntityIndex
from tastegraph.kg.linking.features import LINK_FEATURES, PairFeatures, ranks, with_plausibility
from tastegraph.kg.linking.queries import (
    LinkingQuery,
    MentionInContext,
    item_query,
    mention_query,
)
from tastegraph.kg.linking.scoring import LinkScorer, plausibility, prior_scores

TARGET_PRECISION = 0.97
"""Share of links that shall be right, estimated on held-out known links."""

UNFITTED_THRESHOLD = 0.8
"""Confidence from which on a link is made where there are no known links to learn from."""

MIN_THRESHOLD = 0.5
"""No link is made with less confidence, even if the target precision allows it."""

MIN_REVIEW_CONFIDENCE, MAX_REVIEW_CANDIDATES = 0.1, 5
"""Candidates that a person may review: their least confidence, and how many per query."""

SEED = 1
"""Of the training."""

NIL_SHARE = 0.1
"""Share of the known links that are repeated in training with their entity removed. Catalogues hold
many items that no graph has, but known links seldom say so."""

MAX_TRAINING_LINKS = 10_000
"""Known links that are learned from, at most: a sample, where there are more."""

QUERIES_PER_BATCH = 5_000
"""Items or mentions whose candidates are compared at once."""

MIN_TRAINING_PAIRS = 50
"""Right and wrong pairs of known links that are needed to fit a scorer."""


class EntityCandidate(NamedTuple):
    """An entity that an item or a mention may be."""

    entity_id: str
    confidence: float


@dataclass(frozen=True, slots=True)
class LinkingResult:
    """The entity of one item or mention, and the alternatives.

    Attributes:
        item_id: id of the item, or position of the mention in its list.
        entity_id: the linked entity; ``None`` where no candidate has enough confidence.
        confidence: probability that the most likely candidate is right; 0 without candidates.
        candidates: those with at least :data:`MIN_REVIEW_CONFIDENCE`, best first, for review where
            ``entity_id`` is ``None``.
    """

    item_id: str
    entity_id: str | None
    confidence: float
    candidates: tuple[EntityCandidate, ...]


class Linker:
    """Links items and mentions to the entities of a knowledge graph.

    Retrieve and rerank (Wu et al., EMNLP 2020, BLINK, with small models): a few candidates by name
    and by meaning, scored by agreement of names, years, context and ties, and by their lead over
    the other candidates.

    Args:
        entities: the entities to link to.
        encode: texts → float32[n, d], rows of length 1; without it, only names find candidates.
        candidates: bool[N], the entities that may be linked to; by default all.

    Attributes:
        threshold: confidence from which on a link is made.
    """

    def __init__(
        self,
        entities: EntityIndex,
        encode: Encode | None = None,
        candidates: Bools | None = None,
    ) -> None:
        self._entities = entities
        self._candidates = CandidateGenerator(entities, encode, candidates)
        self._features = PairFeatures(entities, self._candidates)
        self._scorer: LinkScorer | None = None
        self.threshold = UNFITTED_THRESHOLD

    def fit(self, known_links: Sequence[Link], items: Sequence[Item]) -> Self:
        """Learn from known links; with fewer than :data:`MIN_TRAINING_PAIRS` pairs, do nothing.

        A known entity that is not in the graph means that no entity of the graph is right.

        Args:
            known_links: item → entity.
            items: the catalogue; items without a known link are ignored.
        """
        entity_of = {link.item_id: link.entity_id for link in known_links}
        linked_items = [item for item in items if item.item_id in entity_of]
        if len(linked_items) > MAX_TRAINING_LINKS:
            rng = np.random.default_rng(SEED)
            rows = rng.choice(len(linked_items), MAX_TRAINING_LINKS, replace=False)
            linked_items = [linked_items[row] for row in sorted(rows.tolist())]
        queries = [item_query(item) for item in linked_items]
        gold = np.array(
            [self._entities.numbers.get(entity_of[item.item_id], -1) for item in linked_items],
            dtype=np.int64,
        )
        origin, gold, hidden = _with_nil_queries(gold)
        queries = [queries[q] for q in origin.tolist()]
        pairs = self._candidates.pairs(queries)
        pairs = pairs.where(pairs.entity != hidden[pairs.query])
        correct = pairs.entity == gold[pairs.query]
        if min(correct.sum(), (~correct).sum()) < MIN_TRAINING_PAIRS:
            return self
        features = self._features.table(queries, pairs)
        self._scorer = LinkScorer(features, pairs, gold, origin, self._entities.ties, SEED)
        confidence = self._scorer.held_out
        best = _best_pairs(pairs, confidence)
        threshold = threshold_for(TARGET_PRECISION, confidence[best], correct[best])
        self.threshold = max(threshold, MIN_THRESHOLD)
        return self

    def link(self, items: Sequence[Item]) -> list[LinkingResult]:
        """Link each item, in order.

        Without a fitted scorer, the ties of the items that are unambiguous by name and year say
        which ties are plausible for the others.
        """
        return self._link([item_query(item) for item in items], share_ties=True)

    def link_mentions(self, mentions: Sequence[MentionInContext]) -> list[LinkingResult]:
        """Link each mention, in order, independently of the others."""
        queries = [mention_query(str(place), mention) for place, mention in enumerate(mentions)]
        return self._link(queries, share_ties=False)

    def _link(self, queries: Sequence[LinkingQuery], share_ties: bool) -> list[LinkingResult]:
        compared: list[_Compared] = []
        linked = [np.zeros(0, dtype=np.int64)]
        results: list[LinkingResult] = []
        with progress("names compared", len(queries)) as advance:
            for start in range(0, len(queries), QUERIES_PER_BATCH):
                batch = queries[start : start + QUERIES_PER_BATCH]
                pairs = self._candidates.pairs(batch)
                features = self._features.table(batch, pairs)
                if self._scorer is not None:
                    results += self._results(batch, pairs, self._scorer(features, pairs))
                else:
                    compared.append(_Compared(batch, pairs, features))
                    linked += [_unambiguous_entities(features, pairs)] if share_ties else []
                advance(len(batch))
        log_odds = plausibility(self._entities.ties, np.unique(np.concatenate(linked)))
        for batch, pairs, features in compared:
            confidence = prior_scores(with_plausibility(features, pairs, log_odds))
            results += self._results(batch, pairs, confidence)
        return results

    def _results(
        self,
        queries: Sequence[LinkingQuery],
        pairs: CandidatePairs,
        confidence: NDArray[np.float64],
    ) -> list[LinkingResult]:
        rank = ranks(pairs.query, confidence)
        candidates: list[list[EntityCandidate]] = [[] for _ in queries]
        highest = np.zeros(len(queries))
        for p in np.lexsort((rank, pairs.query)).tolist():
            q, of_pair = int(pairs.query[p]), float(confidence[p])
            highest[q] = max(highest[q], of_pair)
            if rank[p] < MAX_REVIEW_CANDIDATES and of_pair >= MIN_REVIEW_CONFIDENCE:
                entity_id = self._entities.ids[pairs.entity[p]]
                candidates[q].append(EntityCandidate(entity_id, of_pair))
        entity: list[str | None] = [None] * len(queries)
        for p in _best_pairs(pairs, confidence):
            if confidence[p] >= self.threshold:
                entity[pairs.query[p]] = self._entities.ids[pairs.entity[p]]
        return [
            LinkingResult(query.query_id, entity[q], float(highest[q]), tuple(candidates[q]))
            for q, query in enumerate(queries)
        ]


class _Compared(NamedTuple):
    queries: Sequence[LinkingQuery]
    pairs: CandidatePairs
    features: NDArray[np.float64]


def _best_pairs(pairs: CandidatePairs, confidence: NDArray[np.float64]) -> NDArray[np.int64]:
    """Positions of the most confident pair of each query."""
    return np.flatnonzero(ranks(pairs.query, confidence) == 0)


def _with_nil_queries(
    gold: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Repeat a share of the queries as if their entity were not in the graph.

    Returns:
        origin: int64[Q'], position of the original query;
        gold: int64[Q'], its entity, -1 for repeated ones;
        hidden: int64[Q'], the entity that is no candidate of it, -1 for original ones.
    """
    originals = np.arange(len(gold), dtype=np.int64)
    rng = np.random.default_rng(SEED)
    repeated = np.sort(rng.choice(originals, round(NIL_SHARE * len(gold)), replace=False))
    return (
        np.concatenate([originals, repeated]),
        np.concatenate([gold, np.full(len(repeated), -1)]),
        np.concatenate([np.full(len(gold), -1), gold[repeated]]),
    )


def _unambiguous_entities(
    features: NDArray[np.float64], pairs: CandidatePairs
) -> NDArray[np.int64]:
    """Entities that are the only ones with the main name of a query, and have its year."""
    same_name = features[:, LINK_FEATURES.index("own_exact")] == 1
    only_bearer = np.isclose(features[:, LINK_FEATURES.index("bearers")], np.log1p(1))
    same_year = features[:, LINK_FEATURES.index("near_year")] > 0
    return np.unique(pairs.entity[same_name & only_bearer & same_year])
