"""Large tables take less space in a snapshot, and are served as they are written."""

import numpy as np
import pytest
from scipy import sparse

from tastegraph.core.narrow import NarrowMatrix, narrowed, rows_of
from tastegraph.core.packed import PackedTable
from tastegraph.models import tables
from tastegraph.models.behaviour import Behaviour
from tastegraph.models.kernels import TableKernel, table_arrays
from tastegraph.profiles.attention import Recency

N = 40


@pytest.fixture
def table(monkeypatch):
    monkeypatch.setattr(tables, "MIN_ENTRIES", 10)
    return sparse.random_array((N, N), density=0.2, rng=3, dtype=np.float32, format="csr")


def opened(names, rows):
    return Behaviour.open(names, Recency(), rows).kernel


def test_a_packed_table_is_served_without_unpacking_it(table):
    names = Behaviour.learned_names(table_arrays(table))
    assert "behaviour.gaps" in names
    kernel = opened(names, np.arange(N))
    assert isinstance(kernel.table, PackedTable)
    assert np.shares_memory(kernel.table.gaps, names["behaviour.gaps"])
    whole = TableKernel(table)
    items, attention = np.array([3, 9, 3], np.int32), np.array([1, -0.5, 0.2], np.float32)
    np.testing.assert_allclose(kernel.row(items, attention), whole.row(items, attention), atol=2e-3)
    targets = np.array([30, 4, 17])
    np.testing.assert_allclose(
        kernel.between(items, targets), whole.between(items, targets), atol=2e-3
    )
    histories = sparse.csr_array(np.eye(N, dtype=np.float32)[:5])
    np.testing.assert_allclose(kernel.score(histories), whole.score(histories), atol=2e-3)
    few = np.arange(N) % 3 == 0
    np.testing.assert_allclose(kernel.score(histories, few), whole.score(histories, few), atol=2e-3)


def test_it_is_saved_again_as_it_was(table):
    names = Behaviour.learned_names(table_arrays(table))
    learned = Behaviour.learned_view(names)
    again = Behaviour.learned_names(learned)
    assert all(again[name] is values for name, values in names.items())


def test_new_items_have_empty_rows(table):
    names = Behaviour.learned_names(table_arrays(table))
    rows = np.append(np.arange(N), [-1, -1])
    kernel = opened(names, rows)
    assert isinstance(kernel.table, PackedTable)
    assert kernel.n_items == N + 2
    scores = kernel.row(np.array([N, 3], np.int32), np.ones(2, np.float32))
    np.testing.assert_allclose(scores[:N], table[[3]].toarray()[0], atol=2e-3)
    assert not scores[N:].any()


def test_rows_of_other_items_are_found(table):
    names = Behaviour.learned_names(table_arrays(table))
    rows = np.array([5, -1, 2, 30])
    known = np.array([5, 2, 30])
    expected = np.zeros((4, 4))
    expected[np.ix_([0, 2, 3], [0, 2, 3])] = table.toarray()[np.ix_(known, known)]
    np.testing.assert_allclose(opened(names, rows).table.toarray(), expected, atol=2e-3)
    few = Behaviour.subset(Behaviour.learned_view(names), known)
    np.testing.assert_allclose(
        sparse.csr_array((few["data"], few["indices"], few["indptr"]), shape=(3, 3)).toarray(),
        table.toarray()[np.ix_(known, known)], atol=2e-3,
    )  # fmt: skip


def test_a_small_table_stays_as_it_is(table, monkeypatch):
    monkeypatch.setattr(tables, "MIN_ENTRIES", table.nnz + 1)
    names = Behaviour.learned_names(table_arrays(table))
    assert set(names) == {"behaviour.data", "behaviour.indices", "behaviour.indptr"}


@pytest.mark.parametrize("form", ["codes", "float16"])
def test_a_narrow_dense_table_is_served_without_widening_it(form, monkeypatch):
    monkeypatch.setattr("tastegraph.core.narrow.MIN_ROWS", N)
    if form == "float16":
        monkeypatch.setattr("tastegraph.core.narrow.MIN_CODED_COLUMNS", N + 1)
    table = np.random.default_rng(1).normal(size=(N, N)).astype(np.float32)
    np.fill_diagonal(table, 0)
    kernel = opened({"behaviour.table": rows_of(narrowed(table))}, np.arange(N))
    assert isinstance(kernel.table, NarrowMatrix)
    whole = TableKernel(np.asarray(kernel.table))
    np.testing.assert_allclose(whole.table, table, atol=0.02)
    items, attention = np.array([3, 9, 3], np.int32), np.array([1, -0.5, 0.2], np.float32)
    targets, histories = np.array([30, 4, 17]), sparse.csr_array(np.eye(N, dtype=np.float32)[:5])
    for read in (
        lambda each: each.row(items, attention),
        lambda each: each.between(items, targets),
        lambda each: each.score(histories),
    ):
        np.testing.assert_allclose(read(kernel), read(whole), atol=1e-5)
    grown = opened({"behaviour.table": rows_of(narrowed(table))}, np.append(np.arange(N), -1))
    assert not grown.row(np.array([N], np.int32), np.ones(1, np.float32)).any()
