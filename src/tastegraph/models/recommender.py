"""Recommenders: what every model can do once it is fitted.

``fit``, ``recommend``, ``similar_items``, ``explain``, embeddings and ``save`` are the same for
each; a subclass says how it learns, scores histories, and takes a score apart.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from html import escape
from pathlib import Path
from typing import Any, Self

import numpy as np
import polars as pl
from numpy.typing import NDArray

from tastegraph.core.arrays import CSR, Bools, binary
from tastegraph.core.errors import ConfigError, FrameError, NotFittedError, TastegraphError
from tastegraph.core.records import ENTITY
from tastegraph.core.top_k import top_k
from tastegraph.data.frames import to_library
from tastegraph.models.audience import (
    Audience,
    Unknown,
    allowed_items,
    audience_of,
    item_rows,
    item_subset,
)
from tastegraph.models.base import Contribution
from tastegraph.models.dataset import Dataset
from tastegraph.models.kernels import Scores
from tastegraph.profiles.interactions import History

USERS_PER_BLOCK = 512
EXPLANATION = {
    "share": pl.Float64, "kind": pl.String, "item_id": pl.String, "relation": pl.String,
    "inverse": pl.Boolean, "entity": pl.String, "name": pl.String, "event_entity": pl.String,
}  # fmt: skip


class Recommender(ABC):
    """A model that recommends items to users.

    Attributes:
        name: what it is called in comparisons.
        seed: of everything that is drawn while it learns: the same seed gives the same lists.
        uses_item_features: whether what is known about items counts.
    """

    name: str
    uses_item_features: bool = True

    def __init__(self, seed: int = 1) -> None:
        self.seed = seed
        self._dataset: Dataset | None = None

    # What a subclass says

    @abstractmethod
    def _learn(self, dataset: Dataset) -> None:
        """Learn from ``dataset``."""

    @abstractmethod
    def _score(self, histories: Sequence[History]) -> Scores:
        """float32[U, I]; a row of zeros where a history says nothing."""

    @abstractmethod
    def _contributions(self, history: History, item: int) -> list[Contribution]:
        """The terms of the score of one item."""

    @abstractmethod
    def _arrays(self) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
        """Manifest entries and arrays that the model is opened from."""

    def _similarity(self, histories: Sequence[History]) -> Scores:
        """float32[U, I], the part of the score that compares items."""
        return self._score(histories)

    def _factors(self) -> tuple[Scores, Scores] | None:
        """float32[I, d] twice, for an item in a history and as a target; where the model has any.

        A user's score of an item is the attention-weighted sum of the first times the second.
        """
        return None

    def _attention(self, histories: Sequence[History]) -> CSR:
        """CSR[U, I], how much the items of each history count; where there are factors."""
        raise NotImplementedError

    def _entity_vectors(self) -> tuple[list[str], Scores] | None:
        """Ids and vectors float32[N, d] of entities; where the model has any."""
        return None

    @property
    def _newest(self) -> int | None:
        """Newest events of a user that are attended to."""
        return None

    # What a user calls

    def fit(self, events: Any) -> Self:
        """Learn from events, and return the model.

        Args:
            events: a polars, pandas or Arrow table with ``user_id`` and ``item_id``, a sparse
                matrix of users × items, or a :class:`~tastegraph.models.dataset.Dataset`, which may
                hold items, facts and texts as well.

        Raises:
            FrameError: the events cannot be read.
            TastegraphError: there is nothing to learn from.
        """
        dataset = Dataset.of(events)
        if not dataset.user_items.nnz:
            raise TastegraphError(
                f"{self!r} cannot be fitted: no event counts for its item "
                f"({dataset.meaning.in_words()})"
            )
        try:
            self._learn(dataset)
        except ModuleNotFoundError as error:
            if error.name not in ("torch", "torch_geometric"):
                raise
            raise TastegraphError(
                f"{self.name} is trained with torch: pip install 'tastegraph[train]'"
            ) from None
        self._dataset = dataset
        return self

    @property
    def dataset(self) -> Dataset:
        """What the model was fitted on.

        Raises:
            NotFittedError: it has not been fitted.
        """
        if self._dataset is None:
            raise NotFittedError(f"{self!r} is not fitted yet: call fit(events) first")
        return self._dataset

    def score(self, users: Any = None, *, histories: Any = None) -> Scores:
        """Scores of all items, float32[U, I], the items in the order of ``dataset.item_ids``.

        Args:
            users: ids; by default all users that the model was fitted on.
            histories: a frame of events that are the users' histories instead.

        Raises:
            NotFittedError: the model has not been fitted.
        """
        audience = self._audience(users, histories, "popularity")
        return self._score_all(audience.histories(self._newest))

    def recommend(
        self,
        users: Any = None,
        k: int = 10,
        *,
        filter_seen: bool = True,
        candidates: Any = None,
        histories: Any = None,
        unknown: Unknown = "popularity",
    ) -> Any:
        """The best items for each of many users.

        Args:
            users: ids: a list, a series, an array or a frame with ``user_id``; by default all.
            k: items for each user, at most.
            filter_seen: whether items that a user has any event on are left out.
            candidates: ids of the items that may be recommended; or a frame of ``user_id`` and
                ``item_id`` that says it for each user.
            histories: a frame of events that are the users' histories instead of those the model
                was fitted on: so new users are served at once.
            unknown: what a user without history gets: the most popular items, the same with a
                warning, or an error.

        Returns:
            A frame of ``user_id``, ``item_id``, ``score``, ``rank`` (from 1), in the order of
            ``users``; of the library that the events came in.

        Raises:
            NotFittedError: the model has not been fitted.
            NotFoundError: a user (with ``unknown="raise"``) or a candidate is not known.
            FrameError: ``users`` is a single id, or an argument has another wrong type.
        """
        dataset = self.dataset
        _check_k(k)
        audience = self._audience(users, histories, unknown)
        allowed = allowed_items(dataset, candidates, audience)
        seen = audience.seen()[:, : dataset.n_items] if filter_seen else None
        blocks = [
            self._block(audience, slice(start, start + USERS_PER_BLOCK), k, seen, allowed)
            for start in range(0, max(len(audience.ids), 1), USERS_PER_BLOCK)
        ]
        rows, items, scores, ranks = (
            np.concatenate(column) for column in zip(*blocks, strict=True)
        )
        frame = pl.DataFrame([
            audience.ids.gather(pl.Series(rows)).alias("user_id"),
            dataset.items.at(items).alias("item_id"),
            pl.Series("score", scores, dtype=pl.Float32),
            pl.Series("rank", ranks, dtype=pl.Int32),
        ])  # fmt: skip
        return to_library(frame, dataset.library)

    def similar_items(self, items: Any, k: int = 10, *, candidates: Any = None) -> Any:
        """The items that go best with each of ``items``, itself left out.

        Args:
            items: ids.
            k: items for each, at most.
            candidates: ids of the items that may be listed.

        Returns:
            A frame of ``item_id``, ``similar_item_id``, ``score``, ``rank``.

        Raises:
            NotFittedError, NotFoundError, FrameError: as :meth:`recommend`.
        """
        dataset = self.dataset
        _check_k(k)
        rows = item_rows(self.dataset, items, "items")
        alone = np.ones(1, dtype=np.float32)
        scores = self._similarity([History(rows[i : i + 1].astype(np.int32), alone)
                                   for i in range(len(rows))])[:, : dataset.n_items]  # fmt: skip
        scores = np.where(scores == 0, -np.inf, scores).astype(np.float32)
        if candidates is not None:
            scores[:, ~item_subset(dataset, candidates)] = -np.inf
        itself = binary(np.arange(len(rows)), rows, scores.shape)
        top = top_k(scores, itself, k)
        row, place = np.nonzero(top >= 0)
        frame = pl.DataFrame([
            dataset.items.at(rows[row]).alias("item_id"),
            dataset.items.at(top[row, place]).alias("similar_item_id"),
            pl.Series("score", scores[row, top[row, place]], dtype=pl.Float32),
            pl.Series("rank", place + 1, dtype=pl.Int32),
        ])  # fmt: skip
        return to_library(frame, dataset.library)

    def explain(self, user: str | int, item: str | int, *, histories: Any = None) -> Any:
        """What the score of one item for one user is made of; the shares sum to the score.

        Args:
            user: id of the user.
            item: id of the item.
            histories: a frame of events that holds the user's history instead.

        Returns:
            A frame, the largest share first: ``share``; ``kind`` (behaviour, learned, knowledge,
            affinity, facts, text, popularity); ``item_id`` of the event that says it; ``relation``
            and ``entity`` (``inverse``: the entity is the subject) that it goes through, and the
            entity's ``name``; ``event_entity`` where the event is on an entity and no item.

        Raises:
            NotFittedError: the model has not been fitted.
            NotFoundError: the user or the item is not known.
        """
        dataset = self.dataset
        audience = self._audience([user], histories, "raise")
        (row,) = item_rows(self.dataset, [item], "item")
        (history,) = audience.histories(self._newest)
        if self._score([history])[:, : dataset.n_items].any():
            contributions = self._contributions(history, int(row))
        else:
            share = float(self._popularity()[row])
            contributions = [Contribution(share, None, "popularity")] if share else []
        rows = [self._explained(contribution, history) for contribution in contributions]
        frame = pl.DataFrame(rows, schema=EXPLANATION, orient="row")
        if dataset.items.integers:
            frame = frame.with_columns(pl.col("item_id").cast(pl.Int64))
        return to_library(frame.sort(pl.col("share").abs(), descending=True), dataset.library)

    def item_embeddings(self) -> Any:
        """A frame of ``item_id`` and ``embedding``: each item as a target.

        Raises:
            TastegraphError: the model has none.
        """
        _, targets = self._known_factors("items")
        return self._embeddings("item_id", self.dataset.item_ids, targets[: self.dataset.n_items])

    def user_embeddings(self, users: Any = None, *, histories: Any = None) -> Any:
        """A frame of ``user_id`` and ``embedding``, from the users' histories.

        The product with an item's embedding is the score, up to what seen items say of themselves;
        of ``Hybrid``, the part of the score that its graph network gives.

        Raises:
            TastegraphError: the model has none.
        """
        sources, _ = self._known_factors("users")
        audience = self._audience(users, histories, "popularity")
        attention = self._attention(audience.histories(self._newest))
        return self._embeddings("user_id", audience.ids, np.asarray(attention @ sources))

    def entity_embeddings(self) -> Any:
        """A frame of ``entity`` (its id in the facts) and ``embedding``.

        Raises:
            TastegraphError: the model has none.
        """
        self.dataset  # noqa: B018 - says where the model is not fitted
        vectors = self._entity_vectors()
        if vectors is None:
            raise TastegraphError(
                f"{self.name} has no embeddings of entities; GraphNetwork and Hybrid have"
            )
        return self._embeddings("entity", pl.Series(vectors[0], dtype=pl.String), vectors[1])

    def save(self, directory: str | Path) -> None:
        """Write the model to ``directory``, to be opened by :func:`tastegraph.models.load`.

        JSON and ``.npy`` with checksums, and nothing that runs when it is opened. A model that is
        there already is replaced.

        Raises:
            NotFittedError: the model has not been fitted.
            ConfigError: the directory holds something else.
        """
        from tastegraph.models.saved import save

        dataset = self.dataset
        save(Path(directory), dataset, *self._arrays())

    # Helpers

    def _audience(self, users: Any, histories: Any, unknown: Unknown) -> Audience:
        return audience_of(self.dataset, users, histories, unknown)

    def _popularity(self) -> Scores:
        """float32[I] in [0, 1], for users whose history says nothing."""
        counts = np.bincount(self.dataset.user_items.indices, minlength=self.dataset.n_items)
        return np.asarray(counts / max(int(counts.max(initial=0)), 1), dtype=np.float32)

    def _score_all(self, histories: Sequence[History]) -> Scores:
        scores = self._score(histories)[:, : self.dataset.n_items]
        silent = ~scores.any(axis=1)
        if silent.any():
            scores[silent] = self._popularity()
        return scores

    def _block(
        self,
        audience: Audience,
        block: slice,
        k: int,
        seen: CSR | None,
        allowed: Bools | CSR | None,
    ) -> tuple[NDArray[np.int64], NDArray[np.int32], Scores, NDArray[np.int64]]:
        """Rows in the audience, items, scores and ranks of some users' lists."""
        part = Audience(audience.ids[block], audience.events, audience.rows[block])
        scores = self._score_all(part.histories(self._newest))
        if isinstance(allowed, np.ndarray):
            scores[:, ~allowed] = -np.inf
        elif allowed is not None:
            scores[~allowed[block].toarray()] = -np.inf
        top = top_k(scores, None if seen is None else seen[block], k)
        row, place = np.nonzero(top >= 0)
        items = top[row, place]
        return row + block.start, items, scores[row, items], place + 1

    def _explained(self, contribution: Contribution, history: History) -> tuple[Any, ...]:
        """One row of :meth:`explain`."""
        graph = self.dataset.graph
        event = contribution.event
        item = event_entity = None
        if event is not None:
            place = int(history.items[event])
            item = graph.item_ids[place] if place < graph.n_listed else None
            event_entity = None if item else graph.entities[place - graph.n_listed]
        row = (contribution.share, contribution.kind, item)
        if contribution.feature is None:
            return (*row, None, None, None, None, event_entity)
        features, feature = self.dataset.item_features.associations, contribution.feature
        node, inverse = int(features.node[feature]), bool(features.reverse[feature])
        ids = graph.item_ids, graph.node_ids
        entity = ids[0][node] if node < graph.n_items else ids[1][node - graph.n_items]
        relation = graph.relations[int(features.relation[feature])]
        entity = entity.removeprefix(ENTITY)
        return (*row, relation, inverse, entity, graph.labels[node] or entity, event_entity)

    def _known_factors(self, what: str) -> tuple[Scores, Scores]:
        self.dataset  # noqa: B018 - says where the model is not fitted
        factors = self._factors()
        if factors is None:
            raise TastegraphError(
                f"{self.name} has no embeddings of {what}; GraphNetwork, Hybrid, Text, TextTower, "
                "MappedText and MappedKnowledge have"
            )
        return factors

    def _embeddings(self, column: str, ids: pl.Series, vectors: Scores) -> Any:
        width = vectors.shape[1]
        values = pl.Series(
            "embedding", np.ascontiguousarray(vectors), dtype=pl.Array(pl.Float32, width)
        )
        return to_library(pl.DataFrame([ids.alias(column), values]), self.dataset.library)

    def _repr_html_(self) -> str:
        state = "not fitted" if self._dataset is None else repr(self._dataset)
        return f"<p><b>{escape(repr(self))}</b><br>{escape(state)}</p>"


def _check_k(k: object) -> None:
    if not isinstance(k, int | np.integer) or isinstance(k, bool) or k < 1:
        raise FrameError(f"k: a whole number of at least 1 is expected, {k!r} found")


def merge_arguments(defaults: Mapping[str, Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """``arguments`` over ``defaults``; American spellings are read as well.

    Raises:
        ConfigError: an argument has no such name.
    """
    spelt = {name.replace("regularization", "regularisation"): name for name in arguments}
    for name in spelt:
        if name not in defaults:
            near = get_close_matches(name, defaults, 1)
            hint = f": did you mean {near[0]!r}?" if near else "."
            names = ", ".join(defaults) or "none"
            raise ConfigError(f"there is no argument {spelt[name]!r}{hint} There are {names}")
    return {**defaults, **{name: arguments[original] for name, original in spelt.items()}}
