"""Small arrays and sparse matrices, and settings of property tests."""

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from scipy import sparse

seeds = st.integers(0, 2**32 - 1)
few_examples = settings(max_examples=40, deadline=None)


def csr(rows):
    """A sparse matrix from rows of numbers."""
    return sparse.csr_array(np.array(rows))


def ints(*values):
    """int32[n]."""
    return np.array(values, dtype=np.int32)


def random_lists(rng, users=7, items=12, k=6):
    """Scores with ties, relevant items, masked items that are not relevant, and a length."""
    scores = rng.integers(0, 4, (users, items)).astype(np.float32)
    relevant = csr(rng.random((users, items)) < 0.25)
    mask = csr((rng.random((users, items)) < 0.3) & ~relevant.toarray())
    return scores, relevant, mask, k
