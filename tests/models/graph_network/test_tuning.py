"""Which networks are trained on validation data, and which one is taken."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, get_args

import numpy as np
import pytest
from scipy import sparse

from tastegraph.core.config import Convolution, ModelConfig
from tastegraph.models.graph_network import tuning
from tastegraph.models.graph_network.parameters import NetworkSettings, TrainedNetwork
from tastegraph.models.graph_network.tasks import SetCompletion
from tastegraph.models.graph_network.training import GraphData
from tastegraph.models.graph_network.tuning import Candidate, best_network, is_clearly_better
from tests.support.small_graphs import random_graph

QUALITY = {"linear": 0.3, "LGConv": 0.2, "GCNConv": 0.5, "RGCNConv": 0.4, "GATConv": 0.1}


@pytest.fixture
def settings_trained(monkeypatch: pytest.MonkeyPatch) -> list[NetworkSettings]:
    """Settings of the networks that are trained, whose quality is ``QUALITY`` − temperature."""
    trained: list[NetworkSettings] = []

    def train(
        _: Any, __: Any, settings: NetworkSettings, *___: Any, expired: Any
    ) -> TrainedNetwork:
        trained.append(settings)
        quality = QUALITY[settings.convolution] - settings.temperature
        quality -= settings.shrinkage / 100
        return TrainedNetwork({}, [], [], settings, quality)

    monkeypatch.setattr(tuning, "train", train)
    return trained


def chosen(config: ModelConfig) -> NetworkSettings:
    likes = sparse.csr_array(np.ones((3, 12), dtype=bool))
    no_text = np.zeros((30, 1), np.float32)
    data = GraphData(random_graph(), no_text, likes, np.ones(6, np.float32), np.arange(30))
    validation: Any = None
    return best_network(data, SetCompletion(likes), validation, config).settings


def test_by_default_only_linear_networks_are_trained(
    settings_trained: list[NetworkSettings],
) -> None:
    assert chosen(ModelConfig()).convolution == "linear"
    assert {each.convolution for each in settings_trained} == {"linear"}


def test_without_shrinkage_one_network_is_trained_for_each_temperature(
    settings_trained: list[NetworkSettings],
) -> None:
    chosen(ModelConfig(shrinkage="off"))
    assert [each.temperature for each in settings_trained] == [0.1, 0.2]
    assert {each.shrinkage for each in settings_trained} == {0}


def test_shrinkage_is_chosen_from_the_strongest_on(
    settings_trained: list[NetworkSettings],
) -> None:
    """Each shrinkage has its weight of knowledge; without standard errors the best is taken."""
    best = chosen(ModelConfig())
    assert [each.temperature for each in settings_trained] == [0.1, 0.2, 0.1, 0.1]
    assert [each.shrinkage for each in settings_trained] == [1, 1, 0.1, 0]
    assert [each.knowledge_weight for each in settings_trained] == [2, 2, 1, 0.5]
    assert (best.shrinkage, best.temperature) == (0, 0.1)


def test_nothing_is_shrunk_less_once_that_is_worse(
    settings_trained: list[NetworkSettings], monkeypatch: pytest.MonkeyPatch
) -> None:
    of_linear = tuning.train

    def train(*arguments: Any, **options: Any) -> TrainedNetwork:
        network = of_linear(*arguments, **options)
        return replace(network, valid=network.valid + network.settings.shrinkage / 10)

    monkeypatch.setattr(tuning, "train", train)
    assert chosen(ModelConfig()).shrinkage == 1
    assert [each.shrinkage for each in settings_trained] == [1, 1, 0.1]


def test_shrunken_network_is_taken_unless_another_is_clearly_better() -> None:
    """The standard error is of the differences by user."""
    network: Any = None
    rng = np.random.default_rng(0)
    by_user = rng.random(100)
    noise = rng.normal(0, 0.1, 100)
    noise -= noise.mean()
    error = noise.std(ddof=1) / 10

    def candidate(values: np.ndarray) -> Candidate:
        return Candidate(float(values.mean()), network, values)

    own = candidate(by_user)
    for gain, better in ((0.9, False), (1.1, True), (-1.0, False)):
        other = candidate(by_user + noise + gain * error)
        assert is_clearly_better(other, own) == better


def test_a_configured_convolution_is_the_only_one(settings_trained: list[NetworkSettings]) -> None:
    assert chosen(ModelConfig(convolution="GATConv")).convolution == "GATConv"
    assert {each.convolution for each in settings_trained} == {"GATConv"}


def test_auto_trains_each_convolution_at_the_best_temperature(
    settings_trained: list[NetworkSettings],
) -> None:
    best = chosen(ModelConfig(convolution="auto", shrinkage="off"))
    assert best.convolution == "GCNConv"
    others = settings_trained[2:]
    assert [each.convolution for each in others] == [*get_args(Convolution)[1:]]
    assert others == [replace(best, convolution=each.convolution) for each in others]


def test_a_budget_ends_the_comparison_of_convolutions(
    settings_trained: list[NetworkSettings], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Linear networks are trained anyway; of the others, as many as begin within the budget."""
    seconds = iter([0.0, 0.0, 0.5, 2.0, 2.0, 2.0, 2.0])
    monkeypatch.setattr(tuning.time, "monotonic", lambda: next(seconds))
    monkeypatch.setattr(tuning, "_searched", lambda *_: iter(()))
    config = ModelConfig(convolution="auto", budget=1.0, shrinkage="off")
    assert chosen(config).convolution == "GCNConv"
    assert [each.convolution for each in settings_trained[2:]] == ["LGConv", "GCNConv"]
