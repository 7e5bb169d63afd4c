"""Figures as text in the cells of a table."""

from __future__ import annotations

from collections.abc import Sequence

MISSING = "–"


def number(value: float | None, digits: int) -> str:
    """With so many digits, thousands parted."""
    return MISSING if value is None else f"{value:,.{digits}f}"


def with_interval(value: float | None, interval: Sequence[float] | None) -> str:
    """With half of the width of its interval behind it."""
    if interval is None:
        return number(value, 4)
    return f"{number(value, 4)} ± {(interval[1] - interval[0]) / 2:.4f}"


def p_value(p: float | None) -> str:
    """In three digits."""
    return MISSING if p is None else "< .001" if p < 0.001 else f"{p:.3f}"


def grid(rows: Sequence[Sequence[str]]) -> str:
    """A table in Markdown: the first row is its head, and all columns but the first are numbers."""
    first, *others = rows
    rule = ["---", *["---:"] * (len(first) - 1)]
    return "\n".join(f"| {' | '.join(row)} |" for row in (first, rule, *others))
