"""Components: the kinds of evidence that the model is a weighted sum of.

A component scores items for a history. Most weigh the events of the history (an *attention*) and
compare items (a *kernel*, item × item with a diagonal of 0); a *prior* knows nothing of the user:

    s(u, i) = Σₜ αₜ K[itemₜ, i]        or        s(u, i) = log(1 + n[i])

so that a score is exactly the sum of its :class:`Contribution` s. One file holds one component;
what it declares here is all that tuning, blending, explaining, saving and serving ask of it.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from tastegraph.core.arrays import Bools
from tastegraph.models.kernels import Kernel, Scores, kernel_from_arrays
from tastegraph.profiles.attention import Attention, Recency, attend
from tastegraph.profiles.interactions import History

if TYPE_CHECKING:
    from tastegraph.core.config import ModelConfig
    from tastegraph.models.new_items import Growth
    from tastegraph.models.training_data import TrainingData
    from tastegraph.models.validation import Validation

Arrays: TypeAlias = dict[str, NDArray[Any]]
"""Arrays by name, as a snapshot holds them."""
ReasonKind = Literal[
    "behaviour", "learned", "knowledge", "affinity", "facts", "text", "popularity", "wish", "rule"
]
"""What a contribution speaks of; decides how a reason is worded."""

BEHAVIOUR, NETWORK, KNOWLEDGE, TEXT = "behaviour", "network", "knowledge", "text"
MAPPED_KNOWLEDGE, MAPPED_TEXT = "mapped knowledge", "mapped text"
MAPPED = (MAPPED_KNOWLEDGE, MAPPED_TEXT)
TOWER = "text tower"
POPULARITY, RECENT_POPULARITY = "popularity", "recent popularity"

NEW, KNOWN = "new", "known"
"""User segments, each with its own weights."""
FEW_LIKES = 5
"""A user with fewer liked items is new."""


@dataclass(frozen=True)
class NoParams:
    """Parameters of a component that has none."""


@dataclass(frozen=True, slots=True)
class Contribution:
    """One term of a component's score of one item.

    Attributes:
        share: what it adds to the score.
        event: place of the event in the history; ``None`` where the user plays no role.
        kind: what it speaks of.
        feature: column of :class:`~tastegraph.profiles.association.Associations` (a relation and
            an entity, with the facts behind it) that the term goes through, where there is one.
    """

    share: float
    event: int | None
    kind: ReasonKind
    feature: int | None = None


@dataclass(frozen=True)
class TunedComponent:
    """What :meth:`Component.tune` found.

    Attributes:
        params: the best parameters.
        learned: what was learned with them on the way, where it need not be learned again.
    """

    params: Any
    learned: Arrays | None = None


class Component(ABC):
    """One kind of evidence, over the items that are known now.

    The class declares how the evidence is learned, tuned and saved; an instance scores items.

    Attributes:
        name: its key in weights, hyperparameters and manifests.
        reason: what its contributions speak of.
        default: parameters where there are too few events to choose by, a frozen dataclass.
        expected: whether it has a weight unless any clearly hurts; otherwise it has one only where
            it clearly helps.
        ranks_new_items: whether it scores items that have no events. Its parameters and attention
            are then those that order such items best.
        expected_of_new_items: as ``expected``, for the weights on items without events.
        compares_features: whether it compares items by what is known of each alone, and learns
            nothing of that from events.
        learns_attention: whether its attention is learned rather than a recency weighting.
        learned_prefix, learned_pattern: names of its learned arrays in a snapshot: what the names
            begin with, and a regular expression for the rest; by default ``NAME.learned.``.
        serves_learned: whether :meth:`open` reads what was learned; else only the next fit does.
        served_prefix: what the names of its other arrays in a snapshot begin with; by default
            ``NAME.``.
    """

    name: ClassVar[str]
    reason: ClassVar[ReasonKind]
    default: ClassVar[Any] = NoParams()
    expected: ClassVar[bool] = False
    ranks_new_items: ClassVar[bool] = False
    expected_of_new_items: ClassVar[bool] = False
    compares_features: ClassVar[bool] = False
    learns_attention: ClassVar[bool] = False
    learned_prefix: ClassVar[str] = ""
    learned_pattern: ClassVar[str] = ".*"
    serves_learned: ClassVar[bool] = True
    served_prefix: ClassVar[str] = ""

    # Learning

    @classmethod
    def learn(cls, data: TrainingData, params: Any, seed: int) -> Arrays:
        """What is learned from events, as arrays that outlive changes of the graph.

        The same seed gives the same arrays. By default nothing: all follows from what is known of
        the items.
        """
        return {}

    @classmethod
    def update(cls, arrays: Arrays, data: TrainingData, params: Any, seed: int) -> Arrays:
        """What ``arrays``, learned from ``data.previous``, become with all events; anew by default.

        The rows of ``arrays`` are those of ``data.learned_ids``.
        """
        return cls.learn(data, params, seed)

    @classmethod
    @abstractmethod
    def from_arrays(cls, arrays: Arrays, params: Any, data: TrainingData) -> Self | None:
        """The component over the items of ``data``, which may be others than were learned from.

        Args:
            arrays: from :meth:`learn`; ``data.rows`` says which of their rows each item has.
            params: those it was learned with.
            data: items, facts, texts and likes as they are now.

        Returns:
            ``None`` where nothing is known that it could compare.
        """

    @classmethod
    def fit(cls, data: TrainingData, params: Any = None, seed: int = 1) -> Self | None:
        """Learn, and score the same items."""
        params = cls.default if params is None else params
        return cls.from_arrays(cls.learn(data, params, seed), params, data)

    # Tuning

    @classmethod
    def grid(cls, data: TrainingData) -> Sequence[Any]:
        """Parameters that validation data choose from."""
        return (cls.default,)

    @classmethod
    def tune(
        cls,
        data: TrainingData,
        validation: Validation,
        recencies: Sequence[Recency],
        config: ModelConfig,
    ) -> TunedComponent | None:
        """The best parameters by a search of its own.

        ``None``, the default, leaves the choice from :meth:`grid` to whoever fits the weights: on
        items without events where it ranks those, else within the blend.

        Args:
            data: what is learned from.
            validation: users and what they went on to like.
            recencies: ways to weigh a history.
            config: seed, and what the configuration fixes.
        """
        return None

    @classmethod
    def usable(cls, params: Any, data: TrainingData) -> Any:
        """``params``, or others where those, chosen for other items, do not fit these."""
        return params

    # Scoring

    @property
    @abstractmethod
    def n_items(self) -> int:
        """Number of items that are scored."""

    @abstractmethod
    def score(self, histories: Sequence[History], candidates: Bools | None = None) -> Scores:
        """Scores of all items, or of ``candidates`` alone; higher is better.

        Args:
            histories: of U users.
            candidates: bool[I].

        Returns:
            float32[U, I], or float32[U, C].
        """

    @abstractmethod
    def contributions(self, history: History, item: int) -> list[Contribution]:
        """The terms of the score of ``item``; they sum to it, up to rounding."""

    def with_recency(self, recency: Recency) -> Self:
        """The same with a history weighed by ``recency``, where it is weighed by recency at all."""
        return self

    # Saving

    @abstractmethod
    def to_arrays(self) -> Arrays:
        """What :meth:`learn` made; one of :meth:`open` may lack it, as the snapshot holds it."""

    @classmethod
    def subset(cls, arrays: Arrays, rows: NDArray[np.int64]) -> Arrays:
        """Of what :meth:`learn` made, what belongs to some items (int64[C]) alone.

        By default every array has one row for each item.
        """
        return {name: values[rows] for name, values in arrays.items()}

    @abstractmethod
    def served_arrays(self) -> Arrays:
        """What :meth:`open` needs beside what was learned."""

    @classmethod
    @abstractmethod
    def open(cls, arrays: Arrays, attention: Attention, rows: NDArray[np.int64]) -> Self | None:
        """The component as a snapshot holds it, without torch and without deriving anything.

        Args:
            arrays: all arrays of the snapshot; :meth:`served_view` and :meth:`learned_view` pick
                those of the component.
            attention: how it weighs a history.
            rows: int64[I], row of each item in what was learned; -1 for an item that is newer.
        """

    @classmethod
    def grown(cls, arrays: Arrays, growth: Growth) -> Arrays:
        """What :meth:`served_arrays` gave, with rows for new items; by default rows of zeros."""
        return {
            name: growth.with_rows(values) if name in _ROWS_OF_ITEMS else values
            for name, values in arrays.items()
        }

    @classmethod
    def compared_vectors(cls, arrays: Arrays) -> NDArray[Any]:
        """float[I, d], the vectors of the items as targets, of a snapshot's ``arrays``."""
        own = cls.served_view(arrays)
        return own["both_sides"] if "both_sides" in own else own["right"]

    @classmethod
    def learned_names(cls, arrays: Arrays) -> Arrays:
        """``arrays`` of :meth:`learn`, by their names in a snapshot."""
        return {f"{cls._learned_prefix()}{name}": values for name, values in arrays.items()}

    @classmethod
    def learned_view(cls, arrays: Mapping[str, NDArray[Any]]) -> Arrays:
        """The arrays of :meth:`learn` among those of a snapshot."""
        return _view(arrays, cls._learned_prefix(), cls.learned_pattern)

    @classmethod
    def served_names(cls, arrays: Arrays) -> Arrays:
        """``arrays`` of :meth:`served_arrays`, by their names in a snapshot."""
        return {f"{cls._served_prefix()}{name}": values for name, values in arrays.items()}

    @classmethod
    def served_view(cls, arrays: Mapping[str, NDArray[Any]]) -> Arrays:
        """The arrays of :meth:`served_arrays` among those of a snapshot."""
        return _view(arrays, cls._served_prefix(), ".*")

    @classmethod
    def params_to_json(cls, params: Any) -> dict[str, Any]:
        """Parameters as a manifest holds them."""
        return asdict(params)

    @classmethod
    def params_from_json(cls, values: Mapping[str, Any]) -> Any:
        """What :meth:`params_to_json` wrote."""
        return type(cls.default)(**values)

    @classmethod
    def _learned_prefix(cls) -> str:
        return cls.learned_prefix or f"{cls.name}.learned."

    @classmethod
    def _served_prefix(cls) -> str:
        return cls.served_prefix or f"{cls.name}."


