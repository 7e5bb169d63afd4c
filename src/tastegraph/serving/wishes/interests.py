"""The interests of a user as a person can read and edit them.

An interest is what the events say (an edge of the interest graph), what a standing wish says, or
both. An edit is a wish for always, or until it expires: pinned is *more*, muted is *less*, with a
weight. It shows in the next list, and every edit can be undone.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.config import JsonDict
from pydantic_core import PydanticCustomError

from tastegraph.core.errors import NotFoundError
from tastegraph.core.languages import Language
from tastegraph.core.messages import TEMPLATES, Message
from tastegraph.explain.worded import InterestEdge
from tastegraph.serving.engine import Engine
from tastegraph.serving.wishes.chips import MAX_DAYS, MAX_STRENGTH, Chip, Steering
from tastegraph.serving.wishes.steering import Steer, chip_of, expiry, interest_id
from tastegraph.serving.wishes.wording import chip_text
from tastegraph.store import wishes
from tastegraph.store.wishes import StoredWish

MAX_INTERESTS = 200
"""Interests of events that are listed, and can be edited, at most."""
EDIT_RULE = "interest_edit"
InterestState = Literal["inferred", "pinned", "muted", "wished"]


class InterestChange(BaseModel):
    """One change of an interest; `chip` is null where it was given back to the events."""

    model_config = ConfigDict(frozen=True)

    number: int
    decided: float = Field(description="seconds since 1970-01-01 UTC")
    expires: float | None = None
    undone: float | None = None
    chip: Chip | None = None


class Interest(BaseModel):
    """One interest of a user, from events, from a wish, or from both."""

    model_config = ConfigDict(frozen=True)

    interest: str = Field(description="its id, the same in every snapshot")
    label: str
    state: InterestState = Field(
        description="inferred from events; pinned or muted by an edit; wished in other words"
    )
    relation: str | None = None
    phrase: str = Field(default="", description="the relation read aloud")
    node: str | None = None
    strength: float | None = Field(default=None, description="by events; null where they say none")
    support: int = Field(default=0, description="events of the history that carry it")
    weight: float | None = Field(default=None, description="of the edit")
    expires: float | None = Field(default=None, description="seconds since 1970-01-01 UTC")
    chip: Chip | None = Field(default=None, description="the standing wish")
    history: tuple[InterestChange, ...] = Field(default=(), description="the newest change first")


class UserInterests(BaseModel):
    """The interests of a user: those that were edited first, then the strongest."""

    model_config = ConfigDict(frozen=True)

    user_id: str
    interests: tuple[Interest, ...]
    steer: Steering | None = Field(
        default=None, description="what the wish of the request was read as; null without one"
    )


IS_TRUE: JsonDict = {"not": {"const": False}}
IS_FALSE: JsonDict = {"not": {"const": True}}
"""JSON Schemas of a boolean; generators of clients stumble over a constant."""


class InterestEdit(BaseModel):
    """An edit of one interest: pin or mute it, weigh it, let it expire."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={
            "oneOf": [
                {
                    "required": ["pinned"],
                    "properties": {"pinned": IS_TRUE, "muted": IS_FALSE},
                },
                {
                    "required": ["muted"],
                    "properties": {"muted": IS_TRUE, "pinned": IS_FALSE},
                },
            ]
        },
    )

    pinned: bool = Field(default=False, description="more of it from now on")
    muted: bool = Field(default=False, description="less of it from now on")
    weight: float = Field(default=1.0, gt=0, le=MAX_STRENGTH, allow_inf_nan=False)
    days: float | None = Field(
        default=None, gt=0, le=MAX_DAYS, allow_inf_nan=False, description="null for always"
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if self.pinned == self.muted:
            raise PydanticCustomError(EDIT_RULE, TEMPLATES[EDIT_RULE].en)
        return self


class EditableInterests:
    """Reads and edits the interests of users.

    Args:
        engine: answers, and writes.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def all(self, user_id: str, language: Language) -> UserInterests:
        """Every interest of a user; none of an id of which nothing is stored."""
        standing = self._standing(user_id)
        interests = [
            _interest(identifier, edge, standing.pop(identifier, None), language)
            for identifier, edge in self._inferred(user_id, language).items()
        ]
        interests += [_interest(name, None, row, language) for name, row in standing.items()]
        interests.sort(key=lambda each: (each.chip is None, -abs(each.strength or 0.0)))
        return UserInterests(user_id=user_id, interests=tuple(interests))

    def one(self, user_id: str, interest: str, language: Language) -> Interest:
        """One interest, with all changes of it.

        Raises:
            NotFoundError: the user has no such interest, and never had a wish on it.
        """
        edge = self._inferred(user_id, language).get(interest)
        row = self._standing(user_id).get(interest)
        with self._engine.database.reading() as connection:
            changes = wishes.history(connection, user_id, interest)
        if edge is None and not changes:
            raise NotFoundError(Message("missing.interest", user=user_id, interest=interest))
        last = next((change for change in changes if change.chip is not None), None)
        current = _interest(interest, edge, row, language, last)
        history = tuple(_change(change) for change in changes)
        return current.model_copy(update={"history": history})

    def edit(self, user_id: str, interest: str, edit: InterestEdit, language: Language) -> Interest:
        """Pin or mute an interest; when this returns, it is on disk.

        Raises:
            NotFoundError: the user has no such interest.
        """
        known = self.one(user_id, interest, language)
        chip = known.chip or next(
            (change.chip for change in known.history if change.chip is not None), None
        )
        if chip is None:
            chip = Chip(
                direction="more", kind="entity", label=known.label, node=known.node,
                relation=known.relation,
            )  # fmt: skip
        edited = chip.model_copy(
            update={
                "direction": "more" if edit.pinned else "less",
                "strength": edit.weight,
                "duration": "always" if edit.days is None else "days",
                "days": edit.days,
            }
        )
        self._put(user_id, [edited])
        return self.one(user_id, interest, language)

    def wish(self, user_id: str, steer: Steer, language: Language) -> UserInterests:
        """Add a wish in words, or chips; one without a duration is for always."""
        engine = self._engine
        steering = engine.read_wish(steer, language)
        lasting = [
            chip.model_copy(update={"duration": "always"}) if chip.duration == "list" else chip
            for chip in steering.parsed
        ]
        worded = tuple(
            chip.model_copy(update={"text": chip_text(chip, language)}) for chip in lasting
        )
        note = engine.steerer.store(engine.submit, user_id, worded, language)
        notes = steering.notes if note is None else (*steering.notes, note)
        steering = steering.model_copy(update={"parsed": worded, "notes": notes})
        return self.all(user_id, language).model_copy(update={"steer": steering})

    def withdraw(self, user_id: str, interest: str, language: Language) -> Interest:
        """Give an interest back to what the events say.

        Raises:
            NotFoundError: there is no standing wish on it.
        """
        if interest not in self._standing(user_id):
            raise NotFoundError(Message("missing.interest", user=user_id, interest=interest))
        self._engine.submit(
            partial(wishes.put, user_id=user_id, target=interest, chip=None, now=time.time())
        ).result()
        return self.one(user_id, interest, language)

    def withdraw_all(self, user_id: str, language: Language) -> UserInterests:
        """Give all interests back to what the events say."""
        work = partial(wishes.withdraw_all, user_id=user_id, now=time.time())
        self._engine.submit(work).result()
        return self.all(user_id, language)

    def undo(self, user_id: str, language: Language) -> UserInterests:
        """Undo the newest change that is not undone yet.

        Raises:
            NotFoundError: there is none.
        """
        self._engine.submit(partial(wishes.undo, user_id=user_id, now=time.time())).result()
        return self.all(user_id, language)

    def _put(self, user_id: str, chips: Sequence[Chip]) -> None:
        for chip in chips:
            now, row = time.time(), chip.as_json()
            work = partial(
                wishes.put, user_id=user_id, target=interest_id(chip), chip=row, now=now,
                expires=expiry(chip, now),
            )  # fmt: skip
            self._engine.submit(work).result()

    def _standing(self, user_id: str) -> dict[str, StoredWish]:
        with self._engine.database.reading() as connection:
            rows = wishes.standing(connection, user_id, time.time())
        return {row.target: row for row in rows}

    def _inferred(self, user_id: str, language: Language) -> dict[str, InterestEdge]:
        """The interests that the events say, by their ids; none of a user without events."""
        try:
            edges = self._engine.profile(user_id, MAX_INTERESTS, language=language).interests
        except NotFoundError:
            return {}
        return {
            interest_id(
                Chip(direction="more", kind="entity", node=edge.node, relation=edge.relation)
            ): edge
            for edge in edges
        }


def _interest(
    identifier: str,
    edge: InterestEdge | None,
    row: StoredWish | None,
    language: Language,
    last: StoredWish | None = None,
) -> Interest:
    """An interest from its edge, its standing wish, or the last wish that there was on it."""
    chip = None if row is None else chip_of(row)
    if chip is not None:
        chip = chip.model_copy(update={"text": chip_text(chip, language)})
    about = chip or (chip_of(last) if last is not None else None)
    state: InterestState = "inferred"
    if chip is not None:
        states: dict[str, InterestState] = {"more": "pinned", "less": "muted"}
        state = states.get(chip.direction, "wished")
    return Interest(
        interest=identifier,
        label=edge.label if edge is not None else about.label if about is not None else "",
        state=state,
        relation=edge.relation if edge is not None else about.relation if about else None,
        phrase="" if edge is None else edge.phrase,
        node=edge.node if edge is not None else about.node if about else None,
        strength=None if edge is None else edge.strength,
        support=0 if edge is None else edge.support,
        weight=None if chip is None else chip.strength,
        expires=None if row is None else row.expires,
        chip=chip,
    )


def _change(row: StoredWish) -> InterestChange:
    chip = None if row.chip is None else chip_of(row)
    return InterestChange(
        number=row.seq, decided=row.decided, expires=row.expires, undone=row.undone, chip=chip
    )
