"""The ranking model: parts that each weigh a history and compare items, blended.

    s(u, i) = Σₚ bₚ(u, i) / σₚ(u) · Σₜ αₚₜ Kₚ[itemₜ, i]

σₚ(u) is the standard deviation of part p's scores for u over the warm items, and b the weights of
the blend for the segments that u and i belong to. Everything is linear in the attention α, so
``contributions`` add up to the score exactly.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tastegraph.arrays import Bools
from tastegraph.profiles.attention import Attention, attend
from tastegraph.profiles.interactions import History
from tastegraph.ranking.kernels import Kernel, Scores

BEHAVIOUR, NETWORK, KNOWLEDGE, TEXT = "behaviour", "network", "knowledge", "text"
PARTS = (BEHAVIOUR, NETWORK, KNOWLEDGE, TEXT)
NEW, KNOWN = "new", "known"
FEW_LIKES = 5
"""A person with fewer likes is new."""


@dataclass(frozen=True)
class Part:
    """One kind of evidence: how it weighs a history, and how it compares items."""

    attention: Attention
    kernel: Kernel

    def scores(self, histories: Sequence[History], n_items: int) -> Scores:
        """float32[U, I]."""
        return self.kernel.scores(attend(histories, self.attention, n_items))


@dataclass(frozen=True)
class Blend:
    """Weights of the parts, by segment.

    Attributes:
        warm: person segment → part → weight, for items with events.
        cold: the same for items without; parts that cannot see them are absent.
    """

    warm: Mapping[str, Mapping[str, float]]
    cold: Mapping[str, Mapping[str, float]]

    def rows(
        self, part: str, segments: Sequence[str]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """float32[U] twice: the part's weight for each person, on warm and on cold items."""
        warm = [self.warm[segment].get(part, 0.0) for segment in segments]
        cold = [self.cold[segment].get(part, 0.0) for segment in segments]
        return np.array(warm, dtype=np.float32), np.array(cold, dtype=np.float32)


@dataclass(frozen=True)
class Contribution:
    """What one part says about one item, event by event.

    Attributes:
        part: its name.
        scale: b / σ; ``scale · attention[t] · kernel`` is the share of event t.
        attention: float32[T].
        shares: float32[T], summing to the part's share of the score.
    """

    part: str
    scale: float
    attention: NDArray[np.float32]
    shares: NDArray[np.float32]


@dataclass(frozen=True)
class Model:
    """Ranks all items for any history.

    Attributes:
        parts: by name; a part that does not exist says nothing.
        blend: their weights.
        warm: bool[I], items with events at the time of the fit.
        popularity: int64[I], people who like each item; what a person without any like gets.
    """

    parts: Mapping[str, Part]
    blend: Blend
    warm: Bools
    popularity: NDArray[np.int64]

    @property
    def n_items(self) -> int:
        """How many items are ranked."""
        return len(self.warm)

    def scores(self, histories: Sequence[History]) -> Scores:
        """float32[U, I]: higher is better; by popularity for a history that says nothing."""
        total = np.zeros((len(histories), self.n_items), dtype=np.float32)
        segments = [segment(history) for history in histories]
        for name, part in self.parts.items():
            warm, cold = self.blend.rows(name, segments)
            if not warm.any() and not cold.any():
                continue
            scores = part.scores(histories, self.n_items)
            spread = self._spread(scores)
            total += scores * np.where(
                self.warm[None, :], (warm * spread)[:, None], (cold * spread)[:, None]
            )
        silent = ~total.any(axis=1)
        if silent.any():
            total[silent] = self.prior()
        return total

    def prior(self) -> Scores:
        """float32[I] in [0, 1]: popularity, for people of whom nothing is known."""
        return (self.popularity / max(int(self.popularity.max(initial=0)), 1)).astype(np.float32)

    def contributions(self, history: History, targets: Sequence[int]) -> list[list[Contribution]]:
        """For each target what each part says; all shares of one target sum to its score."""
        found: list[list[Contribution]] = [[] for _ in targets]
        who = segment(history)
        for name, part in self.parts.items():
            (warm,), (cold,) = self.blend.rows(name, [who])
            if not warm and not cold:
                continue
            attention = part.attention(history)
            scores = part.scores([history], self.n_items)
            (spread,) = self._spread(scores)
            for row, target in zip(found, targets, strict=True):
                scale = float((warm if self.warm[target] else cold) * spread)
                shares = scale * attention * part.kernel.between(history.items, target)
                row.append(Contribution(name, scale, attention, shares))
        return found

    def _spread(self, scores: Scores) -> NDArray[np.float32]:
        """1 / σ over the warm items, float32[U]; 0 where a part says nothing."""
        deviation = scores[:, self.warm].std(axis=1) if self.warm.any() else scores.std(axis=1)
        return np.where(deviation > 1e-9, 1 / np.maximum(deviation, 1e-9), 0).astype(np.float32)


def segment(history: History) -> str:
    """Whether a person is new or known."""
    return NEW if len(history.likes) < FEW_LIKES else KNOWN
