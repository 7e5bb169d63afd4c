"""The measurements: wishes read right, and lists that move, over one workspace."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from benchmarks.wishes.movement import Movement
from benchmarks.wishes.notation import HALVES, Wish, wishes
from tastegraph.serving.engine import Engine

MAX_MISTAKES = 20


def measure(
    engine: Engine, graph: str, users: Sequence[str], relations: Mapping[str, str]
) -> dict[str, Any]:
    """Both halves of the wishes over one graph.

    Args:
        engine: over the workspace.
        graph: section of the files of wishes.
        users: whose lists are compared before and after.
        relations: relation of the graph → its name in the notation.
    """
    engine.read_wish("more")
    movements = [Movement(engine, user) for user in users]
    return {
        half: _half(engine, wishes(file)[graph], movements, relations)
        for half, file in HALVES.items()
    }


def _half(
    engine: Engine,
    batch: Sequence[Wish],
    movements: Sequence[Movement],
    relations: Mapping[str, str],
) -> dict[str, Any]:
    mistakes: dict[str, list[str]] = {}
    still: dict[str, str] = {}
    seconds: list[float] = []
    n_moved = n_compared = n_wishes = n_wishes_moved = 0
    for wish in batch:
        start = time.process_time()
        steering = engine.read_wish(wish.text)
        seconds.append(time.process_time() - start)
        if wrong := wish.mistakes(steering, relations):
            mistakes[wish.text] = wrong
        outcomes = [movement.moved(steering.parsed) for movement in movements]
        compared = [outcome for outcome in outcomes if outcome is not None]
        if not compared:
            continue
        n_compared, n_moved = n_compared + len(compared), n_moved + sum(compared)
        n_wishes, n_wishes_moved = (
            n_wishes + 1,
            n_wishes_moved + (2 * sum(compared) > len(compared)),
        )
        if sum(compared) < len(compared):
            still[wish.text] = f"{sum(compared)} of {len(compared)} users"
    return {
        "wishes": len(batch),
        "right": len(batch) - len(mistakes),
        "mistakes": dict(list(mistakes.items())[:MAX_MISTAKES]),
        "lists": n_compared,
        "lists_moved": n_moved,
        "wishes_with_lists": n_wishes,
        "wishes_moved": n_wishes_moved,
        "not_always_moved": still,
        "milliseconds": round(median(seconds) * 1e3, 2),
    }
