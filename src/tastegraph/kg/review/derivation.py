"""Derived: whom the texts of items name, and what they say of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import combinations
from typing import NamedTuple

from tastegraph.core.progress import say
from tastegraph.core.records import DIFFERENT_FROM, ITEM, MENTIONS, SAME_AS, Fact, Span
from tastegraph.kg.extraction.documents import Document
from tastegraph.kg.extraction.gazetteer import Gazetteer, Resolution
from tastegraph.kg.extraction.llm import Reader, Report, estimate
from tastegraph.kg.extraction.patterns import learn
from tastegraph.kg.extraction.prompt import Slot
from tastegraph.kg.extraction.recognition import Recogniser
from tastegraph.kg.fusion.matching import Match, duplicates, fuse
from tastegraph.kg.fusion.profiles import Profile, profiles
from tastegraph.kg.linking.entities import Entities
from tastegraph.kg.linking.linker import Linker
from tastegraph.kg.linking.queries import Mention
from tastegraph.kg.review.inputs import Inputs
from tastegraph.store import statements
from tastegraph.store.database import Database
from tastegraph.store.schema import facts
from tastegraph.text.llm import LLMClient
from tastegraph.text.llm_batch import UsageEstimate
from tastegraph.text.relations import phrase_of


def linked(inputs: Inputs) -> Iterator[Fact]:
    """``owl:sameAs`` of items that have no link yet, learned from those that have one.

    A candidate that is not sure enough is stated with less confidence than counts, so that it
    can be asked about.
    """
    known = inputs.same.links
    linked_items = {link.item_id for link in known}
    open_items = [item for item in inputs.items if item.item_id not in linked_items]
    entities = Entities(inputs.facts, inputs.config.graph.naming_relations)
    if not len(entities) or not open_items:
        return
    linker = Linker(entities).fit(known, inputs.items)
    for found in linker.link(open_items):
        for candidate in found.candidates:
            taken = candidate.entity_id == found.entity_id
            sure = inputs.sameness(candidate.confidence, taken=taken)
            yield Fact(ITEM + found.item_id, SAME_AS, candidate.entity_id, confidence=sure)


def fused(inputs: Inputs) -> Iterator[Fact]:
    """``owl:sameAs`` of entities that are one, and, less sure, of those that may be.

    Within a source duplicates are sought in clusters; of two sources no entity is one with two.
    Items are what the catalogue says they are: none is merged with another.
    """
    for match in _matches(inputs):
        left, right = sorted((match.left, match.right))
        if inputs.same.of(left) != inputs.same.of(right):
            sure = inputs.sameness(match.probability, taken=match.accepted)
            yield Fact(left, SAME_AS, right, confidence=sure)


def _matches(inputs: Inputs) -> Iterator[Match]:
    apart = statements.all_facts(inputs.connection, only=facts.c.relation == DIFFERENT_FROM)
    stated = [*inputs.facts, *(fact for _, fact in apart)]
    described = profiles(stated, inputs.config.graph.naming_relations)
    sources = inputs.sources_of()
    members: dict[str, list[Profile]] = {}
    for profile in described:
        if not profile.id.startswith(ITEM):
            for source in sorted(sources.get(profile.id, ())):
                members.setdefault(source, []).append(profile)
    for source in sorted(members):
        yield from duplicates(members[source])
    for one, other in combinations(sorted(members), 2):
        left = [p for p in members[one] if other not in sources[p.id]]
        right = [p for p in members[other] if one not in sources[p.id]]
        yield from fuse(left, right)


GAZETTEER = "gazetteer/1"
AROUND = 300
"""Characters of text on either side of a name that tell who is meant."""


class _Named(NamedTuple):
    document: str
    start: int
    end: int
    entities: tuple[str, ...]
    score: float
    mention: Mention


def mentions(inputs: Inputs) -> Iterator[Fact]:
    """``mentions`` of entities that an item's text names, with the words and how sure that is.

    A name that several bear goes to the one that the text around it speaks for.
    """
    own = {ITEM + link.item_id: link.entity_id for link in inputs.same.links}
    gazetteer = _gazetteer(inputs)
    named = [
        _Named(
            document,
            found.start,
            found.end,
            found.entities,
            found.score,
            Mention(
                text[found.start : found.end],
                text[max(found.start - AROUND, 0) : found.end + AROUND],
            ),
        )
        for document, text in inputs.documents()
        for found in gazetteer.find(text)
        if own.get(document) not in found.entities
    ]
    yield from _recognised(inputs, named)
    linker = Linker(Entities(inputs.facts, inputs.config.graph.naming_relations))
    several = [one for one in named if len(one.entities) > 1]
    meant = dict(zip(several, linker.link_mentions([one.mention for one in several]), strict=True))
    for one in named:
        span = Span(one.document, one.start, one.end, GAZETTEER)
        chosen = [(one.entities[0], one.score)]
        if one in meant:
            chosen = [
                (entity, sure * one.score)
                for entity, sure in meant[one].candidates
                if entity in one.entities
            ]
        for entity, sure in chosen:
            yield Fact(one.document, MENTIONS, entity, confidence=sure, span=span)


def _recognised(inputs: Inputs, named: Sequence[_Named]) -> Iterator[Fact]:
    """Names that only the recogniser of ``[extraction]`` finds, where it is told one."""
    told = inputs.config.extraction
    if told.spacy is None:
        return
    recogniser = Recogniser(told.spacy, told.kinds)
    taken: dict[str, list[_Named]] = {}
    for one in named:
        taken.setdefault(one.document, []).append(one)
    documents = list(inputs.documents())
    resolution = Resolution(inputs.names())
    for (document, text), found in zip(
        documents, recogniser.find(text for _, text in documents), strict=True
    ):
        for start, end, _ in found:
            if any(one.start < end and start < one.end for one in taken.get(document, ())):
                continue
            entity = resolution.of(text[start:end])
            if entity is not None:
                span = Span(document, start, end, recogniser.name)
                yield Fact(document, MENTIONS, entity, confidence=told.confidence, span=span)
    yield from resolution.labels()


def by_patterns(inputs: Inputs) -> Iterator[Fact]:
    """What the texts of items state, by patterns learned from those of which facts are known."""
    documents = [Document(id_, id_, text) for id_, text in inputs.documents()]
    known = list(inputs.about_items())
    return learn(documents, known, _gazetteer(inputs)).extract(documents)


def _gazetteer(inputs: Inputs) -> Gazetteer:
    return Gazetteer((name, entity) for entity, told in inputs.names().items() for name in told)


MOST_SLOTS = 12
FEWEST_FACTS = 10
"""Facts that items must have of a relation before it is asked for."""


def reader(answers: Database) -> Callable[[Inputs], Iterator[Fact]]:
    """The derivation that asks ``[llm]`` and keeps its answers in ``answers``."""

    def read(inputs: Inputs) -> Iterator[Fact]:
        resolution = Resolution(inputs.names())
        model = Reader(
            slots(inputs),
            LLMClient(inputs.config.llm),
            answers,
            lambda name, _: resolution.of(name),
        )
        yield from model.facts(inputs.documents())
        yield from resolution.labels()
        say(told(model.report))

    return read


def planned(inputs: Inputs, answers: Database) -> UsageEstimate:
    """What reading would take; nothing is asked."""
    return estimate(inputs.config.llm, slots(inputs), inputs.documents(), answers)


def slots(inputs: Inputs) -> list[Slot]:
    """The relations of items that the graph has most facts of: what its texts may tell more of."""
    found = Counter((fact.relation, fact.literal) for fact in inputs.about_items())
    return [
        Slot(relation, phrase_of(relation, inputs.config.relations), literal)
        for (relation, literal), number in found.most_common()
        if number >= FEWEST_FACTS
    ][:MOST_SLOTS]


def told(report: Report) -> str:
    """One line on what was read and what it took."""
    dropped = ", ".join(f"{n} {reason}" for reason, n in report.dropped.most_common()) or "none"
    return f"{report.facts:,} facts, dropped: {dropped}; {report.usage.in_words()}"
