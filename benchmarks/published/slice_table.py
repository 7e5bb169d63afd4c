"""A set's slices as one table, and over all sets: where knowledge is worth something."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.published.cells import MISSING, number, p_value
from benchmarks.published.field import LEARNED
from benchmarks.published.slices import ITEM_BOUNDS, USER_BOUNDS, name_of_items, name_of_users
from tastegraph.evaluation.comparison import GRAPH_CONTROLS
from tastegraph.evaluation.tables import REFERENCE
from tastegraph.models.baselines import BASELINES

OFF, SHUFFLED = GRAPH_CONTROLS
LEVEL = 0.05
EVERYTHING = "all"
SPARSE = (*(name_of_items(b) for b in ITEM_BOUNDS[:3]), name_of_users(USER_BOUNDS[0]))
"""Slices of few likes, where knowledge has the most to add."""

SetResults = Mapping[str, Any]


def rows_by_likes(results: SetResults, metrics: Sequence[str]) -> list[list[str]]:
    """Head, then a row of text for each slice: our figure, the controls' with p, closed forms'.

    Args:
        results: of one set and history; with ``by_likes``.
        metrics: the set's; the first is shown.
    """
    metric, present = metrics[0], results["rows"]
    controls = [row for row in LEARNED if row in present and row != REFERENCE]
    forms = [row for row in BASELINES if row in present]
    targets = "test pairs" if metric == "auc" else "test likes"
    table = [[metric, "users", targets, REFERENCE, *controls, *forms]]
    for name, entry in results["by_likes"].items():
        values = {row: of_row.get(metric) for row, of_row in entry["rows"].items()}
        cells = [f"{entry['users']:,}", f"{entry['targets']:,}", number(values.get(REFERENCE), 4)]
        for row in controls:
            p = entry["p"].get(row, {}).get(metric)
            cells.append(f"{number(values.get(row), 4)} ({p_value(p)})")
        table.append([name, *cells, *(number(values.get(row), 4) for row in forms)])
    return table


@dataclass(frozen=True)
class Worth:
    """Knowledge against its controls on one set or slice.

    Attributes:
        values, p: row → figure; ``None`` where it is not known.
    """

    name: str
    where: str
    users: int | None
    metric: str
    values: Mapping[str, float | None]
    p: Mapping[str, float | None]

    @property
    def proven(self) -> bool:
        """Whether the graph beats no graph and a shuffled one, by more than chance."""
        ours = self.values.get(REFERENCE)
        for control in (OFF, SHUFFLED):
            theirs, p = self.values.get(control), self.p.get(control)
            if ours is None or theirs is None or p is None or theirs >= ours or p >= LEVEL:
                return False
        return True

    def cells(self) -> list[str]:
        """As a row of text."""
        return [
            self.name,
            self.where,
            MISSING if self.users is None else f"{self.users:,}",
            self.metric,
            *(number(self.values.get(row), 4) for row in (REFERENCE, OFF, SHUFFLED)),
            *(p_value(self.p.get(row)) for row in (OFF, SHUFFLED)),
        ]


HEAD = ["set", "where", "users", "metric", "with knowledge", OFF, SHUFFLED,
        "p, off", "p, shuffled"]  # fmt: skip


def knowledge_tables(sets: SetResults) -> tuple[list[list[str]], list[list[str]]]:
    """Where knowledge is worth something, and where it does not show: each a head, then rows."""
    entries = [entry for name, results in sets.items() for entry in _entries(name, results)]
    return (
        [HEAD, *(entry.cells() for entry in entries if entry.proven)],
        [HEAD, *(entry.cells() for entry in entries if not entry.proven)],
    )


def _entries(name: str, results: SetResults) -> Iterator[Worth]:
    """The whole set by each metric that is tested; then its sparse slices by the first."""
    if not {OFF, SHUFFLED} <= results["rows"].keys():
        return
    metrics = results["metrics"]
    first = metrics[0]
    for metric in metrics:
        if metric in results["p"].get(OFF, {}):
            yield _worth(name, EVERYTHING, results.get("tested"), metric, results)
    for where, entry in results.get("by_likes", {}).items():
        if where in SPARSE:
            yield _worth(name, where, entry["users"], first, entry)


def _worth(name: str, where: str, users: int | None, metric: str, entry: SetResults) -> Worth:
    rows = (REFERENCE, OFF, SHUFFLED)
    return Worth(
        name, where, users, metric,
        {row: entry["rows"].get(row, {}).get(metric) for row in rows},
        {row: entry["p"].get(row, {}).get(metric) for row in rows},
    )  # fmt: skip
