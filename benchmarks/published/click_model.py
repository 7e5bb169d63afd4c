"""Whether one user clicks one item: the evidence of all kernels, weighed by boosted trees.

A list needs an order for one user; a click needs a probability that holds across users. Each
kernel says of a pair (u, i) how well i goes with the mean of what else u likes; popularity speaks
for the item alone, and through shared facts for items that few know. How active a user is stays
out: where as many pairs were drawn as there are clicks, it would tell the draw, not the taste.

The trees learn from pairs whose evidence was made without them (cross-fitting, Wolpert 1992): a
part of the clicks is set aside, and the kernels are made of the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score

from tastegraph.core.arrays import CSR, Bools, Ints, binary
from tastegraph.core.progress import progress
from tastegraph.models.co_engagement import co_engagement_table
from tastegraph.models.decomposition import collaborative_factors
from tastegraph.models.ease import ease_table, gram_matrix
from tastegraph.models.item_features import ItemFeatures
from tastegraph.models.item_knn import item_knn_table
from tastegraph.models.kernels import FactorKernel, FeatureKernel, Kernel, TableKernel
from tastegraph.models.knowledge import relation_weights, rows_to_one
from tastegraph.models.mapped import MappedParams, Ridge
from tastegraph.models.tables import MAX_DENSE_ITEMS
from tastegraph.models.training_data import TrainingData

FOLDS = 4
BLOCK = 512
RANKS = (32, 128)
EASE_STRENGTH = 50.0
BETA = 0.4
MAPPED_TO = MappedParams(64, 1.0)
TREES = 300
LEAVES, FEWEST, RATE = 15, 40, 0.05

Floats32 = NDArray[np.float32]


@dataclass(frozen=True)
class Pairs:
    """Pairs of a user and an item.

    Attributes:
        users, items: int[P].
    """

    users: Ints
    items: Ints

    def __len__(self) -> int:
        return len(self.users)

    def at(self, mask: Bools) -> Pairs:
        """Those where ``mask`` (bool[P]) holds."""
        return Pairs(self.users[mask], self.items[mask])


@dataclass(frozen=True)
class ClickModel:
    """Probabilities of clicks.

    Attributes:
        item_features: what is known of items.
        user_items: CSR[U, I], clicks that are known.
        trees: what weighs the evidence.
        seed: of what is drawn to weigh kinds of facts.
    """

    item_features: ItemFeatures
    user_items: CSR
    trees: HistGradientBoostingClassifier
    seed: int

    def probabilities(self, users: Ints, items: Ints) -> NDArray[np.float64]:
        """float64[P] in [0, 1]."""
        features = evidence(self.item_features, self.user_items, Pairs(users, items), self.seed)
        return np.asarray(self.trees.predict_proba(features)[:, 1], dtype=np.float64)


def fit_clicks(
    item_features: ItemFeatures,
    train: tuple[Pairs, Bools],
    valid: tuple[Pairs, Bools],
    n_users: int,
    seed: int,
) -> ClickModel:
    """Learn from labelled pairs.

    Args:
        item_features: what is known of items.
        train: pairs, and whether each was clicked.
        valid: the same; the area under the curve on them decides how many trees there are.
        n_users: U.
        seed: of the folds.
    """
    pairs, labels = train
    shape = (n_users, item_features.graph.n_items)
    fold = np.random.default_rng(seed).integers(0, FOLDS, len(pairs))

    def user_items(mask: Bools) -> CSR:
        chosen = pairs.at(mask & labels)
        return binary(chosen.users, chosen.items, shape)

    blocks, clicked = [], []
    with progress("making evidence of clicks", FOLDS + 1) as advance:
        for k in range(FOLDS):
            blocks.append(evidence(item_features, user_items(fold != k), pairs.at(fold == k), seed))
            clicked.append(labels[fold == k])
            advance(1)
        known = user_items(np.ones(len(pairs), dtype=np.bool_))
        held_out = evidence(item_features, known, valid[0], seed)
        advance(1)
    features, was_clicked = np.concatenate(blocks), np.concatenate(clicked)
    trees = _trees(TREES, seed).fit(features, was_clicked)
    reached = [roc_auc_score(valid[1], p[:, 1]) for p in trees.staged_predict_proba(held_out)]
    best = _trees(int(np.argmax(reached)) + 1, seed).fit(features, was_clicked)
    return ClickModel(item_features, known, best, seed)


def evidence(item_features: ItemFeatures, user_items: CSR, pairs: Pairs, seed: int) -> Floats32:
    """What is known of each pair, float32[P, F].

    Args:
        item_features: what is known of items.
        user_items: CSR[U, I]; a pair in it says nothing of itself.
        pairs: P of them.
        seed: of what is drawn to weigh kinds of facts.
    """
    weights = relation_weights(item_features.associations, user_items, seed)
    data = TrainingData(item_features, user_items, weights)
    columns = [column[pairs.items] for column in _of_items(data.ties, user_items)]
    mean = rows_to_one(user_items.astype(np.float32))
    kernels = _kernels(data)
    columns += [_of_pairs(kernel, mean, pairs) for kernel in kernels]
    return np.column_stack(columns).astype(np.float32)


def _of_items(ties: CSR, user_items: CSR) -> Iterator[Floats32]:
    """Popularity, and that of items by what they share with others."""
    popularity = np.bincount(user_items.indices, minlength=user_items.shape[1]).astype(np.float32)
    yield np.log1p(popularity)
    if ties.nnz:
        near = np.asarray(ties @ (ties.T @ popularity))
        yield np.log1p(near)
        yield near / np.maximum(ties @ (ties.T @ np.ones_like(popularity)), 1e-9)
        yield np.diff(ties.indptr).astype(np.float32)


def _kernels(data: TrainingData) -> Iterator[Kernel]:
    user_items = data.user_items
    yield TableKernel(co_engagement_table(user_items, 1.0, 1.0, BETA))
    yield TableKernel(item_knn_table(user_items, user_items.shape[1]))
    for rank in RANKS:
        factors = collaborative_factors(user_items, rank)
        yield FactorKernel(factors, factors)
    if user_items.shape[1] <= MAX_DENSE_ITEMS:
        gram = gram_matrix(user_items, data.item_features.groups)
        yield TableKernel(ease_table(gram, EASE_STRENGTH))
    if data.ties.nnz:
        yield FeatureKernel(data.ties)
        facts = data.compressed_ties.rows
        by_facts = Ridge(facts, user_items).map(MAPPED_TO)
        if by_facts is not None:
            yield FactorKernel(by_facts.left, by_facts.of(facts))
    if data.text.any():
        yield FactorKernel(data.text, data.text)


def _of_pairs(kernel: Kernel, attention: CSR, pairs: Pairs) -> Floats32:
    """float32[P]: scores of all items, for some users at a time, where they are asked for."""
    scores = np.empty(len(pairs), dtype=np.float32)
    order = np.argsort(pairs.users, kind="stable")
    distinct, starts = np.unique(pairs.users[order], return_index=True)
    ends = np.append(starts[1:], len(order))
    for first in range(0, len(distinct), BLOCK):
        block = slice(first, first + BLOCK)
        of_users = kernel.score(attention[distinct[block]])
        at = order[starts[first] : ends[block][-1]]
        row = np.searchsorted(distinct[block], pairs.users[at])
        scores[at] = of_users[row, pairs.items[at]]
    return scores


def _trees(count: int, seed: int) -> HistGradientBoostingClassifier:
    return HistGradientBoostingClassifier(
        max_iter=count, learning_rate=RATE, max_leaf_nodes=LEAVES, min_samples_leaf=FEWEST,
        early_stopping=False, random_state=seed,
    )  # fmt: skip
