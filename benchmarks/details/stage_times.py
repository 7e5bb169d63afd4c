"""Where the time of choosing and fitting goes, stage by stage, in processor seconds of one thread.

As a build does it: everything is chosen on the validation split, then fitted to the train and
validation split together. Texts are encoded before, so their encoding is not in it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.published.benchmarks import BENCHMARKS
from benchmarks.published.reading import item_features_of
from tastegraph.core.config import ModelConfig
from tastegraph.core.stages import profiled
from tastegraph.evaluation.evaluator import EvaluationData
from tastegraph.models.fit import assemble, fit
from tastegraph.models.tuning import choose
from tastegraph.profiles.splits import VALID


def stage_times(name: str, data: Path) -> dict[str, Any]:
    """Of one set under seed 1: number of events, NDCG@10 when chosen, and the seconds by stage."""
    dataset = BENCHMARKS[name].load(data, 1)
    item_features, config = item_features_of(dataset), ModelConfig(seed=1)
    events = EvaluationData(dataset.events, dataset.parts, item_features)
    both = events.train_and_valid
    with profiled() as profile:
        chosen = choose(item_features, events.train, events.targets(VALID), config)
        fitted_model = fit(item_features, both, chosen.hyperparameters, config)
        assemble(item_features, both.user_items(), fitted_model)
    return {
        "events": len(dataset.events),
        "ndcg": chosen.hyperparameters.valid,
        "processor_seconds": profile.processor_seconds,
        "stages": profile.as_json(),
    }
