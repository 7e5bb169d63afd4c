"""How steeply a figure grows: 1 is in proportion, 2 with the square."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

GROWING = ("train_seconds", "score_seconds", "peak_rss_mb")


def slopes(sizes: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Figure → exponent of events by least squares on the log-log line; none of fewer than two."""
    if len(sizes) < 2:
        return {}
    events = [row["events"] for row in sizes]
    return {name: round(exponent(events, [of(row, name) for row in sizes]), 3) for name in GROWING}


def exponent(sizes: Sequence[float], figures: Sequence[float]) -> float:
    """The slope of figures against sizes on a log-log line, by least squares."""
    return float(np.polyfit(np.log(sizes), np.log(figures), 1)[0])


def steps(sizes: Sequence[Mapping[str, Any]], name: str) -> list[float]:
    """The exponent from each size to the next, of one figure of :data:`GROWING`."""
    return [slopes([one, other])[name] for one, other in pairwise(sizes)]


def of(row: Mapping[str, Any], name: str) -> float:
    """One figure of a size; ``train_seconds`` is all that has to happen before the first list."""
    if name == "train_seconds":
        parts = ("choose_seconds", "fit_seconds", "assemble_seconds")
        return float(sum(row[part] for part in parts))
    return float(row[name])
