"""The derivation step ``topics``: what several texts speak of, though no source names it."""

from __future__ import annotations

from collections.abc import Iterator

from tastegraph.core.records import LABEL, MENTIONS, Fact, Span
from tastegraph.kg.extraction.gazetteer import id_from_name
from tastegraph.kg.extraction.segmentation import Sentences, capitalised_runs, learn_orthography
from tastegraph.kg.names import normalize_name
from tastegraph.kg.review.inputs import DerivationInputs

TOPIC_EXTRACTOR = "topics/1"
"""Name and version of the extractor in the spans of its facts."""
MIN_DOCUMENTS = 2
"""Texts that must share a topic."""
NAME_CONFIDENCE = 0.9
"""Confidence that a run of capitalised words, which several texts share, is a name."""


def find_topics(inputs: DerivationInputs) -> Iterator[Fact]:
    """``mentions`` of the names that at least :data:`MIN_DOCUMENTS` texts share, and their labels.

    Names of entities that a source states are left to the step ``mentions``.
    """
    documents = list(inputs.documents())
    known = {normalize_name(name) for names in inputs.names().values() for name in names}
    orthography = learn_orthography((d.text for d in documents), ([] for _ in documents))
    spans: dict[str, dict[str, Span]] = {}
    labels: dict[str, str] = {}
    for document in documents:
        sentences = Sentences(document.text)
        for run in capitalised_runs(document.text, sentences, ()):
            start, end = orthography.trim_run(document.text, *run, sentences)
            key = normalize_name(document.text[start:end])
            if key and key not in known:
                labels.setdefault(key, document.text[start:end])
                span = Span(document.id, start, end, TOPIC_EXTRACTOR)
                spans.setdefault(key, {}).setdefault(document.subject, span)
    for key, by_subject in sorted(spans.items()):
        if len(by_subject) >= MIN_DOCUMENTS:
            topic = id_from_name(labels[key])
            yield Fact(topic, LABEL, labels[key], literal=True)
            for subject, span in by_subject.items():
                yield Fact(subject, MENTIONS, topic, confidence=NAME_CONFIDENCE, span=span)
