"""The words of a filter: names, texts, numbers, dates, symbols; each with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from tastegraph.core.errors import FilterError
from tastegraph.core.messages import Message

MAX_LENGTH = 5000
"""Characters of a filter."""
KEYWORDS = frozenset({
    "and", "or", "not", "in", "between", "contains", "word", "words", "has", "is", "missing",
    "true", "false", "inverse",
})  # fmt: skip
"""Words with a meaning of their own, in any letter case; a name that is one stands in backticks."""
SYNONYMS = {"==": "=", "<>": "!=", "≠": "!=", "≤": "<=", "≥": ">="}
QUOTES = {'"': '"', "'": "'", "“": "”"}
_OTHER_OPERATORS = {"&": "'and'", "|": "'or'", "!": "'not'", "~": "'not'", "*": "'contains'"}


class TokenKind(Enum):
    """What a token is."""

    NAME = "name"
    KEYWORD = "keyword"
    NUMBER = "number"
    DATE = "date"
    TEXT = "text"
    SYMBOL = "symbol"
    END = "end"


@dataclass(frozen=True, slots=True)
class Token:
    """One word of a filter.

    Attributes:
        kind: of word.
        value: a name or a text without its quotes, a keyword in lower case; of all others what is
            written there.
        start, end: the characters ``start`` to ``end`` of the filter.
    """

    kind: TokenKind
    value: str
    start: int
    end: int


_TOKEN = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<date>\d{4}-\d{2}-\d{2}
        (?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?(?:Z|[+-]\d{2}:?\d{2})?)?(?![\w.:-]))
  | (?P<number>-?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][+-]?\d+)?(?![\w.:-]))
  | (?P<wrong>-?[\d.][\w.:-]*)
  | (?P<name>[^\W\d][\w.:]*)
  | (?P<symbol><=|>=|!=|<>|==|[=<>()\[\],≠≤≥])
    """,
    re.VERBOSE,
)


def tokens(text: str) -> Iterator[Token]:
    """The words of a filter, the last of them the end.

    Raises:
        FilterError: a character has no meaning, a text is not closed, or the filter is too long.
    """
    if len(text) > MAX_LENGTH:
        fault = Message("filter.too_long", limit=MAX_LENGTH, length=len(text))
        raise FilterError(fault, text, MAX_LENGTH, MAX_LENGTH + 1)
    place = 0
    while place < len(text):
        character = text[place]
        if character in QUOTES:
            token = _text(text, place)
        elif character == "`":
            token = _name_in_backticks(text, place)
        else:
            match = _TOKEN.match(text, place)
            if match is None:
                raise _unknown_character(text, place)
            if match.lastgroup == "space":
                place = match.end()
                continue
            token = _plain(text, match)
        yield token
        place = token.end
    yield Token(TokenKind.END, "", len(text), len(text))


def _plain(text: str, match: re.Match[str]) -> Token:
    start, end = match.span()
    word = match[0]
    if match.lastgroup == "wrong":
        key = "filter.no_date" if re.match(r"\d{4}-\d", word) else "filter.no_number"
        raise FilterError(Message(key, text=word), text, start, end)
    if match.lastgroup == "name":
        if word.lower() in KEYWORDS:
            return Token(TokenKind.KEYWORD, word.lower(), start, end)
        return Token(TokenKind.NAME, word, start, end)
    if match.lastgroup == "symbol":
        return Token(TokenKind.SYMBOL, SYNONYMS.get(word, word), start, end)
    kind = TokenKind.DATE if match.lastgroup == "date" else TokenKind.NUMBER
    return Token(kind, word, start, end)


def _text(text: str, start: int) -> Token:
    """A text in quotes; a quote or backslash in it stands after a backslash."""
    closing, place = QUOTES[text[start]], start + 1
    characters: list[str] = []
    while place < len(text):
        character = text[place]
        if character == closing:
            return Token(TokenKind.TEXT, "".join(characters), start, place + 1)
        if character == "\\":
            place += 1
            character = text[place : place + 1]
            if character not in {*QUOTES, *QUOTES.values(), "\\"}:
                choices = f"{closing} \\"
                raise FilterError(
                    Message("filter.escape", choices=choices), text, place - 1, place + 1
                )
        characters.append(character)
        place += 1
    raise FilterError(Message("filter.open_text", quote=closing), text, start, start + 1)


def _name_in_backticks(text: str, start: int) -> Token:
    """A name in backticks; a backtick in it is doubled."""
    match = re.compile("`((?:[^`]|``)+)`").match(text, start)
    if match is None:
        raise FilterError(Message("filter.open_name"), text, start, start + 1)
    return Token(TokenKind.NAME, match[1].replace("``", "`"), start, match.end())


def _unknown_character(text: str, place: int) -> FilterError:
    character = text[place]
    fault = Message("filter.character", character=repr(character))
    if character in _OTHER_OPERATORS:
        hint = Message("filter.operator", word=_OTHER_OPERATORS[character])
        fault = Message("filter.hint", fault=fault, hint=hint)
    return FilterError(fault, text, place, place + 1)
