"""Text vectors at rest."""

import numpy as np

from tastegraph.store import vectors
from tastegraph.store.database import Database


def test_vectors_are_kept_by_key_and_never_change(tmp_path):
    database = Database(tmp_path / "vectors.db", vectors.metadata)
    rng = np.random.default_rng(0)
    new = {b"%d" % k: rng.normal(size=5).astype(np.float32) for k in range(vectors.BATCH + 20)}
    with database.writing() as connection:
        vectors.put(connection, {})
        vectors.put(connection, new)
        vectors.put(connection, {b"0": np.zeros(5, dtype=np.float32)})
    with database.reading() as connection:
        found = vectors.get(connection, [*new, b"unknown", b"0"])
        assert vectors.get(connection, []) == {}
    database.close()
    assert found.keys() == new.keys()
    for key, vector in new.items():
        np.testing.assert_array_equal(found[key], vector)
        assert found[key].dtype == np.float32
