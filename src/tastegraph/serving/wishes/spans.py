"""A wish as a row of spans: closed words, quantities, names of the graph, and what is neither."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from tastegraph.kg.extraction.topics.lexicon import english_lexicon
from tastegraph.serving.wishes.closed_words import CLOSED_WORDS, MAX_CLOSED_WORDS, ClosedWord
from tastegraph.serving.wishes.common_names import (
    COMPOUNDS,
    DEMONYMS,
    MAX_COMMON_WORDS,
    OTHER_WORDS,
)
from tastegraph.serving.wishes.names import NamedNode, NameForm, WishNames, with_singular
from tastegraph.serving.wishes.quantities import Quantity, durations, quantities
from tastegraph.serving.wishes.tokens import WishToken, joined, quoted_spans, tokenize
from tastegraph.text.languages import contains_han

MAX_NAME_TOKENS = 16
"""Words, or Chinese characters, of a name in a wish, at most."""
MAX_RELATION_TOKENS = 4
_NOTHING: tuple[tuple[NamedNode, ...], ...] = ()
SpanKind = Literal[
    "closed", "quantity", "days", "name", "relation", "unknown",
]  # fmt: skip


@dataclass(frozen=True)
class WishSpan:
    """Some consecutive tokens of a wish, and what they are.

    Attributes:
        start, end: half-open span of characters.
        kind: which of the following is set; ``unknown`` for none.
        closed: a phrase of closed words.
        quantity: a range of years or numbers.
        days: a duration.
        names: the nodes that a name may mean; several groups where the phrase is about several
            things at once (*rom-coms*).
        relations: the relations that the words are the name of.
    """

    start: int
    end: int
    kind: SpanKind
    closed: ClosedWord | None = None
    quantity: Quantity | None = None
    days: float = 0.0
    names: tuple[tuple[NamedNode, ...], ...] = ()
    relations: tuple[str, ...] = ()


class SpanReader:
    """Reads wishes over the names of one graph.

    Args:
        names: of the graph.
    """

    def __init__(self, names: WishNames) -> None:
        self._names = names

    def read(self, wish: str) -> list[WishSpan]:
        """The spans of a wish, in order; together they cover every word of it."""
        tokens = tokenize(wish)
        fixed = self._fixed(wish, tokens)
        spans: list[WishSpan] = []
        k, previous = 0, ""
        while k < len(tokens):
            if k in fixed:
                k, fixed_span = fixed[k]
                spans.append(fixed_span)
                previous = ""
                continue
            limit = min((place for place in fixed if place > k), default=len(tokens))
            end, span = self._longest(tokens, k, limit, previous, wish)
            if span is not None:
                spans.append(span)
                if span.closed is None or span.closed.kind != "filler":
                    previous = span.closed.kind if span.closed is not None else span.kind
            k = end
        return self._with_typos(spans, wish)

    def _fixed(self, wish: str, tokens: Sequence[WishToken]) -> dict[int, tuple[int, WishSpan]]:
        """First token → (the token behind, span), of quantities, durations and quoted names."""
        fixed: dict[int, tuple[int, WishSpan]] = {}
        spans = [WishSpan(start, end, "days", days=days) for start, end, days in durations(wish)]
        spans += [WishSpan(q.start, q.end, "quantity", quantity=q) for q in quantities(wish)]
        for start, end in quoted_spans(wish):
            inside = [t for t in tokens if start <= t.start and t.end <= end]
            nodes = self._meanings(joined(inside, is_name=True), inside, similar=True, quoted=True)
            if nodes:
                spans.insert(0, WishSpan(start, end, "name", names=nodes))
        covered: set[int] = set()
        for span in spans:
            places = [k for k, t in enumerate(tokens) if t.start < span.end and t.end > span.start]
            if places and not covered & set(places):
                fixed[places[0]] = (places[-1] + 1, span)
                covered |= set(places)
        return fixed

    def _longest(
        self, tokens: Sequence[WishToken], k: int, limit: int, previous: str, wish: str
    ) -> tuple[int, WishSpan | None]:
        """The token behind the longest span that begins at token ``k``, and the span."""
        start = tokens[k].start

        def span(end: int, kind: SpanKind, **fields: object) -> tuple[int, WishSpan]:
            return end, WishSpan(start, tokens[end - 1].end, kind, **fields)  # type: ignore[arg-type]

        closed_end = self._extent(tokens, k, limit, MAX_CLOSED_WORDS, CLOSED_WORDS.__contains__)
        name_end, nodes = k, _NOTHING
        for end in range(min(limit, k + MAX_NAME_TOKENS), k, -1):
            inside = tokens[k:end]
            similar = previous == "similar"
            language = previous == "in" or _names_language(tokens, end)
            phrase = joined(inside, is_name=True)
            meanings = self._meanings(phrase, inside, similar=similar, language=language)
            if meanings:
                name_end, nodes = end, meanings
                break
        relation_end = self._extent(tokens, k, limit, MAX_RELATION_TOKENS, self._is_relation)
        closed = CLOSED_WORDS[joined(tokens[k:closed_end])] if closed_end > k else None
        longest = max(closed_end, name_end, relation_end)
        if longest == k:
            if not tokens[k].is_word:
                return k + 1, None
            return span(k + 1, "unknown")
        if name_end == longest and (
            closed is None or name_end > closed_end or _yields(closed, nodes)
        ):
            return span(name_end, "name", names=nodes)
        if relation_end == longest and (
            closed is None or relation_end > closed_end or closed.kind == "filler"
        ):
            text = joined(tokens[k:relation_end])
            return span(relation_end, "relation", relations=self._names.relations_called(text))
        return span(closed_end, "closed", closed=closed)

    def _extent(
        self,
        tokens: Sequence[WishToken],
        k: int,
        limit: int,
        most: int,
        knows: Callable[[str], bool],
    ) -> int:
        for end in range(min(limit, k + most), k, -1):
            if tokens[end - 1].is_word != (end > k + 1 or tokens[k].is_word):
                continue
            if knows(joined(tokens[k:end])):
                return end
        return k

    def _is_relation(self, words: str) -> bool:
        return bool(self._names.relations_called(words))

    def _meanings(
        self,
        phrase: str,
        tokens: Sequence[WishToken],
        *,
        similar: bool = False,
        quoted: bool = False,
        language: bool = False,
    ) -> tuple[tuple[NamedNode, ...], ...]:
        """The nodes that a phrase may mean, in a group for each thing that it is about."""
        if not phrase or not tokens[0].is_word or not tokens[-1].is_word:
            return ()
        if not quoted and phrase in COMPOUNDS:
            groups = tuple(self._kinds_called(part) for part in COMPOUNDS[phrase])
            if all(groups):
                return groups
        items = [each for each in self._names.find(phrase) if each.is_item]
        if similar and items:
            best = items[0].form
            return (tuple(each for each in items if each.form == best),)
        for nodes in (
            () if language else self._country(phrase),
            self._kinds_called(phrase),
            self._entities_called(phrase, tokens, quoted=quoted),
        ):
            if nodes:
                return (tuple(nodes),)
        whole = tuple(each for each in items if each.form == NameForm.FULL)
        if whole and (quoted or _is_title(tokens)):
            return (whole,)
        return ()

    def _country(self, phrase: str) -> tuple[NamedNode, ...]:
        """The country that an adjective is of, the one with the most items alone."""
        names = DEMONYMS.get(phrase, ())
        return self._best_kind(each for name in names for each in self._names.find(name))

    def _kinds_called(self, phrase: str) -> tuple[NamedNode, ...]:
        """Kinds of things (genres, colours) by their name, in singular or plural, or another."""
        names = self._names
        exact = [n for n in names.find(phrase) if n.is_kind and n.form == NameForm.FULL]
        single = with_singular(phrase)
        if not exact and single != phrase:
            exact = [n for n in names.find(single) if n.is_kind and n.form == NameForm.FULL]
        if exact:
            return tuple(exact)
        if phrase.count(" ") >= MAX_COMMON_WORDS:
            return ()
        others = OTHER_WORDS.get(phrase) or OTHER_WORDS.get(single, ())
        return self._best_kind(each for name in others for each in names.find(name))

    def _best_kind(self, nodes: Iterable[NamedNode]) -> tuple[NamedNode, ...]:
        kinds = [n for n in nodes if n.form == NameForm.FULL and not n.is_item]
        kinds = [n for n in kinds if n.is_kind] or kinds
        return (max(kinds, key=lambda n: (n.items, -n.node)),) if kinds else ()

    def _entities_called(
        self, phrase: str, tokens: Sequence[WishToken], *, quoted: bool
    ) -> tuple[NamedNode, ...]:
        """Entities by their whole name, else by the last words of it."""
        nodes = [each for each in self._names.find(phrase) if not each.is_item]
        whole = [each for each in nodes if each.form == NameForm.FULL]
        if whole and (quoted or _may_be_name(tokens)):
            return tuple(whole)
        parts = [each for each in nodes if each.form == NameForm.PART]
        if parts and (quoted or _may_be_name(tokens)):
            return tuple(parts)
        return ()

    def _with_typos(self, spans: list[WishSpan], wish: str) -> list[WishSpan]:
        """Unknown words that are a name but for one typo, as names; neighbours joined."""
        result: list[WishSpan] = []
        for span in spans:
            last = result[-1] if result else None
            adjoining = (
                last is not None
                and last.kind == span.kind == "unknown"
                and not any(c.isalnum() for c in wish[last.end : span.start])
                and not set(wish[last.end : span.start]) & set(",;.!?，。；、！？")
            )
            if adjoining and last is not None:
                result[-1] = WishSpan(last.start, span.end, "unknown")
            else:
                result.append(span)
        return [self._corrected(span, wish) if span.kind == "unknown" else span for span in result]

    def _corrected(self, span: WishSpan, wish: str) -> WishSpan:
        tokens = tokenize(wish[span.start : span.end])
        if not _may_be_name(tokens):
            return span
        near = [each for each in self._names.nearest(joined(tokens)) if not each.is_item]
        if not near:
            return span
        best = min(each.form for each in near)
        nodes = {each.node: each for each in near if each.form == best}
        ordered = sorted(nodes.values(), key=lambda each: (-each.items, each.node))
        return WishSpan(span.start, span.end, "name", names=(tuple(ordered),))


def _names_language(tokens: Sequence[WishToken], end: int) -> bool:
    """Whether the next word says that the one before is a language: *German-language*."""
    words = [token.text for token in tokens[end : end + 2] if token.is_word]
    return bool(words) and words[0] in ("language", "languages", "speaking", "spoken", "subtitled")


def _yields(closed: ClosedWord, names: tuple[tuple[NamedNode, ...], ...]) -> bool:
    """Whether a name of a kind of things goes before closed words of the same length."""
    is_kind = all(each.is_kind for group in names for each in group)
    return is_kind and closed.kind in ("trend", "popularity", "novelty", "filler", "strength")


def _may_be_name(tokens: Sequence[WishToken]) -> bool:
    """Whether words look like a name: capitalised, or no ordinary words."""
    words = [t for t in tokens if t.is_word]
    if not words:
        return False
    text = joined(words)
    if contains_han(text):
        return len(text) > 1 and text not in CLOSED_WORDS
    if all(t.text in CLOSED_WORDS for t in words):
        return len(words) > 1 and all(t.capital for t in words)
    if all(t.capital for t in words):
        return True
    lexicon = english_lexicon()
    return any(not lexicon.parts_of_speech(t.text) and t.text not in CLOSED_WORDS for t in words)


def _is_title(tokens: Sequence[WishToken]) -> bool:
    """Whether words outside quotation marks can be a title: long or capitalised ones."""
    words = [t for t in tokens if t.is_word]
    text = joined(words)
    if contains_han(text):
        return len(text) > 2 and text not in CLOSED_WORDS
    strange = [t for t in words if t.text not in CLOSED_WORDS]
    if not strange:
        return len(words) > 1 and all(t.capital for t in words)
    return len(words) > 1 or (words[0].capital and not english_lexicon().parts_of_speech(text))
