"""Lists of many users, a block at a time: by one snapshot, one state of the log and one moment."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection

from tastegraph.core.languages import Language
from tastegraph.core.messages import Message
from tastegraph.core.records import IMPRESSION, Event
from tastegraph.models.batch import BlockModel, block_size
from tastegraph.profiles.interactions import id_hash, pair_hashes
from tastegraph.serving.answers import ListItem, Recommendations
from tastegraph.serving.engine import Engine
from tastegraph.serving.lists.list_maker import ListOptions
from tastegraph.serving.lists.listing import ListRequest, UserState, make_list
from tastegraph.serving.lists.request_view import MAX_USER_EVENTS
from tastegraph.serving.policies.policy import ListPolicy
from tastegraph.serving.snapshot.in_service import as_of
from tastegraph.serving.snapshot.serving_snapshot import ServingSnapshot
from tastegraph.serving.wishes.chips import Chip, Steering
from tastegraph.serving.wishes.steering import chip_of, merged
from tastegraph.store import erasure, wishes
from tastegraph.store import events as log
from tastegraph.store.users import known_ids, user_ids

SkipReason = Literal["unknown", "erased", "empty", "repeated", "session"]
_MESSAGES: Mapping[SkipReason, str] = {
    "unknown": "batch.unknown", "erased": "batch.erased", "empty": "batch.empty",
    "repeated": "batch.repeated", "session": "batch.session",
}  # fmt: skip


class BatchList(BaseModel):
    """The list of one user of a batch."""

    model_config = ConfigDict(frozen=True)

    user_id: str
    personal: bool = Field(description="false where the list is by popularity alone")
    stranger: bool = Field(
        description="true where no event of this user counts for or against an item"
    )
    relaxed: tuple[str, ...] = Field(
        default=(), description="what gave way, since the list would have had fewer items than n"
    )
    items: tuple[ListItem, ...]


class SkippedUser(BaseModel):
    """A user of a batch who has no list, and why."""

    model_config = ConfigDict(frozen=True)

    user_id: str
    skipped: SkipReason = Field(
        description="unknown: nothing is stored of this id; erased: it was deleted; empty: no item "
        "is left to list; repeated: it came before; session: it is a session, and no user"
    )
    message: str


@dataclass(frozen=True)
class BatchRun:
    """What all lists of a run go by; as JSON it is the same run in another process, or later.

    Attributes:
        snapshot: version.
        model, graph: versions.
        event_revision: of the log; what was appended later does not count.
        erased: numbers of users and items that had been erased.
        created: the moment at which items may be listed, in seconds since 1970-01-01 UTC.
        request: the parameters of every list; its seed is that of the run, from which each user's
            follows.
        reasons: of each item, at most.
        language: of the reasons.
    """

    snapshot: str
    model: str
    graph: str
    event_revision: int
    erased: tuple[int, int]
    created: float
    request: Mapping[str, Any]
    reasons: int
    language: Language

    def as_json(self) -> dict[str, Any]:
        """As JSON has it."""
        return {**asdict(self), "erased": list(self.erased)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> BatchRun:
        """The run of :meth:`as_json`."""
        return cls(**{**values, "erased": tuple(values["erased"])})


@dataclass(frozen=True)
class _UserOfBlock:
    """One user of a block.

    Attributes:
        events: the newest, without impressions, oldest first.
        seen_items: what excludes items.
        wishes: standing ones.
    """

    user_id: str
    events: Sequence[Event] = ()
    seen_items: Collection[str] = frozenset()
    wishes: Sequence[Chip] = ()


@dataclass
class _EventsOfUser:
    newest: deque[Event] = field(default_factory=lambda: deque(maxlen=MAX_USER_EVENTS))
    object_ids: set[str] = field(default_factory=set)


class BatchLists:
    """Makes lists of many users over one engine; nothing is stored of them."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._snapshot: ServingSnapshot | None = None

    def begin(
        self, n: int | None, options: ListOptions, reasons: int, language: Language | None = None
    ) -> BatchRun:
        """A run by the snapshot in service, and by the log as it is now.

        Raises:
            NotFoundError: there is no such surface.
            FilterError: a filter cannot be read, or does not fit the catalogue.
        """
        engine = self._engine
        language = engine.config.serving.language if language is None else language
        request = engine.lists.request(n, replace(options, seed=options.seed or 0))
        with engine.database.reading() as connection:
            snapshot = engine.open_version(None, connection)
            run = BatchRun(
                snapshot=snapshot.version,
                model=snapshot.model_version,
                graph=snapshot.graph_version,
                event_revision=log.revision(connection),
                erased=erasure_counts(connection),
                created=time.time(),
                request=asdict(request),
                reasons=reasons,
                language=language,
            )
        self._snapshot = snapshot
        self._rules(snapshot, run)
        return run

    def all_users(self) -> Iterator[str]:
        """Ids of all users, in order."""
        with self._engine.database.reading() as connection:
            yield from user_ids(connection)

    def lists(self, run: BatchRun, users: Sequence[str]) -> Iterator[BatchList | SkippedUser]:
        """The list of each user, or why there is none, in the order of ``users``.

        Raises:
            NotFoundError: the snapshot of the run is not stored any more.
        """
        request = ListRequest(**run.request)
        size = block_size(self._opened(run).model)
        for start in range(0, len(users), size):
            yield from self._block(run, request, users[start : start + size])

    def _block(
        self, run: BatchRun, request: ListRequest, users: Sequence[str]
    ) -> Iterator[BatchList | SkippedUser]:
        with self._engine.database.reading() as connection:
            snapshot = as_of(self._opened(run), connection)
            reasons: dict[str, SkipReason] = {}
            if erased := erasure.erased_users_since(connection, run.erased[0]):
                # Nothing that the run may look at is left of them, even where they came back.
                reasons |= {n: "erased" for n in users if erasure.id_digest(n) in erased}
            remaining = [name for name in users if name not in reasons]
            block = _users_of(connection, remaining, request.repeats, run)
            reasons |= {
                name: "erased" if erasure.user_erased_since(connection, name, 0) else "unknown"
                for name in remaining
                if name not in block
            }
        self._snapshot = snapshot
        rules = self._rules(snapshot, run)
        states = {
            name: UserState.of(user.events, user.seen_items, snapshot)
            for name, user in block.items()
        }
        model = BlockModel.of(snapshot.model, [state.scored.history for state in states.values()])
        for name in users:
            if name in reasons:
                yield skipped_user(name, reasons[name], run.language)
                continue
            state, chips = states[name], merged(block[name].wishes, Steering())
            effects = self._engine.steerer.effects(snapshot, chips, state.scored.history)
            answer = make_list(
                snapshot,
                state,
                replace(request, seed=seed_of(name, request.seed)),
                run.created,
                run.reasons,
                run.language,
                wishes=effects,
                rules=rules,
                model=model,
            )
            if answer.items:
                yield _batch_list(name, answer)
            else:
                yield skipped_user(name, "empty", run.language)

    def _rules(self, snapshot: ServingSnapshot, run: BatchRun) -> Any:
        policy = ListPolicy.model_validate(run.request["policy"])
        return self._engine.lists.policies.rules(snapshot, policy, run.created, run.language)

    def _opened(self, run: BatchRun) -> ServingSnapshot:
        """The snapshot of a run, which stays open for the blocks that follow."""
        if self._snapshot is None or self._snapshot.version != run.snapshot:
            with self._engine.database.reading() as connection:
                self._snapshot = self._engine.open_version(run.snapshot, connection)
        return self._snapshot


