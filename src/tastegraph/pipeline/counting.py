"""Whether events say anything that can be learned, and how they are read: said before learning."""

from __future__ import annotations

from collections.abc import Mapping

from tastegraph.core.errors import TastegraphError
from tastegraph.core.progress import say
from tastegraph.core.records import IMPRESSION, RATING
from tastegraph.profiles.event_meaning import EventMeaning
from tastegraph.profiles.interactions import Interactions

FEW, MOST = 0.05, 0.95
"""Shares of ratings that count for their item, outside of which the scale is likely another."""


def check_counting(events: Interactions, meaning: EventMeaning, types: Mapping[str, int]) -> None:
    """Say how ratings are read, and warn where that is likely wrong.

    Args:
        events: those that count.
        meaning: by which they do.
        types: how many events of each type are stored.

    Raises:
        TastegraphError: people did something, and none of it counts for an item.
    """
    acts = {kind: n for kind, n in types.items() if kind != IMPRESSION}
    if acts and not (events.weights > 0).any():
        raise TastegraphError(
            f"none of the {sum(acts.values()):,} events counts for an item, so there is nothing to "
            f"learn: {_each(acts, meaning)}. In tastegraph.toml set [events] positive_rating to "
            "the lowest rating that counts for an item, or in [events.weights] the types of what "
            "people do with items they want to more than 0; or import events of such a type"
        )
    scale = meaning.scale
    if not scale.n:
        return
    say(scale.in_words())
    unary = scale.kind == "binary" and scale.share == 1
    if scale.kind != "counts" and not unary and not FEW <= scale.share <= MOST:
        say(
            f"warning: {scale.share:.1%} of {scale.n:,} ratings count for their item; if that is "
            "not what they mean, set [events] positive_rating in tastegraph.toml to the lowest "
            "rating that does"
        )


def _each(acts: Mapping[str, int], meaning: EventMeaning) -> str:
    told = []
    for kind, n in sorted(acts.items()):
        weight = meaning.weights.get(kind, 0.0)
        rated = f" ({meaning.scale.in_words()})" if kind == RATING and meaning.scale.n else ""
        told.append(f"{n:,} of type {kind!r} with the weight {weight:g}{rated}")
    return ", ".join(told)
