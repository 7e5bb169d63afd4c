"""The order of rows is no time: the same events, sorted by item and at random, through the CLI.

    python -m benchmarks row_order DATA [--users N] [--epochs 80] [--seed 1] [--folder FOLDER]

Events of LightKG's Last.fm split are written as CSV without times and parts; its test part is held
out of the files and is what lists are judged by. Each order is imported and built by the command
line in a workspace of its own. Exits with 1 where sorted rows do worse than random ones by more
than one standard error of the difference, user by user.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.published.sets.lastfm import lastfm_lightkg
from benchmarks.row_order.order_files import ORDERS, RANDOM, SORTED, write_files
from benchmarks.row_order.order_lists import (
    differences,
    held_out,
    judged,
    reference_lists,
    served_lists,
)
from tastegraph.core.config import ModelConfig
from tastegraph.evaluation.measurement import machine

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results" / "row_order.json"


def main() -> int:
    """Write, import, build, judge; 0 where the order of rows costs no more than chance."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--users", type=int, help="the first so many alone; by default everybody")
    parser.add_argument("--epochs", type=int, default=ModelConfig().epochs)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="kept; by default a temporary one")
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        result = compared(options.data, folder, options.users, options.epochs, options.seed)
    options.results.write_text(json.dumps(result, indent=1, allow_nan=False) + "\n", "utf-8")
    Console(highlight=False).print(_table(result))
    for metric, difference in result["differences"].items():
        print(
            f"{metric}, sorted by item less random: {difference['mean']:+.4f}, standard error "
            f"{difference['standard_error']:.4f}: {'within' if difference['within'] else 'BEYOND'}"
        )
    print(f"the same snapshot, file by file: {'yes' if result['same_snapshot'] else 'no'}")
    return 0 if all(one["within"] for one in result["differences"].values()) else 1


def compared(data: Path, folder: Path, users: int | None, epochs: int, seed: int) -> dict[str, Any]:
    """Every order's figures, beside those of models that have none.

    Args:
        data: the folder that holds the published files.
        folder: where files and workspaces are made.
        users: the first so many of the set; ``None`` for everybody.
        epochs: upper bound of the network's.
        seed: of the random order.
    """
    dataset = lastfm_lightkg(data)
    known, targets = held_out(dataset, users)
    lists, files = {}, {}
    for order in ORDERS:
        workspace = write_files(dataset, known, folder / order.replace(" ", "-"), order, seed)
        lists[order], files[order] = served_lists(workspace, known, dataset, epochs)
    rows = {**lists, **reference_lists(known)}
    values = {row: judged(top, targets) for row, top in rows.items()}
    return {
        "people": int((targets.sum(axis=1) > 0).sum()),
        "events": len(known),
        "epochs": epochs,
        "seed": seed,
        "rows": {
            row: {metric: float(of.mean()) for metric, of in metrics.items()}
            for row, metrics in values.items()
        },
        "differences": differences(values[SORTED], values[RANDOM]),
        "same_snapshot": files[SORTED] == files[RANDOM],
        "machine": machine(),
    }


def _table(result: dict[str, Any]) -> Table:
    metrics = list(result["differences"])
    table = Table(title=f"{result['users']:,} users, {result['events']:,} events known")
    for column in ("rows", *metrics):
        table.add_column(column)
    for row, values in result["rows"].items():
        table.add_row(row, *(f"{values[metric]:.4f}" for metric in metrics))
    return table


if __name__ == "__main__":
    sys.exit(main())
