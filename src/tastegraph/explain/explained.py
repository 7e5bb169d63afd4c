"""A reason of an explanation: worded by a template, or by a language model and checked."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field

from tastegraph.explain.worded import WordedReason

Wording = Literal["template", "llm"]


class ExplainedReason(WordedReason):
    """A reason, and who worded it."""

    wording: Wording = Field(
        default="template", description="llm where a language model worded the path, checked"
    )
    template: str | None = Field(
        default=None, description="where a language model worded it, what the template says"
    )
    wording_note: str | None = Field(
        default=None, description="why the template stands although the language model was asked"
    )

    @classmethod
    def of(cls, reason: WordedReason) -> Self:
        """A reason by its template."""
        return cls(**{name: getattr(reason, name) for name in WordedReason.model_fields})
