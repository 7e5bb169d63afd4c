"""Whom a request is for, and what may be recommended: ids of a caller as rows of a data set."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tastegraph.core.arrays import CSR, Bools, binary
from tastegraph.core.errors import FrameError, NotFoundError
from tastegraph.data.frames import library_of, read_columns, read_ids
from tastegraph.models.dataset import Dataset
from tastegraph.profiles.interactions import History, Interactions

Unknown = Literal["popularity", "warn", "raise"]
"""What a user without history gets: popular items, the same with a warning, or an error."""
MAX_EXAMPLES = 3
"""Ids that an error names."""


@dataclass(frozen=True)
class Audience:
    """The users of one request.

    Attributes:
        ids: as they came.
        events: that their histories are of.
        rows: int64[U], their rows in ``events``; -1 for users of whom nothing is known.
    """

    ids: pl.Series
    events: Interactions
    rows: NDArray[np.int64]

    def histories(self, newest: int | None) -> list[History]:
        """Of every user, the ``newest`` events where events have an order."""
        return self.events.histories(newest, self.rows)

    def seen(self) -> CSR:
        """bool CSR[U, I]: items that a user has any event on."""
        events = self.events
        cells = binary(events.users, events.items, (events.n_users + 1, events.n_items))
        return cells[np.where(self.rows >= 0, self.rows, events.n_users)]


def audience_of(dataset: Dataset, users: Any, histories: Any, unknown: Unknown) -> Audience:
    """The users that a caller names, by default all, and where their histories are.

    Args:
        dataset: what the model was fitted on.
        users: ids; ``None`` for all, or all of ``histories``.
        histories: a frame of events that are the users' histories instead.
        unknown: what users get of whom nothing is known.

    Raises:
        NotFoundError: a user is not known, with ``unknown="raise"``.
        FrameError: an argument has a wrong type.
    """
    if unknown not in ("popularity", "warn", "raise"):
        raise FrameError(f"unknown: 'popularity', 'warn' or 'raise' is expected, {unknown!r} found")
    ids, events = dataset.users, dataset.events
    if histories is not None:
        ids, events = dataset.events_of(histories)
    if users is None:
        return Audience(ids.column, events, np.arange(len(ids)))
    names = read_ids(users, "user_id", "users")
    rows = ids.rows(names)
    unseen = names.filter(pl.Series(rows < 0))
    if len(unseen) and unknown != "popularity":
        text = f"{len(unseen)} of {len(names)} users are not known, such as {_examples(unseen)}"
        if unknown == "raise":
            raise NotFoundError(
                f"{text}: give their events as histories=…, or unknown='popularity'"
            )
        warnings.warn(f"{text}: they get the most popular items", stacklevel=3)
    numbers = ids.integers and names.cast(pl.Int64, strict=False).null_count() == 0
    return Audience(names.cast(pl.Int64) if numbers else names, events, rows)


def item_rows(dataset: Dataset, items: Any, argument: str) -> NDArray[np.int64]:
    """int64[n], rows of the items that a caller names.

    Raises:
        NotFoundError: one is not known.
        FrameError: ``items`` is no list of ids.
    """
    names = read_ids(items, "item_id", argument)
    rows = dataset.items.rows(names)
    unseen = names.filter(pl.Series(rows < 0))
    if len(unseen):
        raise NotFoundError(
            f"{argument}: {len(unseen)} of {len(names)} items are not in the data that the "
            f"model was fitted on, such as {_examples(unseen)}"
        )
    return rows


def item_subset(dataset: Dataset, candidates: Any) -> Bools:
    """bool[I]: the items that may be recommended."""
    allowed = np.zeros(dataset.n_items, dtype=np.bool_)
    allowed[item_rows(dataset, candidates, "candidates")] = True
    return allowed


def allowed_items(dataset: Dataset, candidates: Any, audience: Audience) -> Bools | CSR | None:
    """The items that may be recommended: to all (bool[I]), to each user (CSR[U, I]), or any."""
    if candidates is None:
        return None
    both = ("user_id", "item_id")
    if library_of(candidates) is None or "user_id" not in list(
        getattr(candidates, "column_names", candidates.columns)
    ):
        return item_subset(dataset, candidates)
    table = read_columns(candidates, "candidates", both, both).frame
    items = item_rows(dataset, table["item_id"], "candidates")
    names = audience.ids.cast(pl.String).to_list()
    places = {name: place for place, name in enumerate(dict.fromkeys(names))}
    users = read_ids(table["user_id"], "user_id", "candidates").to_list()
    pairs = [(places[u], i) for u, i in zip(users, items, strict=True) if u in places]
    cells = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    allowed = binary(cells[:, 0], cells[:, 1], (len(places), dataset.n_items))
    return allowed[[places[name] for name in names]]


def _examples(names: pl.Series) -> str:
    return ", ".join(map(repr, names.head(MAX_EXAMPLES).to_list()))
