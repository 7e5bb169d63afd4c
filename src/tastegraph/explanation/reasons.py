"""Reasons: the parts of a score, as liked items and paths over stored facts.

Nothing is guessed after the fact: a score is a sum over (event, evidence) pairs, and each reason
is a group of its terms. All reasons of an item together are its score.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np

from tastegraph.profiles.association import ITSELF, Associations
from tastegraph.ranking.kernels import FeatureKernel
from tastegraph.ranking.model import BEHAVIOUR, NETWORK, TEXT, Model, Ranked

Kind = Literal["behaviour", "knowledge", "text", "popularity"]
KIND_OF_PART: dict[str, Kind] = {BEHAVIOUR: "behaviour", NETWORK: "behaviour", TEXT: "text"}
"""The filter on co-engagement and the network both say: people who like this like that."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One term of a score.

    Attributes:
        kind: ``behaviour``, ``knowledge``, ``text`` or ``popularity``.
        share: how much of the score it is; negative where it speaks against the item.
        event: position in the history of the event that says most of it; ``None`` for popularity.
        feature: the feature that item and target have in common, for ``knowledge`` alone.
        facts: ids of the stored facts on the path from the event's item to the target.
        events: how many events of the history say it.
    """

    kind: Kind
    share: float
    event: int | None = None
    feature: int | None = None
    facts: tuple[int, ...] = ()
    events: int = 1


def reasons_for(
    model: Model, associations: Associations, ranked: Ranked, target: int
) -> list[Reason]:
    """All reasons of ``target``, the largest share first; they sum to its score."""
    if not ranked.factors:
        return [Reason("popularity", float(ranked.scores[target]))]
    by_event: dict[Kind, np.ndarray[tuple[int], np.dtype[np.float32]]] = {}
    reasons: list[Reason] = []
    items = ranked.history.items
    for said in model.contributions(ranked, target):
        kernel = model.parts[said.part].kernel
        if isinstance(kernel, FeatureKernel):
            events, features, products = kernel.matches(items, target)
            terms = said.factors[events] * products
            reasons += _paths(associations, items, target, events, features, terms)
        else:
            kind = KIND_OF_PART[said.part]
            by_event[kind] = by_event.get(kind, np.zeros(len(items), np.float32)) + said.shares
    for kind, shares in by_event.items():
        reasons += [Reason(kind, float(shares[t]), event=int(t)) for t in np.flatnonzero(shares)]
    return sorted(reasons, key=lambda reason: -abs(reason.share))


def shortlist(reasons: Sequence[Reason], most: int) -> list[Reason]:
    """The reasons to show first: for the item, telling, and of every kind there is.

    A reason tells more the larger its share for each event that says it: one film by the same
    director tells more than forty with the same age rating.
    """
    telling = sorted((r for r in reasons if r.share > 0), key=lambda r: -r.share / r.events)
    first: dict[Kind, Reason] = {}
    for reason in telling:
        first.setdefault(reason.kind, reason)
    chosen = list(first.values())[:most]
    chosen += [reason for reason in telling if reason not in chosen][: most - len(chosen)]
    return sorted(chosen, key=lambda reason: -reason.share)


def _paths(
    associations: Associations,
    items: np.ndarray[tuple[int], np.dtype[np.int32]],
    target: int,
    events: np.ndarray[tuple[int], np.dtype[np.int64]],
    features: np.ndarray[tuple[int], np.dtype[np.int32]],
    terms: np.ndarray[tuple[int], np.dtype[np.float32]],
) -> list[Reason]:
    """One reason for each feature in common, by way of the event that says most of it."""
    found = []
    order = np.lexsort((-np.abs(terms), features))
    bounds = np.flatnonzero(np.diff(features[order], prepend=-1, append=-1))
    for start, end in pairwise(bounds):
        group = order[start:end]
        event, feature = int(events[group[0]]), int(features[group[0]])
        facts = (_fact(associations, int(items[event]), feature),
                 _fact(associations, target, feature))  # fmt: skip
        found.append(
            Reason(
                "knowledge",
                float(terms[group].sum()),
                event=event,
                feature=feature,
                facts=tuple(fact for fact in facts if fact != ITSELF),
                events=len(group),
            )
        )
    return found


def _fact(associations: Associations, item: int, feature: int) -> int:
    at = associations.of_item(item)
    row = associations.strength.indices[at]
    return int(associations.facts[at][np.searchsorted(row, feature)])
