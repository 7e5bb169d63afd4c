"""Results as JSON for machines and as tables for people."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from rich import box
from rich.markup import escape
from rich.table import Table

from tastegraph.evaluation.audit import Audit

REFERENCE = "tastegraph"
WIDEST_NAME = 20
_NONE = "–"


@dataclass(frozen=True, slots=True)
class Result:
    """One model on one slice, given one kind of history.

    Attributes:
        slice: name of a :class:`tastegraph.evaluation.slices.Slice`.
        history: what the model knew of a person when it ranked.
        metrics: means over people, by name and cutoff: ``ndcg@10``, ``coverage@10``.
        ci95: metric → lower and upper end of its interval.
        p_vs: name of another model → adjusted p that this one differs from it.
        fit_seconds: time to fit; nan where it was not measured.
        peak_rss_mb: most memory held while fitting; nan where it was not measured.
    """

    model: str
    slice: str
    history: str
    metrics: Mapping[str, float]
    ci95: Mapping[str, tuple[float, float]]
    p_vs: Mapping[str, float]
    fit_seconds: float
    peak_rss_mb: float


def to_json(
    dataset: object,
    protocol: Mapping[str, Any],
    audit: Audit | Mapping[str, Any],
    results: Sequence[Result],
) -> dict[str, Any]:
    """Return what ``json.dumps(…, allow_nan=False)`` accepts: nan and infinity become ``None``.

    Raises:
        TypeError: a value has no form in JSON.
    """
    return {
        "dataset": _plain(dataset),
        "protocol": _plain(protocol),
        "audit": _plain(audit.as_dict() if isinstance(audit, Audit) else audit),
        "results": [
            {name: _plain(getattr(result, name)) for name in Result.__slots__} for result in results
        ],
    }


def render(results: Sequence[Result]) -> list[Table]:
    """Return one table for each history, a row for each model on all people and items.

    The best of each column is bold. A table is at most 100 columns wide; names longer than
    :data:`WIDEST_NAME` wrap.
    """
    everyone = [result for result in results if result.slice == "all"]
    histories = dict.fromkeys(result.history for result in everyone)
    return [
        _table(history, [result for result in everyone if result.history == history])
        for history in histories
    ]


def _table(history: str, results: Sequence[Result]) -> Table:
    table = Table(
        title=f"History: {escape(history)}",
        title_justify="left",
        box=box.SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
    )
    table.add_column("Model", overflow="fold", max_width=WIDEST_NAME)
    columns: list[tuple[str, Callable[[Result], str]]] = [
        ("NDCG@10 (95 %)", _ndcg),
        ("Recall\n@10", lambda r: _number(r.metrics.get("recall@10"))),
        ("Recall\n@20", lambda r: _number(r.metrics.get("recall@20"))),
        ("MRR\n@10", lambda r: _number(r.metrics.get("mrr@10"))),
        ("Coverage\n@10", lambda r: _percent(r.metrics.get("coverage@10"))),
        (f"p vs\n{REFERENCE}", lambda r: _p(r.p_vs.get(REFERENCE))),
        ("Fit\nseconds", lambda r: _number(r.fit_seconds, 1 if r.fit_seconds < 100 else 0)),
    ]
    for title, _ in columns:
        table.add_column(title, justify="right", no_wrap=True)
    ranked = ("ndcg@10", "recall@10", "recall@20", "mrr@10", "coverage@10")
    bold = [_best([result.metrics.get(metric) for result in results]) for metric in ranked]
    bold += [set()] * (len(columns) - len(ranked))
    for row, result in enumerate(results):
        cells = [text(result) for _, text in columns]
        shown = [f"[bold]{c}[/bold]" if row in b else c for c, b in zip(cells, bold, strict=True)]
        table.add_row(escape(result.model), *shown)
    return table


def _best(values: Sequence[float | None]) -> set[int]:
    """Return the rows that hold the highest value."""
    known = [value for value in values if value is not None and math.isfinite(value)]
    return {row for row, value in enumerate(values) if known and value == max(known)}


def _ndcg(result: Result) -> str:
    low, high = result.ci95.get("ndcg@10", (math.nan, math.nan))
    interval = f" ({low:.3f}–{high:.3f})" if math.isfinite(low + high) else ""
    return _number(result.metrics.get("ndcg@10")) + interval


def _number(value: float | None, digits: int = 4) -> str:
    return f"{value:,.{digits}f}" if value is not None and math.isfinite(value) else _NONE


def _percent(value: float | None) -> str:
    return f"{value:.1%}" if value is not None and math.isfinite(value) else _NONE


def _p(value: float | None) -> str:
    return "< 0.001" if value is not None and value < 0.001 else _number(value, 3)


def _plain(value: object) -> Any:
    """Return ``value`` as JSON's own types."""
    match value:
        case np.generic():
            return _plain(value.item())
        case np.ndarray():
            return _plain(value.tolist())
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else None
        case Mapping():
            return {str(key): _plain(entry) for key, entry in value.items()}
        case list() | tuple():
            return [_plain(entry) for entry in value]
        case _:
            raise TypeError(f"{type(value).__name__} has no form in JSON")
