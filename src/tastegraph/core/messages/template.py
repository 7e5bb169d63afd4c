"""One sentence in every language of the product."""

from __future__ import annotations

from typing import NamedTuple


class Template(NamedTuple):
    """A format string for each of :data:`tastegraph.core.languages.LANGUAGES`, by its name.

    All of them name the same parameters.
    """

    en: str
    zh: str
