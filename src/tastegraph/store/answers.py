"""Language-model answers at rest, by the hash of what was asked: nothing is asked twice.

Whom or what a question is about is noted beside it, since an answer seldom tells: with a person or
an item the answers about them go.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from sqlalchemy import (
    Column,
    Connection,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.dialects.sqlite import insert

FILE = "answers.db"
"""Where a workspace has them."""
BATCH = 500
metadata = MetaData()
answers = Table(
    "answers",
    metadata,
    Column("key", LargeBinary, primary_key=True),
    Column("text", Text, nullable=False),
    Column("prompt_tokens", Integer, nullable=False),
    Column("completion_tokens", Integer, nullable=False),
)
subjects = Table(
    "subjects",
    metadata,
    Column("subject", String, primary_key=True),
    Column("key", LargeBinary, primary_key=True),
    sqlite_with_rowid=False,
)
Index("subjects_of_answer", subjects.c.key)


class Answer(NamedTuple):
    """What a model wrote, word for word, and the tokens that it read and wrote."""

    text: str
    prompt_tokens: int
    completion_tokens: int


def get(connection: Connection, keys: Sequence[bytes]) -> dict[bytes, Answer]:
    """The answers to those ``keys`` that are there."""
    found = {}
    for start in range(0, len(keys), BATCH):
        chosen = answers.c.key.in_(keys[start : start + BATCH])
        for key, *answer in connection.execute(select(answers).where(chosen)):
            found[key] = Answer(*answer)
    return found


def note(connection: Connection, asked: Iterable[tuple[bytes, str]]) -> None:
    """Say of each key that it is asked about a subject, ``user:ID`` or ``item:ID``."""
    rows = [{"key": key, "subject": subject} for key, subject in asked]
    if rows:
        connection.execute(insert(subjects).on_conflict_do_nothing(), rows)


def put(connection: Connection, key: bytes, answer: Answer) -> None:
    """Keep an answer to what was noted; where its subject was erased meanwhile, nothing is kept.

    A key that is there already stays as it is.
    """
    row = {"key": key, **answer._asdict()}
    noted = exists().where(subjects.c.key == key)
    values = select(*(literal(value, answers.c[name].type) for name, value in row.items()))
    statement = insert(answers).from_select(list(row), values.where(noted))
    connection.execute(statement.on_conflict_do_nothing())


def drop_about(connection: Connection, subject: str, words: str = "") -> int:
    """Delete the answers about ``subject``, or in which ``words`` stand. Returns how many.

    Of answers that were kept before subjects were noted nobody knows whom they are about: they go
    as well, unless they were asked for once more since.
    """
    theirs = select(subjects.c.key).where(subjects.c.subject == subject)
    gone = or_(answers.c.key.in_(theirs), answers.c.key.not_in(select(subjects.c.key)))
    if words:
        gone = or_(gone, func.instr(answers.c.text, words) > 0)
    dropped = connection.execute(delete(answers).where(gone)).rowcount
    # Of an answer that two share, the other asks anew.
    return dropped + connection.execute(delete(subjects).where(subjects.c.key.in_(theirs))).rowcount
