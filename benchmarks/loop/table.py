"""The page of results: every figure from the results file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchmarks.loop.pictures import NAMES
from benchmarks.published.cells import grid

Results = Mapping[str, Any]
INTRODUCTION = """# The loop, measured

Made by `make benchmark-loop DATA=…`; every figure is from `benchmarks/results/loop.json`."""

REPLAY = """## Replay in time

The older half of a set's events is known at the start, the rest comes in slices: serve, score,
reveal, learn. In each slice everybody who likes something is asked for up to ten of their likes,
each among all items that were new to them. Behind ± is 95 % (bootstrap over answers); p is of
paired randomisation, Holm-adjusted."""

AGES = """How well new items are ranked: NDCG@10 of likes on items without an event at the start, by
their events since. An item arrives with the slice in which its first event lies."""

SOON = """How soon new items reach lists: of those with so many events, the share that stood among
the first ten of anybody asked before that event."""

SIMULATION = """## Simulation with known truth

![regret, coverage, Gini, new items](loop-simulation.svg)

Users's interests in the entities of a graph are known, and drift; lists are read from the top,
place k with probability 1/√k; new items come each round (`benchmarks/loop/truth.py`). Means of
the last ten rounds, with the spread over seeds. *Regret* is what the best list would have
earned on expectation, less what was shown; *new items reached* the share of all pairs of a
user and a new item that belonged into their list which they were shown."""

INGEST = """## Events in, lists out

Over HTTP on loopback, client and service on the same two cores; an answer means that the event
is on disk."""

DURABILITY = """## Kills

SIGKILL at seeded moments, against a ledger that a client flushes to its own disk after each
answer."""


def page(results: Results) -> str:
    """Markdown."""
    parts = [INTRODUCTION]
    if "replay" in results:
        parts.append(REPLAY)
        for name, entry in results["replay"].items():
            parts += [f"### {name}\n\n![by slice](loop-{name}.svg)", *_replayed(entry)]
    if "simulation" in results:
        parts += [SIMULATION, _simulated(results["simulation"]["rows"])]
    if "ingest" in results:
        parts += [INGEST, _ingested(results["ingest"])]
    if "durability" in results:
        parts += [DURABILITY, _killed(results["durability"])]
    machine = results["machine"]
    parts.append(f"{machine['cpu']}, Python {machine['python']}.")
    return "\n\n".join(parts) + "\n"


def _replayed(entry: Results) -> Iterator[str]:
    rows = [["row", "NDCG@10", "95 %", "processor seconds a slice"]]
    for row, figures in entry["rows"].items():
        low, high = figures["interval"]
        seconds = sum(figures["seconds"]) / len(figures["seconds"])
        rows.append(
            [NAMES[row], f"{figures['ndcg@10']:.4f}", f"{low:.4f}–{high:.4f}", f"{seconds:.1f}"]
        )
    yield grid(rows)
    p = ", ".join(f"{pair.replace('_', '-')}: {_p(value)}" for pair, value in entry["p"].items())
    yield (
        f"p of {p}. A warm retraining takes {entry['retrain_share_of_scratch']:.0%} of the time "
        "that learning from scratch does."
    )
    ages = [
        (f"{first}–{last}" if first < last else f"{first}", age["asked"], age.get("ndcg@10", {}))
        for age in entry["by_age"]
        for first, last in [age["events"]]
    ]
    yield f"{AGES}\n\n{_by_row('events on the item', 'asked', ages, '.4f')}"
    soon = [(f"{one['before']}", one["items"], one.get("share", {})) for one in entry["listed"]]
    yield f"{SOON}\n\n{_by_row('before event', 'items', soon, '.0%')}"


def _by_row(
    of: str, counted: str, lines: Sequence[tuple[str, int, Mapping[str, float]]], how: str
) -> str:
    """A line for each of something, a column for each row of the replay."""
    table = [[of, counted, *NAMES.values()]]
    for name, count, values in lines:
        cells = [f"{values[row]:{how}}" if row in values else "–" for row in NAMES]
        table.append([name, f"{count:,}", *cells])
    return grid(table)


def _simulated(rows: Results) -> str:
    measures = ("regret", "likes", "coverage", "gini", "new_items_reached")
    table = [["row", *(measure.replace("_", " ") for measure in measures)]]
    for arm, figures in rows.items():
        cells = [
            f"{figures[m]['late']:.3f} ({min(figures[m]['late_by_seed']):.3f}–"
            f"{max(figures[m]['late_by_seed']):.3f})"
            for m in measures
        ]
        table.append([arm, *cells])
    return grid(table)


def _ingested(entry: Results) -> str:
    table = [["", "events a second", "median, ms", "p99, ms"]]
    for name, figures in entry.items():
        if "p50_ms" in figures:
            rate = figures.get("events_per_second")
            table.append([
                name, "–" if rate is None else f"{rate:,.0f}",
                f"{figures['p50_ms']:.1f}", f"{figures['p99_ms']:.1f}",
            ])  # fmt: skip
    new = entry["new item"]
    return (
        f"{grid(table)}\n\n*Freshness* is from sending a like to holding the next list, which "
        "must be another one. A new item stands in a list of a hundred after "
        f"{new['median_seconds']:.1f} s (worst {new['worst_seconds']:.1f} s): read by the language "
        "model, in the graph, in a snapshot of its own."
    )


def _killed(entry: Results) -> str:
    kinds = ", ".join(f"{count} during {what}" for what, count in entry["kills"].items())
    back = entry["back_seconds"]
    return (
        f"{sum(entry['kills'].values())} kills ({kinds}); {entry['acknowledged']:,} events "
        f"acknowledged: {entry['lost']} lost, {entry['twice']} twice, {entry['half_batches']} "
        f"batches by half, {entry['half_models']} snapshots not whole. The service answered again "
        f"{back['median']:.1f} s after its start (worst {back['worst']:.1f} s)."
    )


def _p(value: float) -> str:
    return "< .001" if value < 0.001 else f"{value:.3f}"
