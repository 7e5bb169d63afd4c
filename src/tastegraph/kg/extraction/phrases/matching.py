"""Phrase matching: names of a sentence beside which a cue stands, and those listed with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tastegraph.kg.extraction.candidates import MentionCandidate
from tastegraph.kg.extraction.phrases.chinese import ChineseCue, is_aside, sentences_of
from tastegraph.kg.extraction.phrases.cues import (
    FUNCTION_WORDS,
    PREPOSITIONS,
    Cue,
    Tokens,
    tokens_of_gap,
)
from tastegraph.kg.extraction.phrases.word_forms import stem_and_form
from tastegraph.kg.extraction.segmentation import Sentences

MAX_LIST_LENGTH = 20
"""Names of one list, at most."""
MAX_LIST_FILLERS = 3
"""Tokens between a comma or *and* and the next name of a list, at most: *and newcomer NAME*."""
MAX_ROLE_LENGTH = 16
"""Tokens between a role (*as Vera, a nurse, and*) and the next name of the list, at most."""
_CONJUNCTIONS = frozenset({"and", "&", "or", "plus"})
_COMPANY = (
    ("as", "well", "as"), ("along", "with"), ("together", "with"), ("alongside",), ("opposite",),
    ("with",), ("joined", "by"),
)  # fmt: skip
_DESCRIPTIONS = [["who"], ["whose"], ["which"], ["a"], ["an"], ["the"], ["her"], ["his"]]
_ROLE_WORDS = frozenset({"as", "playing", "(", "in"})
_NAMELESS_ROLE_WORDS = frozenset({"as", "playing", "("})
"""Words after which a role without a name may stand: *as the foreman, NAME*."""
_DIGRESSION_WORDS = """
previously previous earlier original originally remake remakes remade sequel prequel unlike
reminiscent predecessor formerly once homage tribute dedicated inspired influenced compared
reboot
"""
_DIGRESSIONS = frozenset(_DIGRESSION_WORDS.split())
"""Words after which a sentence may speak of another thing than the subject of the text."""


@dataclass(frozen=True, slots=True)
class CueMatch:
    """A name that a cue says to be the object of a relation.

    Attributes:
        candidate: the name.
        cue: the cue.
        is_listed: whether the cue stands beside an earlier or later name of the same list.
        is_aside: whether the sentence may speak of something else than the text's subject.
    """

    candidate: MentionCandidate
    cue: Cue | ChineseCue
    is_listed: bool
    is_aside: bool


@dataclass(frozen=True)
class SentenceNames:
    """The names of one sentence and the tokens around them.

    Attributes:
        candidates: n names, in order.
        gaps: n + 1 lists of tokens: before the first name, between two, after the last.
    """

    candidates: Sequence[MentionCandidate]
    gaps: Sequence[Tokens]

    def matches(self, cues: Sequence[Cue]) -> Iterator[CueMatch]:
        """The names that ``cues`` of one relation say to be its objects, each once."""
        by_place: dict[int, tuple[Cue, bool]] = {}
        for place in range(len(self.candidates)):
            before, after = self.gaps[place], self.gaps[place + 1]
            for cue in cues:
                if cue.matches(before, after):
                    head, listed = self._list_of(place, cue)
                    by_place.setdefault(head, (cue, False))
                    for member in listed:
                        by_place.setdefault(member, (cue, True))
                    break
        aside_from = next(
            (place for place, gap in enumerate(self.gaps) if not _DIGRESSIONS.isdisjoint(gap)),
            len(self.gaps),
        )
        for place in sorted(by_place):
            cue, is_listed = by_place[place]
            yield CueMatch(self.candidates[place], cue, is_listed, place >= aside_from)

    def _list_of(self, place: int, cue: Cue) -> tuple[int, list[int]]:
        """The name that the cue at ``place`` means, and the other names of its list."""
        if cue.side == "after":
            return place, list(self._listed_before(place))
        while place + 1 < len(self.candidates) and _qualifies(self.gaps[place + 1]):
            place += 1
        return place, list(self._listed_after(place))

    def _listed_after(self, place: int) -> Iterator[int]:
        in_role = of_several = False
        last = min(len(self.candidates), place + MAX_LIST_LENGTH)
        for member in range(place + 1, last):
            gap = self.gaps[member]
            if _opens_role(gap):
                of_several = not _CONJUNCTIONS.isdisjoint(self.gaps[member - 1])
                in_role = True
            elif in_role and of_several and gap == ["and"]:
                continue
            elif _joins(gap, in_role) and not _is_subject(self.gaps[member + 1]):
                in_role = False
                yield member
            elif not in_role or not _stays_in_role(gap):
                return

    def _listed_before(self, place: int) -> Iterator[int]:
        if not _CONJUNCTIONS.intersection(self.gaps[place]) or not _joins(self.gaps[place], False):
            return
        for member in range(place - 1, max(place - MAX_LIST_LENGTH, 0) - 1, -1):
            before = self.gaps[member]
            joined = _joins(before, False)
            if joined or not (PREPOSITIONS - {"with"}).intersection(before[-2:]):
                yield member
            if not joined:
                return


def sentence_names(text: str, candidates: Sequence[MentionCandidate]) -> Iterator[SentenceNames]:
    """The candidates of a text by sentence.

    Args:
        text: the text.
        candidates: of the text, in order, without overlaps.
    """
    sentences = Sentences(text)
    by_sentence: dict[int, list[MentionCandidate]] = {}
    for candidate in candidates:
        by_sentence.setdefault(sentences.number_at(candidate.start), []).append(candidate)
    for number, names in by_sentence.items():
        ends = [sentences.starts[number], *(name.end for name in names)]
        starts = [*(name.start for name in names), max(sentences.ends[number], names[-1].end)]
        gaps = [tokens_of_gap(text[a:b]) for a, b in zip(ends, starts, strict=True)]
        yield SentenceNames(names, gaps)


def matches_by_relation(
    text: str,
    candidates: Sequence[MentionCandidate],
    cues: Mapping[str, Sequence[Cue]],
) -> Iterator[tuple[str, CueMatch]]:
    """What the cues of each relation say of the names of a text, sentence by sentence."""
    for names in sentence_names(text, candidates):
        for relation, of_relation in cues.items():
            for match in names.matches(of_relation):
                yield relation, match


def chinese_matches(text: str, cues: Sequence[ChineseCue], kind: str) -> Iterator[CueMatch]:
    """The names that Chinese ``cues`` of one relation say to be its objects, each once a sentence.

    Args:
        text: the text.
        cues: of the relation.
        kind: the standard kind of its objects; empty if not known.
    """
    for position, sentence in sentences_of(text):
        covered: set[int] = set()
        for cue in cues:
            for start, end, is_listed in cue.names(sentence, kind):
                if covered.isdisjoint(range(start, end)):
                    covered.update(range(start, end))
                    candidate = MentionCandidate(
                        position + start, position + end, sentence[start:end]
                    )
                    yield CueMatch(candidate, cue, is_listed, is_aside(sentence, start))


def _joins(gap: Tokens, after_role: bool) -> bool:
    """Whether the tokens only separate two members of a list."""
    has_role = after_role or (gap[:1] != [] and gap[0] in _NAMELESS_ROLE_WORDS)
    for words in _COMPANY:
        for place in range(len(gap) - len(words), -1, -1):
            opens = place < 2 if not has_role else gap[place - 1 : place] == [","]
            before = gap[:place] if not has_role else []
            if opens and before in ([], [","]) and tuple(gap[place:][: len(words)]) == words:
                return len(gap) <= MAX_ROLE_LENGTH and _only_qualify(gap[place + len(words) :])
    ends = [k for k, token in enumerate(gap) if token in _CONJUNCTIONS or token == ","]
    if not ends or not _only_qualify(gap[ends[-1] + 1 :]):
        return False
    before = gap[: ends[-1]]
    if has_role:
        return len(gap) <= MAX_ROLE_LENGTH
    return before in ([], [","])


def _only_qualify(tokens: Tokens) -> bool:
    """Whether the tokens may stand between *and* and a name: *and the young*, *with newcomer*."""
    if len(tokens) > MAX_LIST_FILLERS:
        return False
    return all(
        token.isalpha()
        and token not in PREPOSITIONS
        and (token not in FUNCTION_WORDS or token in ("a", "an", "the", "his", "her", "both"))
        and stem_and_form(token)[1] not in ("past", "present", "ing")
        for token in tokens
    )


def _opens_role(gap: Tokens) -> bool:
    """Whether the next name is a role or part of its description: *as Vera*, *(Vera*."""
    opening = list(gap[1:] if gap[:1] == [","] else gap)
    return bool(opening) and opening[0] in _ROLE_WORDS and _stays_in_role(opening)


def _stays_in_role(gap: Tokens) -> bool:
    """Whether the description of a role goes on: *as Vera, who meets NAME*."""
    ends = [k for k, token in enumerate(gap) if token in _CONJUNCTIONS or token == ","]
    opening = gap[ends[-1] + 1 :][:1] if ends else []
    has_agent = gap[-1:] == ["by"]
    return len(gap) <= MAX_ROLE_LENGTH and not has_agent and (not ends or opening in _DESCRIPTIONS)


def _is_subject(after: Tokens) -> bool:
    """Whether a name begins a clause of its own: *and Gong Li plays*."""
    if not after or not after[0].isalpha():
        return False
    form = stem_and_form(after[0])[1]
    is_verb = after[0] not in FUNCTION_WORDS and form in ("present", "past")
    return after[0] in ("is", "was", "has", "are", "were") or (is_verb and after[1:2] != ["by"])


def _qualifies(gap: Tokens) -> bool:
    """Whether a name before the gap only describes the one after it: *French director NAME*."""
    forms = [stem_and_form(token)[1] for token in gap]
    return (
        0 < len(gap) <= MAX_LIST_FILLERS
        and all(token.isalpha() for token in gap)
        and (FUNCTION_WORDS | _CONJUNCTIONS).isdisjoint(gap)
        and {"past", "present"}.isdisjoint(forms)
        and forms[-1] != "ing"
    )
