"""Computes one list: from a user's events, a request and a snapshot to ranked items."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.arrays import Bools
from tastegraph.core.languages import DEFAULT_LANGUAGE, Language
from tastegraph.core.random_numbers import random_id
from tastegraph.core.records import IMPRESSION, Event
from tastegraph.explain.explainer import Explainer
from tastegraph.explain.reason import Reason
from tastegraph.explain.verbalizer import ScoredEvents
from tastegraph.explain.worded import WordedReason
from tastegraph.models.hybrid import HybridModel
from tastegraph.models.kernels import Scores
from tastegraph.models.ranked import Quota, Ranked
from tastegraph.profiles.interactions import (
    History,
    id_hash,
    oldest_first,
    pair_hashes,
    settled,
)
from tastegraph.serving.answers import ListItem, Recommendations
from tastegraph.serving.lists.exploration import POOL_PER_PLACE, draw_list, with_new_items
from tastegraph.serving.policies.arrangement import Shares
from tastegraph.serving.policies.placing import Places, Scorer, placed
from tastegraph.serving.policies.rules import ListRules, boost_reasons
from tastegraph.serving.snapshot.serving_snapshot import ServingSnapshot
from tastegraph.serving.wishes.effects import WishEffects
from tastegraph.serving.wishes.steering import wish_reasons

DEFAULT_REASONS = 3
"""Reasons of each item of a list, at most."""


@dataclass(frozen=True)
class UserState:
    """The events of a user, as a list needs them.

    Attributes:
        events: the newest, without impressions, oldest first.
        seen_items: ids of the items that ``exclude_seen`` leaves out, however old their events; and
            entities, as :attr:`~tastegraph.core.records.Event.object_id` names them.
        scored: the events that the model scores with.
    """

    events: Sequence[Event]
    seen_items: Collection[str]
    scored: ScoredEvents

    @classmethod
    def of(
        cls, events: Sequence[Event], seen_items: Collection[str], snapshot: ServingSnapshot
    ) -> UserState:
        """From one user's ``events``, and the ids of the items that the user has seen.

        The events have the weights that they had when the model of ``snapshot`` was fitted. As
        many of the newest ones on known items are attended to as then; where none has a time, all
        of them. They are in the order that the model learned them in, those of a session in the
        order in which they come.
        """
        meaning, max_events = snapshot.fitted_config.meaning, snapshot.fitted_config.history
        events = [event for event in events if event.type != IMPRESSION]
        weighted_events, rows = [], []
        for event in events:
            row, weight = snapshot.row_of(event.object_id), meaning.weight_of(event)
            if row is not None and weight != 0:
                if event.entity_id and row < snapshot.model.n_listed:
                    event = replace(event, item_id=snapshot.names.item_ids[row], entity_id="")
                weighted_events.append((event, weight))
                rows.append(row)
        items = np.array(rows, dtype=np.int32)
        weights = np.array([weight for _, weight in weighted_events], dtype=np.float32)
        order, has_order = _order([event for event, _ in weighted_events], items, weights)
        weighted_events = [weighted_events[row] for row in order]
        items, weights = items[order], weights[order]
        latest, strongest = settled(items.astype(np.int64), weights)
        newest = slice(-max_events, None) if has_order else slice(None)
        history = History(items[latest][newest], weights[strongest][newest], has_order)
        scored_events = [meaning.read(weighted_events[row][0]) for row in strongest[newest]]
        is_stranger = not any(meaning.weight_of(event) for event in events)
        return cls(events, seen_items, ScoredEvents(history, scored_events, is_stranger))


def _order(
    events: Sequence[Event], items: NDArray[np.int32], weights: NDArray[np.float32]
) -> tuple[NDArray[np.intp], bool]:
    """The order of one user's events, int[E], and whether any event has a time."""
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
class ListRequest:
    """The parameters of a list; stored with it, so that the list can be replayed.

    Attributes:
        n: number of items.
        exclude_seen: whether items that the user has seen, by ``[serving.exclude]``, are left out.
        repeats: types of events that leave an item in all the same.
        explore: share in [0, 1] of the places given to items that the model is unsure of.
        seed: of the exploration.
        new_items: share in [0, 1] of the places, the last ones, for items without any event.
        wishes: chips that changed the list, as JSON.
        policy: a :class:`~tastegraph.serving.policies.policy.ListPolicy` as JSON; empty for none.
        candidates: ids of the items that the list is made of; ``None`` for all.
        after: the list that this one continues.
        earlier_items: ids of what stood in that list and those before it; none is listed again.
    """

    n: int = 10
    exclude_seen: bool = True
    explore: float = 0.0
    seed: int = 0
    repeats: Sequence[str] = (IMPRESSION,)
    new_items: float = 0.0
    wishes: Sequence[Mapping[str, Any]] = ()
    policy: Mapping[str, Any] = field(default_factory=dict)
    candidates: Sequence[str] | None = None
    after: str | None = None
    earlier_items: Sequence[str] = ()


