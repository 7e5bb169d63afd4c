"""Things with weights, in groups: what a user or an item draws from."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ITEMS, GRAPH, COUNTS, EVENTS = 1, 2, 3, 4
"""Beside the seed: streams of chance that do not depend on one another."""
HEAD = 0.01
"""Share of the things that the head of a power law flattens out over."""


@dataclass(frozen=True)
class Pool:
    """N things, each in one of G groups.

    Attributes:
        home: int32[N], the group of each thing.
        weights: float64[N], how likely each is drawn among others.
        members: int32[N], the things by group.
        upto: float64[N + 1], their cumulated weights.
        starts: int64[G + 1], where each group begins among the members.
    """

    home: NDArray[np.int32]
    weights: NDArray[np.float64]
    members: NDArray[np.int32]
    upto: NDArray[np.float64]
    starts: NDArray[np.int64]

    @classmethod
    def of(cls, size: int, groups: int, exponent: float, rng: np.random.Generator) -> Pool:
        """``size`` things in ``groups`` of one size, weighted by a power law over all of them."""
        home = (rng.permutation(size) % groups).astype(np.int32)
        weights = rng.permutation(power_law(size, exponent))
        members = np.argsort(home, kind="stable").astype(np.int32)
        upto = np.concatenate([[0.0], np.cumsum(weights[members])])
        starts = np.concatenate([[0], np.cumsum(np.bincount(home, minlength=groups))])
        return cls(home, weights, members, upto, starts)

    @property
    def groups(self) -> int:
        """G."""
        return len(self.starts) - 1

    @property
    def shares(self) -> NDArray[np.float64]:
        """float64[G], the part of all weight that each group holds."""
        return np.asarray(np.diff(self.upto[self.starts]) / self.upto[-1])

    def draw(
        self, group: NDArray[np.int32], loyalty: float, rng: np.random.Generator
    ) -> NDArray[np.int32]:
        """int32[D]: for each draw a thing of its group, or with 1 - ``loyalty`` one of all."""
        loyal = rng.random(len(group)) < loyalty
        low = np.where(loyal, self.upto[self.starts[group]], 0.0)
        high = np.where(loyal, self.upto[self.starts[group + 1]], self.upto[-1])
        at = np.searchsorted(self.upto, low + rng.random(len(group)) * (high - low), "right") - 1
        return np.asarray(self.members[np.minimum(at, len(self.members) - 1)])


def power_law(size: int, exponent: float) -> NDArray[np.float64]:
    """float64[N], sum 1: (rank + HEAD · N)^(-exponent), the law of Zipf and Mandelbrot (1953).

    A function of rank / N alone, so that the share of the top tenth is that of every size.
    """
    weights = (np.arange(1, size + 1) + HEAD * size) ** -exponent
    return np.asarray(weights / weights.sum(), dtype=np.float64)
