"""Hierarchy: which topic is a kind of which other.

The head of a phrase is its last noun, in English and in Chinese: *lighthouse keeper* is a kind of
*keeper*, 科幻电影 a kind of 电影. Names have no such head (a *Blue Dragon* may be an inn), except
longer Chinese ones, which end in what they are (苏州园林, a 园林).
"""

from __future__ import annotations

from collections.abc import Mapping

from tastegraph.kg.extraction.topics.occurrences import Kind
from tastegraph.text.languages import contains_han

MIN_HEAD_LENGTH, MIN_NAME_LENGTH = 2, 4
"""Characters of a head in Chinese, and of a Chinese name that may have one."""


def broader_topics(kinds: Mapping[str, int]) -> dict[str, str]:
    """Topic → the next more general topic, of all that have one.

    Args:
        kinds: topic, in the normal form of names → its :class:`Kind`.
    """
    pairs = ((topic, _heads(topic, kind)) for topic, kind in kinds.items())
    broader = {}
    for topic, heads in pairs:
        for head in heads:
            if kinds.get(head, Kind.NAME) != Kind.NAME:
                broader[topic] = head
                break
    return broader


def _heads(topic: str, kind: int) -> list[str]:
    """The ends of a phrase that may be a topic, the longest first."""
    if contains_han(topic):
        if kind == Kind.NAME and len(topic) < MIN_NAME_LENGTH:
            return []
        return [topic[k:] for k in range(1, len(topic) - MIN_HEAD_LENGTH + 1)]
    words = topic.split()
    return [] if kind == Kind.NAME else [" ".join(words[k:]) for k in range(1, len(words))]
