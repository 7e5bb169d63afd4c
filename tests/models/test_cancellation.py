"""What cancels says nothing: no part of a score is a multiple of what rounding left."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from tastegraph.core.arrays import without_rounding
from tastegraph.models.base import BEHAVIOUR, KNOWN, NEW, SimilarityComponent
from tastegraph.models.hybrid import Blend, HybridModel
from tastegraph.models.kernels import FactorKernel, FeatureKernel, TableKernel
from tastegraph.models.ranked import inverse_spread
from tastegraph.models.text import centred_rows
from tastegraph.profiles import prototypes
from tastegraph.profiles.attention import Recency, SequenceAttention, attend
from tastegraph.profiles.interactions import History
from tastegraph.profiles.prototypes import Prototypes

ITEMS, DIMENSIONS = 9, 5
LIKED = np.array([0.2, 0.6, 0.8], np.float32)
AGAINST = np.array([-0.7, -0.9], np.float32)
"""0.2 + 0.6 + 0.8 − 0.7 − 0.9 is 0; of these as float32, 6e-8 is left."""
KERNELS = {
    "dense table": lambda table: TableKernel(table @ table.T * (1 - np.eye(ITEMS, dtype="f4"))),
    "sparse table": lambda table: TableKernel(
        sparse.csr_array(table @ table.T * (1 - np.eye(ITEMS, dtype="f4")))
    ),
    "factors": lambda table: FactorKernel(table, table),
    "features": lambda table: FeatureKernel(sparse.csr_array(np.abs(table))),
}


def plain(history):
    """Attention that is the weight of the event and nothing else."""
    return history.weights


def history_of(items):
    """A history that says as much for the items as against them."""
    return History(np.asarray(items, np.int32), np.concatenate([LIKED, AGAINST]))


def table(seed, alike=()):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(ITEMS, DIMENSIONS)).astype(np.float32)
    values[list(alike)] = values[list(alike)[:1]]
    return values


def model_of(kernel, attention=plain):
    blend = {who: {BEHAVIOUR: 1.0} for who in (KNOWN, NEW)}
    return HybridModel(
        components={BEHAVIOUR: SimilarityComponent(attention, kernel)},
        blend=Blend(blend, blend),
        warm=np.ones(ITEMS, bool),
        rows=np.arange(ITEMS),
        popularity=np.arange(ITEMS),
    )


def test_the_weights_of_these_tests_leave_a_rounding():
    left = abs(np.concatenate([LIKED, AGAINST]).sum())
    assert 1e-9 < left < 1e-7


@pytest.mark.parametrize("make", KERNELS.values(), ids=KERNELS)
def test_an_item_as_much_liked_as_disliked_says_nothing(make):
    kernel, history = make(table(1)), history_of([4] * 5)
    attention = attend([history], plain, ITEMS)
    assert not attention.toarray().any()
    assert not kernel.score(attention).any()
    assert not kernel.row(history.items, history.weights).any()


@pytest.mark.parametrize("make", KERNELS.values(), ids=KERNELS)
def test_items_that_are_the_same_cancel_for_every_other(make):
    """Items 2 and 6 have the same features and no others: one is liked, one disliked as much."""
    values = table(2, alike=(2, 6))
    values[[2, 6], 3:], values[[k for k in range(ITEMS) if k not in (2, 6)], :3] = 0, 0
    kernel, history = make(values), history_of([2, 2, 2, 6, 6])
    rest = [k for k in range(ITEMS) if k not in (2, 6)]
    for scores in (
        kernel.score(attend([history], plain, ITEMS))[0],
        kernel.row(history.items, history.weights),
    ):
        assert not scores[rest].any()
        assert scores[2] < 0 < scores[6]


@pytest.mark.parametrize("make", KERNELS.values(), ids=KERNELS)
def test_who_likes_and_dislikes_what_is_the_same_gets_what_is_popular(make):
    """Items 2 and 6 are not recommended themselves, and of every other they say the same."""
    kernel = make(table(3, alike=(2, 6)))
    if isinstance(kernel, TableKernel):
        between = kernel.table if isinstance(kernel.table, np.ndarray) else kernel.table.toarray()
        between[[2, 6, 2, 6], [6, 2, 2, 6]] = 0
        kernel = TableKernel(
            between if isinstance(kernel.table, np.ndarray) else sparse.csr_array(between)
        )
    model, history = model_of(kernel), history_of([2, 2, 2, 6, 6])
    ranked, (together,) = model.rank(history), model.score([history])
    rest = [k for k in range(ITEMS) if k not in (2, 6)]
    np.testing.assert_allclose(ranked.scores, together, atol=1e-4)
    if isinstance(kernel, TableKernel):
        assert not ranked.factors
        np.testing.assert_array_equal(together, model.prior())
    else:  # what they say of one another is all there is
        assert not ranked.scores[rest].any()
        assert not together[rest].any()


@pytest.mark.parametrize("make", KERNELS.values(), ids=KERNELS)
def test_what_cancels_leaves_the_other_events_as_they_are(make):
    """An item of features that no other has, and two that are the same, one of them disliked."""
    values = table(4, alike=(2, 6))
    values[:, 0], values[0] = 0, 0
    values[0, 0] = 1
    kernel = make(values)
    history = History(
        np.array([0, 2, 2, 2, 6, 6], np.int32), np.concatenate([[1], LIKED, AGAINST]).astype("f4")
    )
    rest = [k for k in range(ITEMS) if k not in (2, 6)]
    for scores in (
        kernel.score(attend([history], plain, ITEMS))[0],
        kernel.row(history.items, history.weights),
    ):
        assert np.abs(scores[rest]).max() < 1e-6
        assert inverse_spread(scores[None, :], np.ones(ITEMS, bool)) * np.abs(scores).max() < ITEMS


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(sorted(KERNELS)))
def test_no_share_is_far_larger_than_the_scores_that_it_is_a_share_of(seed, name):
    """Weights of one digit: what does not cancel is at least a hundredth of what was summed."""
    rng = np.random.default_rng(seed)
    kernel = KERNELS[name](table(seed))
    size = int(rng.integers(1, 8))
    history = History(
        rng.integers(0, ITEMS, size).astype(np.int32),
        rng.choice([0.1, 0.2, 0.3, 0.7, -0.1, -0.3, -0.7], size).astype(np.float32),
    )
    ranked = model_of(kernel).rank(history)
    for warm, _ in ranked.factors.values():
        shares = warm[:, None] * np.stack(
            [kernel.between(history.items, np.array([target]))[:, 0] for target in range(ITEMS)],
            axis=1,
        )
        assert np.abs(shares).max() < 1e4
        np.testing.assert_allclose(shares.sum(axis=0), ranked.scores, atol=1e-2)


def test_a_part_that_says_the_same_of_every_item_says_nothing():
    """Its scores differ by rounding alone: 0.7 in float32 and the next number."""
    same = np.full((2, 6), 0.7, np.float32)
    same[1, ::2] = np.nextafter(np.float32(0.7), np.float32(1))
    assert inverse_spread(same, np.ones(6, bool)).tolist() == [0, 0]


def test_how_large_scores_are_does_not_matter():
    scores = np.array([[1.0, -1.0, 3.0, 1.0]], np.float32)
    warm = np.array([True, True, True, False])
    deviation = np.std([1.0, -1.0, 3.0])
    for scale in (1e-12, 1.0, 1e12):
        assert inverse_spread(scores * np.float32(scale), warm) == pytest.approx(
            1 / (scale * deviation), rel=1e-5
        )
    assert inverse_spread(np.zeros((1, 4), np.float32), warm).tolist() == [0]


def test_events_whose_vectors_cancel_get_no_attention():
    """Two items of opposite vectors, attended alike: their sum has no direction."""
    vectors = np.array([[0.3, 0.1], [-0.3, -0.1], [1.0, 0.0]], np.float32)
    flat = np.zeros((2, 2), np.float32)
    attention = SequenceAttention(vectors, flat, flat, flat[0], np.zeros(4, np.float32))
    opposite = History(np.array([0, 1], np.int32), np.ones(2, np.float32))
    assert not attention(opposite).any()
    weights = attention(History(np.array([0, 2], np.int32), np.ones(2, np.float32)))
    assert np.linalg.norm(weights @ vectors[[0, 2]]) == pytest.approx(1)


def test_attention_that_does_not_cancel_is_what_it_was():
    history = History(np.array([1, 3, 1], np.int32), np.array([1.0, -0.5, 0.25], np.float32))
    summed = attend([history], Recency(None, 1.0), 5)
    np.testing.assert_allclose(summed.toarray()[0], [0, 1.25, 0, -0.5, 0])


SAME = np.tile(np.array([[0.1, 0.7, 0.3]], np.float32), (7, 1))
"""Their mean differs from each of them by rounding."""


def test_texts_that_are_all_the_same_tell_no_item_from_another():
    assert (SAME.mean(axis=0) != SAME).any()
    assert not centred_rows(SAME).any()
    assert not prototypes.centred(SAME, SAME.mean(axis=0)).any()
    another = np.concatenate([SAME, [[0.5, 0.5, 0.5]]]).astype(np.float32)
    assert np.linalg.norm(centred_rows(another), axis=1) == pytest.approx(np.ones(8))


def test_a_prototype_whose_other_items_cancel_is_like_nothing():
    """Without the item itself the sum is 0: its cosine was 119."""
    unit = np.array([0.1, -0.5, 0.4], np.float32)
    unit /= np.linalg.norm(unit)
    units = np.stack([unit, unit, -unit])
    sums = (units[0] + units[1] + units[2])[None, :]
    one = Prototypes(np.zeros(1, np.int64), sums, np.zeros(3, np.float32))
    member = sparse.csr_array(np.ones((3, 1), np.float32))
    ((_, cosines),) = one.blocks(units, member)
    assert cosines[:2].tolist() == [[0], [0]]
    assert cosines[2] == pytest.approx(-1)  # the other two are its opposite


@given(st.lists(st.floats(-1e6, 1e6, width=32), min_size=1, max_size=20))
def test_a_sum_and_its_opposite_are_nothing_and_a_sum_alone_is_itself(terms):
    values = np.array(terms, np.float32)
    both = np.concatenate([values, -values])
    assert without_rounding(both.sum(), np.abs(both).sum()) == 0
    sizes = np.abs(values).sum()
    assert without_rounding(sizes, sizes) == sizes