@dataclass(frozen=True)
class SimilarityComponent(Component):
    """Attention × similarity: how events of a history are weighed, and how items are compared.

    A subclass gives the similarity as :meth:`similarity`; its attention is a recency weighting that
    validation data choose.
    """

    attention: Attention
    kernel: Kernel
    learned: Arrays = field(default_factory=dict, repr=False, compare=False)

    reason: ClassVar[ReasonKind] = "behaviour"

    @classmethod
    def similarity(cls, arrays: Arrays, params: Any, data: TrainingData) -> Kernel | None:
        """Kernel over the items of ``data``; arguments and ``None`` as of :meth:`from_arrays`."""
        raise NotImplementedError(f"{cls.__name__} defines no similarity of items")

    @classmethod
    def from_arrays(cls, arrays: Arrays, params: Any, data: TrainingData) -> Self | None:
        """The component, with every event of a history weighed alike."""
        kernel = cls.similarity(arrays, params, data)
        return None if kernel is None else cls(Recency(), kernel, arrays)

    def to_arrays(self) -> Arrays:
        """What was learned."""
        return self.learned

    def with_recency(self, recency: Recency) -> Self:
        """The same with another attention, unless attention is learned."""
        return self if self.learns_attention else replace(self, attention=recency)

    @property
    def n_items(self) -> int:
        """Number of items that are compared."""
        return self.kernel.n_items

    def score(self, histories: Sequence[History], candidates: Bools | None = None) -> Scores:
        """float32[U, I], or float32[U, C] of the items in ``candidates`` (bool[I])."""
        return self.kernel.score(attend(histories, self.attention, self.n_items), candidates)

    def contributions(self, history: History, item: int) -> list[Contribution]:
        """One for each event, or for each event and feature where features are compared."""
        terms = self.kernel.terms(history.items, self.attention(history), item)
        features = [None] * len(terms.shares) if terms.features is None else terms.features.tolist()
        return [
            Contribution(share, event, self.reason, feature)
            for share, event, feature in zip(
                terms.shares.tolist(), terms.events.tolist(), features, strict=True
            )
            if share
        ]

    def served_arrays(self) -> Arrays:
        """The kernel."""
        return self.kernel.to_arrays()

    @classmethod
    def open(cls, arrays: Arrays, attention: Attention, rows: NDArray[np.int64]) -> Self | None:
        """The kernel as it was, with ``attention``."""
        return cls(attention, kernel_from_arrays(cls.served_view(arrays)))


