"""One person's list from one snapshot: what they did, what is wished for, items in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import uuid4

import numpy as np

from tastegraph.config import Events
from tastegraph.explanation.reasons import Explainer
from tastegraph.languages import DEFAULT, Language
from tastegraph.profiles.interactions import History, settled, weight_of
from tastegraph.records import IMPRESSION, Event
from tastegraph.serving.answers import Because, Listed, Recommendations
from tastegraph.serving.exploration import drawn
from tastegraph.serving.published import Published

REASONS = 3


@dataclass(frozen=True)
class Person:
    """What somebody did.

    Attributes:
        events: all but impressions, oldest first.
        history: those that count, as the model takes them.
        counted: the event behind each entry of ``history``.
        stranger: whether no event counts, on no item that is known or was.
    """

    events: Sequence[Event]
    history: History
    counted: Sequence[Event]
    stranger: bool

    @classmethod
    def of(cls, events: Sequence[Event], now: Published, counts: Events, newest: int) -> Person:
        """Of ``events``, oldest first, of which the ``newest`` on known items are attended to."""
        events = [event for event in events if event.type != IMPRESSION]
        counted = [
            (event, weight)
            for event in events
            if event.item_id in now.items and (weight := weight_of(event, counts)) != 0
        ]
        items = np.array([now.items[event.item_id] for event, _ in counted], dtype=np.int32)
        weights = np.array([weight for _, weight in counted], dtype=np.float32)
        latest, strongest = settled(items.astype(np.int64), weights)
        kept = slice(-newest, None)
        history = History(items[latest][kept], weights[strongest][kept])
        stranger = not any(weight_of(event, counts) for event in events)
        return cls(events, history, [counted[row][0] for row in strongest[kept]], stranger)


@dataclass(frozen=True)
class Wish:
    """How a list is made, beside for whom.

    Attributes:
        n: how many items.
        exclude_seen: whether what the person has an event on is left out.
        explore: share in [0, 1] of the places given to items that the model is unsure of.
        seed: what those are drawn with.
    """

    n: int = 10
    exclude_seen: bool = True
    explore: float = 0.0
    seed: int = 0


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
        seen = [now.items[e.item_id] for e in person.events if e.item_id in now.items]
        scores[seen] = -np.inf
    doubt = ranked.doubt() if wish.explore > 0 else scores
    found = drawn(scores, doubt, wish.n, wish.explore, np.random.default_rng(wish.seed))
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
