"""How likely a feature holds, given how near a vector is to it: learned from what is asserted.

The log-odds of feature f of relation r for a vector whose cosine to it is c are

    bᵣ + b₁ · logit(dᶠ / n) + b₂ · c + sᵣ · z + b₃ · max(z − 2, 0),    z = (c − meanᶠ) / spreadᶠ

where dᶠ of the n items have f: how common it is, and how far the vector stands out for it. What
stands out far counts for more: one straight line of z would not reach it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tastegraph.core.arrays import CSR, Ints
from tastegraph.kg.linking.calibration import logit
from tastegraph.profiles.prototypes import Floats32, Prototypes

MAX_ITEMS = 4_000
"""Items that are learned from."""
MAX_SCALE_ITEMS = 16_384
"""Items whose cosines say how far those of a feature spread."""
NEAREST_FEATURES, OTHER_FEATURES = 64, 64
"""Of each of them, beside the features it has: the nearest ones, and as many at random."""
SCALE_SEED = 1
COSINE_SCALE = 10.0
"""Cosines are multiplied by this, so that they vary as much as the other regressors."""
FAR_Z = 2.0
"""From so many standard deviations on, each one counts for more."""
MIN_ODDS_RATIO = 2.0
"""By this factor a tie must raise the odds of its feature; else it only says how common that is."""


@dataclass(frozen=True)
class Scale:
    """What the cosines of a feature are measured against.

    Attributes:
        kind: int64[P], 0 … G - 1, (relation, direction) of each feature.
        mean, spread: float32[P], of the cosines of the items that have a vector.
        prior: float32[P], log-odds of the feature among these items.
    """

    kind: NDArray[np.int64]
    mean: Floats32
    spread: Floats32
    prior: Floats32

    @classmethod
    def of(cls, prototypes: Prototypes, items: Floats32, member: CSR, kind: Ints) -> Scale:
        """The scale of ``items``, float32[n, d], of which CSR[n, P] tells what they have."""
        present = np.asarray(items.any(axis=1))
        prior = logit(np.bincount(member[present].indices, minlength=len(kind)) / present.sum())
        if len(items) > MAX_SCALE_ITEMS:
            chosen = np.random.default_rng(SCALE_SEED).permutation(np.flatnonzero(present))
            chosen = np.sort(chosen[:MAX_SCALE_ITEMS])
            items, member, present = items[chosen], member[chosen], present[chosen]
        total, squared = np.zeros((2, len(kind)))
        for at, cosines in prototypes.blocks(items, member):
            total += cosines[present[at]].sum(axis=0)
            squared += (cosines[present[at]] ** 2).sum(axis=0)
        mean = total / present.sum()
        spread = np.sqrt(np.maximum(squared / present.sum() - mean**2, 1e-8))
        groups = np.unique(kind, return_inverse=True)[1].astype(np.int64)
        return cls(groups, *(column.astype(np.float32) for column in (mean, spread, prior)))

    def z(self, cosines: Floats32) -> Floats32:
        """float32[n, P]: how far each cosine stands out for its feature."""
        return (cosines - self.mean) / self.spread


@dataclass(frozen=True)
class Likelihood:
    """The fitted log-odds.

    Attributes:
        scale: of the cosines.
        offset, slope: float32[P], log-odds of a feature, and what each step of z adds.
        by_cosine, by_far: what the cosine adds, and each step of z beyond :data:`FAR_Z`.
    """

    scale: Scale
    offset: Floats32
    slope: Floats32
    by_cosine: float
    by_far: float

    def odds(self, cosines: Floats32) -> Floats32:
        """float32[n, P], log-odds at cosines float32[n, P]."""
        z = self.scale.z(cosines)
        odds = self.offset + self.slope * z + self.by_far * np.maximum(z - FAR_Z, 0)
        return np.asarray(odds + self.by_cosine * cosines, dtype=np.float32)

    def probability(self, cosines: Floats32) -> Floats32:
        """float32[n, P], of cosines float32[n, P]."""
        return _expit(self.odds(cosines))

    def informative(self, cosines: Floats32) -> Floats32:
        """The same; 0 where the vector does not raise the odds by :data:`MIN_ODDS_RATIO`."""
        odds = self.odds(cosines)
        raised = odds >= self.scale.prior + math.log(MIN_ODDS_RATIO)
        return np.asarray(np.where(raised, _expit(odds), 0), dtype=np.float32)


def _expit(odds: Floats32) -> Floats32:
    # Not above: a service that reads no texts would wait for it at its start.
    from scipy.special import expit

    return np.asarray(expit(odds), dtype=np.float32)


def fit(
    prototypes: Prototypes, scale: Scale, items: Floats32, member: CSR, rng: np.random.Generator
) -> Likelihood:
    """Fit by logistic regression.

    Args:
        prototypes: of all items; none counts towards those that it is compared with.
        scale: of the cosines.
        items: float32[n, d], rows to learn from.
        member: CSR[n, P], what they have.
        rng: decides which items, and which pairs.
    """
    from sklearn.linear_model import LogisticRegression

    chosen = rng.permutation(len(items))[:MAX_ITEMS]
    items, member = items[chosen], member[chosen]
    parts = [
        _sample(scale, cosines, member[at].toarray() > 0, rng)
        for at, cosines in prototypes.blocks(items, member)
    ]
    design = sparse.vstack([part[0] for part in parts], format="csr")
    holds, weight = (np.concatenate([part[k] for part in parts]) for k in (1, 2))
    model = LogisticRegression(max_iter=1000).fit(design, holds, weight)
    by_prior, by_cosine, by_far = model.coef_[0, :3].tolist()
    bias, slope = model.coef_[0, 3:].reshape(2, -1)[:, scale.kind].astype(np.float32)
    offset = float(model.intercept_[0]) + bias + by_prior * scale.prior
    return Likelihood(scale, offset.astype(np.float32), slope, COSINE_SCALE * by_cosine, by_far)


def _sample(
    scale: Scale, cosines: Floats32, own: NDArray[np.bool_], rng: np.random.Generator
) -> tuple[CSR, NDArray[np.bool_], NDArray[np.float64]]:
    """Design CSR[N, 3 + 2G], whether each pair holds, and how many pairs it stands for."""
    every_z = scale.z(cosines)
    width = every_z.shape[1]
    nearest = min(NEAREST_FEATURES, width)
    certain = own | (every_z >= -np.partition(-every_z, nearest - 1, axis=1)[:, [nearest - 1]])
    rate = min(OTHER_FEATURES / width, 1.0)
    row, column = np.nonzero(certain | (rng.random(every_z.shape) < rate))
    z, at = every_z[row, column], (np.arange(len(row)), scale.kind[column])
    shape = (len(row), int(scale.kind.max()) + 1)
    shared = [scale.prior[column], COSINE_SCALE * cosines[row, column], np.maximum(z - FAR_Z, 0)]
    by_kind = [sparse.csr_array((x, at), shape=shape) for x in (np.ones_like(z), z)]
    blocks = [sparse.csr_array(np.column_stack(shared)), *by_kind]
    design = sparse.csr_array(sparse.hstack(blocks, format="csr"))
    return design, own[row, column], np.where(certain[row, column], 1.0, 1 / rate)
