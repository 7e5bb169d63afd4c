"""Whom a gate asks: people, what is known of each, and what should be found.

**Newest**: what witnesses did since the model in service was learned, which a candidate is not
told. **Earlier**: the last fifth of what people liked before. **Since**: the later half of each
person's likes that came since, all else being known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.arrays import CSR, Bools, without
from tastegraph.models.objective import people_to_ask
from tastegraph.profiles.interactions import History, Interactions

PEOPLE, CELLS = 2_000, 20_000_000
"""At most so many are asked for each comparison, and so many scores of one model held."""
SEED = 0
"""Of who they are."""
ENOUGH = 50
"""Witnesses who liked something of their own accord from which on they alone are asked for it."""
EARLIER = 5
"""One like in so many, the last ones, is asked for of what was known before."""


@dataclass(frozen=True)
class Asked:
    """People, what is known of each, and what should be found.

    Attributes:
        histories: of P people.
        seen, wanted: CSR[P, I].
    """

    histories: Sequence[History]
    seen: CSR
    wanted: CSR = field(repr=False)

    @classmethod
    def of(cls, histories: Sequence[History], seen: CSR, wanted: CSR) -> Asked:
        """Some of those who have a like and something to find."""
        wanted = without(wanted, seen)
        told = np.flatnonzero([len(history.likes) > 0 for history in histories])
        n_items = wanted.shape[1]
        some = people_to_ask(wanted[told], n_items, min(PEOPLE * n_items, CELLS), SEED)
        people = told[some]
        return cls([histories[int(k)] for k in people], seen[people], wanted[people])


def witnesses(
    user_ids: Sequence[str], share: float, round_: int, enough: int = 100
) -> NDArray[np.bool_]:
    """bool[U]: whose newest events are kept from the candidate, others in each round.

    ``share`` of the people, but ``enough`` of them where that is at most half.
    """
    share = max(share, min(enough / max(len(user_ids), 1), 0.5))
    digests = np.random.default_rng(round_).random(len(user_ids))
    return np.asarray(digests < share)


def newest(before: Interactions, now: Interactions, held: NDArray[np.bool_], history: int) -> Asked:
    """What the people in ``held`` (bool[U] of ``now``) went on to like since ``before``."""
    rows = {user: row for row, user in enumerate(before.user_ids)}
    at = np.array([rows.get(user, -1) for user in now.user_ids], dtype=np.int64)
    known = np.flatnonzero(held & (at >= 0))
    histories = before.histories(history)
    return Asked.of(
        [histories[k] for k in at[known]],
        before.user_items()[at[known]],
        now.user_items()[known],
    )


def newest_unled(
    before: Interactions,
    now: Interactions,
    free: Interactions,
    held: NDArray[np.bool_],
    history: int,
) -> Asked:
    """What the people in ``held`` went on to like: of their own accord, where enough of them did.

    Args:
        before: what was known.
        now: all events.
        free: those of ``now`` that no list of the model prompted.
        held: bool[U] of ``now``.
        history: newest events that are attended to.
    """
    names = {user for user, theirs in zip(now.user_ids, held, strict=True) if theirs}
    theirs = np.array([user in names for user in free.user_ids], dtype=np.bool_)
    unled = newest(before, free, theirs, history)
    return unled if len(unled.histories) >= ENOUGH else newest(before, now, held, history)


def earlier(before: Interactions, history: int) -> Asked:
    """The last fifth of each person's likes, from what they did until then."""
    likes = np.bincount(before.users[before.weights > 0], minlength=before.n_users)
    return _last(before, likes // EARLIER, history)


def since(before: Interactions, now: Interactions, history: int) -> Asked:
    """The later half of each person's likes that came since ``before``, from all other events."""
    new = (now.weights > 0) & arrived(before, now)
    rank = np.zeros(len(now), dtype=np.int64)
    rank[new] = _places(now.users[new])
    counts = np.bincount(now.users[new], minlength=now.n_users)
    wanted = new & (rank >= (counts // 2)[now.users])
    told = now.select(~wanted)
    return Asked.of(told.histories(history), told.user_items(), now.select(wanted).user_items())


def arrived(before: Interactions, now: Interactions) -> Bools:
    """bool[E]: the events of ``now`` that ``before`` has not, whatever their times."""
    rows = {user: row for row, user in enumerate(now.user_ids)}
    at = np.array([rows.get(user, -1) for user in before.user_ids], dtype=np.int64)
    theirs = at[before.users] if len(before) else np.zeros(0, dtype=np.int64)
    both = np.concatenate([_keys(theirs, before), _keys(now.users, now)])
    _, key = np.unique(both, return_inverse=True)
    return ~np.isin(key[len(before) :], key[: len(before)])


def _keys(users: NDArray[np.integer], events: Interactions) -> NDArray[np.void]:
    """Who did what when, one value for each event."""
    kinds = [("user", "i8"), ("item", "i8"), ("time", "f8"), ("weight", "f4")]
    keys = np.empty(len(events), dtype=kinds)
    keys["user"], keys["item"], keys["weight"] = users, events.items, events.weights
    keys["time"] = np.nan_to_num(events.times, nan=-np.inf)
    return keys


def _last(events: Interactions, counts: NDArray[np.int64], history: int) -> Asked:
    """The last ``counts`` (int64[U]) of each person's likes, from what they did until then."""
    liked = events.weights > 0
    rank = np.zeros(len(events), dtype=np.int64)
    rank[liked] = _places(events.users[liked])
    sizes = np.bincount(events.users[liked], minlength=events.n_users)
    late = liked & (rank >= (sizes - counts)[events.users])
    first = np.full(events.n_users, len(events), dtype=np.int64)
    np.minimum.at(first, events.users[late], np.flatnonzero(late))
    until = np.arange(len(events)) < first[events.users]
    told = events.select(until)
    return Asked.of(told.histories(history), told.user_items(), events.select(late).user_items())


def _places(users: NDArray[np.int32]) -> NDArray[np.int64]:
    """int64[E]: place of each event among its person's; events are grouped by person."""
    starts = np.searchsorted(users, users)
    return np.arange(len(users)) - starts
