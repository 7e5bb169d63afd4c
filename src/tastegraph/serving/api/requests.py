"""Request bodies that several routes share: checked, and turned into the library's records."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictInt,
    StrictStr,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from tastegraph.core.languages import Language
from tastegraph.core.messages import TEMPLATES
from tastegraph.core.records import SESSION, Event
from tastegraph.data.cells.typed_row import MAX_ID_LENGTH, MAX_TIMESTAMP
from tastegraph.data.events import event_from
from tastegraph.explain.explained import Wording
from tastegraph.serving.api.policies import PolicyFields
from tastegraph.serving.lists.list_maker import ListOptions
from tastegraph.serving.lists.request_view import UserOrSession
from tastegraph.serving.wishes.chips import MAX_CHIPS, MAX_WISH_LENGTH, Chip

MAX_EVENTS = 1000
MAX_LIST, MAX_ITEMS = 1000, 100
"""Items of a list, and of what a text is about."""
MAX_TEXT_LENGTH = 10_000
_CONTROL = r"\x00-\x1f\x7f-\x9f\u2028\u2029"
PRINTABLE = rf"^[^{_CONTROL}]*[^\s{_CONTROL}][^{_CONTROL}]*$"
"""A pattern for JSON Schema: no control characters, and not blank."""
WITHOUT_NUL = r"^[^\x00]*$"
"""A pattern for JSON Schema."""


def _whole(value: object) -> object:
    """1000.0 is 1000 in JSON Schema, and in clients that know only one kind of number."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _as_text(value: object) -> object:
    value = _whole(value)
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Id = Annotated[
    str,
    BeforeValidator(
        _as_text,
        json_schema_input_type=Annotated[
            str, StringConstraints(min_length=1, max_length=MAX_ID_LENGTH)
        ]
        | int,
    ),
    StringConstraints(min_length=1, max_length=MAX_ID_LENGTH),
]
NewId = Annotated[
    Id,
    WithJsonSchema(
        {"type": "string", "minLength": 1, "maxLength": MAX_ID_LENGTH, "pattern": PRINTABLE}
    ),
]
"""An id that is stored, in a path, where reading its row checks it."""
CheckedId = Annotated[NewId, StringConstraints(pattern=PRINTABLE)]
"""An id that is stored, in a path, and is checked here."""
LooseId = Annotated[StrictStr | StrictInt, BeforeValidator(_whole)]
"""An id as it comes in a row, where :func:`event_from` checks it."""


Moment = Annotated[
    float | str | None,
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number", "minimum": 0, "exclusiveMaximum": MAX_TIMESTAMP},
                {"type": "string", "format": "date-time"},
                {"type": "null"},
            ]
        }
    ),
]
"""A time as it comes in a row, where :func:`event_from` checks it."""


def one_of(*names: str) -> dict[str, Any]:
    """JSON Schema of an object that has exactly one of these fields, which is not null."""
    return {
        "oneOf": [
            {"required": [name], "properties": {name: {"not": {"type": "null"}}}} for name in names
        ]
    }


Wish = Annotated[StrictStr, StringConstraints(max_length=MAX_WISH_LENGTH)]


def broken_rule(key: str) -> PydanticCustomError:
    """The error that a validator raises; ``key`` names the message with the rule."""
    return PydanticCustomError(key, TEMPLATES[key].en)


