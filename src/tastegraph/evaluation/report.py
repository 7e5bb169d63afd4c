"""The evaluation report of a workspace: protocol, audit of the split, and all results as JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tastegraph.core.arrays import Ints
from tastegraph.core.config import Config
from tastegraph.core.errors import TastegraphError
from tastegraph.core.records import USER
from tastegraph.evaluation.audit import ItemFacts, SplitAudit, audit
from tastegraph.evaluation.comparison import compare_models
from tastegraph.evaluation.evaluator import TRAIN_AND_VALID, TRAIN_ONLY, EvaluationData, Result
from tastegraph.evaluation.tables import report_html
from tastegraph.models.fitted_model import Hyperparameters
from tastegraph.models.item_features import ItemFeatures
from tastegraph.profiles.event_meaning import EventMeaning
from tastegraph.profiles.interactions import Interactions
from tastegraph.profiles.splits import TEST, assign_splits, resolve_split


class EvaluationReport(dict[str, Any]):
    """``{"dataset", "protocol", "audit", "results"}``, ready for JSON; tables in a notebook."""

    def _repr_html_(self) -> str:
        return report_html(self)


def evaluation_report(
    item_features: ItemFeatures,
    events: Interactions,
    config: Config,
    meaning: EventMeaning,
    inputs: str,
    hyperparameters: Hyperparameters | None,
) -> EvaluationReport:
    """Audit the split, then evaluate every model on it.

    Args:
        item_features: graph and texts.
        events: all events.
        config: configuration of the workspace.
        meaning: how events count.
        inputs: fingerprint of what the result depends on.
        hyperparameters: chosen on the same split before; by default they are chosen.

    Raises:
        TastegraphError: no event could be held out.
    """
    config = config.model_copy(update={"evaluation": resolve_split(events, config.evaluation)})
    splits = assign_splits(events, config.evaluation, config.model.seed)
    data = EvaluationData(events, splits, item_features)
    if not data.targets(TEST).nnz:
        raise TastegraphError(
            f"the split {config.evaluation.split!r} holds out no event for the test split: "
            "there are too few events of any one user that count for an item "
            f"({meaning.scale.in_words()})"
        )
    results = compare_models(data, config.evaluation, config.model, hyperparameters)
    return to_json(config.name, protocol(config, meaning, inputs), _audit(data), results)


def protocol(config: Config, meaning: EventMeaning, inputs: str) -> Mapping[str, Any]:
    """How the results were obtained, in words that a reader can check."""
    return {
        "split": config.evaluation.split,
        "fractions": config.evaluation.fractions,
        "positives": meaning.in_words(),
        "ranking": "all items",
        "masked": "what the user liked in train or valid, for every model and history",
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
            "gcn, filters": "those of the whole system, whose components they are",
        },
        "p_vs": "paired sign-flip randomisation of ndcg@10, Holm-adjusted over all models",
        "ci95": "bootstrap over users",
        "seed": config.model.seed,
        "inputs": inputs,
    }


def to_json(
    dataset: object,
    protocol: Mapping[str, Any],
    audit: SplitAudit | Mapping[str, Any],
    results: Sequence[Result],
) -> EvaluationReport:
    """The report in types that ``json.dumps(…, allow_nan=False)`` accepts; nan becomes ``None``.

    Raises:
        TypeError: a value has no form in JSON.
    """
    return EvaluationReport(
        dataset=_plain(dataset),
        protocol=_plain(protocol),
        audit=_plain(audit.as_dict() if isinstance(audit, SplitAudit) else audit),
        results=[
            {name: _plain(getattr(result, name)) for name in Result.__slots__} for result in results
        ],
    )


def _audit(data: EvaluationData) -> SplitAudit:
    events, graph = data.events, data.item_features.graph
    likes = (events.weights > 0) & (events.items < events.n_listed)
    edges = np.flatnonzero((graph.heads < graph.n_listed) & (graph.tails < graph.n_listed))
    facts = ItemFacts(
        head=graph.heads[edges],
        relation=graph.relation[edges],
        tail=graph.tails[edges],
        names=graph.relations,
    )
    return audit(
        events.users[likes],
        events.items[likes],
        events.times[likes],
        data.splits[likes],
        item_facts=facts,
        user_facts=_user_facts(events, data.item_features),
    )


def _user_facts(events: Interactions, item_features: ItemFeatures) -> tuple[Ints, Ints]:
    """User and item of every fact that joins the two, in either direction; both int[G]."""
    graph = item_features.graph
    rows = {user_id: row for row, user_id in enumerate(events.user_ids)}
    user_of_node = np.full(graph.n_nodes, -1, dtype=np.int64)
    for node, node_id in enumerate(graph.node_ids, start=graph.n_items):
        if node_id.startswith(USER):
            user_of_node[node] = rows.get(node_id.removeprefix(USER), -1)
    users = np.concatenate([user_of_node[graph.heads], user_of_node[graph.tails]])
    items = np.concatenate([graph.tails, graph.heads])
    is_user_fact = (users >= 0) & (items < graph.n_listed)
    return users[is_user_fact], items[is_user_fact]


def _plain(value: object) -> Any:
    """``value`` in JSON's own types; nan and infinity become ``None``."""
    match value:
        case np.generic():
            return _plain(value.item())
        case np.ndarray():
            return _plain(value.tolist())
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else None
        case Mapping():
            return {str(key): _plain(entry) for key, entry in value.items()}
        case list() | tuple():
            return [_plain(entry) for entry in value]
        case _:
            raise TypeError(f"{type(value).__name__} has no form in JSON")
