"""One person's list from one snapshot: what they did, what is wished for, items in order."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from uuid import uuid4

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.languages import DEFAULT, Language
from tastegraph.core.records import IMPRESSION, Event
from tastegraph.explain.reasons import Explainer
from tastegraph.profiles.interactions import (
    History,
    id_hash,
    oldest_first,
    pair_hashes,
    settled,
)
from tastegraph.serving.answers import Because, Listed, Recommendations
from tastegraph.serving.exploration import drawn, with_new_items
from tastegraph.serving.published import Published

REASONS = 3


@dataclass(frozen=True)
class Person:
    """What somebody did.

    Attributes:
        events: the newest, but impressions, oldest first.
        seen: ids of the items that are left out where ``exclude_seen`` is wished, however old.
        history: those that count, as the model takes them.
        counted: the event behind each entry of ``history``, as it is read.
        stranger: whether no event counts, on no item that is known or was.
    """

    events: Sequence[Event]
    seen: Collection[str]
    history: History
    counted: Sequence[Event]
    stranger: bool

    @classmethod
    def of(cls, events: Sequence[Event], seen: Collection[str], now: Published) -> Person:
        """Of one person's ``events``, and the ids of the items ``seen``.

        The events weigh what they did when the model of ``now`` was fitted, and as many of the
        newest ones on known items are attended to; where none has a time, all of them. They are
        ordered as the model learned them, those of somebody without an id as they come.
        """
        meaning, newest = now.fitted.meaning, now.fitted.history
        events = [event for event in events if event.type != IMPRESSION]
        counted = [
            (event, weight)
            for event in events
            if event.item_id in now.items and (weight := meaning.weight_of(event)) != 0
        ]
        items = np.array([now.items[event.item_id] for event, _ in counted], dtype=np.int32)
        weights = np.array([weight for _, weight in counted], dtype=np.float32)
        order, ordered = _order([event for event, _ in counted], items, weights)
        counted = [counted[row] for row in order]
        items, weights = items[order], weights[order]
        latest, strongest = settled(items.astype(np.int64), weights)
        kept = slice(-newest, None) if ordered else slice(None)
        history = History(items[latest][kept], weights[strongest][kept], ordered)
        counted_events = [meaning.read(counted[row][0]) for row in strongest[kept]]
        stranger = not any(meaning.weight_of(event) for event in events)
        return cls(events, seen, history, counted_events, stranger)


def _order(
    events: Sequence[Event], items: NDArray[np.int32], weights: NDArray[np.float32]
) -> tuple[NDArray[np.intp], bool]:
    """The order of one person's events, int[E], and whether any of them tells what is newer."""
    times = np.array(
        [np.nan if event.timestamp is None else event.timestamp for event in events],
        dtype=np.float64,
    )
    user_id = events[0].user_id if events else ""
    if not user_id:
        return np.argsort(np.nan_to_num(times, nan=-np.inf), kind="stable"), True
    hashes = pair_hashes(np.full(len(events), id_hash(user_id), dtype=np.uint64), items)
    order = oldest_first(np.zeros(len(events)), times, hashes, weights.astype(np.float64))
    return order, bool(np.isfinite(times).any())


@dataclass(frozen=True)
class Wish:
    """How a list is made, beside for whom.

    Attributes:
        n: how many items.
        exclude_seen: whether what the person has seen, by ``[serving.exclude]``, is left out.
        repeats: types of events that leave an item in all the same.
        explore: share in [0, 1] of the places given to items that the model is unsure of.
        seed: what those are drawn with.
        new_items: share in [0, 1] of the places, the last ones, for items without any event.
    """

    n: int = 10
    exclude_seen: bool = True
    explore: float = 0.0
    seed: int = 0
    repeats: Sequence[str] = (IMPRESSION,)
    new_items: float = 0.0


def listed(
    now: Published,
    person: Person,
    wish: Wish,
    reasons: int = REASONS,
    language: Language = DEFAULT,
) -> Recommendations:
    """The best items for a person, each with up to ``reasons`` reasons in ``language``."""
    ranked = now.model.rank(person.history)
    scores = ranked.scores.copy()
    scores[now.hidden] = -np.inf
    if wish.exclude_seen:
        scores[[now.items[item] for item in person.seen if item in now.items]] = -np.inf
    doubt = ranked.disagreement() if wish.explore > 0 else scores
    found = drawn(scores, doubt, wish.n, wish.explore, np.random.default_rng(wish.seed))
    if wish.new_items > 0:
        found = with_new_items(found, scores, now.model.new, wish.n, wish.new_items)
    explainer = Explainer(now.model, now.associations, ranked)

    def why(item: int) -> tuple[Because, ...]:
        told = explainer.shortlist(item, reasons) if reasons else []
        return tuple(
            now.because(
                each, person.history, person.counted, item, language, stranger=person.stranger
            )
            for each in told
        )

    return Recommendations(
        recommendation_id=uuid4().hex,
        model=now.model_version,
        graph=now.graph_version,
        personal=bool(ranked.factors),
        stranger=person.stranger,
        items=tuple(
            Listed(
                item_id=now.item_ids[item],
                title=now.labels[item],
                rank=rank,
                score=float(ranked.scores[item]),
                propensity=propensity,
                best=best,
                reasons=why(item),
            )
            for rank, (item, propensity, best) in enumerate(
                zip(found.items, found.propensities, found.best, strict=True), start=1
            )
        ),
    )
