"""Proposals: relations that texts state often, by the words that stand beside names."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

import tomli_w

from tastegraph.core.config import RelationConfig
from tastegraph.core.config.phrase_examples import PhraseExample, read_example
from tastegraph.core.kinds import PERSON
from tastegraph.core.progress import counted
from tastegraph.kg.extraction.candidates import MentionCandidate, number_candidates, texts_around
from tastegraph.kg.extraction.documents import Document
from tastegraph.kg.extraction.phrases.chinese import chinese_cues
from tastegraph.kg.extraction.phrases.cues import (
    FUNCTION_WORDS,
    PREPOSITIONS,
    Cue,
    cue_of_example,
    cues_of_examples,
    names_agent,
    tokens_of_gap,
)
from tastegraph.kg.extraction.phrases.matching import chinese_matches
from tastegraph.kg.extraction.phrases.name_kinds import NameKinds
from tastegraph.kg.extraction.phrases.reader import NameReader
from tastegraph.kg.extraction.phrases.word_forms import stem_and_form
from tastegraph.kg.extraction.segmentation import Sentences
from tastegraph.kg.names import normalize_name
from tastegraph.text.languages import contains_han

MIN_TEXTS, MIN_TEXT_SHARE = 3, 0.02
"""Texts, and their share, that must state a relation for it to be proposed."""
MIN_NAMES = 3
"""Different names that a relation must have."""
MIN_WORD_SHARE = 0.25
"""Share of the uses of a word that must be beside a name."""
MAX_PROPOSALS, N_EXCERPTS = 12, 3
CONTEXT = 40
"""Characters of an excerpt on either side."""
_Key = tuple[bool, str, str]
"""Whether names are of who does what the word says, the stem of the word, and its preposition."""
_WORD = re.compile(r"[^\W\d_]+(?:[-’'][^\W\d_]+)*")
_ARTICLES = frozenset({"a", "an", "the"})
_YEAR = re.compile(r"1[0-9]{3}|20[0-9]{2}")
_CHINESE = {
    "director": ("由[李安]执导", "导演"), "actor": ("由[周迅]主演", "主演"),
    "played_by": ("[周迅]饰演", "饰演"), "writer": ("由[莫言]编剧", "编剧"),
    "author": ("[莫言]所著", "作者"), "composer": ("由[谭盾]作曲", "作曲"),
    "singer": ("由[王菲]演唱", "演唱"),
}  # fmt: skip
"""Relation → an example in Chinese, and its phrase."""


@dataclass(frozen=True)
class RelationProposal:
    """A relation that texts seem to state.

    Attributes:
        relation: a name for it.
        texts: number of texts that state it.
        names: number of different objects.
        kind: what the objects seem to be; empty where that is not clear.
        excerpts: words of texts that state it, each from another text if possible.
        examples: as the configuration takes them.
        configured: the relation of the configuration that has these words already, or empty.
        phrase_zh: its phrase in Chinese, where the words are Chinese.
    """

    relation: str
    texts: int
    names: int
    kind: str
    excerpts: tuple[str, ...]
    examples: tuple[str, ...]
    configured: str = ""
    phrase_zh: str = ""

    def toml(self) -> str:
        """The section ``[relations.NAME]`` to paste into the configuration."""
        section: dict[str, object] = {"phrase": self.relation.replace("_", " ")}
        if self.phrase_zh:
            section = {"phrase_zh": self.phrase_zh}
        if self.kind:
            section["object"] = self.kind
        section["examples"] = list(self.examples)
        return tomli_w.dumps({"relations": {self.relation: section}}).strip()


@dataclass
class _Group:
    """The occurrences of the words of one relation."""

    subjects: set[str] = field(default_factory=set)
    names: Counter[str] = field(default_factory=Counter)
    words: Counter[str] = field(default_factory=Counter)
    nouns: Counter[str] = field(default_factory=Counter)
    instances: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    has_agent_words: bool = False

    def add(self, subject: str, occurrence: _Occurrence) -> None:
        cue, words = occurrence.cue, occurrence.words
        self.add_name(subject, occurrence.name, words, occurrence.example, occurrence.excerpt)
        if "agent" in cue.forms and " " not in words:
            self.nouns[words] += 1
        self.has_agent_words |= cue.side == "before" and names_agent(cue)

    def add_name(self, subject: str, name: str, words: str, example: str, excerpt: str) -> None:
        self.subjects.add(subject)
        self.names[name] += 1
        self.words[words] += 1
        instances = self.instances.setdefault(words, [])
        if len(instances) < N_EXCERPTS:
            instances.append((example, excerpt))

    def merge(self, other: _Group) -> None:
        self.subjects |= other.subjects
        self.names += other.names
        self.words += other.words
        self.nouns += other.nouns
        self.has_agent_words |= other.has_agent_words
        for words, instances in other.instances.items():
            self.instances[words] = [*self.instances.get(words, []), *instances][:N_EXCERPTS]

    def best_instances(self) -> list[tuple[str, str]]:
        """Example and excerpt of the most frequent words, each of other words if possible."""
        ranked = [self.instances[words] for words, _ in self.words.most_common()]
        in_turn = (
            instances[place]
            for place in range(N_EXCERPTS)
            for instances in ranked
            if place < len(instances)
        )
        return list(dict.fromkeys(in_turn))[:N_EXCERPTS]


@dataclass(frozen=True, slots=True)
class _Occurrence:
    """A name with the words beside it."""

    name: str
    cue: Cue
    words: str
    example: str
    excerpt: str


def propose_relations(
    documents: Sequence[Document],
    reader: NameReader,
    names: NameKinds,
    relations: Mapping[str, RelationConfig],
) -> list[RelationProposal]:
    """The relations that the documents state most often, the most frequent ones first.

    Args:
        documents: the texts.
        reader: finds their names.
        names: evidence for the kinds of names; that of the documents is added.
        relations: the configuration, by name of the relation.
    """
    groups: dict[_Key, _Group] = defaultdict(_Group)
    values: dict[_Key, _Group] = defaultdict(_Group)
    uses: Counter[str] = Counter()
    for document in counted("reading texts", documents):
        candidates = reader.candidates(document.text)
        names.read(document.text, candidates)
        uses.update(_stem(word.lower()) for word in _WORD.findall(document.text))
        years = [n for n in number_candidates(document.text) if _YEAR.fullmatch(n.name)]
        for of_kind, places in ((groups, candidates), (values, years)):
            for occurrence in _occurrences(document.text, places):
                cue = occurrence.cue
                if of_kind is values and not _ARTICLES.isdisjoint(occurrence.example.split()):
                    continue
                key = (names_agent(cue), cue.stem, cue.preposition)
                of_kind[key].add(document.subject, occurrence)
    configured = _configured(relations)
    least = max(MIN_TEXTS, MIN_TEXT_SHARE * len(documents))
    proposals = [
        _proposal(group, names, configured.get((is_agent, stem, preposition), ""))
        for (is_agent, stem, preposition), group in (*_merged(groups).items(), *values.items())
        if len(group.subjects) >= least
        and len(group.names) >= MIN_NAMES
        and sum(group.names.values()) >= MIN_WORD_SHARE * uses[stem]
    ]
    proposals += _chinese_proposals(documents, relations, least)
    proposals = sorted(proposals, key=lambda p: (-p.texts, p.relation))[:MAX_PROPOSALS]
    return list(_with_unique_names(proposals))


def _with_unique_names(proposals: Sequence[RelationProposal]) -> Iterator[RelationProposal]:
    uses: Counter[str] = Counter()
    for proposal in proposals:
        uses[proposal.relation] += 1
        number = uses[proposal.relation]
        name = f"{proposal.relation}_{number}" if number > 1 else proposal.relation
        yield replace(proposal, relation=name)


@lru_cache(maxsize=1 << 16)
def _stem(word: str) -> str:
    return stem_and_form(word)[0]


def _occurrences(text: str, candidates: Sequence[MentionCandidate]) -> Iterator[_Occurrence]:
    around = texts_around(text, Sentences(text), candidates)
    for candidate, (before, after) in zip(candidates, around, strict=True):
        for words, example in (_before(before), _after(after)):
            if words:
                cue = cue_of_example(example)
                if cue is not None and cue.stem:
                    excerpt = _excerpt(text, candidate)
                    marked = f"{example.before}[{candidate.name}]{example.after}"
                    yield _Occurrence(normalize_name(candidate.name), cue, words, marked, excerpt)


def _excerpt(text: str, candidate: MentionCandidate) -> str:
    """The words around a name, on one line; whole words where spaces separate them."""
    start, end = max(candidate.start - CONTEXT, 0), candidate.end + CONTEXT
    left, right = text[start : candidate.start], text[candidate.end : end]
    if start and " " in left:
        left = left.partition(" ")[2]
    if end < len(text) and " " in right:
        right = right.rpartition(" ")[0]
    return " ".join(f"{left}{candidate.name}{right}".split())


def _before(gap: str) -> tuple[str, PhraseExample]:
    """The word before a name with the prepositions and articles between them."""
    words = list(_WORD.finditer(gap))
    for match in reversed(words[-4:]):
        if _is_content(match.group()):
            between = gap[match.end() :]
            if re.search(r"[^\w\s'’:]", between):
                break
            phrase = " ".join(gap[match.start() :].split()).lower()
            link = [w for w in tokens_of_gap(between) if w in PREPOSITIONS]
            words_ = " ".join([match.group().lower(), *link[:1]])
            space = " " if gap[-1:].isspace() else ""
            return words_, PhraseExample(phrase + space, "", "")
    return "", PhraseExample("", "", "")


def _after(gap: str) -> tuple[str, PhraseExample]:
    """The verb after a name, or the noun after *'s*."""
    match = re.match(r"(?P<owner>['’]s)? (?P<word>[a-z][a-z-]+)", gap)
    if match is None or not _is_content(match["word"]):
        return "", PhraseExample("", "", "")
    form = stem_and_form(match["word"])[1]
    passive = re.match(r" by\b", gap[match.end() :])
    if not match["owner"] and (form not in ("present", "past") or passive):
        return "", PhraseExample("", "", "")
    return match.group().strip(), PhraseExample("", "", match.group())


