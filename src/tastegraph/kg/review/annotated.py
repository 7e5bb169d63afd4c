"""Facts in the texts of items, learned from the annotated sentences that ``[extraction]`` names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from tastegraph.core.errors import ConfigError, shortened
from tastegraph.core.progress import counted, say
from tastegraph.core.records import ITEM, Fact, Item, Span
from tastegraph.kg.extraction.annotated.alignment import plain_name
from tastegraph.kg.extraction.annotated.corpus import read_annotated
from tastegraph.kg.extraction.annotated.extractor import (
    SentenceExtractor,
    SentenceFact,
    learn_from_annotated,
)
from tastegraph.kg.extraction.documents import Document
from tastegraph.kg.extraction.gazetteer import NameResolver
from tastegraph.kg.extraction.segmentation import Sentences
from tastegraph.kg.names import normalize_name, title_names
from tastegraph.kg.review.inputs import DerivationInputs
from tastegraph.kg.review.schema import KindCheck
from tastegraph.text.languages import contains_han

EXTRACTOR = "sentences/1"
"""Name and version of the extractor in the spans of its facts."""
PRONOUNS = frozenset({"It", "He", "She", "They", "This"})
"""Words at the beginning of a text that stand for what it is about."""
MAX_EXAMPLES = 8
"""Relations that a notice names, at most."""
PASSAGE_LENGTH = 400
"""Characters of the sentences of a text that are read together, about."""


def facts_from_annotated(
    inputs: DerivationInputs, documents: Sequence[Document], check: KindCheck
) -> Iterator[Fact]:
    """Facts that the texts of items state, by what annotated sentences say of their relations.

    Subjects and objects are items and entities with these names, or new entities with labels. A
    passage that does not name its item is read as if its title stood before it. A name that
    several entities bear states nothing; a notice counts them.

    Raises:
        NotFoundError: there is no such file.
        RowError: a line of it is no annotated sentence.
        ConfigError: no annotated fact has its subject and its object in its sentence.
    """
    if inputs.config.extraction.annotated is None:
        return
    path = inputs.directory / inputs.config.extraction.annotated
    sentences = read_annotated(path)
    say(f"patterns: learning from {len(sentences):,} annotated sentences of {path.name}")
    try:
        extractor = learn_from_annotated(sentences)
    except ValueError as error:
        raise ConfigError(f"[extraction] annotated: {path}: {error}") from None
    names = _Names(inputs)
    titles = {ITEM + item.item_id: item.title for item in inputs.items}
    stated = (
        named
        for document in counted("reading texts", documents)
        for fact, offset in _read(extractor, document, titles[document.subject])
        for named in names.fact(fact, offset, document, fact.relation in extractor.values)
    )
    ends: set[str] = set()
    n_facts = 0
    for fact in check.filter(stated):
        n_facts += 1
        ends.update((fact.subject, fact.object))
        yield fact
    yield from (label for label in names.resolver.new_labels() if label.subject in ends)
    say(f"{learning_in_words(extractor)}: {n_facts:,} facts in texts")
    if names.ambiguous:
        name, count = names.ambiguous.most_common(1)[0]
        say(
            f"patterns: {names.ambiguous.total():,} facts left out, because several "
            f"entities have the name of their subject or object, such as {name!r} ({count:,}); "
            "'kg review' says which entities are one"
        )


def learning_in_words(extractor: SentenceExtractor) -> str:
    """What was learned, and what was not, for a notice."""
    coverage, relations = extractor.coverage, extractor.relations
    more = " …" if len(relations) > MAX_EXAMPLES else ""
    line = (
        f"patterns: by {coverage.located:,} annotated facts of {len(relations):,} relations "
        f"({', '.join(relations[:MAX_EXAMPLES])}{more})"
    )
    if coverage.missing:
        line += (
            f", {coverage.missing:,} more being left out because their sentence does not name "
            f"their subject or object, such as {shortened(coverage.example)}"
        )
    return line


def _read(
    extractor: SentenceExtractor, document: Document, title: str
) -> Iterator[tuple[SentenceFact, int]]:
    """The facts of a text, each with what its spans are to be moved by."""
    name = title_names(title)[0][0] if title.strip() else ""
    for start, end in passages(document.text):
        passage = document.text[start:end]
        text = passage
        if name and f" {normalize_name(name)} " not in f" {normalize_name(passage)} ":
            text = with_subject(passage, name)
        moved = len(text) - len(passage)
        for fact in extractor.extract(text):
            if fact.object_span[0] >= len(name) or text is passage:
                yield fact, start - moved


def with_subject(passage: str, name: str) -> str:
    """A passage that does not name what it is about, as a sentence about it.

    The name stands in place of a pronoun at its beginning, before "is" and an article, before a
    Chinese sentence, or else as a sentence of its own. What follows is as long as before.
    """
    first, _, rest = passage.partition(" ")
    if first in PRONOUNS and rest:
        return f"{name} {rest}"
    if first in ("A", "An", "The") and rest:
        return f"{name} is {first.lower()} {rest}"
    return f"{name}{passage}" if contains_han(passage[:1]) else f"{name}. {passage}"


def passages(text: str) -> Iterator[tuple[int, int]]:
    """Spans of whole sentences that are read together; one that is too long is read by itself."""
    sentences = Sentences(text)
    start = 0
    for begin, end in zip(sentences.starts, sentences.ends, strict=True):
        if begin > start and end - start > PASSAGE_LENGTH:
            yield start, begin
            start = begin
    if start < len(text):
        yield start, len(text)


class _Names:
    """Which item or entity a name in a text is.

    Attributes:
        resolver: of names of entities.
        ambiguous: names of several entities → facts that they kept from being stated.
    """

    def __init__(self, inputs: DerivationInputs) -> None:
        self.resolver = NameResolver(inputs.names())
        self.ambiguous: Counter[str] = Counter()
        self._items: dict[str, set[str]] = {}
        for item in inputs.items:
            for key in _keys(item):
                self._items.setdefault(key, set()).add(ITEM + item.item_id)

    def fact(
        self, fact: SentenceFact, offset: int, document: Document, is_value: bool
    ) -> Iterator[Fact]:
        """The fact with ids for names, if both are clear."""
        subject = self._resolve(plain_name(fact.subject), document)
        value = plain_name(fact.object)
        object_ = value if is_value else self._resolve(value, document)
        if subject is not None and object_ is not None and subject != object_:
            start, end = fact.object_span
            span = Span(document.id, start + offset, end + offset, EXTRACTOR)
            yield Fact(
                subject, fact.relation, object_, is_value, confidence=fact.confidence, span=span
            )

    def _resolve(self, name: str, document: Document) -> str | None:
        items = self._items.get(normalize_name(name), set())
        if document.subject in items:
            return document.subject
        if len(items) == 1:
            return next(iter(items))
        entity = None if items else self.resolver.resolve(name)
        if entity is None and normalize_name(name):
            self.ambiguous[name] += 1
        return entity


def _keys(item: Item) -> list[str]:
    """The normalized names that the title of an item holds."""
    return [key for name in title_names(item.title)[0] if (key := normalize_name(name))]
