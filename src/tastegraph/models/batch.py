"""Many histories at once: what a list of each needs of all items comes from products of matrices.

One history reads every item's vector once, and so do a hundred: a product of two matrices reads
them from the cache of the processor. What follows is as for a single history, on the candidates
alone, so that lists are those that :meth:`~tastegraph.models.hybrid.HybridModel.rank` gives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Self

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.top_k import best_rows
from tastegraph.models.base import SimilarityComponent, segment
from tastegraph.models.hybrid import OVERSAMPLING, HybridModel
from tastegraph.models.kernels import FactorKernel, Scores
from tastegraph.models.ranked import Quota, inverse_spread_of_one
from tastegraph.models.retrieval.evidence import Evidence, ScoredItems, UserVector
from tastegraph.models.retrieval.index import RetrievalIndex
from tastegraph.profiles.attention import attended
from tastegraph.profiles.interactions import History

BLOCK_BYTES = 64 * 2**20
"""Memory of one component's scores of a block, at most."""
MAX_BLOCK = 256
"""Histories of a block, at most."""
ROWS_AT_ONCE = 4_096
"""Rows of the index that are multiplied at a time."""


def block_size(model: HybridModel) -> int:
    """How many histories of ``model`` are scored at once."""
    return max(1, min(MAX_BLOCK, BLOCK_BYTES // (4 * max(model.n_items, 1))))


@dataclass(frozen=True)
class BlockModel(HybridModel):
    """A model that has looked at some histories together, and ranks each of them as it does alone.

    Any other history it ranks like the model that it was made of.

    Attributes:
        histories: the block.
        evidence: of each of them, what each component with a weight says.
        totals: float32[B, I], what the index and the rest say of each item, about; ``None`` without
            an index.
    """

    histories: Sequence[History] = ()
    evidence: Sequence[Mapping[str, Evidence]] = ()
    totals: Scores | None = field(default=None, repr=False)

    @classmethod
    def of(cls, model: HybridModel, histories: Sequence[History]) -> Self:
        """``model``, and what it says of a block of :func:`block_size` histories."""
        own = {each.name: getattr(model, each.name) for each in fields(HybridModel)}
        evidence: list[dict[str, Evidence]] = [{} for _ in histories]
        segments = [segment(history) for history in histories]
        for name, component in model.similarities.items():
            warm, cold = model.blend.rows(name, segments)
            rows = np.flatnonzero((warm != 0) | (cold != 0)).tolist()
            scored = _evidence(model, name, component, [histories[row] for row in rows])
            for row, of_component in zip(rows, scored, strict=True):
                evidence[row][name] = of_component
        totals = None
        if model.index is not None:
            totals = _totals(model, model.index, segments, evidence)
        return cls(**own, histories=histories, evidence=evidence, totals=totals)

    def _evidence(self, history: History, index: RetrievalIndex | None) -> dict[str, Evidence]:
        row = self._row(history)
        if row is None or index is not self.index:
            return super()._evidence(history, index)
        return dict(self.evidence[row])

    def _candidates(
        self,
        history: History,
        evidence: Mapping[str, Evidence],
        quotas: Sequence[Quota],
        index: RetrievalIndex,
    ) -> tuple[NDArray[np.int64], bool]:
        row = self._row(history)
        if row is None or self.totals is None:
            return super()._candidates(history, evidence, quotas, index)
        scores = self.totals[row]
        is_silent = not scores.any()
        if is_silent:
            scores = self.prior()
        scores = scores[: self.n_listed]
        candidates = [
            best_rows(
                scores
                if quota.items is None
                else np.where(quota.items[: self.n_listed], scores, -np.inf),
                max(index.n_candidates, OVERSAMPLING * quota.size),
            )
            for quota in quotas
        ]
        return np.unique(np.concatenate(candidates)), is_silent

    def _row(self, history: History) -> int | None:
        """The place of a history in the block: the very object, as equal ones are not compared."""
        return self._rows.get(id(history))

    @cached_property
    def _rows(self) -> dict[int, int]:
        return {id(history): row for row, history in enumerate(self.histories)}


def _evidence(
    model: HybridModel, name: str, component: SimilarityComponent, histories: Sequence[History]
) -> list[Evidence]:
    """What a component says of each history: by vectors those of the index, else of all items."""
    kernel, index = component.kernel, model.index
    if index is not None and name in index.moments and isinstance(kernel, FactorKernel):
        return [
            UserVector.of(component, kernel, history, model.warm, index.moments[name])
            for history in histories
        ]
    warm = model.warm.astype(np.float32)
    n_items = kernel.n_items
    at_once = [row for row, each in enumerate(histories) if (each.items < n_items).all()]
    attention = {row: component.attention(histories[row]) for row in at_once}
    evidence: list[Evidence | None] = [None] * len(histories)
    if at_once:
        block = [histories[row] for row in at_once]
        scores = kernel.score(attended(block, list(attention.values()), n_items))
        for row, of_row in zip(at_once, scores, strict=True):
            spread = inverse_spread_of_one(of_row, warm)
            evidence[row] = ScoredItems(attention[row], spread, of_row)
    # A history with events on nodes behind the items is scored alone.
    return [
        ScoredItems.of(component, history, warm) if of_history is None else of_history
        for history, of_history in zip(histories, evidence, strict=True)
    ]


def _totals(
    model: HybridModel,
    index: RetrievalIndex,
    segments: Sequence[str],
    evidence: Sequence[Mapping[str, Evidence]],
) -> Scores:
    """float32[B, I]: what all evidence says of each item, by the index about."""
    size = len(segments)
    users = np.zeros((2, size, index.vectors.shape[1]), dtype=np.float32)
    weights = {name: np.stack(model.blend.rows(name, segments)) for name in model.components}
    for row, of_history in enumerate(evidence):
        for name, scored in of_history.items():
            if isinstance(scored, UserVector):
                query = np.float32(scored.spread) * (scored.vector @ index.queries[name])
                users[:, row] += np.outer(weights[name][:, row], query)
    totals = _products(users, index, model.warm)
    warm = model.warm
    for row, of_history in enumerate(evidence):
        for name, scored in of_history.items():
            if isinstance(scored, ScoredItems):
                on_warm, on_cold = weights[name][:, row] * np.float32(scored.spread)
                factor = on_warm if on_warm == on_cold else np.where(warm, on_warm, on_cold)
                totals[row] += factor * scored.scores
    for name, prior in model.priors.items():
        on_warm, on_cold = weights[name]
        if on_warm.any() or on_cold.any():
            values = prior.values * model.inverse_spread(prior.values[None, :])[0]
            totals += np.where(warm, on_warm[:, None], on_cold[:, None]) * values
    return totals


def _products(users: Scores, index: RetrievalIndex, warm: NDArray[np.bool_]) -> Scores:
    """float32[B, I] from float32[2, B, k]: what users look for on warm items, and on cold ones."""
    n_items = len(index.vectors)
    products = np.empty((users.shape[1], n_items), dtype=np.float32)
    for start in range(0, n_items, ROWS_AT_ONCE):
        at = slice(start, start + ROWS_AT_ONCE)
        vectors = np.asarray(index.vectors[at], dtype=np.float32)
        products[:, at] = users[0] @ vectors.T
        cold = np.flatnonzero(~warm[at])
        if len(cold):
            products[:, start + cold] = users[1] @ vectors[cold].T
    return products
