"""Name reader: the names in texts of which no fact needs to be known."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from tastegraph.kg.extraction.candidates import MentionCandidate, name_candidates
from tastegraph.kg.extraction.gazetteer import Gazetteer
from tastegraph.kg.extraction.phrases.cues import FUNCTION_WORDS
from tastegraph.kg.extraction.phrases.word_forms import stem_and_form
from tastegraph.kg.extraction.segmentation import Orthography, Sentences, learn_orthography

PARTICLES = frozenset(
    {"von", "van", "de", "del", "der", "di", "la", "le", "du", "bin", "da", "dos"}
)
"""Lower-case words inside names, which a few texts cannot show to be that."""
MIN_WORDS_AFTER_ADJECTIVE = 2
_PRONOUNS = frozenset({"it", "he", "she", "they", "we", "there", "then", "what", "how", "why"})
_CAPITALISED = re.compile(r"\b[A-Z][a-z]+\b")
_ADJECTIVE = re.compile(
    r"\b(?i:an?|the|its) ([A-Z][a-z]+(?:an|ese|ish|ch|ic|ss|ek|ai|i)) [a-z]{3,}"
)


class NameReader:
    """Finds the names of texts, known ones and runs of capitalised words.

    An adjective before a name of two words or more is no part of it: *American Jodie Foster*. The
    texts show which capitalised words are adjectives (*an American film*).

    Args:
        texts: learned from: how they write names.
        gazetteer: known names.
        words: words whose forms are no part of a name where they open a sentence: *Starring NAME*.
    """

    def __init__(
        self, texts: Iterable[str], gazetteer: Gazetteer, words: Iterable[str] = ()
    ) -> None:
        texts = list(texts)
        learned = learn_orthography(texts, [()] * len(texts))
        ordinary = learned.ordinary | FUNCTION_WORDS | _PRONOUNS | _forms_of(words, texts)
        self._orthography = Orthography(learned.particles | PARTICLES, ordinary)
        self._gazetteer = gazetteer
        self._adjectives = {word for text in texts for word in _ADJECTIVE.findall(text)}

    def candidates(self, text: str) -> list[MentionCandidate]:
        """The names of a text, in order, without overlaps."""
        names = name_candidates(text, Sentences(text), self._gazetteer, self._orthography)
        return [self._without_adjective(name) for name in names]

    def entities(self, name: str) -> tuple[str, ...]:
        """Ids of the known entities with this name."""
        mentions = self._gazetteer.find(name)
        whole = [mention for mention in mentions if mention.end - mention.start == len(name)]
        return whole[0].entities if whole else ()

    def _without_adjective(self, candidate: MentionCandidate) -> MentionCandidate:
        first, _, rest = candidate.name.partition(" ")
        length = candidate.end - candidate.start
        if (
            candidate.entities
            or first not in self._adjectives
            or len(candidate.name) != length
            or len(rest.split()) < MIN_WORDS_AFTER_ADJECTIVE
        ):
            return candidate
        return replace(candidate, start=candidate.start + len(first) + 1, name=rest)


def _forms_of(words: Iterable[str], texts: Iterable[str]) -> frozenset[str]:
    """The capitalised words of ``texts`` that are forms of ``words``, in lower case."""
    stems = {stem_and_form(word)[0] for word in words}
    capitalised = {word.lower() for text in texts for word in _CAPITALISED.findall(text)}
    return frozenset(word for word in capitalised if stem_and_form(word)[0] in stems)
