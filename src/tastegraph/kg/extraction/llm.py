"""Facts read from texts by a large language model, each shown to stand in its text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from tastegraph.core.config import LLMConfig
from tastegraph.core.errors import EndpointError
from tastegraph.core.records import Fact, Span
from tastegraph.kg.extraction.folding import Passage
from tastegraph.kg.extraction.prompt import LONGEST, MOST, Prompt, Slot, fields
from tastegraph.store.database import Database
from tastegraph.text.llm import LLMClient, LLMRequest, object_in
from tastegraph.text.llm_batch import CachedLLM, LLMUsage, UsageEstimate, estimate_usage

Reason = Literal[
    "NOT_IN_SCHEMA", "WRONG_TYPE", "TOO_MANY", "TOO_LONG", "NOT_IN_TEXT", "DUPLICATE", "UNRESOLVED"
]
"""Why a value was dropped. The last is given by the caller, who knows the entities."""


class Value(NamedTuple):
    """Words of the text that fill a slot: characters ``start`` to ``end``, half-open."""

    slot: Slot
    start: int
    end: int


def values(
    record: Mapping[str, Any],
    fields: Mapping[str, Slot],
    passage: Passage,
    dropped: Counter[str],
) -> Iterator[Value]:
    """The values that hold, in the schema's order; of all others the reason is counted.

    Nothing of what the model wrote goes any further: a value is the text's own words.
    """
    dropped.update("NOT_IN_SCHEMA" for _ in record.keys() - fields.keys())
    for key, slot in fields.items():
        listed = record.get(key, [])
        if not isinstance(listed, list):
            dropped["WRONG_TYPE"] += 1
            continue
        dropped.update("TOO_MANY" for _ in listed[MOST:])
        seen = set()
        for value in listed[:MOST]:
            found = _located(value, passage)
            if isinstance(found, str):
                dropped[found] += 1
            elif found in seen:
                dropped["DUPLICATE"] += 1
            else:
                seen.add(found)
                yield Value(slot, *found)


def _located(value: Any, passage: Passage) -> tuple[int, int] | Reason:
    if not isinstance(value, str):
        return "WRONG_TYPE"
    if len(value) > LONGEST:
        return "TOO_LONG"
    return passage.find(value) or "NOT_IN_TEXT"


Document = tuple[str, str]
"""An id, which is the subject of the facts (``item:ID`` for an item's own text), and the text."""
Resolve = Callable[[str, str], str | None]
"""Name and relation → id of the entity, or ``None`` where no entity is meant."""

ENOUGH = 10
"""From so many answers on, not one value that holds is an error and not a result."""


@dataclass
class Report:
    """What was read, what was dropped and what it took.

    Attributes:
        cut: texts that were longer than the model is shown.
        facts: how many were read.
        dropped: values of the model's answers that were not believed, by reason.
        usage: questions, tokens, seconds and cost.
    """

    cut: int = 0
    facts: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    usage: LLMUsage = field(default_factory=LLMUsage)


class Reader:
    """Reads the facts that ``slots`` ask for from texts.

    The model fills one list for each relation under a JSON schema. Its answer is not believed: a
    value is kept only where its words stand in the text, and is then taken from there; entities
    are found by ``resolve``. What is written in a text can therefore never state more than the
    words of that text.

    Attributes:
        name: what the facts' spans give as their extractor: ``llm:MODEL/PROMPT``.
        report: of the last run; complete once its facts have been taken.
    """

    def __init__(
        self, slots: Sequence[Slot], endpoint: LLMClient, cache: Database, resolve: Resolve
    ) -> None:
        self._fields = fields(slots)
        self._prompt = Prompt(self._fields)
        self._told, self._resolve = endpoint.config, resolve
        self._model = CachedLLM(endpoint, cache)
        self.name = f"llm:{endpoint.model}/{self._prompt.version}"
        self.report = Report()

    def facts(self, documents: Iterable[Document]) -> Iterator[Fact]:
        """The facts of every document, in order; the report tells what became of the rest.

        Raises:
            EndpointError: the endpoint cannot be used, or of :data:`ENOUGH` answers or more not
                one value was believed. What it answered is kept, so that the next run goes on.
        """
        shown = _shown(self._told, documents)
        self.report = Report(cut=sum(cut for _, _, cut in shown))
        try:
            answers = self._model.complete(_questions(self._prompt, shown))
        finally:
            self.report.usage = self._model.usage
        for (document, text, _), answer in zip(shown, answers, strict=True):
            if answer is not None:
                passage = Passage(text)
                record = object_in(answer.text)
                for value in values(record, self._fields, passage, self.report.dropped):
                    yield from self._fact(document, passage, value)
        answered = len(shown) - self.report.usage.left
        if answered >= ENOUGH and not self.report.facts:
            raise EndpointError(
                f"{self.name} answered {answered} questions, but nothing that it said stands in "
                f"its text ({_counted(self.report.dropped)}): use a larger model, or check that "
                "the texts tell of the relations that are asked for"
            )

    def _fact(self, document: str, passage: Passage, value: Value) -> Iterator[Fact]:
        slot, start, end = value
        words = passage.text[start:end]
        entity = words if slot.literal else self._resolve(words, slot.relation)
        if entity is None:
            self.report.dropped["UNRESOLVED"] += 1
            return
        self.report.facts += 1
        yield Fact(
            document,
            slot.relation,
            entity,
            literal=slot.literal,
            confidence=self._told.confidence,
            span=Span(document, start, end, self.name),
        )


def estimate(
    told: LLMConfig, slots: Sequence[Slot], documents: Iterable[Document], cache: Database
) -> UsageEstimate:
    """What reading ``documents`` would take; no request is made, and no endpoint is needed."""
    prompt = Prompt(fields(slots))
    return estimate_usage(told, _questions(prompt, _shown(told, documents)), cache)


def _questions(prompt: Prompt, shown: Iterable[tuple[str, str, bool]]) -> list[LLMRequest]:
    return [prompt.question(text, document) for document, text, _ in shown]


def _shown(told: LLMConfig, documents: Iterable[Document]) -> list[tuple[str, str, bool]]:
    """Each document that says anything, as far as the model is shown it, and whether it was cut."""
    most = told.max_characters
    return [
        (document, text[:most], len(text) > most) for document, text in documents if text.strip()
    ]


def _counted(dropped: Counter[str]) -> str:
    told = [f"{count} {reason}" for reason, count in dropped.most_common()]
    return ", ".join(told) or "all answers were empty"
