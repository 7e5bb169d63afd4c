"""The content graph of an item and the interest graph of a user, as data one can read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.arrays import ROUNDING
from tastegraph.profiles.association import SEMANTIC, Associations
from tastegraph.profiles.attention import Attention
from tastegraph.profiles.interactions import History


@dataclass(frozen=True, slots=True)
class Tie:
    """One edge of a content or interest graph.

    Attributes:
        feature: index of the feature in :class:`Associations`.
        strength: association strength; negative where the user is against it.
        stated: whether a fact is behind it; else it is a text's nearness alone.
        support: number of events that carry it: those whose item has the feature and that speak
            for it where the user is for it, against it where the user is against it.
        direct: number of events on the entity itself.
    """

    feature: int
    strength: float
    stated: bool = True
    support: int = 1
    direct: int = 0


def content_graph(associations: Associations, item: int) -> list[Tie]:
    """What ``item`` is tied to, strongest first."""
    at = associations.of_item(item)
    strength = associations.strength.data[at]
    features = associations.strength.indices[at]
    stated = associations.facts[at] != SEMANTIC
    return [
        Tie(int(features[k]), float(strength[k]), bool(stated[k]))
        for k in np.argsort(-strength, kind="stable")
    ]


def interest_graph(
    associations: Associations,
    history: History,
    attention: Attention,
    relation_weights: NDArray[np.float32],
    limit: int | None = None,
    n_listed: int | None = None,
) -> list[Tie]:
    """The union of the content graphs of a history: what weighs most in the model comes first.

    An interest f, of relation and direction r, that n events carry weighs

        n / (n + 1) · w_r · Σₜ αₜ · S[itemₜ, f]

    with S the association strength, α the attention and w the learned relation weight. One event
    may be chance: what it alone carries counts half, what many carry nearly in full; and in full
    what an event on the entity itself says.

    Args:
        associations: items × features.
        history: the events.
        attention: weighs the events.
        relation_weights: float32[kinds], how much facts of each relation and direction say about
            who likes what.
        limit: number of interests, at most.
        n_listed: nodes from here on are no items; by default what is behind the rows.

    Returns:
        Ties, the strongest first. What is stated of one item of the history is stated.
    """
    n_items = associations.strength.shape[0]
    entities = history.items[history.items >= (n_items if n_listed is None else n_listed)]
    rows = associations.rows_of(history.items)
    shares = rows.data * np.repeat(attention(history), np.diff(rows.indptr))
    n_features = rows.shape[1]
    total = np.bincount(rows.indices, shares, minlength=n_features)
    total[np.abs(total) <= ROUNDING * np.bincount(rows.indices, np.abs(shares), n_features)] = 0
    carries = np.sign(shares) * np.sign(total)[rows.indices] > 0
    support = np.bincount(rows.indices[carries], minlength=n_features)
    on_entity = np.isin(associations.node, entities)
    certainty = np.where(on_entity, 1.0, support / (support + 1))
    weight = total * relation_weights[associations.kind] * certainty
    stated = np.zeros(n_features, dtype=np.bool_)
    stated[on_entity] = True
    for item in np.unique(history.items[history.items < n_items]):
        at = associations.of_item(item)
        stated[associations.strength.indices[at][associations.facts[at] != SEMANTIC]] = True
    features = np.flatnonzero(weight)
    order = features[np.argsort(-np.abs(weight[features]), kind="stable")]
    return [
        Tie(
            int(f), float(weight[f]), bool(stated[f]), int(support[f]),
            direct=int((entities == associations.node[f]).sum()),
        )
        for f in order[:limit]
    ]  # fmt: skip
