"""Second reading: how likely a pair states a relation, from the margins and what the words say."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence

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
        for stem in {word[:STEM] for word in words}:
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
        every = pairs(len(arguments))
        if not every or not relations:
            return
        runs = [(argument.first, argument.last) for argument in arguments]
        known = reader.known.seen_by(as_new)
        features = ArgumentPairs(tokens, runs, known, None)
        related, seen_margins = reader.margins(features, len(arguments))
        column = {name: k for k, name in enumerate(reader.relations)}
        seen = np.array([column.get(name, -1) for name in relations])
        margins = np.where(seen >= 0, seen_margins[:, seen], UNSEEN_MARGIN)
        counts = np.where(seen >= 0, reader.counts[seen], 0.0)
        uses = reader.uses.get(tuple(relations), np.zeros(len(relations)))
        by_object: dict[int, list[int]] = {}
        for place, pair in enumerate(every):
            by_object.setdefault(pair.object, []).append(place)
        in_text = names.shares(tokens.lower)
        rows = []
        for object_, places in by_object.items():
            run = runs[object_]
            head = features.heads[object_]
            kind = KINDS.index(features.kinds[object_])
            shares = {
                "before": names.shares(features.before[head][-6:]),
                "after": names.shares(features.after[object_][:5]),
                "beside": names.shares(features.before[object_][-3:] + features.after[object_][:2]),
                "object": names.shares(tokens.lower[slice(*run)]),
            }
            kinds = np.where(seen >= 0, reader.kinds[seen, kind], 0.0)
            order = np.sort(related[places])[::-1]
            second = order[1] if len(order) > 1 else -2.0
            best_of_object = margins[places].max(axis=0)
            objects = _elsewhere(known.objects, features.keys[object_], relations)
            n_elsewhere = sum(map(len, known.objects.get(features.keys[object_], {}).values()))
            for place in places:
                if related[place] < MIN_RELATED:
                    continue
                pair = every[place]
                between = names.shares(features.between(pair)[-12:])
                near = shares["before"] + shares["after"] + between + shares["beside"]
                chosen = _candidates(margins[place], near)
                subjects = _elsewhere(known.subjects, features.keys[pair.subject], relations)
                for r in chosen:
                    self.pairs.append(pair)
                    self.relations.append(r)
                    rows.append((
                        related[place], related[place] - order[0], related[place] - second,
                        order[0], len(places), margins[place, r],
                        margins[place, r] - margins[place].max(),
                        margins[place, r] - best_of_object[r],
                        shares["before"][r], shares["after"][r], between[r], shares["beside"][r],
                        in_text[r], shares["object"][r], near[r], near[r] - near.max(),
                        names.lengths[r], np.log1p(counts[r]),
                        np.log1p(uses[r]), uses[r] / (uses.sum() + 1.0),
                        (kinds[r] + 0.5) / (counts[r] + 3.0), kind, objects[r], subjects[r],
                        n_elsewhere, pair.subject, pair.object - pair.subject,
                        arguments[pair.subject].probability, arguments[object_].probability,
                    ))  # fmt: skip
        if rows:
            self.rows = np.array(rows, dtype=np.float64)


def _candidates(margins: Floats, near: Floats) -> list[int]:
    """The relations of the largest margins, and those whose names the words around have."""
    by_margin = np.argsort(-margins, kind="stable")[:N_BY_MARGIN]
    by_name = np.argsort(-near, kind="stable")[:N_BY_NAME]
    return sorted({*by_margin.tolist(), *by_name[near[by_name] > 0].tolist()})


def _elsewhere(
    known: Mapping[str, Mapping[str, Collection[int]]], key: str, relations: Sequence[str]
) -> list[int]:
    """In how many groups of training sentences an argument has a part in each relation."""
    groups = known.get(key, {})
    return [len(groups.get(name, ())) for name in relations]


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
