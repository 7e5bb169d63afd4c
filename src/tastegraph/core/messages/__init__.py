"""What the product says to people: templates in every language, filled in when they are read.

A message is a key and the values of its parameters, so that whoever meets an error deep below
need not know in which language it will be read. Each template stands in one catalogue, in all
languages side by side; to speak one more, give :class:`Template` one more field.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from tastegraph.core.languages import DEFAULT_LANGUAGE, Language, Template
from tastegraph.core.messages import problems, terminal, validation

TEMPLATES: Final[Mapping[str, Template]] = {
    **problems.TEMPLATES,
    **validation.TEMPLATES,
    **terminal.TEMPLATES,
}
"""Key → template. Keys are unique among the catalogues."""
_COMMA: Final = Template(en=", ", zh="、")


class Message:
    """Something to be said, in whatever language it will be read.

    Args:
        key: of a template in :data:`TEMPLATES`.
        parameters: the values that it names; a value may be a message, or a sequence, whose
            members are listed.
    """

    __slots__ = ("key", "parameters")

    def __init__(self, key: str, /, **parameters: object) -> None:
        self.key, self.parameters = key, parameters

    def text(self, language: Language = DEFAULT_LANGUAGE) -> str:
        """The sentence.

        Raises:
            KeyError: there is no such template, or it names a value that is not given.
        """
        template: str = getattr(TEMPLATES[self.key], language)
        return template.format_map(
            {name: _worded(value, language) for name, value in self.parameters.items()}
        )

    def __str__(self) -> str:
        return self.text()

    def __repr__(self) -> str:
        given = "".join(f", {name}={value!r}" for name, value in self.parameters.items())
        return f"Message({self.key!r}{given})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Message) and (self.key, self.parameters) == (
            other.key,
            other.parameters,
        )

    __hash__ = None  # type: ignore[assignment]


def _worded(value: object, language: Language) -> object:
    if isinstance(value, Message):
        return value.text(language)
    if isinstance(value, list | tuple):
        comma: str = getattr(_COMMA, language)
        return comma.join(str(_worded(one, language)) for one in value)
    return value
