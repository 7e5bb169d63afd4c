"""Relations in words: the phrase of a relation, and the kind of sentence that it stands in.

A relation joins a subject to an object: "*Fargo* — director — Joel Coen". Its phrase takes one of
four grammatical forms:

    noun          director          with the director Joel Coen
    participle    directed by       directed by Joel Coen, that is based on Hamlet
    verb          mentions          that mentions Joel Coen
    opaque        p57, an id        tied to Joel Coen
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from tastegraph.core.config import RelationConfig

Form = Literal["noun", "participle", "verb", "opaque"]

_BEFORE_THIS = (" by", " of", " in", " to", " from", " on", " with")
_PREPOSITIONS_WORDS = """
about after against along among as at before between by for from in into near of off on onto
over through to under upon with within
"""
_PRESENT_WORDS = """
acts adapts affects appears belongs borrows celebrates cites compares comprises contains
concerns continues demonstrates depends depicts derives describes directs discusses displays
edits employs examines explores expresses extends features focuses follows goes has hosts
includes incorporates influences inspires involves knows lacks leads lies likes lives links
loves makes matches means mentions names needs occurs owns parodies performs plays portrays
precedes presents produces provides publishes quotes recommends refers reflects relates remakes
replaces represents requires resembles reviews satirizes serves shows sings stars succeeds suits
supports takes teaches tells treats uses writes
"""
_PAST_WORDS = """
knew led made sang sold told won wrote
"""
_NO_PAST_WORDS = """
bed breed deed feed med need red seed shed speed weed
"""
_PREPOSITIONS = frozenset(_PREPOSITIONS_WORDS.split())
_PRESENT = frozenset(_PRESENT_WORDS.split())
_PAST = frozenset(_PAST_WORDS.split())
_NO_PAST = frozenset(_NO_PAST_WORDS.split())
_COPULAS = ("is ", "are ", "was ", "were ", "has been ", "be ")
_REWORDED = {
    "starring": "stars",
    "featuring": "features",
    "including": "includes",
    "containing": "contains",
    "following": "follows",
    "is a": "type",
    "a": "type",
    "related": "related to",
    "similar": "similar to",
    "derived": "derived from",
    "also bought": "bought along with",
    "also viewed": "viewed along with",
    "bought together": "bought together with",
    "buy after viewing": "viewed before",
    "related product": "related to",
    "wiki page wiki link": "links to",
    "see also": "related to",
    "same as": "the same as",
    "broader": "a kind of",
}
_OPAQUE = re.compile(r"[pqlm]\d+|[\W_]*", re.I)


@dataclass(frozen=True, slots=True)
class Phrase:
    """A relation as a sentence about an item uses it.

    Attributes:
        text: without "is", "has" or an article.
        form: the kind of sentence that the text fits into.
    """

    text: str
    form: Form


def phrase_of(relation: str, relations: Mapping[str, RelationConfig]) -> str:
    """The phrase of a relation: as configured, else the last part of its name in lower case.

    ``http://dbpedia.org/ontology/musicComposer`` → ``music composer``.

    Args:
        relation: its name.
        relations: the configuration, by name of the relation.
    """
    configured = relations.get(relation)
    if configured is not None and configured.phrase:
        return configured.phrase
    last = re.split(r"[/#:.]", relation.rstrip("/#:."))[-1]
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", last).replace("_", " ").replace("-", " ")
    return " ".join(spaced.lower().split()) or relation


def inverse_phrase(phrase: str) -> str:
    """The phrase of the reversed relation: "sequel of", "remade by this"."""
    return f"{phrase} this" if phrase.endswith(_BEFORE_THIS) else f"{phrase} of"


def grammatical_phrase(relation: str, relations: Mapping[str, RelationConfig]) -> Phrase:
    """The English phrase of a relation, reworded where its name is no good English, and its form.

    Args:
        relation: its name.
        relations: the configuration, by name of the relation; a configured phrase is not reworded.
    """
    text = " ".join(phrase_of(relation, relations).split())
    configured = relations.get(relation)
    if configured is None or not configured.phrase:
        text = _REWORDED.get(text, text)
    for copula in _COPULAS:
        if text.startswith(copula) and text.split()[-1] in _PREPOSITIONS:
            text = text.removeprefix(copula)
    if text.startswith("has ") and len(text.split()) > 1 and text != "has been":
        text = text.removeprefix("has ")
    return Phrase(text, _form(text))


def _form(text: str) -> Form:
    if _OPAQUE.fullmatch(text):
        return "opaque"
    first, *others = text.lower().split()
    last = others[-1] if others else first
    before_object = last in _PREPOSITIONS
    if first in _PRESENT and (not others or before_object):
        return "verb"
    if others and before_object:
        return "participle"
    past = first.endswith("ed") and first not in _NO_PAST
    if not others and (past or first in _PAST):
        return "verb"
    return "noun"
