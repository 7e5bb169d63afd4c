"""What a user would pick instead: other libraries on the same split, each in its own process."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.published.peer import Outcome, Peer
from tastegraph.core.errors import NotFoundError
from tastegraph.core.progress import progress

HOME = Path(__file__).parents[1]
"""Where a checkout has the scripts (``peers/``) and their environment (``.venv-peers/``)."""
GRACE = 300.0
"""Seconds past its limit in which a peer may still recommend with the best it found."""
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


def run_peers(
    peers: Sequence[Peer],
    folder: Path,
    out: Path,
    shape: tuple[int, int],
    *,
    k: int,
    limit: float,
    threads: int,
    home: Path = HOME,
) -> Iterator[Outcome]:
    """Run one peer after another; one that fails is an outcome that says so.

    Args:
        peers: which, in this order.
        folder: has the set's atomic files; tokens are row numbers.
        out: gets a folder with ``lists.npy``, ``peer.json`` and ``log.txt`` for each peer.
        shape: number of users and of items.
        k: length of the lists.
        limit: seconds after which a peer is to hand in the best it has.
        threads: for every library alike.
        home: has ``peers/`` and ``.venv-peers/``.

    Raises:
        NotFoundError: the peers' environment was not made.
    """
    python = home / ".venv-peers/bin/python"
    if not python.exists():
        raise NotFoundError(
            f"{python} is not there: in a checkout, run `make benchmarks/.venv-peers/ready`"
        )
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment |= dict.fromkeys(_THREADS, str(threads))
    environment |= {"OMP_WAIT_POLICY": "PASSIVE", "CUDA_VISIBLE_DEVICES": ""}
    with progress("Peers", len(peers)) as advance:
        for peer in peers:
            place = out / peer.name.replace(" ", "-").lower()
            place.mkdir(parents=True, exist_ok=True)
            script = home / "peers" / f"{peer.library.lower()}_peer.py"
            command = [python, script, peer.model, folder, place, "--limit", limit, "--k", k]
            error = _call([str(part) for part in command], place, environment, limit + GRACE)
            yield _outcome(peer, place, error, (shape[0], k), shape[1])
            advance(1)


def _call(command: list[str], place: Path, environment: dict[str, str], limit: float) -> str | None:
    for name in ("lists.npy", "peer.json"):
        (place / name).unlink(missing_ok=True)
    log = place / "log.txt"
    with log.open("wb") as opened:
        try:
            done = subprocess.run(
                command, stdout=opened, stderr=opened, env=environment, timeout=limit
            )
        except subprocess.TimeoutExpired:
            return f"not done after {limit:g} s"
    if done.returncode < 0:
        return f"ended by {signal.Signals(-done.returncode).name}"
    if done.returncode > 0:
        lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return lines[-1] if lines else f"exit status {done.returncode}"
    return None


def _outcome(
    peer: Peer, place: Path, error: str | None, shape: tuple[int, int], n_items: int
) -> Outcome:
    answer: dict[str, Any] = {}
    lists = None
    if error is None:
        try:
            answer = json.loads((place / "peer.json").read_text(encoding="utf-8"))
            error = answer["error"]
            lists = None if error else _lists(place / "lists.npy", shape, n_items)
        except (OSError, ValueError, KeyError) as wrong:
            error = f"{type(wrong).__name__}: {wrong}"
    return Outcome(
        peer,
        lists,
        answer.get("version"),
        answer.get("seconds_total"),
        answer.get("seconds_to_best"),
        answer.get("best_valid"),
        tuple((seconds, score) for seconds, score in answer.get("course", ())),
        answer.get("peak_rss_mb"),
        answer.get("stopped", False),
        error,
    )


def _lists(file: Path, shape: tuple[int, int], n_items: int) -> NDArray[np.int32]:
    """Users past the last who has events may be missing; they get empty lists."""
    lists = np.load(file)
    if lists.ndim != 2 or lists.shape[0] > shape[0] or lists.shape[1] != shape[1]:
        raise ValueError(f"lists are {lists.shape}, not {shape}")
    if lists.dtype != np.int32 or lists.min(initial=-1) < -1 or lists.max(initial=-1) >= n_items:
        raise ValueError(f"lists are not row numbers of {n_items} items")
    padded = np.full(shape, -1, dtype=np.int32)
    padded[: len(lists)] = lists
    return padded
