"""What was chosen is used again until the data differ much; choosing is a budget, and resumable."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest

from tastegraph.core.config import Config, checked_config
from tastegraph.core.errors import ConfigError
from tastegraph.models import trials as models_trials
from tastegraph.models import tuning
from tastegraph.models.base import BEHAVIOUR, NETWORK
from tastegraph.models.graph_network import tuning as network_tuning
from tastegraph.models.trials import Trials, choosing, current_trials
from tastegraph.models.tuning import choose
from tastegraph.workspace import Workspace
from tests.models.test_tuning import world
from tests.support.cinema import SETTINGS, events, facts, films

CONFIG = Config.model_validate({"model": {"dimensions": 8, "epochs": 2}}).model


@pytest.fixture
def chosen(monkeypatch):
    """How often settings are chosen."""
    calls = []
    choose_settings = tuning.choose

    def counting(*arguments, **options):
        calls.append(arguments)
        return choose_settings(*arguments, **options)

    monkeypatch.setattr(tuning, "choose", counting)
    return calls


def more_events(share: float) -> list:
    """Copies of the first events, as many as ``share`` of all, half a second later."""
    every = events()
    return [
        replace(event, event_id=f"later-{k}", timestamp=event.timestamp + 0.5)
        for k, event in enumerate(every[: round(share * len(every))])
    ]


@pytest.mark.slow
def test_settings_are_used_again_until_the_data_differ_much(cinema, chosen, capsys):
    first = cinema.snapshots.manifest(cinema.snapshots.current())
    assert first["chosen"]["version"] is None
    assert first["chosen"]["events"] > 0
    cinema.record(more_events(0.1))
    again = cinema.snapshots.manifest(cinema.build())
    assert chosen == []
    assert again["choice"] == first["choice"]
    assert again["chosen"] == {**first["chosen"], "version": first["version"]}
    assert "settings are those of snapshot 000001" in capsys.readouterr().err
    others = [
        replace(event, event_id=f"{event.event_id}-b", user_id=f"{event.user_id}-b")
        for event in more_events(0.5)
    ]
    cinema.record(others)
    anew = cinema.snapshots.manifest(cinema.build())
    assert len(chosen) == 1
    assert anew["chosen"]["version"] is None
    printed = capsys.readouterr().err
    assert "settings are chosen anew" in printed
    assert "events became" in printed


@pytest.mark.slow
def test_another_configuration_or_an_erasure_chooses_anew(cinema, chosen, capsys):
    cinema.config.model.__dict__["history"] = 20
    cinema.build()
    assert len(chosen) == 1
    assert "model.history changed in tastegraph.toml" in capsys.readouterr().err
    cinema.erase.user("western-fan-1")
    cinema.build()
    assert len(chosen) == 2
    assert "are forgotten" in capsys.readouterr().err


@pytest.mark.slow
def test_a_duration_chooses_anew_though_nothing_changed_and_off_never_does(cinema, chosen):
    before = cinema.snapshots.current()
    assert cinema.build(tune="off") == before
    assert cinema.build(tune="1s") != before
    assert len(chosen) == 1
    cinema.config.model.__dict__["history"] = 20
    cinema.build(tune="off")
    assert len(chosen) == 1


@pytest.mark.slow
def test_off_before_anything_was_chosen_uses_defaults(tmp_path, chosen, capsys):
    workspace = Workspace.init(tmp_path / "cinema", {**SETTINGS})
    workspace.ingest(items=films(), events=events(), facts={"films": facts()})
    manifest = workspace.snapshots.manifest(workspace.build(tune="off"))
    workspace.close()
    assert chosen == []
    assert manifest["choice"]["valid"] is None
    assert "the defaults are used" in capsys.readouterr().err


@pytest.mark.slow
def test_an_interrupted_build_goes_on(tmp_path, monkeypatch, capsys):
    """It ends with the same snapshot as one that was not interrupted; nothing is left behind."""
    digests = []
    for name in ("whole", "interrupted"):
        workspace = Workspace.init(tmp_path / name, SETTINGS)
        workspace.ingest(items=films(), events=events(), facts={"films": facts()})
        if name == "interrupted":
            with monkeypatch.context() as patch:
                patch.setattr(tuning, "fit_weights", None)
                with pytest.raises(TypeError):
                    workspace.build()
            assert list((workspace.directory / "trials").glob("*.npz"))
            monkeypatch.setattr(network_tuning, "train", None)
            monkeypatch.setattr(tuning, "tune_for_cold", None)
        manifest = workspace.snapshots.manifest(workspace.build())
        digests.append((manifest["files"], manifest["choice"]))
        assert not (workspace.directory / "trials").exists()
        workspace.close()
    assert "choosing goes on" in capsys.readouterr().err
    assert digests[0] == digests[1]


def test_trials_of_other_inputs_are_not_used(tmp_path):
    folder = tmp_path / "trials"

    def interrupted() -> Trials:
        with choosing(folder, "one") as trials:
            current_trials().record(f"trial {len(list(folder.glob('*.npz')))}", {"x": 1}, arrays)
            raise KeyboardInterrupt
        return trials

    arrays = {"array": np.arange(3)}
    for _ in range(2):
        with pytest.raises(KeyboardInterrupt):
            interrupted()
    trials = Trials(folder)
    for name in ("trial 0", "trial 1"):
        trial = trials.recorded(name)
        assert trial.values == {"x": 1}
        np.testing.assert_array_equal(trial.arrays["array"], np.arange(3))
    assert trials.recorded("trial 2") is None
    with choosing(folder, "other") as trials:
        assert trials.recorded("a") is None
    assert not folder.exists()


def test_a_budget_ends_training_and_trials(tmp_path, monkeypatch):
    """With no time left each step is taken once."""
    item_features, training, valid = world()
    epochs = []
    train = network_tuning.train

    def recorded(*arguments, **options):
        network = train(*arguments, **options)
        epochs.append(network.settings.epochs)
        return network

    monkeypatch.setattr(network_tuning, "train", recorded)
    config = CONFIG.model_copy(update={"epochs": 8})
    with choosing(tmp_path / "trials", "key", seconds=0.0):
        fitted_model = choose(item_features, training, valid, config)
    assert set(epochs) == {1}
    assert fitted_model.hyperparameters.params[NETWORK].epochs == 1
    assert BEHAVIOUR in fitted_model.learned


def test_seconds_left_are_of_a_share_of_the_budget():
    trials = Trials(seconds=100.0, _began=time.monotonic() - 80)
    assert trials.seconds_left(models_trials.NETWORK_SHARE) < 0
    assert 9 < trials.seconds_left(models_trials.TRIALS_SHARE) < 11
    assert not Trials().limited


@pytest.mark.parametrize("value", ["auto", "off", "90s", "1.5h", 600])
def test_tune_is_a_word_or_a_duration(value):
    assert checked_config({"model": {"tune": value}}, "test").model.tune == str(value)


def test_another_tune_is_an_error():
    with pytest.raises(ConfigError, match=r"neither auto nor off nor a duration"):
        checked_config({"model": {"tune": "soon"}}, "test")
