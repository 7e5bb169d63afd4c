"""What the benchmarks save and print: means over seeds, slices, tables, published figures."""

import json

import numpy as np
import pytest
from benchmarks.published.benchmarks import BENCHMARKS
from benchmarks.published.measured import Measured
from benchmarks.published.published import PUBLISHED
from benchmarks.published.summary import seed_interval, summary

from tastegraph.evaluation.measurement import QualityCurve, seconds_to_quality


def test_seeds_are_averaged_and_users_compared():
    ours = [Measured({"ndcg@10": np.full(40, v)}, 10.0, 1.0, 50.0) for v in (0.4, 0.6)]
    theirs = [Measured({"ndcg@10": np.full(40, 0.1)}, 1.0, 1.0, 70.0)]
    results = summary({"tastegraph": ours, "popularity": theirs}, ["ndcg@10"])
    assert results["rows"]["tastegraph"]["ndcg@10"] == pytest.approx(0.5)
    # t(.975, 1) = 12.706; the half width is 12.706 · .1414 / √2
    assert results["intervals"]["tastegraph"]["ndcg@10"] == pytest.approx(
        [0.5 - 1.2706, 0.5 + 1.2706], abs=1e-3
    )
    assert results["intervals"]["popularity"]["ndcg@10"] is None
    assert results["p"]["popularity"]["ndcg@10"] < 0.001
    assert results["seconds"]["tastegraph"] == {
        "fit": 10.0, "fit_by_seed": [10.0, 10.0], "score": 1.0,
    }  # fmt: skip
    assert results["memory"] == {"tastegraph": 50.0, "popularity": 70.0}
    assert seed_interval([0.3]) is None


def test_a_slice_has_the_figures_of_its_users_alone():
    ours = [Measured({"ndcg@10": np.array([1.0, 0.5, 0.0, 0.0])}, 1.0, 1.0, 1.0)]
    theirs = [Measured({"ndcg@10": np.array([0.0, 0.5, 1.0, np.nan])}, 1.0, 1.0, 1.0)]
    first = np.array([True, True, False, False])
    last, nobody = np.array([False, False, False, True]), np.zeros(4, dtype=np.bool_)
    results = summary(
        {"tastegraph": ours, "popularity": theirs},
        ["ndcg@10"],
        {"first two": first, "last": last, "nobody": nobody},
    )
    slices = results["slices"]
    assert {name: figures["size"] for name, figures in slices.items()} == {
        "first two": 2, "last": 1, "nobody": 0,
    }  # fmt: skip
    assert slices["first two"]["rows"] == {
        "tastegraph": {"ndcg@10": 0.75}, "popularity": {"ndcg@10": 0.25},
    }  # fmt: skip
    assert slices["last"]["rows"]["popularity"]["ndcg@10"] is None
    assert slices["nobody"]["rows"]["tastegraph"]["ndcg@10"] is None
    assert results["rows"]["tastegraph"]["ndcg@10"] == pytest.approx(0.375)
    json.dumps(results, allow_nan=False)


def test_the_field_is_well_formed():
    assert set(PUBLISHED) == set(BENCHMARKS)
    assert [n for n, bars in PUBLISHED.items() if bars.must_beat and not bars.aim] == [
        "amazon-beauty-also"
    ]
    for name, bars in PUBLISHED.items():
        metrics = BENCHMARKS[name].metrics
        assert set(bars.must_beat) <= set(metrics)
        assert all(aim > bars.must_beat[metric] for metric, aim in bars.aim.items())
        assert all(row.source and row.values for row in bars.rows)
        assert all(0 < value < 1 for row in bars.rows for value in row.values.values())
        known = {(row.model, row.source) for row in bars.rows}
        assert len(known) == len(bars.rows)


def test_who_was_as_good_when():
    course = QualityCurve()
    for quality in (0.2, 0.1, 0.2, 0.3):
        course(quality)
    assert [quality for _, quality in course.steps] == [0.2, 0.3]
    steps = [(1.0, 0.2), (4.0, 0.3)]
    assert [seconds_to_quality(q, steps) for q in (0.1, 0.2, 0.25, 0.4)] == [1.0, 1.0, 4.0, None]
