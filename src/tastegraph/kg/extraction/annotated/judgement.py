"""Second reading: how likely a pair states a relation, from the margins and what the words say."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from tastegraph.kg.extraction.annotated.arguments import Argument
from tastegraph.kg.extraction.annotated.linear import Floats, probability
from tastegraph.kg.extraction.annotated.pairs import KINDS, ArgumentPairs, Pair, pairs
from tastegraph.kg.extraction.annotated.relations import UNSEEN_MARGIN, RelationReader
from tastegraph.kg.extraction.annotated.tokens import TokenizedText

MIN_RELATED = -1.3
"""Margin from which a pair is looked at again."""
NO_SECOND = -2.0
"""Margin in place of that of a second subject, where an object has only one."""
N_BY_MARGIN, N_BY_NAME = 6, 4
"""Relations of a pair that are looked at: by margin, and by words of their names in the text."""
TREE_FACTS = 500
"""Facts from which trees count more than the logistic regression."""
LIMIT = 6.0
"""Log-odds of either model, at most."""
STEM = 5
"""Letters by which words are compared."""
IGNORED = frozenset({"the", "has", "its", "of", "is", "to", "in", "by"})
_NAME_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[^\W\d_A-Za-z]+")
FEATURES = (
    "related", "related, above best of object", "related, above second of object",
    "related, best of object", "subjects of object", "margin", "margin, above best of pair",
    "margin, above best of object", "name before", "name after", "name between", "name beside",
    "name in text", "name in object", "name near", "name near, above best of pair",
    "words of name", "facts", "facts of schema", "share of schema", "share of kind",
    "kind", "object of relation elsewhere", "subject of relation elsewhere",
    "object elsewhere", "subject position", "distance",
    "subject probability", "object probability",
)  # fmt: skip
"""What is known of a pair and a relation."""


class RelationNames:
    """Words of the names of relations, and where a text has them.

    Args:
        relations: names such as ``launchSite`` or ``place of birth``.
    """

    def __init__(self, relations: Sequence[str]) -> None:
        self._stems = [_stems(name) for name in relations]
        counts = Counter(stem for stems in self._stems for stem in stems)
        self._shares: dict[str, list[tuple[int, float]]] = {}
        for place, stems in enumerate(self._stems):
            total = sum(1 / counts[stem] for stem in stems)
            for stem in stems:
                self._shares.setdefault(stem, []).append((place, 1 / counts[stem] / total))
        self.lengths = np.array([len(stems) for stems in self._stems], dtype=np.float64)

    def shares(self, words: Collection[str]) -> Floats:
        """The share of each relation's name that is among ``words``, rare words counting more."""
        result = np.zeros(len(self._stems))
        for stem in dict.fromkeys(word[:STEM] for word in words):
            for place, share in self._shares.get(stem, ()):
                result[place] += share
        return result


def _stems(name: str) -> list[str]:
    words = [word.lower() for word in _NAME_WORD.findall(name)]
    stems = [word[:STEM] for word in words if len(word) > 1 and word not in IGNORED]
    return list(dict.fromkeys(stems)) or [name.lower()[:STEM]]


class CandidateFacts:
    """The pairs of a sentence with the relations that they may state, and their figures.

    Args:
        tokens: of the sentence.
        arguments: of the sentence.
        reader: of relations.
        relations: those that may be stated; some may not have been seen in training.
        names: of these relations.
        as_new: whether the sentence is read as if no name was known.

    Attributes:
        pairs, relations: of each candidate, the latter as position in ``relations``.
        rows: the figures, [candidates, :data:`FEATURES`], float64.
    """

    def __init__(
        self,
        tokens: TokenizedText,
        arguments: Sequence[Argument],
        reader: RelationReader,
        relations: Sequence[str],
        names: RelationNames,
        *,
        as_new: bool = False,
    ) -> None:
        self.pairs: list[Pair] = []
        self.relations: list[int] = []
        self.rows: NDArray[np.float64] = np.zeros((0, len(FEATURES)))
        if len(arguments) < 2 or not relations:
            return
        features = ArgumentPairs(
            tokens, [(a.first, a.last) for a in arguments], reader.known.seen_by(as_new), None
        )
        figures = _SentenceFigures(tokens, arguments, features, reader, relations, names)
        blocks = []
        for pair, chosen, rows in figures.of_pairs():
            self.pairs += [pair] * len(chosen)
            self.relations += chosen
            blocks.append(rows)
        if blocks:
            self.rows = np.concatenate(blocks)


