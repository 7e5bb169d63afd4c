"""Sparse tables are written in half the space, and read row by row with little error."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse

from tastegraph.core.packed import PackedTable
from tastegraph.models.kernels import row_entries


def table_of(seed, rows, width, density, scale=1.0):
    rng = np.random.default_rng(seed)
    n = max(int(rows * width * density), 1)
    cells = rng.choice(rows * width, size=min(n, rows * width), replace=False)
    values = (rng.lognormal(size=len(cells)) * scale * rng.choice([-1, 1], len(cells))).astype("f4")
    return sparse.csr_array((values, np.divmod(cells, width)), shape=(rows, width))


def test_numbers_by_hand():
    table = sparse.csr_array(
        np.array([[0, 0.5, 0, 3], [0, 0, 0, 0], [2, 0, 0, 0]], dtype=np.float32)
    )
    packed = PackedTable.of(table)
    assert packed.gaps.tolist() == [1, 2, 0]
    assert packed.shares.tolist() == [0.125, 0.75, 0.5]
    assert (packed.scale, packed.width) == (4.0, 4)
    assert packed.indptr.tolist() == [0, 2, 2, 3]
    places, columns, values = packed.entries(np.array([2, 1, 0, 2]))
    assert places.tolist() == [0, 2, 2, 3]
    assert columns.tolist() == [0, 1, 3, 0]
    assert values.tolist() == [2, 0.5, 3, 2]


@given(
    st.integers(0, 1_000),
    st.integers(1, 30),
    st.sampled_from([1, 7, 300, 66_000, 400_000]),
    st.sampled_from([1e-5, 1e-3, 0.2]),
    st.floats(-12, 12),
)
def test_rows_are_those_of_the_table(seed, rows, width, density, exponent):
    table = table_of(seed, rows, width, density, 10.0**exponent)
    packed = PackedTable.of(table)
    assert packed.shape == table.shape
    whole = packed.whole()
    tolerance = 1e-3 * np.abs(table.data) + 1e-7 * np.abs(table.data).max()
    assert np.array_equal(whole.indptr, table.indptr)
    assert np.array_equal(whole.indices, table.indices)
    assert (np.abs(whole.data - table.data) <= tolerance).all()
    some = np.random.default_rng(seed).integers(0, rows, size=5)
    for expected, actual in zip(row_entries(whole, some), row_entries(packed, some), strict=True):
        np.testing.assert_array_equal(actual, expected)


@given(st.integers(0, 1_000), st.sampled_from([300, 400_000]))
def test_what_was_read_is_written_the_same_again(seed, width):
    first = PackedTable.of(table_of(seed, 20, width, 0.001))
    again = PackedTable.of(first.whole())
    for name, values in first.to_arrays().items():
        np.testing.assert_array_equal(again.to_arrays()[name], values)
    assert PackedTable.from_arrays(first.to_arrays()).entries(np.array([3]))[1].tolist() == (
        first.entries(np.array([3]))[1].tolist()
    )


def test_columns_need_not_be_sorted():
    table = sparse.csr_array(
        (np.array([1.0, 2.0, 3.0], dtype="f4"), np.array([5, 0, 2]), np.array([0, 2, 3])),
        shape=(2, 6),
    )
    packed = PackedTable.of(table)
    assert packed.entries(np.array([0, 1]))[1].tolist() == [0, 5, 2]
    assert table.indices.tolist() == [5, 0, 2]


def test_new_rows_are_empty():
    table = table_of(1, 6, 50, 0.2)
    packed = PackedTable.of(table).with_rows(3)
    assert packed.shape == (9, 53)
    assert len(packed.entries(np.array([6, 8]))[0]) == 0
    np.testing.assert_allclose(packed.whole().toarray()[:6, :50], table.toarray(), rtol=1e-3)


@pytest.mark.parametrize("rows", [0, 4])
def test_a_table_without_entries(rows):
    packed = PackedTable.of(sparse.csr_array((rows, 9), dtype=np.float32))
    assert packed.whole().nnz == 0
    assert packed.shape == (rows, 9)
    assert not len(packed.entries(np.arange(rows))[0])
