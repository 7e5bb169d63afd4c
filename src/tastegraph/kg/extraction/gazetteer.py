"""Gazetteer: names of known entities, their mentions in a text, and names resolved to entities."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ahocorasick_rs import AhoCorasick, MatchKind
from rapidfuzz.distance import OSA

from tastegraph.core.records import LABEL, Fact
from tastegraph.kg.extraction.chinese_evidence import ChineseEvidence
from tastegraph.kg.extraction.folding import fold, fold_names
from tastegraph.kg.extraction.segmentation import Sentences, capitalised_runs
from tastegraph.kg.names import normalize_name, same_or_initial
from tastegraph.text.languages import contains_han

SENTENCE_START_SCORE = 0.5
"""Score of a single word that starts a sentence, where any word is capitalised."""
COMMON_WORD_SCORE = 0.3
"""Score of a name that is an ordinary Chinese word, outside 《》."""
MAX_FUZZY_BLOCK_SIZE = 500
"""Larger blocks of names are skipped: a typo there could be any of many names."""
MIN_TYPO_LENGTH = 6
"""Characters that both names need for one typo to be tolerated."""
INITIAL_SCORE = 0.8
MISSING_NAME_SCORE = 0.9
"""Scores of a mention whose first name is an initial, or that lacks a middle name."""
MAX_NAME_LENGTH = 60
"""Characters of what may be a name alone, which is not remembered as a text."""
MAX_REMEMBERED_TEXTS = 20_000
"""Texts whose mentions a gazetteer keeps, since whoever learns from them reads them again."""
NAME_PREFIX = "name:"
"""Prefix of the id of an entity of which only the name is known."""


@dataclass(frozen=True, slots=True)
class Mention:
    """An occurrence of a known name in a text; not yet a fact.

    Attributes:
        start, end: half-open span of characters.
        entities: ids of all entities with this name, in the order of the gazetteer; never empty.
        score: in (0, 1]; 1 where the words are exactly the name.
    """

    start: int
    end: int
    entities: tuple[str, ...]
    score: float


@dataclass(slots=True)
class _Name:
    entities: dict[str, None] = field(default_factory=dict)
    capitals: tuple[bool, bool] = (True, True)
    punctuation: set[str] = field(default_factory=set)


class Gazetteer:
    """Finds mentions of known names in texts.

    Exact mentions are found by one automaton (Aho & Corasick 1975), longest first, as whole words
    in scripts that put spaces between words. A name that begins or ends with a capitalised word
    matches only where the text capitalises it too: *Crash* is a film, a crash is none. Fuzzy
    mentions (one typo, a missing or shortened first or middle name) are searched in runs of
    capitalised words that hold no exact mention. In Chinese, where the words around it or a longer
    title contain it, it is none, and a name that is a word of the language, such as 活着, counts
    little outside 《》 (:mod:`~tastegraph.kg.extraction.chinese_evidence`).

    Args:
        names: (name, entity id) pairs; names without letters and digits are ignored.
        titles: normalized names that Chinese texts write in 《》
            (:func:`~tastegraph.kg.extraction.chinese_evidence.titles_in`).
    """

    def __init__(
        self, names: Iterable[tuple[str, str]], titles: Collection[str] = frozenset()
    ) -> None:
        self._titles = titles
        self._by_text: dict[str, list[Mention]] = {}
        entries: dict[str, _Name] = {}
        for name, entity in names:
            if key := normalize_name(name):
                entry = entries.setdefault(key, _Name())
                entry.entities[entity] = None
                first, last = _capitalisation(name)
                entry.capitals = (entry.capitals[0] and first, entry.capitals[1] and last)
                entry.punctuation |= _separators(name)
        self._names = list(entries.values())
        self._entities = [tuple(name.entities) for name in self._names]
        self._keys = list(entries)
        patterns = fold_names(self._keys) if self._keys else []
        self._automaton = AhoCorasick(patterns, matchkind=MatchKind.LeftmostLongest)
        self._fuzzy_index = FuzzyNameIndex(self._keys)

    def find(self, text: str) -> list[Mention]:
        """All mentions, in the order of the text, without overlaps."""
        mentions = self._by_text.get(text)
        if mentions is None:
            mentions = self._search(text)
            if len(text) > MAX_NAME_LENGTH and len(self._by_text) < MAX_REMEMBERED_TEXTS:
                self._by_text[text] = mentions
        return mentions

    def _search(self, text: str) -> list[Mention]:
        sentences = Sentences(text)
        exact = list(self._exact(text, sentences))
        fuzzy = self._fuzzy(text, sentences, exact)
        return sorted([*exact, *fuzzy], key=lambda mention: mention.start)

    def _exact(self, text: str, sentences: Sentences) -> Iterator[Mention]:
        folded = fold(text)
        chinese = ChineseEvidence(text) if contains_han(text) else None
        for place, first, last in self._automaton.find_matches_as_indexes(folded.text):
            start, end = folded.original_span(first, last)
            name, words = self._names[place], text[start:end]
            if sentences.number_at(start) != sentences.number_at(end - 1):
                continue
            if not _separators(words) <= name.punctuation:
                continue
            capitals = _capitalisation(words)
            if any(need and not has for need, has in zip(name.capitals, capitals, strict=True)):
                continue
            single_word = name.capitals[0] and " " not in self._keys[place]
            uncertain = single_word and sentences.opens_at(start)
            score = SENTENCE_START_SCORE if uncertain else 1.0
            if chinese is not None:
                if chinese.excludes(start, end):
                    continue
                if chinese.is_common(start, end, is_title=self._keys[place] in self._titles):
                    score = COMMON_WORD_SCORE
            yield Mention(start, end, self._entities[place], score)

    def _fuzzy(self, text: str, sentences: Sentences, exact: list[Mention]) -> Iterator[Mention]:
        ends = [mention.end for mention in exact]
        for start, end in capitalised_runs(text, sentences, ()):
            following = bisect_right(ends, start)
            if following < len(exact) and exact[following].start < end:
                continue
            nearest = self._fuzzy_index.nearest(normalize_name(text[start:end]))
            if nearest is not None:
                place, score = nearest
                yield Mention(start, end, self._entities[place], score)


def _capitalisation(words: str) -> tuple[bool, bool]:
    """Whether the first and the last word begin with a capital."""
    split = words.split()
    return _is_capitalised(split[0]), _is_capitalised(split[-1])


def _is_capitalised(word: str) -> bool:
    letters = [c for c in word if c.isalnum()]
    return bool(letters) and (letters[0].isupper() or letters[0].istitle())


def _separators(words: str) -> set[str]:
    """Punctuation that separates more than a space, hyphen, apostrophe or full stop does."""
    return {c for c in words if c in ',;:!?()[]{}"“”/|\n，。、；：！？（）《》'}


class FuzzyNameIndex:
    """Names of two or more words, blocked by first or last word and a letter of the other.

    Args:
        names: normalized names.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self._names = [name.split() for name in names]
        self._nearest: dict[str, tuple[int, float] | None] = {}
        self._blocks: dict[tuple[str, str], list[int]] = defaultdict(list)
        for place, words in enumerate(self._names):
            for key in _block_keys(words):
                self._blocks[key].append(place)

    def nearest(self, name: str) -> tuple[int, float] | None:
        """Position and score of the one nearest name; ``None`` if there is none, or a tie."""
        if name not in self._nearest:
            self._nearest[name] = self._search(name)
        return self._nearest[name]

    def _search(self, name: str) -> tuple[int, float] | None:
        words = name.split()
        scores: dict[int, float] = {}
        for key in _block_keys(words):
            places = self._blocks.get(key, ())
            if len(places) <= MAX_FUZZY_BLOCK_SIZE:
                for place in places:
                    if score := _name_score(words, self._names[place]):
                        scores[place] = score
        if not scores:
            return None
        best = max(scores.values())
        nearest = [place for place, score in scores.items() if score == best]
        return (nearest[0], best) if len(nearest) == 1 else None


