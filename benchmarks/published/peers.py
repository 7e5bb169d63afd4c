"""What a user would pick instead: other libraries on the same split, each in its own process."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.published.lists import EVALUATION
from benchmarks.published.peer import CONVERGING, Outcome, Peer
from tastegraph.core.errors import NotFoundError
from tastegraph.core.progress import progress
from tastegraph.data.downloads import cache_root

HOME = Path(__file__).parents[1]
"""Where a checkout has the scripts (``peers/``) and their environment (``.venv-peers/``)."""
GRACE = 300.0
"""Seconds past its limit in which a peer may still recommend with the best it found."""
CONVERGED, LIMITED = "converged", "limited"
"""Folders of what was run without a limit, and with one."""
KEY, BEGUN = "key.txt", "begun.txt"
"""What a finished run, and one that is not, was of."""
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


def peer_folder(name: str) -> Path:
    """Where the files of a set are for its peers, and what came of them."""
    return cache_root() / "benchmark" / name / "peers"


def outcomes(
    peers: Sequence[Peer], folder: Path, shape: tuple[int, int], limit: float, home: Path = HOME
) -> Iterator[Outcome]:
    """What came of each peer on a set: without a limit, where it has been run so; else with it.

    Args:
        peers: which, in this order.
        folder: of :func:`peer_folder`, with the set's atomic files.
        shape: number of users and of items.
        limit: seconds that each may train.
        home: as of :func:`run_peers`.
    """
    k = max(EVALUATION.cutoffs)
    state = state_of(folder, math.inf, k, home)
    for peer in peers:
        place, key = place_of(peer, folder / CONVERGED), f"{peer.name} {state}"
        known = finished(peer, place, key, (shape[0], k), shape[1], math.inf)
        if known is not None and peer in CONVERGING:
            yield known
            continue
        out = folder / (CONVERGED if math.isinf(limit) else LIMITED)
        yield from run_peers(
            [peer], folder, out, shape, k=k, limit=limit, threads=os.cpu_count() or 1, home=home
        )


def place_of(peer: Peer, out: Path) -> Path:
    """The folder of one peer."""
    return out / peer.name.replace(" ", "-").lower()


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
        out: gets a folder with ``lists.npy``, ``peer.json`` and ``log.txt`` for each peer; one that
            has finished there before under the same circumstances is not run again, and a training
            without a limit goes on where it was interrupted, if its library can.
        shape: number of users and of items.
        k: length of the lists.
        limit: seconds after which a peer is to hand in the best it has; infinite for none.
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
    state = state_of(folder, limit, k, home)
    environment = os.environ | {"PYTHONPATH": str(HOME.parent)}
    environment |= dict.fromkeys(_THREADS, str(threads))
    environment |= {"OMP_WAIT_POLICY": "PASSIVE", "CUDA_VISIBLE_DEVICES": ""}
    with progress("Peers", len(peers)) as advance:
        for peer in peers:
            place = place_of(peer, out)
            place.mkdir(parents=True, exist_ok=True)
            whole = (shape[0], k)
            key = f"{peer.name} {state}"
            known = finished(peer, place, key, whole, shape[1], limit)
            if known is not None:
                yield known
                advance(1)
                continue
            script = home / "peers" / f"{peer.library.lower()}_peer.py"
            command = [python, script, peer.model, folder, place, "--limit", limit, "--k", k]
            _forget(place, key)
            error = _call([str(part) for part in command], place, environment, limit + GRACE)
            (place / KEY).write_text(key, encoding="utf-8")
            yield _outcome(peer, place, error, whole, shape[1], limit)
            advance(1)


def state_of(folder: Path, limit: float, k: int, home: Path = HOME) -> str:
    """What an outcome depends on, as one name: the set's files, the scripts and the limit."""
    state = sha256(f"{limit} {k}".encode())
    files = [*folder.glob("*.inter"), *folder.glob("*.kg"), *folder.glob("*.link")]
    for file in (*sorted(files), *sorted((home / "peers").glob("*.[pt][yx]*"))):
        state.update(file.name.encode() + file.read_bytes())
    return state.hexdigest()


def finished(
    peer: Peer, place: Path, key: str, shape: tuple[int, int], n_items: int, limit: float
) -> Outcome | None:
    """What an earlier run of the same peer handed in, unless it failed; ``None`` without one."""
    file = place / KEY
    if not file.exists() or file.read_text(encoding="utf-8") != key:
        return None
    outcome = _outcome(peer, place, None, shape, n_items, limit)
    return None if outcome.error else outcome


def _forget(place: Path, key: str) -> None:
    """Leave a training where it is if the same is to go on, and nothing else."""
    running = place / BEGUN
    if not running.exists() or running.read_text(encoding="utf-8") != key:
        for file in place.iterdir():
            file.unlink()
    (place / KEY).unlink(missing_ok=True)
    running.write_text(key, encoding="utf-8")


def _call(command: list[str], place: Path, environment: dict[str, str], limit: float) -> str | None:
    for name in ("lists.npy", "peer.json"):
        (place / name).unlink(missing_ok=True)
    log = place / "log.txt"
    with log.open("wb") as opened:
        try:
            done = subprocess.run(
                command,
                stdout=opened,
                stderr=opened,
                env=environment,
                timeout=limit if math.isfinite(limit) else None,
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
    peer: Peer,
    place: Path,
    error: str | None,
    shape: tuple[int, int],
    n_items: int,
    limit: float,
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
        answer.get("epochs"),
        limit,
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
