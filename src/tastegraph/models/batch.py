"""Many histories at once: what a list of each needs of all items comes from products of matrices.

One history reads every item's vector once, and so do a hundred: a product of two matrices reads
them from the cache of the processor. What follows is as for a single history, on the candidates
alone, so that lists are those that :meth:`~tastegraph.models.hybrid.HybridModel.rank` gives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tastegraph.core.arrays import CSR, ROUNDING, Bools, without_rounding
from tastegraph.core.top_k import best_rows
from tastegraph.models.base import SimilarityComponent, segment
from tastegraph.models.hybrid import OVERSAMPLING, HybridModel
from tastegraph.models.kernels import FactorKernel, Scores
from tastegraph.models.kernels.kernel import others_alone
from tastegraph.models.ranked import Quota, inverse_spread_of_one
from tastegraph.models.retrieval.evidence import Evidence, ScoredItems, UserVector
from tastegraph.models.retrieval.index import RetrievalIndex
from tastegraph.models.retrieval.moments import Moments
from tastegraph.profiles.attention import attended
from tastegraph.profiles.interactions import History

BLOCK_BYTES = 128 * 2**20
"""Memory of one component's scores of a block, at most."""
MAX_BLOCK = 256
"""Histories of a block, at most."""
SAMPLED_SCORES = 2_048
"""Scores of a history that tell how high its best ones are."""
ROWS_AT_ONCE = 2**17
"""Rows of the index that are multiplied at a time: of fewer, copying takes longer."""


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
        scores, sample = self.totals[row], self._samples[row]
        is_silent = not sample.any() and not scores.any()
        if is_silent:
            scores = self.prior()
            sample = scores[:: self._sample_step]
        scores = scores[: self.n_listed]
        candidates = [
            _best_of(
                scores, quota.items, max(index.n_candidates, OVERSAMPLING * quota.size), sample
            )
            for quota in quotas
        ]
        return np.unique(np.concatenate(candidates)), is_silent

    @property
    def _sample_step(self) -> int:
        return max(self.n_listed // SAMPLED_SCORES, 1)

    @cached_property
    def _samples(self) -> Scores:
        """float32[B, S]: some scores of each history, evenly spaced."""
        assert self.totals is not None
        return np.ascontiguousarray(self.totals[:, : self.n_listed : self._sample_step])

    def _row(self, history: History) -> int | None:
        """The place of a history in the block: the very object, as equal ones are not compared."""
        return self._rows.get(id(history))

    @cached_property
    def _rows(self) -> dict[int, int]:
        return {id(history): row for row, history in enumerate(self.histories)}


def _best_of(scores: Scores, mask: Bools | None, size: int, sample: Scores) -> NDArray[np.int64]:
    """The rows of the ``size`` highest scores in ``mask``, int64[n], in no order.

    Where a threshold of the sample leaves enough of them, no other row is looked at.
    """
    place = min(2 * size * len(sample) // len(scores) + 16, len(sample))
    threshold = np.partition(sample, len(sample) - place)[len(sample) - place]
    rows = np.flatnonzero(scores >= threshold)
    if mask is not None:
        rows = rows[mask[rows]]
    if len(rows) < size or threshold == -np.inf:
        listed = scores if mask is None else np.where(mask[: len(scores)], scores, -np.inf)
        return best_rows(listed, size)
    return rows[best_rows(scores[rows], size)]


def _evidence(
    model: HybridModel, name: str, component: SimilarityComponent, histories: Sequence[History]
) -> Sequence[Evidence]:
    """What a component says of each history: by vectors those of the index, else of all items."""
    kernel, index = component.kernel, model.index
    if index is not None and name in index.moments and isinstance(kernel, FactorKernel):
        return _user_vectors(component, kernel, histories, model.warm, index.moments[name])
    warm = model.warm.astype(np.float32)
    n_items = kernel.n_items
    # A large table is read by the rows of a history: a product would go through all of it.
    at_once = [
        row for row, each in enumerate(histories) if index is None and (each.items < n_items).all()
    ]
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


def _user_vectors(
    component: SimilarityComponent,
    kernel: FactorKernel,
    histories: Sequence[History],
    warm: Bools,
    moments: Moments,
) -> list[UserVector]:
    """As :meth:`UserVector.of` of each history; vectors and spreads of all by products."""
    if not histories:
        return []
    known = [history.within(kernel.n_sources) for history in histories]
    attention = [component.attention(history) for history in known]
    table = attended(known, attention, kernel.n_items)
    items, column = np.unique(table.indices, return_inverse=True)
    left, right = (
        np.asarray(side[items], dtype=np.float32) for side in (kernel.left, kernel.right)
    )
    within = sparse.csr_array((table.data, column, table.indptr), shape=(len(known), len(items)))
    users = without_rounding(
        np.asarray(within @ left), np.asarray(abs(within) @ np.abs(left))
    ).astype(np.float32)
    spreads = _inverse_spreads(users, within, left, right, _counted(warm, items), moments)
    return [
        UserVector(weights, spread, kernel, history.items, user)
        for weights, spread, history, user in zip(
            attention, spreads.tolist(), known, users, strict=True
        )
    ]


def _counted(warm: Bools, items: NDArray[Any]) -> Bools:
    """Which of ``items`` the moments are of: the warm ones, or all where none is."""
    return warm[items] if warm.any() else np.ones(len(items), dtype=np.bool_)


def _inverse_spreads(
    users: Scores, table: CSR, left: Scores, right: Scores, counted: Bools, moments: Moments
) -> NDArray[np.float64]:
    """float64[B]: as :meth:`Moments.inverse_spread` of each user.

    Args:
        users: float32[B, d].
        table: CSR[B, C], the attention of each to C items.
        left, right: float32[C, d], their vectors.
        counted: bool[C], those that the moments are of.
        moments: of the items that a spread is taken over.
    """
    if not moments.count:
        return np.zeros(len(users))
    vectors = users.astype(np.float64)
    totals = moments.count * (vectors @ moments.mean)
    squares = moments.count * ((users @ moments.second) * vectors).sum(axis=1)
    rows = np.repeat(np.arange(len(users)), np.diff(table.indptr))
    places = np.flatnonzero(counted[table.indices])
    rows, items, attention = rows[places], table.indices[places], table.data[places]
    whole = np.einsum("td,td->t", right[items], users[rows]).astype(np.float32)
    own = np.einsum("td,td->t", left[items], right[items]).astype(np.float32)
    others = others_alone(whole, attention * own).astype(np.float64)
    totals += np.bincount(rows, others - whole, minlength=len(users))
    squares += np.bincount(rows, others**2 - whole.astype(np.float64) ** 2, minlength=len(users))
    mean_squares = np.maximum(squares, 0.0) / moments.count
    variances = np.maximum(mean_squares - (totals / moments.count) ** 2, 0.0)
    speaks = (variances > ROUNDING**2 * mean_squares) & users.any(axis=1)
    return np.where(speaks, 1 / np.sqrt(np.where(speaks, variances, 1)), 0.0)


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


def _products(users: Scores, index: RetrievalIndex, warm: Bools) -> Scores:
    """float32[B, I] from float32[2, B, k]: what users look for on warm items, and on cold ones."""
    vectors, n_items = index.vectors, len(index.vectors)
    cold = np.flatnonzero(~warm)
    if n_items <= ROWS_AT_ONCE:
        products: Scores = users[0] @ np.asarray(vectors, dtype=np.float32).T
    else:
        products = np.empty((users.shape[1], n_items), dtype=np.float32)
        for start in range(0, n_items, ROWS_AT_ONCE):
            at = slice(start, start + ROWS_AT_ONCE)
            products[:, at] = users[0] @ np.asarray(vectors[at], dtype=np.float32).T
    for start in range(0, len(cold), ROWS_AT_ONCE):
        rows = cold[start : start + ROWS_AT_ONCE]
        products[:, rows] = users[1] @ np.asarray(vectors[rows], dtype=np.float32).T
    return products
