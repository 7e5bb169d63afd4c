"""From measurements to a table's numbers: means, intervals, tests, costs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from benchmarks.published.field import LEARNED
from benchmarks.published.measured import Measured
from benchmarks.published.slices import SliceValues
from tastegraph.core.arrays import Bools
from tastegraph.evaluation.significance import bootstrap_interval, holm, paired_p
from tastegraph.evaluation.tables import REFERENCE

RESAMPLES = 10_000
BOOTSTRAP = 1_000
SEED = 1
Row = Sequence[Measured]


def summary(
    rows: Mapping[str, Row], metrics: Sequence[str], slices: Mapping[str, Bools] | None = None
) -> dict[str, Any]:
    """What a table says of each row, for JSON: nan becomes ``None``.

    - ``rows``: the mean over the seeds; ``by_seed``: each seed's.
    - ``intervals``: 95 % of that mean, Student's t over the seeds; ``None`` for one seed.
    - ``users``: 95 % of the mean over users, bootstrap; each user's mean over the seeds.
    - ``p``: of ``metrics``, against our row; a paired test of the same, Holm-adjusted over rows.
    - ``tested``: how many users are.
    - ``seconds``: of the first fit with its tuning, of each seed's fit, and of ranking; ``memory``:
      MiB at most.
    - ``slices``: the same figures of each slice's users alone, and ``size``, how many they are.

    Args:
        rows: row → one measurement for each seed.
        metrics: those the field reports.
        slices: name → bool[U], users.
    """
    apart = {name: _of_users(rows, who) for name, who in (slices or {}).items()}
    return {
        **_figures(rows, metrics),
        "tested": _tested(rows, metrics),
        "slices": {
            name: {"size": _tested(of_users, metrics), **_figures(of_users, metrics)}
            for name, of_users in apart.items()
        },
        "seconds": {
            row: {
                "fit": _finite(runs[0].fit_seconds),
                "fit_by_seed": [_finite(m.fit_seconds) for m in runs],
                "score": _finite(float(np.mean([m.score_seconds for m in runs]))),
            }
            for row, runs in rows.items()
        },
        "memory": {row: _finite(max(m.memory_mb for m in runs)) for row, runs in rows.items()},
    }


def _figures(rows: Mapping[str, Row], metrics: Sequence[str]) -> dict[str, Any]:
    """Means, by seed and over all, with intervals and tests."""
    by_seed = {
        row: {name: [_mean(m.values[name]) for m in runs] for name in runs[0].values}
        for row, runs in rows.items()
    }
    per_user = {
        row: {
            name: averaged([m.values[name] for m in runs])
            for name in metrics
            if name in runs[0].values and len(runs[0].values[name]) > 1
        }
        for row, runs in rows.items()
    }
    return {
        "rows": _per_row(by_seed, lambda values: _finite(float(np.mean(values)))),
        "by_seed": _per_row(by_seed, lambda values: [_finite(value) for value in values]),
        "intervals": _per_row(by_seed, seed_interval),
        "people": _per_row(per_user, _interval_over_users),
        "p": _tests(per_user),
    }


def summary_by_likes(slices: SliceValues, metrics: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Slice → its size, the rows' means and intervals over seeds, and p of the controls, for JSON.

    ``p`` is of the first of ``metrics`` against our row, paired by user, and Holm-adjusted over all
    slices and controls together.
    """
    metric = metrics[0]
    entries: dict[str, dict[str, Any]] = {}
    p: dict[str, float] = {}
    for name, by_row in slices.reported().items():
        by_seed = {
            row: {m: [_mean(values[m]) for values in runs] for m in metrics if m in runs[0]}
            for row, runs in by_row.items()
        }
        entries[name] = {
            **slices.size(name),
            "rows": _per_row(by_seed, lambda values: _finite(float(np.mean(values)))),
            "intervals": _per_row(by_seed, seed_interval),
            "p": {},
        }
        users = {row: averaged([values[metric] for values in runs]) for row, runs in by_row.items()}
        for row in [
            row for row in LEARNED if row != REFERENCE and row in users and REFERENCE in users
        ]:
            p[f"{name}\n{row}"] = paired_p(users[REFERENCE], users[row], RESAMPLES, SEED)
    for test, adjusted in holm(p).items():
        name, row = test.split("\n")
        entries[name]["p"][row] = {metric: _finite(adjusted)}
    return entries


def _of_users(rows: Mapping[str, Row], who: Bools) -> dict[str, list[Measured]]:
    """The measurements of the users in ``who`` (bool[U]) alone."""
    return {
        row: [replace(m, values={name: v[who] for name, v in m.values.items()}) for m in runs]
        for row, runs in rows.items()
    }


def _tested(rows: Mapping[str, Row], metrics: Sequence[str]) -> int:
    """How many users have a value."""
    runs = next(iter(rows.values()))
    return int(np.isfinite(averaged([m.values[metrics[0]] for m in runs])).sum())


def averaged(by_seed: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """float64[U]: each user's mean over the seeds under which there is a value; else nan."""
    values = np.asarray(by_seed)
    known = np.isfinite(values)
    total = np.where(known, values, 0.0).sum(axis=0)
    return np.asarray(np.where(known.any(axis=0), total / np.maximum(known.sum(axis=0), 1), np.nan))


def seed_interval(values: Sequence[float]) -> list[float] | None:
    """95 % of the mean over seeds; ``None`` for one seed."""
    if len(values) < 2 or not np.isfinite(values).all():
        return None
    half = student.ppf(0.975, len(values) - 1) * np.std(values, ddof=1) / math.sqrt(len(values))
    return [float(np.mean(values) - half), float(np.mean(values) + half)]


def _tests(
    per_user: Mapping[str, Mapping[str, NDArray[np.float64]]],
) -> dict[str, dict[str, float | None]]:
    ours = per_user.get(REFERENCE, {})
    p_values: dict[str, dict[str, float | None]] = {}
    for metric, reference in ours.items():
        p = {
            row: paired_p(reference, values[metric], RESAMPLES, SEED)
            for row, values in per_user.items()
            if row != REFERENCE and metric in values
        }
        for row, adjusted in holm(p).items():
            p_values.setdefault(row, {})[metric] = _finite(adjusted)
    return p_values


def _per_row(by_row: Mapping[str, Mapping[str, Any]], what: Any) -> dict[str, dict[str, Any]]:
    return {row: {name: what(v) for name, v in values.items()} for row, values in by_row.items()}


def _interval_over_users(values: NDArray[np.float64]) -> list[float | None]:
    return [_finite(end) for end in bootstrap_interval(values, BOOTSTRAP, SEED)]


def _mean(values: NDArray[np.float64]) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if len(known) else math.nan


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
