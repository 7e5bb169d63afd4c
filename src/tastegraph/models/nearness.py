"""What texts lie near, to and from the arrays of a snapshot."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from tastegraph.models.learned import ItemFeatures
from tastegraph.profiles.association import Associations, with_semantic
from tastegraph.profiles.likelihood import Likelihood, Scale
from tastegraph.profiles.prototypes import Prototypes
from tastegraph.profiles.semantics import Semantics
from tastegraph.store.snapshots import Array, Snapshot


def nearness_arrays(item_features: ItemFeatures) -> dict[str, Array]:
    """Ties of the items and, where any could be learned, what finds those of other texts.

    The directions of prototypes are kept as float16, which moves no probability by .001.
    """
    likely = item_features.likely
    ties: dict[str, Array] = {
        "likely.indptr": likely.indptr.astype(np.int64),
        "likely.indices": likely.indices.astype(np.int32),
        "likely.probability": likely.data.astype(np.float32),
    }
    if item_features.semantics is None:
        return ties
    semantics = item_features.semantics[0]
    prototypes, likelihood = semantics.prototypes, semantics.likelihood
    return {
        **ties,
        "prototypes.features": prototypes.features,
        "prototypes.directions": prototypes.directions.astype(np.float16),
        "prototypes.lengths": prototypes.lengths,
        "prototypes.centre": prototypes.centre,
        "likelihood.kind": likelihood.scale.kind,
        "likelihood.mean": likelihood.scale.mean,
        "likelihood.spread": likelihood.scale.spread,
        "likelihood.prior": likelihood.scale.prior,
        "likelihood.offset": likelihood.offset,
        "likelihood.slope": likelihood.slope,
        "likelihood.shared": np.array([likelihood.by_cosine, likelihood.by_far]),
    }


def ties_from(snapshot: Snapshot, stated: Associations) -> Associations:
    """Items × features: ``stated``, and what the items' texts lie near."""
    probability, indices, indptr = (
        snapshot.arrays[f"likely.{part}"] for part in ("probability", "indices", "indptr")
    )
    likely = sparse.csr_array((probability, indices, indptr), shape=stated.strength.shape)
    return with_semantic(stated, likely)


def semantics_from(snapshot: Snapshot, n_features: int) -> Semantics | None:
    """What finds the ties of any text; ``None`` where none could be learned."""
    arrays = snapshot.arrays
    if "prototypes.features" not in arrays:
        return None
    directions = arrays["prototypes.directions"].astype(np.float32)
    prototypes = Prototypes(
        features=arrays["prototypes.features"],
        sums=directions * arrays["prototypes.lengths"][:, None],
        centre=arrays["prototypes.centre"],
    )
    scale = Scale(*(arrays[f"likelihood.{part}"] for part in ("kind", "mean", "spread", "prior")))
    by_cosine, by_far = arrays["likelihood.shared"].tolist()
    offset, slope = arrays["likelihood.offset"], arrays["likelihood.slope"]
    return Semantics(prototypes, Likelihood(scale, offset, slope, by_cosine, by_far), n_features)
