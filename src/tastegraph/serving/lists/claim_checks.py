"""Checks the reasons of some answers after they were given, and counts those that do not hold.

A path must be of stored facts, begin at what the user has an event on and end at the item; shares
must sum to the score. ``tastegraph_claim_violations_total`` must stay 0.
"""

from __future__ import annotations

import logging
import random
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

from sqlalchemy import Connection, select

from tastegraph.core.records import ITEM
from tastegraph.explain.explainer import reasons_for
from tastegraph.explain.worded import PathStep, WordedReason
from tastegraph.serving.answers import Explanation, ListItem, Recommendations
from tastegraph.serving.lists.listing import UserState
from tastegraph.serving.lists.request_view import RequestView
from tastegraph.serving.metrics import CLAIM_CHECKS, CLAIM_VIOLATIONS
from tastegraph.serving.snapshot.serving_snapshot import ServingSnapshot
from tastegraph.store import revision
from tastegraph.store.database import Database
from tastegraph.store.schema import facts

_log = logging.getLogger(__name__)
SHARE_TOLERANCE = 1e-3
"""What the sum of shares may miss of a score, for rounding: of 1, or of a larger score."""
BEYOND_MODEL = ("wish", "rule")
"""Kinds of reasons that wishes and policies add to the score of the model."""
SENTENCES_WITH_PATHS = ("knowledge", "affinity", "facts")


class ClaimChecks:
    """Checks a share of all answers in a thread of its own; an answer never waits for it.

    While one answer is checked, others are not.

    Args:
        database: has the facts that paths name.
        share: of the answers, in [0, 1].
    """

    def __init__(self, database: Database, share: float) -> None:
        self._database, self._share = database, share
        self._pool: ThreadPoolExecutor | None = None
        self._latest: Future[None] | None = None

    def sample(self, view: RequestView, answer: Recommendations | Explanation) -> None:
        """Check this answer, or not: chance decides."""
        if random.random() >= self._share or (self._latest and not self._latest.done()):
            return
        if self._pool is None:
            self._pool = ThreadPoolExecutor(1, thread_name_prefix="claims")
        self._latest = self._pool.submit(self._check, view, answer)

    def close(self) -> None:
        """Finish the check that is under way."""
        pool, self._pool = self._pool, None
        if pool is not None:
            pool.shutdown()

    def _check(self, view: RequestView, answer: Recommendations | Explanation) -> None:
        try:
            with self._database.reading() as connection:
                faults = list(violations(connection, view, answer))
        except Exception:  # What cannot be checked is no answer that is wrong.
            _log.exception("the reasons of an answer could not be checked")
            return
        CLAIM_CHECKS.inc()
        for fault in faults:
            CLAIM_VIOLATIONS.inc()
            _log.error("a reason does not hold: model %s: %s", answer.model, fault)


def violations(
    connection: Connection, view: RequestView, answer: Recommendations | Explanation
) -> Iterator[str]:
    """What does not hold of the reasons of an answer, one line each, without a word of the user.

    Of a list, the shares of the last item are summed; paths are checked of all items.
    """
    items: Sequence[ListItem | Explanation]
    items = answer.items if isinstance(answer, Recommendations) else (answer,)
    steps = {step.fact_id: step for item in items for r in item.reasons for step in r.path}
    yield from _absent_facts(connection, view, steps.values())
    state = view.user()
    events_on = {event.item_id or event.entity_id for event in state.scored.events}
    for item in items:
        for reason in item.reasons:
            yield from _broken_path(item.item_id, reason, events_on)
    if items and (items[-1].reasons or isinstance(answer, Explanation)):
        yield from _wrong_sum(view.snapshot, state, items[-1])


def _absent_facts(
    connection: Connection, view: RequestView, steps: Iterable[PathStep]
) -> Iterator[str]:
    """Steps whose fact is not stored, if the store has changed nothing since the snapshot."""
    by_id = {step.fact_id: step for step in steps}
    query = select(facts.c.fact_id, facts.c.relation).where(facts.c.fact_id.in_(list(by_id)))
    stored = {row.fact_id: row.relation for row in connection.execute(query)}
    has_changed = revision.change_count(connection) != view.snapshot.changes
    for fact_id, step in by_id.items():
        if fact_id not in stored and not has_changed and _has_facts(connection):
            yield f"fact {fact_id} is not stored"
        elif stored.get(fact_id, step.p) != step.p:
            yield f"fact {fact_id} is stored as {stored[fact_id]}, not as {step.p}"


def _has_facts(connection: Connection) -> bool:
    return connection.scalar(select(facts.c.fact_id).limit(1)) is not None


def _broken_path(item_id: str, reason: WordedReason, events_on: set[str]) -> Iterator[str]:
    start = reason.item_id or reason.entity
    if start is not None and start not in events_on and ITEM + start not in events_on:
        yield f"item {item_id}: a reason starts from what the user has no event on"
    if not reason.path:
        if reason.kind == "knowledge":
            yield f"item {item_id}: no fact joins it to the event"
        return
    first, last = ({step.s, step.o} for step in (reason.path[0], reason.path[-1]))
    if reason.kind not in SENTENCES_WITH_PATHS:
        yield f"item {item_id}: a reason of the kind {reason.kind} has a path"
    if ITEM + item_id not in last:
        yield f"item {item_id}: a path does not end at it"
    if reason.kind == "knowledge":
        if not first & {ITEM + str(reason.item_id), str(reason.item_id), str(reason.entity)}:
            yield f"item {item_id}: a path does not begin at the event"
        if len(reason.path) > 1 and not first & last and reason.item_id != item_id:
            yield f"item {item_id}: a path is broken"


def _wrong_sum(
    snapshot: ServingSnapshot, state: UserState, item: ListItem | Explanation
) -> Iterator[str]:
    row = snapshot.item_rows.get(item.item_id)
    if row is None:
        return
    ranked = snapshot.model.rank(state.scored.history)
    shares = [r.share for r in reasons_for(snapshot.model, snapshot.associations, ranked, row)]
    if isinstance(item, Explanation):
        shares = [reason.share for reason in item.reasons]
    else:
        shares += [reason.share for reason in item.reasons if reason.kind in BEYOND_MODEL]
    total = sum(shares)
    if abs(total - item.score) > SHARE_TOLERANCE * max(1.0, abs(item.score)):
        yield f"item {item.item_id}: its score is {item.score:.5f}, its shares sum to {total:.5f}"
