"""Opens a snapshot for the service, and lets none in that cannot answer.

Checksums say that files are as they were published; here is checked that they fit one another: by
their sizes, and by a list with reasons that the snapshot makes before it serves anybody.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.config import Config
from tastegraph.core.errors import SnapshotError, TastegraphError
from tastegraph.core.languages import DEFAULT_LANGUAGE
from tastegraph.core.messages import Message
from tastegraph.core.records import Event
from tastegraph.serving.lists.listing import ListRequest, UserState, make_list
from tastegraph.serving.snapshot.serving_snapshot import ServingSnapshot
from tastegraph.store.snapshots import Array, Snapshot

ROWS_IN_COMMON = (
    ("model.rows", "model.warm", "model.popularity"),
    ("text.rows", "text.vectors"),
    ("associations.node", "associations.relation", "associations.reverse"),
    ("associations.indices", "associations.strength", "associations.facts"),
    ("associations.indptr", "ties.indptr"),
    ("ties.indices", "ties.strength", "ties.facts"),
    ("features.indices", "features.strength"),
    ("nodes.indices", "nodes.strength"),
    ("prototypes.features", "prototypes.directions", "prototypes.lengths"),
)
"""Arrays that have as many rows as the first of their group; those that are not there count not."""
BLOCK_ROWS = 65_536
TRIAL_ITEMS = 3
"""Items of the history that a snapshot makes its first list for."""


def open_for_service(snapshot: Snapshot, config: Config) -> ServingSnapshot:
    """``snapshot``, ready to answer.

    Raises:
        SnapshotError: its arrays do not fit one another, or it cannot make a list.
    """
    try:
        _check_sizes(snapshot.arrays)
        opened = ServingSnapshot.open(snapshot, config)
        _check_answer(opened)
    except TastegraphError:
        raise
    except Exception as error:
        cause = f"{type(error).__name__}: {error}"
        raise SnapshotError(
            Message("snapshot.unfit", folder=snapshot.path, cause=cause)
        ) from error  # fmt: skip
    return opened


def _check_sizes(arrays: Mapping[str, Array]) -> None:
    for group in ROWS_IN_COMMON:
        present = [name for name in group if name in arrays]
        for one, other in pairwise(present):
            if len(arrays[one]) != len(arrays[other]):
                rows = f"{one}: {len(arrays[one])}, {other}: {len(arrays[other])}"
                raise ValueError(f"arrays of different lengths ({rows})")
    for name, array in arrays.items():
        if name.endswith(".indptr"):
            _check_ends(name, array, arrays.get(name.replace(".indptr", ".indices")))
        if not _is_finite(array):
            raise ValueError(f"{name} is not finite")


def _is_finite(array: Array) -> bool:
    """Whether all numbers are; a block at a time, so that no second array as long is made."""
    if array.dtype.names is not None:
        # Rows in few bytes: the codes are whole numbers, so their step alone could be otherwise.
        return all(_is_finite(array[field]) for field in array.dtype.names)
    if array.dtype.kind != "f" or not array.ndim:
        return bool(array.dtype.kind != "f" or np.isfinite(array))
    starts = range(0, len(array), BLOCK_ROWS)
    return all(bool(np.isfinite(array[start : start + BLOCK_ROWS]).all()) for start in starts)


def _check_ends(name: str, ends: Array, entries: NDArray[np.int32] | None) -> None:
    """The rows of a sparse matrix must lie in its entries, one after another."""
    if entries is None:
        return
    is_whole = len(ends) > 0 and ends[0] == 0 and ends[-1] == len(entries)
    if not is_whole or bool((np.diff(ends) < 0).any()):
        raise ValueError(f"{name} does not end where its {len(entries)} entries do")


def _check_answer(snapshot: ServingSnapshot) -> None:
    """Make a list for a history of some items, and one for nobody."""
    n_items = snapshot.model.n_listed
    rows = sorted({n_items * k // TRIAL_ITEMS for k in range(TRIAL_ITEMS)}) if n_items else []
    ids = [snapshot.names.item_ids[row] for row in rows]
    history = [Event(f"{k}", "", item_id, "like", None, 1.0 + k) for k, item_id in enumerate(ids)]
    for events in (history, []):
        state = UserState.of(events, [], snapshot)
        answer = make_list(snapshot, state, ListRequest(), time.time(), language=DEFAULT_LANGUAGE)
        if not all(np.isfinite(item.score) for item in answer.items):
            raise ValueError("a score is not finite")
