"""Large matrices are written in less space, and read as float32 with little error."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tastegraph.core import narrow
from tastegraph.core.narrow import (
    HALF_ERROR,
    MAX_CODED_ERROR,
    MIN_ROWS,
    coded_type,
    is_narrow,
    narrow_rows,
    narrowed,
    products,
    rows_of,
    widened,
)

WIDTH = 48


@pytest.fixture(scope="module")
def matrix():
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(MIN_ROWS + 5, WIDTH)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_small_matrices_vectors_and_other_types_stay_as_they_are(matrix):
    for values in (matrix[1:MIN_ROWS], matrix[:, 0], matrix.astype(np.float64), np.arange(3)):
        assert narrowed(values) is values
        assert not is_narrow(values)
        assert rows_of(values) is values


def test_a_row_is_codes_of_its_own_step(matrix):
    scaled = matrix.copy()
    scaled[2] = 0
    scaled[3] *= np.float32(1e15)
    coded = narrowed(scaled)
    assert coded.dtype == coded_type(WIDTH)
    assert coded.nbytes == len(matrix) * (WIDTH + 4)
    assert (np.abs(coded["codes"]).max(axis=1) == 127).sum() == len(matrix) - 1
    assert coded[2]["step"] == 0
    assert not coded[2]["codes"].any()
    error = np.abs(widened(coded) - scaled)
    assert (error <= 0.5001 * coded["step"][:, None]).all()


def test_numbers_by_hand():
    (row,) = narrow_rows(np.array([[1.27, -0.01, 0.304, 0.0]]), coded_type(4))
    assert row["codes"].tolist() == [127, -1, 30, 0]
    assert row["step"] == pytest.approx(0.01, rel=1e-3)


def test_rows_of_few_numbers_are_halved(matrix):
    scaled = 1000 * matrix[:, :2]
    scaled[3] = 0
    half = narrowed(scaled)
    assert half.dtype == np.float16
    lost = np.linalg.norm(widened(half) - scaled, axis=1)
    assert (lost <= HALF_ERROR * np.linalg.norm(scaled, axis=1)).all()


def test_what_codes_cannot_hold_is_halved(matrix):
    """One number that dwarfs all others leaves too few steps for them."""
    peaked = np.tile(matrix, 6)
    assert narrowed(peaked).dtype == coded_type(6 * WIDTH)
    peaked[:, 0] = 8
    assert narrowed(peaked).dtype == np.float16
    # A few such rows do no harm, as long as they keep their direction.
    few = np.tile(matrix, 6)
    few[:5, 0] = 8
    lost = np.linalg.norm(widened(narrowed(few)) - few, axis=1)
    assert narrowed(few).dtype == coded_type(6 * WIDTH)
    assert (lost <= MAX_CODED_ERROR * np.linalg.norm(few, axis=1)).all()


def test_what_float16_cannot_hold_stays_as_it_is(matrix):
    for factor in (1e6, 1e-6):
        scaled = np.ascontiguousarray(matrix[:, :2])
        scaled[17] *= np.float32(factor)
        assert narrowed(scaled) is scaled


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_matrix_that_is_not_finite_stays_as_it_is(matrix, value):
    spoiled = matrix.copy()
    spoiled[3, 4] = value
    assert narrowed(spoiled) is spoiled


@given(st.integers(0, 10_000), st.floats(-30, 30))
def test_what_was_read_is_written_the_same_again(seed, exponent):
    rows = np.random.default_rng(seed).normal(size=(20, 40)).astype(np.float32)
    first = narrow_rows(rows * np.float32(10.0**exponent), coded_type(40))
    again = narrow_rows(widened(first), coded_type(40))
    assert first.tobytes() == again.tobytes()


@pytest.mark.parametrize("form", ["codes", "float16"])
def test_a_narrow_matrix_reads_like_the_matrix(matrix, form, monkeypatch):
    if form == "float16":
        monkeypatch.setattr(narrow, "MIN_CODED_COLUMNS", WIDTH + 1)
    values = narrowed(matrix)
    rows, whole = rows_of(values), widened(values)
    assert (rows.shape, len(rows), rows.ndim, rows.dtype) == (
        matrix.shape, len(matrix), 2, np.float32,
    )  # fmt: skip
    np.testing.assert_allclose(whole, matrix, atol=0.005)
    some, mask = np.array([5, 0, MIN_ROWS]), np.arange(len(matrix)) % 7 == 0
    block = slice(2, 9)
    for key in (3, some, mask, block, (4, 1), (some, 1), (block, 1), (block, block), (4, block)):
        assert rows[key].dtype == np.float32
        np.testing.assert_array_equal(rows[key], whole[key])
    other = matrix[7]
    product = rows @ other
    assert product.dtype == np.float32
    np.testing.assert_allclose(product, whole @ other, atol=1e-5)
    np.testing.assert_allclose(rows @ matrix[:3].T, whole @ matrix[:3].T, atol=1e-5)
    np.testing.assert_allclose(products(rows, some, other), whole[some] @ other, atol=1e-5)
    np.testing.assert_allclose(products(whole, some, other), whole[some] @ other, atol=1e-5)
    np.testing.assert_array_equal(matrix[:3] @ rows.T, matrix[:3] @ whole.T)
    np.testing.assert_array_equal(np.abs(rows), np.abs(whole))
    np.testing.assert_array_equal(
        np.einsum("id,id->i", rows, rows), np.einsum("id,id->i", whole, whole)
    )


def test_products_of_coded_vectors_are_close(matrix):
    """Their errors have no direction, so that they average out."""
    whole = widened(narrowed(matrix))
    true, product = matrix[:500] @ matrix[500:1000].T, whole[:500] @ whole[500:1000].T
    assert np.sqrt(np.mean((product - true) ** 2)) < 0.002
    assert np.abs(product - true).max() < 0.01
