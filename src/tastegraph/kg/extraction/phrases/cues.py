"""Cues: the words of an example that say which relation a name beside them stands in.

An example such as *directed by Joel Coen* gives one cue as it is, and variants of it with other
forms of its word: *director NAME*, *NAME directs*, *NAME's direction*.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Literal

from tastegraph.core.config.phrase_examples import PhraseExample
from tastegraph.kg.extraction.phrases.word_forms import WordForm, stem_and_form

Tokens = Sequence[str]
Side = Literal["before", "after"]

_PREPOSITION_WORDS = """
about above across after against along alongside among around as at before behind below beside
between beyond by during for from in inside into like near of off on onto opposite out outside
over since through throughout to toward towards under until up upon via with within without
"""
_DETERMINER_WORDS = "a an the this that its his her their our my some both each every"
_LINKING_WORDS = "is are was were be been being has have had and or who which"
_BARRIER_WORDS = "who whom whose which where when while because than but nor if"
_NEGATION_WORDS = "not never no nobody without rather instead except nearly almost"
PREPOSITIONS = frozenset(_PREPOSITION_WORDS.split())
FUNCTION_WORDS = PREPOSITIONS.union(_DETERMINER_WORDS.split(), _LINKING_WORDS.split())
"""Words that say nothing by themselves."""
_DETERMINERS = frozenset([*_DETERMINER_WORDS.split(), "'", "’", '"', "“"])
_BARRIERS = frozenset([*_BARRIER_WORDS.split(), ";", "(", ")"])
"""Words over which a cue does not reach."""
_NEGATIONS = frozenset(_NEGATION_WORDS.split())
_NO_FILLERS = _BARRIERS | PREPOSITIONS | {"and", "or", ","}
_APPOSITION = frozenset({",", "is", "was", "as", "the", "its"})
"""What stands between a name and what it is: *Ang Lee, the director*."""
_OFFICE_WORDS = "art assistant associate casting creative executive managing music stunt technical"
_OTHER_OFFICES = frozenset(_OFFICE_WORDS.split())
"""Words that make another office of one: an art director is no director."""
_OBJECTS = frozenset({"it", "him", "her", "them", "a", "an", "the", "this", "his", "their"})
"""Words after a verb that show it to be no participle: *directed it from a script by*."""
_AFTER_VERB = PREPOSITIONS | {".", ",", ";", "!", "together", "and", "again", "alone"}
"""What may follow a verb that has no object."""
_ADVERBIAL = frozenset({"also", "both", "who", "himself", "herself", ",", "then", "again", "here"})
_BY_COMPANY = frozenset({"alongside", "opposite", "with"})
"""What may stand between a verb and a name: *stars opposite Gong Li*."""
_TOKEN = re.compile(r"\d+|['’]s\b|[^\W\d_]+(?:[-’'][^\W\d_]+)*|[^\w\s]")
_POSSESSIVES = ("'s", "’s", "'", "’")
MAX_REACH = 8
"""Tokens from the word of a cue to a name, at most."""
MAX_FILLERS = 3
"""Tokens between a preposition or a verb and a name, at most: *the young*."""


@dataclass(frozen=True, slots=True)
class Cue:
    """Words beside a name that state one relation.

    Attributes:
        side: whether the words stand before or after the name.
        stem: of the word; empty where the cue is a preposition alone.
        forms: the forms in which the word counts.
        preposition: what stands between word and name; empty for none.
        possessive: whether *'s* follows the name.
        is_example: whether an example has these words, rather than other forms of them.
        is_intransitive: whether no other name may follow the verb: *Gong Li stars in*.
    """

    side: Side
    stem: str
    forms: frozenset[WordForm]
    preposition: str = ""
    possessive: bool = False
    is_example: bool = True
    is_intransitive: bool = False

    def __str__(self) -> str:
        """The cue in words: ``"direct… by NAME"``."""
        word = f"{self.stem}…" if self.stem else ""
        name = "NAME's" if self.possessive else "NAME"
        words = (
            (word, self.preposition, name)
            if self.side == "before"
            else (name, self.preposition, word)
        )
        return " ".join(filter(None, words))

    def matches(self, before: Tokens, after: Tokens) -> bool:
        """Whether the words before or after a name hold the cue.

        Args:
            before: tokens between the name and the one before it, or the sentence's beginning.
            after: tokens between the name and the one after it, or the sentence's end.
        """
        if self.side == "before":
            return self._matches_before(before, after)
        return self._matches_after(after)

    def _matches_before(self, before: Tokens, after: Tokens) -> bool:
        near = list(before[-MAX_REACH:])
        if not self.stem:
            return _ends_in(near, self.preposition)
        for place in range(len(near) - 1, -1, -1):
            stem, form = stem_and_form(near[place])
            if stem != self.stem or form not in self.forms:
                continue
            if not _NEGATIONS.isdisjoint(near[max(place - 3, 0) : place]):
                return False
            if form == "agent" and near[max(place - 1, 0)] in _OTHER_OFFICES:
                return False
            between = near[place + 1 :]
            if self.preposition:
                is_short = form != "action" or "," not in between
                return is_short and self._reaches_over_preposition(between)
            if between == [","] and form == "agent":
                return after[:1] == [","]
            allowed = _BY_COMPANY if form != "agent" else frozenset[str]()
            return len(between) <= MAX_FILLERS and _are_fillers(between, allowed)
        return False

    def _reaches_over_preposition(self, between: list[str]) -> bool:
        """Whether *… by* joins the word of the cue to the name: *with a cool eye by*."""
        if self.preposition not in between:
            return False
        last = len(between) - 1 - between[::-1].index(self.preposition)
        fillers = between[last + 1 :]
        return (
            len(fillers) <= MAX_FILLERS
            and _are_fillers(fillers, frozenset())
            and _is_participle(between[:last])
            and self.preposition not in between[:last]
        )

    def _matches_after(self, after: Tokens) -> bool:
        near = list(after[: 2 * MAX_REACH])
        owner = bool(near) and near[0] in _POSSESSIVES
        if owner != self.possessive:
            return False
        if owner:
            near = near[1:]
        for place, token in enumerate(near):
            stem, form = stem_and_form(token)
            if stem == self.stem and form in self.forms:
                following = near[place + 1 :]
                if form == "past" and _is_passive(following):
                    return False
                if self.is_intransitive and not (following and following[0] in _AFTER_VERB):
                    return False
                return self._fits_between(near[:place], form)
        return False

    def _fits_between(self, between: list[str], form: WordForm) -> bool:
        """Whether these tokens may stand between a name and the word after it."""
        if not _NEGATIONS.isdisjoint(between):
            return False
        if self.preposition:
            return self.preposition in between
        if form in ("agent", "action"):
            if self.possessive:
                return len(between) <= MAX_FILLERS
            return bool(between) and between[0] in _APPOSITION and _APPOSITION.issuperset(between)
        if self.possessive:
            return len(between) <= MAX_FILLERS
        if form == "ing":
            return between == [","]
        return _leads_to_verb(between)


def _ends_in(near: list[str], preposition: str) -> bool:
    words = preposition.split()
    while near and near[-1] in _DETERMINERS:
        near = near[:-1]
    return near[-len(words) :] == words


def _is_passive(following: list[str]) -> bool:
    """Whether *by* after a participle names who did it: *directed with wit by*."""
    return "by" in following and _is_participle(following[: following.index("by")])


def _is_participle(between: list[str]) -> bool:
    """Whether the tokens between a word and *by* leave it a participle."""
    return _OBJECTS.isdisjoint(between[:1]) and _BARRIERS.isdisjoint(between)


def _leads_to_verb(between: list[str]) -> bool:
    """Whether a name is the subject of the verb after these tokens: *also*, *wrote and*."""
    if between[:1] == [","] == between[-1:] and between[1:2] != ["who"]:
        return len(between) <= MAX_REACH
    return len(between) <= MAX_FILLERS + 1 and all(
        token in _ADVERBIAL
        or token.endswith("ly")
        or (stem_and_form(token)[1] in ("past", "present") and token not in FUNCTION_WORDS)
        or (token == "and" and place > 0)
        for place, token in enumerate(between)
    )


def _are_fillers(tokens: Iterable[str], allowed: frozenset[str]) -> bool:
    """Whether the tokens only qualify the name after them: *the young*, *is*, *:*."""
    return all(token in allowed or token not in _NO_FILLERS for token in tokens)


def cues_of_examples(examples: Iterable[PhraseExample]) -> list[Cue]:
    """The cues of the examples of one relation, those that the examples have first."""
    exact = [cue for example in examples if (cue := cue_of_example(example)) is not None]
    cues: dict[Cue, Cue] = {}
    for cue in chain(exact, *map(_variants, exact)):
        key = replace(cue, forms=frozenset())
        known = cues.get(key, cue)
        cues[key] = replace(known, forms=known.forms | cue.forms)
    return list(cues.values())


def cue_of_example(example: PhraseExample) -> Cue | None:
    """The cue that an example has: its word nearest to the name, before the name if there is one.

    Words after the name count where none but prepositions and articles stand before it.
    """
    before, after = tokens_of_gap(example.before), tokens_of_gap(example.after)
    possessive = bool(after) and after[0] in _POSSESSIVES
    for side, tokens in (("before", before[::-1]), ("after", after[possessive:])):
        for place, token in enumerate(tokens):
            if token.isalpha() and token not in FUNCTION_WORDS:
                between = [t for t in tokens[:place] if t in PREPOSITIONS]
                stem, form = stem_and_form(token)
                preposition = between[0] if between else ""
                owner = possessive and side == "after"
                return Cue(side, stem, frozenset({form}), preposition, owner)  # type: ignore[arg-type]
    words = [token for token in before if token in PREPOSITIONS]
    return Cue("before", "", frozenset(), words[-1]) if words else None


def _variants(cue: Cue) -> Iterator[Cue]:
    """The same statement with other forms of the word of ``cue``.

    Who does a thing (*directed by*, *director*, *NAME directs*) and whom it is done to (*stars
    NAME*) are different: one does not give the other.
    """
    verb: set[WordForm] = {"base", "present", "past"}
    form = next(iter(cue.forms), None)

    def variant(
        side: Side, forms: set[WordForm], preposition: str = "", owner: bool = False
    ) -> Cue:
        return Cue(side, cue.stem, frozenset(forms), preposition, owner, is_example=False)

    if form is None:
        return
    if names_agent(cue):
        yield variant("before", {"past"}, "by")
        yield variant("before", {"action"}, "by")
        yield variant("before", {"agent"})
        yield variant("after", verb | {"ing"})
        yield variant("after", {"agent"})
        yield variant("after", {"action", "ing"}, owner=True)
    elif cue.side == "before" and not cue.preposition:
        yield variant("before", verb | {"ing"})
        yield replace(variant("after", verb), is_intransitive=True)
    elif cue.side == "before" and form != "base":
        yield variant("before", verb | {"ing", "action"}, cue.preposition)
    elif cue.side == "after" and cue.possessive:
        yield variant("before", {"base", "present"}, "by")


def names_agent(cue: Cue) -> bool:
    """Whether the names beside a cue are of who does what its word says: *directed by*."""
    if cue.side == "before":
        is_noun = "agent" in cue.forms and not cue.preposition
        return is_noun or (cue.preposition == "by" and not cue.forms.isdisjoint({"past", "action"}))
    return not cue.preposition and not (cue.possessive and "base" in cue.forms)


def tokens_of_gap(words: str) -> list[str]:
    """The lower-case words, numbers and punctuation marks between two names."""
    return [token.lower() for token in _TOKEN.findall(words)]
