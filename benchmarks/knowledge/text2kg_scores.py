"""Scores of Text2KGBench (Mihindukulasooriya et al., ISWC 2023), by the rules of its own program.

Facts are compared as sets, for each sentence, in lower case without spaces and underscores, and
the scores of the sentences are averaged. Two of its rules are lenient, so that two scores stand
beside one another:

* ``official`` leaves out facts whose relation the gold facts of the sentence do not have;
* ``strict`` counts them as wrong.

A sentence without any fact left scores 0. Conformance is the share of facts whose relation the
ontology has, the rest are hallucinated relations; a subject or object is hallucinated where its
word stems are not in a row in the stems of the sentence followed by the names of the ontology's
concepts. These three are over all facts, whatever their relation.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from nltk.stem import PorterStemmer
from nltk.tokenize import NLTKWordTokenizer

from tastegraph.kg.extraction.annotated.corpus import Triple
from tastegraph.kg.extraction.segmentation import Sentences

_SEPARATORS = re.compile(r"_|\s+")
_STEMMER = PorterStemmer()
_TOKENIZER = NLTKWordTokenizer()
MEASURES = (
    "precision", "recall", "f1", "strict_precision", "strict_recall", "strict_f1", "conformance",
    "subject_hallucination", "relation_hallucination", "object_hallucination",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ontology:
    """What the scores need of an ontology.

    Attributes:
        concepts: labels of its concepts.
        relations: labels of its relations.
    """

    concepts: tuple[str, ...]
    relations: tuple[str, ...]


def sentence_scores(
    text: str, gold: Sequence[Triple], extracted: Sequence[Triple], ontology: Ontology
) -> dict[str, float]:
    """The :data:`MEASURES` of one sentence."""
    of_gold = {triple.relation.replace(" ", "_") for triple in gold}
    same_relations = [triple for triple in extracted if triple.relation in of_gold]
    measures = dict(zip(MEASURES[:3], _rates(_keys(gold), _keys(same_relations)), strict=True))
    measures |= dict(zip(MEASURES[3:6], _rates(_keys(gold), _keys(extracted)), strict=True))
    if not extracted:
        return measures | {"conformance": 1.0} | dict.fromkeys(MEASURES[7:], 0.0)
    labels = {label.replace(" ", "_") for label in ontology.relations}
    conforming = sum(triple.relation in labels for triple in extracted) / len(extracted)
    stems = _stems(text + " ".join(ontology.concepts))
    subjects = [_stems(triple.subject) in stems for triple in extracted]
    objects = [_stems(triple.object) in stems for triple in extracted]
    return measures | {
        "conformance": conforming,
        "subject_hallucination": 1 - sum(subjects) / len(extracted),
        "relation_hallucination": 1 - conforming,
        "object_hallucination": 1 - sum(objects) / len(extracted),
    }


def mean_scores(rows: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The mean of each measure, to four decimals."""
    return {name: round(float(np.mean([row[name] for row in rows])), 4) for name in MEASURES}


def _keys(triples: Sequence[Triple]) -> set[str]:
    return {
        "".join(_SEPARATORS.sub("", part).lower() for part in (t.subject, t.relation, t.object))
        for t in triples
    }


def _rates(gold: Collection[str], extracted: Collection[str]) -> tuple[float, float, float]:
    right = len(set(gold) & set(extracted))
    if not right:
        return 0.0, 0.0, 0.0
    return right / len(extracted), right / len(gold), 2 * right / (len(extracted) + len(gold))


def _stems(text: str) -> str:
    """The stems of all words without anything between them, as the original joins them."""
    sentences = Sentences(text)
    words = [
        word
        for start, end in zip(sentences.starts, sentences.ends, strict=True)
        for word in _TOKENIZER.tokenize(text[start:end])
    ]
    joined = _SEPARATORS.sub("", "".join(_STEMMER.stem(word) for word in words)).lower()
    return joined.replace("01januari", "")
