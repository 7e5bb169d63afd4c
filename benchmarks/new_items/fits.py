"""The model at the cut: learned with the new items in its catalogue, or before they were added.

- ``catalogue``: the new items stood in the catalogue when the model was learned, without events.
- ``added``: it was learned from a catalogue without them; they were added afterwards, and
  ``assemble`` made the model of what is known now.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from benchmarks.new_items.cut import Cut
from tastegraph.core.arrays import Bools
from tastegraph.core.config import EvaluationConfig, ModelConfig
from tastegraph.kg.graph import KnowledgeGraph
from tastegraph.models.fit import assemble, fit
from tastegraph.models.fitted_model import FittedModel
from tastegraph.models.hybrid import HybridModel
from tastegraph.models.item_features import ItemFeatures
from tastegraph.models.tuning import choose
from tastegraph.profiles.interactions import Interactions
from tastegraph.profiles.splits import TRAIN, VALID, assign_splits

CATALOGUE, ADDED = "catalogue", "added"
KINDS = (CATALOGUE, ADDED)
BY_TIME = EvaluationConfig(split="user-temporal", fractions=(0.9, 0.1, 0.0))


def model_at(cut: Cut, item_features: ItemFeatures, kind: str, config: ModelConfig) -> HybridModel:
    """Chosen on everybody's newest tenth before the cut, fitted on all before it.

    Args:
        cut: events and new items.
        item_features: of all items.
        kind: of :data:`KINDS`.
        config: seed and sizes.
    """
    known = cut.known
    if kind == CATALOGUE:
        fitted_model = _learned(item_features, known, config)
    else:
        there = np.flatnonzero(~cut.new).astype(np.int32)
        fitted_model = _learned(without(item_features, cut.new), known.of_items(there), config)
    return assemble(item_features, known.user_items(), fitted_model)


def without(item_features: ItemFeatures, absent: Bools) -> ItemFeatures:
    """What was known before the items in ``absent`` (bool[I]) were: no fact names them.

    An entity that is joined to nothing any more is not known either.
    """
    graph = item_features.graph
    item = np.ones(graph.n_nodes, dtype=np.bool_)
    item[: graph.n_items] = ~absent
    edges = item[graph.heads] & item[graph.tails]
    present = np.zeros(graph.n_nodes, dtype=np.bool_)
    present[graph.heads[edges]] = present[graph.tails[edges]] = True
    present[: graph.n_items] = ~absent
    number = (np.cumsum(present) - 1).astype(np.int32)
    fewer = KnowledgeGraph(
        item_ids=_at(graph.item_ids, present[: graph.n_items]),
        node_ids=_at(graph.node_ids, present[graph.n_items :]),
        labels=_at(graph.labels, present),
        relations=graph.relations,
        heads=number[graph.heads[edges]],
        relation=graph.relation[edges],
        tails=number[graph.tails[edges]],
        facts=graph.facts[edges],
        confidence=graph.confidence[edges],
    )
    words = item_features.words[np.flatnonzero(~absent)]
    return ItemFeatures(
        fewer,
        item_features.text[present],
        words,
        item_features.facts_in_text,
        item_features.finetuned,
    )


def _learned(item_features: ItemFeatures, known: Interactions, config: ModelConfig) -> FittedModel:
    parts: NDArray[np.int8] = assign_splits(known, BY_TIME, config.seed)
    valid = known.select((parts == VALID) & (known.weights > 0)).user_items()
    fitted_model = choose(item_features, known.select(parts == TRAIN), valid, config)
    return fit(item_features, known, fitted_model.hyperparameters, config)


def _at(names: list[str], present: Bools) -> list[str]:
    return [names[row] for row in np.flatnonzero(present)]
