"""Deletion: does a score fall by the share of the reason whose fact is taken away?

Of items in users' lists, the feature of the item that has the largest share of the score. Its fact
is taken away in three ways:

- *held*: from the item alone, with lengths, attention, spreads and all else as they were. Scores
  are sums, so what is left must be the score less the share: this checks the explainer.
- *same lengths*: from the graph, and the model is assembled anew from what was learned; the item's
  rows keep the lengths they had.
- *assembled*: the same, and the item's rows have length 1 again. Of a cosine no shares can be what
  a deletion takes: an item whose facts all say the same loses nothing with one of them.

A fact is one edge of the graph; several edges between the same ends by one relation go together.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
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
from tastegraph.kg.graph import KnowledgeGraph
from tastegraph.models.base import KNOWLEDGE, MAPPED_KNOWLEDGE, NETWORK
from tastegraph.models.fit import assemble, fit
from tastegraph.models.fitted_model import FittedModel
from tastegraph.models.graph_network.kernel import NetworkKernel
from tastegraph.models.hybrid import HybridModel
from tastegraph.models.item_features import ItemFeatures
from tastegraph.models.kernels import AffinityKernel, FeatureKernel, Kernel
from tastegraph.models.ranked import Ranked
from tastegraph.models.tuning import choose
from tastegraph.profiles.association import Associations
from tastegraph.profiles.interactions import History, Interactions
from tastegraph.profiles.splits import VALID

PAIRS = 1_000
PAIRS_PER_FACT = 5
"""Pairs that one deletion is measured by, at most: each deletion assembles a model."""
LIST_LENGTH = 10
OF_FACTS = (KNOWLEDGE, MAPPED_KNOWLEDGE, NETWORK)
"""Components that read the graph when a model is assembled; all others stay as they are."""


@dataclass(frozen=True)
class Claim:
    """What the reasons through one feature of an item claim of its score for one user.

    Attributes:
        share: the sum of the shares of these reasons, above 0.
    """

    user: int
    item: int
    feature: int
    share: float


@dataclass(frozen=True)
class Drops:
    """How far scores fall where facts are taken away, float64[P] each.

    Attributes:
        shares: what was claimed.
        held: with all else as it was.
        same_lengths: of models assembled anew, the item's rows as long as before.
        assembled: of models assembled anew.
        deletions: how many facts.
    """

    shares: NDArray[np.float64]
    held: NDArray[np.float64]
    same_lengths: NDArray[np.float64]
    assembled: NDArray[np.float64]
    deletions: int

    def summary(self) -> dict[str, Any]:
        """Rank correlations with the shares, and what is left of a share, for JSON."""
        return {
            "pairs": len(self.shares),
            "deletions": self.deletions,
            "held": float(spearmanr(self.shares, self.held).statistic),
            "largest_error": float(np.abs(self.shares - self.held).max() / self.shares.max()),
            "same_lengths": float(spearmanr(self.shares, self.same_lengths).statistic),
            "assembled": float(spearmanr(self.shares, self.assembled).statistic),
            "lowered": float(np.mean(self.assembled > 0)),
            "median_ratio": float(np.median(self.assembled / self.shares)),
        }


def fidelity(name: str, data: Path) -> dict[str, Any]:
    """Shares of reasons and drops of scores on one set, under seed 1, fitted on train.

    Settings are those that the ranking's measurement chose, or they are chosen here.
    """
    benchmark, config = BENCHMARKS[name], ModelConfig(seed=1)
    dataset = benchmark.load(data, 1)
    item_features = item_features_of(dataset)
    events = EvaluationData(dataset.events, dataset.parts, item_features)
    folder = cache_root() / "benchmark" / name / fingerprint(dataset, item_features, config)
    before = Store(folder).get(REFERENCE, benchmark.histories[0], config.seed)
    if before is None or before.choice is None:
        fitted_model = choose(item_features, events.train, events.targets(VALID), config)
    else:
        fitted_model = fit(item_features, events.train, before.choice, config)
    return measured(item_features, events.train, fitted_model, config).summary()


def measured(
    item_features: ItemFeatures,
    training: Interactions,
    fitted_model: FittedModel,
    config: ModelConfig,
    pairs: int = PAIRS,
) -> Drops:
    """Take facts away, in an order of chance, until there are ``pairs``."""
    user_items = training.user_items()
    model = assemble(item_features, user_items, fitted_model)
    histories = training.histories(config.history)
    rng = np.random.default_rng(config.seed)
    users = rng.permutation(np.flatnonzero(np.diff(user_items.indptr)))
    claims = claims_by_fact(model, item_features.associations, histories, users.tolist(), pairs)
    of_facts = replace(
        fitted_model,
        learned={name: fitted_model.learned[name] for name in _used(model, claims)},
    )
    shares: list[float] = []
    drops: list[tuple[float, float, float]] = []
    facts = rng.permutation(list(claims)).tolist()
    deletions = 0
    with progress("taking facts away", pairs) as advance:
        for fact in facts:
            if len(shares) >= pairs:
                break
            deletions += 1
            fewer = replace(item_features, graph=without_fact(item_features.graph, fact),
                            stated=None)  # fmt: skip
            changed = assemble(fewer, user_items, of_facts)
            for claim in claims[fact][: min(PAIRS_PER_FACT, pairs - len(shares))]:
                ranked = model.rank(histories[claim.user])
                now = changed.rank(histories[claim.user])
                shares.append(claim.share)
                drops.append(
                    (
                        held_drop(model, ranked, claim.item, claim.feature),
                        same_lengths_drop(model, changed, ranked, claim.item, claim.feature),
                        _of_facts(ranked, claim.item) - _of_facts(now, claim.item),
                    )
                )
                advance(1)
    held, same_lengths, assembled = np.array(drops, dtype=np.float64).reshape(-1, 3).T
    return Drops(np.array(shares), held, same_lengths, assembled, deletions)


def claims_by_fact(
    model: HybridModel,
    associations: Associations,
    histories: list[History],
    users: list[int],
    pairs: int,
) -> Mapping[int, list[Claim]]:
    """Stored fact → claims of it, by the largest reason of each item in the lists of ``users``.

    Users are gone through until there are several times as many claims as ``pairs``.
    """
    claims: dict[int, list[Claim]] = defaultdict(list)
    for user in users:
        ranked = model.rank(histories[user])
        unseen = ranked.scores.copy()
        unseen[histories[user].items] = -np.inf
        explainer = Explainer(model, associations, ranked)
        for item in np.argsort(-unseen, kind="stable")[:LIST_LENGTH].tolist():
            share_of: dict[int, float] = defaultdict(float)
            for reason in explainer.reasons(item):
                if reason.feature is not None:
                    share_of[reason.feature] += reason.share
            stated = dict(_stated(associations, item))
            features = [f for f, share in share_of.items() if f in stated and share > 0]
            if features:
                feature = max(features, key=lambda each: share_of[each])
                claim = Claim(user, item, feature, share_of[feature])
                claims[stated[feature]].append(claim)
        if sum(map(len, claims.values())) >= 5 * pairs:
            break
    return claims


def held_drop(model: HybridModel, ranked: Ranked, item: int, feature: int) -> float:
    """How far the score of ``item`` falls where it lacks ``feature`` and all else is as it was."""
    drop = 0.0
    for name, (warm, cold) in ranked.factors.items():
        factors = warm if model.warm[item] else cold
        kernel = model.similarities[name].kernel
        fewer = _without_entry(kernel, item, feature)
        if fewer is not None:
            items = ranked.history.items
            drop += float(
                factors
                @ (
                    kernel.between(items, np.array([item]))[:, 0]
                    - fewer.between(items, np.array([item]))[:, 0]
                )
            )
    return drop


def same_lengths_drop(
    model: HybridModel, changed: HybridModel, ranked: Ranked, item: int, feature: int
) -> float:
    """How far the score falls in a model assembled without the fact, but for the item's lengths.

    Attention, weights and spreads are those of ``model``.
    """
    drop = 0.0
    for name in [name for name in OF_FACTS if name in ranked.factors]:
        warm, cold = ranked.factors[name]
        factors, items = warm if model.warm[item] else cold, ranked.history.items
        before, component = model.similarities[name].kernel, changed.similarities.get(name)
        now = np.zeros(len(items), dtype=np.float32)
        if component is not None:
            now = _as_long(component.kernel, before, item, feature).between(
                items, np.array([item])
            )[:, 0]
        drop += float(factors @ (before.between(items, np.array([item]))[:, 0] - now))
    return drop


def _used(model: HybridModel, claims: Mapping[int, list[Claim]]) -> list[str]:
    """Those of :data:`OF_FACTS` that have a weight on any of the items that are claimed of."""
    items = {claim.item for of_fact in claims.values() for claim in of_fact}
    of_cold = any(not model.warm[item] for item in items)
    weights = (*model.blend.warm.values(), *(model.blend.cold.values() if of_cold else ()))
    return [name for name in OF_FACTS if any(by_name.get(name) for by_name in weights)]


def _of_facts(ranked: Ranked, item: int) -> float:
    """What the components of :data:`OF_FACTS` add to the score of an item."""
    scores = ranked.component_scores
    return sum(float(scores[n][0][item] * scores[n][1][item]) for n in OF_FACTS if n in scores)


def without_fact(graph: KnowledgeGraph, fact: int) -> KnowledgeGraph:
    """The graph without a stored fact, and what states the same of the same two nodes."""
    at = int(np.flatnonzero(graph.facts == fact)[0])
    same = (
        (graph.heads == graph.heads[at])
        & (graph.relation == graph.relation[at])
        & (graph.tails == graph.tails[at])
    )
    return graph.with_edges(np.flatnonzero(~same))


def _stated(associations: Associations, item: int) -> Iterator[tuple[int, int]]:
    """The features of an item, each with the fact that states it."""
    entries = associations.of_item(item)
    features, facts = associations.strength.indices[entries], associations.facts[entries]
    for feature, fact in zip(features.tolist(), facts.tolist(), strict=True):
        if fact >= 0:
            yield feature, fact


def _without_entry(kernel: Kernel, item: int, feature: int) -> Kernel | None:
    """``kernel`` with an item that lacks a feature; ``None`` where it has no features."""
    if isinstance(kernel, FeatureKernel):
        features = kernel.features.copy()
        at = slice(*features.indptr[item : item + 2])
        features.data[at] = np.where(features.indices[at] == feature, 0, features.data[at])
        return FeatureKernel(features)
    if isinstance(kernel, (AffinityKernel, NetworkKernel)):
        _, features_of_item, vectors = kernel.of_features(np.array([item]))
        right = kernel.right.copy()
        right[item] -= vectors[features_of_item == feature].sum(axis=0)
        return replace(kernel, right=right)
    return None


def _as_long(kernel: Kernel, before: Kernel, item: int, feature: int) -> Kernel:
    """``kernel`` without a feature of an item, whose rows get the lengths they have in ``before``.

    A row of ties lacks the feature, and the others were divided by √(1 − F[item, feature]²).
    """
    if isinstance(kernel, NetworkKernel) and isinstance(before, NetworkKernel):
        right = kernel.right.copy()
        ratio = before.scale[item] / kernel.scale[item]
        right[item] *= np.repeat(ratio, right.shape[1] // len(ratio))
        return replace(kernel, right=right)
    if isinstance(before, (FeatureKernel, AffinityKernel)):
        at = slice(*before.features.indptr[item : item + 2])
        entry = before.features.data[at][before.features.indices[at] == feature].sum()
        ratio = np.sqrt(max(1 - float(entry) ** 2, 0.0))
        if isinstance(kernel, FeatureKernel):
            features = kernel.features.copy()
            features.data[slice(*features.indptr[item : item + 2])] *= ratio
            return FeatureKernel(features)
        if isinstance(kernel, AffinityKernel):
            right = kernel.right.copy()
            right[item] *= ratio
            return replace(kernel, right=right)
    return kernel