@dataclass(frozen=True)
class Prior(Component):
    """What speaks for an item whoever the user is: log(1 + users who like it).

    Attributes:
        counts: number[I] ≥ 0, users who like each item.
        learned: what :meth:`learn` made.
    """

    counts: NDArray[Any]
    learned: Arrays = field(default_factory=dict, repr=False, compare=False)

    reason: ClassVar[ReasonKind] = "popularity"

    @cached_property
    def values(self) -> Scores:
        """float32[I], the score of each item."""
        return np.asarray(np.log1p(self.counts), dtype=np.float32)

    @classmethod
    def from_arrays(cls, arrays: Arrays, params: Any, data: TrainingData) -> Self | None:
        """By default from the learned ``counts``; a newer item has none."""
        counts = at_rows(arrays["counts"], data.rows)
        return cls(counts, arrays) if counts.any() else None

    def to_arrays(self) -> Arrays:
        """What was learned."""
        return self.learned

    def served_arrays(self) -> Arrays:
        """The counts."""
        return {"counts": self.counts}

    @classmethod
    def open(cls, arrays: Arrays, attention: Attention, rows: NDArray[np.int64]) -> Self | None:
        """The counts as they were; ``None`` where all are 0."""
        counts = cls.served_view(arrays)["counts"]
        return cls(counts) if counts.any() else None

    @property
    def n_items(self) -> int:
        """Number of items that are scored."""
        return len(self.counts)

    def score(self, histories: Sequence[History], candidates: Bools | None = None) -> Scores:
        """float32[U, I], or float32[U, C]: the same for every user."""
        values = self.values if candidates is None else self.values[candidates]
        return np.tile(values, (len(histories), 1))

    def contributions(self, history: History, item: int) -> list[Contribution]:
        """One, which no event is behind."""
        share = float(self.values[item])
        return [Contribution(share, None, self.reason)] if share else []


_ROWS_OF_ITEMS = ("both_sides", "left", "right", "loadings", "counts")
"""Served arrays that have a row for each item."""


def segment(history: History) -> str:
    """Whether a user is new or known."""
    return NEW if len(history.likes) < FEW_LIKES else KNOWN


def at_rows(values: NDArray[Any], rows: NDArray[np.int64]) -> NDArray[Any]:
    """``values[rows]``, with zeros where a row is -1."""
    return np.concatenate([values, np.zeros_like(values, shape=(1, *values.shape[1:]))])[rows]


def _view(arrays: Mapping[str, NDArray[Any]], prefix: str, pattern: str) -> Arrays:
    rest = re.compile(pattern)
    return {
        name.removeprefix(prefix): values
        for name, values in arrays.items()
        if name.startswith(prefix) and rest.fullmatch(name.removeprefix(prefix))
    }
