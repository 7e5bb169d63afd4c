"""The training loop: learning rates, and equal weights of resumed and uninterrupted runs."""

import json

import numpy as np
import pytest
import torch
from torch import nn

from tastegraph.core.errors import TastegraphError
from tastegraph.text.finetune.checkpoints import MANIFEST, STATE
from tastegraph.text.finetune.loop import TrainingSchedule, train
from tastegraph.text.folders import complete_or_absent, possible_places

SCHEDULE = TrainingSchedule(steps=12, learning_rate=0.05, save_every=3)


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
        train(model, loss, SCHEDULE, "test", folder, identity)


def resumed(folder, identity="run"):
    model = Model()
    losses = train(model, model.loss, SCHEDULE, "test", folder, identity)
    return weights(model), losses


@pytest.fixture(scope="module")
def uninterrupted():
    model = Model()
    losses = train(model, model.loss, SCHEDULE, "test")
    return weights(model), losses


def test_the_learning_rate_rises_and_falls():
    schedule = TrainingSchedule(steps=10, learning_rate=2.0, warmup=0.2)
    expected = [1, 2, 2, 2 * 7 / 8, 2 * 6 / 8, 2 * 5 / 8, 1, 2 * 3 / 8, 0.5, 0.25]
    np.testing.assert_allclose([schedule.rate(step) for step in range(10)], expected)
    assert TrainingSchedule(steps=1, learning_rate=2.0).rate(0) == 2.0


@pytest.mark.parametrize("at", [2, 4, 7, 11])
def test_a_resumed_run_gives_the_same_weights(tmp_path, uninterrupted, at):
    interrupted(tmp_path / "state", at)
    final_weights, losses = resumed(tmp_path / "state")
    assert same(final_weights, uninterrupted[0])
    assert losses == uninterrupted[1][at // 3 * 3 :]


def test_a_run_resumed_twice_gives_the_same_weights(tmp_path, uninterrupted):
    interrupted(tmp_path / "state", 4)
    interrupted(tmp_path / "state", 8)
    assert same(resumed(tmp_path / "state")[0], uninterrupted[0])


@pytest.mark.parametrize("left", [1, 2], ids=["new", "old"])
def test_a_checkpoint_between_two_renames_is_used(tmp_path, uninterrupted, left):
    interrupted(tmp_path / "state", 7)
    (tmp_path / "state").rename(possible_places(tmp_path / "state")[left])
    final_weights, losses = resumed(tmp_path / "state")
    assert same(final_weights, uninterrupted[0])
    assert len(losses) == 6


def truncate(folder):
    with (folder / STATE).open("r+b") as file:
        file.truncate(100)


def flip(folder):
    content = bytearray((folder / STATE).read_bytes())
    content[-1] ^= 1
    (folder / STATE).write_bytes(content)


def wrong_hash(folder):
    manifest = json.loads((folder / MANIFEST).read_text())
    (folder / MANIFEST).write_text(json.dumps(manifest | {"sha256": "0" * 64}))


DAMAGE = {
    "truncated": truncate,
    "one bit": flip,
    "wrong hash": wrong_hash,
    "no state": lambda folder: (folder / STATE).unlink(),
    "no manifest": lambda folder: (folder / MANIFEST).unlink(),
    "empty manifest": lambda folder: (folder / MANIFEST).write_text(""),
    "list for manifest": lambda folder: (folder / MANIFEST).write_text("[1]"),
    "binary manifest": lambda folder: (folder / MANIFEST).write_bytes(b"\xff\xfe\x00"),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_checkpoint_is_warned_of_and_not_used(tmp_path, capsys, uninterrupted, damage):
    interrupted(tmp_path / "state", 7)
    damage(tmp_path / "state")
    final_weights, losses = resumed(tmp_path / "state")
    assert "is not used" in capsys.readouterr().err
    assert len(losses) == SCHEDULE.steps
    assert same(final_weights, uninterrupted[0])


def test_a_checkpoint_of_another_run_is_not_used(tmp_path, capsys, uninterrupted):
    interrupted(tmp_path / "state", 7, "other texts")
    final_weights, losses = resumed(tmp_path / "state")
    assert "other texts, settings or weights" in capsys.readouterr().err
    assert len(losses) == SCHEDULE.steps
    assert same(final_weights, uninterrupted[0])


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
    final_weights, _ = resumed(tmp_path / "state")
    assert "another model" in capsys.readouterr().err
    assert same(final_weights, uninterrupted[0])


def test_a_loss_that_is_not_finite_is_an_error(tmp_path):
    model = Model()
    with pytest.raises(TastegraphError, match="step 0 is nan: lower the learning rate"):
        train(model, lambda step, rng: model.loss(step, rng) * float("nan"), SCHEDULE, "test")


def test_no_trainable_parameter_is_an_error():
    model = Model().requires_grad_(False)
    with pytest.raises(TastegraphError, match="no parameter"):
        train(model, model.loss, SCHEDULE, "test")


def test_biases_do_not_decay():
    model = nn.Linear(2, 2)
    with torch.no_grad():
        model.weight.fill_(1.0)
        model.bias.fill_(1.0)
    schedule = TrainingSchedule(steps=1, learning_rate=0.1, weight_decay=0.5)
    train(model, lambda step, rng: (model.weight.sum() + model.bias.sum()) * 0, schedule, "test")
    assert torch.allclose(model.weight, torch.tensor(1 - 0.1 * 0.5))
    assert torch.equal(model.bias, torch.ones(2))


def test_a_folder_is_complete_or_absent(tmp_path):
    folder = tmp_path / "folder"
    with complete_or_absent(folder) as new:
        (new / "a").write_text("1")
    with pytest.raises(ZeroDivisionError), complete_or_absent(folder) as new:  # noqa: PT012
        (new / "a").write_text("2")
        raise ZeroDivisionError
    assert (folder / "a").read_text() == "1"
    assert list(tmp_path.iterdir()) == [folder]
