"""The derivation step ``language model``: the relations of the schema, read by ``[llm]``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from tastegraph.core.config import RelationConfig
from tastegraph.core.config.phrase_examples import read_example
from tastegraph.core.errors import ConfigError
from tastegraph.core.kinds import standard_kind
from tastegraph.core.progress import say
from tastegraph.core.records import Fact
from tastegraph.kg.extraction.gazetteer import NameResolver
from tastegraph.kg.extraction.llm import ExtractionReport, LLMExtractor, estimate_requests
from tastegraph.kg.extraction.prompt import Slot
from tastegraph.kg.review.inputs import Derivation, DerivationInputs
from tastegraph.kg.review.schema import is_literal, kinds_in_texts, schema_of
from tastegraph.store.database import Database
from tastegraph.text.llm import LLMClient
from tastegraph.text.llm_batch import UsageEstimate
from tastegraph.text.relations import phrase_of

MAX_SLOTS = 12
"""Relations that are extracted where there is no schema, at most."""
MIN_SLOT_FACTS = 10
"""Facts about items that a relation must have to be extracted where there is no schema."""
HOLE = "…"
"""Stands for the object in an example of the prompt, so that no answer can repeat it."""


def llm_extraction(answers: Database) -> Derivation:
    """The derivation that asks the language model of ``[llm]`` and stores its answers."""

    def extract(inputs: DerivationInputs) -> Iterator[Fact]:
        slots = slots_of(inputs)
        documents = list(inputs.documents())
        resolver = NameResolver(inputs.names())
        names = kinds_in_texts(inputs, documents) if any(slot.kind for slot in slots) else None
        extractor = LLMExtractor(
            slots,
            LLMClient(inputs.config.llm),
            answers,
            lambda name, _: resolver.resolve(name),
            lambda name, kind: names.objection(name, standard_kind(kind)) if names else None,
        )
        yield from extractor.extract(documents)
        yield from resolver.new_labels()
        say(_summary(extractor.report))

    return extract


def plan_llm_extraction(inputs: DerivationInputs, answers: Database) -> UsageEstimate:
    """Requests, tokens and cost of :func:`llm_extraction`; no request is made.

    Raises:
        ConfigError: there is no relation to ask for.
    """
    return estimate_requests(inputs.config.llm, slots_of(inputs), inputs.documents(), answers)


def slots_of(inputs: DerivationInputs) -> list[Slot]:
    """Slots for exactly the relations of the schema; without one, for the frequent relations.

    Raises:
        ConfigError: there is neither a schema nor a relation with enough facts about items.
    """
    relations = inputs.config.relations
    slots = [
        Slot(
            name,
            phrase_of(name, relations),
            is_literal(config),
            config.object or "",
            config.subject or "",
            _phrases(config),
        )
        for name, config in schema_of(relations).items()
    ]
    if not slots:
        slots = _frequent_slots(inputs)
    if not slots:
        raise ConfigError(
            "there is no relation to ask the language model for, so nothing is sent to it: write "
            "into tastegraph.toml what the texts state, such as [relations.director] "
            'object = "person", examples = ["directed by Joel Coen"]; \'tastegraph kg schema\' '
            f"proposes relations. Without these it takes {MIN_SLOT_FACTS} facts about items"
        )
    return slots


def _phrases(config: RelationConfig) -> tuple[str, ...]:
    """The examples without their objects: ``"directed by …"``."""
    parts = (read_example(example, config.object) for example in config.examples)
    return tuple(f"{before}{HOLE}{after}" for before, _, after in parts)


def _frequent_slots(inputs: DerivationInputs) -> list[Slot]:
    """Slots for the relations of items that have the most facts."""
    counts = Counter((fact.relation, fact.literal) for fact in inputs.item_facts())
    return [
        Slot(relation, phrase_of(relation, inputs.config.relations), literal)
        for (relation, literal), count in counts.most_common()
        if count >= MIN_SLOT_FACTS
    ][:MAX_SLOTS]


def _summary(report: ExtractionReport) -> str:
    dropped = ", ".join(f"{n} {reason}" for reason, n in report.dropped.most_common()) or "none"
    wrong = f", such as {'; '.join(report.wrong_kinds)}" if report.wrong_kinds else ""
    cut = f", texts cut to [llm] max_characters: {report.cut:,}" if report.cut else ""
    return f"{report.facts:,} facts, dropped: {dropped}{wrong}{cut}; {report.usage.in_words()}"
