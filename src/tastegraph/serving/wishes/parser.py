"""The parser of wishes: spans in, chips out; deterministic, over the names of one graph.

A wish is a row of clauses. A direction (*less*, 不要) governs what follows in its clause and in
further clauses behind a comma; one that nothing follows governs what stands before it
(*documentaries only*, 喜剧多一些). What has no direction is wanted more. A duration counts for the
whole sentence. Nothing is guessed: what is not understood is listed with its place.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tastegraph.core.languages import DEFAULT_LANGUAGE, Language
from tastegraph.core.messages import Message
from tastegraph.serving.wishes.chips import (
    MAX_ALTERNATIVES,
    MAX_CHIPS,
    MAX_WISH_LENGTH,
    Alternative,
    Chip,
    Direction,
    Duration,
    IgnoredWords,
    Steering,
)
from tastegraph.serving.wishes.names import NamedNode, WishNames
from tastegraph.serving.wishes.numbers import WishNumbers
from tastegraph.serving.wishes.spans import SpanReader, WishSpan
from tastegraph.serving.wishes.wording import chip_text

DOMINANCE = 3
"""An ambiguous name means the node with so many times the items of the next one."""


@dataclass
class _Draft:
    """A chip while its sentence is read; ``governed`` if its own clause has a direction for it."""

    span: WishSpan
    direction: Direction | None
    governed: bool
    strength: float
    fields: dict[str, object]


class WishParser:
    """Reads wishes over one graph.

    Args:
        names: of the graph.
        numbers: its numeric relations.
    """

    def __init__(self, names: WishNames, numbers: WishNumbers) -> None:
        self._names, self._numbers = names, numbers
        self._reader = SpanReader(names)

    def parse(self, wish: str, language: Language = DEFAULT_LANGUAGE) -> Steering:
        """The chips of a wish, and the words that were not understood.

        Args:
            wish: what lies behind :data:`MAX_WISH_LENGTH` characters is not read, and listed.
            language: of the chips' texts.
        """
        ignored: list[IgnoredWords] = []
        if len(wish) > MAX_WISH_LENGTH:
            place = (MAX_WISH_LENGTH, len(wish))
            reason = Message("wish.too_long", limit=MAX_WISH_LENGTH).text(language)
            ignored.append(IgnoredWords(words="…", start=place[0], end=place[1], reason=reason))
            wish = wish[:MAX_WISH_LENGTH]
        spans = self._reader.read(wish)
        chips: list[Chip] = []
        for sentence in _sentences(spans):
            reading = _SentenceReading(self, wish, language)
            chips += reading.chips(sentence)
            ignored += reading.ignored
        merged = list({chip.target: chip for chip in chips}.values())
        for chip in merged[MAX_CHIPS:]:
            reason = Message("wish.too_many", limit=MAX_CHIPS).text(language)
            ignored.append(_ignored(wish, chip.start or 0, chip.end or 0, reason))
        ignored.sort(key=lambda words: words.start)
        return Steering(parsed=tuple(merged[:MAX_CHIPS]), ignored=tuple(ignored))

    def alternative(self, node: NamedNode) -> Alternative:
        """A node as an alternative of a chip."""
        names, relations = self._names.names, self._names.relations_of(node.node)
        return Alternative(
            node=names.public_id(node.node),
            label=names.visible_name(node.node),
            relation=relations[0] if relations and not node.is_item else None,
            items=node.items,
        )

    def name_fields(
        self, nodes: Sequence[NamedNode], relations: Sequence[str]
    ) -> dict[str, object]:
        """The fields of a chip on what a name means; a question where that is not clear."""
        names = self._names
        if relations:
            fitting = [n for n in nodes if set(names.relations_of(n.node)) & set(relations)]
            nodes = fitting or nodes
        first, others = nodes[0], nodes[1:]
        alternatives = tuple(self.alternative(n) for n in nodes[:MAX_ALTERNATIVES])
        if (others and first.items < DOMINANCE * others[0].items) or (others and first.is_item):
            return {"kind": "question", "alternatives": alternatives}
        public, label = names.names.public_id(first.node), names.names.visible_name(first.node)
        fields: dict[str, object] = {"node": public, "label": label}
        if others:
            fields["alternatives"] = alternatives
        if first.is_item:
            return {**fields, "kind": "similar"}
        of_node = names.relations_of(first.node)
        chosen = next((name for name in of_node if name in relations), None)
        if chosen is None and (first.is_kind or names.names.is_value(first.node)):
            chosen = of_node[0] if of_node else None
        return {**fields, "kind": "entity", "relation": chosen}

    def quantity_fields(self, span: WishSpan, relations: Sequence[str]) -> dict[str, object] | None:
        """The fields of a chip on a range; ``None`` where nothing in the graph has such numbers."""
        assert span.quantity is not None
        quantity = span.quantity
        numeric = next(
            (self._numbers.relations[r] for r in relations if r in self._numbers.relations),
            self._numbers.of_measure(quantity.measure, quantity.unit),
        )
        if numeric is None:
            return None
        label = self._names.phrase(numeric.name)
        return {
            "kind": "range", "relation": numeric.name, "low": quantity.low, "high": quantity.high,
            "label": label,
        }  # fmt: skip

    def trend_fields(self, measure: str, toward: str) -> dict[str, object] | None:
        """The fields of a chip on higher or lower values; ``None`` where nothing has them."""
        numeric = self._numbers.of_measure(measure)
        if numeric is None:
            return None
        label = self._names.phrase(numeric.name)
        return {"kind": "trend", "relation": numeric.name, "toward": toward, "label": label}


class _SentenceReading:
    """One sentence while it is read."""

    def __init__(self, parser: WishParser, wish: str, language: Language) -> None:
        self._parser, self._wish, self._language = parser, wish, language
        self._drafts: list[_Draft] = []
        self._duration: tuple[Duration, float | None] = ("list", None)
        self._direction: Direction | None = None
        self._strength, self._governs = 1.0, False
        self._pending: float | None = None
        self._clause_start = 0
        self.ignored: list[IgnoredWords] = []

    def chips(self, spans: Sequence[WishSpan]) -> list[Chip]:
        """The chips of the sentence."""
        for place, span in enumerate(spans):
            self._read(span, spans, place)
        duration, days = self._duration
        if duration == "list" and self._is_never_again(spans):
            duration = "always"
        return [self._chip(draft, duration, days) for draft in self._drafts]

    def _read(self, span: WishSpan, spans: Sequence[WishSpan], place: int) -> None:
        match span.kind:
            case "closed":
                self._closed(span, spans, place)
            case "days":
                self._duration = ("days", span.days)
            case "name":
                relations = _hint(spans, place)
                for nodes in span.names:
                    fields = self._parser.name_fields(nodes, relations)
                    self._add(span, fields)
            case "quantity":
                fields_or_none = self._parser.quantity_fields(span, _hint(spans, place))
                self._add_or_ignore(span, fields_or_none)
            case "relation":
                if not _belongs(spans, place):
                    self._ignore(span)
            case "unknown":
                self._ignore(span)

    def _closed(self, span: WishSpan, spans: Sequence[WishSpan], place: int) -> None:
        assert span.closed is not None
        kind, value = span.closed
        match kind:
            case "direction":
                self._direct(value, spans, place)  # type: ignore[arg-type]
            case "strength":
                self._pending = float(value)  # type: ignore[arg-type]
            case "duration":
                is_days = isinstance(value, float)
                self._duration = ("days", value) if is_days else (value, None)  # type: ignore[assignment]
            case "comma":
                self._begin_clause()
            case "but":
                self._begin_clause()
                self._direction, self._strength = None, 1.0
            case "novelty":
                self._add(span, {"kind": "novelty"})
            case "popularity":
                self._add(span, {"kind": "popularity", "toward": value})
            case "trend":
                self._add_or_ignore(span, self._parser.trend_fields(*value))  # type: ignore[misc]

    def _begin_clause(self) -> None:
        self._clause_start, self._governs = len(self._drafts), False
        self._pending = None

    def _direct(self, direction: Direction, spans: Sequence[WishSpan], place: int) -> None:
        """A direction governs what follows it in the clause, else what stands before it."""
        strength, self._pending = self._pending or 1.0, None
        implicit = [d for d in self._drafts[self._clause_start :] if not d.governed]
        follows = any(_is_target(span) for span in _rest_of_clause(spans, place))
        if implicit and (direction == "only" or not follows):
            for draft in implicit:
                draft.direction, draft.strength, draft.governed = direction, strength, True
        if follows:
            if self._direction == "never" and direction == "more" and _adjoins(spans, place):
                return
            self._direction, self._strength = direction, strength
            self._governs = True

    def _add_or_ignore(self, span: WishSpan, fields: dict[str, object] | None) -> None:
        if fields is None:
            self._ignore(span, Message("wish.no_numbers"))
        else:
            self._add(span, fields)

    def _add(self, span: WishSpan, fields: dict[str, object]) -> None:
        strength = self._strength if self._pending is None else self._pending
        self._pending = None
        self._drafts.append(_Draft(span, self._direction, self._governs, strength, fields))

    def _ignore(self, span: WishSpan, reason: Message | None = None) -> None:
        message = reason or Message("wish.unknown")
        text = message.text(self._language)
        self.ignored.append(_ignored(self._wish, span.start, span.end, text))

    def _is_never_again(self, spans: Sequence[WishSpan]) -> bool:
        """*Never show me … again* is for always."""
        never = any(draft.direction == "never" for draft in self._drafts)
        words = [self._wish[span.start : span.end].lower() for span in spans]
        return never and "again" in words and any(w.startswith("never") for w in words)

    def _chip(self, draft: _Draft, duration: Duration, days: float | None) -> Chip:
        direction, fields = draft.direction or "more", dict(draft.fields)
        strength, kind = draft.strength, fields["kind"]
        if kind in ("trend", "popularity", "novelty") and direction == "never":
            direction = "less"
        if kind == "novelty" and direction == "only":
            direction, strength = "more", 2.0
        if kind == "similar":
            if direction == "never":
                fields["kind"] = "entity"
            elif direction == "only":
                direction, strength = "more", 2.0
        span = draft.span
        chip = Chip(
            direction=direction, strength=strength, duration=duration, days=days,
            start=span.start, end=span.end, words=self._wish[span.start : span.end],
            **fields,  # type: ignore[arg-type]
        )  # fmt: skip
        return chip.model_copy(update={"text": chip_text(chip, self._language)})


def _sentences(spans: Iterable[WishSpan]) -> list[list[WishSpan]]:
    sentences: list[list[WishSpan]] = [[]]
    for span in spans:
        if span.closed is not None and span.closed.kind == "stop":
            sentences.append([])
        else:
            sentences[-1].append(span)
    return [sentence for sentence in sentences if sentence]


def _is_target(span: WishSpan) -> bool:
    """Whether a span makes a chip, or would if it were understood."""
    if span.closed is not None:
        return span.closed.kind in ("novelty", "popularity", "trend")
    return span.kind in ("name", "quantity", "unknown")


def _rest_of_clause(spans: Sequence[WishSpan], place: int) -> list[WishSpan]:
    rest: list[WishSpan] = []
    for span in spans[place + 1 :]:
        if span.closed is not None and span.closed.kind in ("comma", "but", "direction"):
            break
        rest.append(span)
    return rest


def _neighbour(spans: Sequence[WishSpan], place: int, step: int) -> int | None:
    """The place of the nearest span that is no filler, to the right (1) or left (-1)."""
    place += step
    while 0 <= place < len(spans):
        closed = spans[place].closed
        if closed is None or closed.kind not in ("filler", "in"):
            return place
        place += step
    return None


def _hint(spans: Sequence[WishSpan], place: int) -> tuple[str, ...]:
    """The relations that are named beside a name or a number: before it, else behind it."""
    before = _neighbour(spans, place, -1)
    if before is not None and spans[before].kind == "relation":
        return spans[before].relations
    behind = _neighbour(spans, place, 1)
    if behind is not None and spans[behind].kind == "relation":
        following = _neighbour(spans, behind, 1)
        if following is None or spans[following].kind not in ("name", "quantity"):
            return spans[behind].relations
    return ()


def _belongs(spans: Sequence[WishSpan], place: int) -> bool:
    """Whether the name of a relation stands beside a name or number that it is of."""
    sides = (_neighbour(spans, place, 1), _neighbour(spans, place, -1))
    return any(k is not None and spans[k].kind in ("name", "quantity") for k in sides)


def _adjoins(spans: Sequence[WishSpan], place: int) -> bool:
    """Whether nothing but fillers stands between a direction and the one before it."""
    before = _neighbour(spans, place, -1)
    closed = spans[before].closed if before is not None else None
    return closed is not None and closed.kind == "direction"


def _ignored(wish: str, start: int, end: int, reason: str) -> IgnoredWords:
    return IgnoredWords(words=wish[start:end], start=start, end=end, reason=reason)
