"""Token prediction: masks of whole units, pairs of sentences, permutations, and the losses."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tastegraph.text.finetune import pretrained
from tastegraph.text.finetune.corpus import SPECIAL, TextDocument
from tastegraph.text.finetune.masked import SentencePairs
from tastegraph.text.finetune.prediction import (
    IGNORED,
    choose_targets,
    hide_targets,
    permutation_mask,
)
from tests.support.tiny_corpus import CORPUS

pytestmark = pytest.mark.slow

# masks

UNITS = st.lists(st.tuples(st.integers(1, 5), st.booleans()), max_size=40).map(
    lambda runs: np.concatenate(
        [np.zeros(0, np.int64)]
        + [np.full(size, k if known else SPECIAL) for k, (size, known) in enumerate(runs)]
    ).astype(np.int64)
)


@given(UNITS, st.floats(0.01, 0.9), st.integers(0, 99))
@settings(max_examples=200, deadline=None)
def test_whole_units_are_chosen_up_to_the_share(units, share, seed):
    targets = choose_targets(units, share, np.random.default_rng(seed))
    assert not targets[units == SPECIAL].any()
    for unit in set(units.tolist()) - {SPECIAL}:
        assert targets[units == unit].all() or not targets[units == unit].any()
    predictable = int((units != SPECIAL).sum())
    if predictable:
        count = max(round(share * predictable), 1)
        longest = max(np.bincount(units[units != SPECIAL]))
        assert count <= targets.sum() < count + longest
    else:
        assert not targets.any()


@given(UNITS, st.integers(0, 99))
@settings(max_examples=100, deadline=None)
def test_other_tokens_are_not_changed(units, seed):
    rng = np.random.default_rng(seed)
    ids = rng.integers(10, 20, len(units))
    targets = choose_targets(units, 0.3, rng)
    hidden = hide_targets(ids, units, targets, 4, np.arange(50, 60), rng)
    assert (hidden[~targets] == ids[~targets]).all()
    for unit in set(units[targets].tolist()):
        part = units == unit
        treatments = (
            (hidden[part] == 4).all(),
            (hidden[part] >= 50).all(),
            (hidden[part] == ids[part]).all(),
        )
        assert sum(treatments) == 1


def test_of_the_targets_80_percent_are_masked_10_replaced_10_left():
    rng = np.random.default_rng(0)
    ids, units = np.full(40_000, 9), np.arange(40_000)
    targets = choose_targets(units, 0.15, rng)
    assert targets.sum() == 6000
    hidden = hide_targets(ids, units, targets, 4, np.arange(50, 60), rng)[targets]
    shares = [(hidden == 4).mean(), (hidden >= 50).mean(), (hidden == 9).mean()]
    np.testing.assert_allclose(shares, [0.8, 0.1, 0.1], atol=0.015)


def test_a_permutation_hides_later_targets():
    class FixedOrder:
        def permutation(self, n):
            return np.array([1, 0])

    hidden = permutation_mask(np.array([False, True, True, False]), FixedOrder())
    assert hidden.astype(int).tolist() == [[0, 1, 1, 0], [0, 1, 0, 0], [0, 1, 1, 0], [0, 1, 1, 0]]


# pairs of sentences


def test_half_the_pairs_follow_and_half_are_of_two_documents(tokenizer):
    documents = [TextDocument(("jonny", "smith", "saw")), TextDocument((".", "it"))]
    follows = {(5, 6): {7}, (7,): {8}, (10,): {9}}
    own = [{5, 6, 7, 8}, {9, 10}]
    pairs = SentencePairs(documents, tokenizer, 16, False)
    assert len(pairs) == 3
    batch = pairs.batch(np.repeat(np.arange(3), 400), np.random.default_rng(1))
    ids = torch.where(batch["labels"] == IGNORED, batch["input_ids"], batch["labels"])
    for row, segments, label in zip(ids, batch["token_type_ids"], batch["following"], strict=True):
        words = row[(row != 2) & (row != 3) & (row != 0)].tolist()
        second = row[segments == 1].tolist()[:-1]
        first = tuple(words[: len(words) - len(second)])
        if label == 0:
            assert set(second) == follows[first]
        else:
            assert not set(second) & own[0 if first[0] in own[0] else 1]
    assert 0.46 < batch["following"].float().mean() < 0.54
    special = torch.isin(ids, torch.tensor(tokenizer.all_special_ids))
    assert (batch["labels"][special] == IGNORED).all()


def test_pairs_fit_the_length_and_contain_every_sentence(tokenizer):
    documents = [TextDocument(("it saw " * 50, "smith")), TextDocument(("jonny",))]
    pairs = SentencePairs(documents, tokenizer, 11, True)
    batch = pairs.batch(np.arange(len(pairs)), np.random.default_rng(1))
    assert len(pairs) == 25 + 1
    assert batch["input_ids"].shape[1] <= 11
    assert (batch["labels"] != IGNORED).any(1).all()
    assert batch["following"][-1] == IGNORED


def test_the_masked_loss_equals_the_loss_of_the_model(bert):
    objective, model, tokenizer = pretrained.read(bert)
    pairs = objective.examples(CORPUS[:20], tokenizer, 32, True)
    batch = pairs.batch(np.arange(16), np.random.default_rng(2))
    model.eval()
    with torch.no_grad():
        losses = objective.loss(model, batch)
        inputs = {k: v for k, v in batch.items() if k != "following"}
        outputs = model(**inputs, next_sentence_label=batch["following"])
    assert losses.mean.item() == pytest.approx(outputs.loss.item(), rel=1e-5)
    assert losses.tokens == int((batch["labels"] != IGNORED).sum())


# permutation and next token


def test_a_target_is_hidden_from_earlier_targets_of_the_order(xlnet):
    objective, model, tokenizer = pretrained.read(xlnet)
    blocks = objective.examples(CORPUS[:2], tokenizer, 32, True)
    batch = blocks.batch(np.arange(1), np.random.default_rng(3))
    hidden = batch["perm_mask"][0].bool()
    targets = batch["target_mapping"][0].argmax(1).tolist()
    order = sorted(targets, key=lambda t: int(hidden[t].sum()), reverse=True)
    model.eval()

    def hidden_states(ids):
        inputs = {k: v for k, v in batch.items() if k not in ("labels", "input_ids")}
        inputs["attention_mask"] = inputs["attention_mask"].float()
        with torch.no_grad():
            states = model.transformer(ids, **inputs, use_mems=False).last_hidden_state[0]
        return {target: states[k] for k, target in enumerate(targets)}

    before = hidden_states(batch["input_ids"])
    for place, changed in enumerate(order):
        ids = batch["input_ids"].clone()
        ids[0, changed] = (ids[0, changed] + 1) % len(tokenizer)
        after = hidden_states(ids)
        for k, target in enumerate(order):
            assert torch.equal(before[target], after[target]) == (k <= place)


def test_a_causal_model_predicts_every_token_but_the_first(gpt):
    objective, model, tokenizer = pretrained.read(gpt)
    blocks = objective.examples(CORPUS[:3], tokenizer, 16, True)
    batch = blocks.batch(np.arange(len(blocks)), np.random.default_rng(0))
    total = sum(
        len(tokenizer(" ".join(document.sentences))["input_ids"]) for document in CORPUS[:3]
    )
    assert objective.loss(model, batch).tokens == total  # each with an end, less its first
    assert batch["input_ids"].shape[1] == 16
