"""The page of the loop's results: every figure of it is in the results file."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.loop.pictures import NAMES, draw
from benchmarks.loop.table import page


@pytest.fixture
def results() -> dict:
    row = {"ndcg@10": 0.1234, "interval": [0.1, 0.2], "by_slice": [0.1, 0.2], "seconds": [1.0, 3.0]}
    late = {"late": 1.5, "late_by_seed": [1.25, 1.75], "by_round": [2.0, 1.0]}
    measures = ("regret", "likes", "coverage", "gini", "new_items_reached")
    return {
        "replay": {
            "ml100k": {
                "rows": dict.fromkeys(NAMES, row),
                "p": {"fold_in - frozen": 0.0005, "retrain - fold_in": 0.25},
                "by_age": [
                    {"events": [0, 0], "asked": 7, "ndcg@10": dict.fromkeys(NAMES, 0.05)},
                    {"events": [1, 4], "asked": 0},
                ],
                "listed": [{"before": 5, "items": 8, "share": dict.fromkeys(NAMES, 0.625)}],
                "retrain_share_of_scratch": 0.125,
            }
        },
        "simulation": {"rows": {"loop": dict.fromkeys(measures, late)}},
        "ingest": {
            "single": {"events_per_second": 1234.0, "p50_ms": 1.25, "p99_ms": 9.5, "requests": 9},
            "freshness": {"p50_ms": 11.0, "p99_ms": 44.0, "requests": 9},
            "new item": {"median_seconds": 4.0, "worst_seconds": 5.0},
        },
        "durability": {
            "kills": {"ingest": 3, "publish": 2}, "acknowledged": 4567, "lost": 0, "twice": 0,
            "half_batches": 0, "half_models": 0, "back_seconds": {"median": 1.5, "worst": 2.5},
        },
        "machine": {"cpu": "some cores", "python": "3.11"},
    }  # fmt: skip


def test_the_page_says_what_was_measured(results) -> None:
    markdown = page(results)
    for words in (
        "| frozen | 0.1234 | 0.1000–0.2000 | 2.0 |", "fold-in - frozen: < .001", "12% of the time",
        "| 0 | 7 | 0.0500", "| 5 | 8 | 62% ", "| 1–4 | 0 | – |", "1.500 (1.250–1.750)",
        "| single | 1,234 | 1.2 | 9.5 |",
        "| freshness | – | 11.0 | 44.0 |", "5 kills (3 during ingest, 2 during publish)", "4,567",
    ):  # fmt: skip
        assert words in markdown, words
    assert "simulation" not in page({"machine": results["machine"]})


@pytest.mark.slow
def test_the_same_results_make_the_same_pictures(results, tmp_path: Path) -> None:
    pictures = []
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        draw(results, tmp_path / name)
        pictures.append({file.name: file.read_bytes() for file in (tmp_path / name).iterdir()})
    assert pictures[0] == pictures[1]
    assert set(pictures[0]) == {"loop-ml100k.svg", "loop-simulation.svg"}
