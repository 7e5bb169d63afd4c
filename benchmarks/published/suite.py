"""The whole of a benchmark: every model under every seed, each measured once."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from shutil import rmtree
from typing import Any

from benchmarks.published.atomic import export_atomic
from benchmarks.published.benchmarks import BENCHMARKS, Benchmark
from benchmarks.published.field import LEARNED, ModelGrid
from benchmarks.published.fingerprint import fingerprint
from benchmarks.published.lists import ListEvaluator
from benchmarks.published.measured import Measured, Store
from benchmarks.published.peer import fitting
from benchmarks.published.peers import LIMITED, outcomes, peer_folder
from benchmarks.published.published import PUBLISHED
from benchmarks.published.reading import item_features_of
from benchmarks.published.sets.set import sizes
from benchmarks.published.slices import SliceValues
from benchmarks.published.summary import summary, summary_by_likes
from tastegraph import __version__
from tastegraph.core.config import ModelConfig
from tastegraph.core.progress import progress, say
from tastegraph.data.downloads import cache_root
from tastegraph.evaluation.comparison import CONTROLS
from tastegraph.evaluation.measurement import machine, seconds_to_quality
from tastegraph.evaluation.tables import REFERENCE
from tastegraph.models.fitted_model import Hyperparameters

PEER_LIMIT = 600.0
"""Seconds that each peer may train, where nothing else is said."""
Rows = dict[str, list[Measured]]


def run(
    name: str,
    data: Path,
    seeds: int,
    *,
    control_seeds: int | None = None,
    budget: float = 0.0,
    peers: bool = False,
    peer_limit: float = PEER_LIMIT,
    fresh: bool = False,
) -> dict[str, Any]:
    """Measure one benchmark; what was measured before under the same state is not measured again.

    Settings are chosen under the first seed and fitted under the others; anew for each split where
    every seed has its own.

    Args:
        name: of :data:`~benchmarks.published.benchmarks.BENCHMARKS`.
        data: the folder that holds the published files.
        seeds: how often each model that depends on one is learned, from seed 1 on.
        control_seeds: how often the controls are; by default as often, and so on each split.
        budget: seconds in which each network is tuned beyond its defaults.
        peers: whether other libraries are run too.
        peer_limit: seconds that each of them may train.
        fresh: measure everything anew but peers that were trained without a limit.

    Returns:
        ``sets.NAME`` of the results, ready for JSON.

    Raises:
        NotFoundError: the data are not there.
    """
    benchmark = BENCHMARKS[name]
    results: dict[str, Rows] = {history: {} for history in benchmark.histories}
    by_likes = {history: SliceValues() for history in benchmark.histories}
    fields = _fields(benchmark, data, seeds, budget)
    for seed, field in fields:
        folder = cache_root() / "benchmark" / name
        state = fingerprint(field.dataset, field.item_features, field.config)
        store = Store(folder / state)
        if fresh:
            store.clear()
        for history, values in by_likes.items():
            if benchmark.redrawn or seed == 1:
                values.add_sizes(field.judge.slice_sizes(history))
        rows = [row for row in field.rows() if seed <= _often(benchmark, row, seeds, control_seeds)]
        with progress(f"{name}, seed {seed} of {seeds}", len(rows)) as advance:
            for row in rows:
                before = results[benchmark.histories[0]].get(row)
                choice = before[0].choice if before and not benchmark.redrawn else None
                for history, measured in _measured(store, field, row, choice, benchmark.histories):
                    results[history].setdefault(row, []).append(measured)
                    by_likes[history].add(row, field.judge.sliced(measured, history))
                advance(1)
    notes = field.absent()
    first, *others = benchmark.histories
    chase: dict[str, dict[str, float | None]] = {}
    if peers and field.dataset.pairs is None:
        entered = results[first]
        known = set(entered)
        if fresh:
            rmtree(peer_folder(name) / LIMITED, ignore_errors=True)
        why, chase = _peers(field, peer_folder(name), entered, peer_limit)
        notes |= why
        for row in entered.keys() - known:
            by_likes[first].add(row, field.judge.sliced(entered[row][0], first))
    slices = field.slices()
    published = PUBLISHED[name]
    return {
        "protocol": benchmark.protocol,
        "history": first,
        "metrics": list(benchmark.metrics),
        "seeds": seeds,
        "sizes": sizes(field.dataset),
        **summary(results[first], benchmark.metrics, slices),
        "by_likes": summary_by_likes(by_likes[first], benchmark.metrics),
        "absent": notes,
        "chase": chase,
        "published": [row.as_dict() for row in published.rows],
        "must_beat": dict(published.must_beat),
        "aim": dict(published.aim),
        "also": {
            history: {
                **summary(results[history], benchmark.metrics, slices),
                "by_likes": summary_by_likes(by_likes[history], benchmark.metrics),
            }
            for history in others
        },
    }


def save(file: Path, name: str, results_of_set: dict[str, Any]) -> dict[str, Any]:
    """Put one benchmark's results into the file beside the others', and return all of them."""
    results: dict[str, Any] = {"sets": {}}
    if file.exists():
        results = json.loads(file.read_text(encoding="utf-8"))
    results["sets"][name] = results_of_set
    results["sets"] = {n: results["sets"][n] for n in BENCHMARKS if n in results["sets"]}
    results["machine"] = {**machine(), "tastegraph": __version__}
    beside = file.with_suffix(".part")
    beside.write_text(json.dumps(results, indent=1, allow_nan=False) + "\n", encoding="utf-8")
    beside.replace(file)
    return results


def _fields(
    benchmark: Benchmark, data: Path, seeds: int, budget: float
) -> Iterator[tuple[int, ModelGrid]]:
    load = partial(benchmark.load, data)
    dataset = load(1)
    item_features = item_features_of(dataset)
    for seed in range(1, seeds + 1):
        if benchmark.redrawn and seed > 1:
            dataset = load(seed)
        yield seed, ModelGrid(dataset, item_features, ModelConfig(seed=seed, budget=budget))


def _often(benchmark: Benchmark, row: str, seeds: int, control_seeds: int | None) -> int:
    """Up to which seed a row is measured: once where no seed changes it, on each split there is."""
    if row in CONTROLS and control_seeds is not None and not benchmark.redrawn:
        return control_seeds
    return seeds if row in LEARNED or benchmark.redrawn else 1


def _measured(
    store: Store,
    field: ModelGrid,
    row: str,
    choice: Hyperparameters | None,
    histories: Sequence[str],
) -> Iterator[tuple[str, Measured]]:
    seed = field.config.seed
    stored = {history: store.get(row, history, seed) for history in histories}
    missing = tuple(history for history, measured in stored.items() if measured is None)
    if missing:
        for history, measured in field.measured(row, missing, choice):
            store.put(row, history, seed, measured)
            stored[history] = measured
    yield from ((history, measured) for history, measured in stored.items() if measured is not None)


def _peers(
    field: ModelGrid, folder: Path, rows: Rows, limit: float
) -> tuple[dict[str, str], dict[str, dict[str, float | None]]]:
    """Add the peers' rows; return why others are absent or were stopped, and who was when as good.

    Of each peer: its best validation NDCG@10, the seconds it took to it, the seconds in which our
    choice had something as good, and their ratio; ``None`` where it never had.
    """
    export_atomic(field.dataset, folder)
    judge = field.judge
    if not isinstance(judge, ListEvaluator):
        raise TypeError("peers make lists, and this set has pairs")
    likes = field.dataset.events
    notes: dict[str, str] = {}
    chase: dict[str, dict[str, float | None]] = {}
    course = rows[REFERENCE][0].course
    shape = likes.n_users, likes.n_items
    for outcome in outcomes(fitting(folder), folder, shape, limit):
        name = outcome.peer.name
        if outcome.lists is None:
            notes[name] = outcome.error or "no lists"
            say(f"{name}: {notes[name]}")
            continue
        seconds, memory = (
            math.nan if value is None else value
            for value in (outcome.seconds_to_best, outcome.peak_rss_mb)
        )
        rows[name] = [judge.of_lists(outcome.lists, seconds, memory)]
        if ending := outcome.ending():
            notes[name] = ending
        if outcome.best_valid is not None and outcome.seconds_to_best is not None:
            ours = seconds_to_quality(outcome.best_valid, course)
            chase[name] = {
                "valid": outcome.best_valid,
                "seconds": outcome.seconds_to_best,
                "ours": ours,
                "ratio": None if ours is None else outcome.seconds_to_best / ours,
            }
    return notes, chase
