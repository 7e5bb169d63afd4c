"""The derivation step ``patterns``: facts that texts state, by whatever there is to learn from.

Known facts teach the cues of their relation, a few examples give cues themselves, and annotated
sentences teach relations between any two names. Each way says for each relation what it learned
from, what it found and what it left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from tastegraph.core.config import RelationConfig
from tastegraph.core.progress import counted, say
from tastegraph.core.records import ITEM, LABEL, Fact
from tastegraph.kg.extraction.classifier import MIN_TRAINING_TEXTS
from tastegraph.kg.extraction.documents import Document
from tastegraph.kg.extraction.patterns import learn_patterns
from tastegraph.kg.extraction.phrases.extractor import ExampleExtractor, RelationReport
from tastegraph.kg.extraction.phrases.name_kinds import NameKinds
from tastegraph.kg.review.annotated import facts_from_annotated
from tastegraph.kg.review.inputs import DerivationInputs
from tastegraph.kg.review.schema import KindCheck, name_reader, recognised_kinds, schema_of

MAX_REPORTED = 8
"""Relations that were not learned and are named, at most."""
MANY_EXAMPLES = 3
"""Examples from which on a relation is not asked for more."""


class TextsToRead(NamedTuple):
    """What every way of reading has in common.

    Attributes:
        inputs: facts and configuration.
        documents: the texts.
        names: evidence for the kinds of names.
    """

    inputs: DerivationInputs
    documents: Sequence[Document]
    names: NameKinds


def extract_with_patterns(inputs: DerivationInputs) -> Iterator[Fact]:
    """Facts that the texts of items state, by examples, known facts and annotated sentences."""
    documents = list(inputs.documents())
    if not documents:
        say("patterns: no item has a text: import items with texts")
        return
    texts = TextsToRead(inputs, documents, recognised_kinds(inputs, documents))
    for way in (_read_by_examples, _read_by_known_facts, _read_by_annotated_sentences):
        yield from way(texts)
    _report_without_examples(inputs)
    if not _can_learn(inputs):
        say(
            "patterns: there is nothing to learn from: no relation has facts about items, and none "
            "has examples in tastegraph.toml, nor does [extraction] annotated name a file of "
            "sentences. 'tastegraph kg schema' proposes relations from the texts, to paste there"
        )


def _can_learn(inputs: DerivationInputs) -> bool:
    """Whether there are examples, annotated sentences or facts about items."""
    has_examples = any(config.examples for config in inputs.config.relations.values())
    is_annotated = inputs.config.extraction.annotated is not None
    return has_examples or is_annotated or any(True for _ in inputs.item_facts())


def _report_without_examples(inputs: DerivationInputs) -> None:
    """Name the relations of the schema of which neither an example nor a fact is known."""
    schema = schema_of(inputs.config.relations)
    bare = [name for name, config in schema.items() if not config.examples]
    known = {fact.relation for fact in inputs.item_facts()} if bare else set()
    if unknown := [name for name in bare if name not in known]:
        say(
            f"patterns: not read from texts, since no example and no fact is known: "
            f"{', '.join(unknown)}; write into [relations.{unknown[0]}] of tastegraph.toml how "
            'texts say it, such as examples = ["directed by Joel Coen"]'
        )


def _read_by_examples(texts: TextsToRead) -> Iterator[Fact]:
    """Facts in the words of the examples of ``[relations]``."""
    inputs = texts.inputs
    schema = schema_of(inputs.config.relations)
    if not schema:
        return
    titles = {document.subject: "" for document in texts.documents}
    titles |= {ITEM + item.item_id: item.title for item in inputs.items}
    extractor = ExampleExtractor(schema, titles)
    reader = name_reader(inputs, texts.documents)
    documents = counted("reading texts", texts.documents)
    yield from extractor.extract(documents, reader, texts.names)
    for relation, report in extractor.reports.items():
        say(_in_words(relation, report))


def _in_words(relation: str, report: RelationReport) -> str:
    examples = f"{report.examples} example{'s' if report.examples > 1 else ''}"
    cues = ", ".join(f"{cue} {count:,}" for cue, count in report.cues.most_common(4))
    where = f", beside {cues}" if cues else ""
    advice = ""
    if report.examples < MANY_EXAMPLES or not report.facts:
        advice = (
            f"; more examples find more: add other words for it to [relations.{relation}], such as "
            "those that 'tastegraph kg schema' lists"
        )
    dropped = _dropped(report.dropped, report.instances)
    return f"patterns: {relation}: by {examples}: {report.facts:,} facts{where}{dropped}{advice}"


def _dropped(counts: Counter[str], instances: dict[str, str]) -> str:
    reasons = (
        f"{count:,} {reason} ({instances[reason]})" for reason, count in counts.most_common()
    )
    words = ", ".join(reasons)
    return f"; left out: {words}" if words else ""


def _read_by_known_facts(texts: TextsToRead) -> Iterator[Fact]:
    """Facts of relations of which enough facts are known (distant supervision)."""
    inputs = texts.inputs
    facts = list(inputs.item_facts())
    if not facts:
        return
    extractor = learn_patterns(texts.documents, facts, inputs.gazetteer())
    by_id = {document.id: document.text for document in texts.documents}
    check = KindCheck(inputs.config.relations, texts.names, by_id)
    counts: Counter[str] = Counter()
    documents = counted("reading texts", texts.documents)
    for fact in check.filter(extractor.extract(documents)):
        counts[fact.relation] += fact.relation != LABEL
        yield fact
    known = Counter(fact.relation for fact in facts)
    for relation in extractor.classifiers:
        of_relation = {r: n for (name, r), n in check.dropped.items() if name == relation}
        instances = {r: check.instances[relation, r] for r in of_relation}
        dropped = _dropped(Counter(of_relation), instances)
        say(
            f"patterns: {relation}: by {known[relation]:,} known facts: {counts[relation]:,} facts"
            f"{dropped}"
        )
    _report_too_few(known, extractor.classifiers.keys(), inputs.config.relations)


def _read_by_annotated_sentences(texts: TextsToRead) -> Iterator[Fact]:
    """Facts of the relations of the sentences that ``[extraction] annotated`` names."""
    by_id = {document.id: document.text for document in texts.documents}
    check = KindCheck(texts.inputs.config.relations, texts.names, by_id)
    yield from facts_from_annotated(texts.inputs, texts.documents, check)
    counts: Counter[str] = Counter()
    instances: dict[str, str] = {}
    for (relation, reason), count in check.dropped.items():
        counts[f"of {relation}: {reason}"] += count
        instances[f"of {relation}: {reason}"] = check.instances[relation, reason]
    if counts:
        say(f"patterns: by annotated sentences{_dropped(counts, instances)}")


def _report_too_few(
    known: Counter[str], learned: Collection[str], relations: Mapping[str, RelationConfig]
) -> None:
    few = [
        f"{relation} ({count:,})"
        for relation, count in known.most_common()
        if relation not in learned and not relations.get(relation, RelationConfig()).examples
    ]
    if few:
        more = f" and {len(few) - MAX_REPORTED:,} more" if len(few) > MAX_REPORTED else ""
        say(
            f"patterns: not learned, since fewer than {MIN_TRAINING_TEXTS} texts name an object of "
            f"a known fact: {', '.join(few[:MAX_REPORTED])}{more}; examples under "
            "[relations.NAME] in tastegraph.toml do without facts"
        )
