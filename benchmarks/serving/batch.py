"""Lists of many users against implicit's, on the same factors: lists a processor second.

    python -m benchmarks.serving.batch [--items 100000] [--python PYTHON]

A seeded catalogue of random factors, users whose vectors are the sums of the vectors of twenty
items. implicit's ``recommend(userids, user_items, N)`` runs in a process of its own, in the
environment of the other libraries; both take turns, each on one thread, and the middle of the
rounds' ratios counts. Our side goes the whole way of a list but for its words: user vectors from
histories, their spread, candidates by products of blocks, exact scores, the best without what was
seen.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from benchmarks.serving.page import BATCH_RESULTS, write_page
from tastegraph.core.progress import say
from tastegraph.core.top_k import best_first
from tastegraph.evaluation.measurement import machine
from tastegraph.models.base import KNOWN, NEW, TEXT, SimilarityComponent
from tastegraph.models.batch import BlockModel, block_size
from tastegraph.models.hybrid import OVERSAMPLING, Blend, HybridModel
from tastegraph.models.kernels import FactorKernel
from tastegraph.models.ranked import Quota
from tastegraph.models.retrieval.index import RetrievalIndex
from tastegraph.models.retrieval.moments import Moments
from tastegraph.profiles.attention import Recency
from tastegraph.profiles.interactions import History

_ROOT = Path(__file__).parents[2]
PEER_PYTHON = _ROOT / "benchmarks" / ".venv-peers" / "bin" / "python"
_PEER = _ROOT / "benchmarks" / "peers" / "implicit_lists.py"
USERS, LENGTH, EVENTS, ROUNDS = 1_000, 10, 20, 5
SHAPES = ((10_000, 64), (100_000, 64), (100_000, 128))
"""Items and dimensions."""


def main() -> None:
    """Measure each shape, and write what was measured."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--python", type=Path, default=PEER_PYTHON, help="that has implicit")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    rows = []
    for n_items, width in SHAPES:
        rows.append(measured(n_items, width, arguments.python, arguments.seed))
        say(json.dumps(rows[-1]))
    results = {"rows": rows, "machine": machine()}
    BATCH_RESULTS.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")
    write_page()


def measured(n_items: int, width: int, python: Path, seed: int) -> dict[str, Any]:
    """Rounds of both in turn, on one catalogue."""
    rng = np.random.default_rng(seed)
    factors = (rng.normal(size=(n_items, width)) / np.sqrt(width)).astype(np.float32)
    histories = [
        History(rng.choice(n_items, EVENTS, replace=False).astype(np.int32), np.ones(EVENTS, "f4"))
        for _ in range(USERS)
    ]
    model = model_of(factors)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write_inputs(folder, factors, histories)
        command = [str(python), str(_PEER), str(folder), str(LENGTH)]
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        ours, theirs = [], []
        with subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
        ) as peer:
            assert peer.stdin is not None
            assert peer.stdout is not None
            for _ in range(ROUNDS + 1):
                start = time.process_time()
                lists = block_lists(model, histories)
                ours.append(time.process_time() - start)
                peer.stdin.write("\n")
                peer.stdin.flush()
                theirs.append(float(peer.stdout.readline()))
            peer.stdin.close()
        same = np.load(folder / "lists.npy")
    ours, theirs = ours[1:], theirs[1:]  # the first round warms both up
    return {
        "items": n_items,
        "dimensions": width,
        "users": USERS,
        "n": LENGTH,
        "lists_a_second": USERS / median(ours),
        "implicit_lists_a_second": USERS / median(theirs),
        "ratio": median(other / own for own, other in zip(ours, theirs, strict=True)),
        "same_places": float((lists == same).mean()),
        "load": os.getloadavg()[0],
    }


def model_of(factors: NDArray[np.float32]) -> HybridModel:
    """A model that scores by products of these vectors, and finds candidates by the same ones."""
    n_items, width = factors.shape
    warm = np.ones(n_items, dtype=np.bool_)
    weights = {who: {TEXT: 1.0} for who in (NEW, KNOWN)}
    moments = {TEXT: Moments.of(factors, warm)}
    queries = {TEXT: np.eye(width, dtype=np.float32)}
    return HybridModel(
        components={TEXT: SimilarityComponent(Recency(), FactorKernel(factors, factors))},
        blend=Blend(weights, weights),
        warm=warm,
        rows=np.arange(n_items),
        popularity=np.zeros(n_items, dtype=np.int64),
        index=RetrievalIndex(factors, queries, moments, OVERSAMPLING * LENGTH, 1.0, 0.0),
    )


def block_lists(model: HybridModel, histories: list[History]) -> NDArray[np.int64]:
    """int64[U, 10], the best items that are not of the history."""
    lists = np.empty((len(histories), LENGTH), dtype=np.int64)
    size = block_size(model)
    listable = np.ones(model.n_items, dtype=np.bool_)
    for start in range(0, len(histories), size):
        block = histories[start : start + size]
        together = BlockModel.of(model, block)
        for row, history in enumerate(block, start=start):
            listable[history.items] = False
            ranked = together.rank(history, [Quota(listable, LENGTH)])
            scores = np.where(listable[ranked.items], ranked.scores, -np.inf)
            lists[row] = ranked.items[best_first(scores.astype(np.float32), LENGTH)]
            listable[history.items] = True
    return lists


def _write_inputs(folder: Path, factors: NDArray[np.float32], histories: list[History]) -> None:
    np.save(folder / "items.npy", factors)
    vectors = [factors[history.items].sum(axis=0) for history in histories]
    np.save(folder / "users.npy", np.array(vectors, dtype=np.float32))
    items = np.concatenate([history.items for history in histories])
    indptr = np.arange(0, len(items) + 1, EVENTS)
    shape = len(histories), len(factors)
    seen = sparse.csr_matrix((np.ones(len(items), "f4"), items, indptr), shape=shape)
    sparse.save_npz(folder / "seen.npz", seen)


if __name__ == "__main__":
    main()