class _Request(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LanguageRequest(_Request):
    """A body that may name the language of its answer."""

    lang: Language | None = Field(
        default=None, description="of the answer; by default as the query or Accept-Language says"
    )


class SessionEvent(_Request):
    """One event of a session without a user: on an item, or on an entity of the graph."""

    model_config = ConfigDict(json_schema_extra=one_of("item_id", "entity", "entity_id"))

    item_id: LooseId | None = None
    entity: LooseId | None = Field(
        default=None,
        description="in place of item_id: an entity, such as a director or a genre, by its id in "
        "the facts",
    )
    entity_id: LooseId | None = Field(
        default=None, description="another name of entity, as in files"
    )
    type: str | None = Field(
        default=None,
        description="view, click, purchase, like, rating, dislike, skip, impression, or another "
        "that [events.weights] names; by default click, or rating where there is a value",
    )
    value: float | None = Field(
        default=None, allow_inf_nan=False, description="a rating, a count, an amount"
    )
    rating: float | None = Field(
        default=None, allow_inf_nan=False, description="another name of value, as in files"
    )
    ts: Moment = Field(default=None, description="seconds since 1970-01-01 UTC, or ISO 8601")
    timestamp: Moment = Field(default=None, description="another name of ts, as in files")
    recommendation_id: LooseId | None = Field(
        default=None, description="the list that showed the item"
    )
    position: int | None = Field(
        default=None,
        description="the item's rank in that list",
        json_schema_extra={"minimum": 1, "exclusiveMaximum": 2**31},
    )

    @model_validator(mode="after")
    def _one_name_each(self) -> SessionEvent:
        names = (self.item_id, self.entity, self.entity_id)
        if sum(name is not None for name in names) > 1:
            raise broken_rule("one_of_item_and_entity")
        if self.value is not None and self.rating is not None:
            raise broken_rule("one_of_value_and_rating")
        if self.ts is not None and self.timestamp is not None:
            raise broken_rule("one_of_ts_and_timestamp")
        return self

    def event(
        self,
        line: int,
        types: Collection[str],
        own: Mapping[str, object],
        now: float | None = None,
    ) -> Event:
        """The record.

        Args:
            line: the row's place in the request.
            types: the types that an event may have.
            own: further fields of the row: whose event it is, and its id.
            now: the time of a row without one.

        Raises:
            RowError: a value cannot be accepted.
        """
        timestamp = self.timestamp if self.ts is None else self.ts
        values = {
            **own,
            "item_id": self.item_id,
            "entity": self.entity if self.entity_id is None else self.entity_id,
            "type": self.type,
            "value": self.rating if self.value is None else self.value,
            "timestamp": now if timestamp in (None, "") else timestamp,
            "recommendation_id": self.recommendation_id,
            "position": self.position,
        }
        return event_from(values, "events", line, types=types)


class Session(_Request):
    """Events of a session without a user, oldest first."""

    session_id: Id | None = Field(
        default=None,
        description="as in events; lists of one session_id are of one variant of an experiment, "
        "and a session without it takes no part in experiments",
    )
    events: list[SessionEvent] = Field(max_length=MAX_EVENTS)

    def ordered_events(self, types: Collection[str]) -> Sequence[Event]:
        """The events, oldest first; one without a time counts as older than any with one.

        Raises:
            RowError: a value cannot be accepted.
        """
        own = {"user_id": "session"}
        events = [row.event(line, types, own) for line, row in enumerate(self.events)]
        return sorted(events, key=lambda event: event.timestamp or 0.0)


class _UserRequest(LanguageRequest):
    model_config = ConfigDict(json_schema_extra=one_of("user_id", "session"))

    user_id: Id | None = None
    session: Session | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> _UserRequest:
        if (self.user_id is None) == (self.session is None):
            raise broken_rule("one_of_user_and_session")
        return self

    @property
    def stored_session_id(self) -> str | None:
        """The id that events of the session are stored under; ``None`` without one."""
        if self.session is None or self.session.session_id is None:
            return None
        return SESSION + self.session.session_id

    def user_or_session(self, types: Collection[str]) -> UserOrSession:
        """The user id, or the events of the session.

        Raises:
            RowError: a value of the session cannot be accepted.
        """
        if self.session is not None:
            return self.session.ordered_events(types)
        assert self.user_id is not None
        return self.user_id


class _ListRequest(_UserRequest, PolicyFields):
    """The part of a request that says which list is meant."""

    n: int | None = Field(
        default=None,
        ge=1,
        le=MAX_LIST,
        description="number of items; by default what the surface says, or 10",
    )
    exclude: Literal["seen", "none"] = "seen"
    steer: Wish | Annotated[list[Chip], Field(max_length=MAX_CHIPS)] | None = Field(
        default=None,
        description='a wish in words, as "less crime, more seventies", or the chips that one was '
        "read as, as they were or edited; wishes that outlast the list are stored for the user",
        examples=["less crime, more seventies"],
    )


class RecommendationRequest(_ListRequest):
    """A request of a list for a user or a session."""

    explain: Literal["none", "reasons", "paths"] = Field(
        default="reasons", description="paths adds the stored facts behind each reason"
    )
    explore: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="share of the places given to items that the model is unsure of; by default "
        "the configured one",
    )
    seed: int | None = Field(default=None, ge=0, lt=2**32, description="of the exploration")

    def options(self) -> ListOptions:
        """How the list is made."""
        return ListOptions(
            exclude_seen=self.exclude == "seen",
            explore=self.explore,
            seed=self.seed,
            steer=self.steer,
            policy=self.policy(),
            session_id=self.stored_session_id,
        )


class RankRequest(RecommendationRequest):
    """Items of the caller's choice, to be ranked for a user or a session."""

    item_ids: list[Id] = Field(
        min_length=1, max_length=MAX_LIST, description="the candidates; repeated ones count once"
    )
    n: int | None = Field(
        default=None, ge=1, le=MAX_LIST, description="number of items; by default all candidates"
    )
    exclude: Literal["seen", "none"] = "none"

    def options(self) -> ListOptions:
        """How the list is made."""
        return replace(super().options(), candidates=tuple(dict.fromkeys(self.item_ids)))


class TextRequest(LanguageRequest):
    """A text, and how many results of each kind to return."""

    text: str = Field(min_length=1, max_length=MAX_TEXT_LENGTH)
    n: int = Field(default=20, ge=1, le=MAX_ITEMS)


class ExplanationRequest(_ListRequest):
    """A request to explain one item, and why a list has it or lacks it.

    The list is made without exploration, and nothing is stored.
    """

    item_id: Id
    changes: bool = Field(
        default=False,
        description="whether events and wishes are searched with which the list would have the "
        "item; each is computed, so the answer takes as long as up to thirty lists",
    )
    wording: Wording = Field(
        default="template",
        description="llm: the configured language model words the paths, for which the answer "
        "waits up to [llm] wording_seconds; what it says is checked, else the template stands",
    )

    def options(self) -> ListOptions:
        """How the list is made."""
        return ListOptions(
            exclude_seen=self.exclude == "seen",
            explore=0.0,
            seed=0,
            steer=self.steer,
            policy=self.policy(),
            session_id=self.stored_session_id,
        )
