"""Pairs of arguments of a sentence, and the features that say how one stands to the other."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tastegraph.kg.extraction.annotated.alignment import AlignedSentence, Run
from tastegraph.kg.extraction.annotated.tokens import TokenizedText, letters
from tastegraph.kg.extraction.annotated.values import only_date
from tastegraph.kg.extraction.segmentation import Sentences

JOINING = frozenset({",", "and", "or", "&", "、", "和", "及", "与", "with", "also", "as", "well"})
"""TokenizedText between members of a list."""
MAX_GAP = 6
"""TokenizedText of a gap between two arguments that are a feature as a whole, at most."""
MAX_ARGUMENTS = 40
"""Arguments of a text between which relations are looked for, at most."""
MAX_DISTANCE = 12
"""Arguments between a subject and an object, at most."""
KINDS = ("day", "number", "year", "code", "name", "word name", "words", "word")
"""What an argument may look like."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two arguments of a sentence, as positions in the list of its arguments."""

    subject: int
    object: int


@dataclass(frozen=True, slots=True)
class KnownArguments:
    """Letters of an argument → the relations it is the object (subject) of, and in which groups."""

    subjects: Mapping[str, Mapping[str, Collection[int]]]
    objects: Mapping[str, Mapping[str, Collection[int]]]

    def seen_by(self, as_new: bool) -> KnownArguments:
        """These, or none for a sentence that is read as if no name was known."""
        return KnownArguments({}, {}) if as_new else self

    @classmethod
    def of(cls, sentences: Sequence[AlignedSentence]) -> KnownArguments:
        """Count the arguments of all facts."""
        subjects: dict[str, dict[str, set[int]]] = {}
        objects: dict[str, dict[str, set[int]]] = {}
        for sentence in sentences:
            for triple in sentence.triples:
                for known, runs in ((subjects, triple.subject), (objects, triple.object)):
                    key = letters(sentence.tokens.written(*runs[0]))
                    groups = known.setdefault(key, {}).setdefault(triple.relation, set())
                    groups.add(sentence.group)
        return cls(subjects, objects)


def pairs(n_arguments: int) -> list[Pair]:
    """All ordered pairs of different arguments that are not too far from one another."""
    n = min(n_arguments, MAX_ARGUMENTS)
    return [Pair(s, o) for o in range(n) for s in range(n) if s != o and abs(s - o) <= MAX_DISTANCE]


def relations_by_pair(
    sentence: AlignedSentence, runs: Sequence[Run]
) -> dict[Pair, frozenset[str] | None]:
    """The relations that each pair of arguments states.

    Of an argument that stands several times, the pair with the shortest way states the fact; the
    others, ``None``, are no examples of anything.
    """
    places = {run: k for k, run in enumerate(runs)}
    stated: dict[Pair, set[str]] = {}
    unclear: set[Pair] = set()
    for triple in sentence.triples:
        options = [
            Pair(places[s], places[o])
            for s in triple.subject
            for o in triple.object
            if s in places and o in places and s != o
        ]
        if options:
            best = min(options, key=lambda p: (abs(p.subject - p.object), p.object, p.subject))
            stated.setdefault(best, set()).add(triple.relation)
            unclear.update(options)
    result: dict[Pair, frozenset[str] | None] = dict.fromkeys(unclear)
    result.update({pair: frozenset(relations) for pair, relations in stated.items()})
    return result


