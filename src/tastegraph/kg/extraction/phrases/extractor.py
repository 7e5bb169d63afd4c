"""Extraction from a few examples: facts that texts state in the words of ``[relations]`` examples.

In the way of Snowball (Agichtein & Gravano, DL 2000) a name counts as far as the cues beside it are
reliable, and a cue is as reliable as the share of its names that fit: those of the right kind.
Unlike there, no cues are learned from the names: *edited by* stands beside known directors as
often as *directed by*. Frequent words are proposed to people instead
(:mod:`~tastegraph.kg.extraction.phrases.proposals`).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import compress
from operator import not_
from typing import NamedTuple

from tastegraph.core.config import RelationConfig
from tastegraph.core.config.phrase_examples import read_example
from tastegraph.core.kinds import DATE, VALUE_KINDS, standard_kind
from tastegraph.core.records import LABEL, Fact, Span
from tastegraph.kg.extraction.candidates import MentionCandidate, number_candidates
from tastegraph.kg.extraction.documents import Document
from tastegraph.kg.extraction.gazetteer import id_from_name
from tastegraph.kg.extraction.phrases.chinese import ChineseCue, chinese_cues
from tastegraph.kg.extraction.phrases.cues import Cue, cues_of_examples
from tastegraph.kg.extraction.phrases.matching import (
    CueMatch,
    chinese_matches,
    matches_by_relation,
)
from tastegraph.kg.extraction.phrases.name_kinds import NameKinds
from tastegraph.kg.extraction.phrases.reader import NameReader
from tastegraph.kg.names import normalize_name, title_names
from tastegraph.text.languages import contains_han

EXTRACTOR = "examples/1"
"""Name and version of this extractor in the spans of its facts."""
EXAMPLE_CONFIDENCE, VARIANT_CONFIDENCE = 0.95, 0.8
"""Confidence of a name beside the words of an example, and beside other forms of them."""
LISTED_FACTOR, ASIDE_FACTOR = 0.95, 0.5
"""Factors where the cue stands beside another name of the list, and where the sentence may speak of
something else."""
PRIOR_MATCHES = 10
"""Matches of the right kind that a cue is taken to have had before the first text."""
SCHEMA_EVIDENCE = 0.5
"""Evidence for a kind of each text in which a name is the object of a relation of that kind."""
AnyCue = Cue | ChineseCue
_YEAR = re.compile(r"1[0-9]{3}|20[0-9]{2}")


@dataclass
class RelationReport:
    """What was found for one relation.

    Attributes:
        examples: number of its examples.
        facts: number of facts.
        cues: cue in words → names beside it.
        dropped: reason → number of names that were left out.
        instances: reason → one of them, in its words.
    """

    examples: int
    facts: int = 0
    cues: Counter[str] = field(default_factory=Counter)
    dropped: Counter[str] = field(default_factory=Counter)
    instances: dict[str, str] = field(default_factory=dict)

    def drop(self, reason: str, instance: str) -> None:
        """Count a name that is left out."""
        self.dropped[reason] += 1
        self.instances.setdefault(reason, instance)


class _Statement(NamedTuple):
    """A match in a document, not yet checked."""

    document: Document
    match: CueMatch


class ExampleExtractor:
    """Extracts the facts of the relations that have examples.

    Args:
        relations: name → configuration; those without examples are left out.
        titles: subject → title; what a text says of its own subject is no object.

    Attributes:
        reports: relation → what was found, once :meth:`extract` has run.
    """

    def __init__(self, relations: Mapping[str, RelationConfig], titles: Mapping[str, str]) -> None:
        with_examples = {name: config for name, config in relations.items() if config.examples}
        self._kinds = {
            name: standard_kind(config.object or "") for name, config in with_examples.items()
        }
        self._cues: dict[str, list[Cue]] = {}
        self._chinese_cues: dict[str, list[ChineseCue]] = {}
        for name, config in with_examples.items():
            examples = [read_example(example, config.object) for example in config.examples]
            is_chinese = [contains_han(before + after) for before, _, after in examples]
            self._cues[name] = cues_of_examples(compress(examples, map(not_, is_chinese)))
            self._chinese_cues[name] = chinese_cues(compress(examples, is_chinese))
        self._titles = titles
        self.reports = {
            name: RelationReport(len(config.examples)) for name, config in with_examples.items()
        }

    def extract(
        self, documents: Iterable[Document], reader: NameReader, names: NameKinds
    ) -> list[Fact]:
        """The facts that the documents state, each once, and labels of new entities.

        Args:
            documents: texts to read.
            reader: finds their names.
            names: gets the evidence that the documents and the relations have for kinds.
        """
        for title in self._titles.values():
            names.read(title, reader.candidates(title))
        statements = self._statements(documents, reader, names)
        for relation, of_relation in statements.items():
            for _, match in of_relation:
                if self._kinds[relation] and not match.is_listed and not match.is_aside:
                    names.add(match.candidate.name, self._kinds[relation], SCHEMA_EVIDENCE)
        facts: list[Fact] = []
        labels: dict[str, Fact] = {}
        for relation, of_relation in statements.items():
            checked = self._checked(relation, of_relation, names)
            facts += self._facts(relation, checked, labels)
        return [*labels.values(), *facts]

    def _statements(
        self, documents: Iterable[Document], reader: NameReader, names: NameKinds
    ) -> dict[str, list[_Statement]]:
        """What the cues match in all documents."""
        of_values = {r: cues for r, cues in self._cues.items() if self._kinds[r] in VALUE_KINDS}
        of_names = {r: cues for r, cues in self._cues.items() if r not in of_values}
        statements: dict[str, list[_Statement]] = {relation: [] for relation in self._cues}
        for document in documents:
            candidates = reader.candidates(document.text)
            names.read(document.text, candidates)
            matches = list(matches_by_relation(document.text, candidates, of_names))
            if of_values:
                numbers = number_candidates(document.text)
                matches += matches_by_relation(document.text, numbers, of_values)
            matches += self._chinese_matches(document.text, reader)
            for relation, match in matches:
                statements[relation].append(_Statement(document, match))
        return statements

    def _chinese_matches(self, text: str, reader: NameReader) -> Iterator[tuple[str, CueMatch]]:
        if contains_han(text):
            for relation, cues in self._chinese_cues.items():
                for match in chinese_matches(text, cues, self._kinds[relation]):
                    entities = reader.entities(match.candidate.name)
                    yield (
                        relation,
                        replace(match, candidate=replace(match.candidate, entities=entities)),
                    )

    def _checked(
        self, relation: str, statements: Sequence[_Statement], names: NameKinds
    ) -> list[tuple[_Statement, float]]:
        """The statements whose name may be an object of the relation, with their confidence."""
        report = self.reports[relation]
        right: Counter[AnyCue] = Counter()
        wrong: Counter[AnyCue] = Counter()
        checked = []
        for statement in statements:
            reason = self._objection(relation, statement, names)
            (wrong if reason else right)[statement.match.cue] += 1
            if reason:
                report.drop(reason, statement.match.candidate.name)
            else:
                report.cues[str(statement.match.cue)] += 1
                checked.append(statement)
        return [(statement, _confidence(statement.match, right, wrong)) for statement in checked]

    def _objection(self, relation: str, statement: _Statement, names: NameKinds) -> str | None:
        """Why a name can be no object of the relation; ``None`` if it can."""
        kind, candidate = self._kinds[relation], statement.match.candidate
        if kind == DATE and not _YEAR.fullmatch(candidate.name):
            return "no year"
        if kind in VALUE_KINDS:
            return None
        title = self._titles.get(statement.document.subject, "")
        if normalize_name(candidate.name) in map(normalize_name, title_names(title)[0]):
            return "the item itself"
        if objection := names.objection(candidate.name, kind):
            return objection
        if len(candidate.entities) > 1:
            return "a name of several entities"
        return None

    def _facts(
        self,
        relation: str,
        checked: Sequence[tuple[_Statement, float]],
        labels: dict[str, Fact],
    ) -> list[Fact]:
        literal = self._kinds[relation] in VALUE_KINDS
        facts: dict[tuple[str, str], Fact] = {}
        for (document, match), confidence in checked:
            candidate = match.candidate
            object_ = candidate.name if literal else _entity(candidate)
            span = Span(document.id, candidate.start, candidate.end, EXTRACTOR)
            fact = Fact(
                document.subject, relation, object_, literal, confidence=confidence, span=span
            )
            key = (document.subject, object_)
            if key not in facts or confidence > facts[key].confidence:
                facts[key] = fact
            if not literal and not candidate.entities:
                labels.setdefault(
                    object_, Fact(object_, LABEL, candidate.name, literal=True, span=span)
                )
        self.reports[relation].facts = len(facts)
        return list(facts.values())


def _entity(candidate: MentionCandidate) -> str:
    return candidate.entities[0] if candidate.entities else id_from_name(candidate.name)


def _confidence(match: CueMatch, right: Counter[AnyCue], wrong: Counter[AnyCue]) -> float:
    """The reliability of the cue, lower for lists and for sentences that digress."""
    n_right, n_wrong = right[match.cue], wrong[match.cue]
    confidence = EXAMPLE_CONFIDENCE if match.cue.is_example else VARIANT_CONFIDENCE
    confidence *= (n_right + PRIOR_MATCHES) / (n_right + n_wrong + PRIOR_MATCHES)
    if match.is_listed:
        confidence *= LISTED_FACTOR
    return confidence * ASIDE_FACTOR if match.is_aside else confidence
