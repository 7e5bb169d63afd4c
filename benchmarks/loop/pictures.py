"""The curves as pictures, drawn from the results file alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt

mpl.use("svg")
# The same results make the same file.
mpl.rcParams.update({"svg.hashsalt": "tastegraph", "font.size": 9, "axes.grid": True})
NAMES = {
    "frozen": "frozen", "fold_in": "fold-in only", "retrain": "fold-in + warm retrain",
    "scratch": "from scratch each slice", "popularity": "popularity", "itemknn": "ItemKNN",
}  # fmt: skip
WIDTH, HEIGHT = 6.4, 3.6


def draw(results: Mapping[str, Any], folder: Path) -> None:
    """``loop-SET.svg`` of each replay, and ``loop-simulation.svg``."""
    for name, entry in results.get("replay", {}).items():
        figure, axes = plt.subplots(figsize=(WIDTH, HEIGHT), layout="constrained")
        curves = {NAMES[row]: figures["by_slice"] for row, figures in entry["rows"].items()}
        _lines(axes, curves, f"{name}: NDCG@10 of the next like", "slice")
        axes.legend(fontsize=8)
        _save(figure, folder / f"loop-{name}.svg")
    if "simulation" in results:
        rows = results["simulation"]["rows"]
        figure, grid = plt.subplots(
            2, 2, figsize=(WIDTH * 1.3, HEIGHT * 1.5), layout="constrained", sharex=True
        )
        for axes, (measure, title) in zip(
            grid.flat,
            {
                "regret": "regret, expected likes a list",
                "coverage": "share of the items in any list",
                "gini": "Gini of exposure",
                "new_items_reached": "new items that reached whom they please",
            }.items(),
            strict=True,
        ):
            curves = {arm: figures[measure]["by_round"] for arm, figures in rows.items()}
            _lines(axes, curves, title, "round")
        grid.flat[0].legend(fontsize=8)
        _save(figure, folder / "loop-simulation.svg")


def _lines(axes: Any, curves: Mapping[str, Sequence[float]], title: str, along: str) -> None:
    for label, values in curves.items():
        axes.plot(range(1, len(values) + 1), values, label=label, linewidth=1.4)
    axes.set_title(title, fontsize=10)
    axes.set_xlabel(along)


def _save(figure: Any, file: Path) -> None:
    figure.savefig(file, metadata={"Date": None})
    plt.close(figure)
