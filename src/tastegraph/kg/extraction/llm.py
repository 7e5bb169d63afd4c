"""LLM extraction: facts read by a large language model, each checked against its text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from tastegraph.core.config import LLMConfig
from tastegraph.core.errors import EndpointError
from tastegraph.core.records import Fact, Span
from tastegraph.kg.extraction.documents import Document
from tastegraph.kg.extraction.folding import SearchableText
from tastegraph.kg.extraction.prompt import (
    MAX_SLOT_VALUE_LENGTH,
    MAX_SLOT_VALUES,
    ExtractionPrompt,
    Slot,
    slots_by_key,
)
from tastegraph.store.database import Database
from tastegraph.text.llm import LLMClient, LLMRequest, object_in
from tastegraph.text.llm_batch import CachedLLM, LLMUsage, UsageEstimate, estimate_usage

ResolveName = Callable[[str, str], str | None]
"""Name and relation → id of the entity, or ``None`` where the name cannot be resolved."""
CheckKind = Callable[[str, str], str | None]
"""Name and kind → why the name is nothing of the kind, or ``None`` where it may be."""

DropReason = Literal[
    "NOT_IN_SCHEMA",
    "WRONG_TYPE",
    "TOO_MANY",
    "TOO_LONG",
    "NOT_IN_TEXT",
    "DUPLICATE",
    "UNRESOLVED",
    "WRONG_KIND",
]
"""Why a value of an answer was dropped."""

MAX_INSTANCES = 3
"""Dropped names that a report lists, at most."""
MIN_ANSWERS_FOR_ERROR = 10
"""From this many answers on, it is an error if no value of any answer is valid."""


@dataclass
class ExtractionReport:
    """Counts of one run.

    Attributes:
        cut: number of texts that were longer than the model is shown.
        facts: number of extracted facts.
        dropped: number of dropped values of the answers, by reason.
        wrong_kinds: up to :data:`MAX_INSTANCES` names of the wrong kind, with what they are.
        usage: requests, tokens, seconds and cost.
    """

    cut: int = 0
    facts: int = 0
    dropped: Counter[str] = field(default_factory=Counter)
    wrong_kinds: list[str] = field(default_factory=list)
    usage: LLMUsage = field(default_factory=LLMUsage)


class GroundedValue(NamedTuple):
    """A value of a slot as a half-open span of characters of the text."""

    slot: Slot
    start: int
    end: int


class LLMExtractor:
    """Extracts the facts of some relations from documents.

    The model fills one list per relation under a JSON schema. A value of its answer counts only if
    its words occur in the text, and is then copied from there; entities are found by ``resolve``.
    So no answer, and no instruction hidden in a text, can state more than words of that text.

    Args:
        slots: the relations.
        client: of the model.
        cache: where answers are stored and reused.
        resolve: name and relation → entity.
        check_kind: name and kind → why it does not fit; by default every name fits.

    Attributes:
        name: the extractor in the spans of facts: ``llm:MODEL/PROMPT_VERSION``.
        report: of the last run; complete once all its facts have been consumed.
    """

    def __init__(
        self,
        slots: Sequence[Slot],
        client: LLMClient,
        cache: Database,
        resolve: ResolveName,
        check_kind: CheckKind = lambda name, kind: None,
    ) -> None:
        self._slots = slots_by_key(slots)
        self._prompt = ExtractionPrompt(self._slots)
        self._config, self._resolve, self._check_kind = client.config, resolve, check_kind
        self._model = CachedLLM(client, cache)
        self.name = f"llm:{client.model}/{self._prompt.version}"
        self.report = ExtractionReport()

    def extract(self, documents: Iterable[Document]) -> Iterator[Fact]:
        """The facts of all documents, in order.

        Raises:
            EndpointError: the endpoint cannot be used, or :data:`MIN_ANSWERS_FOR_ERROR` answers or
                more hold no valid value. Answers are stored, so the next run continues.
        """
        excerpts = _excerpts(self._config, documents)
        self.report = ExtractionReport(cut=sum(excerpt.is_cut for excerpt in excerpts))
        try:
            answers = self._model.complete(_requests(self._prompt, excerpts))
        finally:
            self.report.usage = self._model.usage
        for excerpt, answer in zip(excerpts, answers, strict=True):
            if answer is not None:
                text = SearchableText(excerpt.text)
                record = object_in(answer.text)
                for value in grounded_values(record, self._slots, text, self.report.dropped):
                    yield from self._fact(excerpt.document, text, value)
        answered = len(excerpts) - self.report.usage.left
        if answered >= MIN_ANSWERS_FOR_ERROR and not self.report.facts:
            raise EndpointError(
                f"{self.name} answered {answered} questions, but no value of its answers occurs in "
                f"its text ({_summary(self.report.dropped)}): use a larger model, or check that "
                "the texts are about these relations"
            )

    def _fact(
        self, document: Document, text: SearchableText, value: GroundedValue
    ) -> Iterator[Fact]:
        slot, start, end = value
        words = text.text[start:end]
        if not slot.literal and (objection := self._check_kind(words, slot.kind)):
            self.report.dropped["WRONG_KIND"] += 1
            if len(self.report.wrong_kinds) < MAX_INSTANCES:
                self.report.wrong_kinds.append(f"{words} ({objection})")
            return
        object_ = words if slot.literal else self._resolve(words, slot.relation)
        if object_ is None:
            self.report.dropped["UNRESOLVED"] += 1
            return
        self.report.facts += 1
        yield Fact(
            document.subject,
            slot.relation,
            object_,
            literal=slot.literal,
            confidence=self._config.confidence,
            span=Span(document.id, start, end, self.name),
        )


def grounded_values(
    record: Mapping[str, Any],
    slots: Mapping[str, Slot],
    text: SearchableText,
    dropped: Counter[str],
) -> Iterator[GroundedValue]:
    """The valid values of an answer, in the order of the slots.

    Args:
        record: the answer.
        slots: JSON key → slot.
        text: the text in which each value must occur.
        dropped: counts the invalid values by :data:`DropReason`.
    """
    dropped.update("NOT_IN_SCHEMA" for _ in record.keys() - slots.keys())
    for key, slot in slots.items():
        answers = record.get(key, [])
        if not isinstance(answers, list):
            dropped["WRONG_TYPE"] += 1
            continue
        dropped.update("TOO_MANY" for _ in answers[MAX_SLOT_VALUES:])
        seen = set()
        for answer in answers[:MAX_SLOT_VALUES]:
            span = _locate(answer, text)
            if isinstance(span, str):
                dropped[span] += 1
            elif span in seen:
                dropped["DUPLICATE"] += 1
            else:
                seen.add(span)
                yield GroundedValue(slot, *span)


def _locate(answer: Any, text: SearchableText) -> tuple[int, int] | DropReason:
    if not isinstance(answer, str):
        return "WRONG_TYPE"
    if len(answer) > MAX_SLOT_VALUE_LENGTH:
        return "TOO_LONG"
    return text.find(answer) or "NOT_IN_TEXT"


def estimate_requests(
    config: LLMConfig, slots: Sequence[Slot], documents: Iterable[Document], cache: Database
) -> UsageEstimate:
    """Requests, tokens and cost of reading ``documents``; no request is made."""
    prompt = ExtractionPrompt(slots_by_key(slots))
    return estimate_usage(config, _requests(prompt, _excerpts(config, documents)), cache)


class _Excerpt(NamedTuple):
    """A document with the beginning of its text that the model is shown."""

    document: Document
    text: str
    is_cut: bool


def _requests(prompt: ExtractionPrompt, excerpts: Iterable[_Excerpt]) -> list[LLMRequest]:
    return [prompt.request(excerpt.text, excerpt.document.id) for excerpt in excerpts]


def _excerpts(config: LLMConfig, documents: Iterable[Document]) -> list[_Excerpt]:
    """The documents with a text, each cut to ``config.max_characters``."""
    longest = config.max_characters
    return [
        _Excerpt(document, document.text[:longest], len(document.text) > longest)
        for document in documents
        if document.text.strip()
    ]


def _summary(dropped: Counter[str]) -> str:
    counts = [f"{count} {reason}" for reason, count in dropped.most_common()]
    return ", ".join(counts) or "all answers were empty"
