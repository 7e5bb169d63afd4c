"""Vectors that follow from features are computed where they are read, and are as if held."""

import numpy as np
import pytest
from scipy import sparse

from tastegraph.core.narrow import coded_type, narrow_rows, products, rows_of
from tastegraph.models.kernels import AffinityKernel, tied
from tastegraph.models.kernels.tied import FeatureRows, TiedRows

ITEMS, WIDTH = 12, 4


def random_tie(seed, n_features):
    rng = np.random.default_rng(seed)
    features = sparse.random_array(
        (ITEMS, n_features), density=0.3, rng=rng, dtype=np.float32, format="csr"
    )
    left, loadings = rng.normal(size=(2, ITEMS, WIDTH)).astype(np.float32)
    return features, left, loadings


@pytest.mark.parametrize("seed", range(5))
def test_rows_are_those_of_the_products(seed):
    features, _, loadings = random_tie(seed, 20)
    projections = (features.T @ loadings).astype(np.float32)
    for rows, whole in (
        (TiedRows(features, projections), features @ projections),
        (FeatureRows(features, loadings), projections),
    ):
        assert (rows.shape, len(rows), rows.ndim) == (whole.shape, len(whole), 2)
        mask, some = np.arange(len(whole)) % 3 == 0, np.array([7, 0, 7, 3])
        for key in (3, some, mask, slice(2, 9), slice(None, None, 5), np.array([], dtype=int)):
            np.testing.assert_allclose(rows[key], whole[key], atol=1e-5)
        vector = loadings[2]
        np.testing.assert_allclose(rows @ vector, whole @ vector, atol=1e-5)
        np.testing.assert_allclose(products(rows, some, vector), whole[some] @ vector, atol=1e-5)
        np.testing.assert_allclose(rows.T, whole.T, atol=1e-5)
        np.testing.assert_allclose(rows @ loadings.T, whole @ loadings.T, atol=1e-5)
        assert np.asarray(rows).dtype == rows[3].dtype == np.float32


@pytest.mark.parametrize("n_features", [5, ITEMS, 30])
def test_of_features_and_items_the_fewer_are_stored(n_features):
    features, left, loadings = random_tie(1, n_features)
    kernel = AffinityKernel.of(left, features, loadings)
    arrays = kernel.to_arrays()
    few = {"left", "projections"} if n_features <= ITEMS else {"left", "right", "loadings"}
    assert set(arrays) == few
    opened = AffinityKernel.from_arrays(arrays, features)
    assert opened.to_arrays().keys() == arrays.keys()
    np.testing.assert_array_equal(opened.right, kernel.right)
    items, attention = np.array([3, 1, 3], np.int32), np.array([1, -0.5, 0.25], np.float32)
    user = kernel.user(items, attention)
    some = np.array([0, 1, 3, 11])
    np.testing.assert_allclose(
        opened.at(items, attention, some, user), kernel.row(items, attention)[some], atol=1e-5
    )
    for one, other in zip(opened.of_features(some), kernel.of_features(some), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)
    whole = opened.whole()
    assert isinstance(whole.right, np.ndarray)
    np.testing.assert_array_equal(whole.right, kernel.right)


def test_projections_may_be_narrow():
    features, left, loadings = random_tie(2, 8)
    arrays = AffinityKernel.of(left, features, loadings).to_arrays()
    exact = AffinityKernel.from_arrays(arrays, features).right
    narrow = rows_of(narrow_rows(arrays["projections"], coded_type(WIDTH)))
    rough = AffinityKernel.from_arrays({**arrays, "projections": narrow}, features).right
    np.testing.assert_allclose(np.asarray(rough), np.asarray(exact), atol=0.1)
    some = np.array([2, 9])
    np.testing.assert_allclose(
        products(rough, some, left[0]), np.asarray(rough)[some] @ left[0], atol=1e-5
    )


def test_features_that_were_read_are_held_up_to_a_number(monkeypatch):
    monkeypatch.setattr(tied, "REMEMBERED", 3)
    features, _, loadings = random_tie(3, 20)
    rows, whole = FeatureRows(features, loadings), features.T @ loadings
    for some in ([1, 2], [2, 3, 4], [5, 6], [1, 6]):
        np.testing.assert_allclose(rows[np.array(some)], whole[some], atol=1e-5)
