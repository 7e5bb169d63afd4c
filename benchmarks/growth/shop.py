"""A seeded shop of any size as files: items with texts, events, facts; in one shape.

    python -m benchmarks.growth.shop ITEMS FOLDER [--seed 1]

writes items.csv, events.csv and facts.csv: four events and six facts for each item, and the names
of the entities. Users draw from a few communities of items each, whose facts and texts agree more
often than by chance (:mod:`benchmarks.growth.world`, :mod:`benchmarks.growth.wording`).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.growth.shape import Relation, Shape
from benchmarks.growth.wording import MATERIALS, NOUNS, PLACES, item_columns, labels
from benchmarks.growth.world import World
from tastegraph.core.progress import say
from tastegraph.core.records import LABEL

EVENTS_PER_ITEM = 4
TYPES = {"view": 0.5, "click": 0.25, "like": 0.1, "purchase": 0.15}
"""Event type → its share."""
SHOP = Shape(
    events_per_item=EVENTS_PER_ITEM,
    fewest=5,
    most=0.01,
    popularity=1.0,
    relations=(
        Relation("category", few=len(PLACES) * len(NOUNS)),
        Relation("brand", for_each_item=0.02),
        Relation("material", few=len(MATERIALS)),
        Relation("feature", for_each_item=0.01, facts=2.25),
        Relation("designer", for_each_item=0.05),
        Relation("company", for_each_item=0.002, of="brand"),
    ),
)
STREAM = 5
"""Beside the seed, and beside the streams of the world."""


def write_shop(n_items: int, folder: Path, seed: int = 1) -> dict[str, int]:
    """Write the three files of a shop of ``n_items``; return how many rows of each, and users."""
    folder.mkdir(parents=True, exist_ok=True)
    world = World.of(EVENTS_PER_ITEM * n_items, seed, SHOP)
    rng = np.random.default_rng([seed, STREAM])
    names = labels(world, rng)
    item_columns(world, names, rng).write_csv(folder / "items.csv")
    events = _event_columns(world, rng)
    events.write_csv(folder / "events.csv")
    _fact_columns(world, names).write_csv(folder / "facts.csv")
    return {
        "items": n_items,
        "users": world.events.n_users,
        "events": len(events),
        "facts": len(world.item_features.graph.heads),
    }


def _event_columns(world: World, rng: np.random.Generator) -> pl.DataFrame:
    """In the order of time."""
    events = world.events
    order = np.lexsort((rng.random(len(events)), events.times))
    types = rng.choice(len(TYPES), len(events), p=list(TYPES.values()))
    return pl.DataFrame(
        {
            "user_id": _picked(events.user_ids, events.users[order]),
            "item_id": _picked(world.item_features.graph.item_ids, events.items[order]),
            "type": _picked(list(TYPES), types),
            "timestamp": events.times[order].astype(np.int64),
        }
    )


def _fact_columns(world: World, names: np.ndarray) -> pl.DataFrame:
    """What is stated of items and brands, and the names of the entities."""
    graph = world.item_features.graph
    nodes = [*(f"item:{name}" for name in graph.item_ids), *graph.node_ids]
    stated = pl.DataFrame(
        {
            "head": _picked(nodes, graph.heads),
            "relation": _picked(graph.relations, graph.relation),
            "tail": _picked(nodes, graph.tails),
            "literal": np.zeros(len(graph.heads), dtype=np.bool_),
        }
    )
    named = pl.DataFrame({"head": graph.node_ids, "tail": names}).select(
        "head", pl.lit(LABEL).alias("relation"), "tail", pl.lit(True).alias("literal")
    )
    return pl.concat([stated, named])


def _picked(names: list[str], rows: np.ndarray) -> pl.Series:
    return pl.Series(names, dtype=pl.String).gather(pl.Series(rows.astype(np.uint32)))


def main() -> None:
    """Write one shop, and print how many rows its files have."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("items", type=float)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    counts = write_shop(int(arguments.items), arguments.folder, arguments.seed)
    say(", ".join(f"{number:,} {name}" for name, number in counts.items()))


if __name__ == "__main__":
    main()
