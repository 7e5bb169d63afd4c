"""The page of results: every figure from the results file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.growth.slopes import of, steps
from tastegraph.models.graph_network.tasks import MAX_BATCH_EVENTS, MAX_BATCHES
from tastegraph.models.tables import MAX_DENSE_ITEMS

_ROOT = Path(__file__).parents[2]
RESULTS, IMPORT_RESULTS, ITEM_RESULTS, DERIVATION_RESULTS = (
    _ROOT / "benchmarks" / "results" / f"{name}.json"
    for name in ("growth", "growth-imports", "growth-items", "growth-derivation")
)
_DOCUMENT = _ROOT / "docs" / "growth-results.md"

INTRODUCTION = """# Growth, measured

Made by `make benchmark-growth`; every figure is from `benchmarks/results/growth.json`.

Seeded worlds of one shape at every size: users grow linearly with events (about 90 each), items
with the square root, facts of an item (12) and items of a community (100) stay as many.
Items' popularity and users' activity follow power laws; users draw seven events in ten from
three communities of items, one after another; six facts in ten name an object that is at home in
the item's community. There is no text. `benchmarks/growth/shape.py` holds all of it.

*Fit* is the whole system: every setting chosen on the newest tenth of all events, learned with from
all of them, and the model assembled. *Score* is lists of ten for 1,000 users, all items scored.
Each size ran in a process of its own; memory is its largest resident set from fit to the last list:
the events, and about 400 MiB of Python with torch, included.

What compares items by behaviour is EASE up to {dense:,} items, whose work grows with the cube of
items; beyond, co-engagement, whose work grows with events. A fit grows slower than events where it
sees some of them: settings are chosen by a sample of users, and a pass of the network has at most
{batches} batches, which is all events up to about {seen:.1f} million.
"""


IMPORTS = """## From a file to arrays

Made by `python -m benchmarks.growth.imports`; every figure is from
`benchmarks/results/growth-imports.json`. Processor seconds of one thread. *Import* is
`tastegraph import` without its start: read, checked, given ids, stored with indexes. *Arrays* is
what a build does first: all events out of the store, the last and strongest event of each user and
item. *Floor* is polars (of N-Triples pyoxigraph) reading the file and SQLite inserting its rows
into one table without an index. Memory is what each step adds at its peak.
"""


def _imports_table(imports: Mapping[str, Any]) -> str:
    lines = [
        "| rows | format | file, MiB | import, s | MiB | arrays, s | MiB | floor, s | store, MiB |",
        "| ---: | --- |" + " ---: |" * 7,
    ]
    for row in imports["runs"].values():
        arrays = row.get("arrays")
        cells = [
            f"{row['rows']:,}", row["format"], f"{row['file_mb']:,}",
            f"{row['import']['cpu_seconds']:.1f}", f"{row['import']['memory_mb']:,}",
            f"{arrays['cpu_seconds']:.2f}" if arrays else "", f"{arrays['memory_mb']:,}" if arrays
            else "", f"{row['floor']['cpu_seconds']:.1f}", f"{row['store_mb']:,}",
        ]  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


ITEMS = """## With the number of items

Made by `python -m benchmarks.growth.items`; every figure is from
`benchmarks/results/growth-items.json`. A seeded shop from files (`benchmarks/growth/shop.py`): four
events and six facts for each item, texts of one or two sentences. The commands `tastegraph import`,
`build --first` and `build` in turn, each in a process of its own, {epochs} epochs of the network
at most: time of the processor, that of the build also by the clock, and its largest resident set.
What the language model (all-MiniLM-L6-v2) takes of a build is *encoding*. Where texts are read
*whole*, one that was encoded on this machine before is not encoded again, so that it is nearly
nothing where a size was built before; where they are read by *tokens* (`[text] reading`), they are
sums of vectors that the model gave its vocabulary once. Then lists of ten with reasons for random
users, on one thread, in milliseconds of processor time; *recall* is that of the two stages against
all items scored, at ten, as the build measured it. *Load* is the load average of the machine when
the build ended: above the number of cores, the clock
says little. The slope is that on a log-log line against items, of a build without encoding; 1 is in
proportion. Lists of 10,000 items were measured before the index took in wide kernels, by which
ranking took 5.7 in place of 44 ms on the same snapshot.
"""


def _item_table(rows: Sequence[Mapping[str, Any]]) -> str:
    lines = [
        "| items | version | texts | users | events | facts | import, s | first lists, s |"
        " encoding, min | other build, min | build, min by the clock | peak, MiB | snapshot, MiB |"
        " open, s | list, ms | recall | threads | load |",
        "| ---: | --- | --- |" + " ---: |" * 15,
    ]
    for row in rows:
        steps, one = row["steps"], row["one_list"]
        encoding = one["encoding_cpu_seconds"]
        seconds = [
            f"{steps[step]['cpu_seconds']:,.0f}" if step in steps else "–"
            for step in ("import", "first lists")
        ]
        other, clock = (steps["build"][name] for name in ("cpu_seconds", "seconds"))
        minutes = [f"{each / 60:.1f}" for each in (encoding, other - encoding, clock)]
        recall = "all scored" if one["recall"] is None else f"{one['recall']:.4f}"
        cells = [
            f"{row['items']:,}", row["version"], row.get("reading", "whole"),
            *(f"{row[name]:,}" for name in ("users", "events", "facts")), *seconds, *minutes,
            f"{steps['build']['peak_mb']:,}",
            f"{one['snapshot_mb']:,.0f}", f"{one['open_seconds']:.2f}", f"{one['list_ms']:.1f}",
            recall, str(row["threads"]), f"{steps['build']['load']:.1f}",
        ]  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _item_section(results: Mapping[str, Any]) -> list[str]:
    rows = [row for name in results["sizes"] for row in results["sizes"][name].values()]
    parts = [ITEMS.format(epochs=rows[0]["epochs"]), _item_table(rows)]
    encoding, n_items = max(
        (row["one_list"]["encoding_cpu_seconds"] / row["items"], row["items"]) for row in rows
    )
    parts.append(
        f"Encoding whole texts took {1e3 * encoding:.1f} ms of the processor an item with "
        f"{n_items:,} items; "
        f"at that rate {encoding * 1e6 / 3600:.1f} hours for a million, before anything is learned."
    )
    if results["slopes"]:
        slopes = ", ".join(f"{name} {slope:.2f}" for name, slope in results["slopes"].items())
        parts.append(f"Slopes of the latest version: {slopes}.")
    return parts


DERIVATION = """## Deriving facts

