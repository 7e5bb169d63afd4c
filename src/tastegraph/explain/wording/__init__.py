"""Reasons in words, by templates that read well even where an entity has no name."""

from __future__ import annotations

from collections.abc import Mapping

from tastegraph.core.config import Config
from tastegraph.core.languages import Language
from tastegraph.explain.wording.chinese import Chinese
from tastegraph.explain.wording.common import Common, Wording
from tastegraph.explain.wording.english import English

__all__ = ["Chinese", "Common", "English", "Wording", "wordings"]


def wordings(config: Config) -> Mapping[Language, Wording]:
    """The sentences of every language, with the words that ``config`` has for them."""
    configured = config.relations, config.events.words
    return {"en": English(*configured), "zh": Chinese(*configured)}