def _is_content(word: str) -> bool:
    return word.islower() and len(word) > 2 and word not in FUNCTION_WORDS


def _merged(groups: Mapping[_Key, _Group]) -> dict[_Key, _Group]:
    """The groups, *directed by* with *director* and *stars NAME* with *NAME stars*."""
    merged: dict[_Key, _Group] = {}
    for (is_agent, stem, preposition), group in groups.items():
        key = (is_agent, stem, "" if is_agent else preposition)
        if key in merged:
            merged[key].merge(group)
        else:
            merged[key] = group
    for key in [key for key in merged if key[0]]:
        other = merged.get((False, key[1], ""))
        if other is not None and not merged[key].has_agent_words:
            other.merge(merged.pop(key))
    return merged


def _configured(relations: Mapping[str, RelationConfig]) -> dict[_Key, str]:
    configured = {}
    for name, config in relations.items():
        for cue in cues_of_examples(read_example(e, config.object) for e in config.examples):
            is_agent = names_agent(cue) and not cue.is_intransitive
            configured[is_agent, cue.stem, "" if is_agent else cue.preposition] = name
    return configured


def _proposal(group: _Group, names: NameKinds, configured: str) -> RelationProposal:
    relation = (group.nouns or group.words).most_common(1)[0][0]
    pairs = group.best_instances()
    return RelationProposal(
        re.sub(r"\W+", "_", relation).strip("_"),
        len(group.subjects),
        len(group.names),
        _kind(group.names, names),
        tuple(excerpt for _, excerpt in pairs),
        tuple(example for example, _ in pairs),
        configured,
    )


