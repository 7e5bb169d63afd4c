"""The layers of the graph network compared: NDCG@10 on validation data, and what training costs.

Each network is trained on the train split alone and stopped by its own quality on the validation
split, as the system does it, with the sizes and temperatures that it has by default.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from benchmarks.published.benchmarks import BENCHMARKS
from benchmarks.published.reading import item_features_of
from tastegraph.core.config import Convolution, ModelConfig
from tastegraph.core.progress import say
from tastegraph.evaluation.evaluator import EvaluationData
from tastegraph.models.fit import training_data
from tastegraph.models.graph_network.component import graph_data, training_task
from tastegraph.models.graph_network.tuning import best_network
from tastegraph.models.validation import Validation
from tastegraph.profiles.splits import VALID

SEEDS = (1, 2)


def convolutions(name: str, data: Path) -> Iterator[dict[str, Any]]:
    """Results of one set, convolution → one for each seed; they grow with every measurement.

    A measurement has the seed, NDCG@10, the epochs of the best network, its layers, heads and
    dimensions, and the processor seconds that choosing it took.
    """
    dataset = BENCHMARKS[name].load(data, 1)
    item_features = item_features_of(dataset)
    events = EvaluationData(dataset.events, dataset.parts, item_features)
    targets = events.targets(VALID)
    results: dict[str, Any] = {}
    for seed in SEEDS:
        for convolution in get_args(Convolution):
            config = ModelConfig(seed=seed, convolution=convolution)
            validation = Validation.of(events.train, targets, config)
            assert validation is not None
            known = training_data(item_features, events.train, config)
            task = training_task(known)
            start = time.process_time()
            network = best_network(graph_data(known), task, validation, config)
            seconds = time.process_time() - start
            settings = network.settings
            results.setdefault(convolution, []).append(
                {
                    "seed": seed,
                    "ndcg": network.valid,
                    "epochs": settings.epochs,
                    "layers": settings.layers,
                    "heads": settings.heads,
                    "dimensions": settings.dimensions,
                    "cpu_seconds": seconds,
                }
            )
            say(f"{name}, {convolution}, seed {seed}: {network.valid:.4f}, {seconds:.0f} s")
            yield results
