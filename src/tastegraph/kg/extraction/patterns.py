"""Relations of items read from their texts, by patterns learned from facts that are known."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from tastegraph.core.errors import NotFoundError
from tastegraph.core.records import LABEL, Fact, Span
from tastegraph.kg.extraction.classifier import Examples, Scorer, best_places, fit
from tastegraph.kg.extraction.documents import Document, Known, Reader, reader_of
from tastegraph.kg.extraction.gazetteer import Gazetteer

EXTRACTOR = "patterns/1"


@dataclass(frozen=True)
class Patterns:
    """What :func:`learn` learned.

    Attributes:
        relations: a scorer for each relation that could be learned.
        literal: the relations among them whose objects are values.
        reader: reads texts as they were read when the scorers were fitted.
    """

    relations: Mapping[str, Scorer]
    literal: frozenset[str]
    reader: Reader

    def strongest(self, relation: str, n: int = 10) -> list[tuple[str, float]]:
        """The ``n`` cues that speak most for ``relation``, each with its weight in log odds.

        Raises:
            NotFoundError: where the relation was not learned.
        """
        if relation not in self.relations:
            raise NotFoundError(
                f"no patterns of {relation!r}: learned were {', '.join(self.relations) or 'none'}; "
                "a relation needs known facts of more things with texts"
            )
        return self.relations[relation].strongest(n)

    def extract(self, documents: Iterable[Document]) -> Iterator[Fact]:
        """The facts that the texts state, as far as each is surer than its relation's threshold.

        An object that the gazetteer does not hold gets the id that
        :func:`~tastegraph.kg.extraction.gazetteer.id_of` makes of its name and, once, a label.
        Its confidence is the share of facts so sure that were known in what was learned from.
        """
        labelled: set[str] = set()
        for document in documents:
            for literal in (True, False):
                if relations := [r for r in self.relations if (r in self.literal) == literal]:
                    yield from self._stated(document, relations, literal, labelled)

    def _stated(
        self, document: Document, relations: list[str], literal: bool, labelled: set[str]
    ) -> Iterator[Fact]:
        reading = self.reader.read(document, literal)
        for relation in relations:
            scorer = self.relations[relation]
            sure = scorer.confidence(reading.cues)
            objects = self.reader.objects(reading.found, relation, literal)
            for place in best_places(objects, sure):
                candidate, name = reading.found[place], objects[place]
                if sure[place] < scorer.threshold:
                    continue
                span = Span(document.id, candidate.start, candidate.end, EXTRACTOR)
                if not literal and not candidate.entities and name not in labelled:
                    labelled.add(name)
                    yield Fact(name, LABEL, candidate.name, literal=True, span=span)
                yield Fact(
                    document.subject, relation, name, literal,
                    confidence=float(sure[place]), span=span,
                )  # fmt: skip


def learn(
    documents: Iterable[Document],
    facts: Iterable[Fact],
    gazetteer: Gazetteer,
    *,
    closed: bool = False,
    seed: int = 1,
) -> Patterns:
    """Learn from texts about things of which facts are known (Mintz et al., ACL 2009).

    Where a text names the object of a known fact of its subject, it is taken to state the fact;
    what else it names, not to. Texts whose subject has no fact of a relation teach nothing of it.

    A relation that has an entity among its objects is one of entities, any other one of values, of
    which numbers are read. What is found in too few texts is not learned.

    Args:
        facts: what is known; objects that are entities are found by their names in ``gazetteer``.
        closed: whether the gazetteer holds every entity that can be an object; names that it does
            not hold are then never objects.
        seed: of the folds that probabilities are calibrated over.
    """
    entities, values = _by_relation(facts)
    subjects = {
        s for known in (entities, values) for by_subject in known.values() for s in by_subject
    }
    texts = [document for document in documents if document.subject in subjects]
    reader = reader_of(texts, entities, gazetteer, closed)
    scorers: dict[str, Scorer] = {}
    for known, literal in ((entities, False), (values, True)):
        readings = [reader.read(document, literal) for document in texts] if known else []
        for relation, by_subject in known.items():
            examples = Examples()
            for document, reading in zip(texts, readings, strict=True):
                if gold := by_subject.get(document.subject):
                    objects = reader.objects(reading.found, relation, literal)
                    right = [candidate.is_any_of(gold) for candidate in reading.found]
                    examples.add(reading.cues, objects, right, len(gold))
            if examples.enough():
                scorers[relation] = fit(examples, seed)
    return Patterns(scorers, frozenset(values), reader)


def _by_relation(facts: Iterable[Fact]) -> tuple[Known, Known]:
    """Facts with entities as objects, and the others: relation → subject → objects."""
    known: tuple[dict[str, dict[str, set[str]]], ...] = ({}, {})
    for fact in facts:
        of_relation = known[fact.literal].setdefault(fact.relation, {})
        of_relation.setdefault(fact.subject, set()).add(fact.object)
    entities, values = known
    return entities, {relation: k for relation, k in values.items() if relation not in entities}
