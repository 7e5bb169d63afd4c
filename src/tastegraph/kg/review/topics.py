"""The derivation step ``topics``: what several texts speak of, though no source names it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.progress import counted, say
from tastegraph.core.records import BROADER, ITEM, LABEL, MENTIONS, Fact, Item, Span
from tastegraph.kg.extraction.gazetteer import NAME_PREFIX
from tastegraph.kg.extraction.topics.hierarchy import broader_topics
from tastegraph.kg.extraction.topics.occurrences import Kind, OccurrenceTable
from tastegraph.kg.extraction.topics.reader import TopicReader
from tastegraph.kg.extraction.topics.relevance import TextRelevance
from tastegraph.kg.extraction.topics.report import summary
from tastegraph.kg.extraction.topics.selection import select
from tastegraph.kg.extraction.topics.variants import fuse_variants
from tastegraph.kg.names import normalize_name
from tastegraph.kg.review.inputs import DerivationInputs
from tastegraph.store import caches
from tastegraph.store.database import Database
from tastegraph.text.encoder import VECTORS_FILE, Encoder, shared_cache
from tastegraph.text.folders import find_model
from tastegraph.text.languages import contains_han
from tastegraph.text.texts import item_text

TOPIC_EXTRACTOR = "topics/1"
"""Name and version of the extractor in the spans of its facts."""
CONFIDENCE: Mapping[int, float] = {Kind.NAME: 0.95, Kind.PHRASE: 0.95, Kind.WORD: 0.85}
"""Kind → how sure a mention is: rounded down from the share that a reader judged right in 711 of
them, drawn from 180 descriptions in English and Chinese and 1,674 summaries of films."""
BROADER_CONFIDENCE = 0.95
"""How sure it is that a topic is a kind of another."""


def find_topics(inputs: DerivationInputs) -> Iterator[Fact]:
    """``mentions`` of names and phrases that texts share, their labels and their hierarchy.

    An item without a text is read by its title. Names of entities that sources state are left to
    the step ``mentions``. Texts that no reader knows have no topics; a notice says how many.
    """
    items = [item for item in inputs.items if item.title.strip() or item.text.strip()]
    if not items:
        say("topics: no item has a title or a text: import items that have")
        return
    reader = TopicReader()
    read = reader.read(counted("reading texts", ((item.title, item.text) for item in items)))
    names = {normalize_name(name) for names in inputs.names().values() for name in names}
    selection = select(fuse_variants(read), len(items), names, _relevance(inputs, items))
    table = selection.table
    labels = _labels(table, items)
    kinds = {table.keys[key]: kind for key, kind in _pairs(table.key, table.kind)}
    broader = broader_topics(kinds)
    frequency = table.document_frequency()
    by_frequency = sorted(labels, key=lambda key: (-frequency[key], table.keys[key]))
    for line in summary(selection, reader.texts, (labels[k] for k in by_frequency), len(broader)):
        say(line)
    for key, label in sorted(labels.items(), key=lambda pair: table.keys[pair[0]]):
        topic = NAME_PREFIX + table.keys[key]
        yield Fact(topic, LABEL, label, literal=True)
        if parent := broader.get(table.keys[key]):
            yield Fact(topic, BROADER, NAME_PREFIX + parent, confidence=BROADER_CONFIDENCE)
    yield from _mentions(table, items)
    yield from _broader_mentions(table, items, broader)


def _relevance(inputs: DerivationInputs, items: Sequence[Item]) -> TextRelevance | None:
    """By the encoder of ``[text]``, if ``[extraction] encode_topics`` says so.

    The texts are those that ``build`` encodes, in the same file of vectors.

    Raises:
        NotFoundError, AssetError: the encoder is not there.
    """
    if not inputs.config.extraction.encode_topics:
        return None
    config = inputs.config.text
    encoder = Encoder(
        find_model(config.encoder, inputs.directory),
        config.max_tokens,
        Database(inputs.directory / VECTORS_FILE, caches.vector_metadata),
        shared_cache() if config.shared_cache else None,
        config.reading,
    )
    return TextRelevance(encoder.encode, [item_text(item) for item in items])


def _labels(table: OccurrenceTable, items: Sequence[Item]) -> dict[int, str]:
    """Topic → its most frequent spelling; of two that are as frequent, the one in small letters.

    A short form or a title before a name is no spelling of it, unless the texts have no other.
    """
    spellings: dict[int, Counter[str]] = {}
    for row in range(len(table.key)):
        words = " ".join(_text(table, items, row)[table.start[row] : table.end[row]].split())
        spellings.setdefault(int(table.key[row]), Counter())[words] += 1
    return {
        key: min(_spellings(counts, table.keys[key]), key=lambda w: (-counts[w], w.istitle(), w))
        for key, counts in spellings.items()
    }


def _spellings(counts: Counter[str], key: str) -> list[str]:
    """The words that are the topic itself or its plural, or all where there are none."""
    length = len(key.split())
    return [words for words in counts if len(normalize_name(words).split()) == length] or list(
        counts
    )


def _mentions(table: OccurrenceTable, items: Sequence[Item]) -> Iterator[Fact]:
    for row, (document, key) in enumerate(_pairs(table.document, table.key)):
        subject = ITEM + items[document].item_id
        topic = NAME_PREFIX + table.keys[key]
        span = None
        if not table.in_title[row]:
            span = Span(subject, int(table.start[row]), int(table.end[row]), TOPIC_EXTRACTOR)
        yield Fact(subject, MENTIONS, topic, confidence=CONFIDENCE[int(table.kind[row])], span=span)


def _broader_mentions(
    table: OccurrenceTable, items: Sequence[Item], broader: Mapping[str, str]
) -> Iterator[Fact]:
    """``mentions`` of the more general topic where the text has it as the end of a longer one.

    What ends a title is often a figure of speech, so a title beside a text has none.
    """
    kinds = {table.keys[key]: kind for key, kind in _pairs(table.key, table.kind)}
    stated = {(document, table.keys[key]) for document, key in _pairs(table.document, table.key)}
    for row, (document, key) in enumerate(_pairs(table.document, table.key)):
        parent = broader.get(table.keys[key])
        if parent is None or (document, parent) in stated:
            continue
        if table.in_title[row] and items[document].text.strip():
            continue
        stated.add((document, parent))
        words = _text(table, items, row)[table.start[row] : table.end[row]]
        subject, end = ITEM + items[document].item_id, int(table.end[row])
        span = None
        if not table.in_title[row]:
            span = Span(subject, end - len(_ending(words, parent)), end, TOPIC_EXTRACTOR)
        confidence = CONFIDENCE[kinds[parent]]
        yield Fact(subject, MENTIONS, NAME_PREFIX + parent, confidence=confidence, span=span)


def _ending(words: str, parent: str) -> str:
    """The end of a phrase as the text has it: as many words, or Chinese characters, as its head."""
    if contains_han(parent):
        return words[-len(parent) :]
    pieces = re.split(r"([\s\-‐‑]+)", words)
    return "".join(pieces[-2 * parent.count(" ") - 1 :])


def _text(table: OccurrenceTable, items: Sequence[Item], row: int) -> str:
    item = items[int(table.document[row])]
    return item.title if table.in_title[row] else item.text


def _pairs(
    left: NDArray[np.int32], right: NDArray[np.int32] | NDArray[np.int8]
) -> Iterator[tuple[int, int]]:
    return zip(left.tolist(), right.tolist(), strict=True)
