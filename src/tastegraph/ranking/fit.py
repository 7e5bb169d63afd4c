"""From events and what is known about items to a model: choose, fit, assemble.

``choose`` looks at validation data and fixes every setting. ``fit`` learns with these settings
from any events. ``assemble`` makes a model of what was learned and what is known *now*, so that a
new item or fact counts without learning anything again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from tastegraph.arrays import CSR
from tastegraph.config import Model as ModelConfig
from tastegraph.profiles.attention import Recency
from tastegraph.profiles.interactions import History, Interactions
from tastegraph.ranking import filters
from tastegraph.ranking.blend import predict_from, weigh
from tastegraph.ranking.kernels import FactorKernel, FeatureKernel, Scores, TableKernel
from tastegraph.ranking.learned import Choice, Content, Learned, TrainedNetwork, aligned
from tastegraph.ranking.model import (
    BEHAVIOUR,
    FEW_LIKES,
    KNOWLEDGE,
    KNOWN,
    NETWORK,
    NEW,
    TEXT,
    Blend,
    Model,
    Part,
)
from tastegraph.ranking.objective import Objective, people_to_ask
from tastegraph.ranking.training import Evidence, Vectors, item_vectors, train

HALF_LIVES = (None, 40.0, 20.0, 10.0, 5.0)
AGAINST = (0.0, 0.5)
EASE_STRENGTHS = (100.0, 250.0, 500.0)
RP3_BETAS = (0.0, 0.3, 0.6)
CELLS = 20_000_000
COLD_SHARE = 0.2
COLD_PEOPLE = 500


def choose(
    content: Content, training: Interactions, valid: CSR, config: ModelConfig
) -> tuple[Choice, Learned]:
    """Fix every setting by NDCG@10 on ``valid`` (CSR[U, I]), and fit on the training events.

    Raises:
        ValueError: nobody has both a like to learn from and one to find.
    """
    likes = training.likes()
    people = people_to_ask(valid, content.graph.n_items, CELLS, config.seed)
    people = people[np.diff(likes.indptr)[people] > 0]
    if not len(people):
        raise ValueError("no validation data: nobody has a like to learn from and one to find")
    histories = training.histories(config.history)
    asked = [histories[person] for person in people]
    objective = Objective.of(likes, valid, people)

    name, parameter, table = _best_filter(likes, asked, objective)
    weights = filters.kind_weights(content.associations, likes, config.seed)
    evidence = Evidence.of(content.graph, content.text, likes, weights)

    def quality(vectors: Vectors) -> float:
        return objective(_network_part(vectors).scores(asked))

    network = train(evidence, histories, config, quality=quality)
    kernels = _content_kernels(content, weights)
    recencies = _recencies(training)
    options: dict[str, list[Part]] = {
        BEHAVIOUR: [Part(recency, TableKernel(table)) for recency in recencies],
        NETWORK: [_network_part(item_vectors(network, evidence))],
        **{part: [Part(recency, k) for recency in recencies] for part, k in kernels.items()},
    }
    scale = _standardiser(np.diff(likes.T.tocsr().indptr) > 0)
    known = weigh(_offers(options, asked, scale), objective)
    chosen = {part: options[part][setting] for part, setting in known.settings.items()}
    short = [history.newest(FEW_LIKES - 2) for history in asked]
    new = weigh(_offers({part: [p] for part, p in chosen.items()}, short, scale), objective)
    choice = Choice(
        filter=name,
        parameter=parameter,
        attention={p: v.attention for p, v in chosen.items() if isinstance(v.attention, Recency)},
        epochs=network.epochs,
        weights={KNOWN: known.weights, NEW: new.weights},
        valid=known.reached,
    )
    return choice, _learned(content, training, likes, choice, table, weights, network, config)


def fit(content: Content, training: Interactions, choice: Choice, config: ModelConfig) -> Learned:
    """Learn from ``training`` with the settings of ``choice``."""
    likes = training.likes()
    table = _filter(likes, choice.filter, choice.parameter)
    weights = filters.kind_weights(content.associations, likes, config.seed)
    evidence = Evidence.of(content.graph, content.text, likes, weights)
    histories = training.histories(config.history)
    network = train(evidence, histories, config, epochs=choice.epochs)
    return _learned(content, training, likes, choice, table, weights, network, config)


def assemble(content: Content, likes: CSR, learned: Learned) -> Model:
    """A model over the items of ``content``, which may be more or others than were learned from.

    Args:
        content: graph and texts as they are now.
        likes: CSR[U, I] as they are now.
        learned: from :func:`choose` or :func:`fit`.
    """
    items = {item_id: row for row, item_id in enumerate(learned.item_ids)}
    rows = np.array([items.get(item_id, -1) for item_id in content.graph.item_ids], dtype=np.int64)
    warm = (rows >= 0) & np.append(learned.warm, False)[rows]
    weights = _kind_weights_for(content, learned.kind_weights)
    evidence = Evidence.of(content.graph, content.text, likes, weights)
    choice = learned.choice
    parts = {
        BEHAVIOUR: Part(choice.attention[BEHAVIOUR], TableKernel(aligned(learned.table, rows))),
        NETWORK: _network_part(item_vectors(learned.network, evidence)),
    }
    for part, kernel in _content_kernels(content, weights).items():
        parts[part] = Part(choice.attention.get(part, Recency()), kernel)
    return Model(
        parts=parts,
        blend=Blend(warm=choice.weights, cold=learned.cold),
        warm=warm,
        rows=rows,
        popularity=np.bincount(likes.indices, minlength=likes.shape[1]),
    )


def _learned(
    content: Content,
    training: Interactions,
    likes: CSR,
    choice: Choice,
    table: Scores | CSR,
    weights: NDArray[np.float32],
    network: TrainedNetwork,
    config: ModelConfig,
) -> Learned:
    relations = content.graph.relations
    learned = Learned(
        choice=choice,
        item_ids=content.graph.item_ids,
        warm=np.bincount(likes.indices, minlength=likes.shape[1]) > 0,
        table=table,
        kind_weights={
            (relations[kind // 2], bool(kind % 2)): float(w) for kind, w in enumerate(weights)
        },
        network=network,
        cold={},
    )
    return replace(learned, cold=_cold_weights(content, training, likes, learned, config))


def _cold_weights(
    content: Content, training: Interactions, likes: CSR, learned: Learned, config: ModelConfig
) -> dict[str, dict[str, float]]:
    """How to rank items without events: predict the score of warm ones that are made cold."""
    rng = np.random.default_rng(config.seed)
    warm = np.flatnonzero(learned.warm)
    cold = np.sort(rng.choice(warm, max(int(COLD_SHARE * len(warm)), 1), replace=False))
    people = np.flatnonzero(np.diff(likes.indptr) >= FEW_LIKES)
    people = people if len(people) else np.flatnonzero(np.diff(likes.indptr))
    people = rng.choice(people, min(len(people), COLD_PEOPLE), replace=False)
    model = assemble(content, likes, learned)
    evidence = Evidence.of(
        content.graph, content.text, likes, _kind_weights_for(content, learned.kind_weights)
    )
    blind = item_vectors(learned.network, evidence, cold=cold.tolist()).kernel
    parts = {name: part for name, part in model.parts.items() if name != BEHAVIOUR}
    network = parts[NETWORK]
    everything = training.histories(config.history)
    weights = {}
    for who, newest in ((KNOWN, config.history), (NEW, FEW_LIKES - 2)):
        histories = [everything[person].newest(newest) for person in people]
        seen = {}
        for name, part in parts.items():
            spread = model.spread(part.scores(histories))[:, None]
            if name == NETWORK and isinstance(network.kernel, FactorKernel):
                part = Part(network.attention, FactorKernel(network.kernel.left, blind.right))
            seen[name] = part.scores(histories)[:, cold] * spread
        weights[who] = predict_from(seen, model.scores(histories)[:, cold])
    return weights


def _best_filter(
    likes: CSR, histories: Sequence[History], objective: Objective
) -> tuple[str, float, Scores | CSR]:
    options = [("rp3beta", beta) for beta in RP3_BETAS]
    if likes.shape[1] <= filters.DENSE_ITEMS:
        options += [("ease", strength) for strength in EASE_STRENGTHS]
    best: tuple[float, str, float, Scores | CSR] | None = None
    for name, parameter in options:
        table = _filter(likes, name, parameter)
        value = objective(Part(Recency(), TableKernel(table)).scores(histories))
        if best is None or value > best[0]:
            best = (value, name, parameter, table)
    assert best is not None
    return best[1:]


def _filter(likes: CSR, name: str, parameter: float) -> Scores | CSR:
    return (filters.ease if name == "ease" else filters.rp3beta)(likes, parameter)


def _recencies(training: Interactions) -> list[Recency]:
    against = AGAINST if (training.weights < 0).any() else AGAINST[:1]
    return [Recency(half_life, factor) for factor in against for half_life in HALF_LIVES]


def _network_part(vectors: Vectors) -> Part:
    return Part(vectors.attention, vectors.kernel)


def _content_kernels(
    content: Content, weights: NDArray[np.float32]
) -> dict[str, FeatureKernel | FactorKernel]:
    kernels: dict[str, FeatureKernel | FactorKernel] = {}
    if content.associations.strength.nnz:
        features = filters.knowledge_features(content.associations, weights)
        kernels[KNOWLEDGE] = FeatureKernel(features)
    text = content.text[: content.graph.n_items]
    if text.any():
        vectors = filters.text_features(text)
        kernels[TEXT] = FactorKernel(vectors, vectors)
    return kernels


def _kind_weights_for(
    content: Content, by_name: Mapping[tuple[str, bool], float]
) -> NDArray[np.float32]:
    """float32[2R] in the order of this graph; a relation never seen gets the middle weight."""
    middle = float(np.median(list(by_name.values()))) if by_name else 1.0
    return np.array(
        [
            by_name.get((relation, reverse), middle)
            for relation in content.graph.relations
            for reverse in (False, True)
        ],
        dtype=np.float32,
    )


def _standardiser(warm: NDArray[np.bool_]) -> Callable[[Scores], Scores]:
    def standardise(scores: Scores) -> Scores:
        deviation = scores[:, warm].std(axis=1, keepdims=True)
        return np.where(deviation > 1e-9, scores / np.maximum(deviation, 1e-9), 0)

    return standardise


def _offers(
    options: Mapping[str, Sequence[Part]],
    histories: Sequence[History],
    scale: Callable[[Scores], Scores],
) -> dict[str, list[Callable[[], Scores]]]:
    def standardised(part: Part) -> Scores:
        return scale(part.scores(histories))

    return {
        name: [partial(standardised, part) for part in parts] for name, parts in options.items()
    }
