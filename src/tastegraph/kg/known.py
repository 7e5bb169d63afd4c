"""What is known: of all that sources, texts and people state, what holds."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import Connection, func, select

from tastegraph.core.config import Config
from tastegraph.core.records import DIFFERENT_FROM, ITEM, SAME_AS, Fact, Link
from tastegraph.kg.sameness import consistent, grouped, representatives
from tastegraph.store import statements, verdicts
from tastegraph.store.schema import evidence, facts, sources

IDENTITY = frozenset({SAME_AS, DIFFERENT_FROM})


@dataclass(frozen=True)
class Identity:
    """Which ids are one thing.

    Attributes:
        links: the entities that items are.
        same: id → the id that stands for it and for all others of the same thing.
    """

    links: list[Link]
    same: Mapping[str, str]

    def of(self, identifier: str) -> str:
        """The id that stands for ``identifier``."""
        return self.same.get(identifier, identifier)


class Support(NamedTuple):
    """How well a value is supported: the larger, the better.

    Attributes:
        decision: number of the last decision of a person that affirms it; 0 without any.
        imported: when the newest of its sources was.
    """

    decision: int
    confidence: float
    sources: int
    imported: float


def identity(connection: Connection, config: Config, without: Collection[str] = ()) -> Identity:
    """Links and merges that are sure enough, from every statement that two ids are one thing.

    Of those that cannot hold together, the later decision of a person goes before the earlier,
    and every decision before what sources state.
    """
    decided = verdicts.affirmed(connection)
    same, different = [], []
    found = statements.all_facts(
        connection,
        trust=config.sources.trust,
        without=without,
        only=facts.c.relation.in_(IDENTITY),
    )
    for key, fact in found:
        if fact.literal or fact.confidence < config.graph.least_sameness:
            continue
        if fact.relation == DIFFERENT_FROM:
            different.append((fact.subject, fact.object))
        else:
            same.append((fact.subject, fact.object, decided.get(key, 0) + fact.confidence))
    pairs = consistent(same, different)
    links = sorted(
        {Link(left.removeprefix(ITEM), right) for left, right in pairs if _is_link(left, right)},
        key=lambda link: (link.item_id, link.entity_id),
    )
    merged = [(*pair, 1.0) for pair in pairs if not _is_link(*pair)]
    return Identity(links, representatives(grouped(merged)))


def known_facts(
    connection: Connection, config: Config, same: Identity, without: Collection[str] = ()
) -> Iterator[tuple[int, Fact]]:
    """Every fact that is sure enough and that no better supported value contradicts.

    What says that ids are one thing is in ``same``, and left out here.
    """
    single = [name for name, told in config.relations.items() if told.single]
    beaten = contradicted(_values(connection, config, single, without), same) if single else set()
    stated = statements.all_facts(
        connection,
        trust=config.sources.trust,
        without=without,
        only=facts.c.relation.not_in(IDENTITY),
    )
    for key, fact in stated:
        if fact.confidence >= config.graph.least_confidence and key not in beaten:
            yield key, fact


def contradicted(values: Iterable[tuple[int, Fact, Support]], same: Identity) -> set[int]:
    """Ids of the facts whose subject has a better supported value of the same relation.

    Better is what a person affirmed later, then what is surer, then what more sources state,
    then what was imported later. Values in several languages do not contradict each other.

    Args:
        values: (fact id, fact, support) of relations of which a thing has one value.
        same: ids that are one thing have one value together, and are one value.
    """
    best: dict[tuple[str, str, str], tuple[Support, str]] = {}
    told = list(values)
    for _, fact, support in told:
        place = (same.of(fact.subject), fact.relation, fact.language)
        value = fact.object if fact.literal else same.of(fact.object)
        best[place] = max(best.get(place, (support, value)), (support, value))
    return {
        key
        for key, fact, _ in told
        if (fact.object if fact.literal else same.of(fact.object))
        != best[same.of(fact.subject), fact.relation, fact.language][1]
    }


def _values(
    connection: Connection, config: Config, single: list[str], without: Collection[str]
) -> list[tuple[int, Fact, Support]]:
    rows = (
        select(
            evidence.c.fact_id,
            func.count(evidence.c.source.distinct()),
            func.max(func.coalesce(sources.c.imported, 0.0)),
        )
        .join(facts, facts.c.fact_id == evidence.c.fact_id)
        .outerjoin(sources, sources.c.source == evidence.c.source)
        .where(facts.c.relation.in_(single), evidence.c.source.not_in(list(without)))
        .group_by(evidence.c.fact_id)
    )
    supported = {key: (number, when) for key, number, when in connection.execute(rows)}
    stated = statements.all_facts(
        connection,
        trust=config.sources.trust,
        without=without,
        only=facts.c.relation.in_(single),
    )
    decided = verdicts.affirmed(connection)
    return [
        (key, fact, Support(decided.get(key, 0), fact.confidence, *supported[key]))
        for key, fact in stated
    ]


def _is_link(left: str, right: str) -> bool:
    return left.startswith(ITEM) and not right.startswith(ITEM)
