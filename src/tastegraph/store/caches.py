"""Two caches, each in a database file of its own: text vectors and language-model answers.

A key is a hash of everything that the value depends on, so that no text is encoded twice and no
prompt is sent twice. Both files can be deleted at any time; their values are then computed again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
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

LLM_CACHE_FILE = "answers.db"
"""Name of the file in a workspace that holds the language model's answers."""
MAX_KEYS_PER_QUERY = 500

vector_metadata = MetaData()
vectors = Table(
    "vectors",
    vector_metadata,
    Column("key", LargeBinary, primary_key=True),
    Column("vector", LargeBinary, nullable=False),
)

answer_metadata = MetaData()
answers = Table(
    "answers",
    answer_metadata,
    Column("key", LargeBinary, primary_key=True),
    Column("text", Text, nullable=False),
    Column("prompt_tokens", Integer, nullable=False),
    Column("completion_tokens", Integer, nullable=False),
)
subjects = Table(
    "subjects",
    answer_metadata,
    Column("subject", String, primary_key=True),
    Column("key", LargeBinary, primary_key=True),
    sqlite_with_rowid=False,
)
"""Which user or item an answer is about, so that erasing that user or item deletes it."""
Index("subjects_of_answer", subjects.c.key)


def get_vectors(connection: Connection, keys: Sequence[bytes]) -> dict[bytes, NDArray[np.float32]]:
    """Read the vectors (float32[d]) of those ``keys`` that are in the cache."""
    cached = {}
    for start in range(0, len(keys), MAX_KEYS_PER_QUERY):
        batch = vectors.c.key.in_(keys[start : start + MAX_KEYS_PER_QUERY])
        for key, data in connection.execute(select(vectors).where(batch)):
            cached[key] = np.frombuffer(data, dtype=np.float32)
    return cached


def put_vectors(connection: Connection, new: Mapping[bytes, NDArray[np.float32]]) -> None:
    """Store vectors (float32[d]); a key that is in the cache already stays as it is."""
    rows = [{"key": key, "vector": vector.tobytes()} for key, vector in new.items()]
    if rows:
        connection.execute(insert(vectors).on_conflict_do_nothing(), rows)


def vector_keys(connection: Connection) -> set[bytes]:
    """The keys of all vectors."""
    return set(connection.scalars(select(vectors.c.key)))


def delete_vectors(connection: Connection, keys: Collection[bytes]) -> None:
    """Delete the vectors of ``keys``."""
    doomed = list(keys)
    for start in range(0, len(doomed), MAX_KEYS_PER_QUERY):
        batch = vectors.c.key.in_(doomed[start : start + MAX_KEYS_PER_QUERY])
        connection.execute(delete(vectors).where(batch))


class LLMAnswer(NamedTuple):
    """The text that a language model wrote, and how many tokens it read and wrote."""

    text: str
    prompt_tokens: int
    completion_tokens: int


def get_answers(connection: Connection, keys: Sequence[bytes]) -> dict[bytes, LLMAnswer]:
    """Read the answers to those ``keys`` that are in the cache."""
    cached = {}
    for start in range(0, len(keys), MAX_KEYS_PER_QUERY):
        batch = answers.c.key.in_(keys[start : start + MAX_KEYS_PER_QUERY])
        for key, *answer in connection.execute(select(answers).where(batch)):
            cached[key] = LLMAnswer(*answer)
    return cached


def record_subjects(connection: Connection, keys: Iterable[tuple[bytes, str]]) -> None:
    """Record which subject each prompt is about, before it is sent.

    Args:
        connection: of a writer.
        keys: pairs of a key and its subject, ``user:ID`` or ``item:ID``.
    """
    rows = [{"key": key, "subject": subject} for key, subject in keys]
    if rows:
        connection.execute(insert(subjects).on_conflict_do_nothing(), rows)


def put_answer(connection: Connection, key: bytes, answer: LLMAnswer) -> None:
    """Store an answer whose subject was recorded; a key that has an answer already keeps it.

    Where the subject was erased while the model was answering, nothing is stored.
    """
    row = {"key": key, **answer._asdict()}
    has_subject = exists().where(subjects.c.key == key)
    values = select(*(literal(value, answers.c[name].type) for name, value in row.items()))
    statement = insert(answers).from_select(list(row), values.where(has_subject))
    connection.execute(statement.on_conflict_do_nothing())


def delete_answers_about(connection: Connection, subject: str, text: str = "") -> int:
    """Delete the answers about ``subject``, and those that contain ``text``. Returns how many.

    Answers without a recorded subject, which earlier versions stored, are deleted as well: nobody
    knows whom they are about.
    """
    keys = select(subjects.c.key).where(subjects.c.subject == subject)
    condition = or_(answers.c.key.in_(keys), answers.c.key.not_in(select(subjects.c.key)))
    if text:
        condition = or_(condition, func.instr(answers.c.text, text) > 0)
    deleted = connection.execute(delete(answers).where(condition)).rowcount
    # An answer that is about two subjects is requested again for the other one.
    return deleted + connection.execute(delete(subjects).where(subjects.c.key.in_(keys))).rowcount
