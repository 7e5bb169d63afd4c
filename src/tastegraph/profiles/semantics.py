"""What a text is about that nobody stated: the features near its vector, each with a probability.

A feature lies where the items that have it lie (:mod:`~tastegraph.profiles.prototypes`); how
likely it holds for a vector so near to it is learned from what is asserted
(:mod:`~tastegraph.profiles.likelihood`). An item does not count towards the prototypes that it is
compared with, so that what is learned of items holds for any text.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from tastegraph.core.arrays import CSR
from tastegraph.kg.linking.calibration import expected_calibration_error
from tastegraph.profiles.association import Associations
from tastegraph.profiles.likelihood import Likelihood, Scale, fit
from tastegraph.profiles.prototypes import BLOCK_ROWS, Floats32, Prototypes, indicator

MIN_PROBABILITY = 0.2
"""Of a tie."""
MAX_TIES = 10
"""Of one text."""
MIN_ITEMS = 10
"""Items with a vector and a fact that are needed to learn from."""
HELD_OUT = 5
"""One in so many items is held out to judge the probabilities."""
MAX_HELD_OUT, MAX_FITTED = 4_000, 16_000
"""Items that are judged by, and those that are fitted to, at most."""


@dataclass(frozen=True)
class Reliability:
    """How far the probabilities can be believed, on items that nothing was fitted to.

    What is true but not asserted counts as wrong.

    Attributes:
        items: how many those are.
        ties: pairs of an item and a feature that are likely enough to be ties.
        precision: how many of the ties are asserted.
        confidence: their mean probability.
        calibration_error: of these, in ten bins (Guo et al. 2017).
        recall: how much of what is asserted about features with a prototype is among them.
    """

    items: int
    ties: int
    precision: float
    confidence: float
    calibration_error: float
    recall: float


@dataclass(frozen=True)
class Semantics:
    """From vectors to the features that they are near to.

    Attributes:
        prototypes: of the features that can be found.
        likelihood: of these, by how near a vector is.
        n_features: how many features there are in all.
    """

    prototypes: Prototypes
    likelihood: Likelihood
    n_features: int

    def associate(
        self,
        vectors: Floats32,
        most: int = MAX_TIES,
        besides: CSR | None = None,
    ) -> CSR:
        """What texts are about: float32 CSR[n, n_features], the probability of each tie.

        Args:
            vectors: float32[n, d], of items, what users write, anything; zero rows have no ties.
            most: ties of a row, at most.
            besides: CSR[n, n_features], what the rows have already and is not told again.
        """
        features = self.prototypes.features
        blocks: list[CSR] = [sparse.csr_array(np.zeros((0, len(features)), dtype=np.float32))]
        for start in range(0, len(vectors), BLOCK_ROWS):
            at = slice(start, start + BLOCK_ROWS)
            likely = self.likelihood.informative(self.prototypes.cosines(vectors[at]))
            likely[~vectors[at].any(axis=1)] = 0
            if besides is not None:
                likely[besides[at][:, features].nonzero()] = 0
            blocks.append(best(likely, most, MIN_PROBABILITY))
        ties = sparse.csr_array(sparse.vstack(blocks, format="csr"))
        return sparse.csr_array(
            (ties.data, features[ties.indices], ties.indptr),
            shape=(len(vectors), self.n_features),
        )


def learn_semantics(
    associations: Associations, items: Floats32, nodes: Floats32, seed: int = 1
) -> tuple[Semantics, Reliability] | None:
    """Learn what texts are about from items whose facts are asserted.

    Args:
        associations: what is asserted.
        items: float32[n_items, d], of texts that do not recite the facts, zero rows for none:
            else it learns how a stated fact reads, not how a thing reads of which it holds.
        nodes: float32[n_nodes, d], of the nodes' names; zero rows for none.
        seed: decides which items are fitted to, and which are held out.

    Returns:
        ``None`` where too little is asserted about items with vectors, or nothing tells them apart.
    """
    prototypes = Prototypes.of(associations, items, nodes)
    features = prototypes.features
    member = indicator(associations, features)
    known = np.flatnonzero(items.any(axis=1) & (np.diff(member.indptr) > 0))
    if len(known) < MIN_ITEMS:
        return None
    rng = np.random.default_rng(seed)
    drawn = rng.permutation(known)
    end = min(len(drawn) // HELD_OUT, MAX_HELD_OUT)
    held_out, fitted = drawn[:end], drawn[end : end + MAX_FITTED]
    if member[fitted].nnz == len(fitted) * len(features):
        return None
    scale = Scale.of(prototypes, items, member, associations.kind[features])
    likelihood = fit(prototypes, scale, items[fitted], member[fitted], rng)
    semantics = Semantics(prototypes, likelihood, associations.strength.shape[1])
    return semantics, _judge(semantics, items[held_out], member[held_out])


def best(likely: Floats32, most: int, least: float) -> CSR:
    """CSR of the ``most`` largest values of each row that are at least ``least``."""
    row, column = np.nonzero(likely >= least)
    order = np.lexsort((column, -likely[row, column], row))
    row, column = row[order], column[order]
    first = np.arange(len(row)) - np.searchsorted(row, row) < most
    row, column = row[first], column[first]
    return sparse.csr_array((likely[row, column], (row, column)), shape=likely.shape)


def _judge(semantics: Semantics, items: Floats32, member: CSR) -> Reliability:
    confidence, right = [np.zeros(0, dtype=np.float32)], [np.zeros(0, dtype=np.bool_)]
    for at, cosines in semantics.prototypes.blocks(items, member):
        ties = best(semantics.likelihood.informative(cosines), MAX_TIES, MIN_PROBABILITY).tocoo()
        confidence.append(ties.data)
        right.append(member[at].toarray()[ties.row, ties.col] > 0)
    sure, holds = np.concatenate(confidence), np.concatenate(right)
    return Reliability(
        items=len(items),
        ties=len(sure),
        precision=float(holds.mean()) if len(sure) else 0.0,
        confidence=float(sure.mean()) if len(sure) else 0.0,
        calibration_error=expected_calibration_error(sure, holds),
        recall=float(holds.sum() / max(member.nnz, 1)),
    )
