"""An evaluation document on the terminal: the audit in a few lines, then the tables."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

from tastegraph.evaluation.table import Result, render

WIDTH = 100
CRITICAL = 1.96
"""Standard errors to either side of a mean that hold 95 % of a normal distribution."""


def show(document: Mapping[str, Any], console: Console | None = None) -> None:
    """Print what :meth:`tastegraph.workspace.Workspace.evaluate` gives."""
    console = console or Console(width=WIDTH, highlight=False)
    told = document["protocol"]
    console.print(f"Split: {told['split']}; positives: {told['positives']}.", markup=False)
    for line in _audit_lines(document["audit"]):
        console.print(line, markup=False)
    console.print(
        f"Every table ranks {told['ranking']} and leaves out {told['masked']}; "
        f"settings are chosen on {told['chosen_on']}.\n",
        markup=False,
    )
    for table in render(_results(document)):
        console.print(table)


def show_comparison(rows: Sequence[Mapping[str, Any]], console: Console | None = None) -> None:
    """Print what a build tried, what it serves and how sure that is.

    Args:
        rows: :class:`tastegraph.models.learned.Compared` as the manifest of a snapshot has them.
        console: where to; by default standard output.
    """
    console = console or Console(width=WIDTH, highlight=False)
    if not rows:
        console.print(
            "Not compared with popularity, ItemKNN or EASE: nobody has both an event to learn from "
            "and a later one to find. The defaults are served."
        )
        return
    people = rows[0]["people"]
    table = Table(
        box=SIMPLE_HEAD,
        title=f"Validation: NDCG@10 of {people:,} people. What is best beyond chance is served.",
        title_justify="left",
        title_style="",
    )
    for name in ("Model", "NDCG@10", "Less tastegraph (95 %)", ""):
        table.add_column(name, justify="left" if name in ("Model", "") else "right")
    for row in sorted(rows, key=lambda row: -row["ndcg"]):
        low, high = (row["lead"] + side * CRITICAL * row["error"] for side in (-1, 1))
        lead = f"{row['lead']:+.4f} ({low:+.4f} to {high:+.4f})" if row["error"] else ""
        table.add_row(row["model"], f"{row['ndcg']:.4f}", lead, "served" if row["served"] else "")
    console.print(table)


def _results(document: Mapping[str, Any]) -> list[Result]:
    """The rows as they were: what JSON holds as null is nan again."""
    return [
        Result(
            **{
                **row,
                "fit_seconds": _number(row["fit_seconds"]),
                "peak_rss_mb": _number(row["peak_rss_mb"]),
                "metrics": {name: _number(value) for name, value in row["metrics"].items()},
                "ci95": {k: (_number(a), _number(b)) for k, (a, b) in row["ci95"].items()},
            }
        )
        for row in document["results"]
    ]


def _number(value: float | None) -> float:
    return math.nan if value is None else value


def _audit_lines(audit: Mapping[str, Any]) -> list[str]:
    sizes = "; ".join(
        f"{name} {part['events']:,} events of {part['users']:,} people on {part['items']:,} items"
        for name, part in audit["parts"].items()
    )
    lines = [
        f"Split audit: {sizes}.",
        f"  pairs in train and again elsewhere: {sum(audit['overlap'].values())}; repeated within "
        f"a part: {sum(part['duplicates'] for part in audit['parts'].values())}; people whose "
        f"test comes before their train: {audit['time_travellers']}.",
        f"  in test but never in train: {audit['cold_users']} people, {audit['cold_items']} items.",
        f"  facts that state a test event: {audit['user_facts_in_test']}.",
        *_ties(audit),
    ]
    for relation in audit["relations"]:
        if relation["suspicious"]:
            lines.append(
                f"  suspicious: {relation['relation']} links {relation['observed']:.1%} of test "
                f"items to the person's history, {relation['lift']:.1f} × what chance gives."
            )
    return lines


def _ties(audit: Mapping[str, Any]) -> list[str]:
    """What no time orders; nothing where there are no times."""
    if audit["tied"] is None:
        return []
    line = f"  tied in time with another event of the person: {audit['tied']:.1%} of events"
    if audit["tied_tests"] is not None:
        line += f"; with one of train or valid: {audit['tied_tests']:.1%} of test events"
    return [f"{line}."]
