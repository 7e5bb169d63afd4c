"""Selection: which phrases are topics, which texts have them, and why the others are none.

A topic is shared: at least :data:`MIN_DOCUMENTS` texts have it. One that more than half of the
texts have says nothing of any of them: it does not tell one item from another, and each item
would be tied to each. Of phrases within each other, the longest that is shared counts.
A word that stands beside another noun (*bank* in *bank holiday*) counts if enough texts have it
without one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tastegraph.kg.extraction.topics.occurrences import Kind, OccurrenceTable, TopicReading

MIN_DOCUMENTS = 2
"""Texts that must share a topic."""
MAX_SHARE, MIN_FREQUENT = 0.5, 4
"""Share of the texts above which a phrase is in too many, and number from which that is checked."""
MIN_NOUN_SHARE = 0.5
"""Share of a word's uses in which it must be a noun."""
MAX_TOPICS = 12
"""Topics of a text, at most: those that fewest other texts have, and names, come first."""
MIN_RELEVANCE = 0.5
"""How much nearer to its text than to others a topic must be where an encoder says it, in standard
deviations: 4 % of the topics of 600 summaries of films are less, about half of them wrong."""
MAX_EXAMPLES = 3
KIND_WEIGHTS = np.array([1.0, 1.6, 1.8])
"""How much a word, a phrase and a name count when the topics of a text are ranked."""

Relevance = Callable[[OccurrenceTable], NDArray[np.float64]]
"""Occurrences → float64[n], how relevant each phrase is to its text."""

ONE_TEXT = "in one text only"
TOO_MANY = "in more than half of the texts"
KNOWN = "names that sources have: step 'mentions' finds them"
NOT_NOUN = "mostly another part of speech"
INSIDE = "only within longer topics"
IRRELEVANT = "no nearer to their texts than to others"
CROWDED = "beyond the first {n} of each text"


@dataclass
class Selection:
    """The topics.

    Attributes:
        table: one occurrence for each mention; those of one document in the order of its text.
        dropped: reason → how many phrases.
        examples: reason → some of them.
        candidates: how many different phrases there were.
    """

    table: OccurrenceTable
    candidates: int
    dropped: Counter[str] = field(default_factory=Counter)
    examples: dict[str, list[str]] = field(default_factory=dict)

    def drop(self, reason: str, keys: NDArray[np.int64]) -> None:
        """Delete the occurrences of phrases, and count them."""
        if not len(keys):
            return
        self.dropped[reason] += len(keys)
        names = self.examples.setdefault(reason, [])
        names += [self.table.keys[key] for key in keys[: MAX_EXAMPLES - len(names)]]
        self.table = self.table.at(~np.isin(self.table.key, keys))


def select(
    table: OccurrenceTable,
    n_documents: int,
    known: Collection[str],
    relevance: Relevance | None = None,
) -> Selection:
    """Choose the topics among all phrases.

    Args:
        table: of fused variants.
        n_documents: how many documents there are.
        known: normal forms of the names that sources state.
        relevance: of the phrase of each occurrence to its text, where a text encoder says it.
    """
    sure = np.bincount(table.key[table.reading == TopicReading.YES], minlength=len(table.keys))
    no = np.bincount(table.key[table.reading == TopicReading.NO], minlength=len(table.keys))
    in_texts = table.at(table.reading == TopicReading.YES).document_frequency()
    enough = in_texts[table.key] >= np.where(table.kind == Kind.WORD, MIN_DOCUMENTS, 1)
    unsure = (table.reading == TopicReading.UNSURE) & enough
    positive = table.at((table.reading == TopicReading.YES) | unsure)
    selection = Selection(positive, int((sure > 0).sum()))
    numbers = np.flatnonzero(sure > 0)
    selection.drop(
        KNOWN, np.array([n for n in numbers.tolist() if table.keys[n] in known], dtype=np.int64)
    )
    selection.drop(NOT_NOUN, numbers[sure[numbers] < MIN_NOUN_SHARE * (sure + no)[numbers]])
    selection.drop(ONE_TEXT, _rare(selection.table))
    frequency = selection.table.document_frequency()
    limit = max(MAX_SHARE * n_documents, MIN_FREQUENT - 1)
    selection.drop(TOO_MANY, np.flatnonzero(frequency > limit))
    _longest(selection)
    if relevance is not None:
        _drop_rows(selection, relevance(selection.table) >= MIN_RELEVANCE, IRRELEVANT)
    _crowd_out(selection, n_documents)
    return selection


