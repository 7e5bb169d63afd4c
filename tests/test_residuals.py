"""What the lists miss: ranks by hand."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from scipy import sparse

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks" / "details"))
from residuals import ranks_of


def test_ranks_of_wanted_items() -> None:
    wanted = sparse.csr_array(np.array([[0, 1, 1, 0], [1, 0, 0, 0]], dtype=bool))
    top = np.array([[2, 3, 0], [1, 0, -1]], dtype=np.int32)
    assert ranks_of(top, wanted).tolist() == [3, 0, 1]