def seed_of(user_id: str, seed: int) -> int:
    """The seed of one user's list, whoever else is in the batch; in [0, 2³²)."""
    users = np.array([id_hash(user_id)], dtype=np.uint64)
    return int(pair_hashes(users, np.zeros(1, dtype=np.int64), seed)[0]) % 2**32


def erasure_counts(connection: Connection) -> tuple[int, int]:
    """How many users and items were erased so far."""
    return erasure.erased_user_count(connection), erasure.erased_item_count(connection)


def skipped_user(user_id: str, reason: SkipReason, language: Language) -> SkippedUser:
    """A user who has no list."""
    message = Message(_MESSAGES[reason]).text(language)
    return SkippedUser(user_id=user_id, skipped=reason, message=message)


def _batch_list(user_id: str, answer: Recommendations) -> BatchList:
    return BatchList.model_construct(
        user_id=user_id, personal=answer.personal, stranger=answer.stranger,
        relaxed=answer.relaxed, items=answer.items,
    )  # fmt: skip


def _users_of(
    connection: Connection, users: Sequence[str], repeats: Collection[str], run: BatchRun
) -> dict[str, _UserOfBlock]:
    """Those of ``users`` that anything is stored of, in their order."""
    known = known_ids(connection, users)
    events: dict[str, _EventsOfUser] = {}
    for event in log.grouped_by_user(connection, run.event_revision, users):
        of_user = events.setdefault(event.user_id, _EventsOfUser())
        if event.type not in repeats:
            of_user.object_ids.add(event.object_id)
        if event.type != IMPRESSION:
            of_user.newest.append(event)
    with_wishes = wishes.users_with_wishes(connection, users)
    block: dict[str, _UserOfBlock] = {}
    for name in users:
        if name not in known:
            continue
        of_user, chips = events.get(name, _EventsOfUser()), []
        if name in with_wishes:
            chips = [chip_of(row) for row in wishes.standing(connection, name, run.created)]
        block[name] = _UserOfBlock(name, of_user.newest, of_user.object_ids, chips)
    return block
