"""The result of ``tastegraph.evaluate``: frames, a table to look at, and plots."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import polars as pl

from tastegraph.core.errors import ConfigError
from tastegraph.core.plots import bars, curves
from tastegraph.data.frames import to_polars

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@dataclass(frozen=True)
class ComparisonResult:
    """What every model reached; frames of the library that the events came in.

    Attributes:
        table: ``model``, ``metric`` (``ndcg@10``), ``mean`` over users, ``low`` and ``high`` of its
            95 % interval (bootstrap), ``p`` that it differs from the first model (paired sign-flip
            test, Holm-adjusted over the models), ``users``, ``fit_seconds``.
        per_user: ``model``, ``user_id``, ``metric``, ``value``.
        slices: ``model``, ``slice`` (all, cold_user, warm_user, cold_item, warm_item, tail,
            head), ``metric``, ``mean``, ``users``.
    """

    table: Any
    per_user: Any
    slices: Any

    def mean(self, model: str, metric: str) -> float:
        """One number of the table.

        Raises:
            ConfigError: there is no such model or metric.
        """
        table = self._table
        rows = table.filter((pl.col("model") == model) & (pl.col("metric") == metric))
        if not len(rows):
            models, metrics = table["model"].unique().to_list(), table["metric"].unique().to_list()
            raise ConfigError(
                f"there is no {metric!r} of {model!r}; models are {', '.join(sorted(models))}, "
                f"metrics {', '.join(sorted(metrics))}"
            )
        return float(rows["mean"][0])

    def plot(
        self, kind: str = "metrics", metric: str | None = None, axes: Axes | None = None
    ) -> Axes:
        """Draw the comparison (needs ``tastegraph[plot]``).

        Args:
            kind: ``metrics``, a bar with its interval for each model; ``curves``, one metric by the
                length of the list; ``slices``, one metric on each slice.
            metric: for example ``ndcg@10``; by default the first of the table.
            axes: where to draw; by default a new figure.

        Raises:
            ConfigError: there is no such kind or metric.
            TastegraphError: matplotlib is not installed.
        """
        table = self._table
        metric = metric or table["metric"][0]
        name = metric.partition("@")[0]
        models = table["model"].unique(maintain_order=True).to_list()
        if metric not in table["metric"]:
            raise ConfigError(f"there is no metric {metric!r} in this comparison")
        if kind == "metrics":
            rows = table.filter(pl.col("metric") == metric)
            intervals = {metric: list(zip(rows["low"], rows["high"], strict=True))}
            known = rows["low"].null_count() == 0
            return bars(
                models, {metric: rows["mean"].to_list()}, intervals if known else None, metric, axes
            )
        if kind == "curves":
            rows = table.filter(pl.col("metric").str.starts_with(f"{name}@")).with_columns(
                k=pl.col("metric").str.split("@").list.last().cast(pl.Int64)
            )
            values = {m: rows.filter(pl.col("model") == m).sort("k")["mean"].to_list()
                      for m in models}  # fmt: skip
            return curves(rows["k"].unique().sort().to_list(), values, "k", name, axes)
        if kind == "slices":
            rows = to_polars(self.slices, "slices").filter(pl.col("metric") == metric)
            if not len(rows):
                raise ConfigError(f"{metric} has no slices")
            parts = rows["slice"].unique(maintain_order=True).to_list()
            means = {(m, s): mean for m, s, mean in rows.select("model", "slice", "mean").rows()}
            heights = {m: [means.get((m, s), float("nan")) for s in parts] for m in models}
            return bars(parts, heights, None, metric, axes)
        raise ConfigError(f"kind: metrics, curves or slices is expected, {kind!r} found")

    @property
    def _table(self) -> pl.DataFrame:
        return to_polars(self.table, "table")

    def _cells(self) -> tuple[list[str], list[list[str]]]:
        """Header and rows: a model in each, a metric in each column."""
        table = self._table
        metrics = table["metric"].unique(maintain_order=True).to_list()
        rows: dict[str, dict[str, str]] = {}
        for row in table.iter_rows(named=True):
            text = f"{row['mean']:.4f}"
            if row["low"] is not None:
                text += f" ({row['low']:.4f}–{row['high']:.4f})"
            rows.setdefault(row["model"], {})[row["metric"]] = text
        body = [[model, *(cells.get(m, "–") for m in metrics)] for model, cells in rows.items()]
        return ["model", *metrics], body

    def __str__(self) -> str:
        header, body = self._cells()
        widths = [max(map(len, column)) for column in zip(header, *body, strict=True)]
        lines = (
            "  ".join(c.ljust(w) for c, w in zip(r, widths, strict=True)) for r in (header, *body)
        )
        return "\n".join(line.rstrip() for line in lines)

    def _repr_html_(self) -> str:
        header, body = self._cells()
        head = "".join(f"<th>{escape(cell)}</th>" for cell in header)
        rows = "".join(
            f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in body
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
