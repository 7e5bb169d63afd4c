"""The steps of derivation: which function derives the facts of which source."""

from __future__ import annotations

from tastegraph.kg.review.fusion import fuse_entities
from tastegraph.kg.review.inputs import Derivation
from tastegraph.kg.review.item_links import link_items
from tastegraph.kg.review.language_model import llm_extraction
from tastegraph.kg.review.mentions import find_mentions
from tastegraph.kg.review.patterns import extract_with_patterns
from tastegraph.kg.review.topics import find_topics
from tastegraph.store.database import Database
from tastegraph.store.schema import (
    FUSION,
    LANGUAGE_MODEL,
    LINKING,
    MENTIONED,
    PATTERNS,
    TOPICS,
)


def derivations(answers: Database) -> dict[str, Derivation]:
    """Step → its derivation, in the order of :data:`~tastegraph.store.schema.DERIVED`.

    Args:
        answers: where the answers of a language model are stored.
    """
    return {
        LINKING: link_items,
        MENTIONED: find_mentions,
        TOPICS: find_topics,
        PATTERNS: extract_with_patterns,
        LANGUAGE_MODEL: llm_extraction(answers),
        FUSION: fuse_entities,
    }
