"""Deletion: does taking a fact away lower a score by the share that its reason claims?

For users of the test split, the first item of their list and its largest reason that goes through a
fact of the item: the fact is deleted, the model assembled anew from the same parameters, and the
score compared. Several users share a fact, since each deletion assembles a model.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from scipy.stats import spearmanr

from benchmarks.published.benchmarks import BENCHMARKS
from benchmarks.published.fingerprint import fingerprint
from benchmarks.published.measured import Store
from benchmarks.published.reading import item_features_of
from tastegraph.core.config import ModelConfig
from tastegraph.core.progress import progress
from tastegraph.data.downloads import cache_root
from tastegraph.evaluation.evaluator import EvaluationData
from tastegraph.evaluation.tables import REFERENCE
from tastegraph.explain.explainer import Explainer
from tastegraph.models.fit import assemble, fit
from tastegraph.models.fitted_model import default_hyperparameters
from tastegraph.models.hybrid import HybridModel
from tastegraph.models.item_features import ItemFeatures
from tastegraph.profiles.interactions import History

PAIRS = 1_000
MAX_DELETIONS = 200
"""Facts that are deleted, at most, each in a model of its own."""
LIST_LENGTH = 10


class Claim(NamedTuple):
    """What the reasons through one feature of an item claim of its score for one user."""

    user: int
    item: int
    share: float


def fidelity(name: str, data: Path) -> dict[str, Any]:
    """Rank correlation of shares and drops of the score on one set, with what it is made of."""
    benchmark, config = BENCHMARKS[name], ModelConfig(seed=1)
    dataset = benchmark.load(data, 1)
    item_features = item_features_of(dataset)
    events = EvaluationData(dataset.events, dataset.parts, item_features)
    folder = cache_root() / "benchmark" / name / fingerprint(dataset, item_features, config)
    before = Store(folder).get(REFERENCE, benchmark.histories[0], config.seed)
    hyperparameters = default_hyperparameters() if before is None else before.choice
    assert hyperparameters is not None
    fitted_model = fit(item_features, events.train, hyperparameters, config)
    user_items = events.train.user_items()
    model = assemble(item_features, user_items, fitted_model)
    histories = events.train.histories(config.history)
    users = np.random.default_rng(config.seed).permutation(np.flatnonzero(user_items.sum(axis=1)))
    claims = _claims(model, item_features, histories, users)
    most = sorted(claims, key=lambda fact: -len(claims[fact]))[:MAX_DELETIONS]
    shares, drops = [], []
    with progress("deleting facts", len(most)) as advance:
        for fact in most:
            without = _without(item_features, fact)
            changed = assemble(without, user_items, fitted_model)
            for claim in claims[fact]:
                history = histories[claim.user]
                drop = model.rank(history).scores[claim.item]
                drop = drop - changed.rank(history).scores[claim.item]
                shares.append(claim.share)
                drops.append(float(drop))
            advance(1)
    correlation = spearmanr(shares[:PAIRS], drops[:PAIRS])
    return {
        "pairs": min(len(shares), PAIRS),
        "deletions": len(most),
        "rank_correlation": float(correlation.statistic),
        "lowered": float(np.mean(np.array(drops[:PAIRS]) > 0)),
        "median_ratio": float(np.median(np.array(drops[:PAIRS]) / np.array(shares[:PAIRS]))),
        "settings": "chosen before" if before is not None else "by default",
    }


def _claims(
    model: HybridModel,
    item_features: ItemFeatures,
    histories: list[History],
    users: np.ndarray,
) -> dict[int, list[Claim]]:
    """Stored fact → what is claimed of it, by the largest reason of items in the lists of users."""
    claims: dict[int, list[Claim]] = defaultdict(list)
    for user in users.tolist():
        ranked = model.rank(histories[user])
        ranked.scores[histories[user].items] = -np.inf
        explainer = Explainer(model, item_features.associations, ranked)
        for item in np.argsort(-ranked.scores)[:LIST_LENGTH].tolist():
            share_of: dict[int, float] = defaultdict(float)
            fact_of: dict[int, int] = {}
            for reason in explainer.reasons(item):
                if reason.feature is not None and reason.facts:
                    share_of[reason.feature] += reason.share
                    fact_of[reason.feature] = reason.facts[-1]
            if share_of:
                feature = max(share_of, key=lambda each: share_of[each])
                if share_of[feature] > 0:
                    claims[fact_of[feature]].append(Claim(user, item, share_of[feature]))
        if sum(map(len, claims.values())) >= 5 * PAIRS:
            break
    return claims


def _without(item_features: ItemFeatures, fact: int) -> ItemFeatures:
    edges = np.flatnonzero(item_features.graph.facts != fact)
    return replace(item_features, graph=item_features.graph.with_edges(edges), stated=None)
