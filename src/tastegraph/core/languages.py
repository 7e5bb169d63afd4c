"""The languages of the user interface, and texts in all of them."""

from __future__ import annotations

from typing import Final, Literal, NamedTuple, get_args

Language = Literal["en", "zh"]
LANGUAGES: Final[tuple[Language, ...]] = get_args(Language)
DEFAULT_LANGUAGE: Final[Language] = "en"


class Template(NamedTuple):
    """A sentence as a format string in every language, by the language's name.

    All strings have the same parameters. To support a further language, add a field.
    """

    en: str
    zh: str


def negotiate(accept_language: str, default: Language = DEFAULT_LANGUAGE) -> Language:
    """The language that an ``Accept-Language`` header prefers (RFC 9110, 12.5.4).

    Args:
        accept_language: the header's value, such as ``zh-CN,zh;q=0.9,en;q=0.8``; may be empty.
        default: the language if the header names none of :data:`LANGUAGES`.
    """
    best, language = 0.0, default
    for entry in accept_language.split(","):
        tag, *parameters = (field.strip().lower() for field in entry.split(";"))
        quality = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.strip() == "q":
                try:
                    quality = float(value)
                except ValueError:
                    quality = 0.0
        primary = tag.split("-")[0]
        for candidate in LANGUAGES:
            if primary == candidate and best < quality <= 1:
                best, language = quality, candidate
    return language
