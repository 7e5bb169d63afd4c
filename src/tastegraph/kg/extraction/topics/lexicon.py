"""The English lexicon: which parts of speech a word can have, and its singular.

The table is that of LemmInflect, made from the SPECIALIST Lexicon of the NIH. It is read as data:
the package itself, which would load spaCy and pickled networks, is not imported.
"""

from __future__ import annotations

import gzip
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution

from tastegraph.core.errors import TastegraphError

NOUN, ADJECTIVE, VERB, ADVERB = 1, 2, 4, 8
"""Parts of speech as bits."""
_BITS = {"noun": NOUN, "adj": ADJECTIVE, "verb": VERB, "adv": ADVERB}
_TABLE = "lemminflect/resources/lemma_lu.csv.gz"
_UNCHANGED = ("ss", "us", "is", "as", "os")


class EnglishLexicon:
    """Parts of speech and singulars of English words in lower case.

    Args:
        parts: word → its parts of speech, as bits.
        singulars: noun → its singular, where that is another word.
        proper: names of places and persons in lower case.
    """

    def __init__(
        self, parts: dict[str, int], singulars: dict[str, str], proper: frozenset[str]
    ) -> None:
        self._parts, self._singulars, self._proper = parts, singulars, proper

    def parts_of_speech(self, word: str) -> int:
        """The bits of a word in lower case; 0 for an unknown one. Of *a-b*, those of *b*."""
        bits = self._parts.get(word)
        if bits is None and "-" in word:
            return self._parts.get(word.rpartition("-")[2], 0)
        return bits or 0

    def is_proper(self, word: str) -> bool:
        """Whether a word in lower case is a name that is known by itself: *tokyo*."""
        return word in self._proper

    def singular(self, noun: str) -> str:
        """The singular of a noun in lower case; of an unknown word, the word without an *s*."""
        if noun in self._singulars:
            return self._singulars[noun]
        if noun in self._parts or not noun.endswith("s") or noun.endswith(_UNCHANGED):
            return noun
        return noun[:-1] if len(noun) > 3 else noun


@cache
def english_lexicon() -> EnglishLexicon:
    """The lexicon, read once: some 75,000 words.

    Raises:
        TastegraphError: the package ``lemminflect``, which has the table, is not complete.
    """
    parts: dict[str, int] = {}
    singulars: dict[str, str] = {}
    proper: set[str] = set()
    try:
        file = distribution("lemminflect").locate_file(_TABLE)
        with gzip.open(str(file), "rt", encoding="utf-8") as lines:
            for line in lines:
                word, part, lemmas = line.rstrip("\n").split(",")
                bit = _BITS.get(part, 0)
                if bit == NOUN and word.istitle():
                    proper.add(word.lower())
                proper_adjective = bit == ADJECTIVE and word.istitle()
                if not bit or not (word.islower() or proper_adjective):
                    continue
                parts[word] = parts.get(word, 0) | bit
                lemma = lemmas.partition("/")[0]
                if bit == NOUN and lemma != word and word not in lemmas.split("/"):
                    singulars[word] = lemma
    except (PackageNotFoundError, OSError, ValueError) as error:
        raise TastegraphError(
            f"the English lexicon cannot be read ({error}): "
            "pip install --force-reinstall lemminflect"
        ) from None
    return EnglishLexicon(parts, singulars, frozenset(proper))
