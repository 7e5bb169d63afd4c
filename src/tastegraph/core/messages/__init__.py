"""Messages of the user interface: templates in every language, filled in when they are shown.

A message is a key and the values of its parameters, so that code that raises an error need not know
in which language it will be shown. Each template is in one catalogue, in all languages; for a
further language, add a field to :class:`~tastegraph.core.languages.Template`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tastegraph.core.languages import DEFAULT_LANGUAGE, Language, Template
from tastegraph.core.messages import (
    batch,
    experiments,
    filters,
    gorse,
    problems,
    related,
    terminal,
    validation,
    why_not,
    wishes,
)

TEMPLATES: Final[Mapping[str, Template]] = {
    **problems.TEMPLATES,
    **validation.TEMPLATES,
    **terminal.TEMPLATES,
    **filters.TEMPLATES,
    **gorse.TEMPLATES,
    **wishes.TEMPLATES,
    **related.TEMPLATES,
    **why_not.TEMPLATES,
    **batch.TEMPLATES,
    **experiments.TEMPLATES,
}
"""Key → template; a key is in one catalogue only."""
_COMMA: Final = Template(en=", ", zh="、")


class Message:
    """A text that can be shown in every language.

    Args:
        key: of a template in :data:`TEMPLATES`.
        parameters: values of its parameters; a value may be a message, or a sequence whose
            members are joined by commas.
    """

    __slots__ = ("key", "parameters")

    def __init__(self, key: str, /, **parameters: object) -> None:
        self.key, self.parameters = key, parameters

    def text(self, language: Language = DEFAULT_LANGUAGE) -> str:
        """The text in one language.

        Raises:
            KeyError: there is no such template, or a parameter is missing.
        """
        template: str = getattr(TEMPLATES[self.key], language)
        return template.format_map(
            {name: _translated(value, language) for name, value in self.parameters.items()}
        )

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        arguments = "".join(f", {name}={value!r}" for name, value in self.parameters.items())
        return f"Message({self.key!r}{arguments})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Message) and (self.key, self.parameters) == (
            other.key,
            other.parameters,
        )

    __hash__ = None  # type: ignore[assignment]


def _translated(value: object, language: Language) -> object:
    if isinstance(value, Message):
        return value.text(language)
    if isinstance(value, list | tuple):
        comma: str = getattr(_COMMA, language)
        return comma.join(str(_translated(entry, language)) for entry in value)
    return value
