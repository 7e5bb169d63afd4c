"""First reading of a pair: is it related, and by which of the relations seen in training?"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from sklearn.svm import LinearSVC

from tastegraph.kg.extraction.annotated.alignment import AlignedSentence, Run, reads_as_new
from tastegraph.kg.extraction.annotated.linear import FeatureTable, Floats, group_weights
from tastegraph.kg.extraction.annotated.pairs import (
    KINDS,
    ArgumentPairs,
    KnownArguments,
    pairs,
    relations_by_pair,
)

Schema = tuple[str, ...]
"""Relations that a sentence may state."""
STRENGTH = 0.1
"""Inverse of the regularisation of both classifiers."""
UNSEEN_MARGIN = -1.5
"""Margin of a relation that was not seen in training: as of one that does not fit."""


class RelationReader:
    """Margins of linear support vector machines (Cortes & Vapnik 1995).

    Args:
        sentences: with their facts; at least one fact has both its arguments among ``runs``.
        runs: the arguments of each sentence, in order.
        schemas: the relations that each sentence may state.

    Attributes:
        known: arguments of the sentences that it learned from.
        relations: all relations that it has seen, in alphabetical order.
        counts: facts of each, float64.
        kinds: how many objects of each relation look like what, [relations, kinds], float64.
        uses: schema → how many of its facts each of its relations has, float64.
    """

    def __init__(
        self,
        sentences: Sequence[AlignedSentence],
        runs: Sequence[Sequence[Run]],
        schemas: Sequence[Schema],
    ) -> None:
        self.known = KnownArguments.of(sentences)
        self.uses = _uses(sentences, schemas)
        facts = Counter(t.relation for sentence in sentences for t in sentence.triples)
        self.relations = tuple(sorted(facts))
        self.counts = np.array([facts[name] for name in self.relations], dtype=np.float64)
        self.kinds = np.zeros((len(self.relations), len(KINDS)))
        column = {name: k for k, name in enumerate(self.relations)}
        rows: list[list[str]] = []
        sources: list[tuple[int, int]] = []
        stated: list[frozenset[str]] = []
        for number, (sentence, arguments) in enumerate(zip(sentences, runs, strict=True)):
            by_pair = relations_by_pair(sentence, arguments)
            known = self.known.seen_by(reads_as_new(sentence.group))
            features = ArgumentPairs(sentence.tokens, arguments, known, sentence.group)
            for pair in pairs(len(arguments)):
                relations = by_pair.get(pair, frozenset())
                if relations is not None:
                    rows.append(features.of(pair))
                    sources.append((number, sentence.group))
                    stated.append(relations)
                    kind = KINDS.index(features.kinds[pair.object])
                    for name in relations:
                        self.kinds[column[name], kind] += 1
        self._table = FeatureTable(rows, sources)
        matrix = self._table.matrix(rows)
        weights = group_weights([group for _, group in sources])
        positive = [k for k, relations in enumerate(stated) if relations]
        labels = np.array([column[min(stated[k])] for k in positive], dtype=np.int64)
        is_related = np.array([bool(relations) for relations in stated], dtype=np.int64)
        self._related = _Margins(matrix, is_related, weights)
        self._relation = _Margins(matrix[positive], labels, weights[positive])

    def margins(self, features: ArgumentPairs, n_arguments: int) -> tuple[Floats, Floats]:
        """How clearly each pair is related, [pairs], and by each relation, [pairs, relations].

        Pairs are those of :func:`~tastegraph.kg.extraction.annotated.pairs.pairs`.
        """
        matrix = self._table.matrix([features.of(pair) for pair in pairs(n_arguments)])
        each = np.full((matrix.shape[0], len(self.relations)), UNSEEN_MARGIN)
        each[:, self._relation.classes] = self._relation.of(matrix)
        related = self._related.of(matrix)[:, -1]
        return related, each


def _uses(sentences: Sequence[AlignedSentence], schemas: Sequence[Schema]) -> dict[Schema, Floats]:
    """How many facts of the sentences with each schema its relations have."""
    uses = {schema: np.zeros(len(schema)) for schema in set(schemas)}
    for sentence, schema in zip(sentences, schemas, strict=True):
        for triple in sentence.triples:
            if triple.relation in schema:
                uses[schema][schema.index(triple.relation)] += 1
    return uses


class _Margins:
    """Margin of each class; 1 where all examples are of one class."""

    def __init__(self, matrix: csr_array, labels: NDArray[np.int64], weights: Floats) -> None:
        self.classes = np.unique(labels)
        self._model: LinearSVC | None = None
        if len(self.classes) > 1:
            with warnings.catch_warnings():
                # Many relations with few facts each are no regression problem.
                warnings.filterwarnings("ignore", "The number of unique classes")
                model = LinearSVC(C=STRENGTH, random_state=0)
                self._model = model.fit(matrix, labels, sample_weight=weights)

    def of(self, matrix: csr_array) -> Floats:
        """The margin of each class, [rows, classes], float64."""
        if self._model is None:
            return np.ones((matrix.shape[0], len(self.classes)))
        margins: Floats = self._model.decision_function(matrix)
        return np.stack([-margins, margins], axis=1) if margins.ndim == 1 else margins
