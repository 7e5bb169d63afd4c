"""What depends on the language of a text: the best label of an entity, and scripts without spaces.

Unicode scripts are given as ranges of code points, first and last included (Unicode 15, Blocks).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.config import GraphConfig
from tastegraph.core.records import Fact

HAN = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF))
"""Chinese characters, which Japanese and Korean texts use too."""
HANGUL = ((0x1100, 0x11FF), (0x3130, 0x318F), (0xAC00, 0xD7AF))
"""Korean letters: words are separated by spaces, but a particle is written onto a name."""
KANA = ((0x3040, 0x30FF), (0x31F0, 0x31FF))
"""Letters of Japanese alone."""
UNSPACED = ((0x0E00, 0x0EFF), (0x3040, 0x312F), (0x31F0, 0x9FFF), *HAN[2:])
"""Scripts that put no space between words: Thai, Lao, Kana, Bopomofo and Chinese characters."""

Ranges = tuple[tuple[int, int], ...]


def character_class(*scripts: Ranges) -> str:
    """``scripts`` as they stand between ``[`` and ``]`` of a regular expression."""
    return "".join(f"{chr(first)}-{chr(last)}" for ranges in scripts for first, last in ranges)


UNSPACED_RUN = re.compile(f"[{character_class(UNSPACED)}]+")
"""Consecutive characters of scripts that put no space between words."""
_HAN = re.compile(f"[{character_class(HAN)}]")
_KANA = re.compile(f"[{character_class(KANA)}]")
_NO_WORD_BOUNDARY = re.compile(f"[{character_class(UNSPACED, HANGUL)}]")


def contains_han(text: str) -> bool:
    """Whether ``text`` has a Chinese character."""
    return _HAN.search(text) is not None


def contains_kana(text: str) -> bool:
    """Whether ``text`` has a letter of Japanese alone."""
    return _KANA.search(text) is not None


def touches_words(character: str) -> bool:
    """Whether a word may end beside ``character`` without a space: in Chinese, Thai, Korean …"""
    return _NO_WORD_BOUNDARY.match(character) is not None


def are_unspaced(codes: NDArray[np.uint32]) -> NDArray[np.bool_]:
    """bool[n], for code points uint32[n]: whether each is of a script without spaces."""
    result = np.zeros(len(codes), dtype=np.bool_)
    for first, last in UNSPACED:
        result |= (codes >= first) & (codes <= last)
    return result


def character_pairs(run: str) -> list[str]:
    """Overlapping pairs of characters, which stand for the words of a run without spaces.

    ``科幻片`` → ``科幻``, ``幻片``; a single character stands for itself.
    """
    return [run[k : k + 2] for k in range(max(len(run) - 1, 1))]


class BestLabels:
    """The best literal of each entity, chosen as facts go by.

    The earlier relation wins, then the earlier language, then alphabetical order.

    Args:
        relations: whose literals are labels, the best first.
        languages: language tags, the best first; other languages come after them.
    """

    def __init__(self, relations: Iterable[str], languages: Iterable[str]) -> None:
        self._relations = {name: rank for rank, name in enumerate(relations)}
        self._languages = {tag.lower(): rank for rank, tag in enumerate(languages)}
        self._best: dict[str, tuple[int, int, str]] = {}

    @classmethod
    def of_names(cls, config: GraphConfig) -> BestLabels:
        """For the names of entities, as the section ``[graph]`` ranks relations and languages."""
        return cls(config.label_relations, config.label_languages)

    def add(self, fact: Fact, entity: str | None = None) -> bool:
        """Consider a fact; whether it is a label.

        Args:
            fact: any fact.
            entity: whose label it is; by default the fact's subject.
        """
        if not fact.literal:
            return False
        key = fact.subject if entity is None else entity
        return self.consider(key, fact.relation, fact.object, fact.language)

    def consider(self, entity: str, relation: str, literal: str, language: str) -> bool:
        """The same of a fact about ``entity`` whose object is a literal."""
        rank = self._relations.get(relation)
        if rank is None:
            return False
        label = (rank, self._languages.get(language, len(self._languages)), literal)
        best = self._best.get(entity)
        if best is None or label < best:
            self._best[entity] = label
        return True

    def get(self, entity: str) -> str:
        """The best label of an entity; empty where it has none."""
        return self._best[entity][2] if entity in self._best else ""

    def all(self) -> dict[str, str]:
        """Entity id → its best label, of all that have one."""
        return {entity: label for entity, (_, _, label) in self._best.items()}
