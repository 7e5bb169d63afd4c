"""What a snapshot must be before it serves anybody."""

import numpy as np
import pytest

from tastegraph.core.narrow import coded_type, narrow_rows
from tastegraph.serving.snapshot import opening


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("dtype", [np.dtype(np.float32), np.dtype(np.float16), coded_type(4)])
def test_a_matrix_that_is_not_finite_is_refused_however_it_is_written(
    dtype: np.dtype, bad: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "BLOCK_ROWS", 2)
    rows = narrow_rows(np.ones((5, 4), dtype=np.float32), dtype)
    opening._check_sizes({"x": rows})
    (rows["step"] if dtype.names else rows)[4] = bad
    with pytest.raises(ValueError, match="x is not finite"):
        opening._check_sizes({"x": rows})
