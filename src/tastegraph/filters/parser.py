"""Reads a filter: recursive descent over its words.

filter     = all { "or" all }
all        = negation { "and" negation }
negation   = "not" negation | "(" filter ")" | "has" field | member | condition
member     = value [ "not" ] "in" field
condition  = field [ comparison ]
comparison = ( "=" | "!=" | "<" | "<=" | ">" | ">=" ) value
           | [ "not" ] "in" "[" [ value { "," value } ] "]"
           | [ "not" ] "between" value "and" value
           | [ "not" ] "contains" [ "word" | "words" ] text
           | "is" [ "not" ] "missing"
field      = [ "inverse" ] name
value      = number | date | text | "true" | "false"
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from functools import lru_cache

from tastegraph.core.errors import FilterError
from tastegraph.core.messages import Message
from tastegraph.filters.syntax import (
    AllOf,
    AnyOf,
    Comparison,
    FieldName,
    Filter,
    Flag,
    Not,
    Presence,
    Value,
)
from tastegraph.filters.tokens import Token, TokenKind, tokens

MAX_DEPTH = 50
"""How deep parentheses and ``not`` may be nested."""
MAX_COMPARISONS = 200
MAX_VALUES = 1000
"""Values of one list."""
_COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")
_WORDS = ("and", "or", "not", "in", "between", "contains", "is")


@lru_cache(maxsize=1024)
def parse(text: str) -> Filter:
    """The tree of a filter.

    Raises:
        FilterError: it is no filter; the message marks the character.
    """
    return _Parser(text).filter()


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = list(tokens(text))
        self._at = 0
        self._comparisons = 0

    def filter(self) -> Filter:
        if self._peek().kind == TokenKind.END:
            raise self._error(Message("filter.empty"))
        tree = self._any_of(0)
        if self._peek().kind != TokenKind.END:
            raise self._unexpected("filter.connective")
        return tree

    def _peek(self) -> Token:
        return self._tokens[self._at]

    def _next(self) -> Token:
        token = self._peek()
        self._at += 1
        return token

    def _accept(self, *values: str) -> Token | None:
        """The next token, if it is one of these keywords or symbols."""
        token = self._peek()
        is_word = token.kind in (TokenKind.KEYWORD, TokenKind.SYMBOL) and token.value in values
        return self._next() if is_word else None

    def _expect(self, value: str, expected: str) -> Token:
        token = self._accept(value)
        if token is None:
            raise self._unexpected(expected)
        return token

    def _any_of(self, depth: int) -> Filter:
        operands = [self._all_of(depth)]
        while self._accept("or"):
            operands.append(self._all_of(depth))
        return operands[0] if len(operands) == 1 else AnyOf(tuple(operands))

    def _all_of(self, depth: int) -> Filter:
        operands = [self._negation(depth)]
        while self._accept("and"):
            operands.append(self._negation(depth))
        return operands[0] if len(operands) == 1 else AllOf(tuple(operands))

    def _negation(self, depth: int) -> Filter:
        if depth > MAX_DEPTH:
            raise self._error(Message("filter.too_deep", limit=MAX_DEPTH))
        if self._accept("not"):
            return Not(self._negation(depth + 1))
        if self._accept("("):
            inner = self._any_of(depth + 1)
            self._expect(")", "filter.closing")
            return inner
        self._comparisons += 1
        if self._comparisons > MAX_COMPARISONS:
            raise self._error(Message("filter.too_many", limit=MAX_COMPARISONS))
        if self._accept("has"):
            return Presence(self._field())
        if self._peek().kind in (TokenKind.TEXT, TokenKind.NUMBER, TokenKind.DATE):
            return self._member()
        if self._peek().kind == TokenKind.NAME or self._peek().value == "inverse":
            return self._condition()
        raise self._unexpected("filter.condition")

    def _member(self) -> Filter:
        value = self._value()
        is_negated = self._accept("not")
        self._expect("in", "filter.membership")
        comparison = Comparison(self._field(), "=", (value,))
        return Not(comparison) if is_negated else comparison

    def _condition(self) -> Filter:
        field = self._field()
        for operator in _COMPARISONS:
            if self._accept(operator):
                value = self._value()
                if operator == "!=":
                    return Not(Comparison(field, "=", (value,)))
                return Comparison(field, operator, (value,))  # type: ignore[arg-type]
        if self._accept("is"):
            is_negated = self._accept("not")
            self._expect("missing", "filter.missing")
            return Presence(field) if is_negated else Not(Presence(field))
        is_negated = self._accept("not")
        if self._accept("in"):
            comparison = Comparison(field, "in", self._list())
        elif self._accept("between"):
            low = self._value()
            self._expect("and", "filter.range_and")
            comparison = Comparison(field, "between", (low, self._value()))
        elif self._accept("contains"):
            operator = "words" if self._accept("word", "words") else "contains"
            comparison = Comparison(field, operator, (self._literal_text(),))  # type: ignore[arg-type]
        elif is_negated or self._peek().kind in (
            TokenKind.NAME,
            TokenKind.NUMBER,
            TokenKind.TEXT,
            TokenKind.DATE,
        ):
            raise self._unexpected("filter.comparison", field)
        else:
            return Flag(field)
        return Not(comparison) if is_negated else comparison

    def _field(self) -> FieldName:
        inverse = self._accept("inverse")
        if self._peek().kind != TokenKind.NAME:
            raise self._unexpected("filter.name")
        token = self._next()
        start = token.start if inverse is None else inverse.start
        return FieldName(token.value, inverse is not None, (start, token.end))

    def _list(self) -> tuple[Value, ...]:
        self._expect("[", "filter.list")
        values: list[Value] = []
        while not self._accept("]"):
            if values:
                self._expect(",", "filter.list_end")
            if len(values) == MAX_VALUES:
                raise self._error(Message("filter.list_too_long", limit=MAX_VALUES))
            values.append(self._value())
        return tuple(values)

    def _literal_text(self) -> Value:
        if self._peek().kind != TokenKind.TEXT:
            raise self._unexpected("filter.text")
        return self._value()

    def _value(self) -> Value:
        token = self._peek()
        place = (token.start, token.end)
        if token.kind == TokenKind.TEXT:
            value = Value("text", token.value, place=place)
        elif token.kind == TokenKind.NUMBER:
            number = float(token.value)
            if abs(number) == float("inf"):
                raise self._error(Message("filter.no_number", text=token.value))
            value = Value("number", token.value, number, number, place)
        elif token.kind == TokenKind.DATE:
            bounds = date_bounds(token.value)
            if bounds is None:
                raise self._error(Message("filter.no_date", text=token.value))
            value = Value("date", token.value, *bounds, place)
        elif token.kind == TokenKind.KEYWORD and token.value in ("true", "false"):
            truth = float(token.value == "true")
            value = Value("truth", token.value, truth, truth, place)
        else:
            raise self._unexpected("filter.value")
        self._next()
        return value

    def _unexpected(self, expected: str, after: FieldName | None = None) -> FilterError:
        """The error that something else stands here; ``after`` is the name before it."""
        token = self._peek()
        word: object = repr(self._text[token.start : token.end])
        if token.kind == TokenKind.END:
            word = Message("filter.end")
        fault = Message("filter.expected", expected=Message(expected), found=word)
        nearest = get_close_matches(token.value.lower(), _WORDS, 1, 0.6)
        if token.kind == TokenKind.NAME and nearest:
            names = f"'{nearest[0]}'"
            fault = Message("filter.nearest", fault=fault, names=names)
        elif token.kind == TokenKind.NAME and after is not None:
            hint = Message("filter.spaces", name=f"{after.name} {token.value}")
            fault = Message("filter.hint", fault=fault, hint=hint)
        return self._error(fault)

    def _error(self, fault: Message) -> FilterError:
        return FilterError(fault, self._text, self._peek().start, self._peek().end)


def date_bounds(text: str) -> tuple[float, float] | None:
    """When an ISO 8601 day or time begins and ends, in seconds since 1970-01-01 UTC.

    ``None`` where there is no such day or time. A time without a zone is UTC; a time of day is a
    moment, which begins and ends at once.
    """
    try:
        moment = datetime.fromisoformat(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        end = moment if "T" in text or ":" in text else moment + timedelta(days=1)
        return moment.timestamp(), end.timestamp()
    except (ValueError, OverflowError):
        return None
