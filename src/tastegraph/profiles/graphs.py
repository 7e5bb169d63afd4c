"""The content graph of an item and the interest graph of a user, as data one can read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

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
    """

    feature: int
    strength: float
    stated: bool = True


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
    associations: Associations, history: History, attention: Attention, limit: int | None = None
) -> list[Tie]:
    """The union of the content graphs of a history, weighted by attention, strongest first.

    What is stated of one item of the history is stated.
    """
    weights = attention(history)
    total = weights @ associations.strength[history.items]
    stated = np.zeros(len(total), dtype=np.bool_)
    for item in np.unique(history.items):
        at = associations.of_item(item)
        stated[associations.strength.indices[at][associations.facts[at] != SEMANTIC]] = True
    order = np.argsort(-np.abs(total), kind="stable")
    return [Tie(int(f), float(total[f]), bool(stated[f])) for f in order[:limit] if total[f]]
