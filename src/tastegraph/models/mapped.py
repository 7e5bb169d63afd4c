"""Mapped knowledge and mapped text: from what is known of an item to who likes it, in closed form.

A new item has no events, but it has features x. Ridge regression maps them to what the features of
warm items say of engagement (Gantner et al. 2010, Learning attribute-to-feature mappings for
cold-start recommendations), and so a kernel comes out that compares any two items:

    K[i, j] = tᵢ · B xⱼ,     B = argmin Σ over warm w of ‖t_w − B x_w‖² + λ‖B‖²

tᵢ is what engagement says of the history's item: its collaborative factors, or, at full rank, its
column of likes, each over √popularity, so that tᵢ · t_w is the co-engagement cosine. That is never
formed: it stays a product of factors.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tastegraph.core.arrays import CSR
from tastegraph.core.narrow import narrow_rows, rows_of, widened
from tastegraph.models.base import (
    MAPPED_KNOWLEDGE,
    MAPPED_TEXT,
    Arrays,
    SimilarityComponent,
)
from tastegraph.models.decomposition import collaborative_factors
from tastegraph.models.kernels import AffinityKernel, FactorKernel
from tastegraph.models.knowledge import Knowledge
from tastegraph.profiles.attention import Attention

if TYPE_CHECKING:
    from tastegraph.models.new_items import Growth
    from tastegraph.models.training_data import TrainingData

BLOCK_COLUMNS = 64

Floats32 = NDArray[np.float32]


@dataclass(frozen=True)
class MappedParams:
    """What features are mapped to, and how strongly the map is regularised.

    Attributes:
        rank: collaborative factors; ``None`` for the whole co-engagement cosine.
        regularisation: λ.
    """

    rank: int | None
    regularisation: float


class MappedComponent(SimilarityComponent):
    """Similarity by the module's formula, of whatever features a subclass takes."""

    default: ClassVar[MappedParams] = MappedParams(64, 1.0)
    ranks_new_items = True
    expected_of_new_items = True

    @classmethod
    def grid(cls, data: TrainingData) -> tuple[MappedParams, ...]:
        """The whole cosine with three strengths, and factors."""
        return (*(MappedParams(None, strength) for strength in (1.0, 3.0, 10.0)), cls.default)


class MappedKnowledge(MappedComponent):
    """What those who like an item like in other items' facts, feature by feature."""

    name = MAPPED_KNOWLEDGE
    reason = "affinity"

    @classmethod
    def similarity(
        cls, arrays: Arrays, params: MappedParams, data: TrainingData
    ) -> AffinityKernel | None:
        """tᵢ · B xⱼ, x the facts of an item; ``None`` where there are none or nobody likes any."""
        if not data.ties.nnz:
            return None
        by_facts = data.ridge_of_facts.map(params)
        if by_facts is None:
            return None
        loadings = by_facts.of(data.compressed_ties.loadings)
        return AffinityKernel.of(by_facts.left, data.ties, loadings)

    @classmethod
    def open(cls, arrays: Arrays, attention: Attention, rows: NDArray[np.int64]) -> MappedKnowledge:
        """The kernel as it was, over the features of :class:`Knowledge`."""
        features = Knowledge.served_features(arrays)
        return cls(attention, AffinityKernel.from_arrays(cls.served_view(arrays), features))

    @classmethod
    def grown(cls, arrays: Arrays, growth: Growth) -> Arrays:
        """New items by their facts: F P, of the features that items had before."""
        own = super().grown(arrays, growth)
        known = Knowledge.served_features(growth.snapshot.arrays)
        if "projections" in arrays:
            projections = arrays["projections"]
            new = np.zeros((growth.ties.shape[1] - known.shape[1], rows_of(projections).shape[1]))
            grown = np.concatenate([projections, narrow_rows(new, projections.dtype)])
            return {**own, "projections": grown}
        ties = growth.ties[:, : known.shape[1]]
        rows = np.asarray(ties @ (sparse.csr_array(known.T) @ widened(arrays["loadings"])))
        return {**own, "right": growth.with_rows(arrays["right"], rows)}

    @classmethod
    def compared_vectors(cls, arrays: Arrays) -> NDArray[Any]:
        """The right side, computed where its rows are read."""
        own = {name: rows_of(values) for name, values in cls.served_view(arrays).items()}
        return AffinityKernel.from_arrays(own, Knowledge.served_features(arrays)).right


