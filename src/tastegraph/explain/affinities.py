"""Mapped knowledge as reasons: what the target has that likers of a history's items like."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tastegraph.explain.reason import Reason, Wanted, stored_facts
from tastegraph.models.kernels import AffinityKernel, Scores
from tastegraph.profiles.association import Associations


def affinities(
    kernel: AffinityKernel,
    associations: Associations,
    items: NDArray[np.int32],
    factors: Scores,
    target: int,
    wanted: Wanted | None,
) -> list[Reason]:
    """One reason for each feature of ``target``, by way of the event that says most of it.

    Args:
        kernel: its features are those of ``associations``.
        associations: items × features.
        items: int32[T], the history.
        factors: float32[T], weight of each event.
        target: the item explained; it says nothing about itself.
        wanted: which shares are needed; by default all.
    """
    features, vectors = kernel.of_features(target)
    if not len(features) or not len(items):
        return []
    left = kernel.left[items] * np.where(items == target, 0, factors)[:, None]
    shares = vectors @ left.sum(axis=0)
    counts = np.full(len(features), max(int((left != 0).any(axis=1).sum()), 1))
    chosen = np.flatnonzero(shares) if wanted is None else wanted.of(shares, counts)
    found = []
    for place in chosen:
        terms = left @ vectors[place]
        event = int(np.argmax(terms * np.sign(shares[place])))
        feature = int(features[place])
        found.append(
            Reason(
                "affinity",
                float(shares[place]),
                event=event,
                feature=feature,
                facts=stored_facts(associations, (target,), feature),
                events=int(counts[place]),
            )
        )
    return found
