"""Ways to rank new items beside known ones.

| rule | new items are ranked by |
|---|---|
| system | the model as it is: the weights of items without events |
| weights of known items | the weights that rank items with events |
| with the network | as the system, and the network with the weight it has on items with events |
| oracle | their later popularity: each stands behind as many known items as will be liked more |
| random | chance: the places that the system gives new items, dealt out anew |

The first three are models, the last two put new items elsewhere among the system's scores.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from tastegraph.core.arrays import CSR, Bools, Ints
from tastegraph.models.base import NETWORK
from tastegraph.models.hybrid import Blend, HybridModel
from tastegraph.models.kernels import Scores

SYSTEM, ORACLE, RANDOM = "system", "oracle", "random"


def models(model: HybridModel, new: Bools) -> dict[str, HybridModel]:
    """Rule → model; only the ``new`` items (bool[I]) are ranked otherwise."""
    blend = model.blend
    with_network: Mapping[str, Mapping[str, float]] = {
        who: {**weights, NETWORK: blend.warm[who].get(NETWORK, 0.0)}
        for who, weights in blend.cold.items()
    }
    return {
        SYSTEM: model,
        "weights of known items": replace(model, warm=model.warm | new),
        "with the network": replace(model, blend=Blend(blend.warm, with_network)),
    }


def by_popularity(scores: Scores, seen: CSR, new: Bools, later: Ints) -> Scores:
    """Each new item stands behind as many known ones as will be liked more often.

    Args:
        scores: float32[M, I]; the order of the known items stays.
        seen: bool CSR[M, I], what is not offered and stands in nobody's way.
        new: bool[I].
        later: int64[I], likes after the cut.

    Returns:
        float32[M, I], minus the places.
    """
    known = np.flatnonzero(~new)
    offered = scores.copy()
    offered[seen.nonzero()] = -np.inf
    order = np.argsort(-offered[:, known], axis=1, kind="stable")
    ranks = np.broadcast_to(np.arange(len(known), dtype=np.float32), order.shape)
    of_known = np.empty(order.shape, dtype=np.float32)
    np.put_along_axis(of_known, order, ranks, axis=1)
    more = ((later[:, None] > later[new]) & ~new[:, None]).astype(np.float32)
    ahead = more.sum(axis=0) - seen.astype(np.float32) @ more
    # Behind the last that is more popular, and before the next; the popular ones first.
    within = later[new] / (later.max(initial=0) + 1)
    places = np.empty_like(scores)
    places[:, known] = of_known
    places[:, new] = ahead - 0.5 - 0.4 * within
    return -places


def at_random(scores: Scores, seen: CSR, new: Bools, rng: np.random.Generator) -> Scores:
    """The scores of the new items that are offered dealt out anew among them, row by row.

    Args:
        scores: float32[M, I].
        seen: bool CSR[M, I], what is not offered.
        new: bool[I].
        rng: deals.
    """
    dealt = scores.copy()
    for row in range(len(scores)):
        offered = new.copy()
        offered[seen.indices[seen.indptr[row] : seen.indptr[row + 1]]] = False
        dealt[row, offered] = rng.permutation(scores[row, offered])
    return dealt
