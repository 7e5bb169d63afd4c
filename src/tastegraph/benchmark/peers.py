"""What a user would pick instead, trained elsewhere on the same files and judged by us.

A peer is given a folder of atomic files (:func:`tastegraph.benchmark.atomic.export_atomic`) and
leaves there ``PEER.npy``, int32[U, k], and ``PEER.json``, ``{"seconds": …, "memory_mb": …}`` or
``{"note": "why there is none"}``.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tastegraph.benchmark.sets.set import Set
from tastegraph.errors import TastegraphError

PEERS: Mapping[str, Callable[[Set, Path], None]] = {}
"""Name → what trains it on a set's atomic files in a folder, and leaves its answer there."""


@dataclass(frozen=True)
class Peer:
    """How a peer ended.

    Attributes:
        top: int32[U, k], each person's items, best first, -1 where a list ends; ``None`` where
            the peer failed.
        seconds: to its best validation score; nan where it was not measured.
        memory_mb: most memory held.
        note: why there is no list.
    """

    top: NDArray[np.int32] | None
    seconds: float = math.nan
    memory_mb: float = math.nan
    note: str = ""


def run_peers(told: Set, folder: Path) -> dict[str, Peer]:
    """Train every peer that has no answer in ``folder`` yet; one that fails is an answer too."""
    answers = {}
    for name, train in PEERS.items():
        if not (folder / f"{name}.json").exists():
            train(told, folder)
        answers[name] = read_answer(folder, name, told)
    return answers


def read_answer(folder: Path, name: str, told: Set) -> Peer:
    """What a peer left in ``folder``.

    Raises:
        TastegraphError: there is neither a list nor a note, or the list is not of this set.
    """
    file = folder / f"{name}.json"
    if not file.is_file():
        raise TastegraphError(f"{file} is missing: the peer {name} left no answer")
    said = json.loads(file.read_text(encoding="utf-8"))
    if "note" in said:
        return Peer(None, note=str(said["note"]))
    top = np.load(folder / f"{name}.npy", allow_pickle=False)
    if top.ndim != 2 or len(top) != told.events.n_users or top.dtype != np.int32:
        raise TastegraphError(
            f"{folder / name}.npy holds {top.dtype}{list(top.shape)}; "
            f"int32[{told.events.n_users}, k] is expected"
        )
    return Peer(top, float(said.get("seconds", math.nan)), float(said.get("memory_mb", math.nan)))
