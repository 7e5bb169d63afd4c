"""Measure wishes over the film demo and a shop: results as JSON, and a page of the documentation.

    python -m benchmarks wishes DEMO

``DEMO`` is the workspace of ``tastegraph demo``; the shop is made and built in a temporary folder.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

from benchmarks.wishes import shop
from benchmarks.wishes.proof import measure
from benchmarks.wishes.wishes_page import page
from tastegraph.core.progress import say
from tastegraph.evaluation.measurement import machine
from tastegraph.workspace import Workspace

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results" / "wishes.json"
PAGE = ROOT / "docs" / "steering-results.md"
N_USERS = 20
N_FILM_USERS = 943
FILM_RELATIONS = {"release_year": "year"}


def main() -> None:
    """Measure, and write the results and the page."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("demo", type=Path)
    films = Workspace(parser.parse_args().demo)
    say("wishes over the film demo")
    users = [str(1 + k * N_FILM_USERS // N_USERS) for k in range(N_USERS)]
    graphs = {"film": measure(films.engine, "film", users, FILM_RELATIONS)}
    with tempfile.TemporaryDirectory() as folder:
        say("wishes over a shop")
        workspace = _shop(Path(folder) / "shop")
        customers = [f"c{k * shop.N_CUSTOMERS // N_USERS}" for k in range(N_USERS)]
        graphs["shop"] = measure(workspace.engine, "shop", customers, {})
        workspace.engine.close()
    manifest = films.snapshots.open(None).manifest
    results = {
        "users": N_USERS,
        "models": f"Films are ranked by {', '.join(manifest['parts'])}; the shop by closed forms.",
        "graphs": graphs,
        "machine": machine(),
    }
    RESULTS.write_text(json.dumps(results, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    PAGE.write_text(page(results), encoding="utf-8")


def _shop(directory: Path) -> Workspace:
    products = shop.products()
    workspace = Workspace.init(directory, shop.SETTINGS)
    workspace.ingest(
        items=shop.items(products),
        events=shop.events(products),
        facts={"shop": list(shop.facts(products))},
    )
    workspace.build(publish="first")
    return workspace


if __name__ == "__main__":
    main()
