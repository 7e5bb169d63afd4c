"""Text vectors at rest."""

import numpy as np

from tastegraph.store import caches
from tastegraph.store.database import Database


def test_cached_vectors_never_change(tmp_path):
    database = Database(tmp_path / "vectors.db", caches.vector_metadata)
    rng = np.random.default_rng(0)
    new = {
        b"%d" % k: rng.normal(size=5).astype(np.float32)
        for k in range(caches.MAX_KEYS_PER_QUERY + 20)
    }
    with database.writing() as connection:
        caches.put_vectors(connection, {})
        caches.put_vectors(connection, new)
        caches.put_vectors(connection, {b"0": np.zeros(5, dtype=np.float32)})
    with database.reading() as connection:
        cached = caches.get_vectors(connection, [*new, b"unknown", b"0"])
        assert caches.get_vectors(connection, []) == {}
    database.close()
    assert cached.keys() == new.keys()
    for key, vector in new.items():
        np.testing.assert_array_equal(cached[key], vector)
        assert cached[key].dtype == np.float32