def make_list(
    snapshot: ServingSnapshot,
    user: UserState,
    request: ListRequest,
    now: float,
    max_reasons: int = DEFAULT_REASONS,
    language: Language = DEFAULT_LANGUAGE,
    wishes: WishEffects | None = None,
    rules: ListRules | None = None,
    model: HybridModel | None = None,
) -> Recommendations:
    """The best items for a user, each with up to ``max_reasons`` reasons in ``language``.

    Of items that have dates, those that may be listed at ``now`` (seconds since 1970-01-01 UTC).
    What ``wishes`` and the boosts of ``rules`` add to scores is among the reasons. A ``model`` that
    knows more of the user than that of the snapshot ranks in its place.
    """
    model = snapshot.model if model is None else model
    places = list_places(snapshot, user, request, now, wishes, rules, model=model)
    ranked, draw = places.ranked, places.draw
    rows = ranked.items[draw.items].tolist()
    words, explainer = snapshot.verbalizer, Explainer(model, snapshot.associations, ranked)
    shortlists = explainer.shortlists(rows, max_reasons, words.is_named)

    def reasons_of(item: int, reasons: Sequence[Reason]) -> tuple[WordedReason, ...]:
        if not max_reasons:
            return ()
        worded = [words.reason(reason, user.scored, item, language) for reason in reasons]
        added: list[WordedReason] = []
        if rules is not None:
            before = float(places.unboosted[ranked.place(item)])
            added += boost_reasons(rules, before, item, language)
        if wishes is not None:
            added += wish_reasons(wishes, ranked, item, language)
        return (*added, *worded)[: max(max_reasons, len(added))]

    return Recommendations(
        recommendation_id=random_id(),
        model=snapshot.model_version,
        graph=snapshot.graph_version,
        personal=bool(ranked.factors),
        stranger=user.scored.is_stranger,
        filter=None if rules is None else rules.report,
        relaxed=places.relaxed,
        items=tuple(
            ListItem(
                item_id=snapshot.names.item_ids[item],
                title=snapshot.names.title(item),
                rank=rank,
                score=float(places.scores[ranked.place(item)]),
                propensity=propensity,
                best=best,
                pinned=item in places.pinned,
                reasons=reasons_of(item, reasons),
            )
            for rank, (item, propensity, best, reasons) in enumerate(
                zip(rows, draw.propensities, draw.best, shortlists, strict=True), start=1
            )
        ),
    )


def list_places(
    snapshot: ServingSnapshot,
    user: UserState,
    request: ListRequest,
    now: float,
    wishes: WishEffects | None = None,
    rules: ListRules | None = None,
    admitted: int | None = None,
    model: HybridModel | None = None,
) -> Places:
    """Which items have the places of a list, as of :func:`make_list`.

    ``admitted`` is the row of an item that may be listed whatever else is said of it.
    """
    model = snapshot.model if model is None else model
    available, listable = listable_items(snapshot, user, request, now, wishes)
    if admitted is not None:
        available[admitted] = listable[admitted] = True
        rules = None if rules is None else rules.admitting(admitted)
    score = partial(_scored, model, user.scored.history, wishes, listable)
    if rules is None:
        return _drawn(model, score, listable, request)
    return placed(snapshot, score, listable, available, rules, request.n, shares_of(request),
                  request.seed)  # fmt: skip


def listable_items(
    snapshot: ServingSnapshot,
    user: UserState,
    request: ListRequest,
    now: float,
    wishes: WishEffects | None,
) -> tuple[Bools, Bools]:
    """bool[I] twice: items that may be listed, those that the user has seen among them or not."""
    available = np.ones(snapshot.model.n_items, dtype=np.bool_)
    if request.candidates is not None:
        available[:] = False
        available[snapshot.listed_rows(request.candidates)] = True
    available[snapshot.listable.unlisted(now)] = False
    if wishes is not None and wishes.mask is not None:
        available &= wishes.mask
    available[snapshot.listed_rows(request.earlier_items)] = False
    listable = available.copy()
    if request.exclude_seen:
        listable[snapshot.listed_rows(user.seen_items)] = False
    return available, listable


def shares_of(request: ListRequest) -> Shares:
    """The shares of the places of a list, and how diverse it is."""
    diversity = float(request.policy.get("diversity", 0.0))
    return Shares(request.explore, request.new_items, diversity)


def _scored(
    model: HybridModel,
    history: History,
    wishes: WishEffects | None,
    listable: Bools,
    quotas: Sequence[Quota],
) -> tuple[Ranked, Scores]:
    """The best items of some quotas, and their scores with what wishes add to them."""
    if wishes is None:
        ranked = model.rank(history, quotas)
        return ranked, ranked.scores
    ranked = model.rank(history, [*quotas, *wishes.quotas(listable, quotas[0].size)])
    return ranked, ranked.scores + wishes.added(ranked)


def _drawn(model: HybridModel, score: Scorer, listable: Bools, request: ListRequest) -> Places:
    """The places of a list without a policy."""
    quotas = [Quota(listable, request.n * (POOL_PER_PLACE if request.explore > 0 else 1))]
    if request.new_items > 0:
        quotas.append(Quota(listable & model.new, request.n))
    ranked, wished = score(quotas)
    scores = np.where(listable[ranked.items], wished, -np.inf).astype(np.float32)
    disagreement = ranked.disagreement() if request.explore > 0 else scores
    rng = np.random.default_rng(request.seed)
    draw = draw_list(scores, disagreement, request.n, request.explore, rng)
    if request.new_items > 0:
        draw = with_new_items(draw, scores, model.new[ranked.items], request.n, request.new_items)
    return Places(ranked, wished, wished, draw, frozenset(), ())
