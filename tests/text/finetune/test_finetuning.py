"""Fine-tuning of the text encoder by what belongs together."""

import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from scipy import sparse
from transformers import BertConfig, BertModel

from tastegraph.core.errors import ConfigError, TastegraphError
from tastegraph.data import downloads as assets
from tastegraph.store import caches
from tastegraph.store.database import Database
from tastegraph.text.encoder import Encoder
from tastegraph.text.finetune.contrastive import (
    AlignmentObjective,
    CoEngagementObjective,
    bank_loss,
    pair_loss,
)
from tastegraph.text.finetune.finetuning import LoRA, finetune
from tastegraph.text.finetune.loop import TrainingSchedule
from tastegraph.text.finetune.supervision import (
    behaviour_representation,
    co_engagement,
    graph_representation,
    nearest_items,
)
from tests.support import tiny_models

pytestmark = pytest.mark.slow

ITEMS = 24
TEXTS = [f"w{k}" for k in range(ITEMS)]
SCHEDULE = TrainingSchedule(steps=6, learning_rate=1e-2, seed=3, save_every=2)


@pytest.fixture
def cache(tmp_path):
    database = Database(tmp_path / "vectors.db", caches.vector_metadata)
    yield database
    database.close()


def user_items_of(kinds, seed=0, users=60):
    """bool CSR[users, items]: each user likes half the items of one kind."""
    rng = np.random.default_rng(seed)
    liked = np.zeros((users, len(kinds)), dtype=bool)
    for user in range(users):
        own = np.flatnonzero(kinds == user % 2)
        liked[user, rng.choice(own, max(len(own) // 2, 2), replace=False)] = True
    return sparse.csr_array(liked)


KINDS = np.arange(ITEMS) % 2
ALL = np.ones(ITEMS, dtype=bool)


@pytest.fixture(scope="session")
def bert(tmp_path_factory):
    """A tiny model that knows a word for each item."""
    folder = tmp_path_factory.mktemp("tiny") / "bert"
    words = [*tiny_models.SPECIAL, *TEXTS]
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(words), hidden_size=32, num_hidden_layers=3, num_attention_heads=2,
        intermediate_size=64, max_position_embeddings=16,
    )  # fmt: skip
    BertModel(config).save_pretrained(folder)
    tiny_models.tokenizer(words, "right", "<cls> $A <sep>").save_pretrained(folder)
    return folder


def co_engagement_objective(user_items, trainable=ALL, **settings):
    return CoEngagementObjective(co_engagement(user_items, trainable, 8), **settings)


def tune(source, into, objectives, schedule=SCHEDULE, texts=TEXTS, **settings):
    return finetune(
        source, texts, objectives, schedule, into, max_tokens=8, batch_size=12, **settings
    )


def weights(folder):
    return load_file(folder / "model.safetensors")


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


# --- losses ---------------------------------------------------------------------------------------


def test_pair_loss_by_hand():
    e = torch.eye(2)
    all_negatives = torch.ones(2, 2, dtype=torch.bool)
    loss = -np.log(np.e / (np.e + 1))
    assert pair_loss(3 * e, e, all_negatives, 1.0).item() == pytest.approx(loss)
    assert pair_loss(e, e, all_negatives, 0.5).item() == pytest.approx(
        -np.log(1 / (1 + np.exp(-2)))
    )
    masked = all_negatives.clone()
    masked[0, 1] = False
    assert pair_loss(e, e, masked, 1.0).item() == pytest.approx(loss / 2)
    assert pair_loss(e, e, ~all_negatives, 1.0).item() == 0


def test_pair_loss_gradients():
    torch.manual_seed(0)
    a, b = (torch.randn(4, 3, dtype=torch.float64, requires_grad=True) for _ in range(2))
    negatives = torch.rand(4, 4) < 0.6
    assert torch.autograd.gradcheck(lambda x, y: pair_loss(x, y, negatives, 0.3), (a, b))


def test_excluded_negatives_get_no_gradient():
    torch.manual_seed(0)
    a, b = torch.randn(3, 4), torch.randn(3, 4, requires_grad=True)
    negatives = ~torch.eye(3, dtype=torch.bool)
    negatives[:, 2] = negatives[2, :] = False
    pair_loss(a, b, negatives, 0.1).backward()
    assert b.grad[2].abs().max() == 0
    assert b.grad[0].abs().max() > 0


def test_bank_loss_by_hand():
    e = torch.eye(3)
    weights = torch.tensor([[0.0, 2.0, 0.0]])
    loss = bank_loss(e[:1], e, torch.tensor([0]), weights, 1.0).item()
    assert loss == pytest.approx(-np.log(np.e / (np.e + 2)))


# --- supervision ------------------------------------------------------------------------


def test_co_engagement_by_hand():
    rows = [[1, 1, 0]] * 4 + [[1, 0, 1]] * 2 + [[0, 0, 1]] * 2 + [[0, 0, 0]]
    ties = co_engagement(sparse.csr_array(np.array(rows, dtype=bool)), np.ones(3, dtype=bool), 2)
    # 8 users like something: 6, 4 and 4 of them items 0, 1 and 2. Items 0 and 1 have 4 users in
    # common where chance is 3; 0 and 2 have 2 where chance is 3; 1 and 2 have none.
    strength = np.log(4 / 3) * 4 / (4 + 10)
    assert ties.toarray() == pytest.approx(
        np.array([[0, strength, 0], [strength, 0, 0], [0, 0, 0]]), abs=1e-6
    )


def test_an_item_that_all_users_like_has_no_ties():
    likes = user_items_of(KINDS).toarray()
    likes[:, 0] = True
    ties = co_engagement(sparse.csr_array(likes), ALL, 8)
    assert not ties[[0]].nnz
    assert ties[[1]].nnz


def test_only_the_strongest_ties_are_retained():
    ties = co_engagement(user_items_of(KINDS), ALL, 2)
    degrees = np.diff(ties.indptr)
    assert degrees.min() >= 2
    assert degrees.mean() <= 4
    assert (ties != ties.T).nnz == 0


def test_items_that_are_not_trainable_have_no_ties_and_no_factors():
    likes, trainable = user_items_of(KINDS), np.arange(ITEMS) >= 5
    altered = likes.toarray()
    altered[:, :5] = np.random.default_rng(1).random((60, 5)) < 0.5
    one, other = (co_engagement(x, trainable, 8) for x in (likes, sparse.csr_array(altered)))
    assert np.array_equal(one.toarray(), other.toarray())
    assert not one[:5].nnz
    factors = [
        behaviour_representation(x, trainable, 4, 1) for x in (likes, sparse.csr_array(altered))
    ]
    assert np.array_equal(*factors)
    assert not factors[0][:5].any()


def test_nearest_items_by_hand():
    points = np.array([[1, 0], [2, 0.1], [0, 1], [1, 0.05]], dtype=np.float32)
    neighbours = nearest_items(points, np.array([True, True, True, False]), 3)
    assert neighbours.tolist() == [[1, 2, -1], [0, 2, -1], [1, 0, -1], [-1, -1, -1]]


def test_anchors_are_drawn_equally_often_and_partners_are_tied():
    objective = co_engagement_objective(user_items_of(KINDS))
    seen = np.zeros(ITEMS)
    for step in range(400):
        items = objective.draw(np.random.default_rng(step), 12, np.zeros(0, np.intp))
        anchors, partners = items[:6], items[6:]
        assert len(set(anchors.tolist())) == 6
        assert all(objective.ties[a, p] > 0 for a, p in zip(anchors, partners, strict=True))
        seen[anchors] += 1
    assert seen.min() > 0.7 * seen.mean()
    assert seen.max() < 1.3 * seen.mean()


def test_hard_anchors_are_neighbours_without_a_tie():
    neighbours = np.array([[k ^ 1] for k in range(ITEMS)])  # of the other kind, so never tied
    objective = co_engagement_objective(user_items_of(KINDS), neighbours=neighbours, hard=0.5)
    rng = np.random.default_rng(0)
    batches = [set(objective.draw(rng, 12, np.zeros(0, np.intp))[:6].tolist()) for _ in range(50)]
    assert np.mean([sum(k ^ 1 in batch for k in batch) / 6 for batch in batches]) > 0.9
    plain = replace(objective, neighbours=None)
    batches = [set(plain.draw(rng, 12, np.zeros(0, np.intp))[:6].tolist()) for _ in range(50)]
    assert np.mean([sum(k ^ 1 in batch for k in batch) / 6 for batch in batches]) < 0.5


def test_tied_items_are_no_negatives():
    everyone = CoEngagementObjective(sparse.csr_array(1 - np.eye(ITEMS, dtype=np.float32)))
    outputs = torch.ones(4, 3)
    assert everyone.loss(np.array([0, 1, 2, 3]), outputs).item() == 0
    objective = co_engagement_objective(user_items_of(KINDS))
    assert objective.loss(np.array([0, 1, 2, 3]), outputs) > 0
    assert objective.loss(np.array([0, 0, 0, 0]), outputs).item() == 0


def test_graph_representation_is_equal_for_items_with_equal_facts():
    features = sparse.csr_array(np.kron(np.eye(2), np.ones((3, 4))))
    vectors_of_items = graph_representation(features, 8, seed=1)
    assert np.linalg.norm(vectors_of_items, axis=1) == pytest.approx(np.ones(6), abs=1e-5)
    assert vectors_of_items @ vectors_of_items.T == pytest.approx(
        np.kron(np.eye(2), np.ones((3, 3))), abs=1e-5
    )


def test_alignment_draws_from_the_batch_and_only_items_with_a_target():
    targets = np.eye(5, dtype=np.float32)
    targets[4] = 0
    objective = AlignmentObjective(targets, np.array([True, True, True, False, True]))
    rng = np.random.default_rng(0)
    assert objective.draw(rng, 9, np.array([1, 3, 4])).tolist() == [1]
    assert sorted(objective.draw(rng, 9, np.zeros(0, np.intp)).tolist()) == [0, 1, 2]


def test_alignment_loss_by_hand():
    targets = np.array([[1, 0], [1, 0], [0.6, 0.8]], dtype=np.float32)
    objective = AlignmentObjective(targets, np.ones(3, dtype=bool), hardness=2.0, temperature=1.0)
    loss = objective.loss(np.array([0]), torch.tensor([[5.0, 0.0]])).item()
    hard = np.exp(2 * 0.6) * np.exp(0.6)  # item 1 is identical, and no negative
    assert loss == pytest.approx(-np.log(np.e / (np.e + hard)))


def test_a_head_starts_from_the_ridge_regression():
    rng = np.random.default_rng(0)
    frozen = rng.normal(size=(50, 6)).astype(np.float32)
    targets = (frozen @ rng.normal(size=(6, 3))).astype(np.float32)
    objective = AlignmentObjective(targets, np.ones(50, dtype=bool), frozen)
    with torch.no_grad():
        predicted = objective.head(6)(torch.from_numpy(frozen)).numpy()
    assert predicted == pytest.approx(targets, abs=0.1)


# --- fine-tuning ----------------------------------------------------------------------------------


def share_with_neighbour_of_kind(folder, cache):
    """Share of items whose nearest neighbour is of their kind."""
    encoded = Encoder(folder, 8, cache).encode(TEXTS)
    return np.mean(KINDS[nearest_items(encoded, ALL, 1)[:, 0]] == KINDS)


def test_neighbours_follow_co_engagement(bert, tmp_path, cache):
    schedule = TrainingSchedule(steps=60, learning_rate=5e-3)
    shuffled = np.random.default_rng(5).permutation(KINDS)
    tune(bert, tmp_path / "true", [co_engagement_objective(user_items_of(KINDS))], schedule)
    tune(bert, tmp_path / "shuffled", [co_engagement_objective(user_items_of(shuffled))], schedule)
    assert share_with_neighbour_of_kind(bert, cache) < 0.75
    assert share_with_neighbour_of_kind(tmp_path / "true", cache) > 0.95
    assert share_with_neighbour_of_kind(tmp_path / "shuffled", cache) < 0.75


def test_neighbours_follow_aligned_targets(bert, tmp_path, cache):
    targets = np.eye(2, dtype=np.float32)[KINDS] + 0.2 * np.random.default_rng(0).random((24, 2))
    objective = AlignmentObjective(targets.astype(np.float32), ALL, temperature=0.2)
    tune(bert, tmp_path / "out", [objective], TrainingSchedule(steps=60, learning_rate=5e-3))
    assert share_with_neighbour_of_kind(tmp_path / "out", cache) > 0.9


def test_likes_and_texts_of_items_that_are_not_trainable_change_nothing(bert, tmp_path):
    trainable = np.arange(ITEMS) >= 5
    likes = user_items_of(KINDS)
    altered = likes.toarray()
    altered[:, :5] = ~altered[:, :5]
    for name, user_items, texts in (
        ("one", likes, TEXTS),
        ("other", sparse.csr_array(altered), ["w9"] * 5 + TEXTS[5:]),
    ):
        factors = behaviour_representation(user_items, trainable, 4, 1)
        objectives = [
            co_engagement_objective(user_items, trainable),
            AlignmentObjective(factors, trainable),
        ]
        tune(bert, tmp_path / name, objectives, texts=texts)
    assert same(weights(tmp_path / "one"), weights(tmp_path / "other"))


def test_a_resumed_run_gives_the_same_weights(bert, tmp_path):
    class Interrupted(CoEngagementObjective):
        calls = 0

        def loss(self, items, vectors):
            type(self).calls += 1
            if type(self).calls == 5:
                raise KeyboardInterrupt
            return super().loss(items, vectors)

    ties = co_engagement(user_items_of(KINDS), ALL, 8)
    aligned = AlignmentObjective(behaviour_representation(user_items_of(KINDS), ALL, 4, 1), ALL)
    tune(bert, tmp_path / "whole", [CoEngagementObjective(ties), aligned])
    state = tmp_path / "state"
    with pytest.raises(KeyboardInterrupt):
        tune(bert, tmp_path / "cut", [Interrupted(ties), aligned], checkpoint=state)
    assert not (tmp_path / "cut").exists()
    report = tune(bert, tmp_path / "cut", [CoEngagementObjective(ties), aligned], checkpoint=state)
    assert len(report.losses) == 2
    assert not state.exists()
    assert same(weights(tmp_path / "whole"), weights(tmp_path / "cut"))


@pytest.mark.parametrize("make", [tiny_models.bert, tiny_models.gpt2, tiny_models.xlnet])
@pytest.mark.parametrize("lora", [None, LoRA(rank=2)])
def test_every_kind_of_model_is_finetuned_and_loads_again(make, lora, tmp_path, cache):
    source = make(tmp_path / "source")
    texts = [f"a {word} film" for word in tiny_models.WESTERN[:6]]
    objective = co_engagement_objective(user_items_of(np.arange(6) % 2), np.ones(6, dtype=bool))
    report = finetune(
        source,
        texts,
        [objective],
        SCHEDULE,
        tmp_path / "out",
        batch_size=4,
        frozen_layers=1,
        lora=lora,
    )
    before, after = weights(source), weights(tmp_path / "out")
    assert before.keys() == after.keys()
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert changed
    assert not [name for name in changed if "embed" in name or ".0." in name or "wte" in name]
    assert 0 < report.trained < report.parameters
    encoded = [Encoder(tmp_path / name, 16, cache).encode(texts) for name in ("source", "out")]
    assert encoded[1].shape == encoded[0].shape
    assert not np.allclose(*encoded)


def test_large_models_are_finetuned_through_adapters(bert, tmp_path, monkeypatch):
    objectives = [co_engagement_objective(user_items_of(KINDS))]
    all_parameters = tune(bert, tmp_path / "small", objectives).trained
    monkeypatch.setattr("tastegraph.text.finetune.finetuning.LARGE_MODEL", 1)
    assert tune(bert, tmp_path / "large", objectives).trained < all_parameters
    monkeypatch.setitem(sys.modules, "peft", None)
    with pytest.raises(TastegraphError, match=r"pip install 'tastegraph\[lora\]'"):
        tune(bert, tmp_path / "without", objectives)


def test_a_real_sentence_model_changes_a_little(tmp_path, cache):
    source = assets.find("all-MiniLM-L6-v2")
    texts = ["a western with cowboys", "a film about robots", "love in space", "\ud800 ranch"]
    objective = co_engagement_objective(user_items_of(np.arange(4) % 2), np.ones(4, dtype=bool))
    schedule = TrainingSchedule(steps=2, learning_rate=1e-4)
    finetune(source, texts, [objective], schedule, tmp_path / "out", batch_size=4, frozen_layers=5)
    tuned = Encoder(tmp_path / "out", 64, cache).encode(texts)
    frozen = Encoder(source, 64, cache).encode(texts)
    assert np.linalg.norm(tuned, axis=1) == pytest.approx(np.ones(4), abs=1e-5)
    assert 0.8 < (tuned * frozen).sum(axis=1).min() < 0.99999


def test_settings_that_do_not_fit_are_errors(bert, tmp_path):
    objective = co_engagement_objective(user_items_of(KINDS))
    with pytest.raises(ConfigError, match="0 to 2 of this model"):
        tune(bert, tmp_path / "out", [objective], frozen_layers=3)
    with pytest.raises(ConfigError, match="at least an objective"):
        tune(bert, tmp_path / "out", [])
    with pytest.raises(TastegraphError, match="is there already"):
        tune(bert, tmp_path, [objective])
    with pytest.raises(ConfigError, match="hard share 1"):
        replace(objective, hard=1.0)
    with pytest.raises(ConfigError, match="nothing to learn"):
        co_engagement_objective(user_items_of(KINDS), np.zeros(ITEMS, dtype=bool))
    with pytest.raises(ConfigError, match="nothing to align"):
        AlignmentObjective(np.zeros((ITEMS, 2), np.float32), ALL)
