"""Evaluation reports as tables: on the terminal, and as HTML in a notebook."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape as escape_markup
from rich.table import Table

from tastegraph.core.html import html_table
from tastegraph.evaluation.off_policy import INTERVAL_Z

REFERENCE = "tastegraph"
"""Name of the model that all others are tested against."""
CONSOLE_WIDTH = 100
MAX_NAME_WIDTH = 20
"""Longer names of models wrap."""
_MISSING = "–"

Row = Mapping[str, Any]
"""One :class:`~tastegraph.evaluation.evaluator.Result` as JSON: what is not known is ``None``."""


def print_report(report: Mapping[str, Any], console: Console | None = None) -> None:
    """Print what :meth:`tastegraph.workspace.Workspace.evaluate` returns."""
    console = console or Console(width=CONSOLE_WIDTH, highlight=False)
    for line in _notes(report):
        console.print(line, markup=False)
    console.print()
    for table in result_tables(report["results"]):
        console.print(table)


def print_build_comparison(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print the models that a build compared, which one it serves, and how sure that is.

    Args:
        rows: :class:`~tastegraph.models.fitted_model.ModelComparison` as in a manifest.
    """
    console = Console(width=CONSOLE_WIDTH, highlight=False)
    if not rows:
        console.print(
            "Not compared with popularity, ItemKNN or EASE: no user has both an event to learn "
            "from and a later one to find. The defaults are served."
        )
        return
    n_users = rows[0]["people"]
    table = Table(
        box=box.SIMPLE_HEAD,
        title=f"Validation: NDCG@10 of {n_users:,} users. What is best beyond chance is served.",
        title_justify="left",
        title_style="",
    )
    for name in ("Model", "NDCG@10", "Less tastegraph (95 %)", ""):
        table.add_column(name, justify="left" if name in ("Model", "") else "right")
    for row in sorted(rows, key=lambda row: -row["ndcg"]):
        low, high = (row["lead"] + side * INTERVAL_Z * row["error"] for side in (-1, 1))
        lead = f"{row['lead']:+.4f} ({low:+.4f} to {high:+.4f})" if row["error"] else ""
        table.add_row(row["model"], f"{row['ndcg']:.4f}", lead, "served" if row["served"] else "")
    console.print(table)


def result_tables(rows: Sequence[Row]) -> list[Table]:
    """One table for each kind of history, a line for each model on all users and items.

    The best of each column is bold. A table is at most :data:`CONSOLE_WIDTH` columns wide.
    """
    tables = []
    for history, results in _by_history(rows).items():
        table = Table(
            title=f"History: {escape_markup(history)}",
            title_justify="left",
            box=box.SIMPLE_HEAD,
            padding=(0, 1, 0, 0),
        )
        table.add_column("Model", overflow="fold", max_width=MAX_NAME_WIDTH)
        for title, _ in _COLUMNS:
            table.add_column(title, justify="right", no_wrap=True)
        for result, cells in zip(results, _cells(results), strict=True):
            texts = [f"[bold]{text}[/bold]" if best else text for text, best in cells]
            table.add_row(escape_markup(result["model"]), *texts)
        tables.append(table)
    return tables


def report_html(report: Mapping[str, Any]) -> str:
    """The report as HTML: notes on the split, and the tables of :func:`result_tables`."""
    notes = "<br>".join(escape(line.strip()) for line in _notes(report))
    columns = ["Model", *(" ".join(title.split()) for title, _ in _COLUMNS)]
    tables = [
        html_table(
            columns,
            ([row["model"], *(text(row) for _, text in _COLUMNS)] for row in results),
            f"History: {history}",
        )
        for history, results in _by_history(report["results"]).items()
    ]
    return "\n".join([f"<p>{notes}</p>", *tables])