class ArgumentPairs:
    """Features of the pairs of one sentence.

    Args:
        tokens: of the sentence.
        runs: its arguments, in order.
        known: arguments of other sentences.
        group: of the sentence, whose own facts do not count; ``None`` for a new one.

    Attributes:
        known: arguments of other sentences.
        keys: letters of each argument.
        kinds: what each looks like, of :data:`KINDS`.
        heads: for each the first argument of the list that it is in.
        before, after: tokens on either side of each, up to the next argument or sentence.
    """

    def __init__(
        self, tokens: TokenizedText, runs: Sequence[Run], known: KnownArguments, group: int | None
    ) -> None:
        self._tokens, self._runs, self.known = tokens, runs, known
        sentences = Sentences(tokens.text)
        self._sentence = [sentences.number_at(tokens.starts[first]) for first, _ in runs]
        starts = [tokens.covering(start, start + 1)[0] for start in sentences.starts]
        ends = [*starts[1:], len(tokens)]
        self.before: list[list[str]] = []
        self.after: list[list[str]] = []
        for k, (first, last) in enumerate(runs):
            number = self._sentence[k]
            left = max(starts[number], runs[k - 1][1] if k else 0)
            right = min(ends[number], runs[k + 1][0] if k + 1 < len(runs) else len(tokens))
            self.before.append(tokens.lower[left:first])
            self.after.append(tokens.lower[last:right])
        self._opening = [tokens.lower[start] if start < len(tokens) else "" for start in starts]
        self.keys = [letters(tokens.written(*run)) for run in runs]
        self.kinds = [_kind(tokens, run) for run in runs]
        self.heads = self._list_heads()
        places = range(len(runs))
        self._subjects = [
            [*self._context("s", k)[:6], *self._of_argument("s", k, known.subjects, group)]
            for k in places
        ]
        self._objects = [
            [*self._context("o", k), *self._of_argument("o", k, known.objects, group)]
            for k in places
        ]

    def of(self, pair: Pair) -> list[str]:
        """The names of the binary features of a pair."""
        s, o = pair.subject, pair.object
        tokens, runs = self._tokens, self._runs
        low, high = min(s, o), max(s, o)
        between = high - low - 1
        order = "so" if s < o else "os"
        same = self._sentence[s] == self._sentence[o]
        lag = min(abs(self._sentence[o] - self._sentence[s]), 2)
        head = self.heads[o]
        gap = self.before[head]
        cue, cue2 = " ".join(gap[-1:]), " ".join(gap[-2:])
        if s == 0:
            place = "main"
        elif s == o - 1 or s == head - 1:
            place = "next"
        else:
            place = "before" if s < o else "behind"
        nearest = "near" if s == head - 1 else "far"
        at = f"{place} {nearest} {lag} {order}"
        kinds = f"{self.kinds[s]} {self.kinds[o]}"
        opening = self._opening[self._sentence[o]]
        middle = tokens.lower[runs[low][1] : runs[high][0]]
        features = [
            f"at {at}", f"kinds {kinds}", f"at {at} {kinds}", f"between {order} {min(between, 4)}",
            f"lag {lag} {opening}", f"at {at} {cue}", f"at {at} {cue2}",
            f"kinds {kinds} {cue}", f"same key {self.keys[s] == self.keys[o]}",
            f"at {at} after {' '.join(self.after[o][:1])}",
        ]  # fmt: skip
        if between == 0 and same and len(middle) <= MAX_GAP:
            features.append(f"gap {order} {' '.join(middle)}")
            features.append(f"gap {order} {' '.join(middle)} {kinds}")
        if same:
            features += [f"path {order} {token}" for token in dict.fromkeys(middle[-12:])]
            tail = middle[-8:]
            features += [f"path2 {order} {a} {b}" for a, b in pairwise(tail)]
        if s > o:
            features += [f"behind {word}" for word in dict.fromkeys(middle[:8])]
        return [*features, *self._objects[o], *self._subjects[s]]

    def between(self, pair: Pair) -> list[str]:
        """The tokens between the two arguments."""
        low, high = sorted((pair.subject, pair.object))
        return self._tokens.lower[self._runs[low][1] : self._runs[high][0]]

    def _context(self, role: str, k: int) -> list[str]:
        """The words around an argument, up to the next ones, and before its list."""
        head = self.heads[k]
        gap, after = self.before[head], self.after[k]
        features = [f"{role} cue {' '.join(gap[-n:])}" for n in (1, 2, 3) if len(gap) >= n]
        features += [f"{role} after {' '.join(after[:n])}" for n in (1, 2, 3) if len(after) >= n]
        features += [f"{role} left {token}" for token in dict.fromkeys(gap[-10:])]
        features += [f"{role} right {token}" for token in dict.fromkeys(after[:6])]
        if head == k and len(gap) <= MAX_GAP:
            features.append(f"{role} whole {' '.join(gap)}")
        kind = self.kinds[k]
        features += [f"{role} cue {kind} {' '.join(gap[-n:])}" for n in (1, 2) if len(gap) >= n]
        features += [f"{role} after {kind} {' '.join(after[:1])}"]
        return features

    def _of_argument(
        self,
        role: str,
        k: int,
        known: Mapping[str, Mapping[str, Collection[int]]],
        group: int | None,
    ) -> list[str]:
        """What an argument looks like, and its relations elsewhere."""
        first, last = self._runs[k]
        lower = self._tokens.lower
        features = [
            f"{role} kind {self.kinds[k]}", f"={role} last {lower[last - 1]}",
            f"={role} first {lower[first]}", f"={role} ending {lower[last - 1][-3:]}",
        ]  # fmt: skip
        features += [f"={role} word {word}" for word in dict.fromkeys(lower[first:last])]
        for relation, groups in known.get(self.keys[k], {}).items():
            if len(groups) - (group in groups) > 0:
                features.append(f"{role} known {relation}")
        return features

    def _list_heads(self) -> list[int]:
        """For each argument the first member of the list that it is in."""
        heads: list[int] = []
        for k, gap in enumerate(self.before):
            joined = k > 0 and 0 < len(gap) <= 2 and all(token in JOINING for token in gap)
            if (
                joined
                and self._sentence[k] == self._sentence[k - 1]
                and self.kinds[k] == self.kinds[k - 1]
            ):
                heads.append(heads[k - 1])
            else:
                heads.append(k)
        return heads


def _kind(tokens: TokenizedText, run: Run) -> str:
    """What an argument looks like: a day, a number, a code, a name or words."""
    first, last = run
    shapes = tokens.shapes[first:last]
    if only_date(tokens.written(first, last)) is not None:
        return "day"
    if all(shape == "0" for shape in shapes):
        whole = tokens.words[first]
        if len(shapes) == 1 and len(whole) == 4 and whole[:2] in ("17", "18", "19", "20"):
            return "year"
        return "number"
    if any(shape == "0X" for shape in shapes):
        return "code"
    if shapes[0] in ("Xx", "X"):
        return "name" if len(shapes) > 1 else "word name"
    return "words" if len(shapes) > 1 else "word"
