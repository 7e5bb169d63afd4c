"""Which events may bring an item into a list or hold it back, by the model's kernels: a guess only.

Whether they do is for :mod:`~tastegraph.serving.why_not.changes` to compute.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.arrays import Bools
from tastegraph.core.top_k import best_first
from tastegraph.models.base import segment
from tastegraph.models.hybrid import HybridModel
from tastegraph.models.kernels import Scores
from tastegraph.models.ranked import Ranked
from tastegraph.profiles.graphs import content_graph
from tastegraph.serving.snapshot.serving_snapshot import ServingSnapshot

POOL = 300
"""Items whose like is compared exactly."""
Rows = NDArray[np.int64]


def supporting_items(
    model: HybridModel, ranked: Ranked, item: int, listed: Rows, allowed: Bools
) -> Rows:
    """Those of some items whose like speaks for ``item``, int64[n], the most helpful first.

    It helps as much as it speaks more for the item than for those that have places of the list.

    Args:
        model: has the kernels and their weights.
        ranked: of the user.
        item: row of the item.
        listed: int64[k], rows of the items of the list.
        allowed: bool[I], which items.
    """
    alone, one = np.array([item], dtype=np.int32), np.ones(1, dtype=np.float32)
    totals = np.zeros(model.n_items, dtype=np.float32)
    kernels = []
    user_segment = segment(ranked.history)
    for name, component in model.similarities.items():
        (warm,), (cold,) = model.blend.rows(name, [user_segment])
        weight = warm if model.warm[item] else cold
        if not weight:
            continue
        row = component.kernel.row(alone, one)[: model.n_items]
        spread = float(row.std())
        if spread > 0:
            scale = np.float32(weight / spread)
            totals += scale * row
            kernels.append((component.kernel, scale))
    pool = best_first(np.where(allowed, totals, -np.inf).astype(np.float32), POOL)
    targets = np.concatenate([[item], listed[listed != item]]).astype(np.int64)
    entries = np.zeros((len(pool), len(targets)), dtype=np.float32)
    for kernel, scale in kernels:
        entries += scale * kernel.between(pool.astype(np.int32), targets)
    help_of = entries[:, 0] - (entries[:, 1:].mean(axis=1) if len(targets) > 1 else 0)
    order = np.argsort(-help_of, kind="stable")
    return np.asarray(pool[order][entries[order, 0] > 0], dtype=np.int64)


def supporting_entities(snapshot: ServingSnapshot, item: int) -> list[int]:
    """The named entities that facts tie to an item, the strongest tie first, as nodes."""
    associations, names = snapshot.associations, snapshot.names
    nodes = (int(associations.node[tie.feature]) for tie in content_graph(associations, item))
    return list(dict.fromkeys(
        node
        for node in nodes
        if node >= snapshot.model.n_listed and not names.is_value(node) and names.visible_name(node)
    ))  # fmt: skip


def event_shares(model: HybridModel, ranked: Ranked, item: int) -> Scores:
    """float32[T]: how much of the score of ``item`` each event of the history gives."""
    shares = np.zeros(len(ranked.history), dtype=np.float32)
    for name, (warm, cold) in ranked.factors.items():
        kernel = model.similarities[name].kernel
        items = ranked.history.within(kernel.n_sources).items
        entries = kernel.between(items, np.array([item]))[:, 0]
        shares += (warm if model.warm[item] else cold) * entries
    return shares
