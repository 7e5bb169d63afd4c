"""Text vectors at rest, by the hash of model and text: a text is never encoded twice."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Column, Connection, LargeBinary, MetaData, Table, delete, select
from sqlalchemy.dialects.sqlite import insert

BATCH = 500
metadata = MetaData()
vectors = Table(
    "vectors",
    metadata,
    Column("key", LargeBinary, primary_key=True),
    Column("vector", LargeBinary, nullable=False),
)


def get(connection: Connection, keys: Sequence[bytes]) -> dict[bytes, NDArray[np.float32]]:
    """The vectors (float32[d]) of those ``keys`` that are there."""
    found = {}
    for start in range(0, len(keys), BATCH):
        chosen = vectors.c.key.in_(keys[start : start + BATCH])
        for key, data in connection.execute(select(vectors).where(chosen)):
            found[key] = np.frombuffer(data, dtype=np.float32)
    return found


def put(connection: Connection, new: Mapping[bytes, NDArray[np.float32]]) -> None:
    """Keep vectors (float32[d]); a key that is there already stays as it is."""
    rows = [{"key": key, "vector": vector.tobytes()} for key, vector in new.items()]
    if rows:
        connection.execute(insert(vectors).on_conflict_do_nothing(), rows)


def keep_only(connection: Connection, keys: Collection[bytes]) -> None:
    """Delete the vectors of all other keys."""
    others = [key for key in connection.scalars(select(vectors.c.key)) if key not in keys]
    for start in range(0, len(others), BATCH):
        chosen = vectors.c.key.in_(others[start : start + BATCH])
        connection.execute(delete(vectors).where(chosen))
