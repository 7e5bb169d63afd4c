"""Request bodies by which a reviewer decides about facts; each carries out its decision."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from fastapi import Body
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from sqlalchemy import Connection

from tastegraph.core.records import Fact
from tastegraph.kg.review import decisions
from tastegraph.kg.review.decisions import MAX_AUTHOR_LENGTH
from tastegraph.serving.api.requests import PRINTABLE, broken_rule, one_of

MAX_FACT_ID = 2**63 - 1


def _digits_up_to(limit: int) -> str:
    """A pattern of the decimal numbers 0 … ``limit``, without a sign and without a zero in front.

    One alternative for each digit that is smaller than that of ``limit``, after digits that are
    the same; one for all shorter numbers.
    """
    digits = str(limit)
    smaller = [
        f"{digits[:k]}[{'0' if k else '1'}-{int(digit) - 1}][0-9]{{{len(digits) - k - 1}}}"
        for k, digit in enumerate(digits)
        if int(digit) > (0 if k else 1)
    ]
    return f"^(0|[1-9][0-9]{{0,{len(digits) - 2}}}|{'|'.join(smaller)}|{digits})$"


def _fact_id(value: object) -> object:
    if isinstance(value, str) and (whole := re.fullmatch(r"([0-9]{1,19})(\.0+)?", value)):
        return int(whole[1])
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise broken_rule("fact_id")


FactId = Annotated[
    int,
    BeforeValidator(
        _fact_id,
        json_schema_input_type=Annotated[str, Field(pattern=_digits_up_to(MAX_FACT_ID))]
        | Annotated[int, Field(ge=0, le=MAX_FACT_ID)],
    ),
    Field(ge=0, le=MAX_FACT_ID),
]
"""Id of a fact. Text is accepted too, since JavaScript rounds numbers of more than 53 bits."""


class _DecisionBody(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NewFact(_DecisionBody):
    """A fact that a reviewer states."""

    subject: str
    relation: str
    object: str
    literal: bool = Field(default=False, description="the object is a value, not an entity")
    datatype: str = Field(default="", description="IRI of the value's type")
    language: str = Field(default="", description="BCP 47 tag of the value")

    def fact(self) -> Fact:
        """The record.

        Raises:
            DecisionError: a field of it cannot be accepted.
        """
        return decisions.validated_fact(
            self.subject,
            self.relation,
            self.object,
            literal=self.literal,
            datatype=self.datatype,
            language=self.language,
        )


Author = Annotated[
    str,
    Field(
        description="who decides",
        json_schema_extra={
            "minLength": 1, "maxLength": MAX_AUTHOR_LENGTH, "pattern": PRINTABLE
        },
    ),
]  # fmt: skip


class _Decision(_DecisionBody):
    author: Author


class AcceptFact(_Decision):
    """A stated fact is right."""

    kind: Literal["accept"]
    fact_id: FactId

    def decide(self, connection: Connection) -> int:
        """See :func:`tastegraph.kg.review.decisions.accept`."""
        return decisions.accept(connection, self.fact_id, self.author)


class RejectFact(_Decision):
    """A stated fact is wrong."""

    kind: Literal["reject"]
    fact_id: FactId

    def decide(self, connection: Connection) -> int:
        """See :func:`tastegraph.kg.review.decisions.reject`."""
        return decisions.reject(connection, self.fact_id, self.author)


class EditFact(_Decision):
    """Another value, or another fact, is right instead of a stated fact."""

    model_config = ConfigDict(json_schema_extra=one_of("value", "fact"))

    kind: Literal["edit"]
    fact_id: FactId
    value: str | None = None
    fact: NewFact | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> EditFact:
        if (self.value is None) == (self.fact is None):
            raise broken_rule("one_of_value_and_fact")
        return self

    def decide(self, connection: Connection) -> int:
        """See :func:`tastegraph.kg.review.decisions.edit`."""
        if self.fact is not None:
            replacement = self.fact.fact()
        else:
            assert self.value is not None
            fact = decisions.stored_fact(connection, self.fact_id)
            replacement = decisions.with_object(fact, self.value)
        return decisions.edit(connection, self.fact_id, replacement, self.author)


class AddFact(_Decision):
    """A new fact is right."""

    kind: Literal["add"]
    fact: NewFact

    def decide(self, connection: Connection) -> int:
        """See :func:`tastegraph.kg.review.decisions.add`."""
        return decisions.add(connection, self.fact.fact(), self.author)


class MergeEntities(_Decision):
    """Two ids are the same entity."""

    kind: Literal["merge"]
    one: str
    other: str

    def decide(self, connection: Connection) -> int:
        """See :func:`tastegraph.kg.review.decisions.merge`."""
        return decisions.merge(connection, self.one, self.other, self.author)


class SplitEntities(_Decision):
    """Two ids are different entities."""

    kind: Literal["split"]
    one: str
    other: str

    def decide(self, connection: Connection) -> int:
        """See :func:`tastegraph.kg.review.decisions.split`."""
        return decisions.split(connection, self.one, self.other, self.author)


DecisionRequest = Annotated[
    AcceptFact | RejectFact | EditFact | AddFact | MergeEntities | SplitEntities,
    Body(discriminator="kind"),
]
