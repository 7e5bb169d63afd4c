"""Item–item kernels: what an event on one item says about another.

A score is linear in the attention that the events of a history get:

    s(u, i) = Σₜ αₜ K[itemₜ, i]

so ``αₜ K[itemₜ, i]`` is exactly the share of event t. The diagonal of every kernel is 0: an item
says nothing about itself, so that a dislike speaks of other items alone. Where events for and
against something cancel, what rounding leaves of them is 0 (:func:`arrays.without_rounding`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray
from scipy import sparse

from tastegraph.models.kernels.factors import AffinityKernel, FactorKernel, Portions
from tastegraph.models.kernels.features import FeatureKernel
from tastegraph.models.kernels.kernel import Kernel, Scores, Terms, row_entries, table_arrays
from tastegraph.models.kernels.table import TableKernel, table_from_arrays

__all__ = [
    "AffinityKernel",
    "FactorKernel",
    "FeatureKernel",
    "Kernel",
    "Portions",
    "Scores",
    "TableKernel",
    "Terms",
    "kernel_from_arrays",
    "row_entries",
    "table_arrays",
    "table_from_arrays",
]


def kernel_from_arrays(arrays: Mapping[str, NDArray[Any]]) -> Kernel:
    """The kernel of which ``to_arrays`` gave these; one with features beside is the component's."""
    if "both_sides" in arrays:
        return FactorKernel(arrays["both_sides"], arrays["both_sides"])
    if "left" in arrays:
        return FactorKernel(arrays["left"], arrays["right"])
    if "width" in arrays:
        parts = (arrays["data"], arrays["indices"], arrays["indptr"])
        shape = (len(arrays["indptr"]) - 1, int(arrays["width"][0]))
        return FeatureKernel(sparse.csr_array(parts, shape=shape, copy=False))
    return TableKernel(table_from_arrays(arrays))
