"""Derived: what a large language model reads in the texts of items."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator

from tastegraph.core.config import Config
from tastegraph.core.progress import say
from tastegraph.core.records import Fact
from tastegraph.kg.extraction.llm import Reader, Report, estimate
from tastegraph.kg.extraction.resolution import Resolution
from tastegraph.kg.extraction.schema import Slot
from tastegraph.kg.review.inputs import Inputs
from tastegraph.store.database import Database
from tastegraph.text.budget import Plan
from tastegraph.text.endpoint import Endpoint

MOST_SLOTS = 12
FEWEST_FACTS = 10
"""Facts that items must have of a relation before it is asked for."""


def reader(answers: Database) -> Callable[[Inputs], Iterator[Fact]]:
    """The derivation that asks ``[llm]`` and keeps its answers in ``answers``."""

    def read(inputs: Inputs) -> Iterator[Fact]:
        resolution = Resolution(inputs.names())
        model = Reader(
            slots(inputs), Endpoint(inputs.config.llm), answers, lambda name, _: resolution.of(name)
        )
        yield from model.facts(inputs.documents())
        yield from resolution.labels()
        say(told(model.report))

    return read


def planned(inputs: Inputs, answers: Database) -> Plan:
    """What reading would take; nothing is asked."""
    return estimate(inputs.config.llm, slots(inputs), inputs.documents(), answers)


def slots(inputs: Inputs) -> list[Slot]:
    """The relations of items that the graph has most facts of: what its texts may tell more of."""
    found = Counter((fact.relation, fact.literal) for fact in inputs.about_items())
    return [
        Slot(relation, phrase(inputs.config, relation), literal)
        for (relation, literal), number in found.most_common()
        if number >= FEWEST_FACTS
    ][:MOST_SLOTS]


def phrase(config: Config, relation: str) -> str:
    """How a relation is asked for: as it is told, or by the end of its id."""
    told = config.relations.get(relation)
    if told is not None and told.phrase:
        return told.phrase
    return relation.rstrip("/#").replace("#", "/").replace(":", "/").rpartition("/")[2]


def told(report: Report) -> str:
    """One line on what was read and what it took."""
    dropped = ", ".join(f"{n} {reason}" for reason, n in report.dropped.most_common()) or "none"
    return f"{report.facts:,} facts, dropped: {dropped}; {report.usage.in_words()}"
