"""Where new items land: beside many known ones, for the users who like what they are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tastegraph.core.arrays import binary
from tastegraph.core.config import ModelConfig
from tastegraph.models.base import NETWORK, TEXT, SimilarityComponent
from tastegraph.models.fit import assemble, fit, partial_fit
from tastegraph.models.fitted_model import FittedModel
from tastegraph.models.hybrid import Blend, HybridModel
from tastegraph.models.item_features import ItemFeatures, no_words
from tastegraph.models.kernels import FactorKernel
from tastegraph.models.tuning import choose
from tastegraph.profiles.attention import Recency
from tastegraph.profiles.interactions import History, Interactions
from tastegraph.serving.lists.exploration import draw_list, with_new_items
from tests.support.small_graphs import graph_of

pytestmark = pytest.mark.slow
BRANDS, KINDS, EACH, NEWCOMERS = 10, 4, 5, 5
OLD = BRANDS * KINDS * EACH
ITEMS = OLD + NEWCOMERS
CONFIG = ModelConfig(dimensions=16, epochs=6)


def group_of(item: np.ndarray) -> np.ndarray:
    """int[N], brand and kind in one number; newcomers belong to the first groups."""
    return np.where(item < OLD, item // EACH, item - OLD)


def catalogue() -> ItemFeatures:
    """Every product has a brand and a kind, which facts name and texts describe."""
    rng = np.random.default_rng(0)
    items = np.arange(ITEMS)
    brand, kind = group_of(items) // KINDS, group_of(items) % KINDS
    edges = [(k, 0, ITEMS + int(brand[k])) for k in items]
    edges += [(k, 1, ITEMS + BRANDS + int(kind[k])) for k in items]
    graph = graph_of(ITEMS, edges, ITEMS + BRANDS + KINDS)
    text = np.zeros((graph.n_nodes, 24), np.float32)
    directions = rng.standard_normal((BRANDS + KINDS, 24)).astype(np.float32)
    text[:ITEMS] = directions[brand] + directions[BRANDS + kind]
    text[:ITEMS] += 0.5 * rng.standard_normal((ITEMS, 24)).astype(np.float32)
    text[:ITEMS] /= np.linalg.norm(text[:ITEMS], axis=1, keepdims=True)
    return ItemFeatures(graph, text, no_words(ITEMS))


def purchases(n_users: int, seed: int) -> Interactions:
    """Everybody buys five products of two or three groups that they like, and two of any."""
    rng = np.random.default_rng(seed)
    users, items = [], []
    for user in range(n_users):
        groups = rng.choice(BRANDS * KINDS, 3, replace=False)
        own = (groups[:, None] * EACH + np.arange(EACH)).reshape(-1)
        bought = np.unique(np.append(rng.choice(own, 7, replace=False), rng.integers(0, OLD, 2)))
        users += [user] * len(bought)
        items += rng.permutation(bought).tolist()
    return Interactions(
        [f"u{k:04}" for k in range(n_users)], ITEMS, np.array(users, np.int32),
        np.array(items, np.int32), np.arange(len(users), dtype=float),
        np.ones(len(users), np.float32), np.full(len(users), -1, np.int8),
    )  # fmt: skip


@pytest.fixture(scope="module")
def shop() -> tuple[ItemFeatures, Interactions, FittedModel]:
    """The newcomers are in the catalogue when the model is fitted; nobody has bought one."""
    item_features, events = catalogue(), purchases(400, 1)
    last = np.append(np.diff(events.users) != 0, True)
    shape = (events.n_users, events.n_items)
    valid = binary(events.users[last], events.items[last], shape)
    hyperparameters = choose(item_features, events.select(~last), valid, CONFIG).hyperparameters
    return item_features, events, fit(item_features, events, hyperparameters, CONFIG)


def places(model: HybridModel, events: Interactions) -> np.ndarray:
    """int[P]: the place of a newcomer in the lists of those who bought two of its group."""
    ranks = []
    likes = events.user_items()
    for newcomer in range(OLD, ITEMS):
        group = group_of(np.array([newcomer]))[0]
        own = np.arange(group * EACH, group * EACH + EACH)
        fans = np.flatnonzero(np.asarray(likes[:, own].sum(axis=1)).reshape(-1) >= 2)
        histories = [events.histories()[fan] for fan in fans]
        scores = model.score(histories)
        scores[likes[fans].nonzero()] = -np.inf
        ranks.append((scores > scores[:, [newcomer]]).sum(axis=1) + 1)
    return np.concatenate(ranks)


def test_those_who_buy_that_brand_and_kind_find_the_new_product_among_their_first_ten(shop):
    """They stood in nobody's first ten; about 14 products of a fan's groups are still to come."""
    item_features, events, fitted_model = shop
    ranks = places(assemble(item_features, events.user_items(), fitted_model), events)
    assert (ranks <= 10).mean() > 0.3
    assert np.median(ranks) < 25


def test_a_product_added_after_the_fit_is_ranked_like_one_that_was_there(shop):
    item_features, events, fitted_model = shop
    known = fitted_model.subset(set(item_features.graph.item_ids[:OLD]))
    later = assemble(item_features, events.user_items(), known)
    assert later.rows[OLD:].tolist() == [-1] * NEWCOMERS
    ranks = places(later, events)
    assert (ranks <= 10).mean() > 0.3


def test_a_product_added_after_the_fit_is_found_after_a_retraining_too(shop):
    """One like many others stood at rank 161."""
    item_features, events, fitted_model = shop
    known = fitted_model.subset(set(item_features.graph.item_ids[:OLD]))
    more = purchases(430, 1)
    retrained = partial_fit(item_features, more, events, known, CONFIG)
    ranks = places(assemble(item_features, more.user_items(), retrained), more)
    assert (ranks <= 10).mean() > 0.3


@pytest.mark.parametrize("share", [0.0, 0.1, 0.3, 1.0])
def test_places_for_new_items_are_the_last_ones(share):
    rng = np.random.default_rng(2)
    for _ in range(50):
        scores = rng.standard_normal(30).astype(np.float32)
        scores[rng.random(30) < 0.2] = -np.inf
        new = rng.random(30) < 0.3
        before = draw_list(scores, scores, 10, 0.0, rng)
        after = with_new_items(before, scores, new, 10, share)
        there = int(np.isfinite(scores[new]).sum())
        targets = min(int(share * 10), there)
        assert sum(new[after.items]) >= targets
        assert len(after.items) == len(set(after.items)) == len(after.propensities)
        assert len(after.items) == min(10, np.isfinite(scores).sum())
        if sum(new[before.items]) >= targets:
            assert after == before
        known = [item for item in after.items if item in before.items]
        assert known == [item for item in before.items if item in known]
        added = after.items[len(known) :]
        best = sorted(np.flatnonzero(new & np.isfinite(scores)), key=lambda item: -scores[item])
        assert set(added) <= set(best[: max(targets, 1)])


def test_known_products_lose_nothing(shop):
    item_features, events, fitted_model = shop
    model = assemble(item_features, events.user_items(), fitted_model)
    fresh = purchases(150, 2)
    last = np.append(np.diff(fresh.users) != 0, True)
    targets, known = fresh.items[last], fresh.select(~last)
    scores = model.score(known.histories())
    scores[known.user_items().nonzero()] = -np.inf
    target = scores[np.arange(len(targets)), targets][:, None]
    with_new = (scores > target).sum(axis=1) < 10
    without = (scores[:, :OLD] > target).sum(axis=1) < 10
    assert without.mean() - with_new.mean() < 0.05
    assert without.mean() > 0.3


def test_the_network_ranks_no_item_without_events(shop):
    item_features, events, fitted_model = shop
    model = assemble(item_features, events.user_items(), fitted_model)
    silent = {**model.components}
    silent[NETWORK] = replace(
        silent[NETWORK],
        kernel=FactorKernel(*(0 * side for side in (silent[NETWORK].kernel.left,) * 2)),
    )
    histories = events.histories()[:20]
    without = replace(model, components=silent).score(histories)
    np.testing.assert_array_equal(without[:, OLD:], model.score(histories)[:, OLD:])
    assert (without[:, :OLD] != model.score(histories)[:, :OLD]).any()


def test_an_item_newer_than_the_model_is_weighed_as_any_other_without_events():
    factors = np.array([[1, 0], [1, 0.5], [1, 1], [1, 1]], dtype=np.float32)
    part = SimilarityComponent(Recency(), FactorKernel(factors, factors))
    warm = np.array([True, True, False, False])
    blend = Blend({"new": {TEXT: 1.0}}, {"new": {TEXT: 0.25}})
    model = HybridModel({TEXT: part}, blend, warm, np.array([0, 1, 2, -1]), np.ones(4, dtype=int))
    user = History(np.array([0], np.int32), np.ones(1, np.float32))
    scores = model.score([user])[0]
    assert scores[3] == scores[2]
    # Over the warm items the part's scores are 0 (the item itself) and 1: their deviation is .5.
    assert scores.tolist() == pytest.approx([0, 2, 0.5, 0.5])
    assert model.rank(user).scores == pytest.approx(scores)