class MappedText(MappedComponent):
    """What those who like an item like in other items' texts."""

    name = MAPPED_TEXT
    reason = "text"

    @classmethod
    def similarity(
        cls, arrays: Arrays, params: MappedParams, data: TrainingData
    ) -> FactorKernel | None:
        """tᵢ · B xⱼ, x the text of an item; ``None`` where there is none or nobody likes any."""
        if not data.text.any():
            return None
        by_text = data.ridge_of_text.map(params)
        return None if by_text is None else FactorKernel(by_text.left, by_text.of(data.text))

    @classmethod
    def grown(cls, arrays: Arrays, growth: Growth) -> Arrays:
        """New items by their texts; likes speak of none of them yet."""
        right = growth.with_rows(arrays["right"], growth.mapped(arrays["right"]))
        return {**super().grown(arrays, growth), "right": right}


@dataclass(frozen=True)
class Map:
    """K[i, j] = left[i] · matrixᵀ x_j.

    Attributes:
        left: float32[I, r].
        matrix: float32[d, r]; ``None`` for the identity.
    """

    left: Floats32
    matrix: Floats32 | None

    def of(self, features: Floats32) -> Floats32:
        """float32[n, r]: the side of the target, from float32[n, d]."""
        return features if self.matrix is None else features @ self.matrix


@dataclass(frozen=True)
class Ridge:
    """Features of items, and the engagement that they are mapped to.

    Attributes:
        features: float32[I, d].
        user_items: CSR[U, I]; items with a like are warm.
    """

    features: Floats32
    user_items: CSR
    _by_rank: dict[int, Floats32] = field(default_factory=dict, repr=False)

    def on(self, features: Floats32) -> Ridge:
        """Other features of the same items, mapped to the same engagement."""
        return replace(self, features=features)

    def map(self, params: MappedParams) -> Map | None:
        """The map of the module's formula, or ``None`` where nothing can be mapped."""
        from scipy.linalg import cho_factor, cho_solve

        if not len(self._warm) or not self.features.any():
            return None
        gram = self._gram.copy()
        gram[np.diag_indices_from(gram)] += params.regularisation
        factor = cho_factor(gram, lower=True, overwrite_a=True)
        if params.rank is None:
            return Map(cho_solve(factor, self._engaged.T).T.astype(np.float32), None)
        factors = self._factors(params.rank)
        matrix = cho_solve(factor, self.features[self._warm].T @ factors[self._warm])
        return Map(factors, matrix.astype(np.float32))

    @cached_property
    def _popularity(self) -> NDArray[np.int64]:
        return np.bincount(self.user_items.indices, minlength=self.user_items.shape[1])

    @property
    def _warm(self) -> NDArray[np.int64]:
        return np.flatnonzero(self._popularity)

    @cached_property
    def _gram(self) -> Floats32:
        known = self.features[self._warm]
        return known.T @ known

    @cached_property
    def _engaged(self) -> Floats32:
        """float32[I, d]: the co-engagement cosine times F, some columns at a time."""
        scale = np.maximum(self._popularity, 1).astype(np.float32) ** -0.5
        x = sparse.csr_array(self.user_items.astype(np.float32) @ sparse.diags_array(scale))
        transposed = sparse.csr_array(x.T)
        products = np.empty_like(self.features)
        for start in range(0, products.shape[1], BLOCK_COLUMNS):
            block = slice(start, start + BLOCK_COLUMNS)
            products[:, block] = transposed @ (x @ self.features[:, block])
        return products

    def _factors(self, rank: int) -> Floats32:
        if rank not in self._by_rank:
            self._by_rank[rank] = collaborative_factors(self.user_items, rank)
        return self._by_rank[rank]


def completed(learned: Floats32, known: NDArray[np.bool_], features: Floats32) -> Floats32:
    """``learned`` (float32[I, r]), and where not ``known`` (bool[I]) what ridge makes of features.

    Args:
        learned: vectors of the items that were there when they were learned.
        known: which those are.
        features: float32[I, d].
    """
    if known.all() or not known.any() or not learned.any():
        return learned
    regressors = features[known].astype(np.float64)
    gram = regressors.T @ regressors
    gram[np.diag_indices_from(gram)] += 1.0
    matrix = np.linalg.solve(gram, regressors.T @ learned[known])
    return np.where(known[:, None], learned, features @ matrix.astype(np.float32))
