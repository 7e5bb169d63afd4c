"""The evaluation of a workspace, as one JSON document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from tastegraph.core.config import Config
from tastegraph.core.errors import TastegraphError
from tastegraph.core.records import USER
from tastegraph.evaluation.audit import Audit, ItemFacts, audit
from tastegraph.evaluation.experiment import compare
from tastegraph.evaluation.judge import TRAIN_AND_VALID, TRAIN_ONLY, Data
from tastegraph.evaluation.parts import parts_of, resolved
from tastegraph.evaluation.split import TEST
from tastegraph.evaluation.table import to_json
from tastegraph.models.learned import Hyperparameters, ItemFeatures
from tastegraph.profiles.event_meaning import EventMeaning
from tastegraph.profiles.interactions import Interactions


def evaluate(
    item_features: ItemFeatures,
    events: Interactions,
    config: Config,
    meaning: EventMeaning,
    inputs: str,
    hyperparameters: Hyperparameters | None,
) -> dict[str, Any]:
    """Audit the split, then judge every model on it.

    Args:
        item_features: graph and texts.
        events: every event.
        config: the workspace's.
        meaning: what the events say.
        inputs: fingerprint of what the result depends on.
        hyperparameters: settings chosen on this very split before, to spare choosing them again.

    Returns:
        ``{"dataset", "protocol", "audit", "results"}``, ready for JSON.

    Raises:
        TastegraphError: no event could be held out.
    """
    config = config.model_copy(update={"evaluation": resolved(events, config.evaluation)})
    parts = parts_of(events, config.evaluation, config.model.seed)
    data = Data(events, parts, item_features)
    if not data.wanted(TEST).nnz:
        raise TastegraphError(
            f"the split {config.evaluation.split!r} holds out no event for the test part: "
            "there are too few events of any one person that count for an item "
            f"({meaning.scale.in_words()})"
        )
    results = compare(data, config.evaluation, config.model, hyperparameters)
    return to_json(config.name, protocol(config, meaning, inputs), _audit(data), results)


def protocol(config: Config, meaning: EventMeaning, inputs: str) -> Mapping[str, Any]:
    """How the results came about, in words that a reader can check."""
    return {
        "split": config.evaluation.split,
        "fractions": config.evaluation.fractions,
        "positives": meaning.in_words(),
        "ranking": "all items",
        "masked": "what the person liked in train or valid, for every model and history",
        "chosen_on": "valid ndcg@10, but for itemknn (k = 100) and ease (λ = 250): RecBole's",
        "known": {
            "system and controls": f"events for and against, newest {config.model.history}, "
            "weighted by recency",
            "baselines": "likes; weighted by recency in 'ease tuned' alone",
        },
        "histories": {
            TRAIN_ONLY: "fitted on train, knowing train",
            TRAIN_AND_VALID: "fitted on train and valid, knowing both",
        },
        "fit_seconds": {
            TRAIN_ONLY: "controls and baselines: choosing settings included",
            TRAIN_AND_VALID: "one fit with the settings chosen",
            "gcn, filters": "those of the whole system, whose parts they are",
        },
        "p_vs": "paired sign-flip randomisation of ndcg@10, Holm-adjusted over all models",
        "ci95": "bootstrap over people",
        "seed": config.model.seed,
        "inputs": inputs,
    }


def _audit(data: Data) -> Audit:
    events, graph = data.events, data.item_features.graph
    liked = events.weights > 0
    between = np.flatnonzero((graph.heads < graph.n_items) & (graph.tails < graph.n_items))
    facts = ItemFacts(
        head=graph.heads[between],
        relation=graph.relation[between],
        tail=graph.tails[between],
        names=graph.relations,
    )
    return audit(
        events.users[liked],
        events.items[liked],
        events.times[liked],
        data.parts[liked],
        item_facts=facts,
        user_facts=_user_facts(events, data.item_features),
    )


def _user_facts(events: Interactions, item_features: ItemFeatures) -> tuple[Any, Any]:
    """Facts with a person at one end and an item at the other, whichever way they point."""
    graph = item_features.graph
    people = {user_id: row for row, user_id in enumerate(events.user_ids)}
    nodes = np.full(graph.n_nodes, -1, dtype=np.int64)
    for row, node_id in enumerate(graph.node_ids, start=graph.n_items):
        if node_id.startswith(USER):
            nodes[row] = people.get(node_id.removeprefix(USER), -1)
    users = np.concatenate([nodes[graph.heads], nodes[graph.tails]])
    items = np.concatenate([graph.tails, graph.heads])
    chosen = (users >= 0) & (items < graph.n_items)
    return users[chosen], items[chosen]
