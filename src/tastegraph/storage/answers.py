"""Language-model answers at rest, by the hash of what was asked: nothing is asked twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import (
    Column,
    Connection,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    delete,
    func,
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


def put(connection: Connection, key: bytes, answer: Answer) -> None:
    """Keep an answer; a key that is there already stays as it is."""
    row = {"key": key, **answer._asdict()}
    connection.execute(insert(answers).values(row).on_conflict_do_nothing())


def drop_naming(connection: Connection, words: str) -> None:
    """Delete the answers in which ``words`` stand."""
    connection.execute(delete(answers).where(func.instr(answers.c.text, words) > 0))