def _by_history(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Kind of history → results on all users and items."""
    by_history: dict[str, list[Row]] = {}
    for row in rows:
        if row["slice"] == "all":
            by_history.setdefault(row["history"], []).append(row)
    return by_history


def _cells(results: Sequence[Row]) -> list[list[tuple[str, bool]]]:
    """For each result the text of every column, and whether it is the best of that column."""
    best: list[set[int]] = [
        _rows_of_maximum([result["metrics"].get(metric) for result in results])
        for metric in _RANKED_METRICS
    ]
    best += [set()] * (len(_COLUMNS) - len(best))
    return [
        [(text(result), row in b) for (_, text), b in zip(_COLUMNS, best, strict=True)]
        for row, result in enumerate(results)
    ]


def _rows_of_maximum(values: Sequence[float | None]) -> set[int]:
    finite = [value for value in values if value is not None and math.isfinite(value)]
    return {row for row, value in enumerate(values) if finite and value == max(finite)}


def _ndcg(result: Row) -> str:
    low, high = result["ci95"].get("ndcg@10", (None, None))
    interval = f" ({low:.3f}–{high:.3f})" if low is not None and high is not None else ""
    return _number(result["metrics"].get("ndcg@10")) + interval


def _seconds(result: Row) -> str:
    seconds = result["fit_seconds"]
    return _number(seconds, 1 if seconds is not None and seconds < 100 else 0)


def _number(value: float | None, digits: int = 4) -> str:
    return _MISSING if value is None else f"{value:,.{digits}f}"


def _percent(value: float | None) -> str:
    return _MISSING if value is None else f"{value:.1%}"


def _p_value(value: float | None) -> str:
    return "< 0.001" if value is not None and value < 0.001 else _number(value, 3)


_RANKED_METRICS = ("ndcg@10", "recall@10", "recall@20", "mrr@10", "coverage@10")
"""Metrics of the first columns, where higher is better."""
_COLUMNS: tuple[tuple[str, Callable[[Row], str]], ...] = (
    ("NDCG@10 (95 %)", _ndcg),
    ("Recall\n@10", lambda result: _number(result["metrics"].get("recall@10"))),
    ("Recall\n@20", lambda result: _number(result["metrics"].get("recall@20"))),
    ("MRR\n@10", lambda result: _number(result["metrics"].get("mrr@10"))),
    ("Coverage\n@10", lambda result: _percent(result["metrics"].get("coverage@10"))),
    (f"p vs\n{REFERENCE}", lambda result: _p_value(result["p_vs"].get(REFERENCE))),
    ("Fit\nseconds", _seconds),
)
"""Title and text of every column after the name of the model."""


def _notes(report: Mapping[str, Any]) -> list[str]:
    """Lines about the split, its audit, and how the tables were obtained."""
    protocol = report["protocol"]
    return [
        f"Split: {protocol['split']}; positives: {protocol['positives']}.",
        *_audit_lines(report["audit"]),
        f"Every table ranks {protocol['ranking']} and leaves out {protocol['masked']}; "
        f"settings are chosen on {protocol['chosen_on']}.",
    ]


def _audit_lines(audit: Mapping[str, Any]) -> list[str]:
    """A :class:`~tastegraph.evaluation.audit.SplitAudit`, as JSON, in a few lines."""
    sizes = "; ".join(
        f"{name} {size['events']:,} events of {size['users']:,} users on {size['items']:,} items"
        for name, size in audit["parts"].items()
    )
    lines = [
        f"Split audit: {sizes}.",
        f"  pairs in train and again elsewhere: {sum(audit['overlap'].values())}; repeated within "
        f"a split: {sum(size['duplicates'] for size in audit['parts'].values())}; users whose "
        f"test comes before their train: {audit['time_travellers']}.",
        f"  in test but never in train: {audit['cold_users']} users, {audit['cold_items']} items.",
        f"  facts that state a test event: {audit['user_facts_in_test']}.",
        *_tied_lines(audit),
    ]
    for relation in audit["relations"]:
        if relation["suspicious"]:
            lines.append(
                f"  suspicious: {relation['relation']} links {relation['observed']:.1%} of test "
                f"items to the user's history, {relation['lift']:.1f} × what chance gives."
            )
    return lines


def _tied_lines(audit: Mapping[str, Any]) -> list[str]:
    """How many events share their time with another one; nothing where there are no times."""
    if audit["tied"] is None:
        return []
    line = f"  tied in time with another event of the user: {audit['tied']:.1%} of events"
    if audit["tied_tests"] is not None:
        line += f"; with one of train or valid: {audit['tied_tests']:.1%} of test events"
    return [f"{line}."]
