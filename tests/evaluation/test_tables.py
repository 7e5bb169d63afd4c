"""Reports as JSON, as tables on the terminal and as HTML."""

import json
import math
from collections import Counter

import numpy as np
import pytest
from rich.console import Console

from tastegraph.evaluation.audit import audit
from tastegraph.evaluation.evaluator import Result
from tastegraph.evaluation.report import to_json
from tastegraph.evaluation.tables import result_tables


def result(model="tastegraph", history="train", on="all", ndcg=0.3456, **p):
    return Result(
        model=model, slice=on, history=history,
        metrics={"ndcg@10": np.float64(ndcg), "recall@10": 0.21, "recall@20": 0.31,
                 "mrr@10": 0.5, "coverage@10": 0.4321, "map@10": math.nan},
        ci95={"ndcg@10": (ndcg - 0.01, ndcg + 0.01)},
        p_vs=p, fit_seconds=1234.56, peak_rss_mb=math.nan,
    )  # fmt: skip


def test_json_has_all_keys_and_no_nan():
    empty = np.array([], dtype=np.int32)
    split_audit = audit(empty, empty, np.array([]), empty)
    report = to_json("ml-100k", {"cutoffs": (10, 20)}, split_audit, [result(pop=np.float32(0.5))])
    read = json.loads(json.dumps(report, allow_nan=False))
    assert list(read) == ["dataset", "protocol", "audit", "results"]
    (row,) = read["results"]
    assert list(row) == [
        "model", "slice", "history", "metrics", "ci95", "p_vs", "fit_seconds", "peak_rss_mb",
    ]  # fmt: skip
    assert row["metrics"]["map@10"] is None
    assert row["peak_rss_mb"] is None
    assert row["ci95"]["ndcg@10"] == pytest.approx([0.3356, 0.3556])
    assert read["protocol"] == {"cutoffs": [10, 20]}
    with pytest.raises(TypeError, match="object"):
        to_json(object(), {}, {}, [])


def test_tables_fit_a_hundred_columns():
    results = [
        result(), result("a-[bold]-model-of-20", ndcg=0.1, tastegraph=0.0004), result(on="tail"),
        result("popularity", history="first 5", ndcg=math.nan, tastegraph=0.25),
    ]  # fmt: skip
    tables = result_tables(to_json("ml-100k", {}, {}, results)["results"])
    assert [table.title for table in tables] == ["History: train", "History: first 5"]
    assert tables[0].row_count == 2
    console = Console(width=100, record=True, color_system=None)
    for table in tables:
        console.print(table)
    text = console.export_text()
    assert "…" not in text
    assert max(map(len, text.splitlines())) <= 100
    counts = Counter(text.split())
    assert counts["0.3456"] == 1
    for cell in ("(0.336–0.356)", "< 0.001", "0.250", "43.2%", "1,235", "a-[bold]-model-of-20"):
        assert cell in text


def test_report_in_a_notebook_is_escaped_html():
    empty = np.array([], dtype=np.int32)
    protocol = {
        "split": "given", "positives": "<i>all</i>", "ranking": "all items", "masked": "train",
        "chosen_on": "valid",
    }  # fmt: skip
    results = [result(), result("<script>", ndcg=0.1), result(on="tail"), result(history="a & b")]
    report = to_json("ml-100k", protocol, audit(empty, empty, np.array([]), empty), results)
    html = report._repr_html_()
    assert json.loads(json.dumps(report)) == report
    assert "&lt;script&gt;" in html
    assert "<script>" not in html
    assert "<i>" not in html
    assert "History: a &amp; b" in html
    assert html.count("<table>") == html.count("</table>") == 2
    assert html.count("<tr>") == 2 + 3
    assert "<td>0.3456 (0.336–0.356)</td>" in html
    assert "<td>0.1000 (0.090–0.110)</td>" in html
