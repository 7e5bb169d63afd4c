"""Large matrices are written at half their size, and read as float32 with little error."""

import numpy as np
import pytest

from tastegraph.core.half import MAX_ERROR, MIN_ROWS, HalfMatrix, halved


@pytest.fixture(scope="module")
def matrix():
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(MIN_ROWS + 5, 48)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_small_matrices_vectors_and_other_types_stay_as_they_are(matrix):
    for values in (matrix[1:MIN_ROWS], matrix[:, 0], matrix.astype(np.float64), np.arange(3)):
        assert halved(values) is values


def test_matrices_that_float16_cannot_hold_stay_as_they_are(matrix):
    for factor in (1e6, 1e-6):
        scaled = matrix.copy()
        scaled[17] *= np.float32(factor)
        assert halved(scaled) is scaled


def test_rows_of_zeros_and_long_rows_are_halved(matrix):
    scaled = 1000 * matrix
    scaled[3] = 0
    assert halved(scaled).dtype == np.float16


def test_a_half_matrix_reads_like_the_matrix(matrix):
    half = HalfMatrix(halved(matrix))
    assert half.half.nbytes * 2 == matrix.nbytes
    assert (half.shape, len(half), half.ndim, half.dtype) == (
        matrix.shape, len(matrix), 2, np.float32,
    )  # fmt: skip
    rows = np.array([5, 0, MIN_ROWS])
    mask = np.arange(len(matrix)) % 7 == 0
    for key in (3, rows, mask, slice(2, 9), (4, 1), (rows, 1)):
        assert half[key].dtype == np.float32
        np.testing.assert_allclose(half[key], matrix[key], atol=MAX_ERROR)
    other = matrix[7]
    for product in (half @ other, half @ np.stack([other, other], axis=1)[:, :1].ravel()):
        assert product.dtype == np.float32
        np.testing.assert_allclose(product, matrix @ other, atol=MAX_ERROR)
    np.testing.assert_allclose(matrix[:3] @ half.T, matrix[:3] @ matrix.T, atol=MAX_ERROR)
    np.testing.assert_allclose(np.abs(half), np.abs(matrix), atol=MAX_ERROR)
    wide = np.einsum("id,id->i", half, half)
    np.testing.assert_allclose(wide, np.ones(len(matrix)), atol=MAX_ERROR)
