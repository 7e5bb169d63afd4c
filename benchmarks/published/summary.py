"""From measurements to a table's numbers: means, intervals, tests, costs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import t as student

from benchmarks.published.measured import Measured
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
    - ``seconds``: of the first fit with its tuning, of each seed's fit, and of ranking; ``memory``:
      MiB at most.
    - ``slices``: the same figures of each slice's users alone, and ``size``, how many they are.

    Args:
        rows: row → one measurement for each seed.
        metrics: those the field reports.
        slices: name → bool[P], of the users who are measured.
    """
    return {
        **_figures(rows, metrics),
        "slices": {
            name: {"size": int(who.sum()), **_figures(_of_users(rows, who), metrics)}
            for name, who in (slices or {}).items()
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
        row: {name: averaged(runs, name) for name in metrics if len(runs[0].values[name]) > 1}
        for row, runs in rows.items()
    }
    return {
        "rows": _per_row(by_seed, lambda values: _finite(float(np.mean(values)))),
        "by_seed": _per_row(by_seed, lambda values: [_finite(value) for value in values]),
        "intervals": _per_row(by_seed, seed_interval),
        "people": _per_row(per_user, _interval_over_users),
        "p": _tests(per_user),
    }


def _of_users(rows: Mapping[str, Row], who: Bools) -> dict[str, list[Measured]]:
    """The measurements of the users in ``who`` (bool[P]) alone."""
    return {
        row: [replace(m, values={name: v[who] for name, v in m.values.items()}) for m in runs]
        for row, runs in rows.items()
    }


def averaged(runs: Row, metric: str) -> NDArray[np.float64]:
    """float64[P]: each user's mean over the seeds."""
    return np.asarray(np.mean([measured.values[metric] for measured in runs], axis=0))


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