def _rare(table: OccurrenceTable) -> NDArray[np.int64]:
    frequency = table.document_frequency()
    return np.flatnonzero((frequency > 0) & (frequency < MIN_DOCUMENTS))


def _longest(selection: Selection) -> None:
    """Of overlapping occurrences the longest; a phrase must still be in enough texts with those."""
    while True:
        table = selection.table
        longest = table.at(_longest_rows(table))
        frequency = longest.document_frequency()
        rare = np.flatnonzero((frequency < MIN_DOCUMENTS) & (table.document_frequency() > 0))
        if not len(rare):
            selection.table = longest
            return
        selection.drop(INSIDE, _shortest_first(table, longest, rare))


def _shortest_first(
    table: OccurrenceTable, longest: OccurrenceTable, rare: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Those of ``rare`` that are no longer anywhere; if all are somewhere, all of them."""
    absent = rare[longest.document_frequency()[rare] == 0]
    return absent if len(absent) else rare


def _longest_rows(table: OccurrenceTable) -> NDArray[np.int64]:
    """Rows of occurrences that do not overlap, the longest first; one of a phrase and document."""
    length = table.end - table.start
    order = np.lexsort((table.key, table.start, -length, table.in_title, table.document))
    rows: list[int] = []
    previous = (-1, False)
    covered = bytearray()
    keys: set[int] = set()
    for row, document, in_title, key, start, end in zip(
        order.tolist(),
        table.document[order].tolist(),
        table.in_title[order].tolist(),
        table.key[order].tolist(),
        table.start[order].tolist(),
        table.end[order].tolist(),
        strict=True,
    ):
        if (document, in_title) != previous:
            if document != previous[0]:
                keys = set()
            previous, covered = (document, in_title), bytearray()
        covered += bytes(max(end - len(covered), 0))
        if covered[start] or covered[end - 1]:  # A longer one that overlaps it has one of its ends.
            continue
        covered[start:end] = b"\1" * (end - start)
        if key not in keys:
            keys.add(key)
            rows.append(row)
    return np.sort(np.array(rows, dtype=np.int64))


def _drop_rows(selection: Selection, retained: NDArray[np.bool_], reason: str) -> None:
    """Retain some occurrences only; topics that are then in too few texts go as well."""
    before = np.unique(selection.table.key)
    selection.table = selection.table.at(retained)
    rare = _rare(selection.table)
    selection.table = selection.table.at(~np.isin(selection.table.key, rare))
    gone = np.setdiff1d(before, np.unique(selection.table.key))
    selection.drop(reason, gone.astype(np.int64))


def _crowd_out(selection: Selection, n_documents: int) -> None:
    """Of each text the best :data:`MAX_TOPICS` topics: inverse document frequency times kind."""
    table = selection.table
    if not len(table.key):
        return
    frequency = table.document_frequency()
    rank = np.log((1 + n_documents) / frequency[table.key]) * KIND_WEIGHTS[table.kind]
    order = np.lexsort((table.key, -rank, table.document))
    first = np.searchsorted(table.document[order], table.document[order])
    place = np.arange(len(order)) - first
    retained = np.zeros(len(order), dtype=np.bool_)
    retained[order[place < MAX_TOPICS]] = True
    _drop_rows(selection, retained, CROWDED.format(n=MAX_TOPICS))
