"""The page of results: every figure from the results file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.growth.table import read_results

_ROOT = Path(__file__).parents[2]
RESULTS = _ROOT / "benchmarks" / "results" / "serving.json"
BATCH_RESULTS = _ROOT / "benchmarks" / "results" / "batch.json"
_PAGE = _ROOT / "docs" / "serving-results.md"

INTRODUCTION = """# Serving, measured

Made by `make benchmark-serving ITEMS=…`; every figure is from `benchmarks/results/serving.json`.

A seeded shop from files (`benchmarks/growth/shop.py`): four events and six facts for each item,
texts of one or two sentences, users with a power law of events. Rows *before* are the version that
scored every item for every list, measured once; *now* is the code as it is, a number one commit of
it; *first lists* are those of `build --first`, by closed forms; with *workers* the service has so
many processes, with *filters* half of the lists have one.
Lists have ten items with three reasons each. *Load* is the
load average of the machine, processes that ran or waited over the last minute: where it is above
the number of cores, latencies are those of a machine that did other work too, and processor time is
the figure to compare. Where *nice* is below 0, the service and the generator went before that other
work.
"""
ONE_LIST = """## One list, taken apart

In one process, on one thread, for random users: milliseconds of processor time of one list with its
reasons. *Events* are the user's, read from the store; then items are *ranked*, *reasons* computed
and put into *words*. *Product* is the yardstick: the inner products of all items with one vector of
128 numbers, and the best 500. *Open* is from the pointer of the snapshot to the first answer, by
the clock and in processor seconds.
"""
LOAD = """## Under load

`tastegraph serve` in a process of its own, and a generator that sends requests at their scheduled
times, whether or not earlier ones were answered; a latency counts from the scheduled time. Both
share the machine's cores: what the generator used stands in its own column. A request
without an answer within 30 seconds is an error. Rates above one at which half of the lists took
more than 5 seconds, or a tenth failed, were not sent. In rows with filters half of the lists have
one of some thousand filters over attributes and facts; the ratio is that of the halves' medians.
"""
MEMORY = """## Memory and size

Of all processes of the service after the load. *Proportional* shares pages that several processes
map out among them; *private* is what no other has.
"""

BATCH = """## Lists for everybody

Made by `make benchmark-batch`; figures are from `benchmarks/results/batch.json`. Lists of ten from
the same random factors, for users of twenty items that are left out: whole lists by blocks of users
but for their words (user vectors from histories, the spread of scores, candidates, exact scores of
these), and implicit's `recommend(userids, user_items, N)`, which is given the users' vectors and
ranks by the products alone. Lists a second of processor time of one thread; both took turns, and
*ratio* is the middle of the rounds' ratios, above 1 where ours is faster. *Same* is the share of
places with the same item.
"""


def page(results: Mapping[str, Any], batches: Mapping[str, Any] | None = None) -> str:
    """Markdown, of what ``serving.json`` and ``batch.json`` hold."""
    rows = [
        (f"{int(size):,}", name, row)
        for size, names in results["sizes"].items()
        for name, row in names.items()
    ]
    parts = [
        INTRODUCTION, ONE_LIST, _table(_HEAD_ONE, map(_one, rows)), LOAD,
        _table(_HEAD_LOAD, (cells for row in rows for cells in _loads(row))), MEMORY,
        _table(_HEAD_MEMORY, map(_memory, rows)),
        *_batches(batches),
        _machine(row for _, _, row in rows),
    ]  # fmt: skip
    return "\n\n".join(part.strip() for part in parts) + "\n"


_Row = tuple[str, str, Mapping[str, Any]]
_HEAD_ONE = (
    "items", "row", "list, ms", "events", "ranking", "reasons", "words", "product", "open, s",
    "processor, s", "load",
)  # fmt: skip
_HEAD_LOAD = (
    "items", "row", "requests/s", "answered/s", "p50, ms", "p95", "p99", "errors",
    "processor, ms a list", "generator, ms", "filtered / plain p50", "load", "nice",
)  # fmt: skip
_HEAD_MEMORY = ("items", "row", "snapshot, MiB", "resident, MiB", "proportional", "private")


def _table(head: tuple[str, ...], rows: Iterator[list[str]]) -> str:
    lines = [f"| {' | '.join(head)} |", "| ---: | --- |" + " ---: |" * (len(head) - 2)]
    return "\n".join([*lines, *(f"| {' | '.join(cells)} |" for cells in rows)])


def _one(row: _Row) -> list[str]:
    items, name, figures = row
    one = figures["one_list"]
    parts = ("list", "events", "ranking", "reasons", "words", "product")
    milliseconds = [f"{one[f'{part}_ms']:.1f}" for part in parts]
    opened = [f"{one['open_seconds']:.2f}", f"{one['open_cpu_seconds']:.2f}"]
    return [items, name, *milliseconds, *opened, f"{one['load']:.1f}"]


def _loads(row: _Row) -> Iterator[list[str]]:
    items, name, figures = row
    for load in figures["rates"]:
        latencies = [
            "–" if load[f"p{q}_ms"] is None else f"{load[f'p{q}_ms']:,.0f}" for q in (50, 95, 99)
        ]
        yield [
            items, name, f"{load['rate']:,.0f}", f"{load['answered_per_second']:,.1f}", *latencies,
            f"{load['errors']:,}", f"{load['cpu_ms']:.1f}", f"{load['generator_cpu_ms']:.1f}",
            _ratio(load), f"{load['load']:.1f}", f"{figures['niceness']}",
        ]  # fmt: skip


def _ratio(load: Mapping[str, Any]) -> str:
    """How much longer a list with a filter takes, where some have one."""
    plain, filtered = load.get("plain_p50_ms"), load.get("filtered_p50_ms")
    return f"{filtered / plain:.2f}" if plain and filtered else "–"


def _memory(row: _Row) -> list[str]:
    items, name, figures = row
    memory = figures["memory_mb"]
    sizes = [figures["one_list"]["snapshot_mb"], *(memory[k] for k in ("rss", "pss", "private"))]
    return [items, name, *(f"{size:,.0f}" for size in sizes)]


def _batches(results: Mapping[str, Any] | None) -> list[str]:
    """The section on lists of many users, where it was measured."""
    if not results:
        return []
    head = ("items", "dimensions", "lists/s", "implicit, lists/s", "ratio", "same", "load")
    cells = (
        [
            f"{row['items']:,}", str(row["dimensions"]), f"{row['lists_a_second']:,.0f}",
            f"{row['implicit_lists_a_second']:,.0f}", f"{row['ratio']:.2f}",
            f"{row['same_places']:.4f}", f"{row['load']:.1f}",
        ]
        for row in results["rows"]
    )  # fmt: skip
    return [BATCH, _table(head, cells)]


def _machine(rows: Iterator[Mapping[str, Any]]) -> str:
    machines = {f"{row['machine']['cpu']}, Python {row['machine']['python']}" for row in rows}
    return "; ".join(sorted(machines)) + "."


def write_page() -> None:
    """Write the page anew from the results file."""
    text = page(read_results(RESULTS), read_results(BATCH_RESULTS))
    _PAGE.write_text(text, encoding="utf-8")
