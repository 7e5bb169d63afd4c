"""The rules that keep an item out of a list: each really does, and all others let it in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from sqlalchemy import Connection

from tastegraph.core.arrays import Bools
from tastegraph.core.messages import Message
from tastegraph.core.records import IMPRESSION, Event
from tastegraph.filters.fields import date_text
from tastegraph.filters.syntax import fields_of
from tastegraph.serving.policies.placing import Places
from tastegraph.serving.policies.reader import PolicyClause, PolicyReader
from tastegraph.serving.why_not.question import Question
from tastegraph.serving.why_not.report import BlockingRule, RuleKind
from tastegraph.serving.why_not.values import ItemValues
from tastegraph.serving.wishes.chips import Chip
from tastegraph.serving.wishes.graph import WishGraph
from tastegraph.serving.wishes.wording import chip_text
from tastegraph.store import availability

AVAILABILITY: tuple[tuple[RuleKind, str], ...] = (
    ("delisted", "why_not.delisted"),
    ("hidden", "why_not.hidden"),
    ("not_yet", "why_not.not_yet"),
    ("no_more", "why_not.no_more"),
)


class RuleFinder:
    """Finds the rules of one question.

    Args:
        question: the list and the item.
        policies: reads filters.
        connection: to the store.
    """

    def __init__(self, question: Question, policies: PolicyReader, connection: Connection) -> None:
        self._question, self._policies, self._connection = question, policies, connection

    def blocking(self) -> Iterator[BlockingRule]:
        """The rules that let the item into no list of this request, whatever its score."""
        yield from self._availability()
        if self._question.request.exclude_seen:
            yield from self._seen()
        yield from self._wishes()
        question = self._question
        clauses = self._policies.clauses(question.snapshot, question.policy, question.now)
        if clauses:
            fields, n_items = self._policies.fields(question.snapshot), len(question.scores)
            values = self._values()
            for clause in clauses:
                if not fields.matching(clause.tree, n_items)[question.item]:
                    yield self._clause(clause, values)

    def full_limits(self, places: Places) -> Iterator[BlockingRule]:
        """The limits of a list all of whose places for a value of the item others have."""
        rules, item = self._question.rules, self._question.item
        listed = places.ranked.items[places.draw.items]
        if rules is None or not rules.limits or item in listed:
            return
        groups_of_listed, (own,) = rules.groups(listed), rules.groups(np.array([item]))
        names, limits, values = list(rules.policy.max_per), rules.limits, self._values()
        for group in own:
            number, value = group
            holders = [
                row
                for row, groups in zip(listed.tolist(), groups_of_listed, strict=True)
                if group in groups
            ]
            if len(holders) >= limits[number]:
                yield self._limit(names[number], limits[number], values.label(
                    names[number], value), holders)  # fmt: skip

    def _availability(self) -> Iterator[BlockingRule]:
        question, row = self._question, self._question.item
        if row not in set(question.snapshot.listable.unlisted(question.now).tolist()):
            return
        item_id = question.snapshot.names.item_ids[row]
        stored = availability.of_item(self._connection, item_id)
        applies = (
            stored.delisted,
            stored.hidden,
            stored.start is not None and question.now < stored.start,
            stored.end is not None and question.now >= stored.end,
        )
        for (kind, key), is_blocking in zip(AVAILABILITY, applies, strict=True):
            if is_blocking:
                moment = {"not_yet": stored.start, "no_more": stored.end}.get(kind)
                words = {} if moment is None else {"moment": date_text(moment)}
                yield BlockingRule(kind=kind, text=self._say(key, **words), moment=moment)

    def _seen(self) -> Iterator[BlockingRule]:
        question, snapshot = self._question, self._question.snapshot
        if question.item not in snapshot.listed_rows(question.user.seen_items):
            return
        event = self._event_on_item()
        if event is None:
            yield BlockingRule(kind="seen", text=self._say("why_not.seen_before"))
            return
        read = snapshot.fitted_config.meaning.read(event)
        action = snapshot.verbalizer.event(read, question.language)
        text = self._say("why_not.seen", action=action)
        yield BlockingRule(kind="seen", text=text, moment=event.timestamp)

    def _event_on_item(self) -> Event | None:
        """The newest event for which the item is left out, if it is among the newest."""
        question = self._question
        for event in reversed(question.view.events):
            is_out = event.type not in (*question.request.repeats, IMPRESSION)
            if is_out and question.snapshot.row_of(event.object_id) == question.item:
                return event
        return None

    def _wishes(self) -> Iterator[BlockingRule]:
        """Of *never* and *similar* those that the item fits, of *only* those that it does not."""
        question = self._question
        graph = question.steerer.graph(question.snapshot)
        admits: dict[str, list[tuple[Chip, bool]]] = {}
        for chip in question.chips:
            if chip.direction == "only":
                is_in = bool(graph.fitting(chip)[question.item])
                admits.setdefault(f"{chip.kind}:{chip.relation}", []).append((chip, is_in))
            elif _keeps_out(graph, chip)[question.item]:
                yield self._wish(chip)
        for group in admits.values():
            if not any(is_in for _, is_in in group):
                yield from (self._wish(chip) for chip, _ in group)

    def _wish(self, chip: Chip) -> BlockingRule:
        chip = chip.model_copy(update={"text": chip_text(chip, self._question.language)})
        return BlockingRule(kind="wish", text=self._say("why_not.wish", chip=chip.text), chip=chip)

    def _clause(self, clause: PolicyClause, values: ItemValues) -> BlockingRule:
        own = {str(field): values.of(field) for field in fields_of(clause.tree)}
        has = [
            Message("why_not.value", name=name, values=list(texts))
            if texts
            else Message("why_not.no_value", name=name)
            for name, texts in own.items()
        ]
        source = Message("why_not.source.filter")
        if clause.source == "max_age":
            source = Message("why_not.source.max_age")
        elif clause.source == "surface_filter":
            surface = self._question.policy.surface
            source = Message("why_not.source.surface_filter", surface=surface)
        text = self._say("why_not.clause", source=source, clause=str(clause.tree), values=has)
        return BlockingRule(
            kind=clause.source,
            text=text,
            clause=str(clause.tree),
            values=own,
            gives_way=clause.gives_way,
        )

    def _limit(self, name: str, limit: int, value: str, holders: Sequence[int]) -> BlockingRule:
        names = self._question.snapshot.names
        titles = quoted([names.title(row) for row in holders])
        rules = self._question.rules
        return BlockingRule(
            kind="max_per",
            text=self._say("why_not.max_per", limit=limit, name=name, value=value, titles=titles),
            values={name: (value,)},
            items=tuple(names.item_ids[row] for row in holders),
            gives_way=rules is not None and "max_per" in rules.policy.relax,
        )

    def _values(self) -> ItemValues:
        question = self._question
        fields = self._policies.fields(question.snapshot)
        return ItemValues(question.snapshot, fields, question.item, self._connection)

    def _say(self, key: str, /, **parameters: object) -> str:
        return Message(key, **parameters).text(self._question.language)


def _keeps_out(graph: WishGraph, chip: Chip) -> Bools:
    """bool[I], the items that a wish other than *only* keeps out."""
    if chip.direction == "never":
        return graph.fitting(chip)
    return graph.itself(chip) if chip.kind == "similar" else np.zeros(graph.n_items, dtype=np.bool_)


def quoted(titles: Sequence[str]) -> Message | str:
    """Titles as a sentence has them: "A, B and C", 「《A》、《B》和《C》」."""
    named = [Message("why_not.quoted", title=title) for title in titles]
    if len(named) == 1:
        return named[0]
    return Message("why_not.and", titles=named[:-1], last=named[-1])
