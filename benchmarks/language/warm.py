"""What the warm benchmarks rank by: the system, the same without text, EASE and popularity."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from benchmarks.language.system import fitted
from benchmarks.language.task import CUTOFF, METRICS, Values
from tastegraph.core.arrays import CSR
from tastegraph.core.top_k import top_k_blocks
from tastegraph.evaluation.metrics import per_user
from tastegraph.models.baselines import BASELINES
from tastegraph.models.item_features import ItemFeatures
from tastegraph.models.kernels import Scores
from tastegraph.profiles.interactions import History, Interactions

ROWS = ("system", "system_no_text", "ease", "popularity")
Rank = Callable[[NDArray[np.int64]], Scores]
Scorer = Callable[[Sequence[History]], Scores]


def scorers(
    item_features: ItemFeatures, training: Interactions, valid: CSR, known: Interactions, seed: int
) -> Iterator[tuple[str, Scorer]]:
    """Row → what scores histories, learned from ``known`` with settings chosen by ``valid``."""
    for row, told in (("system", item_features), ("system_no_text", item_features.text_off())):
        yield row, fitted(told, training, valid, known, seed).scores
    likes = known.user_items()
    yield "ease", BASELINES["ease"].fit(likes, 250.0).scores
    yield "popularity", BASELINES["popularity"].fit(likes).scores


def judged(scorer: Scorer, histories: Sequence[History], seen: CSR, wanted: CSR) -> Values:
    """NDCG and recall of lists over all items that are not in ``seen`` (CSR[P, I])."""
    top = top_k_blocks(ranker_of(scorer, histories), len(histories), seen, CUTOFF)
    told = per_user(top, wanted, (CUTOFF,), np.ones(wanted.shape[1], dtype=np.int64))
    return {name: told[name] for name in METRICS}


def ranker_of(scorer: Scorer, histories: Sequence[History]) -> Rank:
    """(rows) → float32[B, I]."""
    return lambda rows: scorer([histories[row] for row in rows])
