"""Which entity an item or a mention is, or none, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.records import Item, Link
from tastegraph.kg.linking.calibration import threshold_for
from tastegraph.kg.linking.candidates import Candidates, Encode, Pairs
from tastegraph.kg.linking.entities import Entities
from tastegraph.kg.linking.features import NAMES, Features, ranks, with_ties
from tastegraph.kg.linking.queries import Mention, Query, item_query, mention_query
from tastegraph.kg.linking.scoring import Scorer, plausible, prior_scores

PRECISION = 0.97
"""Share of the links made that shall be right, where nobody asks for another."""

CAUTIOUS = 0.8
"""The confidence from which on a link is made where none are known to learn from."""

LIKELIER_THAN_NOT = 0.5
"""No link is made with less confidence, however well known links bear it."""

REVIEW, SHOWN = 0.1, 5
"""The least confidence of a candidate that a person is shown, and the most of them."""

ABSENT = 0.1
"""Share of the known links that is learned from once more as if the graph did not have the entity:
what a catalogue holds is often in no graph, but known links seldom say so."""

FEWEST = 50
"""Right candidates of known links, and wrong ones, from which on it is worth learning."""


class Candidate(NamedTuple):
    """An entity that something may be."""

    entity_id: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Linked:
    """What was decided of one item or mention.

    Attributes:
        item_id: of the item; of a mention, its place among those asked.
        entity_id: the entity that it is; ``None`` where no candidate is sure enough.
        confidence: probability that the most likely candidate is right; 0 without any.
        candidates: the few with a confidence of at least :data:`REVIEW`, best first: where
            ``entity_id`` is ``None``, a person may choose among them.
    """

    item_id: str
    entity_id: str | None
    confidence: float
    candidates: tuple[Candidate, ...]


class Linker:
    """Links items and mentions to the entities of a knowledge graph.

    Retrieve, then rank: a few candidates by name and by meaning, and of these the most probable by
    name, years, context, ties, and lead over the others (Wu et al. 2020, BLINK, made small).

    Args:
        entities: what there is to link to.
        encode: texts → float32[n, d], rows of length 1; without one, names alone find candidates.
        precision: share of the links made that shall be right, on known links held out.
        one_to_one: no entity is linked twice; who is more sure has it (unique mapping).

    Attributes:
        threshold: confidence from which on a link is made.
    """

    def __init__(
        self,
        entities: Entities,
        encode: Encode | None = None,
        precision: float = PRECISION,
        one_to_one: bool = False,
        seed: int = 1,
    ) -> None:
        self._entities, self._precision = entities, precision
        self._one_to_one, self._seed = one_to_one, seed
        self._candidates = Candidates(entities, encode)
        self._features = Features(entities, self._candidates)
        self._scorer: Scorer | None = None
        self._taken: dict[int, str] = {}
        self.threshold = CAUTIOUS

    def fit(self, known: Sequence[Link], items: Sequence[Item]) -> Self:
        """Learn from the items whose entity is known; too few (:data:`FEWEST`) teach nothing.

        A known entity that is not in the graph says that none of the graph is right.
        """
        entity = {link.item_id: link.entity_id for link in known}
        mine = [item for item in items if item.item_id in entity]
        queries = [item_query(item) for item in mine]
        gold = np.array(
            [self._entities.numbers.get(entity[i.item_id], -1) for i in mine], dtype=np.int64
        )
        if self._one_to_one:
            self._taken = {int(e): q.query_id for q, e in zip(queries, gold, strict=True) if e >= 0}
        origin, gold, hidden = _some_hidden(gold, self._seed)
        queries = [queries[q] for q in origin.tolist()]
        pairs = self._candidates.of(queries)
        pairs = pairs.where(pairs.entity != hidden[pairs.query])
        right = pairs.entity == gold[pairs.query]
        if min(right.sum(), (~right).sum()) < FEWEST:
            return self
        features = self._features.of(queries, pairs)
        self._scorer = Scorer(features, pairs, gold, origin, self._entities.ties, self._seed)
        confidence = self._scorer.held_out
        chosen = self._chosen(pairs, confidence, queries)
        least = threshold_for(self._precision, confidence[chosen], right[chosen])
        self.threshold = max(least, LIKELIER_THAN_NOT)
        return self

    def link(self, items: Sequence[Item]) -> list[Linked]:
        """Decide of each item, in order.

        Without known links, which ties are plausible is taken from the items whose name and year
        leave no doubt.
        """
        return self._link([item_query(item) for item in items], alike=True)

    def link_mentions(self, mentions: Sequence[Mention]) -> list[Linked]:
        """Decide of each mention, in order, each by itself."""
        return self._link(_numbered(mentions), alike=False)

    def _link(self, queries: Sequence[Query], alike: bool) -> list[Linked]:
        pairs = self._candidates.of(queries)
        features = self._features.of(queries, pairs)
        if self._scorer is not None:
            confidence = self._scorer(features, pairs)
        else:
            sure = _without_doubt(features, pairs) if alike else np.zeros(0, dtype=np.int64)
            plausibility = plausible(self._entities.ties, sure)
            confidence = prior_scores(with_ties(features, pairs, plausibility))
        rank = ranks(pairs.query, confidence)
        shown: list[list[Candidate]] = [[] for _ in queries]
        best = np.zeros(len(queries))
        for p in np.lexsort((rank, pairs.query)).tolist():
            q, sureness = int(pairs.query[p]), float(confidence[p])
            best[q] = max(best[q], sureness)
            if rank[p] < SHOWN and sureness >= REVIEW:
                shown[q].append(Candidate(self._entities.ids[pairs.entity[p]], sureness))
        entity: list[str | None] = [None] * len(queries)
        for p in self._chosen(pairs, confidence, queries):
            if confidence[p] >= self.threshold:
                entity[pairs.query[p]] = self._entities.ids[pairs.entity[p]]
        return [
            Linked(query.query_id, entity[q], float(best[q]), tuple(shown[q]))
            for q, query in enumerate(queries)
        ]

    def _chosen(
        self, pairs: Pairs, confidence: NDArray[np.float64], queries: Sequence[Query]
    ) -> NDArray[np.int64]:
        """The pair of each query that is to be judged, where there is one."""
        if not self._one_to_one:
            return np.flatnonzero(ranks(pairs.query, confidence) == 0)
        taken, served, chosen = dict(self._taken), set[int](), []
        for p in np.argsort(-confidence, kind="stable").tolist():
            query, entity = int(pairs.query[p]), int(pairs.entity[p])
            query_id = queries[query].query_id
            if query not in served and taken.setdefault(entity, query_id) == query_id:
                served.add(query)
                chosen.append(p)
        return np.array(sorted(chosen), dtype=np.int64)


def _some_hidden(
    gold: NDArray[np.int64], seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """The queries, and some once more; of each its entity, and the one it may not find, or -1."""
    every = np.arange(len(gold), dtype=np.int64)
    rng = np.random.default_rng(seed)
    again = np.sort(rng.choice(every, round(ABSENT * len(gold)), replace=False))
    return (
        np.concatenate([every, again]),
        np.concatenate([gold, np.full(len(again), -1)]),
        np.concatenate([np.full(len(gold), -1), gold[again]]),
    )


def _numbered(mentions: Sequence[Mention]) -> list[Query]:
    return [mention_query(str(place), mention) for place, mention in enumerate(mentions)]


def _without_doubt(features: NDArray[np.float64], pairs: Pairs) -> NDArray[np.int64]:
    """The entities that alone bear the name of a query, in the very year."""
    own = features[:, NAMES.index("own_exact")] == 1
    alone = np.isclose(features[:, NAMES.index("bearers")], np.log1p(1))
    in_year = features[:, NAMES.index("near_year")] > 0
    return np.unique(pairs.entity[own & alone & in_year])