def _kind(objects: Counter[str], names: NameKinds) -> str:
    """What most of the names are; persons where nothing is known of names of two or three words."""
    if sum(_YEAR.fullmatch(name) is not None for name in objects) > len(objects) / 2:
        return "year"
    votes = Counter(kind for name in objects if (kind := names.best(name)) is not None)
    if votes:
        kind, count = votes.most_common(1)[0]
        if count > sum(votes.values()) / 2 and count >= len(objects) / 4:
            return kind
    of_words = sum(len(name.split()) in (2, 3) for name in objects)
    few_others = sum(n for kind, n in votes.items() if kind != PERSON) < len(objects) / 10
    return PERSON if of_words > 0.7 * len(objects) and few_others else ""


def _chinese_proposals(
    documents: Sequence[Document], relations: Mapping[str, RelationConfig], least: float
) -> Iterator[RelationProposal]:
    texts = [document for document in documents if contains_han(document.text)]
    for relation, (example, phrase) in _CHINESE.items():
        cues = chinese_cues([read_example(example)])
        group = _Group()
        for document in texts:
            for match in chinese_matches(document.text, cues, PERSON):
                candidate = match.candidate
                words = str(match.cue)
                marked = words.replace("NAME", f"[{candidate.name}]")
                group.add_name(
                    document.subject,
                    candidate.name,
                    words,
                    marked,
                    _excerpt(document.text, candidate),
                )
        if len(group.subjects) >= least and len(group.names) >= MIN_NAMES:
            pairs = group.best_instances()
            wordings = [str(cue) for cue in cues]
            known = [n for n, c in relations.items() if _shares_words(c.examples, wordings)]
            yield RelationProposal(
                relation, len(group.subjects), len(group.names), PERSON,
                tuple(excerpt for _, excerpt in pairs), tuple(example for example, _ in pairs),
                known[0] if known else "", phrase,
            )  # fmt: skip


def _shares_words(examples: Sequence[str], words: Sequence[str]) -> bool:
    bare = (read_example(example) for example in examples if contains_han(example))
    return any(f"{before}NAME{after}" in words for before, _, after in bare)
