"""EASE: a linear autoencoder of users' items, in closed form (Steck 2019).

Each item is predicted from all others, B = argmin ‖X − X B‖² + λ‖B‖² with diag B = 0, which is

    B = I − P · diag(1 / diag P),     P = (XᵀX + λI)⁻¹     (eq. 8)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from tastegraph.core.arrays import CSR
from tastegraph.models.kernels import Scores
from tastegraph.models.tables import TableComponent
from tastegraph.models.training_data import TrainingData

REGULARISATIONS = (20.0, 50.0, 100.0, 250.0, 500.0, 1000.0, 2000.0)


@dataclass(frozen=True)
class EASEParams:
    """Parameters of :class:`EASE`.

    Attributes:
        regularisation: λ.
        grouped: whether items that share a feature count as liked by one more user.
    """

    regularisation: float
    grouped: bool = False


class EASE(TableComponent):
    """Items by who liked both, corrected for all other items; a dense table."""

    name = "ease"
    default: ClassVar[EASEParams] = EASEParams(250.0)

    @classmethod
    def grid(cls, data: TrainingData) -> list[EASEParams]:
        """Every strength of the regularisation, with and without groups where there are any."""
        grouped = (False, True) if data.item_features.groups.nnz else (False,)
        return [EASEParams(strength, flag) for flag in grouped for strength in REGULARISATIONS]

    @classmethod
    def table(cls, data: TrainingData, params: EASEParams) -> Scores:
        """float32[I, I]."""
        groups = data.item_features.groups if params.grouped else None
        return ease_table(gram_matrix(data.user_items, groups), params.regularisation)


def gram_matrix(user_items: CSR, groups: CSR | None = None) -> NDArray[np.float64]:
    """How many users like both of two items, float64[I, I]: XᵀX + GᵀG.

    A group of items that share a feature counts as one more user, who likes them all (CEASE,
    Jeunen et al. 2020).

    Args:
        user_items: CSR[U, I], X.
        groups: bool CSR[F, I], G.
    """
    stacked = [user_items] if groups is None else [user_items, groups]
    x = sparse.csr_array(sparse.vstack(stacked, format="csr"), dtype=np.float32)
    return np.asarray(sparse.csr_array(x.T @ x).toarray(), dtype=np.float64)


def ease_table(gram: NDArray[np.float64], regularisation: float) -> Scores:
    """B of the module's formula, float32[I, I].

    Args:
        gram: float64[I, I], XᵀX.
        regularisation: λ.
    """
    regularised = gram.copy()
    regularised[np.diag_indices_from(gram)] += regularisation
    inverse = _inverse(regularised)
    table = -inverse / np.diag(inverse)
    np.fill_diagonal(table, 0.0)
    return np.asarray(table, dtype=np.float32)


def _inverse(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Inverse of a positive definite matrix, by its Cholesky factor: half the work of LU."""
    from scipy.linalg import lapack

    factor, fault = lapack.dpotrf(matrix, lower=True, overwrite_a=True)
    if fault:
        raise np.linalg.LinAlgError(f"the matrix is not positive definite at row {fault}")
    half, _ = lapack.dpotri(factor, lower=True, overwrite_c=True)
    lower = np.tril(half)
    return np.asarray(lower + np.tril(lower, -1).T, dtype=np.float64)
