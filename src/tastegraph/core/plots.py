"""Plots of named numbers: bars with intervals, and curves; matplotlib is an extra."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from tastegraph.core.errors import TastegraphError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

BAR_WIDTH = 0.8
"""Of all bars of one group together; groups are 1 apart."""


def new_axes(axes: Axes | None = None) -> Axes:
    """``axes``, or those of a new figure.

    Raises:
        TastegraphError: matplotlib is not installed.
    """
    if axes is not None:
        return axes
    if find_spec("matplotlib") is None:
        raise TastegraphError("plot() needs matplotlib: pip install 'tastegraph[plot]'")
    from matplotlib import pyplot

    return pyplot.subplots(layout="constrained")[1]


def bars(
    groups: Sequence[str],
    values: Mapping[str, Sequence[float]],
    intervals: Mapping[str, Sequence[tuple[float, float]]] | None = None,
    label: str = "",
    axes: Axes | None = None,
) -> Axes:
    """Groups of bars side by side.

    Args:
        groups: names on the x axis.
        values: series → a value for each group; nan is left out.
        intervals: series → lower and upper end for each group.
        label: of the y axis.
        axes: where to draw.
    """
    axes = new_axes(axes)
    width = BAR_WIDTH / max(len(values), 1)
    for place, (name, heights) in enumerate(values.items()):
        left = [group + (place - (len(values) - 1) / 2) * width for group in range(len(groups))]
        options: dict[str, Any] = {}
        if intervals is not None:
            pairs = list(zip(heights, intervals[name], strict=True))
            options["yerr"] = [
                [max(height - low, 0) for height, (low, _) in pairs],
                [max(high - height, 0) for height, (_, high) in pairs],
            ]
        axes.bar(left, heights, width, label=name, **options)
    axes.set_xticks(range(len(groups)), groups)
    axes.set_ylabel(label)
    if len(values) > 1:
        axes.legend()
    return axes


def curves(
    x: Sequence[float],
    values: Mapping[str, Sequence[float]],
    x_label: str = "",
    label: str = "",
    axes: Axes | None = None,
) -> Axes:
    """One line for each series.

    Args:
        x: positions.
        values: series → a value for each position.
        x_label, label: of the axes.
        axes: where to draw.
    """
    axes = new_axes(axes)
    for name, heights in values.items():
        axes.plot(x, heights, marker="o", label=name)
    axes.set_xlabel(x_label)
    axes.set_ylabel(label)
    axes.legend()
    return axes
