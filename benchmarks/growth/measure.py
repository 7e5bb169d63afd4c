"""One size, in a process of its own: the whole system on the world of that many events.

    python measure.py EVENTS SEED [EPOCHS]

prints {events, users, items, facts, generate_seconds, generate_rss_mb, choose_seconds,
fit_seconds, assemble_seconds, score_seconds, peak_rss_mb, epochs, valid, threads} as JSON:
settings are chosen on the newest tenth of all events, then learned with from all of them.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import numpy as np
import torch

from benchmarks.growth.world import World
from tastegraph.core.config import EvaluationConfig, ModelConfig
from tastegraph.core.top_k import top_k_blocks
from tastegraph.evaluation.measurement import peak_memory_mb, reset_peak_memory
from tastegraph.models.base import NETWORK
from tastegraph.models.fit import assemble, fit
from tastegraph.models.tuning import choose
from tastegraph.profiles.splits import TRAIN, VALID, assign_splits

BY_TIME = EvaluationConfig(split="global-temporal", fractions=(0.9, 0.1, 0.0))
SCORED = 1_000
"""Users who are scored."""
LISTED = 10


def measured(n_events: int, seed: int, epochs: int | None = None) -> dict[str, Any]:
    """Seconds and memory of one size; ``epochs`` are the most of the network's, where given."""
    config = ModelConfig(seed=seed) if epochs is None else ModelConfig(seed=seed, epochs=epochs)
    clock = _Clock()
    world = World.of(n_events, seed)
    events, item_features = world.events, world.item_features
    results: dict[str, Any] = {
        "events": len(events),
        "people": events.n_users,
        "items": events.n_items,
        "facts": len(item_features.graph.heads),
        "generate_seconds": clock.lap(),
        "generate_rss_mb": round(peak_memory_mb()),
    }
    reset_peak_memory()
    parts = assign_splits(events, BY_TIME, seed)
    training, valid = events.select(parts == TRAIN), events.select(parts == VALID)
    chosen = choose(item_features, training, valid.user_items(), config)
    results["choose_seconds"] = clock.lap()
    fitted_model = fit(item_features, events, chosen.hyperparameters, config)
    results["fit_seconds"] = clock.lap()
    likes = events.user_items()
    model = assemble(item_features, likes, fitted_model)
    results["assemble_seconds"] = clock.lap()
    chance = np.random.default_rng(seed)
    users = chance.choice(events.n_users, min(SCORED, events.n_users), replace=False)
    everybody = events.histories(config.history)
    clock.lap()
    top_k_blocks(
        lambda rows: model.score([everybody[users[row]] for row in rows]),
        len(users), likes[users], LISTED,
    )  # fmt: skip
    results["score_seconds"] = round(clock.lap() * SCORED / len(users), 3)
    results["peak_rss_mb"] = round(peak_memory_mb())
    return results | {
        "epochs": fitted_model.hyperparameters.params[NETWORK].epochs,
        "valid": fitted_model.hyperparameters.valid,
        "threads": torch.get_num_threads(),
    }


class _Clock:
    def __init__(self) -> None:
        self._since = time.perf_counter()

    def lap(self) -> float:
        """Seconds since the last one."""
        before, self._since = self._since, time.perf_counter()
        return round(self._since - before, 3)


if __name__ == "__main__":
    print(json.dumps(measured(*(int(number) for number in sys.argv[1:]))))
