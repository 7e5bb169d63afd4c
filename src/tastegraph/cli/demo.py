"""The demo: MovieLens-100K the whole way, each step only where it has not been done."""

from __future__ import annotations

import json
import time
from pathlib import Path

from tastegraph.core.config import CONFIG_FILE
from tastegraph.core.progress import announcing, say
from tastegraph.data.public_datasets import PublicDataset
from tastegraph.evaluation.tables import print_report
from tastegraph.workspace import Workspace

DATASET = "ml-100k"
USER_ID = "186"
RESULTS_FILE = "evaluation.json"
MAX_PRINTED_REASONS = 2


def run(directory: Path, data: Path | None) -> None:
    """Import, build, evaluate, recommend, and say how to open the page.

    Args:
        directory: the workspace; made where there is none.
        data: a folder that holds the data set, and with it perhaps plots and further facts.
    """
    start = time.perf_counter()
    workspace = _workspace(directory, data)
    counts = workspace.counts()
    print(", ".join(f"{count:,} {name}" for name, count in counts.items()))
    with announcing():
        print(f"Snapshot in service: {workspace.build()}")
    print_report(_evaluation(workspace))
    answer = workspace.recommend(USER_ID)
    print(f"Ten films for user {USER_ID}, each with its score and the reasons that weigh most in")
    print("it; what speaks against a film, 'tastegraph explain' says too:")
    for item in answer.items:
        print(f"{item.rank:>3}. {item.title}  {item.score:.2f}")
        for reason in item.reasons[:MAX_PRINTED_REASONS]:
            print(f"       {reason.share:>+5.2f}  {reason.text}")
    print(f"Done in {time.perf_counter() - start:.0f} s. Open the page:")
    print(f"  tastegraph serve {directory}    then http://127.0.0.1:8000/?user={USER_ID}")


def _workspace(directory: Path, data: Path | None) -> Workspace:
    if (directory / CONFIG_FILE).exists():
        workspace = Workspace(directory)
        if workspace.counts()["events"]:
            return workspace
    dataset = PublicDataset(DATASET, data, say)
    if not (directory / CONFIG_FILE).exists():
        settings = {
            "name": DATASET,
            "items": {
                "facts": {
                    name: column.model_dump(exclude_defaults=True)
                    for name, column in dataset.columns.items()
                }
            },
            "relations": {name: {"phrase": text} for name, text in dataset.relations.items()},
        }
        workspace = Workspace.init(directory, settings)
    summary = workspace.ingest(
        items=dataset.items(),
        events=dataset.events(),
        facts={DATASET: dataset.facts()},
        links={DATASET: dataset.links()},
    )
    print(
        f"Imported {summary.items:,} items, {summary.events:,} events, {summary.facts:,} facts "
        f"and {summary.links:,} links from {dataset.folder}"
    )
    return workspace


def _evaluation(workspace: Workspace) -> dict[str, object]:
    file = workspace.directory / RESULTS_FILE
    if file.exists():
        results: dict[str, object] = json.loads(file.read_text(encoding="utf-8"))
        protocol = results["protocol"]
        if isinstance(protocol, dict) and protocol.get("inputs") == workspace.fingerprint():
            return results
    return workspace.evaluate(file)
