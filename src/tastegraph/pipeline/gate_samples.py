"""Samples of users on which the gate compares two models: their histories, and what they liked.

- **newest**: likes of the holdout users since the model in service was fitted; a candidate is not
  fitted on these events.
- **earlier**: the last fifth of each user's likes before that, predicted from the events before.
- **since**: the later half of each user's likes since then, predicted from all other events.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.arrays import CSR, Bools, without
from tastegraph.models.validation import sample_users
from tastegraph.profiles.interactions import History, Interactions

MAX_USERS = 2_000
"""Users of a sample, at most."""
MAX_SCORES = 20_000_000
"""Scores (users × items) of one model on a sample, at most."""
SAMPLE_SEED = 0
MIN_ORGANIC_USERS = 50
"""With at least so many holdout users with organic likes, only organic likes are targets."""
MIN_HOLDOUT_USERS = 100
EARLIER_FRACTION = 5
"""One like in so many, the latest ones, is a target of the sample ``earlier``."""


@dataclass(frozen=True)
class GateSample:
    """Users, the history of each, and the items that should be ranked first.

    Attributes:
        histories: of U users.
        seen: CSR[U, I], items that are not ranked.
        targets: CSR[U, I], items that were liked after the history.
    """

    histories: Sequence[History]
    seen: CSR
    targets: CSR = field(repr=False)

    @classmethod
    def of(cls, histories: Sequence[History], seen: CSR, targets: CSR) -> GateSample:
        """Users with a like in the history and a target that is not seen: all, or a sample."""
        targets = without(targets, seen)
        with_likes = np.flatnonzero([len(history.likes) > 0 for history in histories])
        n_items = targets.shape[1]
        max_scores = min(MAX_USERS * n_items, MAX_SCORES)
        users = with_likes[sample_users(targets[with_likes], n_items, max_scores, SAMPLE_SEED)]
        return cls([histories[int(user)] for user in users], seen[users], targets[users])


def holdout_users(user_ids: Sequence[str], share: float, seed: int) -> NDArray[np.bool_]:
    """Draw the users whose newest events a candidate is not fitted on, bool[U].

    At least :data:`MIN_HOLDOUT_USERS` are drawn, where that is at most half.

    Args:
        user_ids: all users.
        share: of them, in [0, 1].
        seed: differs in each retraining, so that each holds out other users.
    """
    share = max(share, min(MIN_HOLDOUT_USERS / max(len(user_ids), 1), 0.5))
    draws = np.random.default_rng(seed).random(len(user_ids))
    return np.asarray(draws < share)


def newest_likes(
    before: Interactions, after: Interactions, users: NDArray[np.bool_], history: int
) -> GateSample:
    """What ``users`` liked since ``before``, predicted from their events in ``before``.

    Args:
        before: events until the model in service was fitted.
        after: events until now.
        users: bool[U], users of ``after``.
        history: newest events that a model attends to.
    """
    rows = {user: row for row, user in enumerate(before.user_ids)}
    row_before = np.array([rows.get(user, -1) for user in after.user_ids], dtype=np.int64)
    known = np.flatnonzero(users & (row_before >= 0))
    histories = before.histories(history)
    return GateSample.of(
        [histories[row] for row in row_before[known]],
        before.user_items()[row_before[known]],
        after.listed_likes()[known],
    )


def newest_organic_likes(
    before: Interactions,
    after: Interactions,
    organic: Interactions,
    users: NDArray[np.bool_],
    history: int,
) -> GateSample:
    """:func:`newest_likes` with organic likes only, where enough users have some.

    Args:
        before, after, users, history: as of :func:`newest_likes`.
        organic: events of ``after`` that do not answer a list of the model.
    """
    names = {user for user, selected in zip(after.user_ids, users, strict=True) if selected}
    organic_users = np.array([user in names for user in organic.user_ids], dtype=np.bool_)
    sample = newest_likes(before, organic, organic_users, history)
    if len(sample.histories) >= MIN_ORGANIC_USERS:
        return sample
    return newest_likes(before, after, users, history)


def earlier_likes(before: Interactions, history: int) -> GateSample:
    """The last fifth of each user's likes, predicted from the user's events before them."""
    n_likes = np.bincount(before.users[before.weights > 0], minlength=before.n_users)
    return _last_likes(before, n_likes // EARLIER_FRACTION, history)


def likes_since(before: Interactions, after: Interactions, history: int) -> GateSample:
    """The later half of each user's likes since ``before``, predicted from all other events."""
    new = (after.weights > 0) & new_events(before, after)
    place = np.zeros(len(after), dtype=np.int64)
    place[new] = _places_within_user(after.users[new])
    counts = np.bincount(after.users[new], minlength=after.n_users)
    is_target = new & (place >= (counts // 2)[after.users])
    context = after.select(~is_target)
    return GateSample.of(
        context.histories(history), context.user_items(), after.select(is_target).listed_likes()
    )


def new_events(before: Interactions, after: Interactions) -> Bools:
    """bool[E]: the events of ``after`` that are not in ``before``, whatever their times."""
    rows = {user: row for row, user in enumerate(after.user_ids)}
    row_after = np.array([rows.get(user, -1) for user in before.user_ids], dtype=np.int64)
    users = row_after[before.users] if len(before) else np.zeros(0, dtype=np.int64)
    keys = np.concatenate([_event_keys(users, before), _event_keys(after.users, after)])
    _, numbers = np.unique(keys, return_inverse=True)
    return ~np.isin(numbers[len(before) :], numbers[: len(before)])


def _event_keys(users: NDArray[np.integer], events: Interactions) -> NDArray[np.void]:
    """User, item, time and weight of each event as one value."""
    fields = [("user", "i8"), ("item", "i8"), ("time", "f8"), ("weight", "f4")]
    keys = np.empty(len(events), dtype=fields)
    keys["user"], keys["item"], keys["weight"] = users, events.items, events.weights
    keys["time"] = np.nan_to_num(events.times, nan=-np.inf)
    return keys


def _last_likes(events: Interactions, counts: NDArray[np.int64], history: int) -> GateSample:
    """The last ``counts`` (int64[U]) likes of each user, predicted from the events before them."""
    is_like = events.weights > 0
    place = np.zeros(len(events), dtype=np.int64)
    place[is_like] = _places_within_user(events.users[is_like])
    n_likes = np.bincount(events.users[is_like], minlength=events.n_users)
    is_target = is_like & (place >= (n_likes - counts)[events.users])
    first_target = np.full(events.n_users, len(events), dtype=np.int64)
    np.minimum.at(first_target, events.users[is_target], np.flatnonzero(is_target))
    context = events.select(np.arange(len(events)) < first_target[events.users])
    return GateSample.of(
        context.histories(history), context.user_items(), events.select(is_target).listed_likes()
    )


def _places_within_user(users: NDArray[np.int32]) -> NDArray[np.int64]:
    """int64[E]: place of each event among those of its user; events are grouped by user."""
    starts = np.searchsorted(users, users)
    return np.arange(len(users)) - starts
