"""The system as a set's benchmark chose it, fitted to the train split, and validation users."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from benchmarks.published.benchmarks import BENCHMARKS
from benchmarks.published.fingerprint import fingerprint
from benchmarks.published.measured import Store
from benchmarks.published.reading import item_features_of
from tastegraph.core.config import ModelConfig
from tastegraph.data.downloads import cache_root
from tastegraph.evaluation.evaluator import EvaluationData
from tastegraph.evaluation.tables import REFERENCE
from tastegraph.models.base import KNOWLEDGE, KNOWN, MAPPED_KNOWLEDGE
from tastegraph.models.fit import assembled, learn, training_data, with_cold_weights
from tastegraph.models.fitted_model import Hyperparameters
from tastegraph.models.hybrid import HybridModel
from tastegraph.models.training_data import TrainingData
from tastegraph.models.tuning import choose
from tastegraph.models.validation import Validation
from tastegraph.profiles.splits import VALID

MAX_USERS = 2_500
"""Validation users, at most; a seeded sample of them."""
FITTED = {KNOWLEDGE, MAPPED_KNOWLEDGE}
"""Components that are fitted even without a weight."""


@dataclass(frozen=True)
class ValidatedModel:
    """A model, and users with what they went on to like.

    Attributes:
        events: of the set, with their splits.
        data: the train split, what is learned from.
        hyperparameters: chosen on validation data.
        model: ranks; it has the components with a weight, and those of facts.
        validation: users.
        config: seed and sizes.
    """

    events: EvaluationData
    data: TrainingData
    hyperparameters: Hyperparameters
    model: HybridModel
    validation: Validation
    config: ModelConfig


@lru_cache(maxsize=1)
def validated_model(name: str, data: Path) -> ValidatedModel:
    """Fit one set under seed 1, with the settings of its benchmark where that was run before.

    Args:
        name: of the benchmark.
        data: the folder that holds the published files.

    Raises:
        ValueError: no user has both a like to learn from and one to find.
    """
    benchmark, config = BENCHMARKS[name], ModelConfig(seed=1)
    dataset = benchmark.load(data, 1)
    item_features = item_features_of(dataset)
    events = EvaluationData(dataset.events, dataset.parts, item_features)
    training, targets = events.train, events.targets(VALID)
    folder = cache_root() / "benchmark" / name / fingerprint(dataset, item_features, config)
    before = Store(folder).get(REFERENCE, benchmark.histories[0], config.seed)
    if before is None or before.choice is None:
        hyperparameters = choose(item_features, training, targets, config).hyperparameters
    else:
        hyperparameters = before.choice
    weighted = {component for component, weight in hyperparameters.weights[KNOWN].items() if weight}
    known = training_data(item_features, training, config)
    fitted_model = learn(known, hyperparameters, config, names=weighted | FITTED)
    fitted_model = with_cold_weights(known, fitted_model, config)
    validation = Validation.of(training, targets, config, MAX_USERS * training.n_items)
    if validation is None:
        raise ValueError(f"{name}: no user has a like to learn from and one to find")
    return ValidatedModel(
        events, known, hyperparameters, assembled(known, fitted_model), validation, config
    )
