"""Annotated sentences as a file: JSON Lines with a sentence and the facts that it states."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tastegraph.core.errors import NotFoundError, RowError
from tastegraph.data.cells.typed_row import MAX_ENTITY_LENGTH
from tastegraph.data.tables.json_lines import json_object

MAX_SENTENCE_LENGTH = 5000
"""Characters of an annotated sentence, at most: it is a sentence or a few, not a book."""
MAX_TRIPLES = 200
"""Facts of a sentence, at most."""
MAX_LINE_LENGTH = 1_000_000
"""Characters of a line of the file, at most."""


@dataclass(frozen=True, slots=True)
class Triple:
    """A fact as names: who or what, which relation, and to whom or what.

    Attributes:
        subject, object: a name or a value, perhaps with underscores for spaces.
        relation: name of the relation.
    """

    subject: str
    relation: str
    object: str


@dataclass(frozen=True, slots=True)
class AnnotatedSentence:
    """A sentence, or a few, and the facts that it states.

    Attributes:
        text: the sentence.
        triples: its facts; empty where it states none.
    """

    text: str
    triples: tuple[Triple, ...]


def read_annotated(path: Path) -> list[AnnotatedSentence]:
    """Read ``{"sent": "…", "triples": [{"sub": "…", "rel": "…", "obj": "…"}]}`` line by line.

    That is the form of Text2KGBench (Mihindukulasooriya et al., ISWC 2023). Other keys are not
    read; empty lines are passed over.

    Raises:
        NotFoundError: the file cannot be opened.
        RowError: a line is no such object; it names the line and what is expected.
    """
    try:
        with path.open(encoding="utf-8-sig", errors="surrogateescape") as lines:
            return list(_sentences(lines, str(path)))
    except OSError as error:
        raise NotFoundError(
            f"{path} cannot be read ({error.strerror}); [extraction] annotated names a file of "
            'JSON Lines: {"sent": "…", "triples": [{"sub": "…", "rel": "…", "obj": "…"}]}'
        ) from None


def _sentences(lines: Iterable[str], file: str) -> Iterable[AnnotatedSentence]:
    for number, line in enumerate(lines, start=1):
        if len(line) > MAX_LINE_LENGTH:
            expected = f"at most {MAX_LINE_LENGTH:,} characters"
            raise RowError(file, number, None, line[:200], expected)
        if line.strip():
            row = json_object(line, file, number)
            text = _text(row.get("sent"), file, number, "sent", MAX_SENTENCE_LENGTH)
            yield AnnotatedSentence(text, _triples(row.get("triples"), file, number))


def _triples(value: object, file: str, line: int) -> tuple[Triple, ...]:
    expected = 'a list of {"sub": "…", "rel": "…", "obj": "…"}'
    if not isinstance(value, list):
        raise RowError(file, line, "triples", value, expected)
    if len(value) > MAX_TRIPLES:
        raise RowError(file, line, "triples", len(value), f"at most {MAX_TRIPLES} facts")
    triples = []
    for triple in value:
        if not isinstance(triple, dict):
            raise RowError(file, line, "triples", triple, expected)
        names = [
            _text(triple.get(key), file, line, f"triples.{key}", MAX_ENTITY_LENGTH)
            for key in ("sub", "rel", "obj")
        ]
        triples.append(Triple(*names))
    return tuple(triples)


def _text(value: object, file: str, line: int, column: str, longest: int) -> str:
    if not isinstance(value, str) or not value.strip() or "\0" in value:
        raise RowError(file, line, column, value, "a text")
    if len(value) > longest:
        raise RowError(file, line, column, value, f"at most {longest:,} characters")
    return value