class _SentenceFigures:
    """The figures of the pairs of one sentence; arrays are over relations."""

    def __init__(
        self,
        tokens: TokenizedText,
        arguments: Sequence[Argument],
        features: ArgumentPairs,
        reader: RelationReader,
        relations: Sequence[str],
        names: RelationNames,
    ) -> None:
        self._tokens, self._arguments, self._features = tokens, arguments, features
        self._reader, self._relations, self._names = reader, relations, names
        self._pairs = pairs(len(arguments))
        self._related, seen_margins = reader.margins(features, len(arguments))
        column = {name: k for k, name in enumerate(reader.relations)}
        self._seen = np.array([column.get(name, -1) for name in relations])
        self._margins = np.where(self._seen >= 0, seen_margins[:, self._seen], UNSEEN_MARGIN)
        self._counts = np.where(self._seen >= 0, reader.counts[self._seen], 0.0)
        self._uses = reader.uses.get(tuple(relations), np.zeros(len(relations)))
        self._in_text = names.shares(tokens.lower)

    def of_pairs(self) -> Iterator[tuple[Pair, list[int], Floats]]:
        """Each pair that may be related, its candidate relations, and a row for each of them."""
        by_object: dict[int, list[int]] = {}
        for place, pair in enumerate(self._pairs):
            by_object.setdefault(pair.object, []).append(place)
        for object_, places in by_object.items():
            if self._related[places].max() >= MIN_RELATED:
                yield from self._of_object(object_, places)

    def _of_object(
        self, object_: int, places: list[int]
    ) -> Iterator[tuple[Pair, list[int], Floats]]:
        features, names, related = self._features, self._names, self._related
        before, after = features.before, features.after[object_]
        name_before = names.shares(before[features.heads[object_]][-6:])
        name_after = names.shares(after[:5])
        name_beside = names.shares(before[object_][-3:] + after[:2])
        argument = self._arguments[object_]
        name_in_object = names.shares(self._tokens.lower[argument.first : argument.last])
        kind = KINDS.index(features.kinds[object_])
        of_kind = np.where(self._seen >= 0, self._reader.kinds[self._seen, kind], 0.0)
        order = np.sort(related[places])[::-1]
        second = order[1] if len(order) > 1 else NO_SECOND
        best_of_object = self._margins[places].max(axis=0)
        elsewhere = features.known.objects.get(features.keys[object_], {})
        for place in places:
            if related[place] < MIN_RELATED:
                continue
            pair, margins = self._pairs[place], self._margins[place]
            name_between = names.shares(features.between(pair)[-12:])
            near = name_before + name_after + name_between + name_beside
            subject_elsewhere = features.known.subjects.get(features.keys[pair.subject], {})
            chosen = _candidates(margins, near)
            figures = (
                related[place], related[place] - order[0], related[place] - second, order[0],
                len(places), margins, margins - margins.max(), margins - best_of_object,
                name_before, name_after, name_between, name_beside, self._in_text,
                name_in_object, near, near - near.max(), names.lengths, np.log1p(self._counts),
                np.log1p(self._uses), self._uses / (self._uses.sum() + 1.0),
                (of_kind + 0.5) / (self._counts + 3.0), kind, self._groups(elsewhere),
                self._groups(subject_elsewhere), sum(map(len, elsewhere.values())), pair.subject,
                pair.object - pair.subject, self._arguments[pair.subject].probability,
                argument.probability,
            )  # fmt: skip
            columns = [np.broadcast_to(figure, len(self._relations))[chosen] for figure in figures]
            yield pair, chosen, np.stack(columns, axis=1).astype(np.float64)

    def _groups(self, by_relation: Mapping[str, Collection[int]]) -> Floats:
        """In how many groups of training sentences an argument has a part in each relation."""
        return np.array([len(by_relation.get(name, ())) for name in self._relations], dtype=float)


def _candidates(margins: Floats, near: Floats) -> list[int]:
    """The relations of the largest margins, and those whose names the words around have."""
    by_margin = np.argsort(-margins, kind="stable")[:N_BY_MARGIN]
    by_name = np.argsort(-near, kind="stable")[:N_BY_NAME]
    return sorted({*by_margin.tolist(), *by_name[near[by_name] > 0].tolist()})


RISING = frozenset(
    name
    for name in FEATURES
    if name.startswith(("related", "margin", "name", "share"))
    or name.endswith(("elsewhere", "probability"))
)
"""Figures of which more never speaks against a fact, all others being equal."""


class FactJudge:
    """The probability of a candidate fact, from its figures.

    The log-odds are a mean of those of gradient-boosted trees (Friedman 2001), which see how
    figures work together, and of a logistic regression, which goes on evenly where there were no
    examples. Trees count n / (n + 500), n being the stated facts among the examples.

    Args:
        rows: figures of candidates that the readers had not seen in training.
        correct: whether each is stated.
        seed: of the trees.
    """

    def __init__(self, rows: Floats, correct: NDArray[np.bool_], seed: int) -> None:
        self._share = float(correct.mean()) if len(correct) else 0.0
        self._weight = 0.0
        self._models: tuple[HistGradientBoostingClassifier, Pipeline] | None = None
        if 0.0 < self._share < 1.0:
            trees = HistGradientBoostingClassifier(
                max_iter=150, learning_rate=0.06, max_leaf_nodes=15, early_stopping=False,
                min_samples_leaf=min(20, max(2, len(correct) // 20)), random_state=seed,
                monotonic_cst=[int(name in RISING) for name in FEATURES],
            )  # fmt: skip
            line = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
            n_stated = int(correct.sum())
            self._weight = n_stated / (n_stated + TREE_FACTS)
            self._models = trees.fit(rows, correct), line.fit(rows, correct)

    def probability(self, rows: Floats) -> Floats:
        """Probability of each candidate, float64."""
        if self._models is None or not len(rows):
            return np.full(len(rows), self._share)
        odds = [np.clip(model.decision_function(rows), -LIMIT, LIMIT) for model in self._models]
        return probability(self._weight * odds[0] + (1 - self._weight) * odds[1])
