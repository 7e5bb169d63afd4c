"""The grammar of relations: which of them are nouns, which are verbs, and which stand before "Y".

A relation joins a subject to an object: "*Fargo* — director — Joel Coen". Its phrase is read aloud
in sentences of four kinds:

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

from tastegraph.core.config import Relation
from tastegraph.text.verbal import phrase_of

Form = Literal["noun", "participle", "verb", "opaque"]

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
}
_OPAQUE = re.compile(r"[pqlm]\d+|[\W_]*", re.I)


@dataclass(frozen=True, slots=True)
class Phrase:
    """How a relation is read aloud.

    Attributes:
        text: without "is", "has" or an article.
        form: the kind of sentence it stands in.
    """

    text: str
    form: Form


def english(relation: str, relations: Mapping[str, Relation]) -> Phrase:
    """The phrase of ``relation``, as configured or by its name, and how it is used."""
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
