"""The whole system on a task: chosen on validation data, fitted on all that is known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.language.task import NEWEST
from tastegraph.core.arrays import CSR
from tastegraph.core.config import ModelConfig
from tastegraph.models.fit import assemble, fit
from tastegraph.models.hybrid import HybridModel
from tastegraph.models.item_features import ItemFeatures
from tastegraph.models.kernels import Scores
from tastegraph.models.tuning import choose
from tastegraph.profiles.interactions import History, Interactions

EPOCHS = 1
"""Of the network, at most: it is no part of what ranks cold items."""


def fitted(
    item_features: ItemFeatures,
    training: Interactions,
    valid: CSR,
    known: Interactions,
    seed: int,
) -> HybridModel:
    """The model of ``known``, with every setting chosen by ``valid`` after ``training``."""
    config = ModelConfig(seed=seed, epochs=EPOCHS, history=NEWEST)
    hyperparameters = choose(item_features, training, valid, config).hyperparameters
    return assemble(
        item_features, known.user_items(), fit(item_features, known, hyperparameters, config)
    )


def ranker(model: HybridModel, histories: Sequence[History]):  # type: ignore[no-untyped-def]
    """(rows) → float32[B, I]."""

    def scores(rows: NDArray[np.int64]) -> Scores:
        return model.score([histories[row] for row in rows])

    return scores