Made by `python -m benchmarks.growth.derivation`; every figure is from
`benchmarks/results/growth-derivation.json`. A seeded catalogue (`benchmarks/growth/catalogue.py`):
ten facts for each item; titles with slips and aliases, texts that name people, a second source
with a fifth of the entities under other ids. Each step of `tastegraph kg derive` ran in a process
of its own, one after another in one store, on a machine that did other work too: processor seconds
of one thread without imports, and the largest resident set, Python with its libraries included.
*review* is the queue of `kg review` after all steps, *graph* that of a build. The slope is that on
a log-log line against items; 1 is in proportion. Precision and recall are against what is true of
the catalogue.
"""


def _derivation_table(derivation: Mapping[str, Any]) -> str:
    rows = list(derivation["sizes"].values())
    steps_of = list(rows[0]["steps"])
    lines = [
        "| items | facts | " + " | ".join(f"{step}, s | MiB" for step in steps_of) + " |",
        "|" + " ---: |" * (2 + 2 * len(steps_of)),
    ]
    for row in rows:
        cells = [f"{row['items']:,}", f"{row['facts']:,}"]
        for step in steps_of:
            figures = row["steps"][step]
            cells += [f"{figures['cpu_seconds']:,.1f}", f"{figures['peak_mb']:,}"]
        lines.append("| " + " | ".join(cells) + " |")
    if derivation["slopes"]:
        cells = ["slope", ""]
        for step in steps_of:
            slope = derivation["slopes"][step]
            cells += [f"{slope['cpu_seconds']:.2f}", f"{slope['peak_mb']:.2f}"]
        lines.append("| " + " | ".join(cells) + " |")
    lines += ["", "| items | step | precision | recall |", "| ---: | --- | ---: | ---: |"]
    for row in rows:
        for step, scores in row["scores"].items():
            cells = [f"{row['items']:,}", step, f"{scores['precision']:.3f}"]
            lines.append("| " + " | ".join([*cells, f"{scores['recall']:.3f}"]) + " |")
    return "\n".join(lines)


def table(
    results: Mapping[str, Any],
    imports: Mapping[str, Any] | None = None,
    items: Mapping[str, Any] | None = None,
    derivation: Mapping[str, Any] | None = None,
) -> str:
    """Markdown.

    Args:
        results: what ``growth.json`` holds.
        imports: what ``growth-imports.json`` holds, if there is one.
        items: what ``growth-items.json`` holds, if there is one.
        derivation: what ``growth-derivation.json`` holds, if there is one.
    """
    lines = [
        "| events | users | items | facts | fit, s | choosing | learning | assembling |"
        " network's epochs | score, s | peak, MiB | threads |",
        "|" + " ---: |" * 12,
    ]
    for row in results["sizes"].values():
        train = of(row, "train_seconds")
        counts = (f"{row[name]:,}" for name in ("events", "people", "items", "facts"))
        seconds = (f"{row[f'{part}_seconds']:,.1f}" for part in ("choose", "fit", "assemble"))
        most = row["most_epochs"]
        epochs = f"{row['epochs']}" + (f" of {most} at most" if most else "")
        cells = [*counts, f"{train:,.1f}", *seconds, epochs, f"{row['score_seconds']:.2f}"]
        lines.append(
            "| " + " | ".join([*cells, f"{row['peak_rss_mb']:,}", f"{row['threads']}"]) + " |"
        )
    parts = [
        INTRODUCTION.format(
            dense=MAX_DENSE_ITEMS, batches=MAX_BATCHES, seen=MAX_BATCHES * MAX_BATCH_EVENTS / 1e6
        ),
        "\n".join(lines),
    ]
    if results["slopes"]:
        between = steps(list(results["sizes"].values()), "train_seconds")
        parts.append(_sentence(results["slopes"], between))
    machine = results["machine"]
    parts.append(f"{machine['cpu']}, Python {machine['python']}.")
    if imports:
        parts += [IMPORTS, _imports_table(imports)]
    if items:
        parts += _item_section(items)
    if derivation:
        parts += [DERIVATION, _derivation_table(derivation)]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _sentence(slopes: Mapping[str, float], between: Sequence[float]) -> str:
    return (
        "On a log-log line against events, by least squares: fit "
        f"{slopes['train_seconds']:.2f}, score {slopes['score_seconds']:.2f}, memory "
        f"{slopes['peak_rss_mb']:.2f}. From each size to the next, fit: "
        f"{', '.join(f'{slope:.2f}' for slope in between)}. 1 is in proportion to events."
    )


def read_results(file: Path) -> dict[str, Any]:
    """What a results file holds; empty where there is none."""
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}


def write_document() -> None:
    """Write the page anew from the results files that there are."""
    files = (RESULTS, IMPORT_RESULTS, ITEM_RESULTS, DERIVATION_RESULTS)
    _DOCUMENT.write_text(table(*map(read_results, files)), encoding="utf-8")
