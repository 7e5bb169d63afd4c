"""The training loop: its rates, and that an interrupted run gives the weights of a whole one."""

import json

import numpy as np
import pytest
import torch
from torch import nn

from tastegraph.core.errors import TastegraphError
from tastegraph.text.finetune.checkpoints import MANIFEST, STATE
from tastegraph.text.finetune.loop import TrainingSchedule, train
from tastegraph.text.folders import complete_or_absent, possible_places

PLAN = TrainingSchedule(steps=12, learning_rate=0.05, save_every=3)


class Model(nn.Module):
    """One layer always, one from step 5 on, one never gets a gradient; dropout draws."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(4)
        self.always, self.late, self.never = nn.Linear(3, 2), nn.Linear(2, 2), nn.Linear(2, 2)
        self.dropout = nn.Dropout(0.5)

    def loss(self, step, rng):
        inner = self.dropout(self.always(torch.tensor(rng.normal(size=(8, 3)), dtype=torch.float)))
        return (self.late(inner) if step >= 5 else inner).square().mean()


def weights(model):
    return {name: parameter.detach().clone() for name, parameter in model.named_parameters()}


def same(a, b):
    return all(torch.equal(a[name], b[name]) for name in a)


def interrupted(folder, at, identity="run", model=None):
    model = model or Model()

    def loss(step, rng):
        if step == at:
            raise KeyboardInterrupt
        return model.loss(step, rng)

    with pytest.raises(KeyboardInterrupt):
        train(model, loss, PLAN, "test", folder, identity)


def resumed(folder, identity="run"):
    model = Model()
    losses = train(model, model.loss, PLAN, "test", folder, identity)
    return weights(model), losses


@pytest.fixture(scope="module")
def uninterrupted():
    model = Model()
    losses = train(model, model.loss, PLAN, "test")
    return weights(model), losses


def test_rates_rise_and_fall():
    plan = TrainingSchedule(steps=10, learning_rate=2.0, warmup=0.2)
    expected = [1, 2, 2, 2 * 7 / 8, 2 * 6 / 8, 2 * 5 / 8, 1, 2 * 3 / 8, 0.5, 0.25]
    np.testing.assert_allclose([plan.rate(step) for step in range(10)], expected)
    assert TrainingSchedule(steps=1, learning_rate=2.0).rate(0) == 2.0


@pytest.mark.parametrize("at", [2, 4, 7, 11])
def test_an_interrupted_run_gives_the_same_weights(tmp_path, uninterrupted, at):
    interrupted(tmp_path / "state", at)
    found, losses = resumed(tmp_path / "state")
    assert same(found, uninterrupted[0])
    assert losses == uninterrupted[1][at // 3 * 3 :]


def test_a_run_interrupted_twice_gives_the_same_weights(tmp_path, uninterrupted):
    interrupted(tmp_path / "state", 4)
    interrupted(tmp_path / "state", 8)
    assert same(resumed(tmp_path / "state")[0], uninterrupted[0])


@pytest.mark.parametrize("left", [1, 2], ids=["new", "old"])
def test_a_state_between_two_renames_is_found(tmp_path, uninterrupted, left):
    interrupted(tmp_path / "state", 7)
    (tmp_path / "state").rename(possible_places(tmp_path / "state")[left])
    found, losses = resumed(tmp_path / "state")
    assert same(found, uninterrupted[0])
    assert len(losses) == 6


def truncate(folder):
    with (folder / STATE).open("r+b") as file:
        file.truncate(100)


def flip(folder):
    content = bytearray((folder / STATE).read_bytes())
    content[-1] ^= 1
    (folder / STATE).write_bytes(content)


def lie(folder):
    told = json.loads((folder / MANIFEST).read_text())
    (folder / MANIFEST).write_text(json.dumps(told | {"sha256": "0" * 64}))


DAMAGE = {
    "truncated": truncate,
    "one bit": flip,
    "wrong hash": lie,
    "no state": lambda folder: (folder / STATE).unlink(),
    "no manifest": lambda folder: (folder / MANIFEST).unlink(),
    "empty manifest": lambda folder: (folder / MANIFEST).write_text(""),
    "list for manifest": lambda folder: (folder / MANIFEST).write_text("[1]"),
    "binary manifest": lambda folder: (folder / MANIFEST).write_bytes(b"\xff\xfe\x00"),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_half_a_checkpoint_is_told_of_and_not_used(tmp_path, capsys, uninterrupted, damage):
    interrupted(tmp_path / "state", 7)
    damage(tmp_path / "state")
    found, losses = resumed(tmp_path / "state")
    assert "is not used" in capsys.readouterr().err
    assert len(losses) == PLAN.steps
    assert same(found, uninterrupted[0])


def test_a_checkpoint_of_another_run_is_not_used(tmp_path, capsys, uninterrupted):
    interrupted(tmp_path / "state", 7, "other texts")
    found, losses = resumed(tmp_path / "state")
    assert "other texts, settings or weights" in capsys.readouterr().err
    assert len(losses) == PLAN.steps
    assert same(found, uninterrupted[0])


def wider(model):
    model.never = nn.Linear(2, 5)


def larger(model):
    model.more = nn.Linear(2, 2)


def smaller(model):
    model.never = nn.Identity()


@pytest.mark.parametrize("change", [wider, larger, smaller])
def test_a_checkpoint_of_another_model_is_not_used(tmp_path, capsys, uninterrupted, change):
    model = Model()
    change(model)
    interrupted(tmp_path / "state", 7, model=model)
    found, _ = resumed(tmp_path / "state")
    assert "another model" in capsys.readouterr().err
    assert same(found, uninterrupted[0])


def test_a_loss_that_is_not_finite_is_told_of(tmp_path):
    model = Model()
    with pytest.raises(TastegraphError, match="step 0 is nan: lower the learning rate"):
        train(model, lambda step, rng: model.loss(step, rng) * float("nan"), PLAN, "test")


def test_nothing_to_train_is_told_of():
    model = Model().requires_grad_(False)
    with pytest.raises(TastegraphError, match="no parameter"):
        train(model, model.loss, PLAN, "test")


def test_biases_do_not_decay():
    model = nn.Linear(2, 2)
    with torch.no_grad():
        model.weight.fill_(1.0)
        model.bias.fill_(1.0)
    plan = TrainingSchedule(steps=1, learning_rate=0.1, weight_decay=0.5)
    train(model, lambda step, rng: (model.weight.sum() + model.bias.sum()) * 0, plan, "test")
    assert torch.allclose(model.weight, torch.tensor(1 - 0.1 * 0.5))
    assert torch.equal(model.bias, torch.ones(2))


def test_a_folder_is_there_whole_or_not_at_all(tmp_path):
    folder = tmp_path / "kept"
    with complete_or_absent(folder) as new:
        (new / "a").write_text("1")
    with pytest.raises(ZeroDivisionError), complete_or_absent(folder) as new:  # noqa: PT012
        (new / "a").write_text("2")
        raise ZeroDivisionError
    assert (folder / "a").read_text() == "1"
    assert list(tmp_path.iterdir()) == [folder]
