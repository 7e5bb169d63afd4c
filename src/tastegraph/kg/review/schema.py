"""The schema in words: what the configuration and the texts say of the kinds of objects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from tastegraph.core.config import RelationConfig
from tastegraph.core.config.phrase_examples import read_example
from tastegraph.core.kinds import ORGANISATION, PERSON, PLACE, VALUE_KINDS, WORK, standard_kind
from tastegraph.core.records import LABEL, Fact
from tastegraph.kg.extraction.chinese_evidence import titles_in
from tastegraph.kg.extraction.documents import Document
from tastegraph.kg.extraction.gazetteer import Gazetteer
from tastegraph.kg.extraction.phrases.cues import FUNCTION_WORDS, tokens_of_gap
from tastegraph.kg.extraction.phrases.name_kinds import NameKinds
from tastegraph.kg.extraction.phrases.reader import NameReader
from tastegraph.kg.extraction.recognition import EntityRecogniser
from tastegraph.kg.review.inputs import DerivationInputs

RECOGNISED_EVIDENCE = 1.0
"""Evidence for a kind of one name that the spaCy pipeline recognises."""
_RECOGNISED_KINDS = {
    **dict.fromkeys(("PERSON", "PER"), PERSON),
    **dict.fromkeys(("GPE", "LOC", "FAC"), PLACE),
    "ORG": ORGANISATION,
    "WORK_OF_ART": WORK,
}


def schema_of(relations: Mapping[str, RelationConfig]) -> dict[str, RelationConfig]:
    """The relations that the configuration describes for reading: with a kind or examples."""
    return {
        name: config
        for name, config in relations.items()
        if config.use and (config.object or config.examples)
    }


def is_literal(relation: RelationConfig) -> bool:
    """Whether the objects of a relation are values rather than entities."""
    return relation.object is not None and standard_kind(relation.object) in VALUE_KINDS


def name_reader(inputs: DerivationInputs, documents: Sequence[Document]) -> NameReader:
    """A reader of the names in documents; known ones are those with a capital."""
    names = (
        (name, entity)
        for entity, labels in inputs.stated_names().items()
        for name in labels
        if name.lower() != name or name.upper() == name
    )
    texts = [document.text for document in documents]
    words = [
        word
        for config in inputs.config.relations.values()
        for example in config.examples
        for part in read_example(example, config.object)[::2]
        for word in tokens_of_gap(part)
        if word not in FUNCTION_WORDS
    ]
    return NameReader(texts, Gazetteer(names, titles_in(texts)), words)


def recognised_kinds(inputs: DerivationInputs, documents: Sequence[Document]) -> NameKinds:
    """Evidence for the kinds of names by the spaCy pipeline of ``[extraction]``, if any."""
    names = NameKinds()
    if inputs.config.extraction.spacy is not None:
        recogniser = EntityRecogniser(inputs.config.extraction.spacy, _RECOGNISED_KINDS)
        entities = recogniser.find(document.text for document in documents)
        for document, of_document in zip(documents, entities, strict=True):
            for start, end, label in of_document:
                kind = _RECOGNISED_KINDS[label]
                names.add(document.text[start:end], kind, RECOGNISED_EVIDENCE)
    return names


def kinds_in_texts(inputs: DerivationInputs, documents: Sequence[Document]) -> NameKinds:
    """All evidence that the texts have for the kinds of the names in them."""
    names, reader = recognised_kinds(inputs, documents), name_reader(inputs, documents)
    for document in documents:
        names.read(document.text, reader.candidates(document.text))
    return names


class KindCheck:
    """Leaves out facts whose object is of another kind than their relation's.

    Args:
        relations: the configuration, by name of the relation.
        names: evidence for the kinds of names.
        texts: document → its text, where the spans of facts are.

    Attributes:
        dropped: (relation, reason) → number of facts that were left out.
        instances: (relation, reason) → the name of one of their objects.
    """

    def __init__(
        self,
        relations: Mapping[str, RelationConfig],
        names: NameKinds,
        texts: Mapping[str, str],
    ) -> None:
        self._relations, self._names, self._texts = relations, names, texts
        self.dropped: Counter[tuple[str, str]] = Counter()
        self.instances: dict[tuple[str, str], str] = {}

    def filter(self, facts: Iterable[Fact]) -> Iterator[Fact]:
        """The facts whose object may be of the right kind; labels of their objects before them."""
        labels: dict[str, Fact] = {}
        for fact in facts:
            if fact.relation == LABEL:
                labels[fact.subject] = fact
            elif not self._is_dropped(fact):
                if fact.object in labels:
                    yield labels.pop(fact.object)
                yield fact

    def _is_dropped(self, fact: Fact) -> bool:
        kind = self._relations.get(fact.relation, RelationConfig()).object
        if kind is None or fact.literal or fact.span is None:
            return False
        name = self._texts[fact.span.document][fact.span.start : fact.span.end]
        reason = self._names.objection(name, standard_kind(kind))
        if reason is None:
            return False
        self.dropped[fact.relation, reason] += 1
        self.instances.setdefault((fact.relation, reason), name)
        return True
