"""What the lists miss: ranks by hand."""

from __future__ import annotations

import numpy as np
from benchmarks.details.details_page import page
from benchmarks.details.residuals import ranks_of
from scipy import sparse


def test_ranks_of_wanted_items() -> None:
    targets = sparse.csr_array(np.array([[0, 1, 1, 0], [1, 0, 0, 0]], dtype=bool))
    top = np.array([[2, 3, 0], [1, 0, -1]], dtype=np.int32)
    assert ranks_of(top, targets).tolist() == [3, 0, 1]


def test_the_page_says_what_a_step_reaches_and_where_quarters_are_alike() -> None:
    quarter = {"from": 0, "to": 9, "listed": 0.25}
    missed = {
        "cutoff": 10, "listed": 0.25, "just_missed": 0.5, "beyond": 0.25,
        "by_popularity": [quarter] * 4, "by_history": [quarter] * 3,
        "misses_listed_by": {"popularity": 0.1, "itemknn": 0.2},
    }  # fmt: skip
    part = {"gigaflop": 2.0, "gigabytes": 1.0, "seconds": 0.5, "floor_seconds": 0.25}
    step = {
        "heads": 2, "dimensions": 64, "layers": 1, "entries": 7, "propagation": part,
        "softmax": part, "step_seconds": 2.0, "step_floor_seconds": 0.5,
    }  # fmt: skip
    machine = {"cpu": "one", "threads": 2, "python": "3"}
    markdown = page({"residuals": {"a": missed}, "floor": {"a": step}, "machine": machine})
    assert "| a | 10 | 25.0% | 50.0% | 25.0% | 10.0% | 20.0% |" in markdown
    assert markdown.count("25.0% (0–9)") == 7
    assert "| 2.000 | 0.500 | 25% |" in markdown
    assert "| – |" in markdown
