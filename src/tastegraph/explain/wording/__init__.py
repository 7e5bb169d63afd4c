"""Reasons in words, by templates that read well even where an entity has no name."""

from __future__ import annotations

from collections.abc import Mapping

from tastegraph.core.config import Config
from tastegraph.core.languages import Language
from tastegraph.explain.wording.chinese import ChineseTemplates
from tastegraph.explain.wording.english import EnglishTemplates
from tastegraph.explain.wording.templates import SentenceTemplates, SharedFeature

__all__ = [
    "ChineseTemplates",
    "EnglishTemplates",
    "SentenceTemplates",
    "SharedFeature",
    "sentence_templates",
]


def sentence_templates(config: Config) -> Mapping[Language, SentenceTemplates]:
    """The sentences of every language, with the words that ``config`` has for them."""
    relations, words = config.relations, config.events.words
    return {"en": EnglishTemplates(relations, words), "zh": ChineseTemplates(relations, words)}