def _block_keys(words: list[str]) -> Iterator[tuple[str, str]]:
    if len(words) > 1:
        yield words[0][0], words[-1]
        yield words[0], f"{words[-1][0]}…"


def _name_score(left: list[str], right: list[str]) -> float:
    """How likely two names, as words, are the same name, in [0, 1]; 0 if they do not fit."""
    a, b = " ".join(left), " ".join(right)
    if min(len(a), len(b)) >= MIN_TYPO_LENGTH and OSA.distance(a, b, score_cutoff=1) <= 1:
        return 1 - 1 / len(b)
    if left[-1] != right[-1] or not same_or_initial(left[0], right[0]):
        return 0.0
    shorter, longer = sorted((left[1:-1], right[1:-1]), key=len)
    if shorter and (len(shorter) != len(longer) or not all(map(same_or_initial, shorter, longer))):
        return 0.0
    if not shorter and any(len(word) > 1 for word in longer):
        return 0.0
    return MISSING_NAME_SCORE if left[0] == right[0] else INITIAL_SCORE


def id_from_name(name: str) -> str:
    """The id of an entity of which only the name is known; equal names get equal ids."""
    return NAME_PREFIX + normalize_name(name)


class NameResolver:
    """Resolves names to entities: known ones by their name, others to a new id.

    A name of several entities is not resolved; that needs a
    :class:`~tastegraph.kg.linking.linker.Linker`.

    Args:
        names: entity id → its labels and aliases.
    """

    def __init__(self, names: Mapping[str, Sequence[str]]) -> None:
        self._entities: dict[str, set[str]] = {}
        for entity, labels in names.items():
            for label in labels:
                self._entities.setdefault(normalize_name(label), set()).add(entity)
        self._new_names: dict[str, str] = {}

    def resolve(self, name: str) -> str | None:
        """Id of a known or new entity; ``None`` for an ambiguous name or one without letters."""
        key = normalize_name(name)
        entities = self._entities.get(key, set())
        if len(entities) == 1:
            return next(iter(entities))
        if entities or not key:
            return None
        self._new_names.setdefault(id_from_name(name), name)
        return id_from_name(name)

    def new_labels(self) -> Iterator[Fact]:
        """Label facts of the new entities."""
        for entity, name in self._new_names.items():
            yield Fact(entity, LABEL, name, literal=True)
