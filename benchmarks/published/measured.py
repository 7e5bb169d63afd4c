"""What was measured of one model under one seed, and where that is kept until the run is done."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tastegraph.models.fitted_model import (
    Hyperparameters,
    hyperparameters_from_json,
    hyperparameters_to_json,
)


@dataclass(frozen=True)
class Measured:
    """One model, knowing one kind of history.

    Attributes:
        values: metric → float64[P], whose mean is the metric; of users, who have the same places
            under every seed, or one number where it is no mean over users.
        fit_seconds: tuning included.
        score_seconds: ranking for everybody who is tested.
        memory_mb: most memory held meanwhile.
        choice: the settings, where there were any to choose.
        course: while choosing, seconds and validation NDCG@10 of what was better than all before.
    """

    values: Mapping[str, NDArray[np.float64]]
    fit_seconds: float
    score_seconds: float
    memory_mb: float
    choice: Hyperparameters | None = None
    course: tuple[tuple[float, float], ...] = ()


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
            entry = json.loads(str(archive["entry"]))
            entry["course"] = tuple((seconds, value) for seconds, value in entry["course"])
            if entry["choice"] is not None:
                entry["choice"] = hyperparameters_from_json(entry["choice"])
            return Measured(
                {name: archive[name] for name in archive.files if name != "entry"}, **entry
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
        np.savez_compressed(beside, allow_pickle=False, entry=json.dumps(entry), **measured.values)
        os.replace(beside, file)  # noqa: PTH105

    def clear(self) -> None:
        """Forget every measurement."""
        for file in self._folder.rglob("*.npz"):
            file.unlink()

    def _file(self, row: str, history: str, seed: int) -> Path:
        return self._folder / history / f"{row}.{seed}.npz".replace(" ", "-")
