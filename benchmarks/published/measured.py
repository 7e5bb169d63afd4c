"""What was measured of one model under one seed, and where that is kept until the run is done."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tastegraph.models.fitted_model import (
    Hyperparameters,
    hyperparameters_from_json,
    hyperparameters_to_json,
)

ENTRY, LISTS, PROBABILITIES = "entry", "lists", "probabilities"
"""Names of what an archive holds beside the metrics; :data:`LISTS` is the beginning of some."""


@dataclass(frozen=True)
class Measured:
    """One model, knowing one kind of history.

    Attributes:
        values: metric → float64[U], whose mean is the metric, nan for users who are not tested; or
            one number where it is no mean over users.
        fit_seconds: tuning included.
        score_seconds: ranking for everybody who is tested.
        memory_mb: most memory held meanwhile.
        choice: the settings, where there were any to choose.
        course: while choosing, seconds and validation NDCG@10 of what was better than all before.
        lists: ending of a metric's name → int32[P, K], the lists of the tested users that these
            metrics are of; so slices of any kind can be measured without fitting anew.
        probabilities: float32[P] of the pairs of the test part, where clicks are predicted.
    """

    values: Mapping[str, NDArray[np.float64]]
    fit_seconds: float
    score_seconds: float
    memory_mb: float
    choice: Hyperparameters | None = None
    course: tuple[tuple[float, float], ...] = ()
    lists: Mapping[str, NDArray[np.int32]] = field(default_factory=dict)
    probabilities: NDArray[np.float32] | None = None


class Store:
    """A folder that keeps each measurement as it is made, so that a run can be interrupted.

    Args:
        folder: one for each state of data, settings and code.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, row: str, history: str, seed: int) -> Measured | None:
        """``None`` where it has not been measured."""
        file = self._file(row, history, seed)
        if not file.exists():
            return None
        with np.load(file, allow_pickle=False) as archive:
            entry = json.loads(str(archive[ENTRY]))
            entry["course"] = tuple((seconds, value) for seconds, value in entry["course"])
            if entry["choice"] is not None:
                entry["choice"] = hyperparameters_from_json(entry["choice"])
            names = [name for name in archive.files if name not in (ENTRY, PROBABILITIES)]
            return Measured(
                values={name: archive[name] for name in names if not name.startswith(LISTS)},
                lists={
                    name.removeprefix(LISTS): archive[name]
                    for name in names
                    if name.startswith(LISTS)
                },
                probabilities=archive.get(PROBABILITIES),
                **entry,
            )

    def put(self, row: str, history: str, seed: int, measured: Measured) -> None:
        """Keep a measurement: all of it, or none."""
        file = self._file(row, history, seed)
        file.parent.mkdir(parents=True, exist_ok=True)
        entry = {
            "fit_seconds": measured.fit_seconds,
            "score_seconds": measured.score_seconds,
            "memory_mb": measured.memory_mb,
            "course": measured.course,
            "choice": None if measured.choice is None else hyperparameters_to_json(measured.choice),
        }
        beside = file.with_suffix(".part.npz")
        arrays: dict[str, NDArray[Any]] = {
            LISTS + ending: lists for ending, lists in measured.lists.items()
        }
        if measured.probabilities is not None:
            arrays[PROBABILITIES] = measured.probabilities
        np.savez_compressed(
            beside, allow_pickle=False, **{ENTRY: json.dumps(entry)}, **arrays, **measured.values
        )
        os.replace(beside, file)  # noqa: PTH105

    def clear(self) -> None:
        """Forget every measurement."""
        for file in self._folder.rglob("*.npz"):
            file.unlink()

    def _file(self, row: str, history: str, seed: int) -> Path:
        return self._folder / history / f"{row}.{seed}.npz".replace(" ", "-")
